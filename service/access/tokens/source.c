/* The sources of a process, what each one's token is at this moment, and who waits for it. Callers come on any thread;
 * a source's lock is held for a few instructions only. */
#include "access/tokens/tokens.h"

#include <openssl/evp.h>
#include <string.h>

#include "access/tokens/internal.h"
#include "base/alloc.h"
#include "base/clock.h"

enum {
    MAX_RENEW_AHEAD_MS =
        225 * 1000,          /* Google's metadata server hands out new tokens from 4 minutes on */
    MAX_SKEW_MS = 10 * 1000, /* a token is not shown in its last seconds */
    MIN_BACKOFF_MS = 1000,
    MAX_BACKOFF_MS = 60 * 1000,
    MAX_WAIT_MS = 60 * 1000,
};

struct sl_token_wait {
    struct sl_mail mail;
    struct sl_token_source *source; /* a reference */
    struct sl_token_wait_spec spec;
    struct sl_token_wait *next; /* under the source's lock, while listed */
    bool listed;
    bool cancelled; /* while its letter was under way */
    uv_timer_t timer;
    struct sl_secret *token; /* the result, in the letter */
    struct sl_err err;
};

static const struct tk_method *const methods[] = {
    [SL_TOKEN_GOOGLE_FILE] = &tk_google_service_account,
    [SL_TOKEN_GOOGLE_METADATA] = &tk_google_metadata,
    [SL_TOKEN_ENTRA_SECRET] = &tk_entra_secret,
    [SL_TOKEN_ENTRA_FEDERATED] = &tk_entra_federated,
    [SL_TOKEN_ENTRA_MANAGED] = &tk_entra_managed,
    [SL_TOKEN_ENTRA_APP_SERVICE] = &tk_entra_app_service,
    [SL_TOKEN_AWS_ROLE] = &tk_aws_role,
    [SL_TOKEN_AWS_WEB_IDENTITY] = &tk_aws_web_identity,
    [SL_TOKEN_AWS_CONTAINER] = &tk_aws_container,
    [SL_TOKEN_AWS_INSTANCE] = &tk_aws_instance,
};

/* ---- the table ---- */

int64_t tk_now_ms(void)
{
    return sl_now_us() / 1000;
}

