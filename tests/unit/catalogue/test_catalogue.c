/* The catalogue in the binary: what it has to know, that its rows make sense, and that it and the adapters say the same
 * of a provider. */
#include "registry/catalogue/catalogue.h"

#include <string.h>

#include "adapters/adapters.h"
#include "base/compiler.h"
#include "base/str.h"
#include "config/url.h"
#include "unit/catalogue/kit.h"

enum { DOLLAR = 1000000 };

/* ---- what it has to know ---- */

struct known {
    const char *name; /* as somebody types it */
    const char *provider, *id;
    const char *sent;                /* id on the wire */
    enum sl_catalogue_status status; /* on 2026-07-02, when the listing was taken */
    const char *successor;           /* "" : none */
};

#define A SL_STATUS_ACTIVE
#define D SL_STATUS_DEPRECATED
#define R SL_STATUS_RETIRED
static const struct known by_name[] = {
    {"gpt-4o", "openai", "gpt-4o", "gpt-4o", A, "gpt-6-luna"},
    {"gpt-4o-mini", "openai", "gpt-4o-mini", "gpt-4o-mini", A, "gpt-6-luna"},
    {"gpt-4", "openai", "gpt-4", "gpt-4", D, "gpt-5.6-sol"},
    {"gpt-4.1", "openai", "gpt-4.1", "gpt-4.1", A, "gpt-6-luna"},
    {"gpt-4.1-mini", "openai", "gpt-4.1-mini", "gpt-4.1-mini", A, "gpt-6-luna"},
    {"gpt-4.5", "openai", "gpt-4.5-preview", "gpt-4.5-preview", R, "gpt-4.1"},
    {"gpt-5", "openai", "gpt-5", "gpt-5", D, "gpt-5.6-sol"},
    {"gpt-5.2", "openai", "gpt-5.2", "gpt-5.2", A, ""},
    {"GPT-5 Pro", "openai", "gpt-5-pro", "gpt-5-pro", D, "gpt-5.6-sol"},
    {"deepseek-v3", "deepseek", "deepseek-v3", "deepseek-chat", D, "deepseek-v4-flash"},
    {"deepseek-v3.2", "deepseek", "deepseek-v3.2", "deepseek-chat", D, "deepseek-v4-flash"},
    {"deepseek-v3.2-speciale", "deepseek", "deepseek-v3.2-speciale", "deepseek-v3.2-speciale", R,
     "deepseek-reasoner"},
    {"deepseek-r1", "deepseek", "deepseek-r1", "deepseek-reasoner", D, "deepseek-v4-flash"},
    {"deepseek-chat", "deepseek", "deepseek-chat", "deepseek-chat", D, "deepseek-v4-flash"},
    {"deepseek-reasoner", "deepseek", "deepseek-reasoner", "deepseek-reasoner", D,
     "deepseek-v4-flash"},
    {"kimi-k2-thinking", "moonshotai", "kimi-k2-thinking", "kimi-k2-thinking", R, "kimi-k2.6"},
    {"kimi-k2-thinking-turbo", "moonshotai", "kimi-k2-thinking-turbo", "kimi-k2-thinking-turbo", R,
     "kimi-k2.6"},
    {"Kimi K2 0905", "moonshotai", "kimi-k2-0905-preview", "kimi-k2-0905-preview", R, "kimi-k2.6"},
    {"moonshot-v1-8k", "moonshotai", "moonshot-v1-8k", "moonshot-v1-8k", D, "kimi-k2.6"},
    {"moonshot-v1-32k", "moonshotai", "moonshot-v1-32k", "moonshot-v1-32k", D, "kimi-k2.6"},
    {"moonshot-v1-128k", "moonshotai", "moonshot-v1-128k", "moonshot-v1-128k", D, "kimi-k2.6"},
    {"glm-4", "zhipuai", "glm-4", "glm-4", D, "glm-4-plus"},
    {"glm-4-plus", "zhipuai", "glm-4-plus", "glm-4-plus", D, "glm-4.7"},
    {"glm-4-air", "zhipuai", "glm-4-air", "glm-4-air", D, "glm-4-air-250414"},
    {"glm-4-flash", "zhipuai", "glm-4-flash", "glm-4-flash", D, "glm-4-flash-250414"},
    {"glm-4.7", "zai", "glm-4.7", "glm-4.7", A, ""},
    {"glm-4.7-flash", "zai", "glm-4.7-flash", "glm-4.7-flash", A, ""},
    {"MiniMax M1", "minimax", "MiniMax-M1", "MiniMax-M1", D, "MiniMax-M3"},
    {"abab6.5s-chat", "minimax", "abab6.5s-chat", "abab6.5s-chat", D, "MiniMax-M3"},
    {"abab6.5g-chat", "minimax", "abab6.5g-chat", "abab6.5g-chat", D, "MiniMax-M3"},
    {"abab6.5t-chat", "minimax", "abab6.5t-chat", "abab6.5t-chat", D, "MiniMax-M3"},
    {"command", "cohere", "command", "command", D, "command-a-03-2025"},
    {"command-r", "cohere", "command-r", "command-r", D, "command-r-08-2024"},
    {"command-r-plus", "cohere", "command-r-plus", "command-r-plus", D, "command-r-plus-08-2024"},
    {"llama3", "ollama", "llama3", "llama3", A, ""},
    {"mistral", "ollama", "mistral", "mistral", A, ""},
    {"mixtral", "ollama", "mixtral", "mixtral", A, ""},
    {"claude-3-opus", "anthropic", "claude-3-opus-20240229", "claude-3-opus-20240229", R,
     "claude-opus-4-8"},
    {"claude-3-sonnet", "anthropic", "claude-3-sonnet-20240229", "claude-3-sonnet-20240229", R,
     "claude-sonnet-4-6"},
    {"claude-3-haiku", "anthropic", "claude-3-haiku-20240307", "claude-3-haiku-20240307", R,
     "claude-haiku-4-5-20251001"},
    {"claude-3.5-sonnet", "anthropic", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20241022",
     R, "claude-sonnet-4-6"},
    {"claude-3-5-haiku", "anthropic", "claude-3-5-haiku-20241022", "claude-3-5-haiku-20241022", R,
     "claude-haiku-4-5-20251001"},
    {"claude-4-sonnet", "anthropic", "claude-sonnet-4-0", "claude-sonnet-4-0", R,
     "claude-sonnet-4-6"},
    {"claude-sonnet-4", "anthropic", "claude-sonnet-4-0", "claude-sonnet-4-0", R,
     "claude-sonnet-4-6"},
    {"Claude Opus 4", "anthropic", "claude-opus-4-0", "claude-opus-4-0", R, "claude-opus-4-8"},
    {"gemini-pro", "google", "gemini-pro", "gemini-pro", R, "gemini-2.5-pro"},
    {"gemini-pro-vision", "google", "gemini-pro-vision", "gemini-pro-vision", R,
     "gemini-1.5-flash"},
    {"gemini-1.5-pro", "google", "gemini-1.5-pro", "gemini-1.5-pro", R, "gemini-2.5-pro"},
    {"gemini-1.5-flash", "google", "gemini-1.5-flash", "gemini-1.5-flash", R, "gemini-2.5-flash"},
    {"Gemini 2.0 Flash", "google", "gemini-2.0-flash", "gemini-2.0-flash", R, "gemini-3.6-flash"},
    {"gemini-2.5-pro", "google", "gemini-2.5-pro", "gemini-2.5-pro", D, "gemini-3.8-flash"},
    {"gemini-2.5-flash", "google", "gemini-2.5-flash", "gemini-2.5-flash", D,
     "gemini-3.5-flash-lite"},
    {"Qwen 3 Coder Plus", "alibaba", "qwen3-coder-plus", "qwen3-coder-plus", A, ""},
    {"qwen3-coder-plus", "alibaba", "qwen3-coder-plus", "qwen3-coder-plus", A, ""},
    {"grok-4.3", "xai", "grok-4.3", "grok-4.3", A, ""},
    {"grok-4", "xai", "grok-4-0709", "grok-4-0709", R, "grok-4.3"},
    {"mistral-large", "mistral", "mistral-large-latest", "mistral-large-latest", A, ""},
    {"sonar-pro", "perplexity", "sonar-pro", "sonar-pro", A, ""},
    {"claude-sonnet-5", "anthropic", "claude-sonnet-5", "claude-sonnet-5", A, ""},
    {"gpt-5.5", "openai", "gpt-5.5", "gpt-5.5", A, ""},
    {"MiniMax-M3", "minimax", "MiniMax-M3", "MiniMax-M3", A, ""},
    {"kimi-k2.6", "moonshotai", "kimi-k2.6", "kimi-k2.6", A, ""},
    {"deepseek-v4-pro", "deepseek", "deepseek-v4-pro", "deepseek-v4-pro", A, ""},
    {"glm-5.2", "zai", "glm-5.2", "glm-5.2", A, ""},
    {"command-a", "cohere", "command-a-03-2025", "command-a-03-2025", A, ""},
    {"text-embedding-3-small", "openai", "text-embedding-3-small", "text-embedding-3-small", A, ""},
};
#undef A
#undef D
#undef R

