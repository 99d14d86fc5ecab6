/* Requests of Text Generation Inference: {"inputs": prompt, "parameters": {...}, "stream": bool}. Every field of
 * CompleteRequest is sent, warned about or refused here.
 *
 * details is always asked for: without it an answer that is not streamed says neither why it ended nor how many tokens
 * it has. return_full_text is off, as the server has it and Hugging Face's own client sends it; both may be said
 * otherwise in provider options. Sampling is switched on by the server where a parameter of it is given. */
#include "adapters/text_generation/text_generation.h"

#include <string.h>

/* Its chat is the usual API of the provider; what it serves itself is beside it. */
#define ROUTER "https://router.huggingface.co"

static const char title[] = "Text Generation Inference";

enum { MAX_STOP = 4 }; /* max_stop_sequences, as the server is started by default */

/* Members of parameters, and the fields they are written from. */
static const struct nv_owned owned_parameters[] = {
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"max_new_tokens", "max_output_tokens"},
    {"seed", "seed"},
    {"stop", "stop"},
    {"frequency_penalty", "frequency_penalty"},
    {NULL, NULL}, /* or grammar, where the request has a format */
    {NULL, NULL},
};

static const struct nv_owned owned_members[] = {
    {"inputs", "messages"},
    {"stream", "StreamComplete"},
    {NULL, NULL},
};

/* ---- the prompt ---- */

static enum sl_code refuse(struct nv_build *b, const char *field, const char *why)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s takes one user message with one text: %s", title, why);
}

static enum sl_code put_prompt(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    if (r->n_messages != 1)
        return refuse(b, "messages", "there is another number of messages");
    const Sluice__V1__Message *m = r->messages[0];
    if (m->role != SLUICE__V1__ROLE__ROLE_USER)
        return refuse(b, "messages[0].role", "the role is another");
    if (m->n_parts != 1 || m->parts[0]->content_case != SLUICE__V1__PART__CONTENT_TEXT)
        return refuse(b, m->n_parts == 1 ? "messages[0].parts[0]" : "messages[0].parts",
                      "the parts are others");
    enum sl_code code = nv_check_name(b, m, 0);
    if (code == SL_OK)
        code = nv_check_part(b, m->parts[0], (struct nv_place){0, 0}, "");
    nv_put_string(b, "inputs", m->parts[0]->text);
    return code;
}

/* ---- what there is no word for ---- */

static enum sl_code check_absent(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    const struct {
        bool is_set;
        const char *field;
    } absent[] = {
        {r->n_tools != 0, "tools"},
        {r->tool_choice != NULL, "tool_choice"},
        {r->_parallel_tool_calls_case != 0, "parallel_tool_calls"},
        {r->reasoning && r->reasoning->effort, "reasoning.effort"},
        {r->reasoning && r->reasoning->_budget_tokens_case, "reasoning.budget_tokens"},
        {r->reasoning && r->reasoning->summary[0], "reasoning.summary"},
        {r->_presence_penalty_case != 0, "presence_penalty"},
        {r->_logprobs_case && r->logprobs, "logprobs"},
        {r->_top_logprobs_case != 0, "top_logprobs"},
        {r->end_user[0] != '\0', "end_user"},
    };
    enum sl_code code = SL_OK;
    for (size_t i = 0; i < SL_ARRAY_LEN(absent) && code == SL_OK; i++)
        if (absent[i].is_set)
            code = sl_unsupported(b->in, b->err, absent[i].field,
                                  "%s's own API has no %s; the api \"chat_completions\" may serve",
                                  title, absent[i].field);
    return code;
}

/* ---- parameters ---- */

static enum sl_code put_doubles(struct nv_build *b)
{
    enum sl_code code = SL_OK;
    double v;
    if (nv_temperature(b, &v))
        code = nv_put_double(b, "temperature", "temperature", v);
    if (code == SL_OK && nv_top_p(b, &v))
        code = nv_put_double(b, "top_p", "top_p", v);
    if (code == SL_OK && b->request->_frequency_penalty_case)
        code = nv_put_double(b, "frequency_penalty", "frequency_penalty",
                             b->request->frequency_penalty);
    return code;
}

static enum sl_code put_stop(struct nv_build *b)
{
    size_t n = b->request->n_stop;
    enum sl_code code = SL_OK;
    if (n > MAX_STOP) {
        code = sl_unsupported(b->in, b->err, "stop",
                              "%s takes at most %d stop sequences; the rest was left out", title,
                              MAX_STOP);
        n = MAX_STOP;
    }
    if (n)
        nv_put_strings(b, "stop", b->request->stop, n);
    return code;
}

