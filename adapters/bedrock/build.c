/* Converse requests but for their messages: inferenceConfig, toolConfig, outputConfig, and what
 * goes to the model itself in additionalModelRequestFields (Claude's thinking and top_k, Nova's
 * reasoningConfig, gpt-oss's reasoning_effort).
 *
 * Sources: API_runtime_Converse; in the user guide "Claude extended thinking", "OpenAI models",
 * "Extended thinking" of Amazon Nova 2, "Prompt caching", "Get validated JSON results". */
#include "adapters/bedrock/internal.h"

#include <string.h>

#include "adapters/anthropic/internal.h"

bool br_is_claude(const struct nv_build *b)
{
    return strstr(b->in->target->model_id, "claude") != NULL;
}

/* ---- inferenceConfig ---- */

static enum sl_code put_inference(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    enum sl_code code = SL_OK;
    int64_t limit;
    double v;

    sl_jw_key(&b->w, "inferenceConfig");
    sl_jw_object(&b->w);
    if (nv_max_output_tokens(b, &limit))
        nv_put_int(b, "maxTokens", limit);
    if (nv_temperature(b, &v))
        code = nv_put_double(b, "temperature", "temperature", v);
    if (code == SL_OK && nv_top_p(b, &v))
        code = nv_put_double(b, "topP", "top_p", v);
    if (r->n_stop)
        nv_put_strings(b, "stopSequences", r->stop, r->n_stop);
    sl_jw_object_end(&b->w);
    return code;
}

/* ---- toolConfig ---- */

static bool holds_calls(const struct nv_build *b)
{
    for (size_t i = 0; i < b->request->n_messages; i++)
        for (size_t k = 0; k < b->request->messages[i]->n_parts; k++)
            if (b->request->messages[i]->parts[k]->content_case ==
                SLUICE__V1__PART__CONTENT_TOOL_CALL)
                return true;
    return false;
}

static void begin_tools(struct nv_build *b, size_t *n)
{
    if ((*n)++)
        return;
    sl_jw_key(&b->w, "toolConfig");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "tools");
    sl_jw_array(&b->w);
}

/* {"toolSpec": {"name", "description", "inputSchema": {"json"}, "strict"}} */
static enum sl_code put_function(struct nv_build *b, const Sluice__V1__FunctionTool *f, size_t at)
{
    const char *schema =
        f->parameters_json[0] ? f->parameters_json : "{\"type\":\"object\",\"properties\":{}}";
    enum sl_code code = nv_check_json(b, schema, SL_JSON_OBJECT,
                                      nv_field(b, "tools[%zu].function.parameters_json", at));

    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "toolSpec");
    sl_jw_object(&b->w);
    nv_put_string(b, "name", f->name);
    if (f->description[0])
        nv_put_string(b, "description", f->description);
    sl_jw_key(&b->w, "inputSchema");
    sl_jw_object(&b->w);
    if (code == SL_OK)
        nv_put_raw(b, "json", schema);
    sl_jw_object_end(&b->w);
    if (f->_strict_case)
        nv_put_bool(b, "strict", f->strict);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return code;
}

