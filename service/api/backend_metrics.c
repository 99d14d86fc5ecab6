/* The collector. Models are gone through when they changed, or the day did, and counted users likewise: a registry of a
 * hundred thousand models costs milliseconds, but not at each reading. */
#include "api/backend_metrics.h"

#include <string.h>

#include "access/throttle.h"
#include "api/backend.h"
#include "api/version_check.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "registry/label.h"
#include "registry/life.h"
#include "registry/outcome.h"
#include "telemetry/metrics.h"

enum { DAY_MS = 24 * 3600 * 1000, MAX_ENDING = SL_METRIC_SERIES };

/* As sl_model.source has them; what is behind a ':' aside. */
static const char *const origins[] = {"config", "environment", "api", "template", "seed", "import"};

struct ending {
    const char *label;
    int32_t days;
};

struct gone {
    const char *label;
    int64_t since_ms;
};

/* What was found when the registry was last gone through. */
struct models {
    int64_t revision, day, checked_ms; /* of that, and of the version check; 0: never */
    size_t of[SL_ARRAY_LEN(origins)];
    struct sl_arena arena; /* of the labels */
    struct ending *ending;
    struct gone *gone;
    size_t n_ending, n_gone;
};

struct sl_backend_metrics {
    struct sl_collector collector;
    struct sl_backend *backend;
    struct models models;
    int64_t counted_revision; /* of the users' snapshot; -1: never */
    struct sl_access_counts counted;
};

/* ---- models ---- */

static void count_origin(struct models *m, const char *source)
{
    size_t n = strcspn(source, ":");
    for (size_t i = 0; i < SL_ARRAY_LEN(origins); i++)
        if (!strncmp(origins[i], source, n) && !origins[i][n])
            m->of[i]++;
}

static void note_ending(struct models *m, const struct sl_model *model, int64_t now_ms)
{
    int32_t days = 0;
    if (m->n_ending == MAX_ENDING || sl_model_life(model, now_ms) == SL_LIFE_ACTIVE ||
        !sl_model_days_left(model, now_ms, &days))
        return;
    m->ending[m->n_ending++] =
        (struct ending){sl_arena_strdup(&m->arena, sl_model_label(model)), days};
}

static void note_gone(struct models *m, const struct sl_model *model,
                      struct sl_version_finder *finder)
{
    struct sl_listed listed;
    if (m->n_gone < MAX_ENDING && sl_version_find(finder, model, &listed) && listed.gone_ms)
        m->gone[m->n_gone++] =
            (struct gone){sl_arena_strdup(&m->arena, sl_model_label(model)), listed.gone_ms};
}

static void go_through(struct models *m, struct sl_version_finder *finder, int64_t now_ms)
{
    const struct sl_registry *r = finder->registry;
    struct sl_registry_walk walk;
    sl_arena_fini(&m->arena);
    memset(m->of, 0, sizeof(m->of));
    m->n_ending = m->n_gone = 0;
    m->revision = r->revision;
    m->checked_ms = finder->state->state.checked_ms;
    m->day = now_ms / DAY_MS;
    sl_registry_walk(&walk, r, "", NULL);
    for (const struct sl_model *model; (model = sl_registry_next(&walk));) {
        if (model->deleted_ms)
            continue;
        count_origin(m, model->source);
        note_ending(m, model, now_ms);
        note_gone(m, model, finder);
    }
}

static void collect_providers(const struct sl_registry *r, struct sl_samples *to)
{
    int64_t now_us = sl_now_us();
    for (size_t i = 0; i < r->n_providers; i++) {
        const struct sl_provider *p = r->providers[i];
        const char *health = sl_registry_provider_health(p, now_us);
        if (strcmp(health, "unknown") != 0)
            sl_sample(to, SL_METRIC_PROVIDER_HEALTHY, !strcmp(health, "healthy"), SL_LABELS(p->id));
    }
}

static void collect_models(struct sl_backend_metrics *b, struct sl_samples *to)
{
    struct models *m = &b->models;
    struct sl_registry *r = sl_snapshots_registry(b->backend->snapshots);
    struct sl_version_state *state = sl_version_check_state(b->backend->versions);
    struct sl_version_finder finder = {state, r};
    int64_t now_ms = sl_wall_ms();
    if (m->revision != r->revision || m->day != now_ms / DAY_MS ||
        m->checked_ms != state->state.checked_ms)
        go_through(m, &finder, now_ms);
    for (size_t i = 0; i < SL_ARRAY_LEN(origins); i++)
        sl_sample(to, SL_METRIC_MODELS, (double)m->of[i], SL_LABELS(origins[i]));
    sl_sample(to, SL_METRIC_MODELS, (double)sl_registry_count_personal(r), SL_LABELS("personal"));
    sl_sample(to, SL_METRIC_CREDENTIALS, (double)sl_registry_count_credentials(r), NULL);
    collect_providers(r, to);
    for (size_t i = 0; i < m->n_ending; i++)
        sl_sample(to, SL_METRIC_MODEL_DAYS_LEFT, m->ending[i].days, SL_LABELS(m->ending[i].label));
    for (size_t i = 0; i < m->n_gone; i++)
        sl_sample(to, SL_METRIC_MODEL_GONE, (double)m->gone[i].since_ms / 1e3,
                  SL_LABELS(m->gone[i].label));
    sl_sample(to, SL_METRIC_VERSION_CHECK, (double)m->checked_ms / 1e3, NULL);
    sl_version_state_unref(state);
    sl_registry_unref(r);
}

/* ---- callers ---- */

