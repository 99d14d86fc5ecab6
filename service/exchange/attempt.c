/* An attempt: from an adapter's request to the end of its answer. */
#include "exchange/attempt.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/utf8.h"
#include "registry/label.h"
#include "registry/outcome.h"
#include "telemetry/metrics.h"

enum { REQUEST_ID_MAX = 95 }; /* bytes of a provider's request id that are kept */

static const char *request_id_of(const struct sl_transfer_head *head)
{
    /* OpenAI and most that follow it; Anthropic; AWS; Azure's gateway */
    static const char *const names[] = {"x-request-id", "request-id", "x-amzn-requestid",
                                        "apim-request-id"};
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
        for (const struct sl_transfer_header *h = head->headers; h; h = h->next)
            if (!strcmp(h->name, names[i]))
                return h->value;
    return NULL;
}

static void note_head(struct sl_attempt *t, const struct sl_transfer_head *head)
{
    const char *id = request_id_of(head);
    if (id && !t->provider_request_id)
        t->provider_request_id =
            sl_arena_strndup(t->arena, id, sl_utf8_cut(id, strnlen(id, REQUEST_ID_MAX)));
}

static void on_head(void *owner, const struct sl_transfer_head *head)
{
    struct sl_attempt *t = owner;
    note_head(t, head);
    if (t->ops->on_head)
        t->ops->on_head(t->owner);
}

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct sl_attempt *t = owner;
    struct sl_frame f = {frame->event, frame->data, frame->n};
    return t->ops->on_frame(t->owner, &f, err);
}

static bool on_batch(void *owner)
{
    struct sl_attempt *t = owner;
    return t->ops->on_batch(t->owner);
}

static const struct sl_header *copy_answer_headers(struct sl_arena *arena,
                                                   const struct sl_transfer_head *head)
{
    struct sl_header *first = NULL, **end = &first;
    for (const struct sl_transfer_header *h = head->headers; h; h = h->next) {
        *end = SL_ARENA_NEW(arena, struct sl_header);
        (*end)->name = h->name;
        (*end)->value = h->value;
        end = &(*end)->next;
    }
    return first;
}

static enum sl_code take_failure(struct sl_attempt *t, const struct sl_transfer_result *r,
                                 char *body, struct sl_err *err)
{
    struct sl_http_head head = {r->head->status, copy_answer_headers(t->arena, r->head)};
    t->model->adapter->on_failure(t->answer, &head, body, r->n, err);
    if (err->code == SL_OK)
        sl_failure_from_status(err, head.status);
    return err->code;
}

static enum sl_code take_answer(struct sl_attempt *t, const struct sl_transfer_result *r,
                                struct sl_err *err)
{
    static char nothing[1];
    char *body = r->body ? r->body : nothing;
    enum sl_code code;
    if (r->head->status < 200 || r->head->status > 299)
        code = take_failure(t, r, body, err);
    else if (r->body || t->http.framing == SL_FRAMING_NONE)
        code = t->ops->on_body(t->owner, body, r->n, err);
    else
        code = t->ops->on_eof(t->owner, err);
    if (code != SL_OK)
        err->http_status = r->head->status;
    return code;
}

static enum sl_code start(struct sl_attempt *t, bool fresh, struct sl_err *err);

static void drop_token(struct sl_attempt *t)
{
    if (t->token)
        t->target.key = NULL;
    sl_secret_unref(t->token);
    t->token = NULL;
}

static void drop_keys(struct sl_attempt *t)
{
    drop_token(t);
    t->target.key = NULL;
    sl_lease_end(&t->lease);
}

/* A key of a provider's one site is not taken by the other. */
static void name_other_site(const struct sl_attempt *t, struct sl_err *err)
{
    const struct sl_catalogue *c =
        err->reason == SL_REASON_PROVIDER_AUTH ? sl_registry_catalogue(t->registry) : NULL;
    char hint[256], text[sizeof(err->text)];
    if (!c ||
        !sl_catalogue_site_hint(c, t->model->adapter->name, t->target.base_url, hint, sizeof(hint)))
        return;
    snprintf(text, sizeof(text), "%.220s: %.250s", err->text, hint);
    sl_copy(err->text, sizeof(err->text), text);
}

