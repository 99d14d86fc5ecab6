/* Token counts and token probabilities of generateContent.
 *
 * usageMetadata: promptTokenCount includes cachedContentTokenCount; candidatesTokenCount,
 * thoughtsTokenCount and toolUsePromptTokenCount stand beside each other, and totalTokenCount is the
 * sum (recorded). Source: https://ai.google.dev/api/generate-content#UsageMetadata and
 * #LogprobsResult. */
#include "adapters/gemini/internal.h"

#include <string.h>

/* An object of a few numbers; a larger one is not kept. */
enum { MAX_USAGE_JSON = 16 * 1024 };

struct counts {
    int64_t prompt, cached, tools, output, thoughts;
    int tier;
};

static int64_t count(struct gm *g, int value)
{
    int64_t v;

    if (!sl_json_int(g->j, value, &v) || v < 0)
        return 0;
    return v > INT32_MAX / 2 ? INT32_MAX / 2 : v;
}

static struct counts read_counts(struct gm *g, int object)
{
    struct counts n = {.tier = -1};

    for (int key = sl_json_first(g->j, object); key >= 0; key = sl_json_next(g->j, object, key)) {
        struct sl_str k = gm_key(g, key);
        if (GM_KEY_IS(k, "promptTokenCount"))
            n.prompt = count(g, key + 1);
        else if (GM_KEY_IS(k, "candidatesTokenCount"))
            n.output = count(g, key + 1);
        else if (GM_KEY_IS(k, "thoughtsTokenCount"))
            n.thoughts = count(g, key + 1);
        else if (GM_KEY_IS(k, "cachedContentTokenCount"))
            n.cached = count(g, key + 1);
        else if (GM_KEY_IS(k, "toolUsePromptTokenCount"))
            n.tools = count(g, key + 1);
        else if (GM_KEY_IS(k, "serviceTier"))
            n.tier = key + 1;
    }
    return n;
}

/* The object as it was sent. One comes with every chunk, so its memory is used again. */
static void keep_json(struct gm *g, struct sl_str raw)
{
    struct gm_state *s = g->s;

    g->a->end.usage.provider_json = (char *)(uintptr_t)protobuf_c_empty_string;
    if (raw.n > MAX_USAGE_JSON)
        return;
    if (raw.n + 1 > s->usage_cap) {
        size_t cap = raw.n * 2 + 64;
        char *p = sl_arena_try(g->a->arena, cap);
        if (!p)
            return;
        s->usage_json = p;
        s->usage_cap = cap;
    }
    memcpy(s->usage_json, raw.p, raw.n);
    s->usage_json[raw.n] = '\0';
    gm_repair(g, s->usage_json, raw.n);
    g->a->end.usage.provider_json = s->usage_json;
}

void gm_read_usage(struct gm *g, int object)
{
    Sluice__V1__TokenUsage *usage = &g->a->end.usage;

    if (sl_json_type(g->j, object) != SL_JSON_OBJECT)
        return;
    struct counts n = read_counts(g, object);
    if (!g->a->end.has_usage)
        sluice__v1__token_usage__init(usage);
    g->a->end.has_usage = true;
    if (n.cached > n.prompt)
        n.cached = n.prompt;
    usage->input_tokens = (int32_t)(n.prompt - n.cached + n.tools);
    usage->cache_read_tokens = (int32_t)n.cached;
    usage->output_tokens = (int32_t)n.output;
    usage->reasoning_tokens = (int32_t)n.thoughts;
    keep_json(g, sl_json_raw(g->j, object));
    const char **tier = &g->a->end.service_tier;
    if (n.tier >= 0 && !(*tier && sl_json_string_is(g->j, n.tier, *tier)))
        sl_end_set(g->a, tier, sl_json_string(g->j, n.tier, NULL, NULL));
}

/* ---- probabilities ---- */

struct token {
    char *text;
    double logprob;
};

static struct token read_token(struct gm *g, int object)
{
    size_t n;
    char *text = gm_text(g, gm_member(g, object, "token"), &n);
    struct token t = {.text = text ? text : (char *)(uintptr_t)protobuf_c_empty_string};

    if (!sl_json_double(g->j, gm_member(g, object, "logProbability"), &t.logprob))
        t.logprob = 0;
    return t;
}

/* topCandidates[i].candidates, the likeliest first. False where scratch is full. */
static bool read_top(struct gm *g, int list, struct sl_arena *scratch, Sluice__V1__TokenLogprob *to)
{
    int n = sl_json_type(g->j, list) == SL_JSON_ARRAY ? sl_json_size(g->j, list) : 0;

    if (n < 1)
        return true;
    to->top = sl_arena_try(scratch, (size_t)n * sizeof(to->top[0]));
    Sluice__V1__TopLogprob *items = sl_arena_try(scratch, (size_t)n * sizeof(items[0]));
    if (!to->top || !items)
        return false;
    for (int v = sl_json_first(g->j, list); v >= 0; v = sl_json_next(g->j, list, v)) {
        struct token t = read_token(g, v);
        Sluice__V1__TopLogprob *item = &items[to->n_top];
        sluice__v1__top_logprob__init(item);
        item->token = t.text;
        item->logprob = t.logprob;
        to->top[to->n_top++] = item;
    }
    return true;
}

static bool read_chosen(struct gm *g, int chosen, int tops, struct sl_arena *scratch)
{
    int top = sl_json_type(g->j, tops) == SL_JSON_ARRAY ? sl_json_first(g->j, tops) : -1;

    for (int v = sl_json_first(g->j, chosen); v >= 0; v = sl_json_next(g->j, chosen, v)) {
        struct token t = read_token(g, v);
        Sluice__V1__TokenLogprob *item = sl_arena_try(scratch, sizeof(*item));
        if (!item)
            return false;
        sluice__v1__token_logprob__init(item);
        item->token = t.text;
        item->logprob = t.logprob;
        if (top >= 0 && !read_top(g, gm_member(g, top, "candidates"), scratch, item))
            return false;
        if (top >= 0)
            top = sl_json_next(g->j, tops, top);
        g->logprobs[g->n_logprobs++] = item;
    }
    return true;
}

enum sl_code gm_read_logprobs(struct gm *g, int object, struct sl_arena *scratch)
{
    int chosen = gm_member(g, object, "chosenCandidates");
    int n = sl_json_type(g->j, chosen) == SL_JSON_ARRAY ? sl_json_size(g->j, chosen) : 0;

    if (n < 1)
        return SL_OK;
    g->logprobs = sl_arena_try(scratch, (size_t)n * sizeof(g->logprobs[0]));
    if (g->logprobs && read_chosen(g, chosen, gm_member(g, object, "topCandidates"), scratch))
        return SL_OK;
    return sl_err_set(g->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                      "%s sent more token probabilities than fit", g->d->title);
}
