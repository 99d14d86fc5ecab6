/* The rules of a configuration, and a token under them. */
#include <string.h>

#include "access/digest.h"
#include "access/jwt.h"
#include "access/oidc/internal.h"
#include "access/rights.h"
#include "base/alloc.h"
#include "base/utf8.h"

enum { MAX_SUBJECT = 200, MAX_TEXT = 128, RETRY_MS = 1000 };

/* One entry of access.jwt. */
struct rule {
    struct oidc_issuer *issuer;
    struct sl_jwt_rules jwt;
    unsigned algorithms; /* bits */
    const char *user_claim, *user_prefix, *name_claim, *tier_claim, *roles_claim;
    const struct sl_config_pair *roles; /* value of the claim, role */
    size_t n_roles;
};

struct sl_oidc_rules {
    atomic_uint refs;
    struct sl_oidc *oidc;
    struct sl_arena arena;
    EVP_MD *sha256; /* fetched once */
    struct rule *list;
    size_t n;
    struct oidc_cache *cache;
};

static enum sl_code invalid(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAUTHENTICATED, SL_REASON_CREDENTIALS_INVALID, "this token %s",
                      what);
}

static enum sl_code unverified(struct sl_err *err)
{
    (void)sl_err_set(err, SL_UNAVAILABLE, SL_REASON_CREDENTIALS_UNVERIFIED,
                     "this token cannot be verified now: the keys of its issuer are being "
                     "fetched; try again");
    err->retryable = err->has_retry_after = true;
    err->retry_after_ms = RETRY_MS;
    return err->code;
}

/* ---- rules ---- */

static const char *const *copy_list(struct sl_arena *arena, const struct sl_config_strings *from)
{
    const char **list = sl_arena_zalloc(arena, (from->count + 1) * sizeof(*list));
    for (size_t i = 0; i < from->count; i++)
        list[i] = sl_arena_strdup(arena, from->list[i]);
    return list;
}

static unsigned algorithm_bits(const struct sl_config_strings *names)
{
    unsigned bits = 0;
    for (size_t i = 0; i < names->count; i++)
        bits |= SL_JWA_BIT(sl_jwa_find(names->list[i]));
    return bits & SL_JWA_ALL;
}

static void copy_rule(struct sl_arena *a, const struct sl_config_jwt *from, struct rule *to)
{
    to->jwt = (struct sl_jwt_rules){.issuer = sl_arena_strdup(a, from->issuer),
                                    .audiences = copy_list(a, &from->audiences),
                                    .leeway_s = from->leeway_ms / 1000};
    to->algorithms = algorithm_bits(&from->algorithms);
    to->user_claim = sl_arena_strdup(a, from->user_claim);
    to->user_prefix = sl_arena_strdup(a, from->user_prefix);
    to->name_claim = sl_arena_strdup(a, from->name_claim);
    to->tier_claim = sl_arena_strdup(a, from->tier_claim);
    to->roles_claim = sl_arena_strdup(a, from->roles_claim);
    struct sl_config_pair *roles = sl_arena_zalloc(a, (from->roles.count + 1) * sizeof(*roles));
    for (size_t i = 0; i < from->roles.count; i++)
        roles[i] = (struct sl_config_pair){sl_arena_strdup(a, from->roles.list[i].key),
                                           sl_arena_strdup(a, from->roles.list[i].value)};
    to->roles = roles;
    to->n_roles = from->roles.count;
}

enum sl_code sl_oidc_rules_create(struct sl_oidc *o, const struct sl_config *config,
                                  struct sl_oidc_rules **out, struct sl_err *err)
{
    struct sl_oidc_rules *r = SL_NEW(struct sl_oidc_rules);
    enum sl_code code = SL_OK;
    atomic_init(&r->refs, 1);
    r->oidc = sl_oidc_ref(o);
    sl_arena_init(&r->arena, SIZE_MAX);
    r->list = sl_arena_zalloc(&r->arena, (config->n_jwt + 1) * sizeof(*r->list));
    r->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!r->sha256)
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    if (config->n_jwt)
        r->cache = oidc_cache_create();
    for (size_t i = 0; !code && i < config->n_jwt; i++) {
        struct rule *rule = &r->list[r->n++];
        copy_rule(&r->arena, &config->jwt[i], rule);
        code = oidc_issuer_open(o, config->jwt[i].issuer, config->jwt[i].jwks_uri, config,
                                &rule->issuer, err);
    }
    if (code)
        sl_oidc_rules_unref(r);
    else
        *out = r;
    return code;
}

