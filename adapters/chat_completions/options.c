/* Provider options of chat completions: members of a JSON object that are added to the body
 * unchanged. Those of the request go before those of the registry entry. A key that has a field
 * of its own in CompleteRequest is refused. The request's stream_options are added to those that
 * a stream is asked for with, but for include_usage, which is always asked for. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

/* Members that build writes for every dialect, and the field to use instead. */
static const struct {
    const char *key, *field;
} owned[] = {
    {"model", "model"},
    {"messages", "messages"},
    {"stream", "StreamComplete"},
    {"stream_options", "StreamComplete"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"frequency_penalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
    {"stop", "stop"},
    {"logprobs", "logprobs"},
    {"top_logprobs", "top_logprobs"},
    {"tools", "tools"},
    {"tool_choice", "tool_choice"},
    {"parallel_tool_calls", "parallel_tool_calls"},
    {"response_format", "response_format"},
};

/* Options that were checked and parsed. j's text is the arena's copy, whose keys are decoded. */
struct options {
    struct sl_json_parser parser;
    struct sl_json j;
    const char *json;             /* as they came */
    struct sl_str stream_options; /* an object to add to the one written; n is 0 where none is */
};

/* A word for the effort that a level says has its field; so has any other where one was asked for. */
static bool is_effort(const struct cc_build *b, const struct options *o, int value)
{
    static const char *const words[] = {"none", "minimal", "low", "medium", "high", "xhigh"};
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;

    for (size_t i = 0; i < SL_ARRAY_LEN(words); i++)
        if (sl_json_string_is(&o->j, value, words[i]))
            return true;
    return r && r->effort != SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_UNSPECIFIED;
}

/* Whether the request's own reasoning was written there. */
static bool is_reasoning(const struct cc_build *b, const char *key)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(b->reasoning_keys); i++)
        if (b->reasoning_keys[i] && !strcmp(b->reasoning_keys[i], key))
            return true;
    return false;
}

/* The field that a key belongs to; NULL if it is free. */
static const char *owner_of(const struct cc_build *b, const struct options *o, int at,
                            const char *key)
{
    const char *max_tokens = b->d->legacy_max_tokens || b->in->target->legacy_max_tokens
                                 ? "max_tokens"
                                 : "max_completion_tokens";

    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++)
        if (!strcmp(owned[i].key, key))
            return owned[i].field;
    if (!strcmp(key, max_tokens))
        return "max_output_tokens";
    if (!strcmp(key, b->d->seed_key ? b->d->seed_key : "seed"))
        return "seed";
    if (is_reasoning(b, key))
        return "reasoning";
    if (!strcmp(key, "reasoning_effort") && is_effort(b, o, at + 1))
        return "reasoning.effort";
    if (b->d->top_k && !strcmp(key, "top_k"))
        return "top_k";
    if (b->d->end_user_key && !strcmp(key, b->d->end_user_key))
        return "end_user";
    return b->has_web_search && !strcmp(key, "web_search_options") ? "tools" : NULL;
}

static bool has_key(const struct options *o, const char *key)
{
    return o->j.tok && sl_json_member(&o->j, SL_JSON_ROOT, key) >= 0;
}

static bool is_blank(const char *s)
{
    return !s || !s[strspn(s, " \t\r\n")];
}

/* Parses a copy: the text itself is sent as it is. */
static enum sl_code parse(struct cc_build *b, const char *json, struct options *o)
{
    char *copy = sl_arena_strdup(b->in->arena, json);

    o->json = json;
    return sl_json_parse(&o->parser, copy, strlen(copy), &o->j, b->err);
}

/* A key or value as it came, whatever was decoded since. */
static struct sl_str as_sent(const struct options *o, int value)
{
    struct sl_str raw = sl_json_raw(&o->j, value);
    return (struct sl_str){o->json + (raw.p - o->j.text), raw.n};
}

static bool sends_stream_options(const struct cc_build *b)
{
    return b->in->stream && !b->d->no_stream_options && !b->in->target->no_stream_options;
}

/* Takes the first stream_options, where they can be added to those written. */
static bool take_stream_options(const struct cc_build *b, struct options *o, int key)
{
    struct sl_str name = as_sent(o, key);

    if (!sends_stream_options(b) || o->stream_options.n || !sl_str_eq(name, "\"stream_options\"") ||
        sl_json_type(&o->j, key + 1) != SL_JSON_OBJECT)
        return false;
    for (int k = sl_json_first(&o->j, key + 1); k >= 0; k = sl_json_next(&o->j, key + 1, k))
        if (!strcmp(sl_json_string(&o->j, k, NULL, NULL), "include_usage"))
            return false;
    o->stream_options = as_sent(o, key + 1);
    return true;
}