static void knows_by_name(void **state)
{
    struct sl_catalogue *c = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(by_name); i++) {
        const struct known *k = &by_name[i];
        const struct sl_catalogue_model *m = sl_catalogue_find(c, k->name);
        if (!m)
            fail_msg("%s: not known", k->name);
        enum sl_catalogue_status status = sl_catalogue_status_at(m, kit_day("2026-07-02"));
        if (strcmp(m->provider->id, k->provider) != 0 || strcmp(m->id, k->id) != 0 ||
            strcmp(sl_catalogue_send_id(m), k->sent) != 0 ||
            strcmp(m->successor, k->successor) != 0)
            fail_msg("%s: %s/%s, sent as %s, then %s", k->name, m->provider->id, m->id,
                     sl_catalogue_send_id(m), m->successor);
        if (status != k->status)
            fail_msg("%s: %s", k->name, sl_catalogue_status_name(status));
        assert_ptr_equal(sl_catalogue_model(c, k->provider, k->name), m);
    }
}

static void knows_facts(void **state)
{
    struct sl_catalogue *c = *state;
    const struct sl_catalogue_model *m = sl_catalogue_find(c, "gpt-4o");
    assert_int_equal(m->prices.input, 2500000);
    assert_int_equal(m->prices.cache_read, 1250000);
    assert_int_equal(m->prices.output, 10000000);
    assert_int_equal(m->prices.reasoning, -1);
    assert_int_equal(m->context_tokens, 128000);
    assert_int_equal(m->max_output_tokens, 16384);
    assert_true(m->tools == 1 && m->vision == 1 && m->json_schema == 1 && m->reasoning == 0);
    assert_true(m->chat == 1 && m->streaming == 1 && m->embeddings == 0 && m->images == 0);
    m = sl_catalogue_find(c, "gpt-5.4");
    assert_int_equal(sl_catalogue_prices_at(m, 271999)->input, 2500000);
    assert_int_equal(sl_catalogue_prices_at(m, 272000)->input, 5000000);
    assert_int_equal(sl_catalogue_prices_at(m, 272000)->output, 22500000);
    m = sl_catalogue_find(c, "text-embedding-3-large");
    assert_true(m->embeddings == 1 && m->chat == 0 && m->embedding_dimensions == 3072);
    m = sl_catalogue_find(c, "gpt-image-1");
    assert_true(m->images == 1 && m->chat == 0);
    m = sl_catalogue_find(c, "rerank-v3.5");
    assert_true(m->rerank == 1 && m->chat == 0);
    m = sl_catalogue_find(c, "gpt-5-pro");
    assert_string_equal(m->api, "responses");
    /* what is served under a name is what is billed */
    m = sl_catalogue_find(c, "deepseek-r1");
    assert_int_equal(m->prices.input, sl_catalogue_find(c, "deepseek-reasoner")->prices.input);
    assert_int_equal(m->reasoning, 1);
    m = sl_catalogue_find(c, "kimi-k2-thinking");
    assert_true(m->n_tasks > 0 && m->n_scores > 0 && m->strengths[0]);
    assert_string_equal(m->tasks[0].params_json, "{\"temperature\": 1.0}");
    assert_null(sl_catalogue_find(c, "gpt-40"));
    assert_null(sl_catalogue_find(c, ""));
    assert_null(sl_catalogue_model(c, "nobody", "gpt-4o"));
    assert_null(sl_catalogue_model(c, "anthropic", "gpt-4o"));
    assert_ptr_equal(sl_catalogue_model(c, "zhipu", "glm-4-plus"),
                     sl_catalogue_model(c, "zhipuai", "glm-4-plus"));
}

