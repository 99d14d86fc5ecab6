/* Starting and stopping what stands behind the services. */
#include "api/backend.h"

#include <assert.h>
#include <string.h>

#include "api/backend_metrics.h"
#include "api/service.h"
#include "api/version_check.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "registry/last_used.h"
#include "registry/vault/key_file.h"
#include "registry/vault/open_keyring.h"
#include "telemetry/metrics.h"

enum {
    POOL_THREADS = 4,    /* for work that may block */
    POOL_WAITING = 1024, /* calls that may wait for one of them */
    SNAPSHOTS_MS = 1000,
    REFERENCES_MS = 2000,
    SECRETS_MS = 5000,
    PURGE_MS = 3600 * 1000,
    PURGE_FIRST_MS = 60 * 1000,
    USES_MS = 60 * 1000,
    USES_OVERLAP_MS = 2000,
    USES_OF_OTHERS_MS = 5 * USES_MS, /* their clocks, and a flush that failed */
    VERSIONS_MS = 60 * 1000,         /* until its first run says otherwise */
};

/* ---- the keyring ---- */

static enum sl_code load_keyring(struct sl_backend *b, const struct sl_config *config,
                                 struct sl_err *err)
{
    struct sl_keyring_file file = {.created = false};
    if (sl_keyring_is_in_file(config, b->store)) {
        if (sl_key_file_lock(config->data_dir, false, &b->key_file_lock, err) != SL_OK)
            return err->code;
        b->holds_key_file = true;
    }
    enum sl_code code = sl_keyring_open(config, b->store, &b->keyring, &file, err);
    if (code == SL_OK)
        sl_copy(b->setup.key_file, sizeof(b->setup.key_file), file.path);
    if (code == SL_OK && file.created)
        sl_log(SL_LOG_WARN, "made a key for stored secrets: keep a copy, they are lost without it",
               SL_F_STR("path", file.path));
    return code;
}

static struct sl_reference_rules reference_rules(const struct sl_config *config)
{
    return (struct sl_reference_rules){&config->secret_references, config->data_dir};
}

/* ---- the watch ---- */

static void on_change(void *owner, int64_t revision)
{
    struct sl_backend *b = owner;
    struct sl_err err = {0};
    if (sl_snapshots_refresh(b->snapshots, revision, &err) != SL_OK)
        sl_snapshots_complain(&err);
}

/* Secrets are cached by the revision of their rows, which now comes a second time. */
static bool on_restored(void *owner, int64_t revision)
{
    struct sl_backend *b = owner;
    struct sl_err err = {0};
    bool ok = sl_snapshots_restore(b->snapshots, &err) == SL_OK;
    if (ok) {
        sl_secret_cache_clear(b->secrets);
        sl_log(SL_LOG_WARN, "the database went back to an earlier state, which is in force now",
               SL_F_INT("revision", revision));
    } else {
        sl_snapshots_complain(&err);
    }
    return ok;
}

static void on_state(void *owner, bool up, const char *why)
{
    struct sl_backend *b = owner;
    atomic_store(&b->store_is_up, up);
    if (!up)
        sl_metric_add(SL_METRIC_STORE_OUTAGES, 1, NULL);
    if (up)
        sl_log(SL_LOG_INFO, "the database is back");
    else
        sl_log(SL_LOG_ERROR, "the database is away: calls go on, changes are refused",
               SL_F_STR("error", why));
    if (b->on_store_state)
        b->on_store_state(up);
}

/* ---- chores ---- */

static void on_reference(void *owner, const char *reference, const struct sl_err *err)
{
    (void)owner;
    if (err)
        sl_log(SL_LOG_WARN, "a key can no longer be read: the last one stays in use",
               SL_F_STR("reference", reference), SL_F_STR("error", err->text));
    else
        sl_log(SL_LOG_INFO, "a key was renewed", SL_F_STR("reference", reference));
}

/* The watch tells of each revision once: where the snapshots could not be made then, they are now. */
static void catch_up(struct sl_chore *chore)
{
    struct sl_backend *b = SL_CONTAINER_OF(chore, struct sl_backend, snapshots_chore);
    struct sl_store_facts store;
    struct sl_snapshots_facts now;
    sl_store_facts(b->store, &store);
    sl_snapshots_facts(b->snapshots, &now);
    if (now.revision < store.revision && atomic_load(&b->store_is_up))
        on_change(b, store.revision);
}

static void look_at_references(struct sl_chore *chore)
{
    struct sl_backend *b = SL_CONTAINER_OF(chore, struct sl_backend, references_chore);
    sl_references_poll(b->references, on_reference, b);
}

