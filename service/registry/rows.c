/* Columns that are empty, which most are, cost a look at one byte. */
#include "registry/rows.h"

#include "registry/cloud_stored.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

enum { DAY_MS = 24 * 3600 * 1000 };

/* One column at a time: its text is copied, since parsing changes it. */
struct column {
    struct sl_json_parser parser;
    struct sl_json json;
    struct sl_arena *arena;
    const char **unreadable;
};

static bool open_column(struct column *c, const struct sl_row *row, unsigned column)
{
    struct sl_str text = sl_row_bytes(row, column);
    struct sl_err err = {0};
    if (!text.n)
        return false;
    if (sl_json_parse(&c->parser, sl_arena_strndup(c->arena, text.p, text.n), text.n, &c->json,
                      &err) == SL_OK)
        return true;
    *c->unreadable = sl_table_info(row->table)->columns[column].name;
    return false;
}

static struct sl_config_strings read_strings(struct column *c, const struct sl_row *row,
                                             unsigned column)
{
    struct sl_config_strings out = {NULL, 0};
    if (!open_column(c, row, column))
        return out;
    size_t n = (size_t)sl_json_size(&c->json, SL_JSON_ROOT);
    out.list = sl_arena_zalloc(c->arena, (n + 1) * sizeof(*out.list));
    for (int i = sl_json_first(&c->json, SL_JSON_ROOT); i >= 0;
         i = sl_json_next(&c->json, SL_JSON_ROOT, i)) {
        const char *s = sl_json_string(&c->json, i, NULL, NULL);
        if (s)
            out.list[out.count++] = sl_arena_strdup(c->arena, s);
    }
    return out;
}

static struct sl_config_pairs read_pairs(struct column *c, const struct sl_row *row,
                                         unsigned column)
{
    struct sl_config_pairs out = {NULL, 0};
    if (!open_column(c, row, column))
        return out;
    size_t n = (size_t)sl_json_size(&c->json, SL_JSON_ROOT);
    out.list = sl_arena_zalloc(c->arena, (n + 1) * sizeof(*out.list));
    for (int i = sl_json_first(&c->json, SL_JSON_ROOT); i >= 0;
         i = sl_json_next(&c->json, SL_JSON_ROOT, i)) {
        const char *value = sl_json_string(&c->json, i + 1, NULL, NULL);
        const char *key = sl_json_string(&c->json, i, NULL, NULL);
        if (key && value)
            out.list[out.count++] = (struct sl_config_pair){sl_arena_strdup(c->arena, key),
                                                            sl_arena_strdup(c->arena, value)};
    }
    return out;
}

static int8_t member_bool(const struct column *c, int object, const char *name)
{
    bool value;
    return sl_json_bool(&c->json, sl_json_member(&c->json, object, name), &value) ? value : -1;
}

static int64_t member_int(const struct column *c, int object, const char *name)
{
    int64_t value;
    return sl_json_int(&c->json, sl_json_member(&c->json, object, name), &value) ? value : -1;
}

static void read_capabilities(struct column *c, const struct sl_row *row, struct sl_config_model *m)
{
    if (!open_column(c, row, SL_MODELS_CAPABILITIES))
        return;
    m->streaming = member_bool(c, SL_JSON_ROOT, "streaming");
    m->tools = member_bool(c, SL_JSON_ROOT, "tools");
    m->vision = member_bool(c, SL_JSON_ROOT, "vision");
    m->json_schema = member_bool(c, SL_JSON_ROOT, "json_schema");
    m->reasoning = member_bool(c, SL_JSON_ROOT, "reasoning");
    m->embeddings = member_bool(c, SL_JSON_ROOT, "embeddings");
    m->images = member_bool(c, SL_JSON_ROOT, "images");
}