static void knows_every_provider(void **state)
{
    static const struct {
        const char *name, *id, *kind;
    } rows[] = {
        {"openai", "openai", "openai"},
        {"Azure", "azure", "azure"},
        {"gemini", "google", "gemini"},
        {"google", "google", "gemini"},
        {"vertex", "google-vertex", "vertex"},
        {"vertex_ai", "google-vertex", "vertex"},
        {"bedrock", "amazon-bedrock", "bedrock"},
        {"aws", "amazon-bedrock", "bedrock"},
        {"togetherai", "togetherai", "together"},
        {"together_ai", "togetherai", "together"},
        {"fireworks", "fireworks-ai", "fireworks"},
        {"moonshot", "moonshotai", "moonshot"},
        {"kimi", "moonshotai", "moonshot"},
        {"moonshotai-cn", "moonshotai-cn", "moonshot"},
        {"zhipu", "zai", "zhipu"},
        {"zhipuai", "zhipuai", "zhipu"},
        {"dashscope", "alibaba", "dashscope"},
        {"alibaba-cn", "alibaba-cn", "dashscope"},
        {"minimax", "minimax", "minimax"},
        {"ollama", "ollama", "ollama"},
        {"ollama-cloud", "ollama-cloud", "ollama"},
        {"vllm", "vllm", "vllm"},
        {"lm-studio", "lmstudio", "lmstudio"},
        {"stepfun", "stepfun", "custom"},
        {"vercel", "vercel", "custom"},
        {"github", "github-models", "custom"},
        {"databricks", "databricks", "custom"},
    };
    struct sl_catalogue *c = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_catalogue_provider *p = sl_catalogue_provider(c, rows[i].name);
        if (!p || strcmp(p->id, rows[i].id) != 0 || strcmp(p->kind, rows[i].kind) != 0)
            fail_msg("%s: %s %s", rows[i].name, p ? p->id : "not known", p ? p->kind : "");
    }
    assert_null(sl_catalogue_provider(c, "nobody"));
    assert_null(sl_catalogue_provider(c, "custom"));
    assert_null(sl_catalogue_provider_by_kind(c, "custom"));
}

