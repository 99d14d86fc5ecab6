/* Looking models up, and letting a snapshot go. */
#include "registry/registry.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "registry/index.h"

static uint64_t hash_name(const char *name)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    return h ^ h >> 32;
}

/* The slot of the name, or the free one where it would go. */
static struct sl_registry_slot *find_slot(const struct sl_registry_index *index, const char *name)
{
    size_t mask = index->n_slots - 1;
    size_t i = hash_name(name) & mask;
    while (index->slots[i].name && strcmp(index->slots[i].name, name))
        i = (i + 1) & mask;
    return &index->slots[i];
}

static size_t count_names(const struct sl_registry *r)
{
    size_t n = r->n_models;
    for (size_t i = 0; i < r->n_models; i++) {
        for (const char *const *a = r->models[i]->aliases; *a; a++)
            n++;
    }
    return n;
}

void sl_registry_index_names(struct sl_registry *r)
{
    struct sl_registry_index *index = r->index;
    size_t names = count_names(r);
    index->n_slots = 2;
    while (index->n_slots < 2 * names)
        index->n_slots *= 2;
    index->slots = sl_arena_zalloc(&index->arena, index->n_slots * sizeof(*index->slots));
    for (size_t i = 0; i < r->n_models; i++) {
        const struct sl_model *m = r->models[i];
        *find_slot(index, m->name) = (struct sl_registry_slot){m->name, m, false};
        for (const char *const *a = m->aliases; *a; a++)
            *find_slot(index, *a) = (struct sl_registry_slot){*a, m, true};
    }
}

const struct sl_model *sl_registry_find(const struct sl_registry *r, const char *name,
                                        bool *by_alias)
{
    const struct sl_registry_slot *slot = find_slot(r->index, name);
    if (by_alias)
        *by_alias = slot->alias;
    return slot->model;
}

bool sl_registry_may_use(const struct sl_registry *r, const struct sl_model *m,
                         const struct sl_principal *p)
{
    const struct sl_registry_model *entry =
        SL_CONTAINER_OF(m, const struct sl_registry_model, model);
    (void)r;
    if (!*entry->tiers || p->roles & SL_ROLE_ADMIN)
        return true;
    for (const char *const *t = entry->tiers; *t; t++) {
        if (!strcmp(*t, p->tier))
            return true;
    }
    return false;
}

static void take_nearer(const char *wanted, const char *name, const char **near, size_t *nearest)
{
    size_t d = sl_edit_distance(wanted, name);
    if (d >= *nearest)
        return;
    *nearest = d;
    *near = name;
}

const char *sl_registry_nearest(const struct sl_registry *r, const char *name,
                                const struct sl_principal *p)
{
    const char *near = NULL;
    size_t n = strlen(name), nearest = (n < 6 ? 2 : n / 3) + 1;
    for (size_t i = 0; i < r->n_models; i++) {
        const struct sl_model *m = r->models[i];
        if (!sl_registry_may_use(r, m, p))
            continue;
        take_nearer(name, m->name, &near, &nearest);
        for (const char *const *a = m->aliases; *a; a++)
            take_nearer(name, *a, &near, &nearest);
    }
    return near;
}

struct sl_registry *sl_registry_ref(struct sl_registry *r)
{
    atomic_fetch_add_explicit(&r->index->refs, 1, memory_order_relaxed);
    return r;
}

void sl_registry_unref(struct sl_registry *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->index->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct sl_registry_index *index = r->index;
    for (size_t i = 0; i < index->n_entries; i++) {
        sl_secret_unref(index->entries[i]->key);
        sl_token_source_unref(index->entries[i]->model.tokens);
    }
    for (struct sl_registry_secret *s = index->secrets; s; s = s->next)
        sl_wipe(s->text, strlen(s->text));
    sl_arena_fini(&index->arena);
    sl_free(index);
    sl_free(r);
}
