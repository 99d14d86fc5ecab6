/* Requests of generateContent: address, headers, and the members of the body that are neither
 * contents nor tools. Every field of CompleteRequest is sent, warned about or refused here and in
 * the files beside.
 *
 * Sources: https://ai.google.dev/api/generate-content (GenerationConfig, ThinkingConfig),
 * https://ai.google.dev/gemini-api/docs/thinking, and
 * https://ai.google.dev/gemini-api/docs/openai#thinking for what an effort is as a budget. */
#include "adapters/gemini/internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_STOP = 5,      /* stopSequences: "up to 5" */
    BUDGET_LOW = 1024, /* what Google's OpenAI endpoint makes of an effort */
    BUDGET_MEDIUM = 8192,
    BUDGET_HIGH = 24576,
};

const char *gm_field(struct gm_build *b, const char *fmt, ...)
{
    char field[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(field, sizeof(field), fmt, ap);
    va_end(ap);
    return sl_arena_strdup(b->in->arena, field);
}

enum sl_code gm_invalid(struct gm_build *b, const char *field, const char *text)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field, "%s", text);
}

enum sl_code gm_check_json(struct gm_build *b, const char *json, enum sl_json_type type,
                           const char *field)
{
    struct sl_err why = {0};

    if (sl_json_check(json, strlen(json), type, &why))
        return SL_OK;
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s is not valid JSON of its kind: %s", field, why.text);
}

/* ---- members ---- */

void gm_put_string(struct gm_build *b, const char *key, const char *v)
{
    sl_jw_key(&b->w, key);
    sl_jw_string(&b->w, v);
}

void gm_put_raw(struct gm_build *b, const char *key, const char *json)
{
    sl_jw_key(&b->w, key);
    sl_jw_raw(&b->w, json, strlen(json));
}

void gm_begin_object(struct gm_build *b, const char *name)
{
    if (b->object)
        return;
    b->object = name;
    sl_jw_key(&b->w, name);
    sl_jw_object(&b->w);
}

void gm_end_object(struct gm_build *b)
{
    if (b->object)
        sl_jw_object_end(&b->w);
    b->object = NULL;
}

static void config_key(struct gm_build *b, const char *key)
{
    gm_begin_object(b, "generationConfig");
    sl_jw_key(&b->w, key);
}

static enum sl_code config_double(struct gm_build *b, const char *key, double v, const char *field)
{
    if (!isfinite(v))
        return gm_invalid(b, field, "the value is not a number");
    config_key(b, key);
    sl_jw_double(&b->w, v);
    return SL_OK;
}

static void config_int(struct gm_build *b, const char *key, int64_t v)
{
    config_key(b, key);
    sl_jw_int(&b->w, v);
}

static void config_string(struct gm_build *b, const char *key, const char *v)
{
    config_key(b, key);
    sl_jw_string(&b->w, v);
}

/* ---- sampling ---- */

static enum sl_code put_temperature(struct gm_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    const struct sl_target *t = b->in->target;
    enum sl_code code = SL_OK;

    if (r->_temperature_case || t->has_temperature)
        code = config_double(b, "temperature",
                             r->_temperature_case ? r->temperature : t->temperature, "temperature");
    if (code == SL_OK && (r->_top_p_case || t->has_top_p))
        code = config_double(b, "topP", r->_top_p_case ? r->top_p : t->top_p, "top_p");
    if (code == SL_OK && r->_presence_penalty_case)
        code = config_double(b, "presencePenalty", r->presence_penalty, "presence_penalty");
    if (code == SL_OK && r->_frequency_penalty_case)
        code = config_double(b, "frequencyPenalty", r->frequency_penalty, "frequency_penalty");
    return code;
}

static enum sl_code put_seed(struct gm_build *b)
{
    if (!b->request->_seed_case)
        return SL_OK;
    if (b->request->seed < INT32_MIN || b->request->seed > INT32_MAX)
        return sl_unsupported(b->in, b->err, "seed", "%s takes seeds of 32 bits; it was left out",
                              b->d->title);
    config_int(b, "seed", b->request->seed);
    return SL_OK;
}

static enum sl_code put_stop(struct gm_build *b)
{
    enum sl_code code = SL_OK;
    size_t n = b->request->n_stop;

