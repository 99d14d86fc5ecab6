/* From metadata to a principal: from memory, no database. */
#ifndef SL_ACCESS_ACCESS_H
#define SL_ACCESS_ACCESS_H

#include "access/principal.h"
#include "base/err.h"
#include "base/str.h"

struct sl_access; /* immutable, reference-counted: the keys and rules of one configuration */

/* What a call shows of its caller. Borrowed. */
struct sl_credentials {
    struct sl_str authorization; /* metadata entry `authorization`, n 0 if absent */
    struct sl_str
        certificate; /* common name or first SAN of the verified client certificate, n 0 if none */
    bool local;      /* the peer is on this machine (loopback or unix socket) */
};

/* Finds the principal, which lives as long as the access object. Errors: SL_UNAUTHENTICATED with CREDENTIALS_MISSING or
 * CREDENTIALS_INVALID. About a microsecond: one SHA-256 and one look-up. */
enum sl_code sl_access_check(const struct sl_access *a, const struct sl_credentials *c,
                             const struct sl_principal **out, struct sl_err *err) SL_MUST_CHECK;

struct sl_access *sl_access_ref(struct sl_access *a);
/* Accepts NULL. */
void sl_access_unref(struct sl_access *a);

#endif