/* ---- line-ups ---- */

static void has_line_ups(void **state)
{
    static const struct {
        const char *lineup, *role, *provider, *id;
        double speed;
    } rows[] = {
        {"january-2026", "default", "openai", "gpt-4o", 0},
        {"january-2026", "flagship", "openai", "gpt-5.2", 0},
        {"january-2026", "reasoning", "deepseek", "deepseek-v3.2", 0},
        {"january-2026", "specialised-reasoning", "deepseek", "deepseek-r1", 0},
        {"january-2026", "long-documents", "moonshotai", "kimi-k2-thinking", 0},
        {"january-2026", "code", "zai", "glm-4.7", 0},
        {"january-2026", "high-volume", "zai", "glm-4.7-flash", 0},
        {"six-by-task", "chat", "google", "gemini-2.0-flash", 175.5},
        {"six-by-task", "research", "openai", "gpt-4.1-mini", 69.7},
        {"six-by-task", "coding", "deepseek", "deepseek-v3", 80},
        {"six-by-task", "vision", "openai", "gpt-4o-mini", 80},
        {"six-by-task", "reasoning", "anthropic", "claude-sonnet-4-0", 62},
        {"six-by-task", "premium", "anthropic", "claude-sonnet-4-0", 62},
        {"six-by-task", "backup", "minimax", "MiniMax-M1", 110},
        {"six-by-task", "cost", "minimax", "MiniMax-M1", 110},
    };
    struct sl_catalogue *c = *state;
    size_t entries = 0;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_lineup_entry *e =
            kit_entry(sl_catalogue_lineup(c, rows[i].lineup), rows[i].role);
        assert_string_equal(e->model->provider->id, rows[i].provider);
        assert_string_equal(e->model->id, rows[i].id);
        assert_true(e->speed_tokens_per_second == rows[i].speed);
        assert_true(!rows[i].speed || e->model->speed_tokens_per_second == rows[i].speed);
        assert_true(*e->purpose);
        assert_non_null(e->fallback);
        assert_ptr_not_equal(e->fallback, e->model);
    }
    for (size_t i = 0; i < c->n_lineups; i++)
        entries += c->lineups[i].n_entries;
    assert_int_equal(entries, SL_ARRAY_LEN(rows));
    assert_string_equal(sl_catalogue_lineup(c, NULL)->id, "january-2026");
    assert_string_equal(sl_catalogue_lineup(c, "")->title, "January 2026");
    assert_ptr_equal(sl_catalogue_lineup(c, "Six by task"), sl_catalogue_lineup(c, "six-by-task"));
    assert_null(sl_catalogue_lineup(c, "seven-by-task"));
}