    if (n > MAX_STOP) {
        code = sl_unsupported(b->in, b->err, "stop",
                              "%s takes at most %d stop sequences; the rest was left out",
                              b->d->title, MAX_STOP);
        n = MAX_STOP;
    }
    if (!n || code != SL_OK)
        return code;
    config_key(b, "stopSequences");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < n; i++)
        sl_jw_string(&b->w, b->request->stop[i]);
    sl_jw_array_end(&b->w);
    return SL_OK;
}

/* "logprobs: only valid if responseLogprobs=True" */
static void put_logprobs(struct gm_build *b)
{
    bool top = b->request->_top_logprobs_case != 0;

    if (top || b->request->_logprobs_case) {
        config_key(b, "responseLogprobs");
        sl_jw_bool(&b->w, top || b->request->logprobs);
    }
    if (top && b->request->top_logprobs > 0)
        config_int(b, "logprobs", b->request->top_logprobs);
}

static enum sl_code put_sampling(struct gm_build *b)
{
    const struct sl_target *t = b->in->target;
    enum sl_code code = put_temperature(b);

    if (code != SL_OK)
        return code;
    if (b->request->_top_k_case)
        config_int(b, "topK", b->request->top_k);
    if (b->request->_max_output_tokens_case)
        config_int(b, "maxOutputTokens", b->request->max_output_tokens);
    else if (t->has_max_output_tokens)
        config_int(b, "maxOutputTokens", t->max_output_tokens);
    code = put_seed(b);
    if (code == SL_OK)
        code = put_stop(b);
    if (code == SL_OK)
        put_logprobs(b);
    return code;
}

/* ---- format ---- */

bool gm_is_google_schema(struct gm_build *b, const char *schema)
{
    struct sl_json_parser parser;
    struct sl_err ignored = {0};
    struct sl_json j;
    bool google = false;
    char *copy = sl_arena_strdup(b->in->arena, schema);

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, copy, strlen(copy), &j, &ignored) == SL_OK &&
        sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_OBJECT) {
        struct sl_str type = sl_json_raw(&j, sl_json_member(&j, SL_JSON_ROOT, "type"));
        google = type.n > 2 && type.p[1] >= 'A' && type.p[1] <= 'Z';
    }
    sl_json_parser_fini(&parser);
    return google;
}

/* "responseJsonSchema: an alternative to responseSchema that accepts JSON Schema." The answer always
 * follows the schema. */
static enum sl_code put_schema(struct gm_build *b, const Sluice__V1__ResponseFormat *format)
{
    enum sl_code code =
        gm_check_json(b, format->schema_json, SL_JSON_NONE, "response_format.schema_json");

    if (code == SL_OK && format->description[0])
        code = sl_unsupported(b->in, b->err, "response_format.description",
                              "%s takes a schema without a description beside it", b->d->title);
    if (code == SL_OK && format->_strict_case && !format->strict)
        code = sl_unsupported(b->in, b->err, "response_format.strict",
                              "%s always holds the answer to the schema", b->d->title);
    if (code != SL_OK)
        return code;
    if (format->schema_name[0])
        sl_warn(b->in->warnings, "SCHEMA_NAME_DROPPED", "response_format.schema_name",
                "%s takes a schema without a name", b->d->title);
    config_key(b, gm_is_google_schema(b, format->schema_json) ? "responseSchema"
                                                              : "responseJsonSchema");
    sl_jw_raw(&b->w, format->schema_json, strlen(format->schema_json));
    return SL_OK;
}

static enum sl_code put_format(struct gm_build *b)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;

    if (!format || format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_UNSPECIFIED ||
        format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT)
        return SL_OK;
    config_string(b, "responseMimeType", "application/json");
    if (format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
        return put_schema(b, format);
    return SL_OK;
}

/* ---- thinking ---- */

static const char *base_name(const char *model_id)
{
    const char *slash = strrchr(model_id, '/');

    return slash ? slash + 1 : model_id;
}

