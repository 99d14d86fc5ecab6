/* litellm_params and model_info (docs.litellm.ai, "All settings"): one table a kind of value. */
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "registry/import/litellm.h"

typedef Sluice__V1__Model model_t;
typedef Sluice__V1__ModelCapabilities capabilities_t;
typedef Sluice__V1__ModelPrices prices_t;

/* An entry under way. */
struct fields {
    struct sl_import_reader *r;
    struct sl_at params, info;
    model_t *m;
};

/* In litellm_params, else in model_info. */
static struct sl_at find(const struct fields *f, const char *key)
{
    struct sl_at at = sl_at_get(f->r, f->params, key);
    return *sl_at_peek(at) ? at : sl_at_get(f->r, f->info, key);
}

/* ---- texts ---- */

static void read_texts(const struct fields *f)
{
    static const struct {
        const char *key;
        size_t offset;
    } texts[] = {
        {"api_version", offsetof(model_t, api_version)},
        {"aws_region_name", offsetof(model_t, region)},
        {"region_name", offsetof(model_t, region)},
        {"vertex_location", offsetof(model_t, region)},
        {"base_model", offsetof(model_t, base_model)},
        {"description", offsetof(model_t, description)},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        struct sl_at at = find(f, texts[i].key);
        char **field = (char **)(void *)((char *)f->m + texts[i].offset);
        const char *text = *sl_at_peek(at) && !**field ? sl_at_resolved(f->r, at) : NULL;
        if (text)
            *field = (char *)(uintptr_t)text;
    }
}

/* ---- numbers ---- */

static bool read_count(const struct fields *f, struct sl_at at, int32_t *out)
{
    double v;
    if (!sl_at_number(f->r, at, &v))
        return false;
    if (v < 1 || v > INT32_MAX || v != (double)(int32_t)v) {
        sl_at_note(f->r, SL_IMPORT_ERROR, at, "is no number of tokens");
        return false;
    }
    *out = (int32_t)v;
    return true;
}

static void read_sampling(const struct fields *f)
{
    struct sl_at temperature = sl_at_get(f->r, f->params, "temperature");
    struct sl_at top_p = sl_at_get(f->r, f->params, "top_p");
    double v;
    if (sl_at_number(f->r, temperature, &v) && v >= 0 && v <= 2) {
        f->m->default_temperature = v;
        f->m->_default_temperature_case =
            SLUICE__V1__MODEL___DEFAULT_TEMPERATURE_DEFAULT_TEMPERATURE;
    } else if (*sl_at_peek(temperature)) {
        sl_at_note(f->r, SL_IMPORT_ERROR, temperature, "is not between 0 and 2");
    }
    if (sl_at_number(f->r, top_p, &v) && v >= 0 && v <= 1) {
        f->m->default_top_p = v;
        f->m->_default_top_p_case = SLUICE__V1__MODEL___DEFAULT_TOP_P_DEFAULT_TOP_P;
    } else if (*sl_at_peek(top_p)) {
        sl_at_note(f->r, SL_IMPORT_ERROR, top_p, "is not between 0 and 1");
    }
}

static void read_limits(const struct fields *f)
{
    struct sl_import_reader *r = f->r;
    struct sl_at ask = sl_at_get(r, f->params, "max_tokens");
    model_t *m = f->m;
    int32_t v;
    if (!*sl_at_peek(ask))
        ask = sl_at_get(r, f->params, "max_completion_tokens");
    if (read_count(f, ask, &v)) {
        m->default_max_output_tokens = v;
        m->_default_max_output_tokens_case =
            SLUICE__V1__MODEL___DEFAULT_MAX_OUTPUT_TOKENS_DEFAULT_MAX_OUTPUT_TOKENS;
    }
    struct sl_at output = sl_at_get(r, f->info, "max_output_tokens");
    struct sl_at older = sl_at_get(r, f->info, "max_tokens");
    if (read_count(f, *sl_at_peek(output) ? output : older, &v))
        m->max_output_tokens = v;
    if (*sl_at_peek(output) && *sl_at_peek(older))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, older, "max_output_tokens says the same more clearly");
    if (read_count(f, find(f, "max_input_tokens"), &v))
        m->context_tokens = v;
}

/* ---- prices ---- */

enum { INPUT, OUTPUT, CACHE_READ, CACHE_WRITE, REASONING, BUCKETS };

