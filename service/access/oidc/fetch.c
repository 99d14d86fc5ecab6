/* The thread that fetches key sets: the discovery document, where the configuration does not say
 * where the keys are, then the keys; again when their age is over, or when a call asks. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/oidc/internal.h"
#include "base/alloc.h"
#include "base/log.h"
#include "config/url.h"

enum {
    CONNECT_MS = 5 * 1000,
    TOTAL_MS = 15 * 1000,
    FIRST_RETRY_MS = 1000,
    LAST_RETRY_MS = 60 * 1000,
    MAX_URL = 2048,
};

static const char well_known[] = "/.well-known/openid-configuration";

struct oidc_fetch {
    struct oidc_issuer *issuer; /* a reference */
    struct sl_transfer *transfer;
    bool discovering;
    char url[MAX_URL];
    struct sl_transfer_header accept;
};

/* ---- documents ---- */

int64_t oidc_max_age_ms(const char *value)
{
    int64_t seconds = OIDC_AGE_MS / 1000;
    while (value && *value) {
        value += strspn(value, ", \t");
        size_t n = strcspn(value, ",");
        /* RFC 9111, section 5.2.2 */
        if (!strncasecmp(value, "max-age=", 8) && isdigit((unsigned char)value[8])) {
            size_t digits = strspn(value + 8, "0123456789");
            if (digits > 9 || !sl_parse_i64((struct sl_str){value + 8, digits}, &seconds))
                seconds = OIDC_MAX_AGE_MS / 1000;
        } else if (!strncasecmp(value, "no-cache", 8) || !strncasecmp(value, "no-store", 8)) {
            seconds = 0;
        }
        value += n;
    }
    int64_t ms = seconds * 1000;
    return ms < OIDC_MIN_AGE_MS ? OIDC_MIN_AGE_MS : ms > OIDC_MAX_AGE_MS ? OIDC_MAX_AGE_MS : ms;
}

static enum sl_code garbage(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "the discovery document %s",
                      what);
}

/* OpenID Connect Discovery 1.0, section 4.3: the issuer has to be the one that was asked. */
enum sl_code oidc_read_discovery(const char *text, size_t n, const char *issuer, char *jwks_uri,
                                 size_t size, struct sl_err *err)
{
    json_error_t ignored;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &ignored);
    const char *said = json_string_value(json_object_get(root, "issuer"));
    const char *uri = json_string_value(json_object_get(root, "jwks_uri"));
    enum sl_code code = SL_OK;
    if (!json_is_object(root))
        code = garbage(err, "is no JSON object");
    else if (!said || strcmp(said, issuer) != 0)
        code = garbage(err, "is of another issuer");
    else if (!uri || !sl_url_is_trustworthy(uri))
        code = garbage(err, "has no jwks_uri that begins with https://");
    else if (!sl_copy(jwks_uri, size, uri))
        code = garbage(err, "has a jwks_uri that is too long");
    json_decref(root);
    return code;
}

/* ---- one fetch ---- */

static void run(struct oidc_fetch *f);

/* Doubles from a second to a minute; the keys that are there stay. */
static int64_t retry_ms(unsigned failures)
{
    int64_t ms = FIRST_RETRY_MS;
    for (unsigned i = 1; i < failures && ms < LAST_RETRY_MS; i++)
        ms *= 2;
    return ms < LAST_RETRY_MS ? ms : LAST_RETRY_MS;
}

static void finish(struct oidc_fetch *f, const struct sl_err *err, int64_t age_ms)
{
    struct oidc_issuer *i = f->issuer;
    i->fetch = NULL;
    if (err->code) {
        i->failures++;
        if (i->failures == 1)
            sl_log(SL_LOG_WARN, "the keys of an issuer of tokens could not be fetched",
                   SL_F_STR("issuer", i->url), SL_F_STR("error", err->text));
        age_ms = retry_ms(i->failures);
    } else {
        sl_log(i->failures ? SL_LOG_INFO : SL_LOG_DEBUG, "fetched the keys of an issuer of tokens",
               SL_F_STR("issuer", i->url), SL_F_INT("age_ms", age_ms));
        i->failures = 0;
    }
    i->due_ms = i->oidc->clock.now_ms() + age_ms;
    pthread_mutex_lock(&i->lock);
    i->asked = false;
    i->away = err->code != SL_OK;
    pthread_mutex_unlock(&i->lock);
    sl_free(f);
    oidc_issuer_unref(i);
}

static const char *header(const struct sl_transfer_head *head, const char *name)
{
    for (const struct sl_transfer_header *h = head->headers; h; h = h->next) {
        if (!strcmp(h->name, name))
            return h->value;
    }
    return NULL;
}

/* Returns true where another request follows. */
static bool take_answer(struct oidc_fetch *f, const struct sl_transfer_result *r,
                        struct sl_err *err)
{
    struct sl_jwks *keys = NULL;
    const char *body = r->body ? r->body : "";
    if (r->err.code) {
        *err = r->err;
    } else if (r->head->status != 200) {
        sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, "status %d", r->head->status);
    } else if (f->discovering) {
        f->discovering = false;
        return !oidc_read_discovery(body, r->n, f->issuer->url, f->url, sizeof(f->url), err);
    } else if (!sl_jwks_parse(body, r->n, &keys, err)) {
        oidc_issuer_take(f->issuer, keys);
    }
    return false;
}