/* ---- sites ---- */

static void names_the_other_site(void **state)
{
    static const struct {
        const char *kind, *url, *hint;
    } rows[] = {
        {"moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_BASE_URL=https://api.moonshot.cn/v1"},
        {"moonshot", "https://api.moonshot.cn/v1", "MOONSHOT_BASE_URL=https://api.moonshot.ai/v1"},
        {"zhipu", "https://api.z.ai/api/paas/v4",
         "ZHIPU_BASE_URL=https://open.bigmodel.cn/api/paas/v4"},
        {"zhipu", "https://open.bigmodel.cn/api/paas/v4",
         "ZHIPU_BASE_URL=https://api.z.ai/api/paas/v4"},
        {"minimax", "https://api.minimax.io/v1", "MINIMAX_BASE_URL=https://api.minimaxi.com/v1"},
        {"minimax", "https://api.minimaxi.com/anthropic/v1",
         "MINIMAX_BASE_URL=https://api.minimax.io/v1"},
        {"dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
         "DASHSCOPE_BASE_URL=https://dashscope.aliyuncs.com/compatible-mode/v1"},
        {"dashscope", "https://dashscope.aliyuncs.com/compatible-mode/v1",
         "DASHSCOPE_BASE_URL=https://dashscope-intl.aliyuncs.com/compatible-mode/v1"},
    };
    struct sl_catalogue *c = *state;
    char text[256];
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        assert_true(sl_catalogue_site_hint(c, rows[i].kind, rows[i].url, text, sizeof(text)));
        if (!strstr(text, rows[i].hint))
            fail_msg("%s", text);
    }
    assert_false(sl_catalogue_site_hint(c, "openai", "https://api.openai.com/v1", text, 256));
    assert_string_equal(text, "");
    assert_false(sl_catalogue_site_hint(c, "moonshot", "http://10.0.0.1/v1", text, 256));
    /* the default of each is the international site */
    static const char *const kinds[] = {"moonshot", "zhipu", "minimax", "dashscope"};
    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++)
        assert_int_equal(sl_catalogue_provider_by_kind(c, kinds[i])->site, SL_SITE_INTERNATIONAL);
}

/* ---- time ---- */