/* Dollars a token, as micro-dollars a million of them. */
static bool read_price(const struct fields *f, const char *key, int64_t *out)
{
    struct sl_at at = find(f, key);
    double v;
    if (!sl_at_number(f->r, at, &v))
        return false;
    if (v < 0 || v > 1000) {
        sl_at_note(f->r, SL_IMPORT_ERROR, at, "is no price of a token in dollars");
        return false;
    }
    *out = (int64_t)(v * 1e12 + 0.5);
    return true;
}

static void read_prices(const struct fields *f)
{
    static const char *const keys[BUCKETS] = {
        [INPUT] = "input_cost_per_token",
        [OUTPUT] = "output_cost_per_token",
        [CACHE_READ] = "cache_read_input_token_cost",
        [CACHE_WRITE] = "cache_creation_input_token_cost",
        [REASONING] = "output_cost_per_reasoning_token",
    };
    bool embedding = !strcmp(sl_at_peek(sl_at_get(f->r, f->info, "mode")), "embedding");
    bool input = *sl_at_peek(find(f, keys[INPUT])), output = *sl_at_peek(find(f, keys[OUTPUT]));
    int64_t v[BUCKETS] = {0};
    bool has[BUCKETS];
    if (!input || (!output && !embedding)) {
        for (size_t i = 0; i < BUCKETS; i++) {
            if (*sl_at_peek(find(f, keys[i])))
                sl_at_note(f->r, SL_IMPORT_NOT_CARRIED, find(f, keys[i]),
                           "prices are kept where both input and output have one");
        }
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++)
        has[i] = read_price(f, keys[i], &v[i]);
    if (!has[INPUT] || (!has[OUTPUT] && !embedding))
        return;
    prices_t *p = SL_ARENA_NEW(&f->r->plan->arena, prices_t);
    sluice__v1__model_prices__init(p);
    p->input_price_micros_per_mtok = v[INPUT];
    p->output_price_micros_per_mtok = v[OUTPUT];
    p->cache_read_price_micros_per_mtok = v[CACHE_READ];
    p->_cache_read_price_micros_per_mtok_case = has[CACHE_READ] ? 2 : 0; /* the field's number */
    p->cache_write_price_micros_per_mtok = v[CACHE_WRITE];
    p->_cache_write_price_micros_per_mtok_case = has[CACHE_WRITE] ? 3 : 0;
    p->reasoning_price_micros_per_mtok = v[REASONING];
    p->_reasoning_price_micros_per_mtok_case = has[REASONING] ? 5 : 0;
    f->m->prices = p;
}

/* ---- capabilities ---- */

static capabilities_t *capabilities_of(const struct fields *f)
{
    if (!f->m->capabilities) {
        f->m->capabilities = SL_ARENA_NEW(&f->r->plan->arena, capabilities_t);
        sluice__v1__model_capabilities__init(f->m->capabilities);
    }
    return f->m->capabilities;
}

static void set_capability(const struct fields *f, const char *name, bool value)
{
    capabilities_t *c = capabilities_of(f);
    const ProtobufCFieldDescriptor *d =
        protobuf_c_message_descriptor_get_field_by_name(c->base.descriptor, name);
    *(protobuf_c_boolean *)(void *)((char *)c + d->offset) = value;
    *(uint32_t *)(void *)((char *)c + d->quantifier_offset) = d->id; /* its case */
}

static void read_capabilities(const struct fields *f)
{
    static const struct {
        const char *key, *capability;
    } known[] = {
        {"supports_function_calling", "tools"},      {"supports_vision", "vision"},
        {"supports_response_schema", "json_schema"}, {"supports_reasoning", "reasoning"},
        {"supports_native_streaming", "streaming"},
    };
    bool v;
    for (size_t i = 0; i < SL_ARRAY_LEN(known); i++) {
        if (sl_at_bool(f->r, sl_at_get(f->r, f->info, known[i].key), &v))
            set_capability(f, known[i].capability, v);
    }
}

static void read_mode(const struct fields *f)
{
    struct sl_at at = sl_at_get(f->r, f->info, "mode");
    const char *mode = sl_at_peek(at);
    if (!*mode)
        return;
    if (!strcmp(mode, "embedding"))
        set_capability(f, "embeddings", true);
    else if (!strcmp(mode, "image_generation") || !strcmp(mode, "image_edit"))
        set_capability(f, "images", true);
    else if (!strcmp(mode, "responses"))
        f->m->api = (char *)(uintptr_t) "responses";
    else if (strcmp(mode, "chat") != 0 && strcmp(mode, "completion") != 0 &&
             strcmp(mode, "rerank") != 0 && strcmp(mode, "moderation") != 0) {
        sl_at_note(f->r, SL_IMPORT_NOT_CARRIED, at, "is no mode that is known here");
        return;
    }
    sl_at_carry(f->r, at);
}