/* Whether the provider is to blame. */
static bool blames_provider(const struct sl_err *err)
{
    switch (err->reason) {
    case SL_REASON_PROVIDER_AUTH:
    case SL_REASON_PROVIDER_ERROR:
    case SL_REASON_PROVIDER_OVERLOADED:
    case SL_REASON_PROVIDER_UNREACHABLE:
    case SL_REASON_PROVIDER_TLS:
    case SL_REASON_PROVIDER_TRUNCATED:
    case SL_REASON_PROVIDER_GARBAGE:
    case SL_REASON_PROVIDER_REDIRECT:
    case SL_REASON_CONNECT_TIMEOUT:
    case SL_REASON_FIRST_BYTE_TIMEOUT:
    case SL_REASON_FIRST_TOKEN_TIMEOUT:
    case SL_REASON_IDLE_TIMEOUT:
        return true;
    default:
        return false;
    }
}

/* That a provider may have seen. */
static void count_request(const struct sl_attempt *t, const char *outcome)
{
    sl_metric_add(SL_METRIC_UPSTREAM_REQUESTS, 1,
                  SL_LABELS(sl_model_provider_label(t->model), outcome));
}

/* A limit that was reached says nothing of the provider's health, nor does what never went out. */
static void note_outcome(const struct sl_attempt *t, const struct sl_err *err)
{
    bool failed = blames_provider(err);
    if ((t->requests > 0 || failed) && err->reason != SL_REASON_PROVIDER_RATE_LIMIT)
        sl_registry_note_outcome(t->model, failed, sl_loop_now_us(t->loop));
}

static void end(struct sl_attempt *t, struct sl_err *err)
{
    note_outcome(t, err);
    if (t->requests > 0)
        count_request(t, err->code == SL_OK ? "OK" : sl_reason_name(err->reason));
    char *const said[] = {err->text, err->provider_code, err->provider_type, err->provider_param};
    for (size_t i = 0; err->code != SL_OK && i < SL_ARRAY_LEN(said); i++)
        sl_scrub(said[i], t->target.key);
    drop_keys(t);
    name_other_site(t, err);
    t->ops->on_end(t->owner, err);
}

static void on_done(void *owner, const struct sl_transfer_result *r)
{
    struct sl_attempt *t = owner;
    struct sl_err err = r->err;
    t->transfer = NULL;
    if (r->head)
        note_head(t, r->head);
    if (r->stale_connection && !t->repeated) {
        t->repeated = true;
        t->requests -= !r->request_sent; /* only what a provider may have seen counts */
        if (r->request_sent)
            count_request(t, "STALE_CONNECTION");
        err = (struct sl_err){0};
        if (start(t, true, &err) == SL_OK)
            return;
    } else if (err.code == SL_OK) {
        (void)!take_answer(t, r, &err);
    }
    end(t, &err);
}

static const struct sl_transfer_ops transfer_ops = {
    .on_head = on_head,
    .on_frame = on_frame,
    .on_batch = on_batch,
    .on_done = on_done,
};

static const struct sl_transfer_header *copy_request_headers(const struct sl_attempt *t)
{
    struct sl_transfer_header *first = NULL, **link = &first;
    for (const struct sl_header *h = t->http.headers; h; h = h->next) {
        struct sl_transfer_header *copy = SL_ARENA_NEW(t->arena, struct sl_transfer_header);
        copy->name = h->name;
        copy->value = h->value;
        *link = copy;
        link = (struct sl_transfer_header **)(uintptr_t)&copy->next;
    }
    return first;
}

static enum sl_framer_kind framer_of(enum sl_framing framing)
{
    switch (framing) {
    case SL_FRAMING_NDJSON:
        return SL_FRAMER_NDJSON;
    case SL_FRAMING_AWS:
        return SL_FRAMER_AWS;
    default:
        return SL_FRAMER_SSE;
    }
}

static int64_t without(int64_t clock_ms, int64_t waited_ms)
{
    if (clock_ms <= 0)
        return clock_ms;
    return clock_ms > waited_ms ? clock_ms - waited_ms : 1;
}