static void counts_the_days(void **state)
{
    struct sl_catalogue *c = *state;
    const struct sl_catalogue_model *m = sl_catalogue_model(c, "openai", "gpt-4");
    int64_t days = 0;
    char date[11];
    assert_int_equal(sl_catalogue_status_at(m, kit_day("2026-04-21")), SL_STATUS_ACTIVE);
    assert_int_equal(sl_catalogue_status_at(m, kit_day("2026-04-22")), SL_STATUS_DEPRECATED);
    assert_int_equal(sl_catalogue_status_at(m, kit_day("2026-10-22")), SL_STATUS_DEPRECATED);
    assert_int_equal(sl_catalogue_status_at(m, kit_day("2026-10-23")), SL_STATUS_RETIRED);
    assert_true(sl_catalogue_days_left(m, kit_day("2026-10-13") + 1, &days));
    assert_int_equal(days, 10);
    assert_true(sl_catalogue_days_left(m, kit_day("2026-10-23"), &days));
    assert_int_equal(days, 0);
    sl_catalogue_date_text(m->retires, date);
    assert_string_equal(date, "2026-10-23");
    assert_false(sl_catalogue_days_left(sl_catalogue_find(c, "gpt-5.5"), 0, &days));
    /* gemini-pro-vision -> gemini-1.5-flash (retired) -> gemini-2.5-flash -> its successor once it is gone */
    m = sl_catalogue_find(c, "gemini-pro-vision");
    assert_string_equal(sl_catalogue_successor(c, m, kit_day("2026-07-02"))->id,
                        "gemini-2.5-flash");
    assert_string_equal(sl_catalogue_successor(c, m, kit_day("2027-01-01"))->id,
                        "gemini-3.5-flash-lite");
    assert_null(sl_catalogue_successor(c, sl_catalogue_find(c, "gpt-5.5"), 0));
}

/* ---- all rows ---- */

static bool is_price(int64_t price)
{
    return price >= -1 && price <= 1000 * (int64_t)DOLLAR;
}

static void check_model(const struct sl_catalogue *c, const struct sl_catalogue_model *m)
{
    const struct sl_catalogue_prices *p = &m->prices;
    bool ok = is_price(p->input) && is_price(p->output) && is_price(p->cache_read) &&
              is_price(p->cache_write) && is_price(p->reasoning) && is_price(p->input_audio) &&
              is_price(p->output_audio);
    for (size_t i = 0; i < m->n_tiers; i++)
        ok = ok && m->tiers[i].from_tokens > (i ? m->tiers[i - 1].from_tokens : 0) &&
             m->tiers[i].prices.input >= p->input && m->tiers[i].prices.output >= p->output;
    if (!ok)
        fail_msg("%s/%s: prices", m->provider->id, m->id);
    if (*m->lifecycle_source && !sl_starts_with(m->lifecycle_source, "https://"))
        fail_msg("%s/%s: a lifecycle without a page", m->provider->id, m->id);
    if ((m->retires || m->announced) && !*m->lifecycle_source)
        fail_msg("%s/%s: dates without a page", m->provider->id, m->id);
    if (m->retires && m->retires < (m->announced ? m->announced : m->released))
        fail_msg("%s/%s: retired before it was announced", m->provider->id, m->id);
    if (*m->successor && !sl_catalogue_model(c, m->provider->id, m->successor))
        fail_msg("%s/%s: the successor %s is not known", m->provider->id, m->id, m->successor);
    if (*m->served_as && !sl_catalogue_model(c, m->provider->id, m->served_as))
        fail_msg("%s/%s: served as %s, which is not known", m->provider->id, m->id, m->served_as);
    if (m->n_scores && !sl_starts_with(m->scores[0].source, "https://"))
        fail_msg("%s/%s: a score without a page", m->provider->id, m->id);
    if (m->speed_tokens_per_second > 0 && !*m->speed_source)
        fail_msg("%s/%s: a speed out of nowhere", m->provider->id, m->id);
    assert_non_null(m->family);
    assert_true(*m->name && *m->id);
    assert_ptr_equal(sl_catalogue_model(c, m->provider->id, m->id), m);
    for (const char *const *a = m->aliases; *a; a++) {
        if (sl_catalogue_model(c, m->provider->id, *a) != m)
            fail_msg("%s/%s: the alias %s is somebody else's", m->provider->id, m->id, *a);
    }
}