/* ---- labels, headers, the rest ---- */

static void read_labels(const struct fields *f)
{
    struct sl_import_reader *r = f->r;
    struct sl_at id = sl_at_get(r, f->info, "id"), tags = sl_at_get(r, f->info, "tags");
    char all[128] = "";
    size_t i = 0, used = 0;
    if (*sl_at_peek(id) && !sl_import_add_label(r->plan, f->m, "litellm-id", sl_at_text(r, id)))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, id, "is longer than the 128 bytes of a label");
    if (!tags.node)
        tags = sl_at_get(r, f->params, "tags");
    for (const struct sl_yaml_item *t = sl_at_first(tags); t; t = t->next) {
        struct sl_at tag = sl_at_item(r, tags, t, i++);
        size_t n = strlen(sl_at_peek(tag));
        if (!n || used + n + 2 > sizeof(all))
            continue; /* noted as what is left */
        used += (size_t)(used != 0);
        if (used)
            all[used - 1] = ',';
        memcpy(all + used, sl_at_peek(tag), n);
        used += n;
        all[used] = 0;
        sl_at_carry(r, tag);
    }
    if (used && !sl_import_add_label(r->plan, f->m, "tags", all))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, tags, "the model has too many labels");
}

static void read_header_map(const struct fields *f, struct sl_at headers)
{
    size_t i = 0;
    for (const struct sl_yaml_item *h = sl_at_first(headers); h && h->key; h = h->next) {
        struct sl_at at = sl_at_item(f->r, headers, h, i++);
        const char *value = sl_at_resolved(f->r, at);
        if (value && !sl_import_add_header(f->r->plan, f->m, h->key->text, value))
            sl_at_note(f->r, SL_IMPORT_NOT_CARRIED, at, "more than 32 headers for one model");
    }
}

static void read_headers(const struct fields *f)
{
    struct sl_import_reader *r = f->r;
    struct sl_at organization = sl_at_get(r, f->params, "organization");
    read_header_map(f, sl_at_get(r, f->params, "extra_headers"));
    read_header_map(f, sl_at_get(r, f->params, "headers"));
    if (sl_at_is(organization, SL_YAML_TEXT) && *sl_at_peek(organization)) {
        const char *value = sl_at_resolved(r, organization);
        if (value && !sl_import_add_header(r->plan, f->m, "OpenAI-Organization", value))
            sl_at_note(r, SL_IMPORT_NOT_CARRIED, organization,
                       "more than 32 headers for one model");
    }
}

static void read_body(const struct fields *f)
{
    struct sl_at body = sl_at_get(f->r, f->params, "extra_body");
    const char *json =
        sl_at_is(body, SL_YAML_MAP) ? sl_yaml_to_json(body.node, &f->r->plan->arena) : NULL;
    if (!json)
        return;
    f->m->provider_options_json = (char *)(uintptr_t)json;
    sl_at_carry(f->r, body);
}

/* The project is the provider's here: one for all models. */
static void read_project(const struct fields *f)
{
    struct sl_import_reader *r = f->r;
    struct sl_at at = sl_at_get(r, f->params, "vertex_project");
    const char *project = *sl_at_peek(at) ? sl_at_resolved(r, at) : NULL;
    if (!project)
        return;
    struct sl_import_provider *p =
        sl_import_take_provider(r->plan, f->m->provider, sl_at_place(r, at));
    if (!*p->project)
        p->project = project;
    else if (strcmp(p->project, project) != 0)
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, at,
                   "another entry says another project, and a provider has one: make a provider of "
                   "its own for it");
}

void sl_litellm_fields(struct sl_litellm *l, struct sl_at entry, struct sl_import_model *m)
{
    const struct fields f = {
        .r = l->r,
        .params = sl_at_get(l->r, entry, "litellm_params"),
        .info = sl_at_get(l->r, entry, "model_info"),
        .m = &m->m,
    };
    read_texts(&f);
    read_sampling(&f);
    read_limits(&f);
    read_prices(&f);
    read_capabilities(&f);
    read_mode(&f);
    read_labels(&f);
    read_headers(&f);
    read_body(&f);
    read_project(&f);
}