/* {"systemTool": {"name"}}, for example nova_grounding. */
static enum sl_code put_system_tool(struct nv_build *b, const Sluice__V1__ProviderTool *tool,
                                    size_t at)
{
    const char *json = tool->configuration_json;
    enum sl_code code =
        json[0] ? nv_check_json(b, json, SL_JSON_OBJECT,
                                nv_field(b, "tools[%zu].provider.configuration_json", at))
                : SL_OK;

    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "systemTool");
    sl_jw_object(&b->w);
    nv_put_string(b, "name", tool->kind);
    if (code == SL_OK && json[0])
        sl_jw_members(&b->w, json, strlen(json));
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_tool(struct nv_build *b, size_t at, bool hide, size_t *n)
{
    const Sluice__V1__Tool *tool = b->request->tools[at];
    enum sl_code code;

    if (tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM)
        return sl_unsupported(b->in, b->err, nv_field(b, "tools[%zu].custom", at),
                              "%s has no tools that take free text", b->title);
    if (tool->kind_case == SLUICE__V1__TOOL__KIND_PROVIDER) {
        if (hide)
            return SL_OK;
        begin_tools(b, n);
        code = put_system_tool(b, tool->provider, at);
    } else {
        const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
        bool forced = choice && choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
        if (!forced && !nv_is_offered(b, tool->function->name, hide))
            return SL_OK;
        begin_tools(b, n);
        code = put_function(b, tool->function, at);
    }
    return code == SL_OK
               ? br_put_cache(b, tool->cache_hint, nv_field(b, "tools[%zu].cache_hint", at))
               : code;
}

/* {"auto": {}}, {"any": {}}, {"tool": {"name"}} */
static void put_choice(struct nv_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    bool named = choice && choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;

    if (!choice || choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_UNSPECIFIED ||
        choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE)
        return;
    sl_jw_key(&b->w, "toolChoice");
    sl_jw_object(&b->w);
    if (named)
        sl_jw_key(&b->w, "tool");
    else
        sl_jw_key(&b->w, choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO ? "auto" : "any");
    sl_jw_object(&b->w);
    if (named)
        nv_put_string(b, "name", choice->name);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

/* There is no choice "none": no tools are offered, unless the conversation holds calls, for which
 * they have to be there. */
enum sl_code br_put_tools(struct nv_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    bool none = choice && choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE;
    bool hide = none && !holds_calls(b);
    enum sl_code code = nv_check_choice(b);
    size_t n = 0;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++)
        code = put_tool(b, i, hide, &n);
    if (code == SL_OK && none && n)
        code = sl_unsupported(b->in, b->err, "tool_choice.mode",
                              "%s cannot be told to call no tool while the conversation has calls",
                              b->title);
    if (n) {
        sl_jw_array_end(&b->w);
        put_choice(b);
        sl_jw_object_end(&b->w);
    }
    return code;
}

/* ---- outputConfig ---- */

/* {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": text, "name",
 * "description"}}}} */
static enum sl_code put_format(struct nv_build *b, bool *put)
{
    const Sluice__V1__ResponseFormat *f = b->request->response_format;

    *put = f && f->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    if (f && f->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON)
        return sl_unsupported(b->in, b->err, "response_format", "%s has JSON with a schema only",
                              b->title);
    if (!*put)
        return SL_OK;
    enum sl_code code =
        nv_check_json(b, f->schema_json, SL_JSON_OBJECT, "response_format.schema_json");
    sl_jw_key(&b->w, "outputConfig");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "textFormat");
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "json_schema");
    sl_jw_key(&b->w, "structure");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "jsonSchema");
    sl_jw_object(&b->w);
    nv_put_string(b, "schema", f->schema_json);
    nv_put_string(b, "name", f->schema_name[0] ? f->schema_name : "response");
    if (f->description[0])
        nv_put_string(b, "description", f->description);
    for (int i = 0; i < 4; i++)
        sl_jw_object_end(&b->w);
    if (code == SL_OK && f->_strict_case && !f->strict)
        code = sl_unsupported(b->in, b->err, "response_format.strict",
                              "%s always holds the model to the schema", b->title);
    return code;
}

/* ---- additionalModelRequestFields ---- */

static const char *const levels[] = {NULL, NULL, "low", "low", "medium", "high", "high"};

/* What the request says to the model itself; decided before it is written. */
struct extra {
    bool top_k;
    int64_t budget;     /* Claude: thinking.budget_tokens; -1: not said */
    const char *claude; /* thinking.type */
    const char *effort; /* Claude: output_config.effort; gpt-oss: reasoning_effort */
    const char *nova;   /* reasoningConfig.type */
};

