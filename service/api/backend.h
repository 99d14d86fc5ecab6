/* What calls on the control pool work with, and what goes on beside all calls: the keyring, references, the snapshots and
 * the watch of the store that renews them, and chores. Shared by all services; any thread. */
#ifndef SL_API_BACKEND_H
#define SL_API_BACKEND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "access/tokens/tokens.h"
#include "api/request_ids.h"
#include "api/snapshots.h"
#include "base/periodic.h"
#include "base/workers.h"
#include "config/config.h"
#include "registry/vault/keyring.h"
#include "registry/vault/references.h"
#include "registry/vault/secret_cache.h"
#include "store/store.h"
#include "store/watch.h"

struct sl_backend_metrics; /* api/backend_metrics.h */
struct sl_service;
struct sl_version_check; /* api/version_check.h */

enum { SL_MAX_SERVICES = 128 };

/* What a diagnosis wants to know of the configuration. Fixed where a change takes a restart. */
struct sl_backend_setup {
    char data_dir[4096];
    char key_file[4096]; /* that holds the encryption key; "" : encryption.keys says where it is */
    char plain_address[128]; /* other machines reach it, and TLS is off; "" : none */
    atomic_bool anonymous;
};

struct sl_backend {
    struct sl_store *store;     /* borrowed */
    struct sl_tokens *tokens;   /* borrowed */
    struct sl_workers *workers; /* the control pool */
    struct sl_snapshots *snapshots;
    struct sl_request_ids *request_ids;
    struct sl_keyring *keyring;
    struct sl_references *references;
    struct sl_secret_cache *secrets;
    struct sl_backend_setup setup;
    struct sl_version_check *versions;
    atomic_bool store_is_up;
    void (*on_store_state)(
        bool up); /* told after store_is_up changed, on any thread; NULL: nobody */

    /* private */
    pthread_mutex_t watch_lock;
    struct sl_watch *watch; /* under the lock; NULL: none */
    struct sl_periodic *periodic;
    struct sl_chore snapshots_chore, references_chore, secrets_chore, purge_chore, uses_chore,
        versions_chore;
    struct sl_service *services[SL_MAX_SERVICES];
    size_t n_services;
    bool started, holds_key_file;
    int key_file_lock; /* shared, where holds_key_file: nobody changes the file below the keyring */
    int64_t deleted_grace_ms;
    int64_t uses_ms; /* uses of models are stored up to then */
    struct sl_backend_metrics *metrics;
};

/* Loads the keyring (and holds its file, where it is in one) and checks that it is the store's, makes the first snapshots, and starts the pool. store and tokens are
 * set. What was made before an error is left to sl_backend_fini. Errors: CONFIG_INVALID, ENCRYPTION_KEY_MISSING,
 * SECRET_UNREADABLE, the store's. */
enum sl_code sl_backend_init(struct sl_backend *b, const struct sl_config *config,
                             struct sl_err *err) SL_MUST_CHECK;
/* Gives the service what it needs of the backend, before its loop starts. */
void sl_backend_attach(struct sl_backend *b, struct sl_service *service);
/* Starts the watch and the chores, once the loops run. */
enum sl_code sl_backend_start(struct sl_backend *b, struct sl_err *err) SL_MUST_CHECK;
/* How the watch of the store goes. Any thread. */
void sl_backend_watch_facts(struct sl_backend *b, struct sl_watch_facts *out);
/* Ends the watch and the chores, then what waits on the pool; letters it posts are still taken by the loops, which run. */
void sl_backend_stop(struct sl_backend *b);
/* After the services are gone. */
void sl_backend_fini(struct sl_backend *b);
/* Takes up a new configuration. On an error nothing changes. */
enum sl_code sl_backend_reload(struct sl_backend *b, const struct sl_config *config,
                               struct sl_err *err) SL_MUST_CHECK;

#endif
