/* A copy of the provider's template, with name, id and facts. */
#include "registry/raw.h"

#include <string.h>

#include "config/url.h"
#include "registry/index.h"
#include "registry/maker.h"
#include "registry/stem.h"

bool sl_registry_detect(const struct sl_registry *r, const char *name, struct sl_detected *out)
{
    const struct sl_provider_set *s = r->index->providers;
    const struct sl_detect_in in = {
        .name = name,
        .patterns = s->patterns,
        .n_patterns = s->n_patterns,
        .providers = s->detect,
        .n_providers = s->n_detect,
    };
    const struct sl_catalogue *c = r->index->fixed->catalogue;
    return c && sl_detect(c, &in, out);
}

const struct sl_provider *sl_registry_default_provider(const struct sl_registry *r, bool *said)
{
    const struct sl_registry_fixed *f = r->index->fixed;
    *said = f->default_provider_said;
    return f->refuse_unknown ? NULL : sl_registry_provider(r, f->default_provider);
}

bool sl_registry_redirects_retired(const struct sl_registry *r)
{
    return r->index->fixed->redirect_retired;
}

static bool is_usual_host(const struct sl_provider *p)
{
    return sl_url_same_origin(p->base_url, p->adapter->default_base_url) ||
           (p->known && *p->known->base_url && sl_url_same_origin(p->base_url, p->known->base_url));
}

static void set_tasks(struct sl_model *m, struct sl_arena *arena)
{
    size_t n = m->facts ? m->facts->n_tasks : 0;
    if (!n)
        return;
    const char **list = sl_arena_zalloc(arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = m->facts->tasks[i].task;
    m->tasks = list;
}

static void set_facts(struct sl_model *m, const struct sl_provider *p,
                      const struct sl_detected *found, struct sl_arena *arena)
{
    struct sl_config_model said;
    struct sl_detected facts = *found;
    sl_said_model_init(&said);
    m->target.model_id = found->model_id;
    if (!is_usual_host(p))
        facts.model = NULL;
    sl_facts_fill(&facts, &said, m);
    set_tasks(m, arena);
    const char *api = facts.model ? facts.model->api : "";
    const struct sl_adapter *adapter = *api ? sl_adapter_for_api(p->adapter, api) : NULL;
    if (!adapter)
        return;
    m->target.api = api;
    m->adapter = adapter;
}

const struct sl_model *sl_registry_make_raw(const struct sl_registry *r,
                                            const struct sl_provider *p,
                                            const struct sl_detected *found, const char *name,
                                            struct sl_arena *arena)
{
    const struct sl_map_slot *slot = sl_map_find(&r->index->providers->templates, "", p->id);
    if (!slot)
        return NULL;
    struct sl_registry_model *made = SL_ARENA_NEW(arena, struct sl_registry_model);
    const struct sl_registry_model *from =
        SL_CONTAINER_OF(slot->value, struct sl_registry_model, counted);
    made->model = from->model;
    made->provider = from->provider;
    made->key = from->key;
    made->auth = from->auth;
    made->own_key = from->own_key;
    made->model.name = name;
    made->model.target.model_id = name;
    if (found)
        set_facts(&made->model, p, found, arena);
    return &made->model;
}

const struct sl_model *sl_registry_restricted(const struct sl_registry *r,
                                              const struct sl_model *raw, struct sl_arena *arena)
{
    const struct sl_model_table *const tables[] = {&r->index->stored, &r->index->fixed->models};
    const char *kind = raw->adapter->name;
    const char *const ids[] = {sl_id_stem(kind, raw->target.model_id, arena),
                               raw->known ? sl_id_stem(kind, raw->known->id, arena) : ""};
    for (size_t i = 0; i < 2 * SL_ARRAY_LEN(tables); i++) {
        const struct sl_map_slot *slot = sl_map_find(&tables[i / 2]->targets, kind, ids[i % 2]);
        if (slot)
            return &SL_CONTAINER_OF(slot->value, struct sl_registry_model, counted)->model;
    }
    return NULL;
}
