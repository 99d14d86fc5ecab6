/* A token, parsed whole and as it stands; what parses is verified and checked: nothing is taken that
 * no key here has signed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/jwt.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 7515, appendix A.3: the one token of this key that there is. */
static const char keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                           "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                           "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void count(void *owner, struct sl_str text)
{
    *(size_t *)owner += text.n;
}

static void look_at(const struct sl_jwt *t, const struct sl_jwks *set)
{
    static const char *const audiences[] = {"sluice", NULL};
    static const struct sl_jwt_rules rules = {"https://id.example", audiences, 60};
    struct sl_err verified = {0}, checked = {0};
    size_t n = 0;
    require(t->alg != SL_JWA_NONE && t->signature_n <= sizeof(t->signature));
    bool good = !sl_jwt_verify(t, sl_jwks_get(set, 0), &verified);
    require(!good || strstr(sl_jwt_text(t, "iss"), "joe"));
    (void)!sl_jwt_check(t, &rules, 1500, &checked);
    (void)sl_jwt_expiry(t);
    (void)sl_jwt_is_false(t, "email_verified");
    sl_jwt_each_text(t, "realm_access.roles", count, &n);
    sl_jwt_each_text(t, "groups", count, &n);
    (void)sl_jwks_find(set, t->id, t->alg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sl_jwks *set;
    struct sl_err err = {0};
    struct sl_jwt t;
    if (!set)
        require(!sl_jwks_parse(keys, sizeof(keys) - 1, &set, &err));
    char *token = sl_malloc(size + !size);
    memcpy(token, data, size);
    bool shape = sl_jwt_looks_like((struct sl_str){token, size});
    if (!sl_jwt_parse((struct sl_str){token, size}, &t, &err)) {
        require(shape || size < 4 || memcmp(token, "eyJ", 3) != 0);
        look_at(&t, set);
        sl_jwt_fini(&t);
    }
    sl_free(token);
    return 0;
}
