/* Who a caller is: one digest and one look-up. Keys are compared by their digests, which nobody
 * can steer; the last comparison takes the same time wherever they differ. */
#include "access/access.h"

#include <stdlib.h>
#include <string.h>

#include "access/act_as.h"
#include "access/digest.h"
#include "access/internal.h"
#include "access/jwt.h"
#include "base/clock.h"

/* Longer ones are no keys; nobody makes us hash megabytes. */
enum { MAX_KEY = 1024, MAX_KEY_ID = 64 };

bool sl_sha256_fetched(const EVP_MD *md, const void *p, size_t n,
                       unsigned char out[SL_STORE_DIGEST])
{
    return EVP_Digest(p, n, out, NULL, md, NULL) == 1;
}

bool sl_sha256(const void *p, size_t n, unsigned char out[SL_STORE_DIGEST])
{
    return sl_sha256_fetched(EVP_sha256(), p, n, out);
}

static enum sl_code invalid(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAUTHENTICATED, SL_REASON_CREDENTIALS_INVALID, "%s", what);
}

/* "Bearer KEY", the scheme in any case (RFC 9110, section 11.1); n 0 where it is not that. */
static struct sl_str bearer(struct sl_str authorization)
{
    static const char scheme[] = "bearer ";
    const size_t n = sizeof(scheme) - 1;
    struct sl_str key = {0};
    if (authorization.n <= n || !sl_str_ieq((struct sl_str){authorization.p, n}, scheme))
        return key;
    key = (struct sl_str){authorization.p + n, authorization.n - n};
    for (; key.n && *key.p == ' '; key.n--)
        key.p++;
    while (key.n && key.p[key.n - 1] == ' ')
        key.n--;
    return key;
}

/* What stands between "sl_" and the second '_'; "" where there is none. */
static const char *id_of(struct sl_str key, struct sl_arena *arena)
{
    const char *end =
        key.n > 3 && !memcmp(key.p, "sl_", 3) ? memchr(key.p + 3, '_', key.n - 3) : NULL;
    if (!end || end - key.p - 3 > MAX_KEY_ID)
        return "";
    return sl_arena_strndup(arena, key.p + 3, (size_t)(end - key.p - 3));
}

/* Without the scope admin roles count for nothing. */
static void bound_roles(struct sl_principal *p)
{
    p->roles |= SL_ROLE_USER;
    if (!(p->scopes & SL_SCOPE_ADMIN))
        p->roles = SL_ROLE_USER;
}

static void take_person(const struct sl_access *a, const struct sl_person *person,
                        struct sl_principal *p)
{
    p->id = person->id;
    p->name = person->name;
    p->tier = person->tier;
    p->rights = sl_access_tier(a, p->tier);
    p->roles = person->roles;
    p->stored = true;
    p->preferences = person->preferences;
}

/* A rule's caller is the stored user of that name, where there is one; the rule's tier and roles hold. */
static enum sl_code take_rule(const struct sl_access *a, const struct sl_access_rule *rule,
                              struct sl_principal *p, struct sl_err *err)
{
    const struct sl_person *person =
        sl_access_find_person(a, SL_BY_NAME, rule->name, strlen(rule->name));
    if (person && person->disabled)
        return invalid(err, "this user is disabled");
    p->id = person ? person->id : rule->name;
    p->stored = person != NULL;
    p->preferences = person ? person->preferences : NULL;
    p->name = rule->name;
    p->tier = rule->tier;
    p->rights = sl_access_tier(a, p->tier);
    p->roles = rule->roles;
    p->scopes = rule->scopes;
    bound_roles(p);
    return SL_OK;
}