static enum sl_code check_keys(struct cc_build *b, struct options *o, bool of_request)
{
    for (int k = sl_json_first(&o->j, SL_JSON_ROOT); k >= 0;
         k = sl_json_next(&o->j, SL_JSON_ROOT, k)) {
        const char *key = sl_json_string(&o->j, k, NULL, NULL);
        const char *owner = owner_of(b, o, k, key);
        if (!owner && of_request && sl_option_names_models(sl_str(key)))
            owner = SL_OPTIONS_OF_ENTRY;
        if (owner && of_request && take_stream_options(b, o, k))
            continue;
        if (owner && of_request)
            return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                "provider_options_json",
                                "provider_options_json may not hold \"%s\"; use %s", key, owner);
        if (owner)
            return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                              "the model's provider options may not hold \"%s\"", key);
    }
    return SL_OK;
}

static enum sl_code read_request_options(struct cc_build *b, struct options *o)
{
    const char *json = b->request->provider_options_json;
    enum sl_code code = cc_check_json(b, json, SL_JSON_OBJECT, "provider_options_json");

    if (code == SL_OK)
        code = parse(b, json, o);
    return code == SL_OK ? check_keys(b, o, true) : code;
}

/* The members that others do not have and that are not called name (NULL: any), as an object. */
static struct sl_str without(struct cc_build *b, const struct options *o,
                             const struct options *others, const char *name)
{
    size_t n = 1;
    char *text = sl_arena_zalloc(b->in->arena, strlen(o->json) + 3);

    text[0] = '{';
    for (int k = sl_json_first(&o->j, SL_JSON_ROOT); k >= 0;
         k = sl_json_next(&o->j, SL_JSON_ROOT, k)) {
        struct sl_str quoted = as_sent(o, k), value = as_sent(o, k + 1);
        char *key = sl_arena_strndup(b->in->arena, quoted.p + 1, quoted.n - 2);
        if (has_key(others, key) || (name && !strcmp(key, name)))
            continue;
        size_t length = (size_t)(value.p + value.n - quoted.p);
        if (n > 1)
            text[n++] = ',';
        memcpy(text + n, quoted.p, length);
        n += length;
    }
    text[n++] = '}';
    return (struct sl_str){text, n};
}

static void put_stream_options(struct cc_build *b, const struct options *o)
{
    if (!sends_stream_options(b))
        return;
    sl_jw_key(&b->w, "stream_options");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "include_usage");
    sl_jw_bool(&b->w, true);
    sl_jw_members(&b->w, o->stream_options.p, o->stream_options.n);
    sl_jw_object_end(&b->w);
}

static void put_request_options(struct cc_build *b, const struct options *o)
{
    struct sl_str members = {o->json, o->json ? strlen(o->json) : 0};

    if (o->stream_options.n)
        members = without(b, o, &(struct options){0}, "stream_options");
    sl_jw_members(&b->w, members.p, members.n);
}

/* What the dialect always says, unless the options say otherwise. */
static void put_extra(struct cc_build *b, const struct options *request,
                      const struct options *target)
{
    if (!b->d->extra_key || has_key(request, b->d->extra_key) || has_key(target, b->d->extra_key))
        return;
    sl_jw_key(&b->w, b->d->extra_key);
    sl_jw_raw(&b->w, b->d->extra_json, strlen(b->d->extra_json));
}

static enum sl_code put_target_options(struct cc_build *b, const struct options *request)
{
    struct options o = {0};
    const char *json = b->in->target->provider_options_json;
    struct sl_err why = {0};
    enum sl_code code;

    if (!sl_json_check(json, strlen(json), SL_JSON_OBJECT, &why))
        return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "the model's provider options are no JSON object: %s", why.text);
    sl_json_parser_init(&o.parser);
    code = parse(b, json, &o);
    if (code == SL_OK) {
        struct sl_str members = without(b, &o, request, NULL);
        code = check_keys(b, &o, false);
        if (code == SL_OK)
            sl_jw_members(&b->w, members.p, members.n);
        put_extra(b, request, &o);
    }
    sl_json_parser_fini(&o.parser);
    return code;
}

enum sl_code cc_build_options(struct cc_build *b)
{
    struct options o = {0};
    enum sl_code code = SL_OK;

    sl_json_parser_init(&o.parser);
    if (!is_blank(b->request->provider_options_json))
        code = read_request_options(b, &o);
    if (code == SL_OK) {
        put_stream_options(b, &o);
        put_request_options(b, &o);
    }
    if (code == SL_OK && !is_blank(b->in->target->provider_options_json))
        code = put_target_options(b, &o);
    else if (code == SL_OK)
        put_extra(b, &o, &(struct options){0});
    sl_json_parser_fini(&o.parser);
    return code;
}
