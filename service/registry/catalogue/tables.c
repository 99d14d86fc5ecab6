/* The fields of a row: their names in files of people, and in catalogue.jsonl. */
#include "registry/catalogue/internal.h"

#include "base/compiler.h"

#define TABLE(fields, type, preset)                                                                \
    {                                                                                              \
        fields, SL_ARRAY_LEN(fields), sizeof(type), preset                                         \
    }

/* ---- prices ---- */

#define PRICE(key, short_key, field)                                                               \
    {                                                                                              \
        .name = key, .brief = short_key, .type = SL_FACT_DOLLARS, .offset = PRICE_AT(field)        \
    }
#define PRICES                                                                                     \
    PRICE("input", "i", input), PRICE("cache_read", "r", cache_read),                              \
        PRICE("cache_write", "w", cache_write), PRICE("output", "o", output),                      \
        PRICE("reasoning", "g", reasoning), PRICE("input_audio", "ia", input_audio),               \
        PRICE("output_audio", "oa", output_audio)

#define PRICE_AT(field) offsetof(struct sl_catalogue_prices, field)
static const struct sl_fact_field prices[] = {PRICES};
#undef PRICE_AT
static const struct sl_fact_table prices_table = TABLE(prices, struct sl_catalogue_prices, NULL);

#define PRICE_AT(field)                                                                            \
    offsetof(struct sl_catalogue_tier, prices) + offsetof(struct sl_catalogue_prices, field)
static const struct sl_fact_field tier[] = {
    {.name = "from_tokens",
     .brief = "n",
     .type = SL_FACT_COUNT,
     .offset = offsetof(struct sl_catalogue_tier, from_tokens)},
    PRICES,
};
#undef PRICE_AT
static const struct sl_catalogue_tier no_tier = {0, {-1, -1, -1, -1, -1, -1, -1}};
static const struct sl_fact_table tier_table = TABLE(tier, struct sl_catalogue_tier, &no_tier);

/* ---- notes ---- */

#define AT(field) .offset = offsetof(struct sl_catalogue_task, field)
static const struct sl_fact_field task[] = {
    {.name = "task", .type = SL_FACT_ID, AT(task)},
    {.name = "params", .type = SL_FACT_JSON, AT(params_json)},
    {.name = "source", .type = SL_FACT_TEXT, AT(source)},
};
#undef AT
static const struct sl_fact_table task_table = TABLE(task, struct sl_catalogue_task, NULL);

#define AT(field) .offset = offsetof(struct sl_catalogue_score, field)
static const struct sl_fact_field score[] = {
    {.name = "benchmark", .type = SL_FACT_TEXT, AT(benchmark)},
    {.name = "value", .type = SL_FACT_NUMBER, AT(value)},
    {.name = "source", .type = SL_FACT_TEXT, AT(source)},
};
#undef AT
static const struct sl_fact_table score_table = TABLE(score, struct sl_catalogue_score, NULL);

/* ---- providers ---- */

static const char *const sites[] = {"only", "international", "china", NULL};

#define AT(field) .offset = offsetof(struct sl_raw_provider, field)
static const struct sl_fact_field provider[] = {
    {.name = "id", .brief = "i", .type = SL_FACT_ID, AT(p.id)},
    {.name = "name", .brief = "n", .type = SL_FACT_TEXT, AT(p.name)},
    {.name = "kind", .type = SL_FACT_TEXT, AT(p.kind)},
    {.name = "kind_default", .type = SL_FACT_BOOL, AT(p.kind_default)},
    {.name = "base_url", .brief = "u", .type = SL_FACT_TEXT, AT(p.base_url)},
    {.name = "base_url_template", .brief = "ut", .type = SL_FACT_TEXT, AT(p.base_url_template)},
    {.name = "base_url_variable", .type = SL_FACT_TEXT, AT(p.base_url_variable)},
    {.name = "key_variables", .brief = "kv", .type = SL_FACT_TEXTS, AT(p.key_variables)},
    {.name = "settings", .brief = "sv", .type = SL_FACT_TEXTS, AT(p.settings)},
    {.name = "aliases", .type = SL_FACT_TEXTS, AT(p.aliases)},
    {.name = "doc", .brief = "d", .type = SL_FACT_TEXT, AT(p.doc)},
    {.name = "key_page", .type = SL_FACT_TEXT, AT(p.key_page)},
    {.name = "site", .type = SL_FACT_WORD, AT(p.site), .words = sites},
    {.name = "other_site", .type = SL_FACT_TEXT, AT(other_site)},
};
#undef AT
const struct sl_fact_table sl_catalogue_provider_row =
    TABLE(provider, struct sl_raw_provider, NULL);

