/* Token counts of Messages. A stream says them twice: message_start's object, over which every
 * non-null member of a message_delta's is laid ("Streaming messages": the counts of message_delta
 * are cumulative). input_tokens has no cached tokens in it; output_tokens has those of thinking. */
#include "adapters/anthropic/internal.h"

#include "base/utf8.h"

static int64_t count(struct am *c, int object, const char *key)
{
    int64_t v;

    if (sl_json_type(c->j, object) != SL_JSON_OBJECT ||
        !sl_json_int(c->j, sl_json_member(c->j, object, key), &v) || v < 0)
        return -1;
    return v > INT32_MAX ? INT32_MAX : v;
}

static void set_count(int32_t *slot, int64_t v)
{
    if (v >= 0)
        *slot = (int32_t)v;
}

static void set_buckets(struct am *c, int usage)
{
    Sluice__V1__TokenUsage *u = &c->a->end.usage;
    int64_t output = count(c, usage, "output_tokens");
    int64_t thinking =
        count(c, sl_json_member(c->j, usage, "output_tokens_details"), "thinking_tokens");
    int64_t total = output >= 0 ? output : (int64_t)u->output_tokens + u->reasoning_tokens;

    set_count(&u->input_tokens, count(c, usage, "input_tokens"));
    set_count(&u->cache_read_tokens, count(c, usage, "cache_read_input_tokens"));
    set_count(&u->cache_write_tokens, count(c, usage, "cache_creation_input_tokens"));
    set_count(&u->reasoning_tokens, thinking);
    if (u->reasoning_tokens > total)
        u->reasoning_tokens = (int32_t)total;
    u->output_tokens = (int32_t)(total > INT32_MAX ? INT32_MAX : total) - u->reasoning_tokens;
}

/* ---- the object, as it was sent ---- */

static struct am_usage_member *find_member(struct am_state *s, struct sl_str key)
{
    for (unsigned i = 0; i < s->n_usage; i++)
        if (sl_str_eq(key, s->usage[i].key))
            return &s->usage[i];
    return NULL;
}

/* Memory is taken only where a value grew beyond what it had. */
static bool set_value(struct am *c, struct am_usage_member *m, struct sl_str value)
{
    if (value.n + 1 > m->cap) {
        size_t cap = value.n * 2 + 16;
        char *p = value.n <= AM_MAX_USAGE_JSON ? sl_arena_try(c->a->arena, cap) : NULL;
        if (!p)
            return false;
        m->value = p;
        m->cap = cap;
    }
    memcpy(m->value, value.p, value.n);
    m->value[value.n] = '\0';
    return true;
}

static void keep_member(struct am *c, struct sl_str key, struct sl_str value)
{
    enum { MAX_KEY = 64 };
    struct am_state *s = c->s;
    struct am_usage_member *m = find_member(s, key);

    if (m) {
        (void)set_value(c, m, value);
        return;
    }
    if (s->n_usage == AM_MAX_USAGE || key.n > MAX_KEY)
        return;
    m = &s->usage[s->n_usage];
    m->key = sl_arena_try(c->a->arena, key.n + 1);
    if (!m->key || !set_value(c, m, value))
        return;
    memcpy(m->key, key.p, key.n);
    m->key[key.n] = '\0';
    s->n_usage++;
}

static size_t write_json(const struct am_state *s, char *out)
{
    size_t n = 0;

    out[n++] = '{';
    for (unsigned i = 0; i < s->n_usage; i++) {
        const struct am_usage_member *m = &s->usage[i];
        size_t key = strlen(m->key), value = strlen(m->value);
        if (i)
            out[n++] = ',';
        out[n++] = '"';
        memcpy(out + n, m->key, key);
        n += key;
        out[n++] = '"';
        out[n++] = ':';
        memcpy(out + n, m->value, value);
        n += value;
    }
    out[n++] = '}';
    out[n] = '\0';
    return n;
}

static void keep_json(struct am *c)
{
    struct am_state *s = c->s;
    size_t need = 3;

    for (unsigned i = 0; i < s->n_usage; i++)
        need += strlen(s->usage[i].key) + strlen(s->usage[i].value) + 4;
    c->a->end.usage.provider_json = (char *)(uintptr_t)protobuf_c_empty_string;
    if (need > AM_MAX_USAGE_JSON)
        return;
    if (need > s->usage_cap) {
        char *p = sl_arena_try(c->a->arena, need * 2);
        if (!p)
            return;
        s->usage_json = p;
        s->usage_cap = need * 2;
    }
    size_t n = write_json(s, s->usage_json);
    for (size_t at = sl_utf8_check_text(s->usage_json, n); at < n;
         at += sl_utf8_check_text(s->usage_json + at, n - at))
        s->usage_json[at] = '?';
    c->a->end.usage.provider_json = s->usage_json;
}

void am_read_usage(struct am *c, int usage, bool first)
{
    if (sl_json_type(c->j, usage) != SL_JSON_OBJECT)
        return;
    if (!c->a->end.has_usage)
        sluice__v1__token_usage__init(&c->a->end.usage);
    c->a->end.has_usage = true;
    set_buckets(c, usage);
    for (int k = sl_json_first(c->j, usage); k >= 0; k = sl_json_next(c->j, usage, k))
        if (first || sl_json_type(c->j, k + 1) != SL_JSON_NULL)
            keep_member(c, am_key(c, k), sl_json_raw(c->j, k + 1));
    keep_json(c);
    int tier = sl_json_member(c->j, usage, "service_tier");
    if (sl_json_type(c->j, tier) == SL_JSON_STRING)
        sl_end_set(c->a, &c->a->end.service_tier, sl_json_string(c->j, tier, NULL, NULL));
}
