/* Requests of completions. Every field of CompleteRequest is sent, warned about or refused here.
 *
 * Sources: OpenAI's API reference, "Create completion (legacy)"; Mistral's API reference, "Fill in
 * the middle completion". */
#include <math.h>
#include <string.h>

#include "adapters/chat_completions/internal.h"
#include "adapters/completions/completions.h"

struct tc_build {
    struct cc_build b;
    const struct sl_tc_dialect *d;
};

/* ---- the prompt ---- */

static enum sl_code refuse(struct tc_build *b, const char *field, const char *why)
{
    return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "completions take one user message with one text: %s", why);
}

/* Whether the conversation is one text of one user. */
static bool is_single_text(const Sluice__V1__CompleteRequest *r)
{
    return r->n_messages == 1 && r->messages[0]->role == SLUICE__V1__ROLE__ROLE_USER &&
           r->messages[0]->n_parts == 1 &&
           r->messages[0]->parts[0]->content_case == SLUICE__V1__PART__CONTENT_TEXT;
}

static bool has_prompt(struct tc_build *b, const char *json)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err ignored = {0};
    bool found = false;

    if (!json || !*json)
        return false;
    char *copy = sl_arena_strdup(b->b.in->arena, json);
    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, copy, strlen(copy), &j, &ignored) == SL_OK &&
        sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_OBJECT)
        for (int k = sl_json_first(&j, SL_JSON_ROOT); k >= 0 && !found;
             k = sl_json_next(&j, SL_JSON_ROOT, k)) {
            const char *key = sl_json_string(&j, k, NULL, NULL);
            found = key && !strcmp(key, "prompt");
        }
    sl_json_parser_fini(&parser);
    return found;
}

static enum sl_code put_text(struct tc_build *b, const char *text)
{
    bool given = has_prompt(b, b->b.request->provider_options_json) ||
                 has_prompt(b, b->b.in->target->provider_options_json);

    if (given && *text)
        return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json",
                            "provider options may hold \"prompt\" beside an empty text only");
    if (!given)
        cc_put_string(&b->b, "prompt", text);
    return SL_OK;
}

static enum sl_code put_prompt(struct tc_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    struct cc_place at = {0, 0};

    if (!is_single_text(r) && b->d->chat_messages)
        return cc_build_messages(&b->b);
    if (r->n_messages != 1)
        return refuse(b, "messages", "there is another number of messages");
    if (r->messages[0]->role != SLUICE__V1__ROLE__ROLE_USER)
        return refuse(b, "messages[0].role", "the role is another");
    if (!is_single_text(r))
        return refuse(b, "messages[0].parts", "the parts are others");
    enum sl_code code = cc_check_part(&b->b, r->messages[0]->parts[0], at);
    if (code == SL_OK && r->messages[0]->name[0])
        code = sl_unsupported(b->b.in, b->b.err, "messages[0].name",
                              "completions have no names of participants");
    return code == SL_OK ? put_text(b, r->messages[0]->parts[0]->text) : code;
}

/* ---- what completions do not have ---- */

static enum sl_code check_absent(struct tc_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    const Sluice__V1__ResponseFormat *format = r->response_format;
    const struct {
        bool is_set;
        const char *field;
    } absent[] = {
        {r->n_tools != 0, "tools"},
        {r->tool_choice != NULL, "tool_choice"},
        {r->_parallel_tool_calls_case != 0, "parallel_tool_calls"},
        {format && format->type > SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT, "response_format"},
        {r->reasoning != NULL, "reasoning"},
        {r->_top_k_case && !b->d->words.top_k, "top_k"},
        {r->_frequency_penalty_case && !b->d->penalties, "frequency_penalty"},
        {r->_presence_penalty_case && !b->d->penalties, "presence_penalty"},
        {r->_logprobs_case && !b->d->logprobs, "logprobs"},
        {r->_top_logprobs_case && !b->d->logprobs, "top_logprobs"},
        {r->end_user[0] && !b->d->words.end_user_key, "end_user"},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(absent) && code == SL_OK; i++)
        if (absent[i].is_set)
            code = sl_unsupported(b->b.in, b->b.err, absent[i].field, "%s has no %s in completions",
                                  b->d->words.title, absent[i].field);
    return code;
}

/* ---- sampling ---- */

static enum sl_code put_double(struct tc_build *b, const char *key, bool is_set, double v)
{
    if (!is_set)
        return SL_OK;
    if (!isfinite(v))
        return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, key,
                            "%s is not a number", key);
    sl_jw_key(&b->b.w, key);
    sl_jw_double(&b->b.w, v);
    return SL_OK;
}

static void put_int(struct tc_build *b, const char *key, bool is_set, int64_t v)
{
    if (!is_set)
        return;
    sl_jw_key(&b->b.w, key);
    sl_jw_int(&b->b.w, v);
}

