/* Provider options of the Responses API: members of a JSON object that are added to the body
 * unchanged (store, truncation, previous_response_id, metadata, instructions, ...). Those of the
 * request go before those of the registry entry. A key that has a field of its own in
 * CompleteRequest is refused; `text`, `reasoning` and `include`, of which only a part has one, are
 * joined with what build writes. */
#include "adapters/responses/internal.h"

#include <string.h>

static const struct {
    const char *key, *field;
} owned[] = {
    {"model", "model"},
    {"input", "messages"},
    {"stream", "StreamComplete"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"max_output_tokens", "max_output_tokens"},
    {"top_logprobs", "top_logprobs"},
    {"tools", "tools"},
    {"tool_choice", "tool_choice"},
    {"parallel_tool_calls", "parallel_tool_calls"},
};

static const char *const joined[] = {"text", "reasoning", "include"};

static bool is_joined(struct sl_str key)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(joined); i++)
        if (sl_str_eq(key, joined[i]))
            return true;
    return false;
}

/* The field that a key belongs to; NULL if it is free. */
static const char *owner_of(const struct rs_build *b, struct sl_str key)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++)
        if (sl_str_eq(key, owned[i].key))
            return owned[i].field;
    if (b->d->penalties && sl_str_eq(key, "frequency_penalty"))
        return "frequency_penalty";
    if (b->d->penalties && sl_str_eq(key, "presence_penalty"))
        return "presence_penalty";
    if (b->d->top_k && sl_str_eq(key, "top_k"))
        return "top_k";
    if (b->d->logprobs_member && sl_str_eq(key, "logprobs"))
        return "logprobs";
    if (b->d->words.end_user_key && sl_str_eq(key, b->d->words.end_user_key))
        return "end_user";
    return NULL;
}

/* A key as it was sent, without its quotes. */
static struct sl_str key_of(const struct sl_json *j, int key)
{
    struct sl_str raw = sl_json_raw(j, key);

    return (struct sl_str){raw.p + 1, raw.n - 2};
}

static enum sl_code bad_option(struct rs_build *b, bool of_request, const char *what,
                               struct sl_str key, const char *instead)
{
    if (of_request)
        return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json", "provider_options_json %s \"%.*s\"%s%s", what,
                            (int)key.n, key.p, instead ? "; use " : "", instead ? instead : "");
    return sl_err_set(b->b.err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                      "the model's provider options: %s \"%.*s\"", what, (int)key.n, key.p);
}

/* An escape in a key could hide one that is owned. */
static enum sl_code check_keys(struct rs_build *b, const struct rs_options *o, bool of_request)
{
    for (int k = sl_json_first(&o->j, SL_JSON_ROOT); k >= 0;
         k = sl_json_next(&o->j, SL_JSON_ROOT, k)) {
        struct sl_str key = key_of(&o->j, k);
        const char *owner = owner_of(b, key);
        if (!owner && of_request && sl_option_names_models(key))
            owner = SL_OPTIONS_OF_ENTRY;
        if (owner)
            return bad_option(b, of_request, "may not hold", key, owner);
        if (memchr(key.p, '\\', key.n))
            return bad_option(b, of_request, "may not hold the escaped key", key, NULL);
    }
    return SL_OK;
}

static bool is_blank(const char *s)
{
    return !s || !s[strspn(s, " \t\r\n")];
}

/* Parses a copy, of which nothing is decoded: values are sent as they are. */
static enum sl_code open_options(struct rs_build *b, const char *json, struct rs_options *o,
                                 bool of_request)
{
    struct sl_err why = {0};

    if (is_blank(json))
        return SL_OK;
    if (of_request) {
        enum sl_code code = cc_check_json(&b->b, json, SL_JSON_OBJECT, "provider_options_json");
        if (code != SL_OK)
            return code;
    } else if (!sl_json_check(json, strlen(json), SL_JSON_OBJECT, &why)) {
        return sl_err_set(b->b.err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "the model's provider options are no JSON object: %s", why.text);
    }
    char *copy = sl_arena_strdup(b->b.in->arena, json);
    enum sl_code code = sl_json_parse(&o->parser, copy, strlen(copy), &o->j, b->b.err);
    return code == SL_OK ? check_keys(b, o, of_request) : code;
}

enum sl_code rs_options_open(struct rs_build *b)
{
    sl_json_parser_init(&b->request.parser);
    sl_json_parser_init(&b->target.parser);
    enum sl_code code = open_options(b, b->b.request->provider_options_json, &b->request, true);
    if (code == SL_OK)
        code = open_options(b, b->b.in->target->provider_options_json, &b->target, false);
    return code;
}

void rs_options_close(struct rs_build *b)
{
    sl_json_parser_fini(&b->request.parser);
    sl_json_parser_fini(&b->target.parser);
}

static int member_of(const struct rs_options *o, const char *key)
{
    return o->j.tok ? sl_json_member(&o->j, SL_JSON_ROOT, key) : SL_JSON_ABSENT;
}

/* Where the option stands: the request's, else the target's. */
static const struct rs_options *holder(const struct rs_build *b, const char *key, int *value)
{
    *value = member_of(&b->request, key);
    if (*value >= 0)
        return &b->request;
    *value = member_of(&b->target, key);
    return &b->target;
}

enum sl_code rs_option(struct rs_build *b, const char *key, enum sl_json_type type,
                       struct sl_str *raw)
{
    int value;
    const struct rs_options *o = holder(b, key, &value);

    *raw = (struct sl_str){NULL, 0};
    if (value < 0 || sl_json_type(&o->j, value) == SL_JSON_NULL)
        return SL_OK;
    if (sl_json_type(&o->j, value) != type)
        return bad_option(b, o == &b->request, "has a value of the wrong type for", sl_str(key),
                          NULL);
    *raw = sl_json_raw(&o->j, value);
    return SL_OK;
}

bool rs_option_has(struct rs_build *b, const char *key, const char *member)
{
    int value;
    const struct rs_options *o = holder(b, key, &value);

    return value >= 0 && sl_json_member(&o->j, value, member) >= 0;
}

/* The members that are not joined and that other, if not NULL, does not have. */
static void put_members(struct rs_build *b, const struct rs_options *o,
                        const struct rs_options *other)
{
    if (!o->j.tok)
        return;
    char *text = sl_arena_zalloc(b->b.in->arena, strlen(o->j.text) * 2 + 3);
    size_t n = 1;
    text[0] = '{';
    for (int k = sl_json_first(&o->j, SL_JSON_ROOT); k >= 0;
         k = sl_json_next(&o->j, SL_JSON_ROOT, k)) {
        struct sl_str raw = sl_json_raw(&o->j, k), value = sl_json_raw(&o->j, k + 1);
        struct sl_str key = key_of(&o->j, k);
        const char *name = sl_arena_strndup(b->b.in->arena, key.p, key.n);
        if (is_joined(key) || (other && member_of(other, name) >= 0))
            continue;
        size_t length = (size_t)(value.p + value.n - raw.p);
        if (n > 1)
            text[n++] = ',';
        memcpy(text + n, raw.p, length);
        n += length;
    }
    text[n++] = '}';
    sl_jw_members(&b->b.w, text, n);
}

enum sl_code rs_put_options(struct rs_build *b)
{
    put_members(b, &b->request, NULL);
    put_members(b, &b->target, &b->request);
    return SL_OK;
}
