/* The life of one client call: an attempt at a model, its events numbered and passed on at once, and exactly one end. */
#include "exchange/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/utf8.h"

enum {
    MESSAGE_MAX = 3 * 1024 * 1024 - 65536, /* a message that `finished` can carry */
};

static void exchange_free(struct sl_exchange *x)
{
    if (x->answer.state && x->model->adapter->release)
        x->model->adapter->release(&x->answer);
    sl_assembler_fini(&x->assembler);
    sl_registry_unref(x->spec.registry);
    sl_free(x);
}

/* ---- ending ---- */

static void set_message(struct sl_exchange *x, Sluice__V1__Finished *f, struct sl_exchange_end *end)
{
    end->message = sl_assembler_message(&x->assembler);
    end->logprobs = x->assembler.logprobs;
    end->n_logprobs = x->assembler.n_logprobs;
    end->refusal_logprobs = x->assembler.refusal_logprobs;
    end->n_refusal_logprobs = x->assembler.n_refusal_logprobs;
    if (!x->spec.stream)
        return;
    if (sluice__v1__message__get_packed_size(end->message) > MESSAGE_MAX)
        sl_warn(x->spec.warnings, "MESSAGE_TOO_LARGE", "include_message",
                "the assembled message is larger than a reply may be; join the deltas instead");
    else
        f->message = end->message;
}

static void end_ok(struct sl_exchange *x)
{
    const struct sl_answer_end *a = &x->answer.end;
    Sluice__V1__Finished f = SLUICE__V1__FINISHED__INIT;
    struct sl_exchange_end end = {.finished = &f};
    if (!x->started)
        sl_exchange_send_started(x);
    if (x->spec.ops->on_event)
        sl_exchange_send_parts_done(x);
    f.finish_reason = a->finish_reason;
    f.raw_finish_reason = text(a->raw_finish_reason);
    f.complete = a->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP ||
                 a->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS;
    f.stop_sequence = text(a->stop_sequence);
    f.usage = sl_exchange_usage(x);
    f.report = sl_exchange_report(x, f.usage);
    if (x->spec.assemble)
        set_message(x, &f, &end);
    f.warnings = x->spec.warnings->list;
    f.n_warnings = x->spec.warnings->count;
    sl_exchange_fill_facts(x, f.usage);
    if (x->spec.ops->on_event) {
        event_t e = SLUICE__V1__STREAM_EVENT__INIT;
        e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_FINISHED;
        e.finished = &f;
        sl_exchange_send(x, &e);
    }
    x->spec.ops->on_end(x->spec.owner, &end);
    exchange_free(x);
}

static void end_failed(struct sl_exchange *x, struct sl_err *err)
{
    Sluice__V1__FailureInfo info = SLUICE__V1__FAILURE_INFO__INIT;
    if (!err->provider_request_id[0] && x->provider_request_id)
        sl_copy(err->provider_request_id, sizeof(err->provider_request_id), x->provider_request_id);
    sl_scrub(err->text, x->model->target.key);
    info.provider_status = err->http_status;
    info.provider_code = err->provider_code;
    info.provider_type = err->provider_type;
    info.provider_param = err->provider_param;
    info.provider_message = err->http_status ? err->text : text("");
    info.retryable = err->retryable;
    info.partial = x->first_token_us >= 0;
    if (err->has_retry_after) {
        info.retry_after_ms = err->retry_after_ms;
        info._retry_after_ms_case = SLUICE__V1__FAILURE_INFO___RETRY_AFTER_MS_RETRY_AFTER_MS;
    }
    if (err->provider_request_id[0])
        x->provider_request_id = sl_arena_strdup(x->spec.arena, err->provider_request_id);
    info.usage = sl_exchange_usage(x);
    info.report = sl_exchange_report(x, info.usage);
    sl_exchange_fill_facts(x, info.usage);
    x->spec.ops->on_end(x->spec.owner, &(struct sl_exchange_end){.err = err, .failure = &info});
    exchange_free(x);
}

static void deliver_early_failure(struct sl_mail *mail)
{
    struct sl_exchange *x = SL_CONTAINER_OF(mail, struct sl_exchange, early);
    if (x->cancelled)
        exchange_free(x);
    else
        end_failed(x, &x->early_err);
}

/* ---- the attempt ---- */

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

static void note_head(struct sl_exchange *x, const struct sl_transfer_head *head)
{
    const char *id = request_id_of(head);
    if (id && !x->provider_request_id)
        x->provider_request_id =
            sl_arena_strndup(x->spec.arena, id, sl_utf8_cut(id, strnlen(id, 95)));
}

static void on_head(void *owner, const struct sl_transfer_head *head)
{
    struct sl_exchange *x = owner;
    note_head(x, head);
    if (!x->started)
        sl_exchange_send_started(x);
}

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct sl_exchange *x = owner;
    struct sl_frame f = {frame->event, frame->data, frame->n};
    enum sl_code code = x->model->adapter->on_frame(&x->answer, &f, err);
    if (code == SL_OK && x->event_err.code != SL_OK) {
        *err = x->event_err;
        code = err->code;
    }
    return code;
}

static bool on_batch(void *owner)
{
    return ((struct sl_exchange *)owner)->full;
}

