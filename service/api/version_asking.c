/* Places to ask, and a job for each, some at a time. */
#include "api/version_asking.h"

#include <stdlib.h>
#include <string.h>

#include "api/service.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "exchange/job.h"

enum {
    PARALLEL = 8,
    MAX_PLACES = 256,
    LIMIT_MS = 120 * 1000,        /* for all places together */
    ARENA_MAX = 64 * 1024 * 1024, /* of one place's listing */
};

/* A place to ask, as one of its models is asked. */
struct place {
    struct sl_asking *asking;
    const struct sl_model *model;
    char key[SL_LISTING_PLACE];
    const char **ids; /* of its models, in the asking's arena */
    size_t n_ids, room;
    struct sl_arena arena; /* of the job */
    struct sl_job *job;    /* NULL: it does not run */
    struct sl_warnings warnings;
    struct sl_call_facts facts;
    const Sluice__V1__DiscoverModelsResponse *response; /* NULL: none, or it failed */
};

struct sl_asking {
    struct sl_service *service;
    struct sl_registry *registry;
    struct sl_arena arena;
    struct place **places;
    size_t n, next, running;
    char id[37];
    int64_t started_us;
    struct sl_mail mail;
    uv_timer_t limit;
    bool begun, dropped;
    bool ending; /* the timer is being closed */
    void (*on_done)(void *owner);
    void *owner;
};

/* ---- whom to ask ---- */

static struct place *take_place(struct sl_asking *a, const struct sl_model *m, const char *key)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!strcmp(a->places[i]->key, key))
            return a->places[i];
    }
    if (a->n == MAX_PLACES)
        return NULL;
    struct place *p = SL_NEW(struct place);
    p->asking = a;
    p->model = m;
    sl_copy(p->key, sizeof(p->key), key);
    sl_arena_init(&p->arena, ARENA_MAX);
    a->places[a->n++] = p;
    return p;
}

static void add_id(struct sl_asking *a, struct place *p, const char *id)
{
    if (p->n_ids == p->room) {
        p->room = p->room ? 2 * p->room : 16;
        const char **more = sl_arena_alloc(&a->arena, p->room * sizeof(*more));
        if (p->n_ids)
            memcpy(more, p->ids, p->n_ids * sizeof(*more));
        p->ids = more;
    }
    p->ids[p->n_ids++] = id;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void drop_twins(struct place *p)
{
    size_t n = 0;
    if (p->n_ids)
        qsort(p->ids, p->n_ids, sizeof(*p->ids), compare_ids);
    for (size_t i = 0; i < p->n_ids; i++) {
        if (!n || strcmp(p->ids[n - 1], p->ids[i]) != 0)
            p->ids[n++] = p->ids[i];
    }
    p->n_ids = n;
}

static void list_places(struct sl_asking *a)
{
    struct sl_registry_walk w;
    char key[SL_LISTING_PLACE];
    a->places = sl_calloc(MAX_PLACES, sizeof(struct place *));
    sl_registry_walk(&w, a->registry, "", NULL);
    for (const struct sl_model *m; (m = sl_registry_next(&w));) {
        struct place *p = sl_listing_place_of(a->registry, m, key) ? take_place(a, m, key) : NULL;
        if (p)
            add_id(a, p, m->target.model_id);
    }
    for (size_t i = 0; i < a->n; i++)
        drop_twins(a->places[i]);
}

struct sl_asking *sl_asking_create(struct sl_service *service, struct sl_registry *registry)
{
    struct sl_asking *a = SL_NEW(struct sl_asking);
    a->service = service;
    a->registry = sl_registry_ref(registry);
    sl_arena_init(&a->arena, SIZE_MAX);
    sl_uuid7(a->id);
    list_places(a);
    return a;
}

void sl_asking_destroy(struct sl_asking *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n; i++) {
        sl_arena_fini(&a->places[i]->arena);
        sl_free(a->places[i]);
    }
    sl_free(a->places);
    sl_registry_unref(a->registry);
    sl_arena_fini(&a->arena);
    sl_free(a);
}

/* ---- asking ---- */

static void on_limit_closed(uv_handle_t *handle)
{
    struct sl_asking *a = handle->data;
    a->on_done(a->owner);
}