static void sweep_secrets(struct sl_chore *chore)
{
    struct sl_backend *b = SL_CONTAINER_OF(chore, struct sl_backend, secrets_chore);
    sl_secret_cache_sweep(b->secrets, sl_now_us());
}

/* Rows that were deleted longer ago than the grace period. */
static void purge(struct sl_chore *chore)
{
    struct sl_backend *b = SL_CONTAINER_OF(chore, struct sl_backend, purge_chore);
    struct sl_err err = {0};
    size_t count = 0;
    if (sl_store_purge(b->store, b->deleted_grace_ms, "(purge)", &count, &err) != SL_OK)
        sl_log(SL_LOG_WARN, "deleted rows could not be removed", SL_F_STR("error", err.text));
    else if (count)
        sl_log(SL_LOG_INFO, "removed deleted rows for good", SL_F_INT("rows", (int64_t)count));
}

struct taking {
    struct sl_service *service;
    struct sl_uses taken;
};

static void take_uses(void *arg)
{
    struct taking *t = arg;
    t->taken = sl_uses_take(&t->service->uses);
}

/* When keys were last used: from the loops, which run, to the store. */
static void flush_uses(struct sl_backend *b)
{
    for (size_t i = 0; i < b->n_services; i++) {
        struct taking t = {.service = b->services[i]};
        struct sl_err err = {0};
        sl_loop_call(t.service->loop, take_uses, &t);
        if (sl_uses_flush(&t.taken, b->store, &err) != SL_OK)
            sl_log(SL_LOG_WARN, "when keys were last used could not be stored",
                   SL_F_STR("error", err.text));
        sl_uses_fini(&t.taken);
    }
}

static void complain_of_uses(const struct sl_err *err)
{
    sl_log(SL_LOG_WARN, "when models were last used could not be stored",
           SL_F_STR("error", err->text));
}

/* A use that is noted while this runs is written the next time. */
static void flush_model_uses(struct sl_backend *b)
{
    struct sl_registry *r = sl_snapshots_registry(b->snapshots);
    struct sl_err err = {0};
    int64_t now_ms = sl_wall_ms();
    if (sl_registry_flush_uses(r, b->store, b->uses_ms, &err) == SL_OK)
        b->uses_ms = now_ms - USES_OVERLAP_MS;
    else
        complain_of_uses(&err);
    sl_registry_unref(r);
}

static void take_model_uses(struct sl_backend *b, int64_t since_ms, bool rows)
{
    struct sl_registry *r = sl_snapshots_registry(b->snapshots);
    struct sl_err err = {0};
    if (sl_registry_take_uses(r, b->store, since_ms, rows, &err) != SL_OK)
        complain_of_uses(&err);
    sl_registry_unref(r);
}

/* What other replicas wrote is read back. */
static void run_flush(struct sl_chore *chore)
{
    struct sl_backend *b = SL_CONTAINER_OF(chore, struct sl_backend, uses_chore);
    flush_uses(b);
    flush_model_uses(b);
    if (strcmp(sl_store_backend(b->store), "sqlite") != 0)
        take_model_uses(b, sl_wall_ms() - USES_OF_OTHERS_MS, true);
}

static void check_versions(struct sl_chore *chore)
{
    struct sl_backend *b = SL_CONTAINER_OF(chore, struct sl_backend, versions_chore);
    sl_version_check_tick(b->versions, chore);
}

static void add_chores(struct sl_backend *b)
{
    b->uses_chore = (struct sl_chore){.run = run_flush, .period_ms = USES_MS};
    sl_periodic_add(b->periodic, &b->uses_chore, USES_MS);
    b->snapshots_chore = (struct sl_chore){.run = catch_up, .period_ms = SNAPSHOTS_MS};
    sl_periodic_add(b->periodic, &b->snapshots_chore, SNAPSHOTS_MS);
    b->references_chore = (struct sl_chore){.run = look_at_references, .period_ms = REFERENCES_MS};
    b->secrets_chore = (struct sl_chore){.run = sweep_secrets, .period_ms = SECRETS_MS};
    b->purge_chore = (struct sl_chore){.run = purge, .period_ms = PURGE_MS};
    sl_periodic_add(b->periodic, &b->references_chore, REFERENCES_MS);
    sl_periodic_add(b->periodic, &b->secrets_chore, SECRETS_MS);
    sl_periodic_add(b->periodic, &b->purge_chore, PURGE_FIRST_MS);
    b->versions_chore = (struct sl_chore){.run = check_versions, .period_ms = VERSIONS_MS};
    sl_periodic_add(b->periodic, &b->versions_chore, sl_version_check_first_ms(b->versions));
}

/* ---- life ---- */