static void on_done(void *owner, const struct sl_transfer_result *r)
{
    struct oidc_fetch *f = owner;
    struct sl_oidc *o = f->issuer->oidc;
    struct sl_err err = {0};
    f->transfer = NULL;
    if (take_answer(f, r, &err)) {
        run(f);
        return;
    }
    finish(f, &err, r->head ? oidc_max_age_ms(header(r->head, "cache-control")) : 0);
    oidc_tick(o);
}

static const struct sl_transfer_ops ops = {.on_done = on_done};

static void run(struct oidc_fetch *f)
{
    f->accept = (struct sl_transfer_header){"accept", "application/json", NULL};
    f->transfer = sl_transfer_start(
        f->issuer->oidc->upstream,
        &(struct sl_transfer_spec){.endpoint = &f->issuer->endpoint,
                                   .method = "GET",
                                   .url = f->url,
                                   .headers = &f->accept,
                                   .clocks = {.connect_ms = CONNECT_MS, .total_ms = TOTAL_MS},
                                   .caps = {.body = SL_JWKS_MAX_BYTES},
                                   .ops = &ops,
                                   .owner = f});
}

/* The reference goes with the fetch. */
static void begin(struct oidc_issuer *i)
{
    struct oidc_fetch *f = SL_NEW(struct oidc_fetch);
    size_t n = strlen(i->url);
    f->issuer = i;
    i->fetch = f;
    f->discovering = !*i->jwks_uri;
    if (n && i->url[n - 1] == '/')
        n--;
    if (f->discovering)
        snprintf(f->url, sizeof(f->url), "%.*s%s", (int)n, i->url, well_known);
    else
        sl_copy(f->url, sizeof(f->url), i->jwks_uri);
    run(f);
}

/* ---- the thread ---- */

static bool is_due(struct oidc_issuer *i, int64_t now, int64_t *next)
{
    if (i->fetch)
        return false;
    pthread_mutex_lock(&i->lock);
    bool due = i->asked || now >= i->due_ms;
    pthread_mutex_unlock(&i->lock);
    if (!due && i->due_ms < *next)
        *next = i->due_ms;
    return due;
}

/* With a reference. */
static struct oidc_issuer *take_due(struct sl_oidc *o, int64_t now, int64_t *next)
{
    struct oidc_issuer *i;
    *next = INT64_MAX;
    pthread_mutex_lock(&o->lock);
    for (i = o->issuers; i && !is_due(i, now, next); i = i->next)
        ;
    if (i)
        i->refs++;
    pthread_mutex_unlock(&o->lock);
    return i;
}

static void on_timer(uv_timer_t *timer)
{
    oidc_tick(timer->data);
}

void oidc_tick(struct sl_oidc *o)
{
    int64_t now = o->clock.now_ms(), next = INT64_MAX;
    struct oidc_issuer *i;
    if (!o->timer_open)
        return;
    while ((i = take_due(o, now, &next)))
        begin(i);
    if (next == INT64_MAX)
        uv_timer_stop(&o->timer);
    else
        uv_timer_start(&o->timer, on_timer, next > now ? (uint64_t)(next - now) : 1, 0);
}

enum sl_code oidc_thread_start(struct sl_oidc *o, struct sl_err *err)
{
    struct sl_loop *loop = sl_loop_create("oidc", err);
    if (!loop)
        return err->code;
    o->upstream =
        sl_upstream_create(loop, &(struct sl_upstream_options){.max_connections = 16}, err);
    if (!o->upstream) {
        sl_loop_destroy(loop);
        return err->code;
    }
    uv_timer_init(sl_loop_uv(loop), &o->timer);
    o->timer.data = o;
    o->timer_open = true;
    enum sl_code code = sl_loop_start(loop, err);
    if (code) {
        o->timer_open = false;
        uv_close((uv_handle_t *)&o->timer, NULL);
        sl_upstream_destroy(o->upstream);
        sl_loop_destroy(loop);
        return code;
    }
    o->loop = loop;
    return SL_OK;
}

/* One that is under way, with a reference. */
static struct oidc_issuer *take_busy(struct sl_oidc *o)
{
    struct oidc_issuer *i;
    pthread_mutex_lock(&o->lock);
    for (i = o->issuers; i && !i->fetch; i = i->next)
        ;
    if (i)
        i->refs++;
    pthread_mutex_unlock(&o->lock);
    return i;
}

void oidc_thread_close(void *oidc)
{
    struct sl_oidc *o = oidc;
    struct oidc_issuer *i;
    o->timer_open = false;
    uv_close((uv_handle_t *)&o->timer, NULL);
    while ((i = take_busy(o))) {
        struct oidc_fetch *f = i->fetch;
        sl_transfer_cancel(f->transfer);
        i->fetch = NULL;
        sl_free(f);
        oidc_issuer_unref(i); /* the fetch's */
        oidc_issuer_unref(i);
    }
    sl_upstream_destroy(o->upstream);
}
