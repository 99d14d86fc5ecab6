/* One lock for making snapshots, which may take long and happens one at a time; one for the current pair. */
#include "api/snapshots.h"

#include <assert.h>
#include <pthread.h>

#include "access/load.h"
#include "api/service.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "registry/load.h"
#include "telemetry/metrics.h"

enum { MAX_SERVICES = 128 };

struct pair {
    struct sl_registry *registry;
    struct sl_access *access;
    int64_t revision; /* of the store, read before the snapshots were made */
    int64_t made_us;
};

struct sl_snapshots {
    pthread_mutex_t making;  /* guards config, generation; held while snapshots are made */
    pthread_mutex_t current; /* guards now */
    struct pair now;
    struct sl_registry_sources from; /* its config is the one in force */
    int64_t generation;              /* grows with every new pair */
    pthread_t compactor;
    bool has_compactor; /* to be joined; guarded by making */
    bool compacting;    /* guarded by making */
    bool restoring;     /* what is there is not built upon; guarded by making */
    bool compact_void;  /* what the compactor works on is no longer in force; guarded by making */
    struct sl_service *services[MAX_SERVICES];
    size_t n_services;
};

/* A service's new references, on their way to it. */
struct letter {
    struct sl_mail mail;
    struct sl_service *service;
    struct sl_registry *registry;
    struct sl_access *access;
};

static void give(struct sl_service *s, struct sl_registry *registry, struct sl_access *access)
{
    sl_registry_unref(s->registry);
    sl_access_unref(s->access);
    s->registry = registry;
    s->access = access;
}

static void deliver(struct sl_mail *mail)
{
    struct letter *l = SL_CONTAINER_OF(mail, struct letter, mail);
    struct sl_service *s = l->service;
    give(s, l->registry, l->access);
    sl_free(l);
    struct sl_service_watch *next;
    for (struct sl_service_watch *w = s->watches; w; w = next) {
        next = w->next;
        w->on_snapshot(w);
    }
}

static void post(struct sl_service *service, const struct pair *pair)
{
    struct letter *l = SL_NEW(struct letter);
    l->mail.deliver = deliver;
    l->service = service;
    l->registry = sl_registry_ref(pair->registry);
    l->access = sl_access_ref(pair->access);
    sl_loop_post(service->loop, &l->mail);
}

/* The callers: all of them at first, then what changed, under the same configuration or a new one. */
static enum sl_code make_access(struct sl_snapshots *s, const struct sl_config *config,
                                struct sl_access **out, struct sl_err *err)
{
    struct sl_access *under = NULL;
    if (!s->now.access || s->restoring)
        return sl_access_create(config, s->from.store, out, err);
    if (config != s->from.config && sl_access_reconfigure(s->now.access, config, &under, err))
        return err->code;
    enum sl_code code = sl_access_refresh(under ? under : s->now.access, s->from.store, out, err);
    sl_access_unref(under);
    return code;
}

/* The models: all of them at first and under a new configuration, else what changed. */
static enum sl_code make_registry(struct sl_snapshots *s, const struct sl_config *config,
                                  struct sl_registry **out, struct sl_err *err)
{
    struct sl_registry_sources from = s->from;
    from.config = config;
    from.revision = s->generation + 1;
    if (s->now.registry && config == s->from.config && !s->restoring)
        return sl_registry_refresh(s->now.registry, &from, out, err);
    enum sl_code code = sl_catalogue_load(config->catalogue_file, &from.catalogue, err);
    if (code == SL_OK)
        code = sl_registry_create(&from, out, err);
    if (code == SL_OK)
        sl_registry_carry(*out, s->now.registry);
    sl_catalogue_unref(from.catalogue);
    return code;
}

/* Makes a pair; the caller holds `making`. */
static enum sl_code make(struct sl_snapshots *s, const struct sl_config *config, struct pair *out,
                         struct sl_err *err)
{
    struct pair p = {.registry = NULL};
    enum sl_code code = sl_store_revision(s->from.store, &p.revision, err);
    if (code == SL_OK)
        code = make_registry(s, config, &p.registry, err);
    if (code == SL_OK)
        code = make_access(s, config, &p.access, err);
    if (code != SL_OK) {
        sl_registry_unref(p.registry);
        return code;
    }
    s->generation++;
    p.made_us = sl_now_us();
    *out = p;
    return SL_OK;
}

static void publish(struct sl_snapshots *s, const struct pair *p)
{
    pthread_mutex_lock(&s->current);
    struct pair old = s->now;
    s->now = *p;
    pthread_mutex_unlock(&s->current);
    sl_registry_unref(old.registry);
    sl_access_unref(old.access);
    for (size_t i = 0; i < s->n_services; i++)
        post(s->services[i], p);
}

/* Takes what was compacted for the callers' snapshot, with what happened meanwhile; the caller holds `making`. */
static enum sl_code take_compacted(struct sl_snapshots *s, const struct sl_access *compacted,
                                   struct sl_err *err)
{
    struct pair p = {.revision = s->now.revision, .made_us = s->now.made_us};
    struct sl_access *under = sl_access_under_rules_of(compacted, s->now.access);
    enum sl_code code = sl_access_refresh(under, s->from.store, &p.access, err);
    sl_access_unref(under);
    if (code != SL_OK)
        return code;
    p.registry = sl_registry_ref(s->now.registry);
    publish(s, &p);
    return SL_OK;
}

