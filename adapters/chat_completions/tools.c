/* Tools of a chat-completions request: functions, custom tools, the choice between them, and
 * web_search, the one tool of OpenAI's own that chat completions know ("Web search" guide:
 * web_search_options). */
#include "adapters/chat_completions/internal.h"

#include <string.h>

/* ---- which tools are sent ---- */

static const char *tool_name(const Sluice__V1__Tool *tool)
{
    if (tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION)
        return tool->function->name;
    return tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM ? tool->custom->name : NULL;
}

static const Sluice__V1__Tool *find_tool(const struct cc_build *b, const char *name)
{
    for (size_t i = 0; i < b->request->n_tools; i++) {
        const char *other = tool_name(b->request->tools[i]);
        if (other && !strcmp(other, name))
            return b->request->tools[i];
    }
    return NULL;
}

/* Where the dialect cannot say which tools are allowed, the others are not offered: to the model
 * it is the same. */
static bool is_offered(const struct cc_build *b, const char *name)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;

    if (!choice || !choice->n_allowed || b->d->allowed_tools)
        return true;
    for (size_t i = 0; i < choice->n_allowed; i++)
        if (!strcmp(choice->allowed[i], name))
            return true;
    return false;
}

/* ---- tools ---- */

static enum sl_code put_function(struct cc_build *b, const Sluice__V1__FunctionTool *f, size_t at)
{
    cc_put_string(b, "type", "function");
    sl_jw_key(&b->w, "function");
    sl_jw_object(&b->w);
    cc_put_string(b, "name", f->name);
    if (f->description[0])
        cc_put_string(b, "description", f->description);
    if (f->parameters_json[0]) {
        enum sl_code code = cc_check_json(b, f->parameters_json, SL_JSON_OBJECT,
                                          cc_field(b, "tools[%zu].function.parameters_json", at));
        if (code != SL_OK)
            return code;
        sl_jw_key(&b->w, "parameters");
        sl_jw_raw(&b->w, f->parameters_json, strlen(f->parameters_json));
    }
    if (f->_strict_case) {
        sl_jw_key(&b->w, "strict");
        sl_jw_bool(&b->w, f->strict);
    }
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_custom(struct cc_build *b, const Sluice__V1__CustomTool *tool, size_t at)
{
    cc_put_string(b, "type", "custom");
    sl_jw_key(&b->w, "custom");
    sl_jw_object(&b->w);
    cc_put_string(b, "name", tool->name);
    if (tool->description[0])
        cc_put_string(b, "description", tool->description);
    if (tool->format_json[0]) {
        enum sl_code code = cc_check_json(b, tool->format_json, SL_JSON_OBJECT,
                                          cc_field(b, "tools[%zu].custom.format_json", at));
        if (code != SL_OK)
            return code;
        sl_jw_key(&b->w, "format");
        sl_jw_raw(&b->w, tool->format_json, strlen(tool->format_json));
    }
    sl_jw_object_end(&b->w);
    return SL_OK;
}

/* Whether the provider's tool stands among the tools, as {"type": KIND, ...}. */
static bool is_listed(const struct cc_build *b, const Sluice__V1__Tool *tool)
{
    if (tool->kind_case != SLUICE__V1__TOOL__KIND_PROVIDER)
        return false;
    for (const char *const *kind = b->d->provider_tools; kind && *kind; kind++)
        if (!strcmp(*kind, tool->provider->kind))
            return true;
    return false;
}

static enum sl_code put_listed(struct cc_build *b, const Sluice__V1__ProviderTool *tool, size_t at)
{
    const char *json = tool->configuration_json[0] ? tool->configuration_json : "{}";
    enum sl_code code = cc_check_json(b, json, SL_JSON_OBJECT,
                                      cc_field(b, "tools[%zu].provider.configuration_json", at));

    if (code != SL_OK)
        return code;
    cc_put_string(b, "type", tool->kind);
    sl_jw_members(&b->w, json, strlen(json));
    return SL_OK;
}

static enum sl_code put_any(struct cc_build *b, const Sluice__V1__Tool *tool, size_t at)
{
    if (tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION)
        return put_function(b, tool->function, at);
    if (tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM)
        return put_custom(b, tool->custom, at);
    return put_listed(b, tool->provider, at);
}

static enum sl_code check_hint(struct cc_build *b, const Sluice__V1__Tool *tool, size_t at)
{
    if (!tool->cache_hint)
        return SL_OK;
    return sl_unsupported(b->in, b->err, cc_field(b, "tools[%zu].cache_hint", at),
                          "%s takes no cache hints here", b->d->title);
}

static enum sl_code put_tool(struct cc_build *b, const Sluice__V1__Tool *tool, size_t at)
{
    const char *name = tool_name(tool);
    enum sl_code code = check_hint(b, tool, at);

