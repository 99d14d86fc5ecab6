/* Makes access snapshots from the configuration and the store, and the first administrator's key. For threads that may
 * block: reads files, environment variables and the database. */
#ifndef SL_ACCESS_LOAD_H
#define SL_ACCESS_LOAD_H

#include <stdbool.h>

#include "access/access.h"
#include "base/err.h"
#include "config/config.h"
#include "store/store.h"

/* The keys and certificates of the configuration, and all users, tiers and keys of the store. Nothing is borrowed. store
 * may be NULL: the configuration's only. Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID with the place (a key reference that
 * leads nowhere, a key shorter than 16 bytes, two entries with the same key); the store's. *out is set on success only. A
 * million keys take about two seconds and 40 MB, besides 200 bytes a user. */
enum sl_code sl_access_create(const struct sl_config *config, struct sl_store *store,
                              struct sl_access **out, struct sl_err *err) SL_MUST_CHECK;
/* old with what was written since: reads the changes only, and shares the rest. Errors: the store's. */
enum sl_code sl_access_refresh(const struct sl_access *old, struct sl_store *store,
                               struct sl_access **out, struct sl_err *err) SL_MUST_CHECK;
/* old under another configuration, without reading the store. Errors: CONFIG_INVALID as above. */
enum sl_code sl_access_reconfigure(const struct sl_access *old, const struct sl_config *config,
                                   struct sl_access **out, struct sl_err *err) SL_MUST_CHECK;
/* a under the configuration of other. Never NULL. */
struct sl_access *sl_access_under_rules_of(const struct sl_access *a,
                                           const struct sl_access *other) SL_MUST_CHECK;
/* Whether so much changed that sl_access_compact is worth its time. */
bool sl_access_has_grown(const struct sl_access *a);
/* old with all its changes worked in: for the background (0.2 s at a million keys). What was written meanwhile it does not
 * have: refresh it before it is used. Errors: the store's. */
enum sl_code sl_access_compact(const struct sl_access *old, struct sl_store *store,
                               struct sl_access **out, struct sl_err *err) SL_MUST_CHECK;

/* What sl_access_bootstrap found or made. */
struct sl_access_bootstrap {
    char path[4096]; /* of admin.key */
    bool created;    /* the key is new: say where it is */
    bool present; /* the file is there; false: an administrator took it away (the key is valid) */
};

/* The first administrator's key: at the first start it is made and written to DATA_DIR/admin.key
 * (0600; one line, no more than the key, sl_<id>_<64 hex digits>), and its SHA-256 goes into the
 * store as the key of the principal "admin" with the role admin. Later starts read the file, and
 * follow it where it was changed. A file that was taken away is not made again while the store
 * knows its key. Creates data_dir (0700). Errors: SL_FAILED_PRECONDITION, CONFIG_INVALID or
 * STORE. */
enum sl_code sl_access_bootstrap(const char *data_dir, struct sl_store *store,
                                 struct sl_access_bootstrap *out, struct sl_err *err) SL_MUST_CHECK;

/* The first administrator's key of a store that several processes share: made at most once, under
 * the lock that migrations take. out->text is to be shown and wiped. SL_ALREADY_EXISTS, STORE where
 * it was made before. */
struct sl_api_key;
enum sl_code sl_access_bootstrap_once(struct sl_store *store, struct sl_api_key *out,
                                      struct sl_err *err) SL_MUST_CHECK;

#endif
