/* Functions that a model may call, in the form that Ollama and Cohere took over from OpenAI. */
#include "adapters/native/native.h"

#include <string.h>

static bool is_allowed(const Sluice__V1__ToolChoice *choice, const char *name)
{
    for (size_t i = 0; i < choice->n_allowed; i++)
        if (!strcmp(choice->allowed[i], name))
            return true;
    return !choice->n_allowed;
}

/* A choice that the provider cannot say is made by not offering the other tools. */
bool nv_is_offered(const struct nv_build *b, const char *name, bool hide)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;

    if (!choice)
        return true;
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE && hide)
        return false;
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL)
        return !strcmp(choice->name, name);
    return is_allowed(choice, name);
}

static bool has_function(const struct nv_build *b, const char *name)
{
    for (size_t i = 0; i < b->request->n_tools; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION &&
            !strcmp(tool->function->name, name))
            return true;
    }
    return false;
}

static enum sl_code no_such_tool(struct nv_build *b, const char *field, const char *name)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                        "%s names \"%s\", which is not a function that can be offered", field,
                        name);
}

enum sl_code nv_check_choice(struct nv_build *b)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;

    if (!choice)
        return SL_OK;
    for (size_t i = 0; i < choice->n_allowed; i++)
        if (!has_function(b, choice->allowed[i]))
            return no_such_tool(b, "tool_choice.allowed", choice->allowed[i]);
    if (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL &&
        (!has_function(b, choice->name) || !is_allowed(choice, choice->name)))
        return no_such_tool(b, "tool_choice.name", choice->name);
    return SL_OK;
}

static enum sl_code check_tool(struct nv_build *b, const Sluice__V1__Tool *tool, size_t at)
{
    enum sl_code code = SL_OK;

    if (tool->cache_hint)
        code = sl_unsupported(b->in, b->err, nv_field(b, "tools[%zu].cache_hint", at),
                              "%s takes no cache hints", b->title);
    if (code == SL_OK && tool->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM)
        code = sl_unsupported(b->in, b->err, nv_field(b, "tools[%zu].custom", at),
                              "%s has no tools that take free text", b->title);
    if (code == SL_OK && tool->kind_case == SLUICE__V1__TOOL__KIND_PROVIDER)
        code = sl_unsupported(b->in, b->err, nv_field(b, "tools[%zu].provider", at),
                              "%s has no tool \"%s\" here", b->title, tool->provider->kind);
    if (code == SL_OK && tool->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION &&
        tool->function->parameters_json[0])
        code = nv_check_json(b, tool->function->parameters_json, SL_JSON_OBJECT,
                             nv_field(b, "tools[%zu].function.parameters_json", at));
    return code;
}

static void put_function(struct nv_build *b, const Sluice__V1__FunctionTool *f)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "function");
    sl_jw_key(&b->w, "function");
    sl_jw_object(&b->w);
    nv_put_string(b, "name", f->name);
    if (f->description[0])
        nv_put_string(b, "description", f->description);
    if (f->parameters_json[0])
        nv_put_raw(b, "parameters", f->parameters_json);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
}

enum sl_code nv_put_tools(struct nv_build *b, bool hide, size_t *n)
{
    enum sl_code code = nv_check_choice(b);

    *n = 0;
    for (size_t i = 0; i < b->request->n_tools && code == SL_OK; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        code = check_tool(b, tool, i);
        if (code != SL_OK || tool->kind_case != SLUICE__V1__TOOL__KIND_FUNCTION ||
            !nv_is_offered(b, tool->function->name, hide))
            continue;
        if (!(*n)++) {
            sl_jw_key(&b->w, "tools");
            sl_jw_array(&b->w);
        }
        put_function(b, tool->function);
    }
    if (*n)
        sl_jw_array_end(&b->w);
    return code;
}