static void end_asking(struct sl_asking *a)
{
    if (a->ending)
        return;
    a->ending = true;
    uv_close((uv_handle_t *)&a->limit, on_limit_closed);
}

static void start_jobs(struct sl_asking *a);

static void on_end(void *owner, const struct sl_job_end *end)
{
    struct place *p = owner;
    struct sl_asking *a = p->asking;
    p->job = NULL;
    a->running--;
    if (!end->err)
        p->response = end->models;
    else
        sl_log(SL_LOG_DEBUG, "a provider did not say what it lists",
               SL_F_STR("provider", p->model->provider), SL_F_STR("error", end->err->text));
    start_jobs(a);
}

static const struct sl_job_ops job_ops = {.on_event = NULL, .on_end = on_end};

static void start_job(struct sl_asking *a, struct place *p)
{
    p->warnings.arena = &p->arena;
    a->running++;
    p->job = sl_job_start(&(struct sl_job_spec){
        .operation = SL_LIST_MODELS,
        .arena = &p->arena,
        .upstream = a->service->upstream,
        .parser = &a->service->parser,
        .loop = a->service->loop,
        .registry = a->registry,
        .candidate = {p->model, "the version check"},
        .call_id = a->id,
        .model_asked = "",
        .arrived_us = a->started_us,
        .warnings = &p->warnings,
        .ops = &job_ops,
        .owner = p,
        .facts = &p->facts,
    });
}

/* on_end never comes while a job starts. */
static void start_jobs(struct sl_asking *a)
{
    while (a->running < PARALLEL && a->next < a->n && !a->ending)
        start_job(a, a->places[a->next++]);
    if (!a->running && !a->ending)
        end_asking(a);
}

static void cancel_jobs(struct sl_asking *a)
{
    for (size_t i = 0; i < a->n; i++) {
        sl_job_cancel(a->places[i]->job);
        a->places[i]->job = NULL;
    }
    a->running = 0;
    end_asking(a);
}

static void on_limit(uv_timer_t *timer)
{
    cancel_jobs(timer->data);
}

static void begin(struct sl_mail *mail)
{
    struct sl_asking *a = SL_CONTAINER_OF(mail, struct sl_asking, mail);
    a->begun = true;
    a->started_us = sl_loop_now_us(a->service->loop);
    uv_timer_init(sl_loop_uv(a->service->loop), &a->limit);
    a->limit.data = a;
    uv_timer_start(&a->limit, on_limit, LIMIT_MS, 0);
    if (a->dropped)
        cancel_jobs(a);
    else
        start_jobs(a);
}

void sl_asking_start(struct sl_asking *a, void (*on_done)(void *owner), void *owner)
{
    a->on_done = on_done;
    a->owner = owner;
    a->mail.deliver = begin;
    sl_loop_post(a->service->loop, &a->mail);
}

void sl_asking_drop(struct sl_asking *a)
{
    a->dropped = true;
    if (a->begun)
        cancel_jobs(a);
}

/* ---- answers ---- */

static struct sl_listing_answer answer_of(struct sl_asking *a, const struct place *p)
{
    const Sluice__V1__DiscoverModelsResponse *r = p->response;
    struct sl_listing_answer answer = {.key = p->key, .ids = p->ids, .n_ids = p->n_ids};
    if (!r)
        return answer;
    const char **listed = sl_arena_alloc(&a->arena, (r->n_models + 1) * sizeof(*listed));
    for (size_t i = 0; i < r->n_models; i++)
        listed[i] = r->models[i]->id;
    answer.listed = listed;
    answer.n_listed = r->n_models;
    answer.cut = r->truncated;
    return answer;
}

const struct sl_listing_answer *sl_asking_answers(struct sl_asking *a, size_t *n, size_t *failed)
{
    struct sl_listing_answer *answers = sl_arena_alloc(&a->arena, (a->n + 1) * sizeof(*answers));
    *n = a->n;
    *failed = 0;
    for (size_t i = 0; i < a->n; i++) {
        answers[i] = answer_of(a, a->places[i]);
        *failed += !a->places[i]->response;
    }
    return answers;
}

const struct sl_registry *sl_asking_registry(const struct sl_asking *a)
{
    return a->registry;
}