struct sl_oidc_rules *sl_oidc_rules_ref(struct sl_oidc_rules *r)
{
    if (r)
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void sl_oidc_rules_unref(struct sl_oidc_rules *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    oidc_cache_destroy(r->cache);
    for (size_t i = 0; i < r->n; i++)
        oidc_issuer_unref(r->list[i].issuer);
    EVP_MD_free(r->sha256);
    sl_arena_fini(&r->arena);
    sl_oidc_unref(r->oidc);
    sl_free(r);
}

struct sl_oidc *sl_oidc_rules_owner(const struct sl_oidc_rules *r)
{
    return r->oidc;
}

bool sl_oidc_rules_any(const struct sl_oidc_rules *r)
{
    return r && r->n;
}

/* ---- who it is ---- */

/* Goes into logs, records and resource names. */
static bool is_plain(const char *text, size_t max)
{
    size_t n = strlen(text);
    if (n > max || !sl_utf8_valid(text, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

struct role_search {
    const struct rule *rule;
    unsigned bits;
};

static void add_role(void *owner, struct sl_str text)
{
    struct role_search *s = owner;
    for (size_t i = 0; i < s->rule->n_roles; i++) {
        if (sl_str_eq(text, s->rule->roles[i].key))
            s->bits |= sl_role_find(s->rule->roles[i].value);
    }
}

/* An address that its issuer says nobody has proven could be anybody's. */
static bool is_unproven_email(const struct rule *rule, const struct sl_jwt *t)
{
    return !strcmp(rule->user_claim, "email") && sl_jwt_is_false(t, "email_verified");
}

static const char *optional(const struct sl_jwt *t, const char *claim, struct sl_arena *arena)
{
    const char *text = *claim ? sl_jwt_text(t, claim) : "";
    return is_plain(text, MAX_TEXT) ? sl_arena_strdup(arena, text) : "";
}

static enum sl_code map_claims(const struct rule *rule, const struct sl_jwt *t,
                               struct sl_arena *arena, struct sl_claims *out, struct sl_err *err)
{
    const char *user = sl_jwt_text(t, rule->user_claim);
    struct role_search search = {.rule = rule};
    if (!*user || !is_plain(user, MAX_SUBJECT) || is_unproven_email(rule, t))
        return invalid(err, "does not say who its user is");
    if (*rule->roles_claim)
        sl_jwt_each_text(t, rule->roles_claim, add_role, &search);
    *out = (struct sl_claims){
        .subject = sl_arena_printf(arena, "%s%s", rule->user_prefix, user),
        .name = optional(t, rule->name_claim, arena),
        .tier = optional(t, rule->tier_claim, arena),
        .roles = search.bits,
    };
    return SL_OK;
}

/* ---- a token ---- */

static const struct rule *find_rule(const struct sl_oidc_rules *r, const char *issuer)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!strcmp(r->list[i].jwt.issuer, issuer))
            return &r->list[i];
    }
    return NULL;
}

static enum sl_code verify(const struct rule *rule, const struct sl_jwt *t, unsigned *revoked,
                           struct sl_err *err)
{
    struct sl_jwks *keys = oidc_issuer_keys(rule->issuer, revoked);
    const struct sl_jwk *key = keys ? sl_jwks_find(keys, t->id, t->alg) : NULL;
    enum sl_code code;
    if (key)
        code = sl_jwt_verify(t, key, err);
    else if (!keys || oidc_issuer_ask(rule->issuer))
        code = unverified(err);
    else
        code = invalid(err, "is signed by a key that its issuer does not have");
    sl_jwks_unref(keys);
    return code;
}

/* What is cheap comes first: a flood of tokens that cannot hold costs no signatures. */
static enum sl_code check(const struct sl_oidc_rules *r, const struct sl_jwt *t,
                          struct sl_arena *arena, struct oidc_verified *v, struct sl_err *err)
{
    int64_t now_s = r->oidc->clock.wall_ms() / 1000;
    const struct rule *rule = find_rule(r, sl_jwt_text(t, "iss"));
    if (!rule)
        return invalid(err, "is of an issuer that is not known here");
    if (!(rule->algorithms & SL_JWA_BIT(t->alg)))
        return invalid(err, "is signed by an algorithm that is not taken here");
    if (sl_jwt_check(t, &rule->jwt, now_s, err) || verify(rule, t, &v->revoked, err) ||
        map_claims(rule, t, arena, &v->claims, err))
        return err->code;
    v->issuer = rule->issuer;
    v->until_s = sl_jwt_expiry(t) + rule->jwt.leeway_s;
    return SL_OK;
}

enum sl_code sl_oidc_check(const struct sl_oidc_rules *r, struct sl_str token,
                           struct sl_arena *arena, struct sl_claims *out, struct sl_err *err)
{
    struct oidc_verified v;
    struct sl_jwt t;
    if (!r->n)
        return invalid(err, "is of an issuer that is not known here");
    if (token.n > SL_JWT_MAX)
        return invalid(err, "is longer than 16 KiB");
    if (!sl_sha256_fetched(r->sha256, token.p, token.n, v.digest))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    if (oidc_cache_find(r->cache, v.digest, r->oidc->clock.wall_ms() / 1000, arena, out))
        return SL_OK;
    if (sl_jwt_parse(token, &t, err))
        return err->code;
    enum sl_code code = check(r, &t, arena, &v, err);
    if (!code) {
        oidc_cache_put(r->cache, &v);
        *out = v.claims;
    }
    sl_jwt_fini(&t);
    return code;
}
