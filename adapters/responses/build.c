/* Requests of the Responses API. Every field of CompleteRequest is sent, warned about or refused
 * here and in the files beside.
 *
 * Sources: OpenAI's API reference, "Create a model response"; OpenRouter's "Responses API" for
 * top_k, penalties and reasoning.max_tokens; xAI's API reference, "Create new response", for
 * logprobs. */
#include "adapters/responses/internal.h"

#include <math.h>
#include <string.h>

/* ---- sampling ---- */

static enum sl_code put_double(struct rs_build *b, const char *key, double v)
{
    if (!isfinite(v))
        return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, key,
                            "%s is not a number", key);
    sl_jw_key(&b->b.w, key);
    sl_jw_double(&b->b.w, v);
    return SL_OK;
}

static void put_int(struct rs_build *b, const char *key, int64_t v)
{
    sl_jw_key(&b->b.w, key);
    sl_jw_int(&b->b.w, v);
}

static enum sl_code unsupported(struct rs_build *b, const char *field)
{
    return sl_unsupported(b->b.in, b->b.err, field, "%s has no %s in its Responses API",
                          b->d->words.title, field);
}

static enum sl_code put_temperature(struct rs_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    const struct sl_target *target = b->b.in->target;
    enum sl_code code = SL_OK;

    if (r->_temperature_case)
        code = put_double(b, "temperature", r->temperature);
    else if (target->has_temperature)
        code = put_double(b, "temperature", target->temperature);
    if (code != SL_OK)
        return code;
    if (r->_top_p_case)
        return put_double(b, "top_p", r->top_p);
    return target->has_top_p ? put_double(b, "top_p", target->top_p) : SL_OK;
}

static enum sl_code put_penalty(struct rs_build *b, const char *field, bool is_set, double v)
{
    if (!is_set)
        return SL_OK;
    return b->d->penalties ? put_double(b, field, v) : unsupported(b, field);
}

/* What OpenAI's newer API has lost, or never had. */
static enum sl_code put_rare(struct rs_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    enum sl_code code =
        put_penalty(b, "frequency_penalty", r->_frequency_penalty_case != 0, r->frequency_penalty);

    if (code == SL_OK)
        code =
            put_penalty(b, "presence_penalty", r->_presence_penalty_case != 0, r->presence_penalty);
    if (code == SL_OK && r->_top_k_case && !b->d->top_k)
        code = unsupported(b, "top_k");
    else if (r->_top_k_case)
        put_int(b, "top_k", r->top_k);
    if (code == SL_OK && r->_seed_case)
        code = unsupported(b, "seed");
    if (code == SL_OK && r->n_stop)
        code = unsupported(b, "stop");
    return code;
}

static enum sl_code put_sampling(struct rs_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    enum sl_code code = put_temperature(b);

    if (code == SL_OK)
        code = put_rare(b);
    if (r->_max_output_tokens_case)
        put_int(b, "max_output_tokens", r->max_output_tokens);
    else if (b->b.in->target->has_max_output_tokens)
        put_int(b, "max_output_tokens", b->b.in->target->max_output_tokens);
    if (r->_top_logprobs_case)
        put_int(b, "top_logprobs", r->top_logprobs);
    return code;
}

/* ---- include ---- */

static const char logprobs_value[] = "message.output_text.logprobs";

static void put_values(struct rs_build *b, struct sl_str array, bool has_logprobs)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err ignored = {0};
    char *copy = sl_arena_strndup(b->b.in->arena, array.p, array.n);

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, copy, array.n, &j, &ignored) == SL_OK)
        for (int v = sl_json_first(&j, SL_JSON_ROOT); v >= 0;
             v = sl_json_next(&j, SL_JSON_ROOT, v)) {
            struct sl_str raw = sl_json_raw(&j, v);
            if (!has_logprobs || !sl_json_string_is(&j, v, logprobs_value))
                sl_jw_raw(&b->b.w, raw.p, raw.n);
        }
    sl_json_parser_fini(&parser);
}

