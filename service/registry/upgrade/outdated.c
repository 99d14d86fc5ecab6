/* Looking at one model, and at everything that names some. */
#include "registry/upgrade/outdated.h"

#include <string.h>

#include "base/str.h"

enum { MAX_NAMES = 32 };

const char *sl_outdated_name(enum sl_outdated_status status)
{
    static const char *const names[] = {"", "newer", "served_as", "deprecated", "gone", "retired"};
    return names[status];
}

static enum sl_outdated_status status_of(const struct sl_model *m, const struct sl_listed *listed,
                                         int64_t now_ms)
{
    enum sl_life life = sl_model_life(m, now_ms);
    if (life == SL_LIFE_RETIRED)
        return SL_OUTDATED_RETIRED;
    if (listed->gone_ms)
        return SL_OUTDATED_GONE;
    if (life == SL_LIFE_DEPRECATED)
        return SL_OUTDATED_DEPRECATED;
    if (m->known && *m->known->served_as)
        return SL_OUTDATED_SERVED_AS;
    return *listed->newer ? SL_OUTDATED_NEWER : SL_OUTDATED_NOT;
}

static const char *source_of(const struct sl_model *m, enum sl_outdated_status status)
{
    bool own_date = m->known && (m->retires_day != m->known->retires ||
                                 m->deprecated_day != m->known->announced);
    if (status == SL_OUTDATED_GONE || status == SL_OUTDATED_NEWER)
        return "the provider's listing";
    if (!m->known || own_date)
        return "the entry";
    return *m->known->lifecycle_source ? m->known->lifecycle_source : "the catalogue";
}

bool sl_outdated_look(const struct sl_registry *r, const struct sl_model *m,
                      const struct sl_listings *listings, int64_t now_ms, struct sl_outdated *out)
{
    struct sl_outdated o = {.model = m, .listed = {.newer = ""}};
    if (m->deleted_ms)
        return false;
    if (listings->find && !listings->find(listings->owner, m, &o.listed))
        o.listed = (struct sl_listed){.newer = ""};
    o.status = status_of(m, &o.listed, now_ms);
    if (o.status == SL_OUTDATED_NOT)
        return false;
    o.dated = sl_model_days_left(m, now_ms, &o.days_left);
    o.source = source_of(m, o.status);
    if (o.status == SL_OUTDATED_NEWER)
        sl_model_successor_from(r, m, o.listed.newer, now_ms, &o.successor);
    else if (o.status == SL_OUTDATED_SERVED_AS)
        sl_model_successor_from(r, m, m->known->served_as, now_ms, &o.successor);
    else
        sl_model_successor(r, m, now_ms, &o.successor);
    *out = o;
    return true;
}

/* ---- what names them ---- */

const struct sl_model *sl_outdated_named(const struct sl_registry *r, const char *user,
                                         const char *text, bool *by_alias)
{
    const struct sl_model *m = NULL;
    if (sl_starts_with(text, "models/"))
        text += strlen("models/");
    if (sl_starts_with(text, "global/"))
        return sl_registry_find(r, text + strlen("global/"), by_alias);
    m = sl_registry_find_personal(r, user, text, by_alias);
    return m ? m : sl_registry_find(r, text, by_alias);
}

const char *sl_outdated_user(const struct sl_registry_default *d)
{
    return *d->conversation || !strcmp(d->scope, "user") ? d->subject : "";
}

struct gathering {
    const struct sl_outdated_ask *ask;
    const struct sl_outdated *models;
    size_t n;
    struct sl_outdated_names *names;
    size_t *others; /* of each model: how many of other users' name it */
};

static void add(const struct gathering *g, size_t i, const char *text)
{
    struct sl_outdated_names *names = &g->names[i];
    if (names->n == MAX_NAMES)
        return;
    if (!names->list)
        names->list = sl_arena_alloc(g->ask->arena, MAX_NAMES * sizeof(*names->list));
    names->list[names->n++] = text;
}

/* g->n where it is none of them. */
static size_t find(const struct gathering *g, const char *user, const char *text)
{
    const struct sl_model *m = sl_outdated_named(g->ask->registry, user, text, NULL);
    size_t i = 0;
    while (m && i < g->n && g->models[i].model != m)
        i++;
    return m ? i : g->n;
}

static void on_default(void *owner, const struct sl_registry_default *d)
{
    struct gathering *g = owner;
    const char *user = sl_outdated_user(d);
    bool own = *user && !strcmp(user, g->ask->principal->id);
    bool of_tier = !strcmp(d->scope, "tier");
    if (!g->ask->everyone &&
        ((*user && !own) || (of_tier && strcmp(d->subject, g->ask->principal->tier))))
        return;
    size_t i = find(g, user, d->model);
    if (i == g->n)
        return;
    if (*user && !own)
        g->others[i]++;
    else if (*d->conversation)
        add(g, i, sl_arena_printf(g->ask->arena, "the conversation %s", d->conversation));
    else if (of_tier)
        add(g, i, sl_arena_printf(g->ask->arena, "the default of tier %s", d->subject));
    else
        add(g, i, own ? "your default" : "the registry's default");
}

static void look_at_fallbacks(struct gathering *g, const char *owner)
{
    struct sl_registry_walk w;
    sl_registry_walk(&w, g->ask->registry, owner, NULL);
    for (const struct sl_model *m; (m = sl_registry_next(&w));) {
        if (!g->ask->everyone && !sl_registry_may_use(g->ask->registry, m, g->ask->principal))
            continue;
        for (const char *const *f = m->fallbacks; *f && !m->deleted_ms; f++) {
            size_t i = find(g, owner, *f);
            if (i < g->n)
                add(g, i, sl_arena_printf(g->ask->arena, "the fallbacks of model %s", m->name));
        }
    }
}

void sl_outdated_references(const struct sl_outdated_ask *ask, const struct sl_outdated *models,
                            size_t n, struct sl_outdated_names *names)
{
    struct gathering g = {ask, models, n, names, NULL};
    g.others = sl_arena_zalloc(ask->arena, (n + 1) * sizeof(*g.others));
    memset(names, 0, n * sizeof(*names));
    if (!n)
        return;
    const struct sl_registry *r = ask->registry;
    sl_registry_each_default(r, on_default, &g);
    for (size_t i = 0; i < n; i++) {
        if (r->default_model == models[i].model && !sl_registry_default_of(r, "registry", ""))
            add(&g, i, sl_arena_printf(ask->arena, "the default (%s)", r->default_reason));
    }
    look_at_fallbacks(&g, "");
    if (*ask->principal->id)
        look_at_fallbacks(&g, ask->principal->id);
    for (size_t i = 0; i < n; i++) {
        if (g.others[i])
            add(&g, i,
                sl_arena_printf(ask->arena, "defaults and conversations of users: %zu",
                                g.others[i]));
    }
}
