/* Requests of chat completions: a body written as segments, so that pictures and documents are
 * neither copied nor encoded as a whole. Every field of CompleteRequest is sent, warned about or
 * refused here and in the files beside; those that are Sluice's own (model, request_id,
 * conversation_id, message_id, labels, task, include_message, on_unsupported) are not the provider's
 * business.
 *
 * Source: OpenAI's API reference, "Create chat completion". */
#include "adapters/chat_completions/internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cc_field(struct cc_build *b, const char *fmt, ...)
{
    char field[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(field, sizeof(field), fmt, ap);
    va_end(ap);
    return sl_arena_strdup(b->in->arena, field);
}

enum sl_code cc_check_json(struct cc_build *b, const char *json, enum sl_json_type type,
                           const char *field)
{
    struct sl_err why = {0};

    if (sl_json_check(json, strlen(json), type, &why))
        return SL_OK;
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s is not valid JSON of its kind: %s", field, why.text);
}

/* ---- members ---- */

static enum sl_code put_double(struct cc_build *b, const char *key, double v)
{
    if (!isfinite(v))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, key,
                            "%s is not a number", key);
    sl_jw_key(&b->w, key);
    sl_jw_double(&b->w, v);
    return SL_OK;
}

static void put_int(struct cc_build *b, const char *key, int64_t v)
{
    sl_jw_key(&b->w, key);
    sl_jw_int(&b->w, v);
}

static void put_bool(struct cc_build *b, const char *key, bool v)
{
    sl_jw_key(&b->w, key);
    sl_jw_bool(&b->w, v);
}

void cc_put_string(struct cc_build *b, const char *key, const char *v)
{
    sl_jw_key(&b->w, key);
    sl_jw_string(&b->w, v);
}

/* ---- sampling ---- */

static enum sl_code put_temperature(struct cc_build *b)
{
    const struct sl_target *target = b->in->target;
    enum sl_code code = SL_OK;

    if (b->request->_temperature_case)
        code = put_double(b, "temperature", b->request->temperature);
    else if (target->has_temperature)
        code = put_double(b, "temperature", target->temperature);
    if (code != SL_OK)
        return code;
    if (b->request->_top_p_case)
        return put_double(b, "top_p", b->request->top_p);
    return target->has_top_p ? put_double(b, "top_p", target->top_p) : SL_OK;
}

static enum sl_code put_penalties(struct cc_build *b)
{
    enum sl_code code = SL_OK;

    if (b->request->_frequency_penalty_case)
        code = put_double(b, "frequency_penalty", b->request->frequency_penalty);
    if (code == SL_OK && b->request->_presence_penalty_case)
        code = put_double(b, "presence_penalty", b->request->presence_penalty);
    return code;
}

static enum sl_code put_top_k(struct cc_build *b)
{
    if (!b->request->_top_k_case)
        return SL_OK;
    if (!b->d->top_k)
        return sl_unsupported(b->in, b->err, "top_k", "%s has no top_k", b->d->title);
    put_int(b, "top_k", b->request->top_k);
    return SL_OK;
}

static void put_max_tokens(struct cc_build *b)
{
    const struct sl_target *target = b->in->target;
    bool legacy = b->d->legacy_max_tokens || target->legacy_max_tokens;

    if (b->request->_max_output_tokens_case)
        put_int(b, legacy ? "max_tokens" : "max_completion_tokens", b->request->max_output_tokens);
    else if (target->has_max_output_tokens)
        put_int(b, legacy ? "max_tokens" : "max_completion_tokens", target->max_output_tokens);
}

static enum sl_code put_stop(struct cc_build *b)
{
    size_t n = b->request->n_stop;

    if (!n)
        return SL_OK;
    if (b->d->max_stop && n > b->d->max_stop) {
        enum sl_code code = sl_unsupported(
            b->in, b->err, "stop", "%s takes at most %u stop sequences; the rest was left out",
            b->d->title, b->d->max_stop);
        if (code != SL_OK)
            return code;
        n = b->d->max_stop;
    }
    sl_jw_key(&b->w, "stop");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < n; i++)
        sl_jw_string(&b->w, b->request->stop[i]);
    sl_jw_array_end(&b->w);
    return SL_OK;
}

static enum sl_code put_logprobs(struct cc_build *b)
{
    bool wanted =
        b->request->_top_logprobs_case || (b->request->_logprobs_case && b->request->logprobs);