static void collect_throttle(const struct sl_access *a, struct sl_samples *to)
{
    struct sl_throttle_stats s;
    sl_throttle_stats(sl_access_throttle(a), &s);
    sl_sample(to, SL_METRIC_AUTH_FAILURES, (double)s.failures, NULL);
    sl_sample(to, SL_METRIC_AUTH_SLOWED, (double)s.refused, NULL);
    sl_sample(to, SL_METRIC_AUTH_PAUSES, (double)s.pauses, NULL);
}

static void collect_callers(struct sl_backend_metrics *b, struct sl_samples *to)
{
    struct sl_access *a = sl_snapshots_access(b->backend->snapshots);
    if (b->counted_revision != sl_access_revision(a))
        sl_access_count(a, &b->counted);
    b->counted_revision = sl_access_revision(a);
    sl_sample(to, SL_METRIC_USERS, (double)b->counted.users, NULL);
    sl_sample(to, SL_METRIC_API_KEYS, (double)b->counted.keys, SL_LABELS("store"));
    sl_sample(to, SL_METRIC_API_KEYS, (double)b->counted.configured_keys, SL_LABELS("config"));
    collect_throttle(a, to);
    sl_access_unref(a);
}

/* ---- the store ---- */

static void collect_pool(const struct sl_store_pool *p, struct sl_samples *to)
{
    const char *const *pool = SL_LABELS(p->name);
    sl_sample(to, SL_METRIC_POOL_SIZE, (double)p->size, pool);
    sl_sample(to, SL_METRIC_POOL_CONNECTIONS, (double)p->in_use, SL_LABELS(p->name, "in_use"));
    sl_sample(to, SL_METRIC_POOL_CONNECTIONS, (double)p->idle, SL_LABELS(p->name, "idle"));
    sl_sample(to, SL_METRIC_POOL_OPENED, (double)p->opened, pool);
    sl_sample(to, SL_METRIC_POOL_LOST, (double)p->lost, pool);
    sl_sample(to, SL_METRIC_POOL_WAITS, (double)p->waits, pool);
    sl_sample(to, SL_METRIC_POOL_TIMEOUTS, (double)p->timeouts, pool);
}

/* Where the snapshots have the last write that is known of, they are as old as that knowledge. */
static double snapshot_age(const struct sl_snapshots_facts *now, const struct sl_store_facts *store)
{
    int64_t known_us = now->made_us;
    if (now->revision >= store->revision && store->looked_us > known_us)
        known_us = store->looked_us;
    return (double)(sl_now_us() - known_us) / 1e6;
}

static void collect_store(struct sl_backend *b, struct sl_samples *to)
{
    struct sl_store_facts store;
    struct sl_snapshots_facts now;
    struct sl_store_pool pool;
    struct sl_watch_facts watch;
    sl_backend_watch_facts(b, &watch);
    sl_snapshots_facts(b->snapshots, &now);
    sl_store_facts(b->store, &store);
    sl_sample(to, SL_METRIC_STORE_UP, watch.up, NULL);
    sl_sample(to, SL_METRIC_STORE_SINCE, (double)watch.since_ms / 1e3, NULL);
    sl_sample(to, SL_METRIC_STORE_REVISION, (double)store.revision, NULL);
    sl_sample(to, SL_METRIC_SNAPSHOT_REVISION, (double)now.revision, NULL);
    sl_sample(to, SL_METRIC_SNAPSHOT_AGE, snapshot_age(&now, &store), NULL);
    sl_sample(to, SL_METRIC_STORE_NOTICES, (double)store.notices, NULL);
    sl_sample(to, SL_METRIC_STORE_LISTENERS, (double)store.listeners, NULL);
    for (size_t i = 0; sl_store_pool(b->store, i, &pool); i++)
        collect_pool(&pool, to);
}

static void collect_secrets(struct sl_backend *b, struct sl_samples *to)
{
    struct sl_secret_cache_stats s;
    sl_secret_cache_stats(b->secrets, &s);
    sl_sample(to, SL_METRIC_SECRET_HITS, (double)s.hits, NULL);
    sl_sample(to, SL_METRIC_SECRET_MISSES, (double)s.misses, NULL);
    sl_sample(to, SL_METRIC_SECRETS, (double)s.entries, NULL);
}

static void collect(struct sl_collector *c, struct sl_samples *to)
{
    struct sl_backend_metrics *m = SL_CONTAINER_OF(c, struct sl_backend_metrics, collector);
    collect_models(m, to);
    collect_callers(m, to);
    collect_secrets(m->backend, to);
    collect_store(m->backend, to);
}

struct sl_backend_metrics *sl_backend_metrics_start(struct sl_backend *b)
{
    struct sl_backend_metrics *m = SL_NEW(struct sl_backend_metrics);
    m->collector.collect = collect;
    m->backend = b;
    m->counted_revision = -1;
    sl_arena_init(&m->models.arena, SIZE_MAX);
    m->models.ending = sl_calloc(MAX_ENDING, sizeof(*m->models.ending));
    m->models.gone = sl_calloc(MAX_ENDING, sizeof(*m->models.gone));
    sl_metric_add(SL_METRIC_STORE_OUTAGES, 0, NULL);
    sl_metric_add(SL_METRIC_SNAPSHOT_FAILURES, 0, NULL);
    sl_collector_add(&m->collector);
    return m;
}

void sl_backend_metrics_stop(struct sl_backend_metrics *m)
{
    if (!m)
        return;
    sl_collector_remove(&m->collector);
    sl_arena_fini(&m->models.arena);
    sl_free(m->models.ending);
    sl_free(m->models.gone);
    sl_free(m);
}
