/* The tables of two snapshots share what did not change, so that pointers tell most of it. */
#include "registry/difference.h"

#include <string.h>

#include "registry/index.h"

const char *sl_model_key(const struct sl_model *m)
{
    return sl_model_table_id(m);
}

/* ---- marks ---- */

static struct sl_registry_model *own(const struct sl_model *m)
{
    return (struct sl_registry_model *)(uintptr_t)sl_registry_model_of(m);
}

uint32_t sl_model_mark(const struct sl_model *m)
{
    return atomic_load_explicit(&own(m)->mark, memory_order_relaxed);
}

void sl_model_set_mark(const struct sl_model *m, uint32_t mark)
{
    atomic_store_explicit(&own(m)->mark, mark, memory_order_relaxed);
}

/* ---- two snapshots ---- */

struct walk {
    const struct sl_registry *was, *is;
    sl_on_models *on_models;
    void *owner;
};

static const struct sl_model *model_of(struct sl_counted *c)
{
    return c ? &SL_CONTAINER_OF(c, struct sl_registry_model, counted)->model : NULL;
}

/* A stored model hides the configuration's of its name. */
static bool hides(const struct sl_registry *r, const char *name)
{
    return sl_model_table_find(&r->index->stored, "", name, NULL) != NULL;
}

static const struct sl_model *fixed_of(const struct sl_registry *r, const char *name)
{
    const struct sl_model *m = sl_model_table_get(&r->index->fixed->models, name);
    return m && !hides(r, m->name) ? m : NULL;
}

/* gone: only if it is not there any more; else only if it is there. */
static void look_at_fixed(const struct walk *w, const char *name, bool gone)
{
    const struct sl_model *was = fixed_of(w->was, name), *is = fixed_of(w->is, name);
    if (was != is && gone == !is)
        w->on_models(w->owner, was, is);
}

/* What a stored model that changed hid, or hides now. */
static void look_at_hidden(const struct walk *w, const struct sl_model *m, bool gone)
{
    if (!m || *m->owner)
        return;
    look_at_fixed(w, m->name, gone);
    for (const char *const *a = m->aliases; *a; a++)
        look_at_fixed(w, *a, gone);
}

/* Names are given up before they are taken. */
static void on_stored(void *owner, struct sl_counted *was, struct sl_counted *is)
{
    const struct walk *w = owner;
    const struct sl_model *a = model_of(was), *b = model_of(is);
    look_at_hidden(w, b, true);
    w->on_models(w->owner, a, b);
    look_at_hidden(w, a, false);
}

static void on_fixed(void *owner, struct sl_counted *was, struct sl_counted *is)
{
    const struct sl_model *m = model_of(is ? is : was);
    look_at_fixed(owner, m->name, true);
    look_at_fixed(owner, m->name, false);
}

void sl_registry_difference(const struct sl_registry *was, const struct sl_registry *is,
                            sl_on_models *on_models, void *owner)
{
    struct walk w = {was, is, on_models, owner};
    if (was->index->fixed != is->index->fixed)
        sl_map_difference(&was->index->fixed->models.ids, &is->index->fixed->models.ids, on_fixed,
                          &w);
    sl_map_difference(&was->index->stored.ids, &is->index->stored.ids, on_stored, &w);
}

static void give_stored(void *owner, const struct sl_map_slot *slot)
{
    const struct walk *w = owner;
    w->on_models(w->owner, NULL, model_of(slot->value));
}

static void give_fixed(void *owner, const struct sl_map_slot *slot)
{
    const struct walk *w = owner;
    const struct sl_model *m = model_of(slot->value);
    if (!hides(w->is, m->name))
        w->on_models(w->owner, NULL, m);
}

void sl_registry_each(const struct sl_registry *r, sl_on_models *on_models, void *owner)
{
    struct walk w = {NULL, r, on_models, owner};
    sl_map_each(&r->index->fixed->models.ids, false, give_fixed, &w);
    sl_map_each(&r->index->stored.ids, false, give_stored, &w);
}