bool gm_has_levels(const struct gm_build *b)
{
    static const char *const budgets[] = {"gemini-1",     "gemini-2",        "gemini-pro",
                                          "gemini-ultra", "gemini-robotics", "gemma",
                                          "learnlm"};
    const char *name = base_name(b->in->target->model_id);

    for (size_t i = 0; i < SL_ARRAY_LEN(budgets); i++)
        if (sl_starts_with(name, budgets[i]))
            return false;
    return true;
}

/* Gemini 3 Pro has no level MINIMAL; its lowest is LOW. */
static const char *lowest_level(const struct gm_build *b)
{
    return strstr(b->in->target->model_id, "-pro") ? "LOW" : "MINIMAL";
}

/* An effort as thinkingLevel, or for models up to 2.5 as thinkingBudget. */
static enum sl_code put_effort(struct gm_build *b, Sluice__V1__ReasoningOptions__Effort effort)
{
    static const char *const levels[] = {NULL, NULL, NULL, "LOW", "MEDIUM", "HIGH", "HIGH"};
    static const int budgets[] = {0,           0,          BUDGET_LOW, BUDGET_LOW, BUDGET_MEDIUM,
                                  BUDGET_HIGH, BUDGET_HIGH};
    enum sl_code code = SL_OK;

    if ((unsigned)effort >= SL_ARRAY_LEN(levels))
        return gm_invalid(b, "reasoning.effort", "reasoning.effort has no such level");
    if (effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH)
        code = sl_unsupported(b->in, b->err, "reasoning.effort",
                              "%s has no effort above high; high was asked for", b->d->title);
    if (effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE && gm_has_levels(b))
        code = sl_unsupported(b->in, b->err, "reasoning.effort",
                              "this model cannot be kept from reasoning; its lowest level was "
                              "asked for");
    if (code != SL_OK)
        return code;
    if (gm_has_levels(b)) {
        gm_put_string(b, "thinkingLevel", levels[effort] ? levels[effort] : lowest_level(b));
    } else {
        sl_jw_key(&b->w, "thinkingBudget");
        sl_jw_int(&b->w, budgets[effort]);
    }
    return SL_OK;
}

/* "You cannot use both thinking_level and thinking_budget in the same request." */
static enum sl_code put_amount(struct gm_build *b, const Sluice__V1__ReasoningOptions *r)
{
    if (r->_budget_tokens_case) {
        sl_jw_key(&b->w, "thinkingBudget");
        sl_jw_int(&b->w, r->budget_tokens);
        if (r->effort)
            return sl_unsupported(b->in, b->err, "reasoning.effort",
                                  "%s takes a budget or an effort; the budget was sent",
                                  b->d->title);
        return SL_OK;
    }
    return r->effort ? put_effort(b, r->effort) : SL_OK;
}

static enum sl_code put_thinking(struct gm_build *b)
{
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
    enum sl_code code;

    if (!r || (!r->_budget_tokens_case && !r->effort && !r->summary[0]))
        return SL_OK;
    config_key(b, "thinkingConfig");
    sl_jw_object(&b->w);
    code = put_amount(b, r);
    if (r->summary[0]) {
        sl_jw_key(&b->w, "includeThoughts");
        sl_jw_bool(&b->w, true);
    }
    sl_jw_object_end(&b->w);
    if (code == SL_OK && r->summary[0] && strcmp(r->summary, "auto") != 0)
        code = sl_unsupported(b->in, b->err, "reasoning.summary",
                              "%s has one kind of summary only; it was asked for", b->d->title);
    return code;
}

enum sl_code gm_build_config(struct gm_build *b)
{
    enum sl_code code = put_sampling(b);

    if (code == SL_OK)
        code = put_format(b);
    if (code == SL_OK)
        code = put_thinking(b);
    if (code != SL_OK)
        return code;
    gm_put_options(b, "generationConfig");
    gm_end_object(b);
    return SL_OK;
}

/* ---- the body ---- */

static enum sl_code put_members(struct gm_build *b)
{
    enum sl_code code = gm_build_contents(b);

    if (code == SL_OK)
        code = gm_build_tools(b);
    if (code == SL_OK)
        code = gm_build_config(b);
    if (code == SL_OK && b->request->end_user[0])
        code = sl_unsupported(b->in, b->err, "end_user", "%s takes no id of the end user",
                              b->d->title);
    if (code == SL_OK)
        gm_put_options(b, NULL);
    return code;
}

