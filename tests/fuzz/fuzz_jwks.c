/* What an issuer answers: a key set, a discovery document, a Cache-Control header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/oidc/internal.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void try_set(const char *text, size_t size)
{
    struct sl_jwks *set = NULL;
    struct sl_err err = {0};
    if (sl_jwks_parse(text, size, &set, &err)) {
        require(!set && err.code == SL_UNAVAILABLE);
        return;
    }
    require(sl_jwks_count(set) > 0 && sl_jwks_count(set) <= SL_JWKS_MAX_KEYS);
    require(sl_jwks_covers(set, set));
    for (size_t i = 0; i < sl_jwks_count(set); i++) {
        const struct sl_jwk *k = sl_jwks_get(set, i);
        require(k->key != NULL);
        for (enum sl_jwa alg = SL_JWA_RS256; alg <= SL_JWA_EdDSA; alg++) {
            const struct sl_jwk *found = sl_jwks_find(set, k->id, alg);
            require(!found || found->kind == sl_jwa_kind(alg));
        }
    }
    sl_jwks_unref(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sl_strndup((const char *)data, size), uri[256];
    struct sl_err err = {0};
    try_set((const char *)data, size);
    if (!oidc_read_discovery((const char *)data, size, "https://id.example", uri, sizeof(uri),
                             &err))
        require(!strncmp(uri, "http", 4));
    int64_t ms = oidc_max_age_ms(text);
    require(ms >= OIDC_MIN_AGE_MS && ms <= OIDC_MAX_AGE_MS);
    sl_free(text);
    return 0;
}
