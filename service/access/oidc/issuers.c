/* The table of issuers, and what a call reads of one. */
#include <string.h>

#include "access/oidc/internal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/secret.h"

static int64_t now_ms(void)
{
    return sl_now_us() / 1000;
}

static void deliver_wake(struct sl_mail *mail)
{
    struct sl_oidc *o = SL_CONTAINER_OF(mail, struct sl_oidc, wake);
    pthread_mutex_lock(&o->lock);
    o->posted = false;
    pthread_mutex_unlock(&o->lock);
    oidc_tick(o);
}

struct sl_oidc *sl_oidc_create(const struct sl_oidc_clock *clock)
{
    struct sl_oidc *o = SL_NEW(struct sl_oidc);
    static const struct sl_oidc_clock real = {now_ms, sl_wall_ms};
    o->clock = clock ? *clock : real;
    atomic_init(&o->refs, 1);
    o->wake.deliver = deliver_wake;
    pthread_mutex_init(&o->lock, NULL);
    return o;
}

struct sl_oidc *sl_oidc_ref(struct sl_oidc *o)
{
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
    return o;
}

void sl_oidc_unref(struct sl_oidc *o)
{
    if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (o->loop) {
        sl_loop_call(o->loop, oidc_thread_close, o);
        sl_loop_stop(o->loop);
        sl_loop_destroy(o->loop);
    }
    pthread_mutex_destroy(&o->lock);
    sl_free(o);
}

/* Under the table's lock. */
static void wake_locked(struct sl_oidc *o)
{
    if (!o->loop || o->posted)
        return;
    o->posted = true;
    sl_loop_post(o->loop, &o->wake);
}

void oidc_wake(struct sl_oidc *o)
{
    pthread_mutex_lock(&o->lock);
    wake_locked(o);
    pthread_mutex_unlock(&o->lock);
}

/* ---- the table ---- */

static bool is_same(const struct oidc_issuer *i, const struct oidc_issuer *wanted)
{
    return !strcmp(i->url, wanted->url) && !strcmp(i->jwks_uri, wanted->jwks_uri) &&
           !strcmp(i->proxy, wanted->proxy) && !strcmp(i->ca_file, wanted->ca_file);
}

static void free_issuer(struct oidc_issuer *i)
{
    sl_jwks_unref(i->keys);
    pthread_mutex_destroy(&i->lock);
    sl_free(i->url);
    sl_free(i->jwks_uri);
    sl_free(i->proxy);
    sl_free(i->ca_file);
    sl_free(i);
}

static enum sl_code find_proxy(const char *proxy, char **out, struct sl_err *err)
{
    struct sl_secret *secret = NULL;
    struct sl_err why = {0};
    if (!sl_starts_with(proxy, "env:") && !sl_starts_with(proxy, "file:")) {
        *out = sl_strdup(proxy);
        return SL_OK;
    }
    if (sl_config_secret(proxy, &secret, &why))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "upstream.proxy",
                            "upstream.proxy leads nowhere: %s", why.text);
    *out = sl_strdup(sl_secret_reveal(secret));
    sl_secret_unref(secret);
    return SL_OK;
}

static struct oidc_issuer *new_issuer(struct sl_oidc *o, const char *url, const char *jwks_uri,
                                      const char *ca_file, char *proxy)
{
    struct oidc_issuer *i = SL_NEW(struct oidc_issuer);
    i->oidc = o;
    i->refs = 1;
    pthread_mutex_init(&i->lock, NULL);
    i->url = sl_strdup(url);
    i->jwks_uri = sl_strdup(jwks_uri);
    i->ca_file = sl_strdup(ca_file);
    i->proxy = proxy;
    i->asked_ms = INT64_MIN / 2;
    i->endpoint = (struct sl_endpoint){.pool_key = (uint64_t)(uintptr_t)i,
                                       .http = SL_HTTP_1_1,
                                       .ca_file = i->ca_file,
                                       .proxy = i->proxy};
    return i;
}

/* The one of the table, else made to be it. Takes made. */
static struct oidc_issuer *put(struct sl_oidc *o, struct oidc_issuer *made)
{
    struct oidc_issuer *i = o->issuers;
    while (i && !is_same(i, made))
        i = i->next;
    if (i) {
        i->refs++;
        free_issuer(made);
        return i;
    }
    made->next = o->issuers;
    o->issuers = made;
    return made;
}

enum sl_code oidc_issuer_open(struct sl_oidc *o, const char *url, const char *jwks_uri,
                              const struct sl_config *config, struct oidc_issuer **out,
                              struct sl_err *err)
{
    char *proxy = NULL;
    enum sl_code code = find_proxy(config->proxy, &proxy, err);
    if (code)
        return code;
    struct oidc_issuer *made = new_issuer(o, url, jwks_uri, config->ca_file, proxy);
    pthread_mutex_lock(&o->lock);
    if (!o->loop)
        code = oidc_thread_start(o, err);
    if (!code) {
        *out = put(o, made);
        wake_locked(o);
    }
    pthread_mutex_unlock(&o->lock);
    if (code)
        free_issuer(made);
    return code;
}

void oidc_issuer_ref(struct oidc_issuer *i)
{
    pthread_mutex_lock(&i->oidc->lock);
    i->refs++;
    pthread_mutex_unlock(&i->oidc->lock);
}

void oidc_issuer_unref(struct oidc_issuer *i)
{
    if (!i)
        return;
    struct sl_oidc *o = i->oidc;
    pthread_mutex_lock(&o->lock);
    bool last = --i->refs == 0;
    if (last) {
        struct oidc_issuer **at = &o->issuers;
        while (*at != i)
            at = &(*at)->next;
        *at = i->next;
    }
    pthread_mutex_unlock(&o->lock);
    if (last)
        free_issuer(i);
}

/* ---- its keys ---- */

struct sl_jwks *oidc_issuer_keys(struct oidc_issuer *i, unsigned *revoked)
{
    pthread_mutex_lock(&i->lock);
    struct sl_jwks *keys = sl_jwks_ref(i->keys);
    *revoked = i->revoked;
    pthread_mutex_unlock(&i->lock);
    return keys;
}

bool oidc_issuer_ask(struct oidc_issuer *i)
{
    int64_t now = i->oidc->clock.now_ms();
    pthread_mutex_lock(&i->lock);
    bool again = i->asked || i->away, begin = !again && now - i->asked_ms >= OIDC_ASK_MS;
    if (begin) {
        i->asked = true;
        i->asked_ms = now;
    }
    pthread_mutex_unlock(&i->lock);
    if (begin)
        oidc_wake(i->oidc);
    return begin || again;
}

void oidc_issuer_take(struct oidc_issuer *i, struct sl_jwks *keys)
{
    pthread_mutex_lock(&i->lock);
    struct sl_jwks *was = i->keys;
    if (was && !sl_jwks_covers(keys, was))
        i->revoked++;
    i->keys = keys;
    pthread_mutex_unlock(&i->lock);
    sl_jwks_unref(was);
}
