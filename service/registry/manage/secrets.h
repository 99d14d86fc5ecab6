/* Secrets on their way into rows: keys become credentials, extra headers a sealed column. Each is bound to the scheme,
 * host and port of the base URL that it is for. Blocks: reads references. */
#ifndef SL_REGISTRY_MANAGE_SECRETS_H
#define SL_REGISTRY_MANAGE_SECRETS_H

#include "registry/manage/manage.h"

/* A key that was given. Texts are borrowed. */
struct sl_given_key {
    const char *key;      /* the key, or a reference: env:NAME, file:/path */
    const char *field;    /* for errors, "model.key" */
    const char *base_url; /* where it may be sent */
    const char *provider; /* id */
    const char *model;    /* id of the row of its model; "" : the provider's */
    const char *owner;    /* id of a user; NULL: global */
};

/* Makes the row of a credential, not stored yet, with an id of its own. Errors: SL_PERMISSION_DENIED, REFERENCE_FORBIDDEN;
 * SL_INVALID_ARGUMENT with the field: no key, a reference that leads nowhere, a base URL without a host. */
enum sl_code sl_seal_credential(const struct sl_manage *m, const struct sl_given_key *given,
                                struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;

/* Another key for a stored credential, which keeps its id, its owner and where it may be sent. */
struct sl_reseal {
    const char *key;             /* as sl_given_key.key */
    const struct sl_row *before; /* the credential's row */
};
/* Makes a row with the new secret's columns. The same errors, with the field "credential.key". */
enum sl_code sl_reseal_credential(const struct sl_manage *m, const struct sl_reseal *reseal,
                                  struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;

/* Headers for a column HEADERS_SECRET. */
struct sl_given_headers {
    Sluice__V1__Model__HeadersEntry *const *list;
    size_t n;
    const char *field;    /* for errors, "model.headers" */
    const char *base_url; /* where they may be sent */
    unsigned column;      /* of the row */
};
/* Seals them into the row, which has its id; an empty list empties the column. The same errors, and violations for names
 * and values that no header can have. */
enum sl_code sl_seal_headers(const struct sl_manage *m, const struct sl_given_headers *given,
                             struct sl_row *row, struct sl_err *err) SL_MUST_CHECK;

#endif
