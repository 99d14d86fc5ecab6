/* Provider options of generateContent: members that are added to the body unchanged. Those of
 * generationConfig and toolConfig are added to the objects that Sluice writes. The request's go
 * before those of the registry entry. A member that has a field of its own in CompleteRequest is
 * refused; one that only some requests write is refused where this one does.
 *
 * Google reads its JSON by proto3's rules: names in snake_case mean the same. */
#include "adapters/gemini/internal.h"

#include <string.h>

enum { MAX_KEY = 64 };

enum written { ALWAYS, WITH_FORMAT, WITH_REASONING };

static const struct {
    const char *level; /* NULL: the body */
    const char *key, *field;
    enum written written;
} owned[] = {
    {NULL, "model", "model", ALWAYS},
    {NULL, "contents", "messages", ALWAYS},
    {NULL, "systemInstruction", "messages", ALWAYS},
    {NULL, "tools", "tools", ALWAYS},
    {"toolConfig", "functionCallingConfig", "tool_choice", ALWAYS},
    {"generationConfig", "temperature", "temperature", ALWAYS},
    {"generationConfig", "topP", "top_p", ALWAYS},
    {"generationConfig", "topK", "top_k", ALWAYS},
    {"generationConfig", "maxOutputTokens", "max_output_tokens", ALWAYS},
    {"generationConfig", "stopSequences", "stop", ALWAYS},
    {"generationConfig", "seed", "seed", ALWAYS},
    {"generationConfig", "presencePenalty", "presence_penalty", ALWAYS},
    {"generationConfig", "frequencyPenalty", "frequency_penalty", ALWAYS},
    {"generationConfig", "responseLogprobs", "logprobs", ALWAYS},
    {"generationConfig", "logprobs", "top_logprobs", ALWAYS},
    {"generationConfig", "responseMimeType", "response_format", WITH_FORMAT},
    {"generationConfig", "responseSchema", "response_format", WITH_FORMAT},
    {"generationConfig", "responseJsonSchema", "response_format", WITH_FORMAT},
    {"generationConfig", "_responseJsonSchema", "response_format", WITH_FORMAT},
    {"generationConfig", "thinkingConfig", "reasoning", WITH_REASONING},
};

static const char *const levels[] = {"generationConfig", "toolConfig"};

static bool is_blank(const char *s)
{
    return !s || !s[strspn(s, " \t\r\n")];
}

/* The next character of a key as camelCase has it: "a_b" is "aB". 0 at the end. */
static char next_char(struct sl_str key, size_t *at)
{
    if (*at >= key.n)
        return '\0';
    char ch = key.p[(*at)++];
    if (ch != '_' || *at == 1 || *at >= key.n)
        return ch;
    ch = key.p[(*at)++];
    return ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch;
}

/* Whether two keys name the same member, each in camelCase or in snake_case. */
static bool same_key(struct sl_str a, struct sl_str b)
{
    size_t at = 0, bt = 0;
    char ch;

    do {
        ch = next_char(a, &at);
        if (ch != next_char(b, &bt))
            return false;
    } while (ch);
    return true;
}

static bool is_key(struct sl_str key, const char *name)
{
    return same_key(key, sl_str(name));
}

static struct sl_str key_at(const struct sl_json *j, int k)
{
    struct sl_str raw = sl_json_raw(j, k);

    return (struct sl_str){raw.p + 1, raw.n - 2};
}

static bool same_level(const char *a, const char *b)
{
    return (!a && !b) || (a && b && !strcmp(a, b));
}

/* The row that owns a key; -1 if it is free. */
static int owner_of(const char *level, struct sl_str key)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++)
        if (same_level(level, owned[i].level) && is_key(key, owned[i].key))
            return (int)i;
    return -1;
}

static bool is_written(const struct gm_build *b, enum written w)
{
    if (w == WITH_FORMAT)
        return b->request->response_format &&
               b->request->response_format->type > SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT;
    return w == ALWAYS || b->request->reasoning != NULL;
}

static const char *level_of(struct sl_str key)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(levels); i++)
        if (is_key(key, levels[i]))
            return levels[i];
    return NULL;
}

/* The object that holds a level's members; SL_JSON_ABSENT where there is none. */
static int find_level(const struct gm_options *o, const char *level)
{
    if (!o->there)
        return SL_JSON_ABSENT;
    if (!level)
        return SL_JSON_ROOT;
    for (int k = sl_json_first(&o->j, SL_JSON_ROOT); k >= 0;
         k = sl_json_next(&o->j, SL_JSON_ROOT, k))
        if (is_key(key_at(&o->j, k), level))
            return k + 1;
    return SL_JSON_ABSENT;
}