const struct sl_model *sl_registry_by_key(const struct sl_registry *r, const char *key)
{
    const struct sl_model *m = sl_model_table_get(&r->index->stored, key);
    return m ? m : fixed_of(r, key);
}

/* ---- two models ---- */

static bool same_list(const char *const *a, const char *const *b)
{
    for (; *a && *b; a++, b++) {
        if (strcmp(*a, *b) != 0)
            return false;
    }
    return !*a && !*b;
}

static bool same_labels(const struct sl_model *a, const struct sl_model *b)
{
    if (a->n_labels != b->n_labels)
        return false;
    for (size_t i = 0; i < a->n_labels; i++) {
        if (strcmp(a->labels[i].key, b->labels[i].key) != 0 ||
            strcmp(a->labels[i].value, b->labels[i].value) != 0)
            return false;
    }
    return true;
}

static bool same_texts(const struct sl_model *a, const struct sl_model *b)
{
    const struct sl_target *t = &a->target, *u = &b->target;
    const char *const pairs[][2] = {
        {a->name, b->name},
        {a->description, b->description},
        {a->provider, b->provider},
        {a->credential, b->credential},
        {a->source, b->source},
        {a->owner, b->owner},
        {a->region, b->region},
        {a->base_model, b->base_model},
        {a->successor, b->successor},
        {a->problem, b->problem},
        {t->model_id, u->model_id},
        {t->base_url, u->base_url},
        {t->api, u->api},
        {t->api_version, u->api_version},
        {t->auth_header, u->auth_header},
        {t->provider_options_json, u->provider_options_json},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(pairs); i++) {
        const char *x = pairs[i][0], *y = pairs[i][1];
        if (x != y && strcmp(x ? x : "", y ? y : "") != 0)
            return false;
    }
    return true;
}

static bool same_prices(const struct sl_prices *a, const struct sl_prices *b)
{
    return a->known == b->known &&
           (!a->known || (a->input == b->input && a->cache_read == b->cache_read &&
                          a->cache_write == b->cache_write && a->output == b->output &&
                          a->reasoning == b->reasoning));
}

static bool same_capabilities(const struct sl_model *a, const struct sl_model *b)
{
    return a->cap_streaming == b->cap_streaming && a->cap_tools == b->cap_tools &&
           a->cap_vision == b->cap_vision && a->cap_json_schema == b->cap_json_schema &&
           a->cap_reasoning == b->cap_reasoning && a->cap_embeddings == b->cap_embeddings &&
           a->cap_images == b->cap_images;
}

static bool same_target(const struct sl_target *a, const struct sl_target *b)
{
    return a->auth == b->auth && a->has_temperature == b->has_temperature &&
           a->temperature == b->temperature && a->has_top_p == b->has_top_p &&
           a->top_p == b->top_p && a->has_max_output_tokens == b->has_max_output_tokens &&
           a->max_output_tokens == b->max_output_tokens &&
           a->legacy_max_tokens == b->legacy_max_tokens &&
           a->no_stream_options == b->no_stream_options &&
           a->no_developer_role == b->no_developer_role;
}

static bool same_numbers(const struct sl_model *a, const struct sl_model *b)
{
    return a->revision == b->revision && a->adapter == b->adapter &&
           a->context_tokens == b->context_tokens && a->max_output_tokens == b->max_output_tokens &&
           a->enabled == b->enabled && a->speed == b->speed &&
           a->deprecated_day == b->deprecated_day && a->retires_day == b->retires_day &&
           a->created_ms == b->created_ms && a->updated_ms == b->updated_ms &&
           a->deleted_ms == b->deleted_ms;
}

bool sl_model_is_same(const struct sl_model *a, const struct sl_model *b)
{
    return same_numbers(a, b) && same_prices(&a->prices, &b->prices) && same_capabilities(a, b) &&
           same_target(&a->target, &b->target) && same_texts(a, b) && same_labels(a, b) &&
           same_list(a->aliases, b->aliases) && same_list(a->tiers, b->tiers) &&
           same_list(a->fallbacks, b->fallbacks) && same_list(a->tasks, b->tasks);
}
