/* The thread that mints: requests to token endpoints, one minting a source at a time, and the clock that renews ahead of
 * expiry. A request may take several steps (an instance's metadata service wants three). */
#include <string.h>

#include "access/tokens/internal.h"
#include "base/alloc.h"
#include "base/log.h"

enum {
    CONNECT_MS = 10 * 1000,
    TOTAL_MS = 30 * 1000,
    LINK_CONNECT_MS = 2 * 1000, /* metadata servers are on the machine's own link */
    LINK_TOTAL_MS = 10 * 1000,
    MAX_ANSWER = 256 * 1024,
    MAX_STEPS = 4,
    UNUSED_CHECK_MS =
        15 * 1000, /* how often an unused token is looked at, once it could be renewed */
    MIN_LIFETIME_MS = 1000,
};

/* ---- requests ---- */

void tk_header(struct tk_mint *m, const char *name, const char *value)
{
    struct sl_transfer_header *h = SL_ARENA_NEW(&m->arena, struct sl_transfer_header);
    h->name = name;
    h->value = value;
    h->next = m->headers;
    m->headers = h;
}

void tk_post_form(struct tk_mint *m, const char *url)
{
    m->method = "POST";
    m->url = url;
    tk_header(m, "content-type", "application/x-www-form-urlencoded");
    sl_segs_add(&m->body, &m->arena, SL_SEG_RAW, m->form.p, m->form.n);
}

void tk_get(struct tk_mint *m, const char *url)
{
    m->method = "GET";
    m->url = url;
}

/* ---- one minting ---- */

static struct tk_mint *new_mint(struct sl_token_source *s)
{
    struct tk_mint *m = SL_NEW(struct tk_mint);
    m->source = s;
    m->credential = &s->credential;
    m->next = s->tokens->mints;
    s->tokens->mints = m;
    s->mint = m;
    sl_json_parser_init(&m->parser);
    sl_arena_init(&m->arena, SIZE_MAX);
    sl_buf_init(&m->form, TK_MAX_FORM);
    sl_buf_init(&m->header, TK_MAX_SECRET);
    sl_buf_init(&m->kept, TK_MAX_SECRET);
    return m;
}

static void free_mint(struct tk_mint *m)
{
    struct tk_mint **at = &m->source->tokens->mints;
    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    m->source->mint = NULL;
    sl_secret_unref(m->token);
    sl_json_parser_fini(&m->parser);
    sl_buf_wipe(&m->form);
    sl_buf_wipe(&m->header);
    sl_buf_wipe(&m->kept);
    sl_arena_fini(&m->arena);
    tk_source_free(m->opened);
    sl_token_source_unref(m->source);
    sl_free(m);
}

static void finish(struct tk_mint *m, struct sl_err *err)
{
    const struct tk_credential *c = m->credential;
    if (m->token && m->lifetime_ms < MIN_LIFETIME_MS)
        m->lifetime_ms = MIN_LIFETIME_MS;
    if (m->token) {
        sl_log(SL_LOG_DEBUG, "minted a token", SL_F_STR("from", c->method->title),
               SL_F_INT("lifetime_ms", m->lifetime_ms));
    } else {
        sl_scrub(err->text, c->secret);
        sl_scrub(err->text, c->client_secret);
        sl_log(SL_LOG_WARN, "no token", SL_F_STR("from", c->method->title),
               SL_F_STR("error", err->text));
    }
    tk_source_done(m->source, m->token, m->lifetime_ms, err);
    free_mint(m);
}

/* What the endpoint itself says about a request that it did not answer with a token. */
static void refuse(struct tk_mint *m, const struct sl_transfer_result *r, struct sl_err *err)
{
    const char *title = m->credential->method->title;
    int status = r->head->status;
    char words[256], nothing[1] = "";
    bool ill = status >= 500 || status == 429 || status == 408;
    tk_read_refusal(&m->parser, r->body ? r->body : nothing, r->n, words, sizeof(words));
    sl_err_set(err, ill ? SL_UNAVAILABLE : SL_FAILED_PRECONDITION,
               ill ? SL_REASON_PROVIDER_ERROR : SL_REASON_PROVIDER_AUTH,
               "%s gave no token (status %d): %s", title, status, words);
    err->retryable = ill;
    err->http_status = status;
}

static void run_step(struct tk_mint *m);

static void on_done(void *owner, const struct sl_transfer_result *r)
{
    struct tk_mint *m = owner;
    const char *title = m->credential->method->title;
    struct sl_tokens *t = m->source->tokens;
    struct sl_err err = {0};
    char nothing[1] = "";
    unsigned step = m->step;
    m->transfer = NULL;
    if (r->err.code != SL_OK) {
        sl_err_set(&err, SL_UNAVAILABLE, r->err.reason, "%s: %s", title, r->err.text);
        err.retryable = true;
    } else if (r->head->status < 200 || r->head->status > 299) {
        refuse(m, r, &err);
    } else {
        char *body = r->body ? r->body : nothing;
        enum sl_code code = m->credential->method->read(m, body, r->n, &err);
        if (code == SL_OK && !m->token && m->step > step && m->step < MAX_STEPS) {
            sl_wipe(body, r->n);
            run_step(m);
            return;
        }
    }
    if (r->body)
        sl_wipe(r->body, r->n);
    finish(m, &err);
    tk_tick(t);
}

static const struct sl_transfer_ops ops = {.on_done = on_done};

