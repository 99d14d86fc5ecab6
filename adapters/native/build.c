/* Writing requests of formats that are a provider's own: members, headers, parts. */
#include "adapters/native/native.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void nv_begin(struct nv_build *b, const struct sl_build_in *in, struct sl_http_request *out,
              const char *path)
{
    *out = (struct sl_http_request){0};
    out->method = "POST";
    out->url = sl_arena_printf(in->arena, "%s%s", in->target->base_url, path);
    sl_http_header(out, in->arena, "content-type", "application/json", false);
    sl_http_auth(out, in->arena, in->target, SL_AUTH_BEARER);
    b->in = in;
    b->request = in->request;
    sl_jw_init(&b->w, in->arena, &out->body);
}

const char *nv_field(struct nv_build *b, const char *fmt, ...)
{
    char field[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(field, sizeof(field), fmt, ap);
    va_end(ap);
    return sl_arena_strdup(b->in->arena, field);
}

/* ---- members ---- */

void nv_put_string(struct nv_build *b, const char *key, const char *v)
{
    sl_jw_key(&b->w, key);
    sl_jw_string(&b->w, v);
}

void nv_put_int(struct nv_build *b, const char *key, int64_t v)
{
    sl_jw_key(&b->w, key);
    sl_jw_int(&b->w, v);
}

void nv_put_bool(struct nv_build *b, const char *key, bool v)
{
    sl_jw_key(&b->w, key);
    sl_jw_bool(&b->w, v);
}

void nv_put_raw(struct nv_build *b, const char *key, const char *json)
{
    sl_jw_key(&b->w, key);
    sl_jw_raw(&b->w, json, strlen(json));
}

enum sl_code nv_put_double(struct nv_build *b, const char *key, const char *field, double v)
{
    if (!isfinite(v))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                            "%s is not a number", field);
    sl_jw_key(&b->w, key);
    sl_jw_double(&b->w, v);
    return SL_OK;
}

void nv_put_strings(struct nv_build *b, const char *key, char *const *list, size_t n)
{
    sl_jw_key(&b->w, key);
    sl_jw_array(&b->w);
    for (size_t i = 0; i < n; i++)
        sl_jw_string(&b->w, list[i]);
    sl_jw_array_end(&b->w);
}

void nv_put_data_url(struct nv_build *b, const char *media_type, const ProtobufCBinaryData *data)
{
    sl_jw_string_begin(&b->w);
    sl_jw_string_text(&b->w, "data:", 5);
    sl_jw_string_text(&b->w, media_type, strlen(media_type));
    sl_jw_string_text(&b->w, ";base64,", 8);
    sl_jw_string_base64(&b->w, data->data, data->len);
    sl_jw_string_end(&b->w);
}

enum sl_code nv_check_json(struct nv_build *b, const char *json, enum sl_json_type type,
                           const char *field)
{
    struct sl_err why = {0};

    if (sl_json_check(json, strlen(json), type, &why))
        return SL_OK;
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s is not valid JSON of its kind: %s", field, why.text);
}

bool nv_temperature(const struct nv_build *b, double *v)
{
    if (b->request->_temperature_case)
        *v = b->request->temperature;
    else if (b->in->target->has_temperature)
        *v = b->in->target->temperature;
    return b->request->_temperature_case || b->in->target->has_temperature;
}

bool nv_top_p(const struct nv_build *b, double *v)
{
    if (b->request->_top_p_case)
        *v = b->request->top_p;
    else if (b->in->target->has_top_p)
        *v = b->in->target->top_p;
    return b->request->_top_p_case || b->in->target->has_top_p;
}

bool nv_max_output_tokens(const struct nv_build *b, int64_t *v)
{
    if (b->request->_max_output_tokens_case)
        *v = b->request->max_output_tokens;
    else if (b->in->target->has_max_output_tokens)
        *v = b->in->target->max_output_tokens;
    return b->request->_max_output_tokens_case || b->in->target->has_max_output_tokens;
}

/* ---- parts ---- */

const char *nv_part_field(struct nv_build *b, struct nv_place at, const char *rest)
{
    return nv_field(b, "messages[%zu].parts[%zu]%s", at.message, at.part, rest);
}

