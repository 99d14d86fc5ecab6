/* Token counts of chat completions, turned into buckets that do not overlap. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

/* An object of a few numbers; a larger one is not kept. */
enum { MAX_USAGE_JSON = 16 * 1024 };

struct counts {
    int64_t prompt, completion, total, cached, written, reasoning;
};

static int64_t count(struct cc *c, int object, const char *key)
{
    int64_t v;
    int value = sl_json_type(c->j, object) == SL_JSON_OBJECT ? sl_json_member(c->j, object, key)
                                                             : SL_JSON_ABSENT;

    if (!sl_json_int(c->j, value, &v) || v < 0)
        return -1;
    return v > INT32_MAX ? INT32_MAX : v;
}

/* The first that was sent, else 0. */
static int64_t first_of(int64_t a, int64_t b, int64_t c)
{
    if (a >= 0)
        return a;
    return b >= 0 ? b : c >= 0 ? c : 0;
}

/* Cached tokens: OpenAI, DeepSeek, Moonshot. Written ones: OpenRouter and OpenAI, gateways in
 * front of Anthropic. */
static struct counts read_counts(struct cc *c, int usage)
{
    int prompt = sl_json_member(c->j, usage, "prompt_tokens_details");
    int completion = sl_json_member(c->j, usage, "completion_tokens_details");

    return (struct counts){
        .prompt = first_of(count(c, usage, "prompt_tokens"), -1, -1),
        .completion = first_of(count(c, usage, "completion_tokens"), -1, -1),
        .total = count(c, usage, "total_tokens"),
        .cached =
            first_of(count(c, prompt, "cached_tokens"), count(c, usage, "prompt_cache_hit_tokens"),
                     count(c, usage, "cached_tokens")),
        .written = first_of(count(c, prompt, "cache_write_tokens"),
                            count(c, usage, "cache_creation_input_tokens"), -1),
        .reasoning = first_of(count(c, completion, "reasoning_tokens"),
                              count(c, usage, "reasoning_tokens"), -1),
    };
}

/* Grok counts reasoning beside the completion, and its total shows it (recorded from xAI and
 * from Azure). */
static bool is_reasoning_beside(const struct cc *c, const struct counts *n)
{
    if (n->reasoning && n->total == n->prompt + n->completion + n->reasoning)
        return true;
    return c->d->reasoning_beside && n->total < 0;
}

static int32_t rest(int64_t v)
{
    return v > 0 ? (int32_t)v : 0;
}

/* What a provider counts apart is passed on as it says, even where it is more than the whole
 * (recorded from Grok on Azure: 460 cached of 322; from OpenRouter: 11 reasoned of 10). */
static void set_buckets(struct cc *c, const struct counts *n)
{
    Sluice__V1__TokenUsage *usage = &c->a->end.usage;
    bool beside = is_reasoning_beside(c, n);

    usage->input_tokens = rest(n->prompt - n->cached - n->written);
    usage->cache_read_tokens = (int32_t)n->cached;
    usage->cache_write_tokens = (int32_t)n->written;
    usage->output_tokens = rest(beside ? n->completion : n->completion - n->reasoning);
    usage->reasoning_tokens = (int32_t)n->reasoning;
}

/* The object as it was sent. Some servers send one with every chunk, so its memory is used
 * again. */
static void keep_json(struct cc *c, struct sl_str raw)
{
    struct cc_state *s = c->s;

    c->a->end.usage.provider_json = (char *)(uintptr_t)protobuf_c_empty_string;
    if (raw.n > MAX_USAGE_JSON)
        return;
    if (raw.n + 1 > s->usage_cap) {
        size_t cap = raw.n * 2 + 64;
        char *p = sl_arena_try(c->a->arena, cap);
        if (!p)
            return;
        s->usage_json = p;
        s->usage_cap = cap;
    }
    memcpy(s->usage_json, raw.p, raw.n);
    s->usage_json[raw.n] = '\0';
    cc_repair(c, s->usage_json, raw.n);
    c->a->end.usage.provider_json = s->usage_json;
}

void cc_read_usage(struct cc *c, int value)
{
    if (sl_json_type(c->j, value) != SL_JSON_OBJECT)
        return;
    struct counts n = read_counts(c, value);
    if (!c->a->end.has_usage)
        sluice__v1__token_usage__init(&c->a->end.usage);
    c->a->end.has_usage = true;
    set_buckets(c, &n);
    keep_json(c, sl_json_raw(c->j, value));
}
