/* Requests of the Messages API: a body written as segments, so that pictures and documents are
 * neither copied nor encoded as a whole. Every field of CompleteRequest is sent, warned about or
 * refused here and in the files beside; those that are Sluice's own (model, request_id,
 * conversation_id, message_id, labels, task, include_message, on_unsupported) are not the provider's
 * business.
 *
 * Source: https://platform.claude.com/docs/en/api/messages, "Create a Message". */
#include "adapters/anthropic/internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

const char *am_field(struct am_build *b, const char *fmt, ...)
{
    char field[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(field, sizeof(field), fmt, ap);
    va_end(ap);
    return sl_arena_strdup(b->in->arena, field);
}

const char *am_part_field(struct am_build *b, struct am_place at, const char *rest)
{
    return am_field(b, "messages[%zu].parts[%zu]%s", at.message, at.part, rest);
}

enum sl_code am_unsupported_part(struct am_build *b, struct am_place at, const char *what)
{
    return sl_unsupported(b->in, b->err, am_part_field(b, at, ""),
                          "%s takes no %s here; the part was left out", b->d->title, what);
}

enum sl_code am_check_json(struct am_build *b, const char *json, enum sl_json_type type,
                           const char *field)
{
    struct sl_err why = {0};

    if (sl_json_check(json, strlen(json), type, &why))
        return SL_OK;
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s is not valid JSON of its kind: %s", field, why.text);
}

bool am_is_blank(const char *text)
{
    return !text[strspn(text, " \t\r\n")];
}

/* ---- members ---- */

void am_put_string(struct am_build *b, const char *key, const char *v)
{
    sl_jw_key(&b->w, key);
    sl_jw_string(&b->w, v);
}

void am_put_bool(struct am_build *b, const char *key, bool v)
{
    sl_jw_key(&b->w, key);
    sl_jw_bool(&b->w, v);
}

void am_put_int(struct am_build *b, const char *key, int64_t v)
{
    sl_jw_key(&b->w, key);
    sl_jw_int(&b->w, v);
}

void am_begin(struct am_build *b, const char *type)
{
    sl_jw_object(&b->w);
    am_put_string(b, "type", type);
}

/* Two lifetimes ("Prompt caching": 5 minutes, and 1 hour), at most 4 places: the last ones count,
 * since each covers what stands before it. */
enum sl_code am_put_cache(struct am_build *b, const Sluice__V1__CacheHint *hint, const char *field)
{
    enum { FIVE_MINUTES = 300, ONE_HOUR = 3600 };
    enum sl_code code = SL_OK;

    if (!hint)
        return SL_OK;
    if (b->skip_hints) {
        b->skip_hints--;
        return sl_unsupported(b->in, b->err, field,
                              "%s takes 4 cache hints; the first ones were left out", b->d->title);
    }
    sl_jw_key(&b->w, "cache_control");
    am_begin(b, "ephemeral");
    if (hint->ttl_seconds > 0)
        am_put_string(b, "ttl", hint->ttl_seconds <= FIVE_MINUTES ? "5m" : "1h");
    sl_jw_object_end(&b->w);
    if (hint->ttl_seconds && hint->ttl_seconds != FIVE_MINUTES && hint->ttl_seconds != ONE_HOUR)
        code = sl_unsupported(b->in, b->err, am_field(b, "%s.ttl_seconds", field),
                              "%s caches for 300 or 3600 seconds; the next longer was asked for",
                              b->d->title);
    return code;
}

static size_t count_hints(const Sluice__V1__CompleteRequest *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_tools; i++)
        n += r->tools[i]->cache_hint != NULL;
    for (size_t i = 0; i < r->n_messages; i++) {
        for (size_t k = 0; k < r->messages[i]->n_parts; k++) {
            const Sluice__V1__Part *part = r->messages[i]->parts[k];
            n += part->cache_hint != NULL;
            if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_RESULT)
                continue;
            for (size_t m = 0; m < part->tool_result->n_parts; m++)
                n += part->tool_result->parts[m]->cache_hint != NULL;
        }
    }
    return n;
}

/* ---- sampling ---- */

/* One of temperature, top_p, top_k. */
struct sampling {
    const char *key;
    double value;
    bool of_request, of_target;
};

/* Why the model would refuse the value; NULL where it takes it. */
static const char *refusal(const struct am_build *b, const struct sampling *s)
{
    bool temperature = !strcmp(s->key, "temperature"), top_p = !strcmp(s->key, "top_p");

    if (!b->model.sampling && !((temperature || top_p) && s->value >= 0.99 && s->value <= 1))
        return "is not taken by this model";
    if (!am_is_thinking(b))
        return NULL;
    if (temperature && (s->value < 1 || s->value > 1))
        return "is always 1 while the model reasons";
    if (top_p && s->value < 0.95)
        return "is at least 0.95 while the model reasons";
    return temperature || top_p ? NULL : "is not taken while the model reasons";
}

static enum sl_code put_sampling_value(struct am_build *b, const struct sampling *s)
{
    const char *why = refusal(b, s);