/* The wait for a token counts. */
static struct sl_clocks clocks_left(const struct sl_attempt *t)
{
    struct sl_clocks clocks = *t->model->clocks;
    clocks.first_byte_ms = without(clocks.first_byte_ms, t->waited_ms);
    clocks.first_token_ms = without(clocks.first_token_ms, t->waited_ms);
    clocks.total_ms = without(clocks.total_ms, t->waited_ms);
    return clocks;
}

static enum sl_code start(struct sl_attempt *t, bool fresh, struct sl_err *err)
{
    const struct sl_model *m = t->model;
    t->http = (struct sl_http_request){0};
    enum sl_code code = t->ops->build(t->owner, &t->http, err);
    if (code != SL_OK)
        return code;
    t->requests++;
    t->transfer = sl_transfer_start(t->upstream, &(struct sl_transfer_spec){
                                                     .endpoint = &t->lease.endpoint,
                                                     .method = t->http.method,
                                                     .url = t->http.url,
                                                     .headers = copy_request_headers(t),
                                                     .body = &t->http.body,
                                                     .framed = t->http.framing != SL_FRAMING_NONE,
                                                     .framer = framer_of(t->http.framing),
                                                     .clocks = clocks_left(t),
                                                     .caps = *m->caps,
                                                     .fresh_connection = fresh,
                                                     .ops = &transfer_ops,
                                                     .owner = t,
                                                 });
    return SL_OK;
}

static void use_token(struct sl_attempt *t, struct sl_secret *token)
{
    drop_token(t);
    t->token = token;
    t->target.key = token;
}

static void on_token(void *owner, struct sl_secret *token, const struct sl_err *why)
{
    struct sl_attempt *t = owner;
    struct sl_err err = {0};
    t->wait = NULL;
    t->waited_ms = sl_loop_now_us(t->loop) / 1000 - t->waited_ms;
    if (token) {
        use_token(t, sl_secret_ref(token));
        if (start(t, false, &err) == SL_OK)
            return;
    } else {
        err = *why;
    }
    end(t, &err);
}

/* The first clock that would end the request, 0: none. */
static int64_t wait_limit(const struct sl_clocks *c)
{
    const int64_t clocks[] = {c->first_byte_ms, c->first_token_ms, c->total_ms};
    int64_t least = 0;
    for (size_t i = 0; i < SL_ARRAY_LEN(clocks); i++)
        if (clocks[i] > 0 && (!least || clocks[i] < least))
            least = clocks[i];
    return least;
}

enum sl_code sl_attempt_start(struct sl_attempt *t, struct sl_err *err)
{
    const struct sl_model *m = t->model;
    if (sl_lease_take(t->registry, m, t->arena, sl_loop_now_us(t->loop), &t->lease, err))
        return err->code;
    t->target = t->lease.target;
    if (!t->lease.tokens) {
        if (start(t, false, err) != SL_OK)
            drop_keys(t);
        return err->code;
    }
    struct sl_secret *token = sl_token_get(t->lease.tokens);
    if (token) {
        use_token(t, token);
        if (start(t, false, err) != SL_OK)
            drop_keys(t);
        return err->code;
    }
    t->waited_ms = sl_loop_now_us(t->loop) / 1000;
    t->wait = sl_token_wait_start(t->lease.tokens, &(struct sl_token_wait_spec){
                                                       .loop = t->loop,
                                                       .timeout_ms = wait_limit(m->clocks),
                                                       .on_token = on_token,
                                                       .owner = t,
                                                   });
    return SL_OK;
}

void sl_attempt_mark_token(struct sl_attempt *t)
{
    if (t->transfer)
        sl_transfer_mark_token(t->transfer);
}

void sl_attempt_resume(struct sl_attempt *t)
{
    if (t->transfer)
        sl_transfer_resume(t->transfer);
}

void sl_attempt_cancel(struct sl_attempt *t)
{
    if (t->transfer) {
        sl_transfer_cancel(t->transfer);
        count_request(t, "CANCELLED");
    }
    t->transfer = NULL;
    sl_token_wait_cancel(t->wait);
    t->wait = NULL;
    drop_keys(t);
}