enum sl_code nv_wrong_place(struct nv_build *b, struct nv_place at, const char *what)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                        nv_part_field(b, at, ""), "%s cannot stand in a message of this role",
                        what);
}

enum sl_code nv_unsupported_part(struct nv_build *b, struct nv_place at, const char *what)
{
    return sl_unsupported(b->in, b->err, nv_part_field(b, at, ""),
                          "%s takes no %s here; it was left out", b->title, what);
}

enum sl_code nv_check_part(struct nv_build *b, const Sluice__V1__Part *part, struct nv_place at,
                           const char *own)
{
    if (part->provider_state && strcmp(part->provider_state->provider, own) != 0)
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", nv_part_field(b, at, ".provider_state"),
                "the state belongs to %s and was not sent to %s", part->provider_state->provider,
                b->title);
    if (part->n_citations)
        sl_warn(b->in->warnings, "CITATIONS_DROPPED", nv_part_field(b, at, ".citations"),
                "citations of earlier answers are not sent");
    if (part->cache_hint)
        return sl_unsupported(b->in, b->err, nv_part_field(b, at, ".cache_hint"),
                              "%s takes no cache hints", b->title);
    return SL_OK;
}

enum sl_code nv_check_name(struct nv_build *b, const Sluice__V1__Message *m, size_t index)
{
    if (!m->name[0])
        return SL_OK;
    return sl_unsupported(b->in, b->err, nv_field(b, "messages[%zu].name", index),
                          "%s has no names of participants", b->title);
}

/* ---- tools ---- */

void nv_put_arguments(struct nv_build *b, const char *key, const char *json, struct nv_place at)
{
    struct sl_err ignored = {0};

    sl_jw_key(&b->w, key);
    if (!json[strspn(json, " \t\r\n")])
        json = "{}";
    if (sl_json_check(json, strlen(json), SL_JSON_OBJECT, &ignored)) {
        sl_jw_raw(&b->w, json, strlen(json));
        return;
    }
    sl_jw_object(&b->w);
    nv_put_string(b, "INVALID_JSON", json);
    sl_jw_object_end(&b->w);
    sl_warn(b->in->warnings, "ARGUMENTS_WRAPPED", nv_part_field(b, at, ".tool_call"),
            "%s takes objects as arguments; the text was put into one", b->title);
}

static enum sl_code check_result_part(struct nv_build *b, const Sluice__V1__ToolResultPart *part,
                                      const char *field, bool documents)
{
    bool text = part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
    bool document = documents &&
                    part->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT &&
                    part->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_TEXT;
    enum sl_code code = SL_OK;

    if (!text && !document)
        code = sl_unsupported(b->in, b->err, field,
                              "%s takes text only from tools; the part was left out", b->title);
    if (code == SL_OK && part->cache_hint)
        code = sl_unsupported(b->in, b->err, nv_field(b, "%s.cache_hint", field),
                              "%s takes no cache hints", b->title);
    return code;
}

enum sl_code nv_check_result(struct nv_build *b, const Sluice__V1__ToolResult *result,
                             struct nv_place at, bool documents)
{
    enum sl_code code = SL_OK;

    if (result->is_error)
        code = sl_unsupported(b->in, b->err, nv_part_field(b, at, ".tool_result.is_error"),
                              "%s is not told that a tool failed, only what it said", b->title);
    for (size_t i = 0; i < result->n_parts && code == SL_OK; i++)
        code = check_result_part(
            b, result->parts[i],
            nv_field(b, "messages[%zu].parts[%zu].tool_result.parts[%zu]", at.message, at.part, i),
            documents);
    return code;
}

static const char *call_name(const Sluice__V1__Message *m, const char *id)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (part->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL &&
            !strcmp(part->tool_call->id, id))
            return part->tool_call->name;
    }
    return NULL;
}

const char *nv_result_name(const struct nv_build *b, const Sluice__V1__ToolResult *result)
{
    const char *name = NULL;

    if (result->name[0])
        return result->name;
    for (size_t i = b->request->n_messages; i > 0 && !name; i--)
        name = call_name(b->request->messages[i - 1], result->tool_call_id);
    return name ? name : "";
}