static void read_prices(struct column *c, const struct sl_row *row, struct sl_config_prices *p)
{
    if (!open_column(c, row, SL_MODELS_PRICES))
        return;
    p->input = member_int(c, SL_JSON_ROOT, "input");
    p->cache_read = member_int(c, SL_JSON_ROOT, "cache_read");
    p->cache_write = member_int(c, SL_JSON_ROOT, "cache_write");
    p->output = member_int(c, SL_JSON_ROOT, "output");
    p->reasoning = member_int(c, SL_JSON_ROOT, "reasoning");
}

static void read_timeouts(struct column *c, struct sl_config_timeouts *t)
{
    int object = sl_json_member(&c->json, SL_JSON_ROOT, "timeouts");
    t->connect = member_int(c, object, "connect_ms");
    t->first_byte = member_int(c, object, "first_byte_ms");
    t->first_token = member_int(c, object, "first_token_ms");
    t->idle = member_int(c, object, "idle_ms");
    t->total = member_int(c, object, "total_ms");
}

static void read_options(struct column *c, const struct sl_row *row, struct sl_config_model *m)
{
    if (!open_column(c, row, SL_MODELS_OPTIONS))
        return;
    int quirks = sl_json_member(&c->json, SL_JSON_ROOT, "quirks");
    m->legacy_max_tokens = member_bool(c, quirks, "legacy_max_tokens") == 1;
    m->no_stream_options = member_bool(c, quirks, "no_stream_options") == 1;
    m->no_developer_role = member_bool(c, quirks, "no_developer_role") == 1;
    read_timeouts(c, &m->timeouts);
    const char *options = sl_json_string(
        &c->json, sl_json_member(&c->json, SL_JSON_ROOT, "provider_options"), NULL, NULL);
    if (options)
        m->provider_options_json = sl_arena_strdup(c->arena, options);
}

static const char *day_text(struct sl_arena *arena, int64_t ms)
{
    char text[11];
    sl_catalogue_date_text((int32_t)(ms / DAY_MS), text);
    return sl_arena_strdup(arena, text);
}

static void read_numbers(const struct sl_row *row, struct sl_config_model *m)
{
    m->context_tokens = sl_row_int(row, SL_MODELS_CONTEXT_TOKENS);
    m->max_output_tokens = sl_row_int(row, SL_MODELS_MAX_OUTPUT_TOKENS);
    m->default_max_output_tokens = sl_row_int(row, SL_MODELS_DEFAULT_MAX_OUTPUT_TOKENS);
    m->has_temperature = !sl_row_is_null(row, SL_MODELS_TEMPERATURE);
    m->temperature = sl_row_real(row, SL_MODELS_TEMPERATURE);
    m->has_top_p = !sl_row_is_null(row, SL_MODELS_TOP_P);
    m->top_p = sl_row_real(row, SL_MODELS_TOP_P);
    m->speed = sl_row_real(row, SL_MODELS_SPEED);
    m->has_speed = m->speed > 0;
    m->enabled = sl_row_bool(row, SL_MODELS_ENABLED);
}

static void read_texts(const struct sl_row *row, struct sl_config_model *m)
{
    m->name = sl_row_text(row, SL_COL_NAME);
    m->provider = sl_row_text(row, SL_MODELS_PROVIDER);
    m->model_id = sl_row_text(row, SL_MODELS_MODEL_ID);
    m->api = sl_row_text(row, SL_MODELS_API);
    m->api_version = sl_row_text(row, SL_MODELS_API_VERSION);
    m->description = sl_row_text(row, SL_MODELS_DESCRIPTION);
    m->base_url = sl_row_text(row, SL_MODELS_BASE_URL);
    m->region = sl_row_text(row, SL_MODELS_REGION);
    m->base_model = sl_row_text(row, SL_MODELS_BASE_MODEL);
    m->successor = sl_row_text(row, SL_MODELS_SUCCESSOR);
    m->place = m->name;
}

