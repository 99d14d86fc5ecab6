/* Tools of a Responses request: functions, custom tools, tools that the provider runs (their kind
 * is the type, their configuration the other members), and the choice between them.
 *
 * Source: OpenAI's API reference, "tools" and "tool_choice" of "Create a model response". */
#include "adapters/responses/internal.h"

#include <string.h>

/* What a choice calls a tool by: its name, or the kind of a provider's tool. */
static const char *tool_name(const Sluice__V1__Tool *tool)
{
    switch (tool->kind_case) {
    case SLUICE__V1__TOOL__KIND_FUNCTION:
        return tool->function->name;
    case SLUICE__V1__TOOL__KIND_CUSTOM:
        return tool->custom->name;
    case SLUICE__V1__TOOL__KIND_PROVIDER:
        return tool->provider->kind;
    default:
        return "";
    }
}

static const Sluice__V1__Tool *find_tool(const struct rs_build *b, const char *name)
{
    for (size_t i = 0; i < b->b.request->n_tools; i++)
        if (!strcmp(tool_name(b->b.request->tools[i]), name))
            return b->b.request->tools[i];
    return NULL;
}

/* ---- tools ---- */

static enum sl_code put_function(struct rs_build *b, const Sluice__V1__FunctionTool *f, size_t at)
{
    static const char no_arguments[] = "{\"type\":\"object\",\"properties\":{}}";
    const char *parameters = f->parameters_json[0] ? f->parameters_json : no_arguments;
    enum sl_code code = cc_check_json(&b->b, parameters, SL_JSON_OBJECT,
                                      cc_field(&b->b, "tools[%zu].function.parameters_json", at));

    if (code != SL_OK)
        return code;
    cc_put_string(&b->b, "type", "function");
    cc_put_string(&b->b, "name", f->name);
    if (f->description[0])
        cc_put_string(&b->b, "description", f->description);
    sl_jw_key(&b->b.w, "parameters");
    sl_jw_raw(&b->b.w, parameters, strlen(parameters));
    if (f->_strict_case) {
        sl_jw_key(&b->b.w, "strict");
        sl_jw_bool(&b->b.w, f->strict);
    }
    return SL_OK;
}

static enum sl_code put_custom(struct rs_build *b, const Sluice__V1__CustomTool *tool, size_t at)
{
    cc_put_string(&b->b, "type", "custom");
    cc_put_string(&b->b, "name", tool->name);
    if (tool->description[0])
        cc_put_string(&b->b, "description", tool->description);
    if (!tool->format_json[0])
        return SL_OK;
    enum sl_code code = cc_check_json(&b->b, tool->format_json, SL_JSON_OBJECT,
                                      cc_field(&b->b, "tools[%zu].custom.format_json", at));
    if (code != SL_OK)
        return code;
    sl_jw_key(&b->b.w, "format");
    sl_jw_raw(&b->b.w, tool->format_json, strlen(tool->format_json));
    return SL_OK;
}

static enum sl_code put_provider(struct rs_build *b, const Sluice__V1__ProviderTool *tool,
                                 size_t at)
{
    const char *json = tool->configuration_json;

    cc_put_string(&b->b, "type", tool->kind);
    if (!json[0])
        return SL_OK;
    enum sl_code code = cc_check_json(
        &b->b, json, SL_JSON_OBJECT, cc_field(&b->b, "tools[%zu].provider.configuration_json", at));
    if (code == SL_OK)
        sl_jw_members(&b->b.w, json, strlen(json));
    return code;
}

static enum sl_code put_tool(struct rs_build *b, const Sluice__V1__Tool *tool, size_t at)
{
    enum sl_code code = SL_OK;

    if (tool->cache_hint)
        code = sl_unsupported(b->b.in, b->b.err, cc_field(&b->b, "tools[%zu].cache_hint", at),
                              "%s takes no cache hints here", b->d->words.title);
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->b.w);
    if (tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION)
        code = put_function(b, tool->function, at);
    else if (tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM)
        code = put_custom(b, tool->custom, at);
    else if (tool->kind_case == SLUICE__V1__TOOL__KIND_PROVIDER)
        code = put_provider(b, tool->provider, at);
    else
        code = sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            cc_field(&b->b, "tools[%zu]", at), "a tool has no kind");
    sl_jw_object_end(&b->b.w);
    return code;
}

