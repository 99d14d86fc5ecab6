/* Tools of a generateContent request: functions, the provider's own tools, and the choice between
 * them.
 *
 * Sources: https://ai.google.dev/api/caching#Tool, #FunctionDeclaration, #FunctionCallingConfig
 * ("VALIDATED: Model decides to predict either a function call or a natural language response, but
 * will validate function calls with constrained decoding"; allowedFunctionNames "should only be set
 * when the Mode is ANY or VALIDATED"). */
#include "adapters/gemini/internal.h"

#include <string.h>

/* Tools that the API runs itself, by their names in Tool; web_search is the neutral name. The last
 * four are Vertex AI's. */
static const struct {
    const char *kind, *key;
} provider_tools[] = {
    {"web_search", "googleSearch"},
    {"google_search", "googleSearch"},
    {"google_search_retrieval", "googleSearchRetrieval"},
    {"google_maps", "googleMaps"},
    {"code_execution", "codeExecution"},
    {"url_context", "urlContext"},
    {"file_search", "fileSearch"},
    {"computer_use", "computerUse"},
    {"retrieval", "retrieval"},
    {"enterprise_web_search", "enterpriseWebSearch"},
    {"parallel_ai_search", "parallelAiSearch"},
    {"exa_ai_search", "exaAiSearch"},
};

static const char *provider_key(const char *kind)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(provider_tools); i++)
        if (!strcmp(kind, provider_tools[i].kind) || !strcmp(kind, provider_tools[i].key))
            return provider_tools[i].key;
    return NULL;
}

static const Sluice__V1__FunctionTool *function_at(const struct gm_build *b, size_t i)
{
    const Sluice__V1__Tool *tool = b->request->tools[i];

    return tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION ? tool->function : NULL;
}

/* ---- functions ---- */

/* JSON schema goes into parametersJsonSchema; Google's own form, with types in upper case, into
 * parameters. They exclude each other. */
static enum sl_code put_function(struct gm_build *b, const Sluice__V1__FunctionTool *f, size_t at)
{
    enum sl_code code = SL_OK;

    if (f->parameters_json[0])
        code = gm_check_json(b, f->parameters_json, SL_JSON_OBJECT,
                             gm_field(b, "tools[%zu].function.parameters_json", at));
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    gm_put_string(b, "name", f->name);
    if (f->description[0])
        gm_put_string(b, "description", f->description);
    if (f->parameters_json[0])
        gm_put_raw(
            b, gm_is_google_schema(b, f->parameters_json) ? "parameters" : "parametersJsonSchema",
            f->parameters_json);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_functions(struct gm_build *b)
{
    enum sl_code code = SL_OK;
    bool open = false;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++) {
        const Sluice__V1__FunctionTool *f = function_at(b, i);
        if (!f)
            continue;
        if (!open) {
            sl_jw_object(&b->w);
            sl_jw_key(&b->w, "functionDeclarations");
            sl_jw_array(&b->w);
        }
        open = true;
        code = put_function(b, f, i);
    }
    if (open) {
        sl_jw_array_end(&b->w);
        sl_jw_object_end(&b->w);
    }
    return code;
}

/* ---- the provider's tools ---- */

static enum sl_code put_provider_tool(struct gm_build *b, const Sluice__V1__ProviderTool *tool,
                                      size_t at)
{
    const char *key = provider_key(tool->kind);
    const char *json = tool->configuration_json[0] ? tool->configuration_json : "{}";
    enum sl_code code = gm_check_json(b, json, SL_JSON_OBJECT,
                                      gm_field(b, "tools[%zu].provider.configuration_json", at));

    if (code != SL_OK)
        return code;
    sl_jw_object(&b->w);
    gm_put_raw(b, key, json);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* Tools that cannot be sent. *n counts those that can. */
static enum sl_code check_tools(struct gm_build *b, size_t *n)
{
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->cache_hint)
            code = sl_unsupported(b->in, b->err, gm_field(b, "tools[%zu].cache_hint", i),
                                  "%s caches by itself and takes no hints", b->d->title);
        if (code != SL_OK)
            return code;
        if (tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM)
            code = sl_unsupported(b->in, b->err, gm_field(b, "tools[%zu].custom", i),
                                  "%s has no tools that take free text", b->d->title);
        else if (tool->kind_case == SLUICE__V1__TOOL__KIND_PROVIDER &&
                 !provider_key(tool->provider->kind))
            code = sl_unsupported(b->in, b->err, gm_field(b, "tools[%zu].provider", i),
                                  "%s has no tool \"%s\"", b->d->title, tool->provider->kind);
        else
            ++*n;
    }
    return code;
}

