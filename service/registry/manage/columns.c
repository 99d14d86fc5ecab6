/* Writing JSON columns, with jansson: none of this is on the way of a request. */
#include "registry/manage/columns.h"

#include <jansson.h>

static const char *dump(struct sl_arena *arena, json_t *json)
{
    size_t n = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = sl_arena_zalloc(arena, n + 1);
    json_dumpb(json, text, n, JSON_COMPACT);
    json_decref(json);
    return text;
}

const char *sl_column_strings(struct sl_arena *arena, char *const *list, size_t n)
{
    if (!n)
        return "";
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(list[i]));
    return dump(arena, array);
}

const char *sl_column_pairs(struct sl_arena *arena, Sluice__V1__Model__LabelsEntry *const *list,
                            size_t n)
{
    if (!n)
        return "";
    json_t *object = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, list[i]->key, json_string(list[i]->value));
    return dump(arena, object);
}

const char *sl_column_capabilities(struct sl_arena *arena, const Sluice__V1__ModelCapabilities *c)
{
    json_t *object = json_object();
#define PUT(field, FIELD)                                                                          \
    if (c && c->_##field##_case == SLUICE__V1__MODEL_CAPABILITIES___##FIELD##_##FIELD)             \
        json_object_set_new(object, #field, json_boolean(c->field));
    PUT(streaming, STREAMING)
    PUT(tools, TOOLS)
    PUT(vision, VISION)
    PUT(json_schema, JSON_SCHEMA)
    PUT(reasoning, REASONING)
    PUT(embeddings, EMBEDDINGS)
    PUT(images, IMAGES)
#undef PUT
    if (json_object_size(object))
        return dump(arena, object);
    json_decref(object);
    return "";
}

const char *sl_column_prices(struct sl_arena *arena, const Sluice__V1__ModelPrices *p)
{
    if (!p)
        return "";
    json_t *object = json_object();
    json_object_set_new(object, "input", json_integer(p->input_price_micros_per_mtok));
    json_object_set_new(object, "output", json_integer(p->output_price_micros_per_mtok));
#define PUT(name, NAME)                                                                            \
    if (p->_##name##_price_micros_per_mtok_case)                                                   \
        json_object_set_new(object, #name, json_integer(p->name##_price_micros_per_mtok));
    PUT(cache_read, CACHE_READ)
    PUT(cache_write, CACHE_WRITE)
    PUT(reasoning, REASONING)
#undef PUT
    return dump(arena, object);
}

static void put_quirks(json_t *object, const Sluice__V1__ModelQuirks *q)
{
    json_t *quirks = json_object();
#define PUT(field)                                                                                 \
    if (q->field)                                                                                  \
        json_object_set_new(quirks, #field, json_true());
    PUT(legacy_max_tokens)
    PUT(no_stream_options)
    PUT(no_developer_role)
#undef PUT
    if (json_object_size(quirks))
        json_object_set(object, "quirks", quirks);
    else
        json_object_del(object, "quirks");
    json_decref(quirks);
}

const char *sl_column_options(struct sl_arena *arena, const struct sl_column_options *o)
{
    json_t *object = *o->before ? json_loads(o->before, 0, NULL) : NULL;
    if (!json_is_object(object)) {
        json_decref(object);
        object = json_object();
    }
    if (o->quirks)
        put_quirks(object, o->quirks);
    if (o->provider_options_json && *o->provider_options_json)
        json_object_set_new(object, "provider_options", json_string(o->provider_options_json));
    else if (o->provider_options_json)
        json_object_del(object, "provider_options");
    if (json_object_size(object))
        return dump(arena, object);
    json_decref(object);
    return "";
}