    if (!s->of_request && !s->of_target)
        return SL_OK;
    if (!isfinite(s->value))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, s->key,
                            "%s is not a number", s->key);
    if (why && s->of_request)
        return sl_unsupported(b->in, b->err, s->key, "%s %s; it was left out", s->key, why);
    if (why) {
        sl_warn(b->in->warnings, sl_reason_name(SL_REASON_UNSUPPORTED_PARAMETER), s->key,
                "the model's default %s was not sent: it %s", s->key, why);
        return SL_OK;
    }
    sl_jw_key(&b->w, s->key);
    sl_jw_double(&b->w, s->value);
    return SL_OK;
}

/* From 0 to 1. */
static enum sl_code put_temperature(struct am_build *b)
{
    const struct sl_target *target = b->in->target;
    struct sampling s = {"temperature", 0, b->request->_temperature_case != 0,
                         target->has_temperature};
    enum sl_code code = SL_OK;

    s.value = s.of_request ? b->request->temperature : target->temperature;
    if (isfinite(s.value) && s.value > 1) {
        s.value = 1;
        if (s.of_request)
            code = sl_unsupported(b->in, b->err, "temperature",
                                  "%s takes a temperature of at most 1; 1 was sent", b->d->title);
    }
    return code == SL_OK ? put_sampling_value(b, &s) : code;
}

static enum sl_code put_top(struct am_build *b)
{
    const struct sl_target *target = b->in->target;
    bool temperature = b->request->_temperature_case || target->has_temperature;
    struct sampling p = {"top_p", 0, b->request->_top_p_case != 0, target->has_top_p};
    struct sampling k = {"top_k", b->request->top_k, b->request->_top_k_case != 0, false};
    enum sl_code code = SL_OK;

    p.value = p.of_request ? b->request->top_p : target->top_p;
    if (temperature && p.of_request && b->model.one_sampling && b->model.sampling)
        code = sl_unsupported(b->in, b->err, "top_p",
                              "this model takes temperature or top_p; top_p was left out");
    else if (!(temperature && b->model.one_sampling && !p.of_request))
        code = put_sampling_value(b, &p);
    return code == SL_OK ? put_sampling_value(b, &k) : code;
}

/* Sequences of white space only are refused by the provider. */
static enum sl_code put_stop(struct am_build *b)
{
    enum sl_code code = SL_OK;
    bool begun = false;

    for (size_t i = 0; i < b->request->n_stop && code == SL_OK; i++) {
        if (am_is_blank(b->request->stop[i])) {
            code = sl_unsupported(b->in, b->err, am_field(b, "stop[%zu]", i),
                                  "%s takes no stop sequence of white space", b->d->title);
            continue;
        }
        if (!begun) {
            sl_jw_key(&b->w, "stop_sequences");
            sl_jw_array(&b->w);
            begun = true;
        }
        sl_jw_string(&b->w, b->request->stop[i]);
    }
    if (begun)
        sl_jw_array_end(&b->w);
    return code;
}

/* What the API has no parameter for. */
static enum sl_code check_absent(struct am_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    const struct {
        const char *field;
        bool set;
    } absent[] = {
        {"frequency_penalty", r->_frequency_penalty_case && r->frequency_penalty != 0},
        {"presence_penalty", r->_presence_penalty_case && r->presence_penalty != 0},
        {"seed", r->_seed_case != 0},
        {"logprobs", r->_logprobs_case && r->logprobs},
        {"top_logprobs", r->_top_logprobs_case != 0},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(absent) && code == SL_OK; i++)
        if (absent[i].set)
            code = sl_unsupported(b->in, b->err, absent[i].field, "%s has no %s", b->d->title,
                                  absent[i].field);
    return code;
}

static enum sl_code put_sampling(struct am_build *b)
{
    enum sl_code code = put_temperature(b);

    if (code == SL_OK)
        code = put_top(b);
    if (code == SL_OK)
        code = put_stop(b);
    return code == SL_OK ? check_absent(b) : code;
}

/* ---- output_config ---- */

static enum sl_code check_format(struct am_build *b, const Sluice__V1__ResponseFormat *format)
{
    enum sl_code code =
        am_check_json(b, format->schema_json, SL_JSON_OBJECT, "response_format.schema_json");

    if (code == SL_OK && format->_strict_case && !format->strict)
        code = sl_unsupported(b->in, b->err, "response_format.strict",
                              "%s always follows the schema", b->d->title);
    if (code == SL_OK && format->description[0])
        code = sl_unsupported(b->in, b->err, "response_format.description",
                              "%s takes no description of a schema", b->d->title);
    if (format->schema_name[0])
        sl_warn(b->in->warnings, "SCHEMA_NAME_DROPPED", "response_format.schema_name",
                "%s takes no name of a schema", b->d->title);
    return code;
}

