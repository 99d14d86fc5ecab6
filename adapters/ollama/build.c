/* Requests of Ollama's own APIs. What most providers have at the top (temperature, seed, stop, the
 * limit of tokens) stands in one object `options`; the members of provider_options_json's
 * `options` (num_ctx, min_p, ...) are added there.
 *
 * Sources: docs.ollama.com, "Generate a chat message", "Generate a response", openapi.yaml
 * (ChatRequest, GenerateRequest, ModelOptions); `think` as a level: "Thinking". */
#include "adapters/ollama/internal.h"

#include <string.h>

/* Members of options, and the fields they are written from. */
static const struct nv_owned owned_options[] = {
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"num_predict", "max_output_tokens"},
    {"seed", "seed"},
    {"stop", "stop"},
    {"frequency_penalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
    {NULL, NULL},
};

/* The last three are written where the request asks for them; else they are free. */
static const struct nv_owned owned_members[] = {
    {"model", "model"},
    {"messages", "messages"},
    {"prompt", "messages"},
    {"images", "messages"},
    {"stream", "StreamComplete"},
    {"tools", "tools"},
    {"format", "response_format"},
    {"logprobs", "logprobs"},
    {"top_logprobs", "top_logprobs"},
    {"system", "messages"},
    {"think", "reasoning.effort"},
    {NULL, NULL},
};

/* ---- options ---- */

static enum sl_code put_sampling(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    enum sl_code code = SL_OK;
    double v;
    int64_t n;

    if (nv_temperature(b, &v))
        code = nv_put_double(b, "temperature", "temperature", v);
    if (code == SL_OK && nv_top_p(b, &v))
        code = nv_put_double(b, "top_p", "top_p", v);
    if (code == SL_OK && r->_frequency_penalty_case)
        code = nv_put_double(b, "frequency_penalty", "frequency_penalty", r->frequency_penalty);
    if (code == SL_OK && r->_presence_penalty_case)
        code = nv_put_double(b, "presence_penalty", "presence_penalty", r->presence_penalty);
    if (r->_top_k_case)
        nv_put_int(b, "top_k", r->top_k);
    if (nv_max_output_tokens(b, &n))
        nv_put_int(b, "num_predict", n);
    if (r->_seed_case)
        nv_put_int(b, "seed", r->seed);
    if (r->n_stop)
        nv_put_strings(b, "stop", r->stop, r->n_stop);
    return code;
}

static bool has_sampling(const struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    double v;
    int64_t n;

    return nv_temperature(b, &v) || nv_top_p(b, &v) || nv_max_output_tokens(b, &n) ||
           r->_frequency_penalty_case || r->_presence_penalty_case || r->_top_k_case ||
           r->_seed_case || r->n_stop;
}

static bool has_object(const struct nv_options *o)
{
    return nv_options_has(o, NULL, "options");
}

static enum sl_code put_options(struct nv_build *b, struct nv_options *o)
{
    enum sl_code code;

    if (!has_sampling(b) && !has_object(o))
        return SL_OK;
    sl_jw_key(&b->w, "options");
    sl_jw_object(&b->w);
    code = put_sampling(b);
    if (code == SL_OK)
        code = nv_options_put(b, o, "options", NULL, owned_options);
    sl_jw_object_end(&b->w);
    return code;
}

/* ---- format, reasoning ---- */

/* A schema stands in the place of the word "json"; it is always held to. */
static enum sl_code put_format(struct nv_build *b)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    enum sl_code code;

    if (!format)
        return SL_OK;
    if (format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON) {
        nv_put_string(b, "format", "json");
        return SL_OK;
    }
    if (format->type != SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
        return SL_OK;
    code = nv_check_json(b, format->schema_json, SL_JSON_OBJECT, "response_format.schema_json");
    if (code != SL_OK)
        return code;
    if (format->schema_name[0])
        sl_warn(b->in->warnings, "SCHEMA_NAME_DROPPED", "response_format.schema_name",
                "%s has no name for a schema", b->title);
    if (format->description[0])
        code = sl_unsupported(b->in, b->err, "response_format.description",
                              "%s has no description of a schema", b->title);
    if (code == SL_OK && format->_strict_case && !format->strict)
        code = sl_unsupported(b->in, b->err, "response_format.strict",
                              "%s always holds the model to the schema", b->title);
    nv_put_raw(b, "format", format->schema_json);
    return code;
}

/* think: false, "low", "medium" or "high". */
static enum sl_code put_think(struct nv_build *b)
{
    static const char *const levels[] = {NULL, NULL, "low", "low", "medium", "high", "high"};
    const Sluice__V1__ReasoningOptions *reasoning = b->request->reasoning;
    enum sl_code code = SL_OK;

    if (!reasoning)
        return SL_OK;
    if ((unsigned)reasoning->effort >= SL_ARRAY_LEN(levels))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "reasoning.effort", "reasoning.effort has no such level");
    const char *level = levels[reasoning->effort];
    if (reasoning->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE)
        nv_put_bool(b, "think", false);
    else if (level)
        nv_put_string(b, "think", level);
    if (reasoning->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_MINIMAL ||
        reasoning->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH)
        code = sl_unsupported(b->in, b->err, "reasoning.effort",
                              "%s knows low, medium and high; \"%s\" was sent", b->title, level);
    if (code == SL_OK && reasoning->_budget_tokens_case)
        code =
            sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                           "%s has no budget for reasoning; reasoning.effort may serve", b->title);
    if (code == SL_OK && reasoning->summary[0])
        code =
            sl_unsupported(b->in, b->err, "reasoning.summary", "%s sums up no reasoning", b->title);
    return code;
}

