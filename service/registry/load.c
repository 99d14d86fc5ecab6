/* A snapshot from its sources, or from the one before it. */
#include "registry/load.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "registry/cloud_stored.h"
#include "registry/index.h"
#include "registry/last_used.h"
#include "registry/maker.h"

static struct sl_registry *new_registry(struct sl_registry_fixed *fixed)
{
    struct sl_registry *r = SL_NEW(struct sl_registry);
    r->index = SL_NEW(struct sl_registry_index);
    atomic_init(&r->index->refs, 1);
    r->index->fixed = fixed;
    return r;
}

/* ---- the default ---- */

struct choice {
    const struct sl_model *model;
    const char *reason;
};

static bool is_usable(const struct sl_registry *r, const struct sl_model *m)
{
    return m && m->enabled && !*m->problem && !m->deleted_ms && sl_registry_has_key(r, m);
}

static struct choice by_name(const struct sl_registry *r, const char *name, const char *reason)
{
    const char *bare = name && !strncmp(name, "global/", 7) ? name + 7 : name;
    const struct sl_model *m = bare && *bare ? sl_registry_find(r, bare, NULL) : NULL;
    return (struct choice){m && m->enabled ? m : NULL, reason};
}

/* Said by somebody: it counts whether its key is there or not. */
static struct choice said_default(const struct sl_registry *r)
{
    const struct sl_registry_fixed *f = r->index->fixed;
    struct choice c = by_name(r, sl_registry_default_of(r, "registry", ""), "registry default");
    if (!c.model)
        c = by_name(r, f->default_model, "registry default");
    if (!c.model)
        c = by_name(r, f->environment_model, "DEFAULT_LLM_MODEL");
    return c;
}

static struct choice found_default(const struct sl_registry *r)
{
    struct choice c = by_name(r, "gpt-4o", "gpt-4o, whose key is there");
    struct sl_registry_walk w;
    if (is_usable(r, c.model))
        return c;
    sl_registry_walk(&w, r, "", NULL);
    c.reason = "the first model by name";
    do
        c.model = sl_registry_next(&w);
    while (c.model && !is_usable(r, c.model));
    return c;
}

static void publish(struct sl_registry *r, const struct sl_registry_sources *from)
{
    const struct sl_registry_index *x = r->index;
    r->revision = from->revision;
    r->n_models = x->fixed->models.n_global + x->stored.n_global;
    r->providers = x->providers->list;
    r->n_providers = x->providers->n_list;
    struct choice c = said_default(r);
    r->default_is_said = c.model;
    if (!c.model)
        c = found_default(r);
    r->default_model = c.model;
    r->default_reason = c.reason;
}

/* A default that the configuration names and nobody has. */
static void warn_of_default(const struct sl_registry *r)
{
    const char *name = r->index->fixed->default_model;
    if (*name && !sl_registry_find(r, name, NULL))
        sl_log(SL_LOG_WARN, "default_model names no model: the next default counts",
               SL_F_STR("model", name));
}

/* ---- making ---- */

/* Takes the reference to fixed over. */
static enum sl_code create(const struct sl_registry_sources *from, struct sl_registry_fixed *fixed,
                           struct sl_registry **out, struct sl_err *err)
{
    const struct sl_maker maker = {from->config, from->tokens, fixed->catalogue, from->references,
                                   fixed->allowed};
    struct sl_registry *r = new_registry(fixed);
    struct sl_storing s = {.maker = &maker, .index = r->index};
    enum sl_code code = SL_OK;
    r->index->providers = sl_provider_set_create(fixed);
    if (from->store)
        code = sl_storing_load(&s, from->store, err);
    if (code) {
        sl_registry_unref(r);
        return code;
    }
    sl_provider_set_publish(r->index->providers, &maker);
    publish(r, from);
    warn_of_default(r);
    *out = r;
    return SL_OK;
}

enum sl_code sl_registry_create(const struct sl_registry_sources *from, struct sl_registry **out,
                                struct sl_err *err)
{
    struct sl_registry_fixed *fixed = NULL;
    enum sl_code code = sl_fixed_make(from, &fixed, err);
    return code ? code : create(from, fixed, out, err);
}

void sl_registry_carry(const struct sl_registry *to, const struct sl_registry *from)
{
    sl_registry_carry_uses(to, from);
    sl_cloud_carry_sources(to, from);
}

static struct sl_registry *copy(const struct sl_registry *old)
{
    const struct sl_registry_index *was = old->index;
    sl_counted_ref(&was->fixed->counted);
    struct sl_registry *r = new_registry(was->fixed);
    struct sl_registry_index *x = r->index;
    sl_counted_ref(&was->providers->counted);
    x->providers = was->providers;
    x->stored = sl_model_table_copy(&was->stored);
    x->credentials = sl_map_copy(&was->credentials);
    x->bundles = sl_map_copy(&was->bundles);
    x->defaults = sl_map_copy(&was->defaults);
    x->default_ids = sl_map_copy(&was->default_ids);
    x->pins = sl_map_copy(&was->pins);
    x->store_revision = was->store_revision;
    return r;
}

struct sl_registry *sl_registry_with(const struct sl_registry *old,
                                     const struct sl_registry_sources *from,
                                     const struct sl_row *const *rows, size_t n)
{
    const struct sl_registry_fixed *fixed = old->index->fixed;
    const struct sl_maker maker = {from->config, from->tokens, fixed->catalogue, from->references,
                                   fixed->allowed};
    struct sl_registry *r = copy(old);
    sl_storing_add(&(struct sl_storing){.maker = &maker, .index = r->index}, rows, n);
    publish(r, from);
    return r;
}

enum sl_code sl_registry_refresh(const struct sl_registry *old,
                                 const struct sl_registry_sources *from, struct sl_registry **out,
                                 struct sl_err *err)
{
    struct sl_registry_fixed *fixed = old->index->fixed;
    const struct sl_maker maker = {from->config, from->tokens, fixed->catalogue, from->references,
                                   fixed->allowed};
    struct sl_registry *r = copy(old);
    struct sl_storing s = {.maker = &maker, .index = r->index};
    struct sl_err why = {0};
    enum sl_code code = sl_storing_refresh(&s, from->store, &why);
    if (code == SL_FAILED_PRECONDITION) { /* too long ago */
        sl_registry_unref(r);
        sl_counted_ref(&fixed->counted);
        code = create(from, fixed, out, err);
        if (!code)
            sl_registry_carry(*out, old);
        return code;
    }
    if (code) {
        sl_registry_unref(r);
        *err = why;
        return code;
    }
    if (s.providers_changed)
        sl_provider_set_publish(r->index->providers, &maker);
    publish(r, from);
    *out = r;
    return SL_OK;
}