static enum sl_code plan_claude(struct nv_build *b, struct extra *x)
{
    static const int64_t budgets[] = {0, 0, 1024, 2048, 8192, 16384, 32000};
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
    struct am_model model = am_model_of(b->in->target->model_id);

    if (!model.thinking)
        return sl_unsupported(b->in, b->err, "reasoning", "this model does not reason");
    if (r->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE) {
        x->claude = "disabled";
    } else if (r->_budget_tokens_case && model.budget) {
        x->claude = "enabled";
        x->budget = r->budget_tokens;
    } else if (r->effort && model.adaptive) {
        x->claude = "adaptive";
        x->effort = levels[r->effort];
    } else if (r->effort) {
        int64_t limit;
        x->claude = "enabled";
        x->budget = budgets[r->effort];
        /* at least 1024, and less than maxTokens */
        if (nv_max_output_tokens(b, &limit) && x->budget >= limit)
            x->budget = limit > 1024 ? limit - 1 : 1024;
    }
    if (r->_budget_tokens_case && x->budget < 0)
        return sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                              "this model decides itself how long it reasons");
    return SL_OK;
}

static enum sl_code plan_reasoning(struct nv_build *b, struct extra *x)
{
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
    const char *id = b->in->target->model_id;
    enum sl_code code = SL_OK;

    if (!r || (!r->effort && !r->_budget_tokens_case && !r->summary[0]))
        return SL_OK;
    if ((unsigned)r->effort >= SL_ARRAY_LEN(levels))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "reasoning.effort", "reasoning.effort has no such level");
    if (br_is_claude(b)) {
        code = plan_claude(b, x);
    } else if (strstr(id, "gpt-oss") && levels[r->effort]) {
        x->effort = levels[r->effort];
    } else if (strstr(id, "nova-2") && r->effort) {
        x->nova = levels[r->effort] ? "enabled" : "disabled";
        x->effort = levels[r->effort];
    } else if (r->effort) {
        code = sl_unsupported(b->in, b->err, "reasoning.effort",
                              "%s has no word for it with this model", b->title);
    }
    if (code == SL_OK && !br_is_claude(b) && r->_budget_tokens_case)
        code = sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                              "%s has no word for it with this model", b->title);
    if (code == SL_OK && r->summary[0])
        code =
            sl_unsupported(b->in, b->err, "reasoning.summary", "%s has no word for it", b->title);
    return code;
}

static void put_member(struct nv_build *b, const char *object, const char *key, const char *v)
{
    sl_jw_key(&b->w, object);
    sl_jw_object(&b->w);
    nv_put_string(b, key, v);
    sl_jw_object_end(&b->w);
}

static void put_extra(struct nv_build *b, const struct extra *x)
{
    if (x->top_k)
        nv_put_int(b, "top_k", b->request->top_k);
    if (x->claude) {
        sl_jw_key(&b->w, "thinking");
        sl_jw_object(&b->w);
        nv_put_string(b, "type", x->claude);
        if (x->budget >= 0)
            nv_put_int(b, "budget_tokens", x->budget);
        sl_jw_object_end(&b->w);
        if (x->effort)
            put_member(b, "output_config", "effort", x->effort);
    } else if (x->nova) {
        sl_jw_key(&b->w, "reasoningConfig");
        sl_jw_object(&b->w);
        nv_put_string(b, "type", x->nova);
        if (x->effort)
            nv_put_string(b, "maxReasoningEffort", x->effort);
        sl_jw_object_end(&b->w);
    } else if (x->effort) {
        nv_put_string(b, "reasoning_effort", x->effort);
    }
}

static bool has_extra(const struct extra *x)
{
    return x->top_k || x->claude || x->effort || x->nova;
}

static const char fields[] = "additionalModelRequestFields";

/* Options of the caller stand beside what the request itself says to the model. */
static enum sl_code put_fields(struct nv_build *b, struct nv_options *o, const struct extra *x)
{
    struct nv_owned owned[6];
    size_t n = 0;

