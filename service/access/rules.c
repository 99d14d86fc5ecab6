/* What the configuration says of callers: keys by reference or hash, and names in certificates. */
#include <stdlib.h>
#include <string.h>

#include "access/digest.h"
#include "access/internal.h"
#include "access/rights.h"
#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/config.h"

/* Shorter ones can be guessed. */
enum { MIN_KEY = 16 };

static enum sl_code fail(struct sl_err *err, const struct sl_config_key *k, const char *what,
                         const char *why)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "access.keys",
                        "%s: access.keys has for '%.100s' %s%.250s", k->place, k->name, what, why);
}

static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

/* hex: 64 digits, which config/check_lists.c has looked at. */
static void decode_hex(const char *hex, unsigned char out[SL_STORE_DIGEST])
{
    for (size_t i = 0; i < SL_STORE_DIGEST; i++)
        out[i] = (unsigned char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
}

static enum sl_code digest_of(const struct sl_config_key *k, unsigned char out[SL_STORE_DIGEST],
                              struct sl_err *err)
{
    struct sl_secret *secret = NULL;
    struct sl_err why = {0};
    enum sl_code code = SL_OK;
    if (sl_starts_with(k->key, "sha256:")) {
        decode_hex(k->key + 7, out);
        return SL_OK;
    }
    if (sl_config_secret(k->key, &secret, &why))
        return fail(err, k, "a key that is not there: ", why.text);
    if (sl_secret_length(secret) < MIN_KEY)
        code = fail(err, k, "a key of fewer than 16 bytes", "");
    else if (!sl_sha256(sl_secret_reveal(secret), sl_secret_length(secret), out))
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    sl_secret_unref(secret);
    return code;
}

static unsigned role_bits(const struct sl_config_strings *roles)
{
    unsigned bits = 0;
    for (size_t i = 0; i < roles->count; i++)
        bits |= sl_role_find(roles->list[i]);
    return bits;
}

static unsigned scope_bits(const struct sl_config_strings *scopes)
{
    unsigned bits = 0;
    for (size_t i = 0; i < scopes->count; i++)
        bits |= sl_scope_find(scopes->list[i]);
    return scopes->count ? bits : SL_SCOPES_DEFAULT;
}

static enum sl_code add_key(struct sl_access_rules *r, const struct sl_config_key *k,
                            struct sl_err *err)
{
    unsigned char sha256[SL_STORE_DIGEST];
    if (digest_of(k, sha256, err))
        return err->code;
    if (sl_key_table_find(&r->keys, sha256))
        return fail(err, k, "the same key as another entry", "");
    struct sl_key_entry e = {.user = (uint32_t)r->n}; /* place + 1 */
    memcpy(e.digest, sha256, sizeof(e.digest));
    sl_key_table_put(&r->keys, &e);
    return SL_OK;
}

static enum sl_code add(struct sl_access_rules *r, const struct sl_config_key *k,
                        struct sl_err *err)
{
    struct sl_access_rule *rule = &r->list[r->n++];
    *rule = (struct sl_access_rule){
        .name = sl_arena_strdup(&r->arena, k->name),
        .tier = sl_arena_strdup(&r->arena, k->tier),
        .certificate = sl_arena_strdup(&r->arena, k->certificate),
        .roles = role_bits(&k->roles),
        .scopes = scope_bits(&k->scopes),
    };
    if (*k->key)
        return add_key(r, k, err);
    r->certificates[r->n_certificates++] = rule;
    return SL_OK;
}

static int compare_certificates(const void *x, const void *y)
{
    const struct sl_access_rule *const *a = x, *const *b = y;
    return strcmp((*a)->certificate, (*b)->certificate);
}

/* The thread that fetches keys starts with the first issuer, and stays to the process's end. */
static enum sl_code add_issuers(struct sl_access_rules *r, const struct sl_config *config,
                                const struct sl_access_rules *was, struct sl_err *err)
{
    struct sl_oidc *o = was && was->oidc ? sl_oidc_ref(sl_oidc_rules_owner(was->oidc)) : NULL;
    if (!o && !config->n_jwt)
        return SL_OK;
    if (!o)
        o = sl_oidc_create(NULL);
    enum sl_code code = sl_oidc_rules_create(o, config, &r->oidc, err);
    sl_oidc_unref(o);
    return code;
}

enum sl_code sl_access_rules_create(const struct sl_config *config,
                                    const struct sl_access_rules *was, struct sl_access_rules **out,
                                    struct sl_err *err)
{
    struct sl_access_rules *r = SL_NEW(struct sl_access_rules);
    enum sl_code code = SL_OK;
    atomic_init(&r->refs, 1);
    sl_arena_init(&r->arena, SIZE_MAX);
    r->anonymous = config->anonymous;
    r->throttle = was ? sl_throttle_ref(was->throttle) : sl_throttle_create();
    r->list = sl_calloc(config->n_keys + 1, sizeof(*r->list));
    r->certificates = sl_calloc(config->n_keys + 1, sizeof(*r->certificates));
    for (size_t i = 0; code == SL_OK && i < config->n_keys; i++)
        code = add(r, &config->keys[i], err);
    if (code == SL_OK)
        code = add_issuers(r, config, was, err);
    if (code != SL_OK) {
        sl_access_rules_unref(r);
        return code;
    }
    if (r->n_certificates)
        qsort(r->certificates, r->n_certificates, sizeof(*r->certificates), compare_certificates);
    *out = r;
    return SL_OK;
}