void sl_row_model(const struct sl_row *row, struct sl_arena *arena, struct sl_config_model *said,
                  struct sl_model_draft *draft, const char **unreadable)
{
    struct column c = {.arena = arena, .unreadable = unreadable};
    *unreadable = NULL;
    sl_json_parser_init(&c.parser);
    sl_said_model_init(said);
    read_texts(row, said);
    read_numbers(row, said);
    read_capabilities(&c, row, said);
    read_prices(&c, row, &said->prices);
    read_options(&c, row, said);
    said->labels = read_pairs(&c, row, SL_MODELS_LABELS);
    said->aliases = read_strings(&c, row, SL_MODELS_ALIASES);
    said->tiers = read_strings(&c, row, SL_MODELS_TIERS);
    said->tasks = read_strings(&c, row, SL_MODELS_TASKS);
    said->fallback_models = read_strings(&c, row, SL_MODELS_FALLBACKS);
    said->deprecation_date = day_text(arena, sl_row_int(row, SL_MODELS_DEPRECATED_AT_MS));
    said->retirement_date = day_text(arena, sl_row_int(row, SL_MODELS_RETIRES_AT_MS));
    sl_json_parser_fini(&c.parser);
    *draft = (struct sl_model_draft){
        .said = said,
        .source = sl_row_text(row, SL_MODELS_SOURCE),
        .id = sl_row_text(row, SL_COL_ID),
        .owner = sl_row_text(row, SL_COL_OWNER),
        .credential = sl_row_text(row, SL_MODELS_CREDENTIAL),
        .auth = sl_row_text(row, SL_MODELS_AUTH),
        .auth_header = sl_row_text(row, SL_MODELS_AUTH_HEADER),
        .headers = sl_row_bytes(row, SL_MODELS_HEADERS_SECRET),
        .revision = sl_row_int(row, SL_COL_REVISION),
        .created_ms = sl_row_int(row, SL_COL_CREATED_MS),
        .updated_ms = sl_row_int(row, SL_COL_UPDATED_MS),
        .last_used_ms = sl_row_int(row, SL_MODELS_LAST_USED_MS),
        .deleted_ms = sl_row_int(row, SL_COL_DELETED_MS),
    };
}

void sl_row_provider(const struct sl_row *row, struct sl_arena *arena,
                     struct sl_config_provider *said, struct sl_provider_draft *draft,
                     const char **unreadable)
{
    struct column c = {.arena = arena, .unreadable = unreadable};
    *unreadable = NULL;
    sl_json_parser_init(&c.parser);
    sl_said_provider_init(said);
    said->id = said->place = sl_row_text(row, SL_COL_NAME);
    said->kind = sl_row_text(row, SL_PROVIDERS_KIND);
    said->base_url = sl_row_text(row, SL_PROVIDERS_BASE_URL);
    said->key = sl_row_text(row, SL_PROVIDERS_REFERENCE);
    said->auth = sl_row_text(row, SL_PROVIDERS_AUTH);
    said->auth_header = sl_row_text(row, SL_PROVIDERS_AUTH_HEADER);
    said->api_version = sl_row_text(row, SL_PROVIDERS_API_VERSION);
    said->organization = sl_row_text(row, SL_PROVIDERS_ORGANIZATION);
    said->project = sl_row_text(row, SL_PROVIDERS_PROJECT);
    said->region = sl_row_text(row, SL_PROVIDERS_REGION);
    said->model_patterns = read_strings(&c, row, SL_PROVIDERS_PATTERNS);
    if (open_column(&c, row, SL_PROVIDERS_OPTIONS))
        read_timeouts(&c, &said->timeouts);
    sl_json_parser_fini(&c.parser);
    *draft = (struct sl_provider_draft){
        .said = said,
        .id = said->id,
        .adapter = sl_adapter_find(said->kind),
        .source = "api",
        .title = sl_row_text(row, SL_PROVIDERS_DESCRIPTION),
        .row_id = sl_row_text(row, SL_COL_ID),
        .owner = sl_row_text(row, SL_COL_OWNER),
        .headers = sl_row_bytes(row, SL_PROVIDERS_HEADERS_SECRET),
        .revision = sl_row_int(row, SL_COL_REVISION),
        .created_ms = sl_row_int(row, SL_COL_CREATED_MS),
        .updated_ms = sl_row_int(row, SL_COL_UPDATED_MS),
        .disabled = !sl_row_bool(row, SL_PROVIDERS_ENABLED),
    };
}