struct sl_tokens *sl_tokens_create(const struct sl_tokens_clock *clock)
{
    struct sl_tokens *t = SL_NEW(struct sl_tokens);
    t->clock = (struct sl_tokens_clock){tk_now_ms, sl_wall_ms};
    if (clock)
        t->clock = *clock;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void sl_tokens_destroy(struct sl_tokens *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    sl_free(t);
}

static bool add_text(EVP_MD_CTX *md, const char *s)
{
    return EVP_DigestUpdate(md, s ? s : "", s ? strlen(s) + 1 : 1) == 1;
}

/* What tells one credential from another: equal specs share a source, over reloads too. */
static bool fingerprint(const struct sl_token_spec *spec, unsigned char out[TK_FINGERPRINT])
{
    const char *const texts[] = {spec->keeper ? spec->keeper->id : sl_secret_reveal(spec->secret),
                                 spec->url,
                                 spec->tenant,
                                 spec->client_id,
                                 spec->scope,
                                 spec->file,
                                 spec->role,
                                 spec->session,
                                 spec->region,
                                 spec->ca_file,
                                 spec->proxy};
    const unsigned char first[3] = {(unsigned char)spec->from, spec->any_host,
                                    spec->keeper != NULL};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(md, first, sizeof(first)) == 1;
    for (size_t i = 0; ok && i < SL_ARRAY_LEN(texts); i++)
        ok = add_text(md, texts[i]);
    ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

const char *tk_copy(struct sl_token_source *s, const char *text, const char *otherwise)
{
    return sl_arena_strdup(&s->arena, text && *text ? text : otherwise);
}

void tk_source_free(struct sl_token_source *s)
{
    if (!s)
        return;
    if (s->spec.keeper)
        s->spec.keeper->unref(s->spec.keeper);
    sl_secret_unref(s->token);
    sl_secret_unref(s->credential.secret);
    sl_secret_unref(s->credential.client_secret);
    pthread_mutex_destroy(&s->lock);
    sl_arena_fini(&s->arena);
    sl_free(s);
}

static struct sl_token_source *new_source(struct sl_tokens *t, const struct sl_token_spec *spec)
{
    struct sl_token_source *s = SL_NEW(struct sl_token_source);
    s->tokens = t;
    s->refs = 1;
    pthread_mutex_init(&s->lock, NULL);
    sl_arena_init(&s->arena, SIZE_MAX);
    s->credential.method = methods[spec->from];
    s->endpoint = (struct sl_endpoint){
        .ca_file = tk_copy(s, spec->ca_file, ""),
        .proxy = tk_copy(s, spec->proxy, ""),
        .client_cert = "",
        .client_key = "",
        .unix_socket = "",
        .connect_to = "",
    };
    return s;
}

/* Of the credential that was read stays what says nothing secret. */
static void keep_spec(struct sl_token_source *s, const struct sl_token_spec *spec)
{
    struct tk_credential *c = &s->credential;
    sl_secret_unref(c->secret);
    sl_secret_unref(c->client_secret);
    c->secret = c->client_secret = NULL;
    s->spec = (struct sl_token_spec){
        .from = spec->from,
        .keeper = spec->keeper,
        .url = tk_copy(s, spec->url, ""),
        .tenant = tk_copy(s, spec->tenant, ""),
        .client_id = tk_copy(s, spec->client_id, ""),
        .scope = tk_copy(s, spec->scope, ""),
        .file = "",
        .role = tk_copy(s, spec->role, ""),
        .session = tk_copy(s, spec->session, ""),
        .region = tk_copy(s, spec->region, ""),
        .any_host = spec->any_host,
    };
}

enum sl_code tk_source_reopen(struct sl_token_source *s, struct sl_token_source **out,
                              struct sl_err *err)
{
    struct sl_token_spec spec = s->spec;
    struct sl_secret *secret = NULL;
    if (s->spec.keeper->open(s->spec.keeper, &secret, err) != SL_OK)
        return err->code;
    spec.secret = secret;
    spec.keeper = NULL;
    struct sl_token_source *opened = new_source(s->tokens, &spec);
    enum sl_code code = opened->credential.method->open(&spec, opened, err);
    sl_secret_unref(secret);
    if (code != SL_OK)
        tk_source_free(opened);
    else
        *out = opened;
    return code;
}

/* With a reference taken; NULL if there is none. */
static struct sl_token_source *find_locked(struct sl_tokens *t, const unsigned char *print)
{
    for (struct sl_token_source *s = t->sources; s; s = s->next) {
        if (memcmp(s->fingerprint, print, TK_FINGERPRINT) != 0)
            continue;
        s->refs++;
        return s;
    }
    return NULL;
}

enum sl_code sl_token_source_open(struct sl_tokens *t, const struct sl_token_spec *spec,
                                  struct sl_token_source **out, struct sl_err *err)
{
    struct sl_token_source *s = new_source(t, spec), *there;
    enum sl_code code = SL_OK;
    if (!fingerprint(spec, s->fingerprint))
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    else
        code = s->credential.method->open(spec, s, err);
    if (code != SL_OK) {
        tk_source_free(s);
        if (spec->keeper)
            spec->keeper->unref(spec->keeper);
        return code;
    }
    if (spec->keeper)
        keep_spec(s, spec);
    memcpy(&s->endpoint.pool_key, s->fingerprint, sizeof(s->endpoint.pool_key));
    if (s->credential.method->direct)
        s->endpoint.proxy = "";
    pthread_mutex_lock(&t->lock);
    there = find_locked(t, s->fingerprint);
    if (!there) {
        s->next = t->sources;
        t->sources = s;
    }
    pthread_mutex_unlock(&t->lock);
    if (there)
        tk_source_free(s);
    *out = there ? there : s;
    return SL_OK;
}

void tk_source_ref_locked(struct sl_token_source *s)
{
    s->refs++;
}

struct sl_token_source *sl_token_source_ref(struct sl_token_source *s)
{
    pthread_mutex_lock(&s->tokens->lock);
    tk_source_ref_locked(s);
    pthread_mutex_unlock(&s->tokens->lock);
    return s;
}

void sl_token_source_unref(struct sl_token_source *s)
{
    if (!s)
        return;
    struct sl_tokens *t = s->tokens;
    pthread_mutex_lock(&t->lock);
    bool last = --s->refs == 0;
    if (last) {
        struct sl_token_source **at = &t->sources;
        while (*at != s)
            at = &(*at)->next;
        *at = s->next;
    }
    pthread_mutex_unlock(&t->lock);
    if (last)
        tk_source_free(s);
}

const char *sl_token_source_project(const struct sl_token_source *s)
{
    return s->credential.project ? s->credential.project : "";
}

/* ---- the token ---- */

static struct sl_secret *get_locked(struct sl_token_source *s, int64_t now)
{
    if (!s->token || now >= s->expires_ms)
        return NULL;
    s->used = true;
    return sl_secret_ref(s->token);
}

struct sl_secret *sl_token_get(struct sl_token_source *s)
{
    int64_t now = s->tokens->clock.now_ms();
    pthread_mutex_lock(&s->lock);
    struct sl_secret *token = get_locked(s, now);
    pthread_mutex_unlock(&s->lock);
    return token;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void keep_token(struct sl_token_source *s, struct sl_secret *token, int64_t lifetime_ms,
                       int64_t now)
{
    sl_secret_unref(s->token);
    s->token = sl_secret_ref(token);
    s->expires_ms = now + lifetime_ms - smaller(lifetime_ms / 10, MAX_SKEW_MS);
    s->renew_ms = now + lifetime_ms - smaller(lifetime_ms / 4, MAX_RENEW_AHEAD_MS);
    s->retry_ms = 0;
    s->failures = 0;
    s->used = false;
}

static void keep_failure(struct sl_token_source *s, const struct sl_err *err, int64_t now)
{
    unsigned doublings = s->failures < 6 ? s->failures : 6;
    s->failures++;
    s->retry_ms = now + smaller((int64_t)MIN_BACKOFF_MS << doublings, MAX_BACKOFF_MS);
    s->err = *err;
}

/* ---- waiting ---- */

static void on_timer_closed(uv_handle_t *timer)
{
    sl_free(timer->data);
}

static void end_wait(struct sl_token_wait *w)
{
    sl_secret_unref(w->token);
    sl_token_source_unref(w->source);
    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

static void deliver_result(struct sl_mail *mail)
{
    struct sl_token_wait *w = SL_CONTAINER_OF(mail, struct sl_token_wait, mail);
    if (!w->cancelled)
        w->spec.on_token(w->spec.owner, w->token, w->token ? NULL : &w->err);
    end_wait(w);
}

/* The letter takes the wait along. now: of this clock, for how long a failure still stands. */
static void post_result(struct sl_token_wait *w, struct sl_secret *token, const struct sl_err *err)
{
    w->token = sl_secret_ref(token);
    if (!token)
        w->err = *err;
    w->mail.deliver = deliver_result;
    sl_loop_post(w->spec.loop, &w->mail);
}

void tk_source_done(struct sl_token_source *s, struct sl_secret *token, int64_t lifetime_ms,
                    const struct sl_err *err)
{
    int64_t now = s->tokens->clock.now_ms();
    pthread_mutex_lock(&s->lock);
    if (token)
        keep_token(s, token, lifetime_ms, now);
    else
        keep_failure(s, err, now);
    s->used = s->waits != NULL;
    s->minting = false;
    struct sl_token_wait *w = s->waits;
    s->waits = NULL;
    for (struct sl_token_wait *each = w; each; each = each->next)
        each->listed = false;
    while (w) {
        struct sl_token_wait *next = w->next;
        post_result(w, token, err);
        w = next;
    }
    pthread_mutex_unlock(&s->lock);
}

/* Takes a wait off the list; false: its letter is under way. */
static bool unlist(struct sl_token_wait *w)
{
    struct sl_token_source *s = w->source;
    pthread_mutex_lock(&s->lock);
    bool listed = w->listed;
    if (listed) {
        struct sl_token_wait **at = &s->waits;
        while (*at != w)
            at = &(*at)->next;
        *at = w->next;
        w->listed = false;
    }
    pthread_mutex_unlock(&s->lock);
    return listed;
}

static void on_timeout(uv_timer_t *timer)
{
    struct sl_token_wait *w = timer->data;
    struct sl_err err = {0};
    if (!unlist(w))
        return;
    sl_err_set(&err, SL_DEADLINE_EXCEEDED, SL_REASON_FIRST_BYTE_TIMEOUT,
               "%s gave no token within %lld ms", w->source->credential.method->title,
               (long long)w->spec.timeout_ms);
    err.retryable = true;
    w->spec.on_token(w->spec.owner, NULL, &err);
    end_wait(w);
}

/* True: the source has to be asked for a token. */
static bool enlist(struct sl_token_wait *w)
{
    struct sl_token_source *s = w->source;
    int64_t now = s->tokens->clock.now_ms();
    bool ask = false;
    pthread_mutex_lock(&s->lock);
    struct sl_secret *token = get_locked(s, now);
    if (token || (!s->minting && now < s->retry_ms)) {
        post_result(w, token, &s->err);
        if (!token && w->err.retryable) {
            w->err.has_retry_after = true;
            w->err.retry_after_ms = s->retry_ms - now;
        }
        sl_secret_unref(token);
    } else {
        ask = !s->minting;
        s->minting = true;
        w->listed = true;
        w->next = s->waits;
        s->waits = w;
    }
    pthread_mutex_unlock(&s->lock);
    return ask;
}

struct sl_token_wait *sl_token_wait_start(struct sl_token_source *s,
                                          const struct sl_token_wait_spec *spec)
{
    struct sl_token_wait *w = SL_NEW(struct sl_token_wait);
    w->source = sl_token_source_ref(s);
    w->spec = *spec;
    if (w->spec.timeout_ms <= 0 || w->spec.timeout_ms > MAX_WAIT_MS)
        w->spec.timeout_ms = MAX_WAIT_MS;
    uv_timer_init(sl_loop_uv(spec->loop), &w->timer);
    w->timer.data = w;
    uv_timer_start(&w->timer, on_timeout, (uint64_t)w->spec.timeout_ms, 0);
    if (enlist(w))
        tk_ask(s);
    return w;
}

void sl_token_wait_cancel(struct sl_token_wait *w)
{
    if (!w)
        return;
    if (unlist(w))
        end_wait(w);
    else
        w->cancelled = true; /* the letter ends it */
}