static enum sl_code put_tools(struct gm_build *b)
{
    size_t n = 0;
    enum sl_code code = check_tools(b, &n);

    if (!n || code != SL_OK)
        return code;
    sl_jw_key(&b->w, "tools");
    sl_jw_array(&b->w);
    code = put_functions(b);
    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->kind_case == SLUICE__V1__TOOL__KIND_PROVIDER &&
            provider_key(tool->provider->kind))
            code = put_provider_tool(b, tool->provider, i);
    }
    sl_jw_array_end(&b->w);
    return code;
}

/* ---- choice ---- */

static enum sl_code check_name(struct gm_build *b, const char *field, const char *name)
{
    for (size_t i = 0; i < b->request->n_tools; i++) {
        const Sluice__V1__FunctionTool *f = function_at(b, i);
        if (f && !strcmp(f->name, name))
            return SL_OK;
    }
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s names \"%s\", which is not one of the caller's functions", field, name);
}

static bool is_strict(const struct gm_build *b)
{
    for (size_t i = 0; i < b->request->n_tools; i++) {
        const Sluice__V1__FunctionTool *f = function_at(b, i);
        if (f && f->_strict_case && f->strict)
            return true;
    }
    return false;
}

/* A function that has to be called, a restriction and a strict schema are the modes that decode
 * with the schema in hand. NULL: no mode is set. */
static const char *mode_of(const struct gm_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;

    if (!choice)
        return is_strict(b) ? "VALIDATED" : NULL;
    switch (choice->mode) {
    case SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE:
        return "NONE";
    case SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED:
    case SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL:
        return "ANY";
    default:
        return choice->n_allowed || is_strict(b) ? "VALIDATED" : "AUTO";
    }
}

static enum sl_code check_choice(struct gm_build *b, const Sluice__V1__ToolChoice *choice)
{
    enum sl_code code = SL_OK;
    size_t functions = 0;

    if (!choice)
        return SL_OK;
    for (size_t i = 0; i < b->request->n_tools; i++)
        functions += function_at(b, i) != NULL;
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL)
        code = check_name(b, "tool_choice.name", choice->name);
    for (size_t i = 0; i < choice->n_allowed && code == SL_OK; i++)
        code = check_name(b, "tool_choice.allowed", choice->allowed[i]);
    if (code == SL_OK && !functions && choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED)
        code =
            gm_invalid(b, "tool_choice", "tool_choice requires a call, but no function is offered");
    return code;
}

static void put_allowed(struct gm_build *b, const Sluice__V1__ToolChoice *choice)
{
    bool one = choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;

    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE || (!one && !choice->n_allowed))
        return;
    sl_jw_key(&b->w, "allowedFunctionNames");
    sl_jw_array(&b->w);
    if (one)
        sl_jw_string(&b->w, choice->name);
    for (size_t i = 0; i < choice->n_allowed && !one; i++)
        sl_jw_string(&b->w, choice->allowed[i]);
    sl_jw_array_end(&b->w);
}

/* The model calls several functions at once where it likes, which is what `true` asks for. */
static enum sl_code check_parallel(struct gm_build *b)
{
    if (!b->request->_parallel_tool_calls_case || b->request->parallel_tool_calls)
        return SL_OK;
    return sl_unsupported(b->in, b->err, "parallel_tool_calls",
                          "%s cannot be kept from calling several functions at once", b->d->title);
}

enum sl_code gm_build_tools(struct gm_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    const char *mode = mode_of(b);
    enum sl_code code = put_tools(b);

    if (code == SL_OK)
        code = check_choice(b, choice);
    if (code == SL_OK)
        code = check_parallel(b);
    if (code != SL_OK)
        return code;
    if (mode) {
        gm_begin_object(b, "toolConfig");
        sl_jw_key(&b->w, "functionCallingConfig");
        sl_jw_object(&b->w);
        gm_put_string(b, "mode", mode);
        if (choice)
            put_allowed(b, choice);
        sl_jw_object_end(&b->w);
    }
    gm_put_options(b, "toolConfig");
    gm_end_object(b);
    return SL_OK;
}
