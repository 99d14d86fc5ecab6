/* Names to models by hash, ASCII case ignored and a space as good as a '-'; and the look-ups that go through it. */
#include "registry/catalogue/internal.h"

#include <string.h>
#include <strings.h>

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c == ' ' ? '-' : c);
}

static size_t bucket_of(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        h = (h ^ fold(*name)) * 16777619u;
    return (h ^ h >> 15) % SL_CATALOGUE_BUCKETS;
}

bool sl_catalogue_same_name(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return fold(*a) == fold(*b);
}

void sl_catalogue_index_add(struct sl_catalogue_index *index, const char *name,
                            const struct sl_catalogue_model *model, bool alias)
{
    struct sl_catalogue_entry **bucket = &index->buckets[bucket_of(name)];
    struct sl_catalogue_entry *e = SL_ARENA_NEW(&index->arena, struct sl_catalogue_entry);
    *e = (struct sl_catalogue_entry){name, model, alias, *bucket};
    *bucket = e;
}

const struct sl_catalogue_entry *sl_catalogue_index_bucket(const struct sl_catalogue_index *index,
                                                           const char *name)
{
    return index->buckets[bucket_of(name)];
}

/* Whether a comes before b: the lower rank, and of one provider an id before an alias. */
static bool is_before(const struct sl_catalogue_entry *a, const struct sl_catalogue_entry *b)
{
    unsigned rank_a = a->model->provider->rank, rank_b = b->model->provider->rank;
    return rank_a != rank_b ? rank_a < rank_b : a->alias < b->alias;
}

static const struct sl_catalogue_entry *best(const struct sl_catalogue *c,
                                             const struct sl_catalogue_provider *provider,
                                             const char *name)
{
    const struct sl_catalogue_entry *found = NULL;
    for (const struct sl_catalogue_entry *e = sl_catalogue_index_bucket(c->index, name); e;
         e = e->next) {
        if ((provider && e->model->provider != provider) || !sl_catalogue_same_name(e->name, name))
            continue;
        if (!found || is_before(e, found))
            found = e;
    }
    return found;
}

const struct sl_catalogue_entry *sl_catalogue_entry(const struct sl_catalogue *c, const char *name)
{
    return best(c, NULL, name);
}

const struct sl_catalogue_entry *sl_catalogue_entry_of(const struct sl_catalogue *c,
                                                       const struct sl_catalogue_provider *provider,
                                                       const char *name)
{
    return best(c, provider, name);
}

const struct sl_catalogue_model *sl_catalogue_find(const struct sl_catalogue *c, const char *name)
{
    const struct sl_catalogue_entry *e = sl_catalogue_entry(c, name);
    return e ? e->model : NULL;
}

const struct sl_catalogue_provider *sl_catalogue_provider_by_kind(const struct sl_catalogue *c,
                                                                  const char *kind)
{
    for (size_t i = 0; i < c->n_providers; i++) {
        if (c->providers[i]->kind_default && !strcasecmp(c->providers[i]->kind, kind))
            return c->providers[i];
    }
    return NULL;
}

static bool is_called(const struct sl_catalogue_provider *p, const char *name)
{
    if (!strcasecmp(p->id, name))
        return true;
    for (const char *const *a = p->aliases; *a; a++) {
        if (!strcasecmp(*a, name))
            return true;
    }
    return false;
}

const struct sl_catalogue_provider *sl_catalogue_provider(const struct sl_catalogue *c,
                                                          const char *name)
{
    for (size_t i = 0; i < c->n_providers; i++) {
        if (is_called(c->providers[i], name))
            return c->providers[i];
    }
    return sl_catalogue_provider_by_kind(c, name);
}

const struct sl_catalogue_model *sl_catalogue_model(const struct sl_catalogue *c,
                                                    const char *provider, const char *id)
{
    const struct sl_catalogue_provider *p = sl_catalogue_provider(c, provider);
    const struct sl_catalogue_entry *e = p ? best(c, p, id) : NULL;
    if (e)
        return e->model;
    /* a kind: what another provider of it has */
    for (size_t i = 0; i < c->n_providers && !e; i++) {
        if (!strcasecmp(c->providers[i]->kind, provider))
            e = best(c, c->providers[i], id);
    }
    return e ? e->model : NULL;
}

const struct sl_lineup *sl_catalogue_lineup(const struct sl_catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->n_lineups; i++) {
        const struct sl_lineup *u = &c->lineups[i];
        if (name && *name ? !strcasecmp(u->id, name) || !strcasecmp(u->title, name) : u->is_default)
            return u;
    }
    return NULL;
}