    if (!has_extra(x) && !nv_options_has(o, NULL, fields))
        return SL_OK;
    if (x->top_k)
        owned[n++] = (struct nv_owned){"top_k", "top_k"};
    if (x->claude)
        owned[n++] = (struct nv_owned){"thinking", "reasoning"};
    if (x->claude && x->effort)
        owned[n++] = (struct nv_owned){"output_config", "reasoning"};
    if (x->nova)
        owned[n++] = (struct nv_owned){"reasoningConfig", "reasoning"};
    if (x->effort && !x->claude && !x->nova)
        owned[n++] = (struct nv_owned){"reasoning_effort", "reasoning"};
    owned[n] = (struct nv_owned){NULL, NULL};
    sl_jw_key(&b->w, fields);
    sl_jw_object(&b->w);
    put_extra(b, x);
    enum sl_code code = nv_options_put(b, o, fields, NULL, owned);
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_options(struct nv_build *b, const struct extra *x, bool has_format)
{
    struct nv_owned owned[] = {
        {"modelId", "model"},
        {"messages", "messages"},
        {"system", "messages"},
        {"toolConfig", "tools and tool_choice"},
        {"inferenceConfig", "max_output_tokens, temperature, top_p and stop"},
        {has_format ? "outputConfig" : NULL, "response_format"},
        {NULL, NULL},
    };
    struct nv_options o = {0};
    enum sl_code code = nv_options_open(b, &o);

    if (code == SL_OK)
        code = nv_options_put(b, &o, NULL, fields, owned);
    if (code == SL_OK)
        code = put_fields(b, &o, x);
    nv_options_close(&o);
    return code;
}

/* ---- the rest ---- */

static enum sl_code check_rest(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    const struct {
        bool there;
        const char *field;
    } rows[] = {
        {r->_frequency_penalty_case != 0, "frequency_penalty"},
        {r->_presence_penalty_case != 0, "presence_penalty"},
        {r->_seed_case != 0, "seed"},
        {r->_logprobs_case && r->logprobs, "logprobs"},
        {r->_top_logprobs_case != 0, "top_logprobs"},
        {r->_parallel_tool_calls_case && !r->parallel_tool_calls, "parallel_tool_calls"},
        {r->end_user[0] != '\0', "end_user"},
        {r->_top_k_case && !br_is_claude(b), "top_k"},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(rows) && code == SL_OK; i++)
        if (rows[i].there)
            code = sl_unsupported(b->in, b->err, rows[i].field, "%s has no %s here", b->title,
                                  rows[i].field);
    return code;
}

static enum sl_code put_body(struct nv_build *b)
{
    struct extra x = {.top_k = b->request->_top_k_case && br_is_claude(b), .budget = -1};
    bool has_format = false;
    enum sl_code code = br_put_messages(b);

    if (code == SL_OK)
        code = br_put_system(b);
    if (code == SL_OK)
        code = put_inference(b);
    if (code == SL_OK)
        code = br_put_tools(b);
    if (code == SL_OK)
        code = put_format(b, &has_format);
    if (code == SL_OK)
        code = plan_reasoning(b, &x);
    if (code == SL_OK)
        code = check_rest(b);
    return code == SL_OK ? put_options(b, &x, has_format) : code;
}

enum sl_code br_build_converse(const struct sl_build_in *in, struct sl_http_request *out,
                               struct sl_err *err)
{
    struct nv_build b = {.in = in, .request = in->request, .title = br_title, .err = err};
    enum sl_code code = sl_am_check_key(&br_invoke, in->target, err);

    *out = (struct sl_http_request){0};
    sl_jw_init(&b.w, in->arena, &out->body);
    sl_jw_object(&b.w);
    if (code == SL_OK)
        code = put_body(&b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return br_address(in, out, in->stream ? "converse-stream" : "converse", err);
}