static const struct sl_header *copy_headers(struct sl_arena *arena,
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

static enum sl_code take_answer(struct sl_exchange *x, const struct sl_transfer_result *r,
                                struct sl_err *err)
{
    const struct sl_adapter *adapter = x->model->adapter;
    static char nothing[1];
    char *body = r->body ? r->body : nothing;
    if (r->head->status < 200 || r->head->status > 299) {
        struct sl_http_head head = {r->head->status, copy_headers(x->spec.arena, r->head)};
        adapter->on_failure(&x->answer, &head, body, r->n, err);
        if (err->code == SL_OK)
            sl_failure_from_status(err, head.status);
        err->http_status = head.status;
        return err->code;
    }
    enum sl_code code;
    if (r->body || x->http.framing == SL_FRAMING_NONE) {
        x->assembler.keep_from = body;
        x->assembler.keep_to = body + r->n;
        code = adapter->on_body(&x->answer, body, r->n, err);
    } else {
        code = adapter->on_eof(&x->answer, err);
    }
    if (code == SL_OK && x->event_err.code != SL_OK) {
        *err = x->event_err;
        code = err->code;
    }
    if (code != SL_OK)
        err->http_status = r->head->status;
    return code;
}

static enum sl_code start_attempt(struct sl_exchange *x, bool fresh, struct sl_err *err);

static void on_done(void *owner, const struct sl_transfer_result *r)
{
    struct sl_exchange *x = owner;
    struct sl_err err = r->err;
    x->transfer = NULL;
    if (r->head)
        note_head(x, r->head);
    if (r->stale_connection && !x->repeated) {
        x->repeated = true;
        x->attempts -= !r->request_sent; /* only what a provider may have seen is an attempt */
        err = (struct sl_err){0};
        if (start_attempt(x, true, &err) == SL_OK)
            return;
    } else if (err.code == SL_OK && take_answer(x, r, &err) == SL_OK) {
        end_ok(x);
        return;
    }
    end_failed(x, &err);
}

static const struct sl_transfer_ops transfer_ops = {
    .on_head = on_head,
    .on_frame = on_frame,
    .on_batch = on_batch,
    .on_done = on_done,
};

static const struct sl_transfer_header *copy_request_headers(struct sl_exchange *x)
{
    struct sl_transfer_header *first = NULL, **link = &first;
    for (const struct sl_header *h = x->http.headers; h; h = h->next) {
        struct sl_transfer_header *copy = SL_ARENA_NEW(x->spec.arena, struct sl_transfer_header);
        copy->name = h->name;
        copy->value = h->value;
        *link = copy;
        link = (struct sl_transfer_header **)(uintptr_t)&copy->next;
    }
    return first;
}

static void init_answer(struct sl_exchange *x)
{
    if (x->answer.state && x->model->adapter->release)
        x->model->adapter->release(&x->answer);
    x->answer = (struct sl_answer){
        .target = &x->model->target,
        .request = x->spec.request,
        .arena = x->spec.arena,
        .parser = x->spec.parser,
        .warnings = x->spec.warnings,
        .sink = {sl_exchange_on_event, x},
        .state = sl_arena_zalloc(x->spec.arena, x->model->adapter->state_size + 1),
        .stream = x->spec.stream,
    };
    sluice__v1__token_usage__init(&x->answer.end.usage);
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

static enum sl_code start_attempt(struct sl_exchange *x, bool fresh, struct sl_err *err)
{
    const struct sl_model *m = x->model;
    if (m->adapter->key_required && m->target.auth != SL_AUTH_NONE && !m->target.key)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "model %s has no key for provider %s: set %s", m->name, m->provider,
                          m->key_reference[0] ? m->key_reference : "the provider's key");
    init_answer(x);
    memset(&x->http, 0, sizeof(x->http));
    struct sl_build_in in = {
        .target = &m->target,
        .request = x->spec.request,
        .stream = x->spec.stream,
        .now_ms = sl_wall_ms(),
        .arena = x->spec.arena,
        .warnings = x->spec.warnings,
    };
    enum sl_code code = m->adapter->build(&in, &x->http, err);
    if (code != SL_OK)
        return code;
    x->attempts++;
    x->transfer =
        sl_transfer_start(x->spec.upstream, &(struct sl_transfer_spec){
                                                .endpoint = &m->endpoint,
                                                .method = x->http.method,
                                                .url = x->http.url,
                                                .headers = copy_request_headers(x),
                                                .body = &x->http.body,
                                                .framed = x->http.framing != SL_FRAMING_NONE,
                                                .framer = framer_of(x->http.framing),
                                                .clocks = m->clocks,
                                                .caps = m->caps,
                                                .fresh_connection = fresh,
                                                .ops = &transfer_ops,
                                                .owner = x,
                                            });
    return SL_OK;
}

struct sl_exchange *sl_exchange_start(const struct sl_exchange_spec *spec)
{
    struct sl_exchange *x = SL_NEW(struct sl_exchange);
    x->spec = *spec;
    x->spec.registry = sl_registry_ref(spec->registry);
    x->candidates = *spec->candidates;
    x->spec.candidates = &x->candidates;
    x->model = x->candidates.list[0].model;
    x->why = x->candidates.list[0].reason;
    x->first_token_us = -1;
    sl_assembler_init(&x->assembler, spec->arena);
    if (start_attempt(x, false, &x->early_err) != SL_OK) {
        x->early.deliver = deliver_early_failure;
        sl_loop_post(spec->loop, &x->early);
    }
    return x;
}

void sl_exchange_writable(struct sl_exchange *x)
{
    x->full = false;
    if (x->transfer)
        sl_transfer_resume(x->transfer);
}

void sl_exchange_cancel(struct sl_exchange *x)
{
    if (!x)
        return;
    sl_exchange_fill_facts(x, sl_exchange_usage(x));
    if (x->early_err.code != SL_OK) {
        x->cancelled = true; /* the letter frees it */
        return;
    }
    sl_transfer_cancel(x->transfer);
    exchange_free(x);
}