static void note_setup(struct sl_backend_setup *s, const struct sl_config *config)
{
    bool tls = *config->tls_certificate;
    sl_copy(s->data_dir, sizeof(s->data_dir), config->data_dir);
    sl_copy(s->plain_address, sizeof(s->plain_address), tls ? "" : sl_config_open_address(config));
    atomic_init(&s->anonymous, config->anonymous);
}

enum sl_code sl_backend_init(struct sl_backend *b, const struct sl_config *config,
                             struct sl_err *err)
{
    const struct sl_reference_rules rules = reference_rules(config);
    atomic_init(&b->store_is_up, true);
    pthread_mutex_init(&b->watch_lock, NULL);
    note_setup(&b->setup, config);
    b->request_ids = sl_request_ids_create();
    b->references = sl_references_create(&rules);
    b->secrets = sl_secret_cache_create();
    b->periodic = sl_periodic_create();
    b->versions = sl_version_check_create(b, config->version_check_ms);
    b->deleted_grace_ms = config->deleted_grace_ms;
    enum sl_code code = load_keyring(b, config, err);
    const struct sl_registry_sources sources = {
        .config = config,
        .tokens = b->tokens,
        .keyring = b->keyring,
        .references = b->references,
        .secrets = b->secrets,
        .store = b->store,
    };
    if (code == SL_OK)
        code = sl_snapshots_create(&sources, &b->snapshots, err);
    if (code == SL_OK)
        take_model_uses(b, 0, false);
    if (code == SL_OK)
        code = sl_workers_create("control", POOL_THREADS, POOL_WAITING, &b->workers, err);
    return code;
}

void sl_backend_attach(struct sl_backend *b, struct sl_service *service)
{
    assert(b->n_services < SL_MAX_SERVICES);
    b->services[b->n_services++] = service;
    service->backend = b;
    service->request_ids = b->request_ids;
    sl_snapshots_attach(b->snapshots, service);
}

/* Returns the one before. */
static struct sl_watch *set_watch(struct sl_backend *b, struct sl_watch *watch)
{
    pthread_mutex_lock(&b->watch_lock);
    struct sl_watch *was = b->watch;
    b->watch = watch;
    pthread_mutex_unlock(&b->watch_lock);
    return was;
}

void sl_backend_watch_facts(struct sl_backend *b, struct sl_watch_facts *out)
{
    pthread_mutex_lock(&b->watch_lock);
    sl_store_watch_facts(b->watch, out);
    pthread_mutex_unlock(&b->watch_lock);
}

enum sl_code sl_backend_start(struct sl_backend *b, struct sl_err *err)
{
    const struct sl_watcher watcher = {on_change, on_restored, on_state, b};
    b->started = true;
    add_chores(b);
    struct sl_watch *watch = NULL;
    enum sl_code code = sl_store_watch_start(b->store, &watcher, 0, &watch, err);
    set_watch(b, watch);
    b->metrics = sl_backend_metrics_start(b);
    return code == SL_OK ? sl_periodic_start(b->periodic, err) : code;
}

void sl_backend_stop(struct sl_backend *b)
{
    sl_backend_metrics_stop(b->metrics);
    b->metrics = NULL;
    sl_store_watch_stop(set_watch(b, NULL));
    if (b->periodic)
        sl_periodic_stop(b->periodic);
    if (b->started) {
        sl_version_check_stop(b->versions);
        flush_uses(b); /* whoever waited for a check has its letter after that, too */
        flush_model_uses(b);
    }
    sl_workers_destroy(b->workers);
    b->workers = NULL;
}

void sl_backend_fini(struct sl_backend *b)
{
    sl_snapshots_destroy(b->snapshots);
    sl_periodic_destroy(b->periodic);
    sl_version_check_destroy(b->versions);
    sl_secret_cache_destroy(b->secrets);
    sl_references_destroy(b->references);
    sl_keyring_unref(b->keyring);
    if (b->holds_key_file)
        sl_key_file_unlock(b->key_file_lock);
    sl_request_ids_destroy(b->request_ids);
    pthread_mutex_destroy(&b->watch_lock);
}

enum sl_code sl_backend_reload(struct sl_backend *b, const struct sl_config *config,
                               struct sl_err *err)
{
    enum sl_code code = sl_snapshots_reload(b->snapshots, config, err);
    if (code != SL_OK)
        return code;
    const struct sl_reference_rules rules = reference_rules(config);
    sl_references_set_rules(b->references, &rules);
    atomic_store(&b->setup.anonymous, config->anonymous);
    sl_version_check_set_interval(b->versions, config->version_check_ms);
    return SL_OK;
}