static enum sl_code write_body(struct gm_build *b)
{
    sl_jw_object(&b->w);
    enum sl_code code = put_members(b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

/* https://ai.google.dev/api/tokens: a whole request, as it would be sent, with the model in it. */
static enum sl_code write_counting_body(struct gm_build *b)
{
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "generateContentRequest");
    sl_jw_object(&b->w);
    gm_put_string(b, "model", gm_model_path(b->d, b->in));
    enum sl_code code = put_members(b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

/* ---- the request ---- */

/* The id as a path: "models/x" and "tunedModels/x" are whole, a bare id is a model. Anything that
 * would not stay in the path is percent-encoded. */
char *gm_model_path(const struct sl_gemini_dialect *d, const struct sl_build_in *in)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@/";
    const char *id = in->target->model_id;
    size_t size = strlen(d->models_path) + strlen(id) * 3 + 2;
    char *path = sl_arena_zalloc(in->arena, size);
    size_t n = 0;

    if (!strchr(id, '/'))
        n = (size_t)snprintf(path, size, "%s/", d->models_path);
    for (; *id; id++) {
        if (strchr(plain, *id))
            path[n++] = *id;
        else
            n += (size_t)snprintf(path + n, size - n, "%%%02X", (unsigned)(unsigned char)*id);
    }
    return path;
}

void gm_address(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                struct sl_http_request *out, const char *action)
{
    struct sl_target target = *in->target;

    *out = (struct sl_http_request){.method = "POST"};
    out->url =
        sl_arena_printf(in->arena, "%s/%s:%s", target.base_url, gm_model_path(d, in), action);
    if (target.auth == SL_AUTH_DEFAULT)
        target.auth = d->auth;
    if (target.auth == SL_AUTH_HEADER && (!target.auth_header || !*target.auth_header))
        target.auth_header = d->key_header;
    sl_http_header(out, in->arena, "content-type", "application/json", false);
    sl_http_header(out, in->arena, "accept", in->stream ? "text/event-stream" : "application/json",
                   false);
    if (target.project && *target.project)
        sl_http_header(out, in->arena, "x-goog-user-project", target.project, false);
    sl_http_auth(out, in->arena, &target, d->auth);
}

static enum sl_code check_target(const struct sl_gemini_dialect *d, const struct sl_target *target,
                                 struct sl_err *err)
{
    if (d->key_variable && target->auth != SL_AUTH_NONE && !target->key)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "%s needs a key and none is configured; %s usually holds it", d->title,
                          d->key_variable);
    return SL_OK;
}

static enum sl_code build(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                          struct sl_http_request *out, const char *action,
                          enum sl_code (*write)(struct gm_build *b), struct sl_err *err)
{
    struct gm_build b = {.d = d, .in = in, .request = in->request, .err = err};
    enum sl_code code = check_target(d, in->target, err);

    if (code != SL_OK)
        return code;
    gm_address(d, in, out, action);
    sl_jw_init(&b.w, in->arena, &out->body);
    code = gm_open_options(&b);
    if (code == SL_OK)
        code = write(&b);
    gm_close_options(&b);
    return code;
}

enum sl_code sl_gemini_build(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                             struct sl_http_request *out, struct sl_err *err)
{
    enum sl_code code =
        build(d, in, out, in->stream ? "streamGenerateContent?alt=sse" : "generateContent",
              write_body, err);

    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    return code;
}

enum sl_code gm_build_counting(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                               struct sl_http_request *out, struct sl_err *err)
{
    return build(d, in, out, "countTokens", write_counting_body, err);
}

/* "CountTokens" of Vertex AI has no toolConfig: a choice among tools is not counted. */
static enum sl_code write_bare_counting_body(struct gm_build *b)
{
    Sluice__V1__CompleteRequest request = *b->request;

    request.tool_choice = NULL;
    b->request = &request;
    sl_jw_object(&b->w);
    enum sl_code code = gm_build_contents(b);
    if (code == SL_OK)
        code = gm_build_tools(b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

enum sl_code gm_build_bare_counting(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                                    struct sl_http_request *out, struct sl_err *err)
{
    return build(d, in, out, "countTokens", write_bare_counting_body, err);
}
