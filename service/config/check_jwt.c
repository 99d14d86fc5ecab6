/* Rules inside and between the entries of access.jwt. */
#include <string.h>

#include "base/str.h"
#include "config/apply.h"
#include "config/check.h"
#include "config/url.h"

static const char setting[] = "access.jwt";

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

static enum sl_code check_words(const struct sl_config_jwt *j, struct sl_err *err)
{
    /* RFC 7518, section 3.1, and RFC 8037; symmetric ones and none are not for issuers */
    static const char *const algorithms[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                             "ES256", "ES384", "ES512", "EdDSA", NULL};
    static const char *const roles[] = {"user", "auditor", "operator", "admin", NULL};
    for (size_t i = 0; i < j->algorithms.count; i++) {
        if (!is_one_of(j->algorithms.list[i], algorithms))
            return sl_apply_fail(err, j->place, setting,
                                 "has an algorithm that is not taken: '%.40s'; it may be RS256, "
                                 "PS256, ES256 (also 384, 512) and EdDSA",
                                 j->algorithms.list[i]);
    }
    for (size_t i = 0; i < j->roles.count; i++) {
        if (!is_one_of(j->roles.list[i].value, roles))
            return sl_apply_fail(err, j->place, setting,
                                 "has a role that is none of user, auditor, operator, admin: "
                                 "'%.60s'",
                                 j->roles.list[i].value);
    }
    return SL_OK;
}

static enum sl_code check_entry(const struct sl_config_jwt *j, struct sl_err *err)
{
    if (!sl_url_is_trustworthy(j->issuer) || strpbrk(j->issuer, "?#"))
        return sl_apply_fail(err, j->place, setting,
                             "needs an issuer that begins with https://, without '?' and '#'");
    if (*j->jwks_uri && !sl_url_is_trustworthy(j->jwks_uri))
        return sl_apply_fail(err, j->place, setting, "needs a jwks_uri that begins with https://");
    if (strlen(j->issuer) > 1024 || strlen(j->jwks_uri) > 1024)
        return sl_apply_fail(err, j->place, setting, "has an address longer than 1024 bytes");
    if (!j->audiences.count || !*j->audiences.list[0])
        return sl_apply_fail(err, j->place, setting,
                             "needs an audience: a token for others is none for us");
    if (!j->algorithms.count)
        return sl_apply_fail(err, j->place, setting, "needs at least one algorithm");
    if (!*j->user_claim)
        return sl_apply_fail(err, j->place, setting, "needs a user_claim");
    if (j->roles.count && !*j->roles_claim)
        return sl_apply_fail(err, j->place, setting, "has roles, which need a roles_claim");
    if (strlen(j->user_prefix) > 40)
        return sl_apply_fail(err, j->place, setting, "has a user_prefix longer than 40 bytes");
    return check_words(j, err);
}

/* Two issuers that give the same names would each speak for the other's users. */
static enum sl_code check_pair(const struct sl_config_jwt *a, const struct sl_config_jwt *b,
                               struct sl_err *err)
{
    if (!strcmp(a->issuer, b->issuer))
        return sl_apply_fail(err, b->place, setting, "has the issuer '%.80s' twice, also at %s",
                             b->issuer, a->place);
    if (!strcmp(a->user_prefix, b->user_prefix))
        return sl_apply_fail(err, b->place, setting,
                             "has two issuers with the same user_prefix, also at %s: the one could "
                             "name the other's users",
                             a->place);
    return SL_OK;
}

enum sl_code sl_config_check_jwt(const struct sl_config *c, struct sl_err *err)
{
    for (size_t i = 0; i < c->n_jwt; i++) {
        if (check_entry(&c->jwt[i], err))
            return err->code;
        for (size_t k = 0; k < i; k++) {
            if (check_pair(&c->jwt[k], &c->jwt[i], err))
                return err->code;
        }
    }
    return SL_OK;
}
