/* Signed tokens: compact JWS (RFC 7515) with the claims of a JWT (RFC 7519). Pure; any thread. The
 * rules of RFC 8725 hold: the algorithm is the key's and not the token's choice, "none" and
 * symmetric ones do not exist, unknown critical headers are refused. Errors are SL_UNAUTHENTICATED,
 * CREDENTIALS_INVALID, and quote nothing of the token. */
#ifndef SL_ACCESS_JWT_H
#define SL_ACCESS_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/jwks.h"
#include "base/str.h"

/* Longest token. */
enum { SL_JWT_MAX = 16 * 1024 };

struct json_t;

/* Not verified before sl_jwt_verify said so. */
struct sl_jwt {
    enum sl_jwa alg;
    char id[257];              /* kid; "" : none */
    struct sl_str signed_part; /* header and claims as sent; borrowed from the token */
    unsigned char signature[1024];
    size_t signature_n;
    struct json_t *claims; /* an object */
};

/* Whether it has the shape of one: three parts, the first an object in base64url. For telling it
 * from an API key. */
bool sl_jwt_looks_like(struct sl_str token);
/* Takes it apart; the token outlives *out, which the caller gives back with sl_jwt_fini. */
enum sl_code sl_jwt_parse(struct sl_str token, struct sl_jwt *out,
                          struct sl_err *err) SL_MUST_CHECK;
void sl_jwt_fini(struct sl_jwt *t);

/* Whether the key signed it. 20 to 150 us. */
enum sl_code sl_jwt_verify(const struct sl_jwt *t, const struct sl_jwk *key,
                           struct sl_err *err) SL_MUST_CHECK;

struct sl_jwt_rules {
    const char *issuer;           /* has to be equal to iss */
    const char *const *audiences; /* NULL-terminated; one of them has to be in aud */
    int64_t leeway_s;             /* clocks may be apart by so much */
};

/* Whether the claims hold at now_s (seconds since 1970): iss, aud, exp (required), nbf, iat. */
enum sl_code sl_jwt_check(const struct sl_jwt *t, const struct sl_jwt_rules *rules, int64_t now_s,
                          struct sl_err *err) SL_MUST_CHECK;
/* The claim exp; INT64_MIN where there is none. */
int64_t sl_jwt_expiry(const struct sl_jwt *t);
/* A text claim, "" where it is none. Borrowed from t. */
const char *sl_jwt_text(const struct sl_jwt *t, const char *name);
/* Whether the claim is there and false, or the text "false". */
bool sl_jwt_is_false(const struct sl_jwt *t, const char *name);
/* Calls on_text for each text of a claim: a list of texts, or one text with spaces between. name
 * may have dots, for objects in objects ("realm_access.roles"), where no claim has that very name. */
void sl_jwt_each_text(const struct sl_jwt *t, const char *name,
                      void (*on_text)(void *owner, struct sl_str text), void *owner);

#endif
