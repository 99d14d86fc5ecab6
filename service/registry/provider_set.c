/* All providers of a snapshot, and the lists made of them. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "registry/index.h"
#include "registry/maker.h"

static void destroy(struct sl_counted *c)
{
    struct sl_provider_set *s = SL_CONTAINER_OF(c, struct sl_provider_set, counted);
    sl_map_fini(&s->by_id);
    sl_map_fini(&s->by_row);
    sl_map_fini(&s->templates);
    sl_arena_fini(&s->arena);
    sl_free(s);
}

struct sl_provider_set *sl_provider_set_create(const struct sl_registry_fixed *fixed)
{
    struct sl_provider_set *s = SL_NEW(struct sl_provider_set);
    sl_counted_init(&s->counted, destroy);
    sl_arena_init(&s->arena, SIZE_MAX);
    s->by_id = sl_map_copy(&fixed->providers);
    return s;
}

struct sl_provider_set *sl_provider_set_copy(const struct sl_provider_set *from)
{
    struct sl_provider_set *s = SL_NEW(struct sl_provider_set);
    sl_counted_init(&s->counted, destroy);
    sl_arena_init(&s->arena, SIZE_MAX);
    s->by_id = sl_map_copy(&from->by_id);
    s->by_row = sl_map_copy(&from->by_row);
    return s;
}

const char *sl_provider_set_remove(struct sl_provider_set *s, const struct sl_registry_fixed *fixed,
                                   const char *row_id)
{
    const struct sl_map_slot *slot = sl_map_find(&s->by_row, "", row_id);
    if (!slot)
        return NULL;
    struct sl_counted *old = sl_counted_ref(slot->value);
    const struct sl_provider *p = &sl_registry_provider_of(slot)->provider;
    const char *id = sl_arena_strdup(&s->arena, p->id);
    const struct sl_map_slot *now = sl_map_find(&s->by_id, p->owner, p->id);
    const struct sl_map_slot *under = *p->owner ? NULL : sl_map_find(&fixed->providers, "", p->id);
    if (now && now->value == old) {
        sl_map_remove(&s->by_id, p->owner, p->id);
        if (under)
            sl_map_put(&s->by_id,
                       (struct sl_map_key){"", sl_registry_provider_of(under)->provider.id},
                       under->value, 0);
    }
    sl_map_remove(&s->by_row, "", row_id);
    sl_counted_unref(old);
    return id;
}

void sl_provider_set_add(struct sl_provider_set *s, struct sl_registry_provider *p)
{
    sl_map_put(&s->by_id, (struct sl_map_key){p->provider.owner, p->provider.id}, &p->counted, 0);
    sl_map_put(&s->by_row, (struct sl_map_key){"", p->provider.row_id}, &p->counted, 0);
}

struct sl_registry_provider *sl_provider_set_find(const struct sl_provider_set *s,
                                                  const char *owner, const char *id)
{
    const struct sl_map_slot *slot = *owner ? sl_map_find(&s->by_id, owner, id) : NULL;
    if (!slot)
        slot = sl_map_find(&s->by_id, "", id);
    if (!slot)
        slot = sl_map_find(&s->by_row, "", id);
    return sl_registry_provider_of(slot);
}

/* ---- lists ---- */

struct gathering {
    struct sl_provider_set *set;
    size_t n;
    struct sl_registry_provider **list;
};

static void gather(void *owner, const struct sl_map_slot *slot)
{
    struct gathering *g = owner;
    struct sl_registry_provider *p = sl_registry_provider_of(slot);
    if (!*p->provider.owner)
        g->list[g->n++] = p;
}

static int compare(const void *a, const void *b)
{
    const struct sl_registry_provider *const *x = a, *const *y = b;
    return strcmp((*x)->provider.id, (*y)->provider.id);
}

static size_t count_patterns(const struct gathering *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        for (const char *const *p = g->list[i]->provider.patterns; *p; p++)
            n++;
    }
    return n;
}

static void fill(struct sl_provider_set *s, const struct gathering *g)
{
    s->detect = sl_arena_zalloc(&s->arena, (g->n + 1) * sizeof(*s->detect));
    s->patterns = sl_arena_zalloc(&s->arena, (count_patterns(g) + 1) * sizeof(*s->patterns));
    s->list = sl_arena_zalloc(&s->arena, (g->n + 1) * sizeof(*s->list));
    for (size_t i = 0; i < g->n; i++) {
        const struct sl_provider *p = &g->list[i]->provider;
        bool builtin = !strcmp(p->source, "builtin");
        if (!builtin)
            s->detect[s->n_detect++] = (struct sl_detect_provider){p->id, p->adapter->name};
        if (!builtin || g->list[i]->key)
            s->list[s->n_list++] = p;
        for (const char *const *pattern = p->patterns; *pattern; pattern++)
            s->patterns[s->n_patterns++] = (struct sl_detect_pattern){*pattern, p->id};
    }
}

/* Where one cannot be made, the provider has no models without an entry. */
static void add_templates(const struct gathering *g, const struct sl_maker *maker)
{
    for (size_t i = 0; i < g->n; i++) {
        struct sl_registry_provider *p = g->list[i];
        struct sl_config_model said;
        struct sl_registry_model *made = NULL;
        struct sl_err ignored = {0};
        const struct sl_model_draft d = {.said = &said, .provider = p, .source = "detected"};
        sl_said_model_init(&said);
        if (!p->provider.enabled || !*p->provider.base_url ||
            sl_model_make(maker, &d, &made, &ignored))
            continue;
        sl_map_put(&g->set->templates, (struct sl_map_key){"", p->provider.id}, &made->counted, 0);
        sl_counted_unref(&made->counted);
    }
}

void sl_provider_set_publish(struct sl_provider_set *s, const struct sl_maker *maker)
{
    struct gathering g = {s, 0, NULL};
    g.list =
        sl_arena_zalloc(&s->arena, (s->by_id.live + 1) * sizeof(struct sl_registry_provider *));
    sl_map_each(&s->by_id, false, gather, &g);
    if (g.n)
        qsort(g.list, g.n, sizeof(*g.list), compare);
    fill(s, &g);
    add_templates(&g, maker);
    if (sl_map_should_merge(&s->by_id))
        sl_map_merge(&s->by_id);
    if (sl_map_should_merge(&s->by_row))
        sl_map_merge(&s->by_row);
}
