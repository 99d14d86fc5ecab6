/* Who a caller is: one digest and one look-up. Keys are compared by their digests, which nobody
 * can steer; the last comparison takes the same time wherever they differ. */
#include "access/access.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "access/digest.h"
#include "access/internal.h"
#include "base/alloc.h"

/* Longer ones are no keys; nobody makes us hash megabytes. */
enum { MAX_KEY = 1024 };

bool sl_sha256_fetched(const EVP_MD *md, const void *p, size_t n,
                       unsigned char out[SL_STORE_DIGEST])
{
    return EVP_Digest(p, n, out, NULL, md, NULL) == 1;
}

bool sl_sha256(const void *p, size_t n, unsigned char out[SL_STORE_DIGEST])
{
    return sl_sha256_fetched(EVP_sha256(), p, n, out);
}

struct sl_access_key *sl_access_slot(const struct sl_access *a,
                                     const unsigned char sha256[SL_STORE_DIGEST])
{
    size_t i, mask = a->n_slots - 1;
    memcpy(&i, sha256, sizeof(i));
    for (i &= mask; a->keys[i].principal; i = (i + 1) & mask) {
        if (!CRYPTO_memcmp(a->keys[i].sha256, sha256, SL_STORE_DIGEST))
            break;
    }
    return &a->keys[i];
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

static enum sl_code check_key(const struct sl_access *a, struct sl_str authorization,
                              const struct sl_principal **out, struct sl_err *err)
{
    unsigned char sha256[SL_STORE_DIGEST];
    struct sl_str key = bearer(authorization);
    if (!key.n)
        return invalid(err, "the metadata entry authorization has to be 'Bearer KEY'");
    if (key.n > MAX_KEY)
        return invalid(err, "this API key is not known");
    if (!sl_sha256_fetched(a->sha256, key.p, key.n, sha256))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    const struct sl_principal *p = sl_access_slot(a, sha256)->principal;
    if (!p)
        return invalid(err, "this API key is not known, or was revoked");
    *out = p;
    return SL_OK;
}

static int compare_certificate(const void *key, const void *entry)
{
    const struct sl_str *name = key;
    const struct sl_access_certificate *c = entry;
    size_t n = strlen(c->name);
    int order = memcmp(name->p, c->name, name->n < n ? name->n : n);
    return order ? order : (name->n > n) - (name->n < n);
}

static enum sl_code check_certificate(const struct sl_access *a, struct sl_str name,
                                      const struct sl_principal **out, struct sl_err *err)
{
    const struct sl_access_certificate *c =
        a->n_certificates ? bsearch(&name, a->certificates, a->n_certificates,
                                    sizeof(*a->certificates), compare_certificate)
                          : NULL;
    if (!c)
        return invalid(err, "no API key was given, and the client certificate is nobody's here");
    *out = c->principal;
    return SL_OK;
}

enum sl_code sl_access_check(const struct sl_access *a, const struct sl_credentials *c,
                             const struct sl_principal **out, struct sl_err *err)
{
    if (c->authorization.n)
        return check_key(a, c->authorization, out, err);
    if (c->certificate.n && (a->n_certificates || !a->anonymous))
        return check_certificate(a, c->certificate, out, err);
    if (!a->anonymous || !c->local)
        return sl_err_set(err, SL_UNAUTHENTICATED, SL_REASON_CREDENTIALS_MISSING,
                          "credentials are missing: send the metadata entry 'authorization: Bearer "
                          "sl_...'");
    *out = a->anonymous;
    return SL_OK;
}

struct sl_access *sl_access_ref(struct sl_access *a)
{
    atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
    return a;
}

void sl_access_unref(struct sl_access *a)
{
    if (!a || atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_MD_free(a->sha256);
    sl_free(a->keys);
    sl_free(a->certificates);
    sl_arena_fini(&a->arena);
    sl_free(a);
}