/* "Guidance": grammar, of type json, takes a schema. */
static enum sl_code put_grammar(struct nv_build *b)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    enum sl_code code = SL_OK;
    if (!format || format->type <= SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT)
        return SL_OK;
    if (format->type != SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
        return sl_unsupported(b->in, b->err, "response_format.type",
                              "%s writes JSON by a schema only", title);
    code = nv_check_json(b, format->schema_json, SL_JSON_OBJECT, "response_format.schema_json");
    if (code == SL_OK && format->schema_name[0])
        sl_warn(b->in->warnings, "SCHEMA_NAME_DROPPED", "response_format.schema_name",
                "%s has no name for a schema", title);
    if (code == SL_OK && format->description[0])
        code = sl_unsupported(b->in, b->err, "response_format.description",
                              "%s has no description of a schema", title);
    if (code == SL_OK && format->_strict_case && !format->strict)
        code = sl_unsupported(b->in, b->err, "response_format.strict",
                              "%s always holds the model to the schema", title);
    if (code != SL_OK)
        return code;
    sl_jw_key(&b->w, "grammar");
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "json");
    nv_put_raw(b, "value", format->schema_json);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_parameters(struct nv_build *b, struct nv_options *o)
{
    struct nv_owned owned[SL_ARRAY_LEN(owned_parameters)];
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    int64_t n;
    memcpy(owned, owned_parameters, sizeof(owned));
    if (format && format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
        owned[SL_ARRAY_LEN(owned) - 2] = (struct nv_owned){"grammar", "response_format"};
    sl_jw_key(&b->w, "parameters");
    sl_jw_object(&b->w);
    if (!nv_options_has(o, "parameters", "details"))
        nv_put_bool(b, "details", true);
    if (!nv_options_has(o, "parameters", "return_full_text"))
        nv_put_bool(b, "return_full_text", false);
    enum sl_code code = put_doubles(b);
    if (b->request->_top_k_case)
        nv_put_int(b, "top_k", b->request->top_k);
    if (nv_max_output_tokens(b, &n))
        nv_put_int(b, "max_new_tokens", n);
    if (b->request->_seed_case)
        nv_put_int(b, "seed", b->request->seed);
    if (code == SL_OK)
        code = put_stop(b);
    if (code == SL_OK)
        code = put_grammar(b);
    if (code == SL_OK)
        code = nv_options_put(b, o, "parameters", NULL, owned);
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_rest(struct nv_build *b, bool says_stream)
{
    struct nv_options o = {0};
    enum sl_code code = nv_options_open(b, &o);
    if (code == SL_OK)
        code = put_parameters(b, &o);
    if (says_stream)
        nv_put_bool(b, "stream", b->in->stream);
    if (code == SL_OK)
        code = nv_options_put(b, &o, NULL, "parameters", owned_members);
    nv_options_close(&o);
    return code;
}

/* ---- the address ---- */

/* An id as a part of a path: "google/flan-t5-xxl" stays as it is. */
static const char *model_path(struct sl_arena *arena, const char *id)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    static const char hex[] = "0123456789ABCDEF";
    char *out = sl_arena_zalloc(arena, strlen(id) * 3 + 1), *at = out;
    for (; *id; id++) {
        unsigned char c = (unsigned char)*id;
        if (strchr(plain, c)) {
            *at++ = *id;
            continue;
        }
        *at++ = '%';
        *at++ = hex[c >> 4];
        *at++ = hex[c & 15];
    }
    return out;
}

static const char *url_of(const struct sl_build_in *in)
{
    const char *base = in->target->base_url;
    size_t n = strlen(base);
    if (!strcmp(base, ROUTER "/v1"))
        base = ROUTER "/hf-inference/models";
    if (sl_ends_with(base, "/models"))
        return sl_arena_printf(in->arena, "%s/%s", base,
                               model_path(in->arena, in->target->model_id));
    if (sl_ends_with(base, "/generate"))
        return sl_arena_printf(in->arena, "%s%s", base, in->stream ? "_stream" : "");
    if (sl_ends_with(base, "/v1"))
        n -= 3;
    return sl_arena_printf(in->arena, "%.*s/", (int)n, base);
}

enum sl_code sl_tgi_build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    struct nv_build b = {.title = title, .err = err};
    nv_begin(&b, in, out, "");
    out->url = url_of(in);
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    sl_jw_object(&b.w);
    enum sl_code code = put_prompt(&b);
    if (code == SL_OK)
        code = check_absent(&b);
    if (code == SL_OK)
        code = put_rest(&b, !sl_ends_with(in->target->base_url, "/generate"));
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return SL_OK;
}
