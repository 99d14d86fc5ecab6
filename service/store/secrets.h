/* Every secret in the store, for key rotation: a transaction of role SYNC. The store holds
 * ciphertext and knows nothing of keys. */
#ifndef SL_STORE_SECRETS_H
#define SL_STORE_SECRETS_H

#include "store/store.h"

/* A column that holds secrets: of a table, or of the images that import runs keep. */
struct sl_secret_column {
    const char *table, *column;
    const char *key_column; /* where the id of the encrypting key is kept, too; NULL: nowhere */
    const char *row_column; /* id of the row whose secret it is: the associated data */
    /* What tells where the secret may be sent, which is associated data, too: kind and base URL of
     * a provider, provider and base URL of a model, a credential's binding (NULL: nothing else); of
     * an image, its table and its text (registry/rotate/places.h). */
    const char *hints[2];
};
const struct sl_secret_column *sl_secret_columns(size_t *count);

struct sl_secret_page {
    const struct sl_secret_column *column;
    const char *after; /* place of the last one seen; NULL: from the start */
    size_t limit;      /* 0: all */
};

/* Borrowed during the call. */
struct sl_stored_secret {
    const char *place;  /* where it is; in this order they come */
    const char *row_id; /* whose it is */
    struct sl_str ciphertext;
    const char *hints[2]; /* values of the column's; "" where it has none */
};
typedef enum sl_code sl_on_secret(void *owner, const struct sl_stored_secret *secret,
                                  struct sl_err *err);
/* Those that are not empty. */
enum sl_code sl_tx_secrets(struct sl_tx *tx, const struct sl_secret_page *page,
                           sl_on_secret *on_secret, void *owner, struct sl_err *err) SL_MUST_CHECK;

struct sl_rotation {
    const struct sl_secret_column *column;
    const char *place;
    struct sl_str from, to; /* ciphertext */
    const char *key_id;     /* of the new key */
};
/* Replaces the ciphertext where it still is `from`; *done false: it was changed meanwhile. Neither
 * revision nor etag change: what is encrypted did not. A write transaction. Errors besides the usual
 * ones: SL_ABORTED, STORE: somebody else is writing that row; roll back, so as not to hold up who
 * may wait for this transaction. */
enum sl_code sl_tx_rotate(struct sl_tx *tx, const struct sl_rotation *rotation, bool *done,
                          struct sl_err *err) SL_MUST_CHECK;

#endif
