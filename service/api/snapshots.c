/* One lock for making snapshots, which may take long and happens one at a time; one for the current pair. */
#include "api/snapshots.h"

#include <assert.h>
#include <pthread.h>

#include "access/load.h"
#include "api/service.h"
#include "base/alloc.h"
#include "base/log.h"
#include "registry/load.h"

enum { MAX_SERVICES = 128 };

struct pair {
    struct sl_registry *registry;
    struct sl_access *access;
    int64_t revision; /* of the store, read before the snapshots were made */
};

struct sl_snapshots {
    pthread_mutex_t making;  /* guards config, generation; held while snapshots are made */
    pthread_mutex_t current; /* guards now */
    struct pair now;
    const struct sl_config *config;
    struct sl_store *store;
    int64_t generation; /* grows with every new pair */
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

/* Makes a pair; the caller holds `making`. */
static enum sl_code make(struct sl_snapshots *s, const struct sl_config *config, struct pair *out,
                         struct sl_err *err)
{
    struct pair p = {.registry = NULL};
    enum sl_code code = sl_store_revision(s->store, &p.revision, err);
    if (code == SL_OK)
        code = sl_registry_create(config, s->generation + 1, &p.registry, err);
    if (code == SL_OK)
        code = sl_access_create(config, s->store, &p.access, err);
    if (code != SL_OK) {
        sl_registry_unref(p.registry);
        return code;
    }
    s->generation++;
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

enum sl_code sl_snapshots_create(const struct sl_config *config, struct sl_store *store,
                                 struct sl_snapshots **out, struct sl_err *err)
{
    struct sl_snapshots *s = SL_NEW(struct sl_snapshots);
    pthread_mutex_init(&s->making, NULL);
    pthread_mutex_init(&s->current, NULL);
    s->config = config;
    s->store = store;
    enum sl_code code = make(s, config, &s->now, err);
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
    s->config = config;
    publish(s, &p);
    return SL_OK;
}

enum sl_code sl_snapshots_refresh(struct sl_snapshots *s, int64_t revision, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    pthread_mutex_lock(&s->making);
    if (s->now.revision < revision) /* written under `making` only */
        code = renew(s, s->config, err);
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

void sl_snapshots_complain(const struct sl_err *err)
{
    sl_log(SL_LOG_ERROR, "the store's changes could not be taken up: the old state stays in force",
           SL_F_STR("error", err->text));
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
