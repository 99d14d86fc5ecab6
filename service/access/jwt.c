/* Taking tokens apart and verifying them, by EVP. */
#include "access/jwt.h"

#include <jansson.h>
#include <math.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

static enum sl_code invalid(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAUTHENTICATED, SL_REASON_CREDENTIALS_INVALID, "this token %s",
                      what);
}

/* ---- apart ---- */

/* Splits at the dots; false unless there are exactly two of them and no part is empty. */
static bool split(struct sl_str token, struct sl_str part[3])
{
    for (int i = 0; i < 3; i++) {
        const char *dot = token.n ? memchr(token.p, '.', token.n) : NULL;
        size_t n = dot ? (size_t)(dot - token.p) : token.n;
        if (!n || !dot != (i == 2))
            return false;
        part[i] = (struct sl_str){token.p, n};
        token.p += n + (dot != NULL);
        token.n -= n + (dot != NULL);
    }
    return true;
}

bool sl_jwt_looks_like(struct sl_str token)
{
    struct sl_str part[3];
    return token.n > 3 && !memcmp(token.p, "eyJ", 3) && split(token, part);
}

/* An object, or NULL. Names that come twice mean one thing to us and another to somebody else. */
static json_t *decode_object(struct sl_str part)
{
    json_error_t ignored;
    size_t n = 0;
    char *text = sl_malloc(part.n);
    json_t *v = NULL;
    if (sl_base64_decode(SL_BASE64_URL, part.p, part.n, text, part.n, &n))
        v = json_loadb(text, n, JSON_REJECT_DUPLICATES, &ignored);
    sl_free(text);
    if (!json_is_object(v)) {
        json_decref(v);
        return NULL;
    }
    return v;
}

/* RFC 7515, section 4.1.9, and RFC 9068, section 2.1: "application/" may be left out. A token of
 * another type was made for something else (RFC 8725, section 3.11). */
static bool is_usual_type(const json_t *header)
{
    const json_t *type = json_object_get(header, "typ");
    struct sl_str s = sl_str(json_string_value(type));
    if (!type)
        return true;
    if (s.n > 12 && sl_str_ieq((struct sl_str){s.p, 12}, "application/"))
        s = (struct sl_str){s.p + 12, s.n - 12};
    return sl_str_ieq(s, "JWT") || sl_str_ieq(s, "at+jwt");
}

static enum sl_code read_header(const json_t *header, struct sl_jwt *t, struct sl_err *err)
{
    const json_t *id = json_object_get(header, "kid");
    const char *alg = json_string_value(json_object_get(header, "alg"));
    t->alg = alg ? sl_jwa_find(alg) : SL_JWA_NONE;
    if (t->alg == SL_JWA_NONE)
        return invalid(err, "is signed by an algorithm that is not taken here");
    if (json_object_get(header, "crit") || json_object_get(header, "b64") ||
        json_object_get(header, "zip") || json_object_get(header, "enc"))
        return invalid(err, "has a header that changes its meaning");
    if (!is_usual_type(header))
        return invalid(err, "is of a type for other purposes");
    if (id && (!json_is_string(id) || json_string_length(id) >= sizeof(t->id)))
        return invalid(err, "has a key id that is none");
    if (id)
        sl_copy(t->id, sizeof(t->id), json_string_value(id));
    return SL_OK;
}

enum sl_code sl_jwt_parse(struct sl_str token, struct sl_jwt *out, struct sl_err *err)
{
    struct sl_str part[3];
    struct sl_jwt t = {.alg = SL_JWA_NONE};
    if (token.n > SL_JWT_MAX)
        return invalid(err, "is longer than 16 KiB");
    if (!split(token, part))
        return invalid(err, "does not have three parts");
    t.signed_part = (struct sl_str){token.p, (size_t)(part[2].p - token.p) - 1};
    if (!sl_base64_decode(SL_BASE64_URL, part[2].p, part[2].n, t.signature, sizeof(t.signature),
                          &t.signature_n))
        return invalid(err, "has a signature that is none");
    json_t *header = decode_object(part[0]);
    if (!header)
        return invalid(err, "has a header that is no JSON object");
    enum sl_code code = read_header(header, &t, err);
    json_decref(header);
    if (code)
        return code;
    t.claims = decode_object(part[1]);
    if (!t.claims)
        return invalid(err, "has claims that are no JSON object");
    *out = t;
    return SL_OK;
}

