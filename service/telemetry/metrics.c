/* A series has a key that all threads share: made under a lock when somebody asks for it first, never freed, and found in a
 * table that is read without a lock. Each thread has its part of a series under the key's number. */
#include "telemetry/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "telemetry/exposition.h"

enum {
    MAX_KEYS = 8192, /* of all metrics together */
    HEADS = 4096,    /* of the table */
    MAX_CELLS = SL_HISTOGRAM_BOUNDS + 2,
};

const struct sl_metric_facts sl_metric_facts[SL_METRIC_COUNT] = {
#define SL_METRIC_FACTS(id, kind, metric_name, about, ...)                                         \
    [SL_METRIC_##id] = {                                                                           \
        .name = (metric_name), .help = (about), .type = SL_##kind, .labels = {__VA_ARGS__}},
    SL_METRICS(SL_METRIC_FACTS)
#undef SL_METRIC_FACTS
};

/* Immutable but for next. */
struct key {
    enum sl_metric metric;
    uint32_t hash;
    unsigned number;
    const char *values; /* each with its NUL */
    const char *text;   /* as sl_exposition_labels writes them */
    _Atomic(struct key *) next;
};

struct sl_series {
    const struct key *key;
    _Atomic int64_t cells[]; /* one; of a histogram as sl_exposition_histogram wants them */
};

/* A thread's parts; written by that thread alone. */
struct meter {
    struct meter *next;
    atomic_bool taken; /* by a thread that lives */
    struct sl_arena arena;
    _Atomic(struct sl_series *) series[MAX_KEYS];
};

/* Keys and meters are added under the lock and then published; nothing is ever taken away. */
static struct {
    pthread_mutex_t lock;
    struct sl_arena arena; /* of the keys */
    unsigned n_of[SL_METRIC_COUNT];
    _Atomic(struct key *) heads[HEADS];
    _Atomic(struct key *) keys[MAX_KEYS];
    atomic_uint n_keys;
    _Atomic(struct key *) others[SL_METRIC_COUNT]; /* set: the metric has as many as it may have */
    _Atomic(struct meter *) meters;
    pthread_mutex_t reading; /* guards collectors, and is held while they run */
    struct sl_collector *collectors;
} all = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .arena = {.max = SIZE_MAX},
    .reading = PTHREAD_MUTEX_INITIALIZER,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t ending; /* gives the meter back */
static _Thread_local struct meter *mine;

/* ---- keys ---- */

static size_t count_labels(enum sl_metric metric)
{
    size_t n = 0;
    while (sl_metric_facts[metric].labels[n])
        n++;
    return n;
}

/* FNV-1a. */
static uint32_t hash_of(enum sl_metric metric, const char *const *values, size_t n)
{
    uint32_t h = 2166136261u ^ (uint32_t)metric;
    for (size_t i = 0; i < n; i++) {
        for (const char *p = values[i]; *p; p++)
            h = (h ^ (unsigned char)*p) * 16777619u;
        h = (h ^ 0xff) * 16777619u;
    }
    return h ^ h >> 15;
}

static bool same_values(const struct key *k, const char *const *values, size_t n)
{
    const char *p = k->values;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(p, values[i]) != 0)
            return false;
        p += strlen(p) + 1;
    }
    return true;
}

struct wanted {
    enum sl_metric metric;
    const char *const *values;
    size_t n;
    uint32_t hash;
};

static struct key *find_key(const struct wanted *w)
{
    struct key *k = atomic_load_explicit(&all.heads[w->hash % HEADS], memory_order_acquire);
    while (k && (k->hash != w->hash || k->metric != w->metric || !same_values(k, w->values, w->n)))
        k = atomic_load_explicit(&k->next, memory_order_acquire);
    return k;
}

static const char *join(const struct wanted *w)
{
    size_t size = 1, at = 0;
    for (size_t i = 0; i < w->n; i++)
        size += strlen(w->values[i]) + 1;
    char *p = sl_arena_zalloc(&all.arena, size);
    for (size_t i = 0; i < w->n; i++) {
        size_t n = strlen(w->values[i]) + 1;
        memcpy(p + at, w->values[i], n);
        at += n;
    }
    return p;
}