/* ---- models ---- */

static const char *const statuses[] = {"active", "alpha", "beta", "deprecated", "retired", NULL};

static const struct sl_raw_model no_model = {
    .m =
        {
            .prices = {-1, -1, -1, -1, -1, -1, -1},
            .chat = -1,
            .streaming = -1,
            .tools = -1,
            .vision = -1,
            .json_schema = -1,
            .reasoning = -1,
            .embeddings = -1,
            .images = -1,
            .rerank = -1,
            .temperature = -1,
            .attachments = -1,
            .open_weights = -1,
        },
};

#define AT(field) .offset = offsetof(struct sl_raw_model, field)
#define COUNT(field) .count_offset = offsetof(struct sl_raw_model, field)
static const struct sl_fact_field model[] = {
    {.name = "provider", .type = SL_FACT_TEXT, AT(provider)},
    {.name = "id", .brief = "i", .type = SL_FACT_ID, AT(m.id)},
    {.name = "name", .brief = "n", .type = SL_FACT_TEXT, AT(m.name)},
    {.name = "family", .brief = "f", .type = SL_FACT_TEXT, AT(m.family)},
    {.name = "aliases", .type = SL_FACT_TEXTS, AT(m.aliases)},
    {.name = "api", .type = SL_FACT_TEXT, AT(m.api)},
    {.name = "status", .brief = "s", .type = SL_FACT_WORD, AT(m.status), .words = statuses},
    {.name = "released", .brief = "r", .type = SL_FACT_DATE, AT(m.released)},
    {.name = "announced", .type = SL_FACT_DATE, AT(m.announced)},
    {.name = "retires", .type = SL_FACT_DATE, AT(m.retires)},
    {.name = "successor", .type = SL_FACT_TEXT, AT(m.successor)},
    {.name = "served_as", .type = SL_FACT_TEXT, AT(m.served_as)},
    {.name = "lifecycle_source", .type = SL_FACT_TEXT, AT(m.lifecycle_source)},
    {.name = "context_tokens", .brief = "c", .type = SL_FACT_COUNT, AT(m.context_tokens)},
    {.name = "max_input_tokens", .brief = "mi", .type = SL_FACT_COUNT, AT(m.max_input_tokens)},
    {.name = "max_output_tokens", .brief = "mo", .type = SL_FACT_COUNT, AT(m.max_output_tokens)},
    {.name = "embedding_dimensions",
     .brief = "d",
     .type = SL_FACT_COUNT,
     AT(m.embedding_dimensions)},
    {.name = "prices", .brief = "p", .type = SL_FACT_ROW, AT(m.prices), .table = &prices_table},
    {.name = "price_tiers",
     .brief = "pt",
     .type = SL_FACT_ROWS,
     AT(m.tiers),
     COUNT(m.n_tiers),
     .table = &tier_table},
    {.name = "chat", .type = SL_FACT_FLAG, AT(m.chat)},
    {.name = "streaming", .type = SL_FACT_FLAG, AT(m.streaming)},
    {.name = "tools", .brief = "t", .type = SL_FACT_FLAG, AT(m.tools)},
    {.name = "vision", .type = SL_FACT_FLAG, AT(m.vision)},
    {.name = "json_schema", .brief = "j", .type = SL_FACT_FLAG, AT(m.json_schema)},
    {.name = "reasoning", .brief = "g", .type = SL_FACT_FLAG, AT(m.reasoning)},
    {.name = "embeddings", .brief = "e", .type = SL_FACT_FLAG, AT(m.embeddings)},
    {.name = "images", .type = SL_FACT_FLAG, AT(m.images)},
    {.name = "rerank", .brief = "rr", .type = SL_FACT_FLAG, AT(m.rerank)},
    {.name = "temperature", .brief = "tp", .type = SL_FACT_FLAG, AT(m.temperature)},
    {.name = "attachments", .brief = "a", .type = SL_FACT_FLAG, AT(m.attachments)},
    {.name = "open_weights", .brief = "w", .type = SL_FACT_FLAG, AT(m.open_weights)},
    {.name = "input", .brief = "in", .type = SL_FACT_MEDIA, AT(m.input)},
    {.name = "output", .brief = "out", .type = SL_FACT_MEDIA, AT(m.output)},
    {.name = "reasoning_toggle", .brief = "rt", .type = SL_FACT_BOOL, AT(m.reasoning_toggle)},
    {.name = "reasoning_levels", .brief = "rl", .type = SL_FACT_TEXTS, AT(m.reasoning_levels)},
    {.name = "reasoning_budget_min",
     .brief = "rn",
     .type = SL_FACT_COUNT,
     AT(m.reasoning_budget_min)},
    {.name = "reasoning_budget_max",
     .brief = "rx",
     .type = SL_FACT_COUNT,
     AT(m.reasoning_budget_max)},
    {.name = "reasoning_field", .brief = "rf", .type = SL_FACT_TEXT, AT(m.reasoning_field)},
    {.name = "knowledge", .brief = "k", .type = SL_FACT_DATE, AT(m.knowledge)},
    {.name = "speed_tokens_per_second", .type = SL_FACT_NUMBER, AT(m.speed_tokens_per_second)},
    {.name = "speed_source", .type = SL_FACT_TEXT, AT(m.speed_source)},
    {.name = "tasks", .type = SL_FACT_ROWS, AT(m.tasks), COUNT(m.n_tasks), .table = &task_table},
    {.name = "strengths", .type = SL_FACT_TEXTS, AT(m.strengths)},
    {.name = "scores",
     .type = SL_FACT_ROWS,
     AT(m.scores),
     COUNT(m.n_scores),
     .table = &score_table},
    {.name = "source", .type = SL_FACT_TEXT, AT(m.source)},
};
#undef AT
#undef COUNT
const struct sl_fact_table sl_catalogue_model_row = TABLE(model, struct sl_raw_model, &no_model);

