/* One check at a time: asking on a loop, then a comparison on the control pool. */
#include "api/version_check.h"

#include <pthread.h>
#include <string.h>

#include "api/backend.h"
#include "api/service.h"
#include "api/version_asking.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    FIRST_MS = 30 * 1000,
    TICK_MS = 60 * 1000,
    SHORTEST_TICK_MS = 100,
    STORED_MAX = 1024 * 1024, /* more than that is not kept in the store */
    MAX_LINES = 10,           /* of the log, a check */
    DAYS_TO_WARN = 60,
};

static const char meta_name[] = "version_check";

struct sl_version_check {
    struct sl_backend *backend;
    _Atomic int64_t interval_ms;
    double jitter;        /* 0 to 0.1 of an interval */
    struct sl_job job;    /* the comparison of the asking */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended;
    struct sl_version_state *state;
    struct sl_version_waiter *waiters;
    struct sl_asking *asking;   /* NULL: none runs */
    struct sl_service *service; /* on whose loop it asks */
    bool asked;                 /* it is off the loop */
    bool stopping;
};

/* ---- states ---- */

static struct sl_version_state *new_state(void)
{
    struct sl_version_state *s = SL_NEW(struct sl_version_state);
    sl_arena_init(&s->arena, SIZE_MAX);
    atomic_init(&s->refs, 1);
    return s;
}

void sl_version_state_unref(struct sl_version_state *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    sl_arena_fini(&s->arena);
    sl_free(s);
}

struct sl_version_state *sl_version_check_state(struct sl_version_check *c)
{
    pthread_mutex_lock(&c->lock);
    struct sl_version_state *s = c->state;
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    pthread_mutex_unlock(&c->lock);
    return s;
}

/* Takes the reference over. only_newer: what was stored may be older than what is known. */
static void take_state(struct sl_version_check *c, struct sl_version_state *s, bool only_newer)
{
    pthread_mutex_lock(&c->lock);
    if (!only_newer || sl_listing_replaces(&s->state, &c->state->state, sl_wall_ms())) {
        struct sl_version_state *old = c->state;
        c->state = s;
        s = old;
    }
    pthread_mutex_unlock(&c->lock);
    sl_version_state_unref(s);
}

bool sl_version_find(void *owner, const struct sl_model *m, struct sl_listed *out)
{
    const struct sl_version_finder *f = owner;
    return sl_listing_find(&f->state->state, f->registry, m, out);
}

void sl_version_check_read(struct sl_version_check *c)
{
    char *text = sl_malloc(STORED_MAX + 1);
    struct sl_err err = {0};
    if (sl_store_get_meta(c->backend->store, meta_name, text, STORED_MAX + 1, &err) == SL_OK) {
        struct sl_version_state *s = new_state();
        sl_listing_read(text, &s->arena, &s->state);
        take_state(c, s, true);
    }
    sl_free(text);
}

/* ---- the end of a check ---- */

/* Whoever waits hears of it, however it went. */
static void finish(struct sl_version_check *c)
{
    pthread_mutex_lock(&c->lock);
    struct sl_version_waiter *w = c->waiters, *next;
    struct sl_asking *asking = c->asking;
    c->waiters = NULL;
    for (; w; w = next) {
        next = w->next;
        sl_loop_post(w->loop, &w->mail);
    }
    c->asking = NULL;
    pthread_cond_broadcast(&c->ended);
    pthread_mutex_unlock(&c->lock);
    sl_asking_destroy(asking);
}

static void log_model(const struct sl_outdated *o)
{
    char day[11] = "";
    sl_catalogue_date_text(o->model->retires_day, day);
    sl_log(SL_LOG_WARN, "a model should be replaced", SL_F_STR("model", o->model->name),
           SL_F_STR("model_id", o->model->target.model_id),
           SL_F_STR("status", sl_outdated_name(o->status)), SL_F_STR("retires", day),
           SL_F_STR("successor", o->successor.name));
}

/* What ends within two months, or has ended. */
static void log_outdated(const struct sl_registry *r, const struct sl_version_state *state)
{
    struct sl_version_finder finder = {state, r};
    const struct sl_listings listings = {sl_version_find, &finder};
    struct sl_registry_walk w;
    struct sl_outdated o;
    int64_t n = 0, now_ms = sl_wall_ms();
    sl_registry_walk(&w, r, "", NULL);
    for (const struct sl_model *m; (m = sl_registry_next(&w));) {
        if (!sl_outdated_look(r, m, &listings, now_ms, &o) || !sl_outdated_matters(o.status) ||
            (o.dated && o.days_left > DAYS_TO_WARN))
            continue;
        if (n++ < MAX_LINES)
            log_model(&o);
    }
    if (n > MAX_LINES)
        sl_log(SL_LOG_WARN, "more models should be replaced: sluice models outdated lists them",
               SL_F_INT("models", n));
}

static void store_state(struct sl_version_check *c, const struct sl_version_state *s)
{
    struct sl_arena scratch;
    struct sl_err err = {0};
    sl_arena_init(&scratch, SIZE_MAX);
    const char *text = sl_listing_write(&s->state, &scratch);
    if (strlen(text) > STORED_MAX)
        sl_log(SL_LOG_INFO, "the version check's outcome is too long to be stored");
    else if (sl_store_put_meta(c->backend->store, meta_name, text, &err) != SL_OK)
        sl_log(SL_LOG_WARN, "the version check's outcome could not be stored",
               SL_F_STR("error", err.text));
    sl_arena_fini(&scratch);
}