static void start_transfer(struct tk_mint *m)
{
    bool direct = m->credential->method->direct;
    m->transfer =
        sl_transfer_start(m->source->tokens->upstream,
                          &(struct sl_transfer_spec){
                              .endpoint = &m->source->endpoint,
                              .method = m->method,
                              .url = m->url,
                              .headers = m->headers,
                              .body = &m->body,
                              .clocks = {.connect_ms = direct ? LINK_CONNECT_MS : CONNECT_MS,
                                         .total_ms = direct ? LINK_TOTAL_MS : TOTAL_MS},
                              .caps = {.body = MAX_ANSWER},
                              .ops = &ops,
                              .owner = m,
                          });
}

static void run_step(struct tk_mint *m)
{
    struct sl_err err = {0};
    m->wall_ms = m->source->tokens->clock.wall_ms();
    m->headers = NULL;
    memset(&m->body, 0, sizeof(m->body));
    sl_buf_reset(&m->form, 0);
    sl_buf_reset(&m->header, 0);
    if (m->credential->method->prepare(m, &err) != SL_OK)
        finish(m, &err);
    else
        start_transfer(m);
}

/* ---- the thread ---- */

/* Takes the reference that came with it. */
static void begin(struct sl_token_source *s)
{
    struct tk_mint *m = new_mint(s);
    struct sl_err err = {0};
    if (s->spec.keeper && tk_source_reopen(s, &m->opened, &err) != SL_OK) {
        finish(m, &err);
        return;
    }
    if (m->opened)
        m->credential = &m->opened->credential;
    run_step(m);
}

static void deliver_start(struct sl_mail *mail)
{
    begin(SL_CONTAINER_OF(mail, struct sl_token_source, start));
}

/* Whether the source's token has to be renewed now; sets *next to when it has to be looked at again. */
static bool is_due(struct sl_token_source *s, int64_t now, int64_t *next)
{
    int64_t at = INT64_MAX;
    bool due = false;
    pthread_mutex_lock(&s->lock);
    if (s->token && now >= s->expires_ms) {
        sl_secret_unref(s->token);
        s->token = NULL;
    }
    if (s->token && !s->minting) {
        at = s->renew_ms > s->retry_ms ? s->renew_ms : s->retry_ms;
        due = s->used && now >= at;
        s->minting = due;
        if (!due && at <= now)
            at = now + UNUSED_CHECK_MS;
        if (at > s->expires_ms)
            at = s->expires_ms;
    }
    pthread_mutex_unlock(&s->lock);
    if (!due && at < *next)
        *next = at;
    return due;
}

static struct sl_token_source *take_due(struct sl_tokens *t, int64_t now, int64_t *next)
{
    struct sl_token_source *found = NULL;
    *next = INT64_MAX;
    pthread_mutex_lock(&t->lock);
    for (struct sl_token_source *s = t->sources; s && !found; s = s->next) {
        if (!is_due(s, now, next))
            continue;
        tk_source_ref_locked(s);
        found = s;
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

static void on_timer(uv_timer_t *timer)
{
    tk_tick(timer->data);
}

void tk_tick(struct sl_tokens *t)
{
    int64_t now = t->clock.now_ms(), next = INT64_MAX;
    struct sl_token_source *s;
    if (!t->timer_open)
        return;
    while ((s = take_due(t, now, &next)))
        begin(s);
    if (next == INT64_MAX)
        uv_timer_stop(&t->timer);
    else
        uv_timer_start(&t->timer, on_timer, next > now ? (uint64_t)(next - now) : 1, 0);
}

/* Under the table's lock. */
static enum sl_code start_thread(struct sl_tokens *t, struct sl_err *err)
{
    struct sl_loop *loop = sl_loop_create("tokens", err);
    if (!loop)
        return err->code;
    t->upstream = sl_upstream_create(loop, &(struct sl_upstream_options){0}, err);
    if (!t->upstream) {
        sl_loop_destroy(loop);
        return err->code;
    }
    uv_timer_init(sl_loop_uv(loop), &t->timer);
    t->timer.data = t;
    t->timer_open = true;
    enum sl_code code = sl_loop_start(loop, err);
    if (code != SL_OK) {
        uv_close((uv_handle_t *)&t->timer, NULL);
        sl_upstream_destroy(t->upstream);
        sl_loop_destroy(loop);
        t->timer_open = false;
        return code;
    }
    t->loop = loop;
    return SL_OK;
}

static enum sl_code ask_locked(struct sl_tokens *t, struct sl_token_source *s, struct sl_err *err)
{
    if (t->stopped)
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_SHUTTING_DOWN, "the service is ending");
    if (!t->loop && start_thread(t, err) != SL_OK)
        return err->code;
    tk_source_ref_locked(s);
    s->start.deliver = deliver_start;
    sl_loop_post(t->loop, &s->start);
    return SL_OK;
}

void tk_ask(struct sl_token_source *s)
{
    struct sl_tokens *t = s->tokens;
    struct sl_err err = {0};
    pthread_mutex_lock(&t->lock);
    enum sl_code code = ask_locked(t, s, &err);
    pthread_mutex_unlock(&t->lock);
    if (code != SL_OK)
        tk_source_done(s, NULL, 0, &err);
}

static void close_all(void *arg)
{
    struct sl_tokens *t = arg;
    t->timer_open = false;
    uv_close((uv_handle_t *)&t->timer, NULL);
    while (t->mints) {
        struct sl_err err = {0};
        sl_err_set(&err, SL_UNAVAILABLE, SL_REASON_SHUTTING_DOWN, "the service is ending");
        sl_transfer_cancel(t->mints->transfer);
        finish(t->mints, &err);
    }
    sl_upstream_destroy(t->upstream);
}

void sl_tokens_stop(struct sl_tokens *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    struct sl_loop *loop = t->loop;
    t->loop = NULL;
    t->stopped = true;
    pthread_mutex_unlock(&t->lock);
    if (!loop)
        return;
    sl_loop_call(loop, close_all, t);
    sl_loop_stop(loop);
    sl_loop_destroy(loop);
}