/* ---- checks ---- */

static enum sl_code refuse(struct gm_build *b, bool of_request, struct sl_str key, const char *use)
{
    if (of_request)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json",
                            "provider_options_json may not hold \"%.*s\"; use %s",
                            (int)(key.n < MAX_KEY ? key.n : MAX_KEY), key.p, use);
    return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                      "the model's provider options may not hold \"%.*s\"",
                      (int)(key.n < MAX_KEY ? key.n : MAX_KEY), key.p);
}

static enum sl_code check_level(struct gm_build *b, const struct gm_options *o, const char *level,
                                bool of_request)
{
    int object = find_level(o, level);

    if (object < 0)
        return SL_OK;
    if (sl_json_type(&o->j, object) != SL_JSON_OBJECT)
        return refuse(b, of_request, sl_str(level ? level : "a text that is no object"),
                      "an object");
    for (int k = sl_json_first(&o->j, object); k >= 0; k = sl_json_next(&o->j, object, k)) {
        struct sl_str key = key_at(&o->j, k);
        if (memchr(key.p, '\\', key.n)) /* compared as written: it could hide an owned one */
            return refuse(b, of_request, key, "a key without escapes");
        int row = owner_of(level, key);
        if (row >= 0 &&
            (of_request ? is_written(b, owned[row].written) : owned[row].written == ALWAYS))
            return refuse(b, of_request, key, owned[row].field);
    }
    return SL_OK;
}

static enum sl_code open_one(struct gm_build *b, struct gm_options *o, const char *json,
                             bool of_request)
{
    struct sl_err why = {0};
    enum sl_code code;

    sl_json_parser_init(&o->parser);
    if (is_blank(json))
        return SL_OK;
    if (!sl_json_check(json, strlen(json), SL_JSON_OBJECT, &why))
        return of_request
                   ? sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                  "provider_options_json",
                                  "provider_options_json is no JSON object: %s", why.text)
                   : sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                                "the model's provider options are no JSON object: %s", why.text);
    char *copy = sl_arena_strdup(b->in->arena, json);
    code = sl_json_parse(&o->parser, copy, strlen(copy), &o->j, b->err);
    o->there = code == SL_OK;
    if (code == SL_OK)
        code = check_level(b, o, NULL, of_request);
    for (size_t i = 0; i < SL_ARRAY_LEN(levels) && code == SL_OK; i++)
        code = check_level(b, o, levels[i], of_request);
    return code;
}

enum sl_code gm_open_options(struct gm_build *b)
{
    enum sl_code code = open_one(b, &b->request_options, b->request->provider_options_json, true);

    if (code == SL_OK)
        code = open_one(b, &b->target_options, b->in->target->provider_options_json, false);
    return code;
}

void gm_close_options(struct gm_build *b)
{
    sl_json_parser_fini(&b->request_options.parser);
    sl_json_parser_fini(&b->target_options.parser);
}

/* ---- writing ---- */

static bool has_key(const struct gm_options *o, const char *level, struct sl_str key)
{
    int object = find_level(o, level);

    if (object < 0)
        return false;
    for (int k = sl_json_first(&o->j, object); k >= 0; k = sl_json_next(&o->j, object, k))
        if (same_key(key_at(&o->j, k), key))
            return true;
    return false;
}

/* {"key": value}, from the key's quote to the value's end, as the writer takes members. */
static void put_member(struct gm_build *b, const struct sl_json *j, int k)
{
    struct sl_str key = sl_json_raw(j, k), value = sl_json_raw(j, k + 1);
    size_t n = (size_t)(value.p + value.n - key.p);
    char *text = sl_arena_alloc(b->in->arena, n + 3);

    text[0] = '{';
    memcpy(text + 1, key.p, n);
    text[n + 1] = '}';
    text[n + 2] = '\0';
    sl_jw_members(&b->w, text, n + 2);
}

static void put_level(struct gm_build *b, const struct gm_options *o, const char *level)
{
    int object = find_level(o, level);
    bool of_request = o == &b->request_options;

    if (object < 0)
        return;
    for (int k = sl_json_first(&o->j, object); k >= 0; k = sl_json_next(&o->j, object, k)) {
        struct sl_str key = key_at(&o->j, k);
        int row = owner_of(level, key);
        if (!level && level_of(key))
            continue;
        if (!of_request && (has_key(&b->request_options, level, key) ||
                            (row >= 0 && is_written(b, owned[row].written))))
            continue;
        if (level)
            gm_begin_object(b, level);
        put_member(b, &o->j, k);
    }
}

void gm_put_options(struct gm_build *b, const char *level)
{
    put_level(b, &b->request_options, level);
    put_level(b, &b->target_options, level);
}