static enum sl_code take_entry(const struct sl_access *a, const struct sl_key_entry *e,
                               struct sl_principal *p, struct sl_err *err)
{
    const struct sl_person *person = e->dead ? NULL : sl_access_person(a, e->user - 1);
    if (!person || sl_access_is_gone(a, p->key_id))
        return invalid(err, "this API key is not known, or was revoked");
    if (e->expires_s && sl_wall_ms() >= (int64_t)e->expires_s * 1000)
        return invalid(err, "this API key has expired");
    if (person->disabled)
        return invalid(err, "this user is disabled");
    take_person(a, person, p);
    p->expires_ms = (int64_t)e->expires_s * 1000;
    p->scopes = e->scopes;
    bound_roles(p);
    return SL_OK;
}

static enum sl_code check_token(const struct sl_access *a, struct sl_str token,
                                struct sl_arena *arena, struct sl_principal *p, struct sl_err *err)
{
    struct sl_claims claims;
    const struct sl_principal *found = NULL;
    if (sl_oidc_check(a->rules->oidc, token, arena, &claims, err) ||
        sl_access_of_claims(a, &claims, arena, &found, err))
        return err->code;
    *p = *found;
    return SL_OK;
}

static enum sl_code check_key(const struct sl_access *a, struct sl_str authorization,
                              struct sl_arena *arena, struct sl_principal *p, struct sl_err *err)
{
    unsigned char sha256[SL_STORE_DIGEST];
    struct sl_str key = bearer(authorization);
    if (!key.n)
        return invalid(err, "the metadata entry authorization has to be 'Bearer KEY'");
    if (sl_oidc_rules_any(a->rules->oidc) && sl_jwt_looks_like(key))
        return check_token(a, key, arena, p, err);
    if (key.n > MAX_KEY)
        return invalid(err, "this API key is not known");
    if (!sl_sha256_fetched(a->sha256, key.p, key.n, sha256))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    p->proof = "api_key";
    const struct sl_key_entry *e = sl_key_table_find(&a->rules->keys, sha256);
    if (e)
        return take_rule(a, &a->rules->list[e->user - 1], p, err);
    e = sl_access_key(a, sha256);
    if (!e)
        return invalid(err, "this API key is not known, or was revoked");
    p->key_id = id_of(key, arena);
    return take_entry(a, e, p, err);
}

static int compare_certificate(const void *key, const void *entry)
{
    const struct sl_str *name = key;
    const struct sl_access_rule *const *rule = entry;
    size_t n = strlen((*rule)->certificate);
    int order = memcmp(name->p, (*rule)->certificate, name->n < n ? name->n : n);
    return order ? order : (name->n > n) - (name->n < n);
}

/* *found false: the certificate is nobody's. */
static enum sl_code check_certificate(const struct sl_access *a, struct sl_str name,
                                      struct sl_principal *p, bool *found, struct sl_err *err)
{
    const struct sl_access_rules *r = a->rules;
    const struct sl_access_rule *const *rule =
        r->n_certificates ? bsearch(&name, r->certificates, r->n_certificates,
                                    sizeof(*r->certificates), compare_certificate)
                          : NULL;
    const struct sl_person *person = NULL;
    p->proof = "certificate";
    *found = true;
    if (rule)
        return take_rule(a, *rule, p, err);
    person = sl_access_find_person(a, SL_BY_SUBJECT, name.p, name.n);
    *found = person != NULL;
    if (!person)
        return SL_OK;
    if (person->disabled)
        return invalid(err, "this user is disabled");
    take_person(a, person, p);
    p->scopes = SL_SCOPES_DEFAULT;
    bound_roles(p);
    return SL_OK;
}