/* "include": what probabilities need, and what the options ask for. */
static enum sl_code put_include(struct rs_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    bool logprobs = r->_top_logprobs_case || (r->_logprobs_case && r->logprobs);
    struct sl_str more;
    enum sl_code code = rs_option(b, "include", SL_JSON_ARRAY, &more);

    if (code != SL_OK)
        return code;
    if (b->d->logprobs_member && (r->_logprobs_case || logprobs)) {
        sl_jw_key(&b->b.w, "logprobs");
        sl_jw_bool(&b->b.w, logprobs);
    }
    logprobs = logprobs && !b->d->logprobs_member;
    if (!logprobs && !more.n)
        return SL_OK;
    sl_jw_key(&b->b.w, "include");
    sl_jw_array(&b->b.w);
    if (logprobs)
        sl_jw_string(&b->b.w, logprobs_value);
    if (more.n)
        put_values(b, more, logprobs);
    sl_jw_array_end(&b->b.w);
    return SL_OK;
}

/* ---- text and reasoning, whose other members may come from the options ---- */

static enum sl_code written_twice(struct rs_build *b, const char *key, const char *field)
{
    return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                        "provider_options_json", "provider options may not hold \"%s\" beside %s",
                        key, field);
}

static enum sl_code put_schema(struct rs_build *b, const Sluice__V1__ResponseFormat *format)
{
    enum sl_code code =
        cc_check_json(&b->b, format->schema_json, SL_JSON_NONE, "response_format.schema_json");

    if (code != SL_OK)
        return code;
    cc_put_string(&b->b, "type", "json_schema");
    cc_put_string(&b->b, "name", format->schema_name[0] ? format->schema_name : "response");
    if (format->description[0])
        cc_put_string(&b->b, "description", format->description);
    sl_jw_key(&b->b.w, "schema");
    sl_jw_raw(&b->b.w, format->schema_json, strlen(format->schema_json));
    if (format->_strict_case) {
        sl_jw_key(&b->b.w, "strict");
        sl_jw_bool(&b->b.w, format->strict);
    }
    return SL_OK;
}

static bool has_format(const Sluice__V1__ResponseFormat *format)
{
    return format && (format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA ||
                      format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON);
}

static enum sl_code put_text(struct rs_build *b)
{
    const Sluice__V1__ResponseFormat *format = b->b.request->response_format;
    struct sl_str more;
    enum sl_code code = rs_option(b, "text", SL_JSON_OBJECT, &more);

    if (code != SL_OK || (!has_format(format) && !more.n))
        return code;
    if (format && more.n && rs_option_has(b, "text", "format"))
        return written_twice(b, "text.format", "response_format");
    sl_jw_key(&b->b.w, "text");
    sl_jw_object(&b->b.w);
    if (has_format(format)) {
        sl_jw_key(&b->b.w, "format");
        sl_jw_object(&b->b.w);
        if (format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
            code = put_schema(b, format);
        else
            cc_put_string(&b->b, "type", "json_object");
        sl_jw_object_end(&b->b.w);
    }
    if (more.n)
        sl_jw_members(&b->b.w, more.p, more.n);
    sl_jw_object_end(&b->b.w);
    return code;
}

static enum sl_code check_reasoning(struct rs_build *b, const char **effort, struct sl_str more)
{
    static const char *const efforts[] = {NULL,     "none", "minimal", "low",
                                          "medium", "high", "xhigh"};
    const Sluice__V1__ReasoningOptions *reasoning = b->b.request->reasoning;

    if (!reasoning)
        return SL_OK;
    if ((unsigned)reasoning->effort >= SL_ARRAY_LEN(efforts))
        return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "reasoning.effort", "reasoning.effort has no such level");
    *effort = efforts[reasoning->effort];
    if (more.n && *effort && rs_option_has(b, "reasoning", "effort"))
        return written_twice(b, "reasoning.effort", "reasoning.effort");
    if (more.n && reasoning->summary[0] && rs_option_has(b, "reasoning", "summary"))
        return written_twice(b, "reasoning.summary", "reasoning.summary");
    if (reasoning->_budget_tokens_case && !b->d->reasoning_budget)
        return sl_unsupported(b->b.in, b->b.err, "reasoning.budget_tokens",
                              "%s has no budget for reasoning; reasoning.effort may serve",
                              b->d->words.title);
    if (more.n && reasoning->_budget_tokens_case && rs_option_has(b, "reasoning", "max_tokens"))
        return written_twice(b, "reasoning.max_tokens", "reasoning.budget_tokens");
    return SL_OK;
}