    if (code != SL_OK || (name && !is_offered(b, name)))
        return code;
    if (!b->has_tools) {
        b->has_tools = true;
        sl_jw_key(&b->w, "tools");
        sl_jw_array(&b->w);
    }
    sl_jw_object(&b->w);
    code = put_any(b, tool, at);
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_tools(struct cc_build *b)
{
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++)
        if (tool_name(b->request->tools[i]) || is_listed(b, b->request->tools[i]))
            code = put_tool(b, b->request->tools[i], i);
    if (b->has_tools)
        sl_jw_array_end(&b->w);
    return code;
}

/* ---- tools of the provider's ---- */

static enum sl_code put_web_search(struct cc_build *b, const Sluice__V1__ProviderTool *tool,
                                   size_t at)
{
    const char *json = tool->configuration_json[0] ? tool->configuration_json : "{}";
    enum sl_code code = cc_check_json(b, json, SL_JSON_OBJECT,
                                      cc_field(b, "tools[%zu].provider.configuration_json", at));

    if (code != SL_OK)
        return code;
    b->has_web_search = true;
    sl_jw_key(&b->w, "web_search_options");
    sl_jw_raw(&b->w, json, strlen(json));
    return SL_OK;
}

static enum sl_code put_provider_tool(struct cc_build *b, const Sluice__V1__ProviderTool *tool,
                                      size_t at)
{
    bool web_search =
        !strcmp(tool->kind, "web_search") || !strcmp(tool->kind, "web_search_preview");

    if (web_search && b->d->web_search_options && !b->has_web_search)
        return put_web_search(b, tool, at);
    return sl_unsupported(b->in, b->err, cc_field(b, "tools[%zu].provider", at),
                          "%s has no tool \"%s\" in chat completions", b->d->title, tool->kind);
}

static enum sl_code put_provider_tools(struct cc_build *b)
{
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->kind_case != SLUICE__V1__TOOL__KIND_PROVIDER || is_listed(b, tool))
            continue;
        code = check_hint(b, tool, i);
        if (code == SL_OK)
            code = put_provider_tool(b, tool->provider, i);
    }
    return code;
}

/* ---- choice ---- */

/* {"type": "function", "function": {"name"}} or {"type": "custom", "custom": {"name"}} */
static void put_named(struct cc_build *b, const Sluice__V1__Tool *tool)
{
    const char *type = tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM ? "custom" : "function";

    sl_jw_object(&b->w);
    cc_put_string(b, "type", type);
    sl_jw_key(&b->w, type);
    sl_jw_object(&b->w);
    cc_put_string(b, "name", tool_name(tool));
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static enum sl_code no_such_tool(struct cc_build *b, const char *field, const char *name)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s names \"%s\", which is not one of the caller's tools", field, name);
}

static enum sl_code check_allowed(struct cc_build *b, const Sluice__V1__ToolChoice *choice)
{
    for (size_t i = 0; i < choice->n_allowed; i++)
        if (!find_tool(b, choice->allowed[i]))
            return no_such_tool(b, "tool_choice.allowed", choice->allowed[i]);
    return SL_OK;
}

static void put_allowed(struct cc_build *b, const Sluice__V1__ToolChoice *choice)
{
    bool required = choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED;

    sl_jw_object(&b->w);
    cc_put_string(b, "type", "allowed_tools");
    sl_jw_key(&b->w, "allowed_tools");
    sl_jw_object(&b->w);
    cc_put_string(b, "mode", required ? "required" : "auto");
    sl_jw_key(&b->w, "tools");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < choice->n_allowed; i++)
        put_named(b, find_tool(b, choice->allowed[i]));
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

static void put_mode(struct cc_build *b, const Sluice__V1__ToolChoice *choice)
{
    bool narrows = choice->mode != SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE;

    sl_jw_key(&b->w, "tool_choice");
    if (choice->n_allowed && b->d->allowed_tools && narrows)
        put_allowed(b, choice);
    else if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE)
        sl_jw_string(&b->w, "none");
    else if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED)
        sl_jw_string(&b->w, b->d->required_word ? b->d->required_word : "required");
    else
        sl_jw_string(&b->w, "auto");
}

/* OpenAI refuses tool_choice where no tools are sent; auto and none say nothing then. */
static enum sl_code put_choice(struct cc_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    bool must_call = choice && (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED ||
                                choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL);

    if (!choice)
        return SL_OK;
    enum sl_code code = check_allowed(b, choice);
    if (code != SL_OK)
        return code;
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL) {
        const Sluice__V1__Tool *tool = find_tool(b, choice->name);
        if (!tool || !is_offered(b, choice->name))
            return no_such_tool(b, "tool_choice.name", choice->name);
        sl_jw_key(&b->w, "tool_choice");
        put_named(b, tool);
        return SL_OK;
    }
    if (b->has_tools)
        put_mode(b, choice);
    else if (must_call)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "tool_choice",
                            "tool_choice requires a call, but no tool can be offered");
    return SL_OK;
}

/* Like tool_choice, it is refused where no tools are sent. */
static enum sl_code put_parallel(struct cc_build *b)
{
    if (!b->request->_parallel_tool_calls_case)
        return SL_OK;
    if (!b->has_tools)
        return sl_unsupported(b->in, b->err, "parallel_tool_calls",
                              "parallel_tool_calls says nothing without tools");
    sl_jw_key(&b->w, "parallel_tool_calls");
    sl_jw_bool(&b->w, b->request->parallel_tool_calls);
    return SL_OK;
}

enum sl_code cc_build_tools(struct cc_build *b)
{
    enum sl_code code = put_tools(b);

    if (code == SL_OK)
        code = put_provider_tools(b);
    if (code == SL_OK)
        code = put_choice(b);
    return code == SL_OK ? put_parallel(b) : code;
}
