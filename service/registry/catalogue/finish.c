/* From rows to the finished catalogue: ranks, arrays, what follows from other facts, and references between rows. */
#include "registry/catalogue/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/str.h"

static enum sl_code fail(const struct sl_catalogue_loading *l, const char *file, unsigned line,
                         const char *what, const char *name)
{
    return sl_err_set(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "%.200s:%u: %s %.200s",
                      file, line, what, name);
}

/* ---- models ---- */

static int8_t flag(int8_t said, bool known, bool follows)
{
    return said >= 0 || !known ? said : (int8_t)follows;
}

/* What the media and the kind of model tell, where a row does not. */
static void derive(struct sl_catalogue_model *m)
{
    bool in = m->input != 0, out = m->output != 0, all = in && out;
    m->embeddings = flag(m->embeddings, true, false);
    m->rerank = flag(m->rerank, true, false);
    bool talks = m->input & SL_MEDIA_TEXT && m->output & SL_MEDIA_TEXT && m->embeddings != 1 &&
                 m->rerank != 1;
    m->chat = flag(m->chat, all, talks);
    m->streaming = flag(m->streaming, m->chat >= 0, m->chat == 1);
    m->vision = flag(m->vision, in, m->chat == 1 && m->input & SL_MEDIA_IMAGE);
    m->images = flag(m->images, out, m->output & SL_MEDIA_IMAGE);
    if (!*m->name)
        m->name = m->id;
}

static void inherit(int64_t *price, int64_t base)
{
    if (*price < 0)
        *price = base;
}

static void fill_tiers(struct sl_catalogue_model *m)
{
    /* of this loading's arena: nobody else has seen them */
    struct sl_catalogue_tier *tiers = (struct sl_catalogue_tier *)(uintptr_t)m->tiers;
    for (size_t i = 0; i < m->n_tiers; i++) {
        struct sl_catalogue_prices *p = &tiers[i].prices;
        inherit(&p->input, m->prices.input);
        inherit(&p->cache_read, m->prices.cache_read);
        inherit(&p->cache_write, m->prices.cache_write);
        inherit(&p->output, m->prices.output);
        inherit(&p->reasoning, m->prices.reasoning);
        inherit(&p->input_audio, m->prices.input_audio);
        inherit(&p->output_audio, m->prices.output_audio);
    }
}

/* What is billed and allowed is what the provider runs under the name. */
static void inherit_served(struct sl_catalogue_model *m, const struct sl_catalogue_model *from)
{
    static const struct sl_catalogue_prices unknown = {-1, -1, -1, -1, -1, -1, -1};
    int32_t *limits[] = {&m->context_tokens, &m->max_input_tokens, &m->max_output_tokens};
    const int32_t given[] = {from->context_tokens, from->max_input_tokens, from->max_output_tokens};
    int8_t *caps[] = {&m->tools, &m->json_schema, &m->reasoning, &m->temperature, &m->attachments};
    const int8_t can[] = {from->tools, from->json_schema, from->reasoning, from->temperature,
                          from->attachments};
    if (!memcmp(&m->prices, &unknown, sizeof(unknown))) {
        m->prices = from->prices;
        m->tiers = from->tiers;
        m->n_tiers = from->n_tiers;
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(limits); i++)
        *limits[i] = *limits[i] ? *limits[i] : given[i];
    for (size_t i = 0; i < SL_ARRAY_LEN(caps); i++)
        *caps[i] = *caps[i] >= 0 ? *caps[i] : can[i];
    m->input = m->input ? m->input : from->input;
    m->output = m->output ? m->output : from->output;
    if (!*m->reasoning_field)
        m->reasoning_field = from->reasoning_field;
}

static void find_served(struct sl_catalogue_loading *l)
{
    for (struct sl_raw_provider *p = l->providers; p; p = p->next) {
        for (struct sl_raw_model *m = p->models; m; m = m->next) {
            const struct sl_catalogue_entry *e =
                *m->m.served_as ? sl_catalogue_entry_of(l->c, &p->p, m->m.served_as) : NULL;
            if (e && e->model != &m->m)
                inherit_served(&m->m, e->model);
        }
    }
}

static int by_tokens(const void *a, const void *b)
{
    const struct sl_catalogue_tier *x = a, *y = b;
    return (x->from_tokens > y->from_tokens) - (x->from_tokens < y->from_tokens);
}

static int by_id(const void *a, const void *b)
{
    const struct sl_catalogue_model *const *x = a, *const *y = b;
    return strcasecmp((*x)->id, (*y)->id);
}

static void finish_models(struct sl_catalogue_loading *l, struct sl_raw_provider *p)
{
    const struct sl_catalogue_model **list =
        sl_arena_zalloc(l->arena, (p->n_models + 1) * sizeof(*list));
    size_t n = 0;
    for (struct sl_raw_model *m = p->models; m; m = m->next) {
        derive(&m->m);
        if (m->m.n_tiers) {
            qsort((void *)(uintptr_t)m->m.tiers, m->m.n_tiers, sizeof(*m->m.tiers), by_tokens);
            fill_tiers(&m->m);
        }
        for (const char *const *a = m->m.aliases; *a; a++)
            sl_catalogue_index_add(l->c->index, *a, &m->m, true);
        list[n++] = &m->m;
    }
    if (n)
        qsort(list, n, sizeof(const struct sl_catalogue_model *), by_id);
    p->p.models = list;
    p->p.n_models = n;
    l->c->n_models += n;
}