static enum sl_code check_proof(const struct sl_access *a, const struct sl_credentials *c,
                                struct sl_arena *arena, struct sl_principal *p, struct sl_err *err)
{
    bool found = false;
    if (c->authorization.n)
        return check_key(a, c->authorization, arena, p, err);
    if (c->certificate.n && check_certificate(a, c->certificate, p, &found, err))
        return err->code;
    if (found)
        return SL_OK;
    if (c->certificate.n && (a->rules->n_certificates || !a->rules->anonymous))
        return invalid(err, "no API key was given, and the client certificate is nobody's here");
    if (!a->rules->anonymous || !c->local)
        return sl_err_set(err, SL_UNAUTHENTICATED, SL_REASON_CREDENTIALS_MISSING,
                          "credentials are missing: send the metadata entry 'authorization: Bearer "
                          "sl_...'");
    p->id = p->name = p->proof = "anonymous";
    p->roles = SL_ROLE_USER;
    p->scopes = SL_SCOPES_DEFAULT;
    return SL_OK;
}

/* What cannot be right any more is not looked at, and what was wrong is counted. */
static enum sl_code check_slowly(const struct sl_access *a, const struct sl_credentials *c,
                                 struct sl_arena *arena, struct sl_principal *p, struct sl_err *err)
{
    struct sl_throttle *t = a->rules->throttle;
    if (sl_throttle_admit(t, c, sl_now_us(), err))
        return err->code;
    enum sl_code code = check_proof(a, c, arena, p, err);
    if (!code)
        sl_throttle_passed(t, c);
    else if (err->reason == SL_REASON_CREDENTIALS_INVALID)
        sl_throttle_failed(t, c, sl_now_us(), err);
    return code;
}

struct sl_throttle *sl_access_throttle(const struct sl_access *a)
{
    return a->rules->throttle;
}

typedef enum sl_code check_fn(const struct sl_access *a, const struct sl_credentials *c,
                              struct sl_arena *arena, struct sl_principal *p, struct sl_err *err);

static enum sl_code find_principal(const struct sl_access *a, const struct sl_credentials *c,
                                   check_fn *check, struct sl_arena *arena,
                                   const struct sl_principal **out, struct sl_err *err)
{
    struct sl_principal *p = SL_ARENA_NEW(arena, struct sl_principal);
    p->tier = p->key_id = "";
    if (check(a, c, arena, p, err))
        return err->code;
    if (c->user.n || c->tier.n)
        return sl_access_act(a, p, c, arena, out, err);
    *out = p;
    return SL_OK;
}

enum sl_code sl_access_check(const struct sl_access *a, const struct sl_credentials *c,
                             struct sl_arena *arena, const struct sl_principal **out,
                             struct sl_err *err)
{
    return find_principal(a, c, check_slowly, arena, out, err);
}

enum sl_code sl_access_check_again(const struct sl_access *a, const struct sl_credentials *c,
                                   struct sl_arena *arena, const struct sl_principal **out,
                                   struct sl_err *err)
{
    return find_principal(a, c, check_proof, arena, out, err);
}

bool sl_access_is_same(const struct sl_access *a, const struct sl_access *b)
{
    return a == b || (a->rules == b->rules && a->base == b->base && a->overlay == b->overlay &&
                      a->tiers == b->tiers);
}

enum sl_code sl_access_of_claims(const struct sl_access *a, const struct sl_claims *claims,
                                 struct sl_arena *arena, const struct sl_principal **out,
                                 struct sl_err *err)
{
    struct sl_principal *p = SL_ARENA_NEW(arena, struct sl_principal);
    const struct sl_person *person =
        sl_access_find_person(a, SL_BY_SUBJECT, claims->subject, strlen(claims->subject));
    if (person && person->disabled)
        return invalid(err, "this user is disabled");
    p->key_id = p->tier = "";
    p->roles = SL_ROLE_USER;
    p->id = sl_arena_printf(arena, "jwt#%s", claims->subject);
    p->name = *claims->name ? claims->name : claims->subject;
    if (person)
        take_person(a, person, p);
    if (*claims->tier) {
        p->tier = claims->tier;
        p->rights = sl_access_tier(a, p->tier);
    }
    if (claims->roles)
        p->roles = claims->roles;
    p->proof = "jwt";
    p->scopes = SL_SCOPES_DEFAULT;
    bound_roles(p);
    *out = p;
    return SL_OK;
}