static void every_model_makes_sense(void **state)
{
    struct sl_catalogue *c = *state;
    size_t n = 0;
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        for (size_t k = 0; k < p->n_models; k++, n++)
            check_model(c, p->models[k]);
    }
    assert_int_equal(n, c->n_models);
    assert_true(n > 1800);
}

/* A successor that is not retired can be reached from every retired model that names one. */
static void successors_lead_somewhere(void **state)
{
    struct sl_catalogue *c = *state;
    int64_t now = kit_day("2026-11-28");
    for (size_t i = 0; i < c->n_providers; i++) {
        for (size_t k = 0; k < c->providers[i]->n_models; k++) {
            const struct sl_catalogue_model *m = c->providers[i]->models[k];
            if (*m->successor && sl_catalogue_status_at(m, now) == SL_STATUS_RETIRED &&
                !sl_catalogue_successor(c, m, now))
                fail_msg("%s/%s: all successors are gone", m->provider->id, m->id);
        }
    }
}

static bool has(const char *const *list, const char *text)
{
    for (; list && *list; list++) {
        if (!strcmp(*list, text))
            return true;
    }
    return false;
}

static void same_keys(const struct sl_catalogue_provider *p, const struct sl_adapter *a)
{
    for (const char *const *v = a->key_variables; *v; v++) {
        if (!has(p->key_variables, *v))
            fail_msg("%s: the catalogue lacks the adapter's %s", p->id, *v);
    }
    for (const char *const *v = p->key_variables; *v; v++) {
        if (!has(a->key_variables, *v))
            fail_msg("%s: the adapter lacks the catalogue's %s", p->id, *v);
    }
    if (a->key_variables[0])
        assert_string_equal(p->key_variables[0], a->key_variables[0]);
}

static void every_provider_makes_sense(void **state)
{
    struct sl_catalogue *c = *state;
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        const struct sl_adapter *a = sl_adapter_find(p->kind);
        if (!a && *p->kind)
            fail_msg("%s: no adapter is called %s", p->id, p->kind);
        if (*p->base_url && sl_url_problem(p->base_url, true))
            fail_msg("%s: %s %s", p->id, p->base_url, sl_url_problem(p->base_url, true));
        assert_true(sl_starts_with(p->key_page, "https://"));
        assert_true(sl_starts_with(p->doc, "https://"));
        assert_non_null(p->key_variables[0]);
        assert_true(*p->base_url_variable);
        assert_int_equal(p->rank, i);
        assert_true(!p->other_site == (p->site == SL_SITE_ONLY));
        assert_true(!p->other_site || p->other_site->other_site == p);
        if (!a || !p->kind_default)
            continue;
        same_keys(p, a);
        if (a->default_base_url && *p->base_url)
            assert_string_equal(p->base_url, a->default_base_url);
        assert_ptr_equal(sl_catalogue_provider_by_kind(c, p->kind), p);
    }
    /* and every adapter has its provider */
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        if (strcmp((*a)->name, "custom") != 0 && !sl_catalogue_provider_by_kind(c, (*a)->name))
            fail_msg("%s: no provider in the catalogue", (*a)->name);
    }
}

static void is_small(void **state)
{
    struct sl_catalogue *c = *state;
    assert_in_range(sl_catalogue_memory(c), 100 * 1024, 2 * 1024 * 1024);
    assert_string_equal(c->taken, "2026-07-02");
    /* a second owner */
    sl_catalogue_unref(sl_catalogue_ref(c));
    sl_catalogue_unref(NULL);
    assert_non_null(sl_catalogue_find(c, "gpt-4o"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_by_name),
        cmocka_unit_test(knows_facts),
        cmocka_unit_test(knows_every_provider),
        cmocka_unit_test(has_line_ups),
        cmocka_unit_test(names_the_other_site),
        cmocka_unit_test(counts_the_days),
        cmocka_unit_test(every_model_makes_sense),
        cmocka_unit_test(successors_lead_somewhere),
        cmocka_unit_test(every_provider_makes_sense),
        cmocka_unit_test(is_small),
    };
    return cmocka_run_group_tests(tests, kit_load, kit_unload);
}