void sl_jwt_fini(struct sl_jwt *t)
{
    json_decref(t->claims);
    t->claims = NULL;
}

/* ---- the signature ---- */

static const EVP_MD *digest_of(enum sl_jwa alg)
{
    switch (alg) {
    case SL_JWA_RS256:
    case SL_JWA_PS256:
    case SL_JWA_ES256:
        return EVP_sha256();
    case SL_JWA_RS384:
    case SL_JWA_PS384:
    case SL_JWA_ES384:
        return EVP_sha384();
    case SL_JWA_RS512:
    case SL_JWA_PS512:
    case SL_JWA_ES512:
        return EVP_sha512();
    default:
        return NULL; /* EdDSA has its own */
    }
}

static size_t coordinate_of(enum sl_jwa alg)
{
    return alg == SL_JWA_ES256 ? 32 : alg == SL_JWA_ES384 ? 48 : alg == SL_JWA_ES512 ? 66 : 0;
}

/* r and s as two numbers of fixed length (RFC 7518, section 3.4), to what OpenSSL takes. NULL where
 * they are none; the caller frees *n bytes. */
static unsigned char *to_der(const struct sl_jwt *t, int *n)
{
    size_t half = coordinate_of(t->alg);
    unsigned char *der = NULL;
    if (t->signature_n != 2 * half)
        return NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(t->signature, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(t->signature + half, (int)half, NULL);
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* the signature's now */
        *n = i2d_ECDSA_SIG(sig, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return der;
}

/* RFC 7518, section 3.5: the salt is as long as the digest. */
static bool set_padding(EVP_PKEY_CTX *ctx, enum sl_jwa alg)
{
    bool pss = alg == SL_JWA_PS256 || alg == SL_JWA_PS384 || alg == SL_JWA_PS512;
    if (sl_jwa_kind(alg) != SL_JWK_RSA)
        return true;
    if (!pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool signature_fits(const struct sl_jwt *t, const struct sl_jwk *key)
{
    unsigned char *der = NULL;
    int der_n = 0;
    if (coordinate_of(t->alg) && !(der = to_der(t, &der_n)))
        return false;
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestVerifyInit(md, &ctx, digest_of(t->alg), NULL, key->key) == 1 &&
              set_padding(ctx, t->alg) &&
              EVP_DigestVerify(md, der ? der : t->signature, der ? (size_t)der_n : t->signature_n,
                               (const unsigned char *)t->signed_part.p, t->signed_part.n) == 1;
    EVP_MD_CTX_free(md);
    OPENSSL_free(der);
    return ok;
}

enum sl_code sl_jwt_verify(const struct sl_jwt *t, const struct sl_jwk *key, struct sl_err *err)
{
    if (t->alg == SL_JWA_NONE || sl_jwa_kind(t->alg) != key->kind ||
        (key->alg != SL_JWA_NONE && key->alg != t->alg))
        return invalid(err, "is signed by an algorithm that its key is not for");
    return signature_fits(t, key) ? SL_OK : invalid(err, "has a signature that does not fit");
}

/* ---- the claims ---- */

static const json_t *claim(const struct sl_jwt *t, const char *name)
{
    return json_object_get(t->claims, name);
}

/* Seconds since 1970, fractions cut off (RFC 7519, section 2: NumericDate). False where it is there
 * and no such number. */
static bool read_date(const struct sl_jwt *t, const char *name, int64_t absent, int64_t *out)
{
    const json_t *v = claim(t, name);
    double number = json_number_value(v);
    *out = absent;
    if (!v)
        return true;
    if (!json_is_number(v) || !(fabs(number) < 1e15))
        return false;
    *out = (int64_t)number;
    return true;
}

static bool is_listed(const json_t *audience, const char *const *wanted)
{
    const char *s = json_string_value(audience);
    for (; s && *wanted; wanted++) {
        if (!strcmp(s, *wanted))
            return true;
    }
    return false;
}

static bool audience_fits(const struct sl_jwt *t, const char *const *wanted)
{
    const json_t *audience = claim(t, "aud");
    size_t i;
    json_t *one;
    if (!json_is_array(audience))
        return is_listed(audience, wanted);
    json_array_foreach(audience, i, one)
    {
        if (is_listed(one, wanted))
            return true;
    }
    return false;
}

enum sl_code sl_jwt_check(const struct sl_jwt *t, const struct sl_jwt_rules *rules, int64_t now_s,
                          struct sl_err *err)
{
    int64_t expires, from, made;
    if (strcmp(sl_jwt_text(t, "iss"), rules->issuer) != 0)
        return invalid(err, "is of another issuer");
    if (!audience_fits(t, rules->audiences))
        return invalid(err, "is for another audience");
    if (!read_date(t, "exp", INT64_MIN, &expires) || !read_date(t, "nbf", 0, &from) ||
        !read_date(t, "iat", 0, &made))
        return invalid(err, "has a date that is none");
    if (expires == INT64_MIN)
        return invalid(err, "does not say when it expires");
    if (expires + rules->leeway_s <= now_s)
        return invalid(err, "has expired");
    if (from - rules->leeway_s > now_s || made - rules->leeway_s > now_s)
        return invalid(err, "is not valid yet");
    return SL_OK;
}

int64_t sl_jwt_expiry(const struct sl_jwt *t)
{
    int64_t expires;
    return read_date(t, "exp", INT64_MIN, &expires) ? expires : INT64_MIN;
}

/* jansson takes no U+0000: what is here is the whole text. */
static const char *text_or_empty(const json_t *v)
{
    const char *s = json_string_value(v);
    return s ? s : "";
}

const char *sl_jwt_text(const struct sl_jwt *t, const char *name)
{
    return text_or_empty(claim(t, name));
}

bool sl_jwt_is_false(const struct sl_jwt *t, const char *name)
{
    return json_is_false(claim(t, name)) || !strcmp(sl_jwt_text(t, name), "false");
}

/* The claim of that very name, else the member that the dots lead to. */
static const json_t *find(const struct sl_jwt *t, const char *name)
{
    const json_t *v = claim(t, name);
    const char *at = name;
    if (v)
        return v;
    for (v = t->claims; v && *at;) {
        char key[128];
        size_t n = strcspn(at, ".");
        if (!sl_copy_n(key, sizeof(key), at, n))
            return NULL;
        v = json_object_get(v, key);
        at += n + (at[n] == '.');
    }
    return v;
}

static void each_word(const char *s, void (*on_text)(void *owner, struct sl_str text), void *owner)
{
    while (*s) {
        size_t n = strcspn(s, " ");
        if (n)
            on_text(owner, (struct sl_str){s, n});
        s += n + (s[n] == ' ');
    }
}

void sl_jwt_each_text(const struct sl_jwt *t, const char *name,
                      void (*on_text)(void *owner, struct sl_str text), void *owner)
{
    const json_t *v = find(t, name);
    size_t i;
    json_t *one;
    if (!json_is_array(v)) {
        each_word(text_or_empty(v), on_text, owner);
        return;
    }
    json_array_foreach(v, i, one)
    {
        const char *s = text_or_empty(one);
        if (*s)
            on_text(owner, sl_str(s));
    }
}