/* ---- small rows, in one block each ---- */

static const char *put(char **at, const char *s)
{
    size_t n = strlen(s) + 1;
    char *to = memcpy(*at, s, n);
    *at += n;
    return to;
}

static void free_credential(struct sl_counted *counted)
{
    struct sl_stored_credential *c = SL_CONTAINER_OF(counted, struct sl_stored_credential, counted);
    sl_cloud_sources_unref(c->sources);
    sl_free(c);
}

struct sl_stored_credential *sl_row_credential(const struct sl_row *row)
{
    static const unsigned columns[] = {SL_COL_ID,
                                       SL_CREDENTIALS_PROVIDER,
                                       SL_COL_OWNER,
                                       SL_CREDENTIALS_BINDING,
                                       SL_CREDENTIALS_REFERENCE,
                                       SL_CREDENTIALS_LAST4};
    struct sl_str secret = sl_row_bytes(row, SL_CREDENTIALS_SECRET);
    size_t n = sizeof(struct sl_stored_credential) + secret.n;
    for (size_t i = 0; i < SL_ARRAY_LEN(columns); i++)
        n += strlen(sl_row_text(row, columns[i])) + 1;
    struct sl_stored_credential *c = sl_malloc(n);
    char *at = (char *)(c + 1);
    *c = (struct sl_stored_credential){.n = secret.n, .envelope = at};
    sl_counted_init(&c->counted, free_credential);
    if (secret.n)
        memcpy(at, secret.p, secret.n);
    at += secret.n;
    const char **const texts[] = {&c->id,      &c->provider,  &c->owner,
                                  &c->binding, &c->reference, &c->last4};
    for (size_t i = 0; i < SL_ARRAY_LEN(columns); i++)
        *texts[i] = put(&at, sl_row_text(row, columns[i]));
    c->priority = sl_row_int(row, SL_CREDENTIALS_PRIORITY);
    c->revision = sl_row_int(row, SL_COL_REVISION);
    c->enabled = sl_row_bool(row, SL_CREDENTIALS_ENABLED);
    c->sources = sl_cloud_sources_create();
    return c;
}

static void free_default(struct sl_counted *c)
{
    sl_free(SL_CONTAINER_OF(c, struct sl_stored_default, counted));
}

static struct sl_stored_default *make_default(const struct sl_row *row, const unsigned columns[4])
{
    size_t n = sizeof(struct sl_stored_default);
    for (size_t i = 0; i < 4; i++)
        n += strlen(sl_row_text(row, columns[i])) + 1;
    struct sl_stored_default *d = sl_malloc(n);
    char *at = (char *)(d + 1);
    sl_counted_init(&d->counted, free_default);
    const char **const texts[] = {&d->id, &d->scope, &d->subject, &d->model};
    for (size_t i = 0; i < 4; i++)
        *texts[i] = put(&at, sl_row_text(row, columns[i]));
    return d;
}

struct sl_stored_default *sl_row_default(const struct sl_row *row)
{
    static const unsigned columns[4] = {SL_COL_ID, SL_MODEL_DEFAULTS_SCOPE,
                                        SL_MODEL_DEFAULTS_SUBJECT, SL_MODEL_DEFAULTS_MODEL};
    return make_default(row, columns);
}

struct sl_stored_default *sl_row_pin(const struct sl_row *row)
{
    static const unsigned columns[4] = {SL_COL_ID, SL_COL_OWNER, SL_COL_NAME,
                                        SL_CONVERSATIONS_MODEL};
    return make_default(row, columns);
}