/* Under the lock. */
static struct key *add_key(const struct wanted *w)
{
    unsigned number = atomic_load_explicit(&all.n_keys, memory_order_relaxed);
    struct key *k = SL_ARENA_NEW(&all.arena, struct key);
    _Atomic(struct key *) *head = &all.heads[w->hash % HEADS];
    struct sl_buf text;
    sl_buf_init(&text, SIZE_MAX / 2);
    (void)!sl_exposition_labels(&text, &sl_metric_facts[w->metric], w->values);
    k->metric = w->metric;
    k->hash = w->hash;
    k->number = number;
    k->values = join(w);
    k->text = sl_arena_strndup(&all.arena, text.n ? text.p : "", text.n);
    sl_buf_fini(&text);
    atomic_init(&k->next, atomic_load_explicit(head, memory_order_relaxed));
    atomic_store_explicit(head, k, memory_order_release);
    atomic_store_explicit(&all.keys[number], k, memory_order_release);
    atomic_store_explicit(&all.n_keys, number + 1, memory_order_release);
    all.n_of[w->metric]++;
    return k;
}

/* Under the lock. Each metric keeps a place for its others. */
static struct key *make_key(const struct wanted *w)
{
    static const char *const others[] = {"(other)", "(other)", "(other)"};
    struct key *k = find_key(w);
    if (!k)
        k = atomic_load_explicit(&all.others[w->metric], memory_order_relaxed);
    if (k) /* another thread was faster */
        return k;
    if (all.n_of[w->metric] < SL_METRIC_SERIES - 1 &&
        atomic_load_explicit(&all.n_keys, memory_order_relaxed) < MAX_KEYS - SL_METRIC_COUNT)
        return add_key(w);
    struct wanted rest = {.metric = w->metric, .values = others, .n = w->n};
    rest.hash = hash_of(rest.metric, others, rest.n);
    k = add_key(&rest);
    atomic_store_explicit(&all.others[w->metric], k, memory_order_release);
    return k;
}

static struct key *key_of(enum sl_metric metric, const char *const *values)
{
    struct wanted w = {.metric = metric, .values = values, .n = count_labels(metric)};
    w.hash = hash_of(metric, values, w.n);
    struct key *k = find_key(&w);
    if (!k)
        k = atomic_load_explicit(&all.others[metric], memory_order_acquire);
    if (k)
        return k;
    pthread_mutex_lock(&all.lock);
    k = make_key(&w);
    pthread_mutex_unlock(&all.lock);
    return k;
}

/* ---- meters ---- */

static void give_back(void *meter)
{
    mine = NULL;
    atomic_store_explicit(&((struct meter *)meter)->taken, false, memory_order_release);
}

static void make_ending(void)
{
    (void)!pthread_key_create(&ending, give_back);
}

/* One that a thread left behind, counts and all, or a new one. */
static struct meter *take_meter(void)
{
    struct meter *m = atomic_load_explicit(&all.meters, memory_order_acquire);
    for (; m; m = m->next) {
        bool taken = false;
        if (atomic_compare_exchange_strong_explicit(&m->taken, &taken, true, memory_order_acquire,
                                                    memory_order_relaxed))
            return m;
    }
    m = SL_NEW(struct meter);
    sl_arena_init(&m->arena, SIZE_MAX);
    atomic_init(&m->taken, true);
    m->next = atomic_load_explicit(&all.meters, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&all.meters, &m->next, m, memory_order_release,
                                                  memory_order_relaxed))
        ;
    return m;
}

static struct meter *my_meter(void)
{
    if (SL_LIKELY(mine != NULL))
        return mine;
    pthread_once(&once, make_ending);
    mine = take_meter();
    (void)!pthread_setspecific(ending, mine);
    return mine;
}

static size_t count_cells(enum sl_metric metric)
{
    return sl_metric_facts[metric].type == SL_HISTOGRAM ? MAX_CELLS : 1;
}

struct sl_series *sl_series_get(enum sl_metric metric, const char *const *values)
{
    struct meter *m = my_meter();
    struct key *k = key_of(metric, values);
    struct sl_series *s = atomic_load_explicit(&m->series[k->number], memory_order_relaxed);
    if (s)
        return s;
    s = sl_arena_zalloc(&m->arena, sizeof(*s) + count_cells(metric) * sizeof(s->cells[0]));
    s->key = k;
    atomic_store_explicit(&m->series[k->number], s, memory_order_release);
    return s;
}

