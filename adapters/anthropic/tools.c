/* Tools of a Messages request: functions, the provider's own by their versioned type
 * (web_search_20250305, computer_20251124, ...), and the choice between them.
 *
 * A function that needs members Sluice has no field for (defer_loading, input_examples,
 * allowed_callers) is said as a provider tool of kind "custom", which is the API's own type of a
 * client's tool.
 *
 * Sources: "Tool use", "Define tools" (tool_choice, disable_parallel_tool_use), "Strict tool use". */
#include "adapters/anthropic/internal.h"

static bool is_allowed(const struct am_build *b, const char *name)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;

    if (!choice || !choice->n_allowed)
        return true;
    for (size_t i = 0; i < choice->n_allowed; i++)
        if (!strcmp(choice->allowed[i], name))
            return true;
    return false;
}

bool am_is_forced(const struct am_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;

    return choice && b->request->n_tools &&
           (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED ||
            choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL);
}

static void begin_tool(struct am_build *b)
{
    if (!b->has_tools) {
        b->has_tools = true;
        sl_jw_key(&b->w, "tools");
        sl_jw_array(&b->w);
    }
    sl_jw_object(&b->w);
}

/* ---- tools ---- */

static enum sl_code put_function(struct am_build *b, const Sluice__V1__FunctionTool *f, size_t at)
{
    const char *schema = f->parameters_json;
    enum sl_code code = SL_OK;

    if (schema[0])
        code = am_check_json(b, schema, SL_JSON_OBJECT,
                             am_field(b, "tools[%zu].function.parameters_json", at));
    else /* input_schema is required */
        schema = "{\"type\":\"object\",\"properties\":{}}";
    if (code != SL_OK)
        return code;
    begin_tool(b);
    am_put_string(b, "name", f->name);
    if (f->description[0])
        am_put_string(b, "description", f->description);
    sl_jw_key(&b->w, "input_schema");
    sl_jw_raw(&b->w, schema, strlen(schema));
    if (f->_strict_case)
        am_put_bool(b, "strict", f->strict);
    return SL_OK;
}

/* "web_search_20250305" is called "web_search": the API wants the name beside the type. */
static const char *name_of_kind(struct am_build *b, const char *kind)
{
    size_t n = strlen(kind);

    while (n && kind[n - 1] >= '0' && kind[n - 1] <= '9')
        n--;
    return n > 1 && kind[n] && kind[n - 1] == '_' ? sl_arena_strndup(b->in->arena, kind, n - 1)
                                                  : NULL;
}

/* A provider's tool is allowed by its kind, or by the name that the kind begins with. */
static bool is_allowed_kind(struct am_build *b, const char *kind)
{
    const char *name = name_of_kind(b, kind);

    return is_allowed(b, kind) || (name && is_allowed(b, name));
}

/* The text editor's name is another one in each version, so the configuration may say it. */
static enum sl_code put_provider(struct am_build *b, const Sluice__V1__ProviderTool *tool,
                                 size_t at)
{
    const char *json = tool->configuration_json;
    enum sl_code code = SL_OK;

    if (json[0])
        code = am_check_json(b, json, SL_JSON_OBJECT,
                             am_field(b, "tools[%zu].provider.configuration_json", at));
    if (code != SL_OK)
        return code;
    if (json[0] && am_json_ends_with(b, json, "type", ""))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            am_field(b, "tools[%zu].provider.configuration_json", at),
                            "a provider tool's type is its kind");
    begin_tool(b);
    am_put_string(b, "type", tool->kind);
    const char *name = name_of_kind(b, tool->kind);
    if (name && !(json[0] && am_json_ends_with(b, json, "name", "")))
        am_put_string(b, "name", name);
    if (json[0])
        sl_jw_members(&b->w, json, strlen(json));
    return SL_OK;
}

static enum sl_code put_tool(struct am_build *b, const Sluice__V1__Tool *tool, size_t at)
{
    enum sl_code code;

    switch (tool->kind_case) {
    case SLUICE__V1__TOOL__KIND_FUNCTION:
        if (!is_allowed(b, tool->function->name))
            return SL_OK;
        code = put_function(b, tool->function, at);
        break;
    case SLUICE__V1__TOOL__KIND_PROVIDER:
        if (!is_allowed_kind(b, tool->provider->kind))
            return SL_OK;
        code = put_provider(b, tool->provider, at);
        break;
    default:
        return sl_unsupported(b->in, b->err, am_field(b, "tools[%zu].custom", at),
                              "%s has no tools that take free text; it was left out", b->d->title);
    }
    if (code == SL_OK)
        code = am_put_cache(b, tool->cache_hint, am_field(b, "tools[%zu].cache_hint", at));
    sl_jw_object_end(&b->w);
    return code;
}

/* ---- tool_choice ---- */

/* Whether the tool may be chosen: a custom one was left out. */
static bool is_sent(const struct am_build *b, const char *name)
{
    for (size_t i = 0; i < b->request->n_tools; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM && !strcmp(tool->custom->name, name))
            return false;
    }
    return true;
}

static enum sl_code put_choice(struct am_build *b)
{
    static const char *const types[] = {"auto", "auto", "none", "any", "tool"};
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    bool parallel = b->request->_parallel_tool_calls_case != 0;
    Sluice__V1__ToolChoice__Mode mode =
        choice ? choice->mode : SLUICE__V1__TOOL_CHOICE__MODE__MODE_UNSPECIFIED;

    if ((unsigned)mode >= SL_ARRAY_LEN(types))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "tool_choice.mode", "tool_choice.mode has no such value");
    /* A choice that only names the allowed tools was made by offering no others. */
    if (mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_UNSPECIFIED && !parallel)
        return SL_OK;
    if (mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL && !is_sent(b, choice->name))
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            "tool_choice.name", "%s has no tools that take free text", b->d->title);
    sl_jw_key(&b->w, "tool_choice");
    am_begin(b, types[mode]);
    if (mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL)
        am_put_string(b, "name", choice->name);
    if (parallel && mode != SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE)
        am_put_bool(b, "disable_parallel_tool_use", !b->request->parallel_tool_calls);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

enum sl_code am_build_tools(struct am_build *b)
{
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++)
        code = put_tool(b, b->request->tools[i], i);
    if (b->has_tools)
        sl_jw_array_end(&b->w);
    if (code != SL_OK || b->has_tools)
        return code == SL_OK ? put_choice(b) : code;
    /* Without tools, neither has a place, and "none" is what happens anyway. */
    if (b->request->_parallel_tool_calls_case)
        return sl_unsupported(b->in, b->err, "parallel_tool_calls", "%s takes it with tools only",
                              b->d->title);
    return SL_OK;
}
