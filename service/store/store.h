/* What Sluice stores, whatever the database behind it. For those who call a store; back ends
 * implement store/backend.h.
 *
 * A store is used by one thread at a time (main before the start, then the control pool), never
 * by a loop: every call here may block on the disk. Several processes may share one data
 * directory. A write is answered once it is stored, and updates the revision first, in the same
 * transaction, so that commit order is revision order. */
#ifndef SL_STORE_STORE_H
#define SL_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sl_store;

enum { SL_STORE_DIGEST = 32 };

/* An API key as stored: never the key itself. Times in milliseconds since 1970, revoked_ms 0:
 * valid. */
struct sl_store_api_key {
    const char *id;                        /* the part between "sl_" and the second '_' */
    const char *name;                      /* principal */
    unsigned char sha256[SL_STORE_DIGEST]; /* of the whole key */
    unsigned roles;                        /* of enum sl_role */
    int64_t created_ms, revoked_ms;
};

/* Opens (and creates, 0600 in a folder of 0700) the embedded database DATA_DIR/sluice.db, and
 * brings it to this binary's schema. Errors: SL_FAILED_PRECONDITION, STORE: not writable, not a
 * database, newer than this binary. *out is set on success only. */
enum sl_code sl_store_open(const char *data_dir, struct sl_store **out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_store_close(struct sl_store *s);

/* The number of the last write; 0 in a new store. */
enum sl_code sl_store_revision(struct sl_store *s, int64_t *out, struct sl_err *err) SL_MUST_CHECK;

/* Adds a key, or replaces the one of the same id. Errors: SL_ALREADY_EXISTS where another id has
 * the same digest; SL_UNAVAILABLE where the database is busy or broken (all calls). */
enum sl_code sl_store_put_api_key(struct sl_store *s, const struct sl_store_api_key *key,
                                  struct sl_err *err) SL_MUST_CHECK;
/* SL_NOT_FOUND where there is none. Revoking twice keeps the first time. */
enum sl_code sl_store_revoke_api_key(struct sl_store *s, const char *id, int64_t revoked_ms,
                                     struct sl_err *err) SL_MUST_CHECK;
/* Calls on_key for each key, revoked ones included, by id; the key is borrowed during the call.
 * An error that on_key returns ends the walk and is returned; it fills err itself. */
enum sl_code sl_store_each_api_key(struct sl_store *s,
                                   enum sl_code (*on_key)(void *owner,
                                                          const struct sl_store_api_key *key,
                                                          struct sl_err *err),
                                   void *owner, struct sl_err *err) SL_MUST_CHECK;

/* Small facts about the store itself. Copies the value, cut to size; "" where there is none. */
enum sl_code sl_store_get_meta(struct sl_store *s, const char *name, char *value, size_t size,
                               struct sl_err *err) SL_MUST_CHECK;
/* Does not touch the revision. */
enum sl_code sl_store_put_meta(struct sl_store *s, const char *name, const char *value,
                               struct sl_err *err) SL_MUST_CHECK;

/* Creates a folder, and those above it, with mode 0700 where they are missing. */
enum sl_code sl_store_make_data_dir(const char *data_dir, struct sl_err *err) SL_MUST_CHECK;

#endif