/* Its own thread: 0.2 s at a million keys, in which everything else goes on. */
static void *compact(void *arg)
{
    struct sl_snapshots *s = arg;
    struct sl_access *old = sl_snapshots_access(s), *compacted = NULL;
    struct sl_err err = {0};
    enum sl_code code = sl_access_compact(old, s->from.store, &compacted, &err);
    pthread_mutex_lock(&s->making);
    if (code == SL_OK && !s->compact_void)
        code = take_compacted(s, compacted, &err);
    s->compacting = s->compact_void = false;
    pthread_mutex_unlock(&s->making);
    if (code != SL_OK)
        sl_snapshots_complain(&err);
    sl_access_unref(old);
    sl_access_unref(compacted);
    return NULL;
}

/* The caller holds `making`. Where no thread can be had, the next change tries again. */
static void compact_where_grown(struct sl_snapshots *s)
{
    if (s->compacting || !sl_access_has_grown(s->now.access))
        return;
    if (s->has_compactor)
        pthread_join(s->compactor, NULL); /* it has let go of `making`, and only frees memory */
    s->has_compactor = s->compacting = !pthread_create(&s->compactor, NULL, compact, s);
}

enum sl_code sl_snapshots_create(const struct sl_registry_sources *from, struct sl_snapshots **out,
                                 struct sl_err *err)
{
    struct sl_snapshots *s = SL_NEW(struct sl_snapshots);
    pthread_mutex_init(&s->making, NULL);
    pthread_mutex_init(&s->current, NULL);
    s->from = *from;
    s->from.catalogue = NULL;
    enum sl_code code = make(s, from->config, &s->now, err);
    if (code != SL_OK)
        sl_snapshots_destroy(s);
    else
        *out = s;
    return code;
}

void sl_snapshots_destroy(struct sl_snapshots *s)
{
    if (!s)
        return;
    if (s->has_compactor)
        pthread_join(s->compactor, NULL);
    sl_registry_unref(s->now.registry);
    sl_access_unref(s->now.access);
    pthread_mutex_destroy(&s->making);
    pthread_mutex_destroy(&s->current);
    sl_free(s);
}

void sl_snapshots_attach(struct sl_snapshots *s, struct sl_service *service)
{
    assert(s->n_services < MAX_SERVICES);
    s->services[s->n_services++] = service;
    give(service, sl_snapshots_registry(s), sl_snapshots_access(s));
}

static enum sl_code renew(struct sl_snapshots *s, const struct sl_config *config,
                          struct sl_err *err)
{
    struct pair p;
    enum sl_code code = make(s, config, &p, err);
    if (code != SL_OK)
        return code;
    s->from.config = config;
    publish(s, &p);
    return SL_OK;
}

enum sl_code sl_snapshots_refresh(struct sl_snapshots *s, int64_t revision, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    pthread_mutex_lock(&s->making);
    if (s->now.revision < revision) /* written under `making` only */
        code = renew(s, s->from.config, err);
    if (code == SL_OK)
        compact_where_grown(s);
    pthread_mutex_unlock(&s->making);
    return code;
}

enum sl_code sl_snapshots_restore(struct sl_snapshots *s, struct sl_err *err)
{
    pthread_mutex_lock(&s->making);
    s->restoring = true;
    enum sl_code code = renew(s, s->from.config, err);
    s->restoring = false;
    if (code == SL_OK)
        s->compact_void = s->compacting;
    pthread_mutex_unlock(&s->making);
    return code;
}

enum sl_code sl_snapshots_reload(struct sl_snapshots *s, const struct sl_config *config,
                                 struct sl_err *err)
{
    pthread_mutex_lock(&s->making);
    enum sl_code code = renew(s, config, err);
    pthread_mutex_unlock(&s->making);
    return code;
}

struct sl_registry *sl_snapshots_with(struct sl_snapshots *s, const struct sl_row *const *rows,
                                      size_t n)
{
    pthread_mutex_lock(&s->making); /* the configuration stays as long */
    struct sl_registry_sources from = s->from;
    from.revision = s->generation;
    struct sl_registry *r = sl_registry_with(s->now.registry, &from, rows, n);
    pthread_mutex_unlock(&s->making);
    return r;
}

void sl_snapshots_complain(const struct sl_err *err)
{
    sl_metric_add(SL_METRIC_SNAPSHOT_FAILURES, 1, NULL);
    sl_log(SL_LOG_ERROR, "the store's changes could not be taken up: the old state stays in force",
           SL_F_STR("error", err->text));
}

void sl_snapshots_facts(struct sl_snapshots *s, struct sl_snapshots_facts *out)
{
    pthread_mutex_lock(&s->current);
    *out = (struct sl_snapshots_facts){s->now.revision, s->now.made_us};
    pthread_mutex_unlock(&s->current);
}

struct sl_registry *sl_snapshots_registry(struct sl_snapshots *s)
{
    pthread_mutex_lock(&s->current);
    struct sl_registry *r = sl_registry_ref(s->now.registry);
    pthread_mutex_unlock(&s->current);
    return r;
}

struct sl_access *sl_snapshots_access(struct sl_snapshots *s)
{
    pthread_mutex_lock(&s->current);
    struct sl_access *a = sl_access_ref(s->now.access);
    pthread_mutex_unlock(&s->current);
    return a;
}