/* Of a level that is not set, the option `think` may say more (true, for models without levels). */
static bool writes_think(const struct nv_build *b)
{
    return b->request->reasoning && b->request->reasoning->effort !=
                                        SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_UNSPECIFIED;
}

/* ---- what there is no word for ---- */

/* Beside options (openapi.yaml, ChatRequest and GenerateRequest). */
static void put_logprobs(struct nv_build *b)
{
    bool top = b->request->_top_logprobs_case != 0;

    if (top || b->request->_logprobs_case)
        nv_put_bool(b, "logprobs", top || b->request->logprobs);
    if (top)
        nv_put_int(b, "top_logprobs", b->request->top_logprobs);
}

static enum sl_code check_rest(struct nv_build *b)
{
    enum sl_code code = SL_OK;

    if (b->request->end_user[0])
        code =
            sl_unsupported(b->in, b->err, "end_user", "%s takes no id of the end user", b->title);
    if (code == SL_OK && b->request->_parallel_tool_calls_case)
        code = sl_unsupported(b->in, b->err, "parallel_tool_calls",
                              "%s does not say how many tools a model may call at once", b->title);
    return code;
}

static enum sl_code check_choice(struct nv_build *b, size_t offered)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    bool must_call = choice && (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED ||
                                choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL);

    if (!must_call)
        return SL_OK;
    if (!offered)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "tool_choice",
                            "tool_choice requires a call, but no tool can be offered");
    return sl_unsupported(b->in, b->err, "tool_choice",
                          "%s cannot make a model call a tool; it decides itself", b->title);
}

static enum sl_code check_strict(struct nv_build *b)
{
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION && tool->function->_strict_case &&
            tool->function->strict)
            code = sl_unsupported(b->in, b->err, nv_field(b, "tools[%zu].function.strict", i),
                                  "%s does not hold a model to a tool's schema", b->title);
    }
    return code;
}

/* ---- the body ---- */

/* What both APIs share: all but the conversation and the tools. */
static enum sl_code put_rest(struct nv_build *b)
{
    struct nv_owned owned[SL_ARRAY_LEN(owned_members)];
    struct nv_options o = {0};
    enum sl_code code = check_rest(b);

    memcpy(owned, owned_members, sizeof(owned));
    if (!writes_think(b))
        owned[SL_ARRAY_LEN(owned) - 2] = (struct nv_owned){NULL, NULL};
    nv_put_bool(b, "stream", b->in->stream); /* true, where nothing is said */
    if (code == SL_OK)
        code = put_format(b);
    if (code == SL_OK)
        code = put_think(b);
    put_logprobs(b);
    if (code == SL_OK) {
        code = nv_options_open(b, &o);
        if (code == SL_OK)
            code = put_options(b, &o);
        if (code == SL_OK)
            code = nv_options_put(b, &o, NULL, "options", owned);
        nv_options_close(&o);
    }
    return code;
}

/* A base URL may name the folder of the API: https://ollama.com/api. */
static const char *path_of(const struct sl_target *target, const char *path)
{
    size_t n = strlen(target->base_url);

    return n >= 4 && !strcmp(target->base_url + n - 4, "/api") ? path + 4 : path;
}

static void begin(struct nv_build *b, const struct sl_build_in *in, struct sl_http_request *out,
                  const char *path)
{
    nv_begin(b, in, out, path_of(in->target, path));
    out->framing = in->stream ? SL_FRAMING_NDJSON : SL_FRAMING_NONE;
    sl_jw_object(&b->w);
    nv_put_string(b, "model", in->target->model_id);
}

static enum sl_code end(struct nv_build *b, enum sl_code code)
{
    if (code == SL_OK)
        code = put_rest(b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

enum sl_code ollama_build_chat(const struct sl_build_in *in, struct sl_http_request *out,
                               struct sl_err *err)
{
    struct nv_build b = {.title = ollama_title, .err = err};
    size_t tools = 0;

    begin(&b, in, out, "/api/chat");
    enum sl_code code = ollama_put_messages(&b);
    if (code == SL_OK)
        code = nv_put_tools(&b, true, &tools);
    if (code == SL_OK)
        code = check_choice(&b, tools);
    if (code == SL_OK)
        code = check_strict(&b);
    return end(&b, code);
}

enum sl_code ollama_build_generate(const struct sl_build_in *in, struct sl_http_request *out,
                                   struct sl_err *err)
{
    struct nv_build b = {.title = ollama_title, .err = err};

    begin(&b, in, out, "/api/generate");
    enum sl_code code = ollama_put_prompt(&b);
    if (code == SL_OK && in->request->n_tools)
        code = sl_unsupported(in, err, "tools", "%s's /api/generate has no tools", ollama_title);
    if (code == SL_OK && in->request->tool_choice)
        code =
            sl_unsupported(in, err, "tool_choice", "%s's /api/generate has no tools", ollama_title);
    return end(&b, code);
}