static enum sl_code put_doubles(struct tc_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    const struct sl_target *t = b->b.in->target;
    enum sl_code code = put_double(b, "temperature", r->_temperature_case || t->has_temperature,
                                   r->_temperature_case ? r->temperature : t->temperature);

    if (code == SL_OK)
        code = put_double(b, "top_p", r->_top_p_case || t->has_top_p,
                          r->_top_p_case ? r->top_p : t->top_p);
    if (code == SL_OK)
        code = put_double(b, "frequency_penalty", r->_frequency_penalty_case && b->d->penalties,
                          r->frequency_penalty);
    if (code == SL_OK)
        code = put_double(b, "presence_penalty", r->_presence_penalty_case && b->d->penalties,
                          r->presence_penalty);
    return code;
}

/* logprobs is the number of likeliest tokens; 0 asks for the chosen ones only. */
static void put_ints(struct tc_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->b.request;
    const struct sl_target *t = b->b.in->target;
    bool logprobs = r->_top_logprobs_case || (r->_logprobs_case && r->logprobs);

    put_int(b, "max_tokens", r->_max_output_tokens_case || t->has_max_output_tokens,
            r->_max_output_tokens_case ? r->max_output_tokens : t->max_output_tokens);
    put_int(b, "logprobs", logprobs && b->d->logprobs, r->_top_logprobs_case ? r->top_logprobs : 0);
    put_int(b, "top_k", r->_top_k_case && b->d->words.top_k, r->top_k);
    put_int(b, b->d->words.seed_key ? b->d->words.seed_key : "seed", r->_seed_case != 0, r->seed);
}

static enum sl_code put_stop(struct tc_build *b)
{
    unsigned max = b->d->words.max_stop;
    size_t n = b->b.request->n_stop;
    enum sl_code code = SL_OK;

    if (max && n > max) {
        code = sl_unsupported(b->b.in, b->b.err, "stop",
                              "%s takes at most %u stop sequences; the rest was left out",
                              b->d->words.title, max);
        n = max;
    }
    if (!n || code != SL_OK)
        return code;
    sl_jw_key(&b->b.w, "stop");
    sl_jw_array(&b->b.w);
    for (size_t i = 0; i < n; i++)
        sl_jw_string(&b->b.w, b->b.request->stop[i]);
    sl_jw_array_end(&b->b.w);
    return SL_OK;
}

static enum sl_code put_rest(struct tc_build *b)
{
    put_ints(b);
    if (b->b.request->end_user[0] && b->d->words.end_user_key)
        cc_put_string(&b->b, b->d->words.end_user_key, b->b.request->end_user);
    if (b->b.in->stream) {
        sl_jw_key(&b->b.w, "stream");
        sl_jw_bool(&b->b.w, true);
    }
    if (b->b.in->stream && !b->d->words.no_stream_options && !b->b.in->target->no_stream_options) {
        sl_jw_key(&b->b.w, "stream_options");
        sl_jw_raw(&b->b.w, "{\"include_usage\":true}", strlen("{\"include_usage\":true}"));
    }
    return cc_build_options(&b->b);
}

static enum sl_code write_body(struct tc_build *b)
{
    static enum sl_code (*const members[])(struct tc_build *) = {put_prompt, check_absent,
                                                                 put_doubles, put_stop, put_rest};
    enum sl_code code = SL_OK;

    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "model", b->b.in->target->model_id);
    for (size_t i = 0; i < SL_ARRAY_LEN(members) && code == SL_OK; i++)
        code = members[i](b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->b.w);
    sl_jw_finish(&b->b.w);
    return SL_OK;
}

/* ---- the request ---- */

enum sl_code sl_tc_build(const struct sl_tc_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err)
{
    const struct sl_target *target = in->target;
    struct tc_build b = {
        .b = {.d = &d->words, .in = in, .request = in->request, .err = err},
        .d = d,
    };

    *out = (struct sl_http_request){0};
    if (d->words.key_variable && target->auth != SL_AUTH_NONE && !target->key)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "%s needs a key and none is configured; %s usually holds it",
                          d->words.title, d->words.key_variable);
    out->method = "POST";
    out->url = sl_arena_printf(in->arena, "%s%s", target->base_url, d->path);
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    sl_http_header(out, in->arena, "content-type", "application/json", false);
    sl_http_header(out, in->arena, "accept", in->stream ? "text/event-stream" : "application/json",
                   false);
    if (target->organization && *target->organization)
        sl_http_header(out, in->arena, "openai-organization", target->organization, false);
    if (target->project && *target->project)
        sl_http_header(out, in->arena, "openai-project", target->project, false);
    sl_http_auth(out, in->arena, target, d->words.auth);
    sl_jw_init(&b.b.w, in->arena, &out->body);
    return write_body(&b);
}