/* No other thread writes the cell: a load and a store do. */
static void add(_Atomic int64_t *cell, int64_t n)
{
    atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void sl_series_add(struct sl_series *s, int64_t n)
{
    add(&s->cells[0], n);
}

void sl_series_observe(struct sl_series *s, int64_t us)
{
    add(&s->cells[sl_histogram_bucket(us)], 1);
    add(&s->cells[MAX_CELLS - 1], us);
}

/* ---- collectors ---- */

void sl_collector_add(struct sl_collector *c)
{
    pthread_mutex_lock(&all.reading);
    c->next = all.collectors;
    all.collectors = c;
    pthread_mutex_unlock(&all.reading);
}

void sl_collector_remove(struct sl_collector *c)
{
    pthread_mutex_lock(&all.reading);
    for (struct sl_collector **at = &all.collectors; *at; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    pthread_mutex_unlock(&all.reading);
}

/* ---- reading ---- */

struct sl_samples {
    struct sl_buf lines[SL_METRIC_COUNT];
    bool full;
};

void sl_sample(struct sl_samples *to, enum sl_metric metric, double value,
               const char *const *values)
{
    const struct sl_metric_facts *m = &sl_metric_facts[metric];
    struct sl_buf labels;
    sl_buf_init(&labels, to->lines[metric].max);
    if (!sl_exposition_labels(&labels, m, values) ||
        !sl_exposition_value(&to->lines[metric], m, labels.n ? labels.p : "", value))
        to->full = true;
    sl_buf_fini(&labels);
}

static void add_series(const struct key *k, struct sl_samples *to)
{
    int64_t sums[MAX_CELLS] = {0};
    const struct sl_metric_facts *facts = &sl_metric_facts[k->metric];
    struct sl_buf *lines = &to->lines[k->metric];
    size_t n = count_cells(k->metric);
    struct meter *m = atomic_load_explicit(&all.meters, memory_order_acquire);
    for (; m; m = m->next) {
        struct sl_series *s = atomic_load_explicit(&m->series[k->number], memory_order_acquire);
        for (size_t i = 0; s && i < n; i++)
            sums[i] += atomic_load_explicit(&s->cells[i], memory_order_relaxed);
    }
    bool fits = n > 1 ? sl_exposition_histogram(lines, facts, k->text, sums)
                      : sl_exposition_value(lines, facts, k->text, (double)sums[0]);
    to->full |= !fits;
}

static int by_text(const void *a, const void *b)
{
    return strcmp((*(const struct key *const *)a)->text, (*(const struct key *const *)b)->text);
}

/* In order, so that two readings are easily compared. */
static void gather_series(struct sl_samples *to)
{
    unsigned n = atomic_load_explicit(&all.n_keys, memory_order_acquire);
    const struct key **keys = sl_calloc(n + 1, sizeof(*keys));
    for (unsigned i = 0; i < n; i++)
        keys[i] = atomic_load_explicit(&all.keys[i], memory_order_acquire);
    if (n)
        qsort(keys, n, sizeof(const struct key *), by_text);
    for (unsigned i = 0; i < n; i++)
        add_series(keys[i], to);
    sl_free(keys);
}

static bool put_together(const struct sl_samples *from, struct sl_buf *to)
{
    for (size_t i = 0; i < SL_METRIC_COUNT; i++)
        if (!sl_exposition_head(to, &sl_metric_facts[i]) ||
            !sl_buf_add(to, from->lines[i].n ? from->lines[i].p : "", from->lines[i].n))
            return false;
    return !from->full;
}

bool sl_metrics_write(struct sl_buf *to)
{
    struct sl_samples *gathered = SL_NEW(struct sl_samples);
    for (size_t i = 0; i < SL_METRIC_COUNT; i++)
        sl_buf_init(&gathered->lines[i], to->max);
    gather_series(gathered);
    pthread_mutex_lock(&all.reading);
    for (struct sl_collector *c = all.collectors; c; c = c->next)
        c->collect(c, gathered);
    pthread_mutex_unlock(&all.reading);
    bool whole = put_together(gathered, to);
    for (size_t i = 0; i < SL_METRIC_COUNT; i++)
        sl_buf_fini(&gathered->lines[i]);
    sl_free(gathered);
    return whole;
}