/* "Structured outputs": output_config.format, which replaced output_format. */
static enum sl_code put_output_config(struct am_build *b)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    bool schema = format && format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    enum sl_code code = SL_OK;

    if (format && format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON)
        code = sl_unsupported(b->in, b->err, "response_format.type",
                              "%s writes JSON by a schema only", b->d->title);
    if (code == SL_OK && schema)
        code = check_format(b, format);
    if (code != SL_OK || (!schema && !b->effort))
        return code;
    sl_jw_key(&b->w, "output_config");
    sl_jw_object(&b->w);
    if (b->effort)
        am_put_string(b, "effort", b->effort);
    if (schema) {
        sl_jw_key(&b->w, "format");
        am_begin(b, "json_schema");
        sl_jw_key(&b->w, "schema");
        sl_jw_raw(&b->w, format->schema_json, strlen(format->schema_json));
        sl_jw_object_end(&b->w);
    }
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* ---- the body ---- */

static void put_envelope(struct am_build *b)
{
    if (b->d->body_model)
        am_put_string(b, "model", b->in->target->model_id);
    if (b->d->body_version)
        am_put_string(b, "anthropic_version", b->d->body_version);
    if (b->d->body_betas && b->n_betas) {
        sl_jw_key(&b->w, "anthropic_beta");
        sl_jw_array(&b->w);
        for (size_t i = 0; i < b->n_betas; i++)
            sl_jw_string(&b->w, b->betas[i]);
        sl_jw_array_end(&b->w);
    }
    if (b->d->body_stream && b->in->stream)
        am_put_bool(b, "stream", true);
    if (!b->d->counting)
        am_put_int(b, "max_tokens", b->max_tokens);
}

static void put_end_user(struct am_build *b)
{
    if (!b->request->end_user[0])
        return;
    sl_jw_key(&b->w, "metadata");
    sl_jw_object(&b->w);
    am_put_string(b, "user_id", b->request->end_user);
    sl_jw_object_end(&b->w);
}

static enum sl_code write_body(struct am_build *b)
{
    enum sl_code code;

    sl_jw_object(&b->w);
    put_envelope(b);
    am_put_thinking(b);
    code = b->d->counting ? SL_OK : put_sampling(b);
    if (code == SL_OK)
        code = am_build_tools(b);
    if (code == SL_OK)
        code = am_build_conversation(b);
    if (code == SL_OK)
        code = put_output_config(b);
    if (code != SL_OK)
        return code;
    if (!b->d->counting)
        put_end_user(b);
    am_put_options(b);
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

/* A file of the Files API needs its beta ("Files API"). */
static void find_files(struct am_build *b)
{
    for (size_t i = 0; i < b->request->n_messages; i++) {
        const Sluice__V1__Message *m = b->request->messages[i];
        for (size_t k = 0; k < m->n_parts; k++) {
            const Sluice__V1__Part *part = m->parts[k];
            bool image = part->content_case == SLUICE__V1__PART__CONTENT_IMAGE &&
                         part->image->source_case == SLUICE__V1__IMAGE__SOURCE_FILE_ID;
            bool document = part->content_case == SLUICE__V1__PART__CONTENT_DOCUMENT &&
                            part->document->source_case == SLUICE__V1__DOCUMENT__SOURCE_FILE_ID;
            if ((image || document) && !am_has_beta(b, "files-api"))
                am_add_beta(b, "files-api-2025-04-14");
        }
    }
}

static const char *join_betas(const struct am_build *b)
{
    const char *joined = NULL;

    for (size_t i = 0; i < b->n_betas; i++)
        joined = joined ? sl_arena_printf(b->in->arena, "%s,%s", joined, b->betas[i])
                        : sl_arena_strdup(b->in->arena, b->betas[i]);
    return joined;
}

enum sl_code sl_am_check_key(const struct sl_am_dialect *d, const struct sl_target *target,
                             struct sl_err *err)
{
    if (!target->key && target->auth != SL_AUTH_NONE)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "%s needs a key and none is configured; %s usually holds it", d->title,
                          d->key_variable);
    return SL_OK;
}

enum sl_code sl_am_body(const struct sl_am_dialect *d, const struct sl_build_in *in,
                        struct sl_segs *out, const char **betas, struct sl_err *err)
{
    enum { MAX_HINTS = 4 };
    struct am_build b = {.d = d, .in = in, .request = in->request, .err = err};
    size_t hints = count_hints(in->request);

    b.model = am_model_of(in->target->model_id);
    b.skip_hints = hints > MAX_HINTS ? hints - MAX_HINTS : 0;
    sl_json_parser_init(&b.scratch);
    sl_json_parser_init(&b.of_request.parser);
    sl_json_parser_init(&b.of_target.parser);
    sl_jw_init(&b.w, in->arena, out);
    enum sl_code code = am_read_options(&b);
    if (code == SL_OK)
        code = am_plan_thinking(&b);
    if (code == SL_OK) {
        find_files(&b);
        code = write_body(&b);
    }
    *betas = code == SL_OK && !d->body_betas ? join_betas(&b) : NULL;
    sl_json_parser_fini(&b.of_target.parser);
    sl_json_parser_fini(&b.of_request.parser);
    sl_json_parser_fini(&b.scratch);
    return code;
}
