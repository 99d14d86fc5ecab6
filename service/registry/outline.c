/* Outlines of models: walked once to count, once to copy. */
#include <string.h>

#include "base/alloc.h"
#include "registry/difference.h"

struct outline {
    char *block; /* NULL: only count */
    size_t n;
};

static void *take(struct outline *o, size_t n, size_t align)
{
    o->n = (o->n + align - 1) & ~(align - 1);
    void *at = o->block ? o->block + o->n : NULL;
    o->n += n;
    return at;
}

static const char *copy_text(struct outline *o, const char *s)
{
    size_t n = strlen(s) + 1;
    char *at = take(o, n, 1);
    return at ? memcpy(at, s, n) : s;
}

static const char *const *copy_list(struct outline *o, const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    const char **at = take(o, (n + 1) * sizeof(*at), sizeof(*at));
    for (size_t i = 0; i < n; i++) {
        const char *s = copy_text(o, list[i]);
        if (at)
            at[i] = s;
    }
    if (at)
        at[n] = NULL;
    return at ? at : list;
}

static const struct sl_label *copy_labels(struct outline *o, const struct sl_model *m)
{
    struct sl_label *at = take(o, m->n_labels * sizeof(*at), sizeof(char *));
    for (size_t i = 0; i < m->n_labels; i++) {
        struct sl_label l = {copy_text(o, m->labels[i].key), copy_text(o, m->labels[i].value)};
        if (at)
            at[i] = l;
    }
    return at;
}

static void copy(struct outline *o, const struct sl_model *from, struct sl_model *to)
{
    *to = (struct sl_model){
        .id = copy_text(o, from->id),
        .name = copy_text(o, from->name),
        .owner = copy_text(o, from->owner),
        .provider = copy_text(o, from->provider),
        .source = copy_text(o, from->source),
        .target.model_id = copy_text(o, from->target.model_id),
        .target.api = copy_text(o, from->target.api),
        .aliases = copy_list(o, from->aliases),
        .tiers = copy_list(o, from->tiers),
        .tasks = copy_list(o, from->tasks),
        .labels = copy_labels(o, from),
        .n_labels = from->n_labels,
        .adapter = from->adapter,
        .enabled = from->enabled,
        .deleted_ms = from->deleted_ms,
    };
}

struct sl_model *sl_model_outline(const struct sl_model *m)
{
    struct outline o = {NULL, sizeof(*m)};
    struct sl_model unused;
    copy(&o, m, &unused);
    o.block = sl_malloc(o.n);
    o.n = sizeof(*m);
    struct sl_model *to = (void *)o.block;
    copy(&o, m, to);
    return to;
}