static enum sl_code put_reasoning(struct rs_build *b)
{
    const Sluice__V1__ReasoningOptions *reasoning = b->b.request->reasoning;
    const char *effort = NULL;
    struct sl_str more;
    enum sl_code code = rs_option(b, "reasoning", SL_JSON_OBJECT, &more);

    if (code == SL_OK)
        code = check_reasoning(b, &effort, more);
    if (code != SL_OK)
        return code;
    bool summary = reasoning && reasoning->summary[0];
    bool budget = reasoning && reasoning->_budget_tokens_case && b->d->reasoning_budget;
    if (!effort && !summary && !budget && !more.n)
        return SL_OK;
    sl_jw_key(&b->b.w, "reasoning");
    sl_jw_object(&b->b.w);
    if (effort)
        cc_put_string(&b->b, "effort", effort);
    if (summary)
        cc_put_string(&b->b, "summary", reasoning->summary);
    if (budget)
        put_int(b, "max_tokens", reasoning->budget_tokens);
    if (more.n)
        sl_jw_members(&b->b.w, more.p, more.n);
    sl_jw_object_end(&b->b.w);
    return SL_OK;
}

/* ---- the body ---- */

static enum sl_code put_end_user(struct rs_build *b)
{
    if (!b->b.request->end_user[0])
        return SL_OK;
    if (!b->d->words.end_user_key)
        return unsupported(b, "end_user");
    cc_put_string(&b->b, b->d->words.end_user_key, b->b.request->end_user);
    return SL_OK;
}

static enum sl_code write_members(struct rs_build *b)
{
    static enum sl_code (*const members[])(struct rs_build *) = {
        rs_put_input, put_sampling,  rs_put_tools, put_text,
        put_include,  put_reasoning, put_end_user, rs_put_options,
    };
    enum sl_code code = rs_options_open(b);

    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "model", b->b.in->target->model_id);
    if (b->b.in->stream) {
        sl_jw_key(&b->b.w, "stream");
        sl_jw_bool(&b->b.w, true);
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(members) && code == SL_OK; i++)
        code = members[i](b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->b.w);
    sl_jw_finish(&b->b.w);
    return SL_OK;
}

/* ---- the request ---- */

static void set_headers(const struct sl_rs_dialect *d, const struct sl_build_in *in,
                        struct sl_http_request *out)
{
    const struct sl_target *target = in->target;

    sl_http_header(out, in->arena, "content-type", "application/json", false);
    sl_http_header(out, in->arena, "accept", in->stream ? "text/event-stream" : "application/json",
                   false);
    if (target->organization && *target->organization)
        sl_http_header(out, in->arena, "openai-organization", target->organization, false);
    if (target->project && *target->project)
        sl_http_header(out, in->arena, "openai-project", target->project, false);
    sl_http_auth(out, in->arena, target, d->words.auth);
}

/* A base URL may end with a query (Azure's api-version), which stays at the end. */
static const char *make_url(const struct sl_build_in *in)
{
    const char *base = in->target->base_url;
    size_t n = strcspn(base, "?");

    return sl_arena_printf(in->arena, "%.*s/responses%s", (int)n, base, base + n);
}

enum sl_code sl_rs_build(const struct sl_rs_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err)
{
    struct rs_build b = {
        .b = {.d = &d->words, .in = in, .request = in->request, .err = err},
        .d = d,
    };
    bool needs_key = d->words.key_variable && in->target->auth != SL_AUTH_NONE;

    *out = (struct sl_http_request){0};
    if (needs_key && !in->target->key)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "%s needs a key and none is configured; %s usually holds it",
                          d->words.title, d->words.key_variable);
    out->method = "POST";
    out->url = make_url(in);
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    set_headers(d, in, out);
    sl_jw_init(&b.b.w, in->arena, &out->body);
    enum sl_code code = write_members(&b);
    rs_options_close(&b);
    return code;
}