/* ---- line-ups and patterns ---- */

#define AT(field) .offset = offsetof(struct sl_raw_entry, field)
static const struct sl_fact_field entry[] = {
    {.name = "role", .type = SL_FACT_TEXT, AT(role)},
    {.name = "purpose", .type = SL_FACT_TEXT, AT(purpose)},
    {.name = "model", .type = SL_FACT_ID, AT(model)},
    {.name = "fallback", .type = SL_FACT_TEXT, AT(fallback)},
    {.name = "speed_tokens_per_second", .type = SL_FACT_NUMBER, AT(speed_tokens_per_second)},
};
#undef AT
static const struct sl_fact_table entry_table = TABLE(entry, struct sl_raw_entry, NULL);

#define AT(field) .offset = offsetof(struct sl_raw_lineup, field)
static const struct sl_fact_field lineup[] = {
    {.name = "id", .type = SL_FACT_ID, AT(id)},
    {.name = "title", .type = SL_FACT_TEXT, AT(title)},
    {.name = "about", .type = SL_FACT_TEXT, AT(about)},
    {.name = "default", .type = SL_FACT_BOOL, AT(is_default)},
    {.name = "entries",
     .type = SL_FACT_ROWS,
     AT(entries),
     .count_offset = offsetof(struct sl_raw_lineup, n_entries),
     .table = &entry_table},
};
#undef AT
const struct sl_fact_table sl_catalogue_lineup_row = TABLE(lineup, struct sl_raw_lineup, NULL);

#define AT(field) .offset = offsetof(struct sl_raw_pattern, field)
static const struct sl_fact_field pattern[] = {
    {.name = "pattern", .type = SL_FACT_ID, AT(pattern)},
    {.name = "provider", .type = SL_FACT_ID, AT(provider)},
};
#undef AT
const struct sl_fact_table sl_catalogue_pattern_row = TABLE(pattern, struct sl_raw_pattern, NULL);