/* ---- providers ---- */

static const struct sl_raw_provider *provider_by_id(const struct sl_catalogue_loading *l,
                                                    const char *id)
{
    for (const struct sl_raw_provider *p = l->providers; p; p = p->next) {
        if (!strcasecmp(p->p.id, id))
            return p;
    }
    return NULL;
}

static unsigned rank_of(const struct sl_catalogue_loading *l, const char *id, unsigned else_rank)
{
    for (unsigned i = 0; l->order && l->order[i]; i++) {
        if (!strcasecmp(l->order[i], id))
            return i;
    }
    return else_rank;
}

static int by_rank(const void *a, const void *b)
{
    const struct sl_catalogue_provider *const *x = a, *const *y = b;
    return ((*x)->rank > (*y)->rank) - ((*x)->rank < (*y)->rank);
}

static void finish_providers(struct sl_catalogue_loading *l)
{
    unsigned n = 0, listed = 0, i = 0;
    while (l->order && l->order[listed])
        listed++;
    for (struct sl_raw_provider *p = l->providers; p; p = p->next)
        n++;
    const struct sl_catalogue_provider **list = sl_arena_zalloc(l->arena, (n + 1) * sizeof(*list));
    for (struct sl_raw_provider *p = l->providers; p; p = p->next, i++) {
        const struct sl_raw_provider *other = provider_by_id(l, p->other_site);
        p->p.rank = rank_of(l, p->p.id, listed + i);
        p->p.other_site = other ? &other->p : NULL;
        finish_models(l, p);
        list[i] = &p->p;
    }
    if (n)
        qsort(list, n, sizeof(const struct sl_catalogue_provider *), by_rank);
    l->c->providers = list;
    l->c->n_providers = n;
}

/* ---- line-ups and patterns ---- */

/* The model that "provider/id" names; "" is NULL and no error. */
static enum sl_code find_named(const struct sl_catalogue_loading *l, const struct sl_raw_lineup *u,
                               const char *name, const struct sl_catalogue_model **out)
{
    char provider[64];
    const char *slash = strchr(name, '/');
    *out = NULL;
    if (!*name)
        return SL_OK;
    if (slash && sl_copy_n(provider, sizeof(provider), name, (size_t)(slash - name)))
        *out = sl_catalogue_model(l->c, provider, slash + 1);
    return *out ? SL_OK : fail(l, u->file, u->line, "no model is known as", name);
}

static enum sl_code finish_lineup(const struct sl_catalogue_loading *l,
                                  const struct sl_raw_lineup *u, struct sl_lineup *out)
{
    struct sl_lineup_entry *list = sl_arena_zalloc(l->arena, (u->n_entries + 1) * sizeof(*list));
    for (size_t i = 0; i < u->n_entries; i++) {
        const struct sl_raw_entry *e = &u->entries[i];
        list[i].role = e->role;
        list[i].purpose = e->purpose;
        list[i].speed_tokens_per_second = e->speed_tokens_per_second;
        if (!*e->model)
            return fail(l, u->file, u->line, "an entry without a model in", u->id);
        if (find_named(l, u, e->model, &list[i].model) ||
            find_named(l, u, e->fallback, &list[i].fallback))
            return l->err->code;
    }
    *out = (struct sl_lineup){.id = u->id,
                              .title = *u->title ? u->title : u->id,
                              .about = u->about,
                              .is_default = u->is_default,
                              .entries = list,
                              .n_entries = u->n_entries};
    return SL_OK;
}

static enum sl_code finish_lineups(struct sl_catalogue_loading *l)
{
    size_t n = 0;
    for (const struct sl_raw_lineup *u = l->lineups; u; u = u->next)
        n++;
    struct sl_lineup *list = sl_arena_zalloc(l->arena, (n + 1) * sizeof(*list));
    n = 0;
    for (const struct sl_raw_lineup *u = l->lineups; u; u = u->next) {
        if (finish_lineup(l, u, &list[n++]))
            return l->err->code;
    }
    l->c->lineups = list;
    l->c->n_lineups = n;
    return SL_OK;
}

static enum sl_code finish_patterns(struct sl_catalogue_loading *l)
{
    size_t n = 0;
    for (const struct sl_raw_pattern *p = l->patterns; p; p = p->next)
        n++;
    struct sl_catalogue_pattern *list = sl_arena_zalloc(l->arena, (n + 1) * sizeof(*list));
    n = 0;
    for (const struct sl_raw_pattern *p = l->patterns; p; p = p->next) {
        const struct sl_raw_provider *provider = sl_catalogue_raw_provider(l, p->provider);
        if (!provider)
            return fail(l, p->file, p->line, "no provider is known as", p->provider);
        list[n++] = (struct sl_catalogue_pattern){p->pattern, &provider->p};
    }
    l->c->patterns = list;
    l->c->n_patterns = n;
    return SL_OK;
}

enum sl_code sl_catalogue_finish(struct sl_catalogue_loading *l)
{
    find_served(l);
    finish_providers(l);
    enum sl_code code = finish_lineups(l);
    return code ? code : finish_patterns(l);
}