/* On the pool's thread. */
static void compare(struct sl_job *job)
{
    struct sl_version_check *c = SL_CONTAINER_OF(job, struct sl_version_check, job);
    size_t n, failed;
    const struct sl_listing_answer *answers = sl_asking_answers(c->asking, &n, &failed);
    sl_version_check_read(c); /* another replica may have seen more */
    struct sl_version_state *before = sl_version_check_state(c), *now = new_state();
    sl_listing_compare(&before->state, answers, n, sl_wall_ms(), &now->arena, &now->state);
    sl_version_state_unref(before);
    store_state(c, now);
    sl_log(SL_LOG_INFO, "asked providers what they list", SL_F_INT("places", (int64_t)n),
           SL_F_INT("failed", (int64_t)failed));
    log_outdated(sl_asking_registry(c->asking), now);
    take_state(c, now, false);
    finish(c);
}

/* ---- asking ---- */

/* On the loop. */
static void on_asked(void *owner)
{
    struct sl_version_check *c = owner;
    pthread_mutex_lock(&c->lock);
    c->asked = true;
    bool stopping = c->stopping;
    pthread_mutex_unlock(&c->lock);
    c->job.run = compare;
    if (stopping || !sl_workers_submit(c->backend->workers, &c->job))
        finish(c);
}

static struct sl_service *service_with_loop(const struct sl_backend *b)
{
    for (size_t i = 0; i < b->n_services; i++) {
        if (b->services[i]->upstream)
            return b->services[i];
    }
    return NULL;
}

/* The caller holds the lock. */
static void start(struct sl_version_check *c)
{
    c->service = service_with_loop(c->backend);
    if (!c->service || c->stopping)
        return;
    struct sl_registry *r = sl_snapshots_registry(c->backend->snapshots);
    c->asking = sl_asking_create(c->service, r);
    c->asked = false;
    sl_registry_unref(r);
    sl_asking_start(c->asking, on_asked, c);
}

void sl_version_check_now(struct sl_version_check *c, struct sl_version_waiter *waiter)
{
    pthread_mutex_lock(&c->lock);
    if (!c->asking)
        start(c);
    bool runs = c->asking;
    if (waiter && runs) {
        waiter->next = c->waiters;
        c->waiters = waiter;
    }
    pthread_mutex_unlock(&c->lock);
    if (waiter && !runs)
        sl_loop_post(waiter->loop, &waiter->mail);
}

/* ---- when ---- */

/* A number from 0 to 1 that is another one each time: of the random end of an id. */
static double random_share(void)
{
    char id[37];
    unsigned n = 0;
    sl_uuid7(id);
    for (int i = 28; i < 36; i++)
        n = n * 16 + (unsigned)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
    return n / 4294967296.0;
}

struct sl_version_check *sl_version_check_create(struct sl_backend *b, int64_t interval_ms)
{
    struct sl_version_check *c = SL_NEW(struct sl_version_check);
    c->backend = b;
    atomic_init(&c->interval_ms, interval_ms);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->ended, NULL);
    c->state = new_state();
    c->jitter = random_share() / 10;
    sl_version_check_read(c);
    return c;
}

void sl_version_check_set_interval(struct sl_version_check *c, int64_t interval_ms)
{
    atomic_store(&c->interval_ms, interval_ms);
}

static int64_t tick_ms(int64_t interval_ms)
{
    int64_t ms = interval_ms / 20;
    if (interval_ms <= 0 || ms > TICK_MS)
        return TICK_MS;
    return ms < SHORTEST_TICK_MS ? SHORTEST_TICK_MS : ms;
}

int64_t sl_version_check_first_ms(const struct sl_version_check *c)
{
    int64_t interval_ms = atomic_load(&c->interval_ms);
    int64_t ms = FIRST_MS + (int64_t)(c->jitter * 10 * FIRST_MS);
    return interval_ms > 0 && interval_ms < ms ? tick_ms(interval_ms) : ms;
}

static bool is_due(struct sl_version_check *c, int64_t interval_ms)
{
    struct sl_version_state *s = sl_version_check_state(c);
    int64_t wait_ms = interval_ms + (int64_t)(c->jitter * (double)interval_ms);
    bool due = sl_listing_is_due(&s->state, wait_ms, sl_wall_ms());
    sl_version_state_unref(s);
    return due;
}

/* Another replica that has checked meanwhile spares this one the asking. */
void sl_version_check_tick(struct sl_version_check *c, struct sl_chore *chore)
{
    int64_t interval_ms = atomic_load(&c->interval_ms);
    chore->period_ms = tick_ms(interval_ms);
    if (interval_ms > 0 && is_due(c, interval_ms))
        sl_version_check_read(c);
    if (interval_ms > 0 && is_due(c, interval_ms))
        sl_version_check_now(c, NULL);
}

/* ---- the end ---- */

/* On the loop: what is off it by now ends by itself. */
static void drop(void *arg)
{
    struct sl_version_check *c = arg;
    pthread_mutex_lock(&c->lock);
    struct sl_asking *asking = c->asking && !c->asked ? c->asking : NULL;
    pthread_mutex_unlock(&c->lock);
    if (asking)
        sl_asking_drop(asking);
}

void sl_version_check_stop(struct sl_version_check *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    struct sl_service *service = c->asking ? c->service : NULL;
    pthread_mutex_unlock(&c->lock);
    if (service)
        sl_loop_call(service->loop, drop, c);
    pthread_mutex_lock(&c->lock);
    while (c->asking)
        pthread_cond_wait(&c->ended, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

void sl_version_check_destroy(struct sl_version_check *c)
{
    if (!c)
        return;
    sl_version_state_unref(c->state);
    pthread_cond_destroy(&c->ended);
    pthread_mutex_destroy(&c->lock);
    sl_free(c);
}