    if (wanted && b->d->no_logprobs)
        return sl_unsupported(b->in, b->err,
                              b->request->_top_logprobs_case ? "top_logprobs" : "logprobs",
                              "%s gives no probabilities of tokens", b->d->title);
    if (b->request->_top_logprobs_case) {
        put_bool(b, "logprobs", true);
        put_int(b, "top_logprobs", b->request->top_logprobs);
    } else if (b->request->_logprobs_case && !b->d->no_logprobs) {
        put_bool(b, "logprobs", b->request->logprobs);
    }
    return SL_OK;
}

static enum sl_code put_sampling(struct cc_build *b)
{
    enum sl_code code = put_temperature(b);

    if (code == SL_OK)
        code = put_penalties(b);
    if (code == SL_OK)
        code = put_top_k(b);
    if (code == SL_OK)
        code = put_stop(b);
    if (code != SL_OK)
        return code;
    put_max_tokens(b);
    if (b->request->_seed_case)
        put_int(b, b->d->seed_key ? b->d->seed_key : "seed", b->request->seed);
    return put_logprobs(b);
}

/* ---- format ---- */

static enum sl_code put_schema(struct cc_build *b, const Sluice__V1__ResponseFormat *format)
{
    enum sl_code code =
        cc_check_json(b, format->schema_json, SL_JSON_NONE, "response_format.schema_json");

    if (code != SL_OK)
        return code;
    cc_put_string(b, "type", "json_schema");
    sl_jw_key(&b->w, "json_schema");
    sl_jw_object(&b->w);
    cc_put_string(b, "name", format->schema_name[0] ? format->schema_name : "response");
    if (format->description[0])
        cc_put_string(b, "description", format->description);
    sl_jw_key(&b->w, "schema");
    sl_jw_raw(&b->w, format->schema_json, strlen(format->schema_json));
    if (format->_strict_case)
        put_bool(b, "strict", format->strict);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* Text is every server's default and is not mentioned: old ones do not know response_format. */
static enum sl_code put_response_format(struct cc_build *b)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    enum sl_code code = SL_OK;

    if (!format || format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_UNSPECIFIED ||
        format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT)
        return SL_OK;
    sl_jw_key(&b->w, "response_format");
    sl_jw_object(&b->w);
    if (format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
        code = put_schema(b, format);
    else
        cc_put_string(b, "type", "json_object");
    sl_jw_object_end(&b->w);
    return code;
}

/* ---- the body ---- */

static enum sl_code put_end_user(struct cc_build *b)
{
    if (!b->request->end_user[0])
        return SL_OK;
    if (!b->d->end_user_key)
        return sl_unsupported(b->in, b->err, "end_user", "%s takes no id of the end user",
                              b->d->title);
    cc_put_string(b, b->d->end_user_key, b->request->end_user);
    return SL_OK;
}

static enum sl_code write_body(struct cc_build *b)
{
    enum sl_code code;

    sl_jw_object(&b->w);
    cc_put_string(b, "model", b->in->target->model_id);
    code = cc_build_messages(b);
    if (code == SL_OK)
        code = put_sampling(b);
    if (code == SL_OK)
        code = cc_build_tools(b);
    if (code == SL_OK)
        code = put_response_format(b);
    if (code == SL_OK)
        code = cc_build_reasoning(b);
    if (code == SL_OK)
        code = put_end_user(b);
    if (code == SL_OK) {
        if (b->in->stream)
            put_bool(b, "stream", true);
        code = cc_build_options(b);
    }
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

/* ---- the request ---- */

static enum sl_code check_target(const struct sl_cc_dialect *d, const struct sl_target *target,
                                 struct sl_err *err)
{
    bool needs_key = d->key_variable && target->auth != SL_AUTH_NONE;

    if (needs_key && !target->key)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "%s needs a key and none is configured; %s usually holds it", d->title,
                          d->key_variable);
    if (target->api && *target->api && strcmp(target->api, "chat_completions") != 0)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "provider kind %s does not speak the api \"%s\"", d->kind, target->api);
    return SL_OK;
}

static void set_headers(const struct sl_cc_dialect *d, const struct sl_build_in *in,
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
    sl_http_auth(out, in->arena, target, d->auth);
}

enum sl_code sl_cc_build(const struct sl_cc_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err)
{
    struct cc_build b = {.d = d, .in = in, .request = in->request, .err = err};
    enum sl_code code = check_target(d, in->target, err);

    *out = (struct sl_http_request){0};
    if (code != SL_OK)
        return code;
    out->method = "POST";
    out->url = sl_arena_printf(in->arena, "%s/chat/completions", in->target->base_url);
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    set_headers(d, in, out);
    sl_jw_init(&b.w, in->arena, &out->body);
    return write_body(&b);
}