static enum sl_code put_list(struct rs_build *b)
{
    enum sl_code code = SL_OK;

    if (!b->b.request->n_tools)
        return SL_OK;
    sl_jw_key(&b->b.w, "tools");
    sl_jw_array(&b->b.w);
    for (size_t i = 0; i < b->b.request->n_tools && code == SL_OK; i++)
        code = put_tool(b, b->b.request->tools[i], i);
    sl_jw_array_end(&b->b.w);
    return code;
}

/* ---- choice ---- */

/* An MCP server is chosen by its label, which its tool's configuration says. */
static void put_label(struct rs_build *b, const Sluice__V1__ProviderTool *tool)
{
    struct sl_json_parser parser;
    struct sl_err ignored = {0};
    struct sl_json j;
    char *copy = sl_arena_strdup(b->b.in->arena, tool->configuration_json);

    sl_json_parser_init(&parser);
    if (copy[0] && sl_json_parse(&parser, copy, strlen(copy), &j, &ignored) == SL_OK &&
        sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_OBJECT) {
        int label = sl_json_member(&j, SL_JSON_ROOT, "server_label");
        if (sl_json_type(&j, label) == SL_JSON_STRING)
            cc_put_string(&b->b, "server_label", sl_json_string(&j, label, NULL, NULL));
    }
    sl_json_parser_fini(&parser);
}

/* {"type": "function", "name"}, {"type": "custom", "name"}, {"type": "web_search"} */
static void put_named(struct rs_build *b, const Sluice__V1__Tool *tool)
{
    sl_jw_object(&b->b.w);
    if (tool->kind_case == SLUICE__V1__TOOL__KIND_PROVIDER) {
        cc_put_string(&b->b, "type", tool->provider->kind);
        if (!strcmp(tool->provider->kind, "mcp"))
            put_label(b, tool->provider);
    } else {
        bool custom = tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM;
        cc_put_string(&b->b, "type", custom ? "custom" : "function");
        cc_put_string(&b->b, "name", tool_name(tool));
    }
    sl_jw_object_end(&b->b.w);
}

static enum sl_code no_such_tool(struct rs_build *b, const char *field, const char *name)
{
    return sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s names \"%s\", which is not one of the tools", field, name);
}

static enum sl_code put_allowed(struct rs_build *b, const Sluice__V1__ToolChoice *choice)
{
    bool required = choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED;

    for (size_t i = 0; i < choice->n_allowed; i++)
        if (!find_tool(b, choice->allowed[i]))
            return no_such_tool(b, "tool_choice.allowed", choice->allowed[i]);
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", "allowed_tools");
    cc_put_string(&b->b, "mode", required ? "required" : "auto");
    sl_jw_key(&b->b.w, "tools");
    sl_jw_array(&b->b.w);
    for (size_t i = 0; i < choice->n_allowed; i++)
        put_named(b, find_tool(b, choice->allowed[i]));
    sl_jw_array_end(&b->b.w);
    sl_jw_object_end(&b->b.w);
    return SL_OK;
}

/* Without tools, auto and none say nothing, and the other two are refused. */
static enum sl_code put_choice(struct rs_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->b.request->tool_choice;

    if (!choice)
        return SL_OK;
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL && !find_tool(b, choice->name))
        return no_such_tool(b, "tool_choice.name", choice->name);
    if (!b->b.request->n_tools)
        return choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED
                   ? sl_err_field(b->b.err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                  "tool_choice",
                                  "tool_choice requires a call, but there are no tools")
                   : SL_OK;
    sl_jw_key(&b->b.w, "tool_choice");
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL)
        put_named(b, find_tool(b, choice->name));
    else if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE)
        sl_jw_string(&b->b.w, "none");
    else if (choice->n_allowed)
        return put_allowed(b, choice);
    else if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED)
        sl_jw_string(&b->b.w, "required");
    else
        sl_jw_string(&b->b.w, "auto");
    return SL_OK;
}

enum sl_code rs_put_tools(struct rs_build *b)
{
    enum sl_code code = put_list(b);

    if (code == SL_OK)
        code = put_choice(b);
    if (code != SL_OK || !b->b.request->_parallel_tool_calls_case)
        return code;
    sl_jw_key(&b->b.w, "parallel_tool_calls");
    sl_jw_bool(&b->b.w, b->b.request->parallel_tool_calls);
    return SL_OK;
}
