/* Tool lists and response schemas in the shapes people have lying around; see request.h. */
#include "request.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

struct tools {
    struct sl_json json;
    struct sl_arena *arena;
    struct sl_err *err;
    size_t at; /* index of the tool, for errors */
};

static char *copy_raw(const struct tools *t, int value)
{
    struct sl_str raw = sl_json_raw(&t->json, value);

    return value == SL_JSON_ABSENT ? NULL : sl_arena_strndup(t->arena, raw.p, raw.n);
}

static char *copy_string(struct tools *t, int value)
{
    char *s = sl_json_string(&t->json, value, NULL, NULL);

    return s ? sl_arena_strdup(t->arena, s) : NULL;
}

/* Every member's name is one of allowed, "|a|b|". */
static enum sl_code check_members(struct tools *t, int object, const char *allowed)
{
    for (int k = sl_json_first(&t->json, object); k >= 0; k = sl_json_next(&t->json, object, k)) {
        struct sl_str raw = sl_json_raw(&t->json, k); /* with its quotes */
        char name[80] = "|"; /* as in the list, so that it has to match whole */

        sl_copy_n(name + 1, sizeof(name) - 2, raw.p + 1, raw.n - 2);
        name[strlen(name) + 1] = 0;
        name[strlen(name)] = '|';
        if (!strstr(allowed, name) || strchr(name + 1, '|')[1])
            return BAD(t->err, "tool %zu: there is no member \"%.*s\"", t->at + 1,
                       (int)strlen(name) - 2, name + 1);
    }
    return SL_OK;
}

/* Strings and flags shared by the kinds. The name is required. */
static enum sl_code take_name(struct tools *t, int object, char **name, char **description)
{
    int value = sl_json_present(&t->json, object, "description");

    *name = copy_string(t, sl_json_present(&t->json, object, "name"));
    if (!*name || !**name)
        return BAD(t->err, "tool %zu has no \"name\"", t->at + 1);
    if (value == SL_JSON_ABSENT)
        return SL_OK;
    *description = copy_string(t, value);
    return *description ? SL_OK : BAD(t->err, "tool %zu: \"description\" is no string", t->at + 1);
}

static enum sl_code take_function(struct tools *t, int object, Sluice__V1__Tool *tool)
{
    Sluice__V1__FunctionTool *f = SL_ARENA_NEW(t->arena, Sluice__V1__FunctionTool);
    int parameters = sl_json_present(&t->json, object, "parameters");
    int strict = sl_json_present(&t->json, object, "strict");
    enum sl_code code;
    bool on;

    sluice__v1__function_tool__init(f);
    code = check_members(t, object, "|type|name|description|parameters|input_schema|strict|");
    if (code != SL_OK)
        return code;
    if (parameters == SL_JSON_ABSENT)
        parameters = sl_json_present(&t->json, object, "input_schema");
    if (parameters != SL_JSON_ABSENT) {
        if (sl_json_type(&t->json, parameters) != SL_JSON_OBJECT)
            return BAD(t->err, "tool %zu: \"parameters\" is no JSON schema object", t->at + 1);
        f->parameters_json = copy_raw(t, parameters);
    }
    if (strict != SL_JSON_ABSENT) {
        if (!sl_json_bool(&t->json, strict, &on))
            return BAD(t->err, "tool %zu: \"strict\" is neither true nor false", t->at + 1);
        f->_strict_case = SLUICE__V1__FUNCTION_TOOL___STRICT_STRICT;
        f->strict = on;
    }
    tool->kind_case = SLUICE__V1__TOOL__KIND_FUNCTION;
    tool->function = f;
    return take_name(t, object, &f->name, &f->description);
}

static enum sl_code take_custom(struct tools *t, int object, Sluice__V1__Tool *tool)
{
    Sluice__V1__CustomTool *c = SL_ARENA_NEW(t->arena, Sluice__V1__CustomTool);
    char *format = copy_raw(t, sl_json_present(&t->json, object, "format"));
    enum sl_code code = check_members(t, object, "|type|name|description|format|");

    sluice__v1__custom_tool__init(c);
    if (code != SL_OK)
        return code;
    if (format)
        c->format_json = format;
    tool->kind_case = SLUICE__V1__TOOL__KIND_CUSTOM;
    tool->custom = c;
    return take_name(t, object, &c->name, &c->description);
}

static enum sl_code take_provider(struct tools *t, int object, Sluice__V1__Tool *tool)
{
    Sluice__V1__ProviderTool *p = SL_ARENA_NEW(t->arena, Sluice__V1__ProviderTool);
    char *configuration = copy_raw(t, sl_json_present(&t->json, object, "configuration"));
    char *kind = copy_string(t, sl_json_present(&t->json, object, "kind"));
    enum sl_code code = check_members(t, object, "|kind|configuration|");

    sluice__v1__provider_tool__init(p);
    if (code != SL_OK)
        return code;
    if (!kind || !*kind)
        return BAD(t->err, "tool %zu: \"kind\" is no string", t->at + 1);
    p->kind = kind;
    if (configuration)
        p->configuration_json = configuration;
    tool->kind_case = SLUICE__V1__TOOL__KIND_PROVIDER;
    tool->provider = p;
    return SL_OK;
}

static enum sl_code take_tool(struct tools *t, int object, Sluice__V1__Tool *tool)
{
    int type = sl_json_present(&t->json, object, "type");
    int inner = sl_json_present(&t->json, object, "function");
    bool custom = sl_json_string_is(&t->json, type, "custom");

    if (sl_json_type(&t->json, object) != SL_JSON_OBJECT)
        return BAD(t->err, "tool %zu is no object", t->at + 1);
    if (sl_json_present(&t->json, object, "kind") != SL_JSON_ABSENT)
        return take_provider(t, object, tool);
    if (type != SL_JSON_ABSENT && !custom && !sl_json_string_is(&t->json, type, "function"))
        return BAD(t->err,
                   "tool %zu: \"type\" is neither \"function\" nor \"custom\"; a tool of the "
                   "provider's is written "
                   "{\"kind\": ..., \"configuration\": {...}}",
                   t->at + 1);
    if (custom)
        inner = sl_json_present(&t->json, object, "custom");
    if (inner != SL_JSON_ABSENT) {
        enum sl_code code = check_members(t, object, custom ? "|type|custom|" : "|type|function|");

        if (code != SL_OK)
            return code;
        object = inner;
    }
    return custom ? take_custom(t, object, tool) : take_function(t, object, tool);
}

static enum sl_code parse_tools(struct tools *t, Sluice__V1__CompleteRequest *request)
{
    int n = sl_json_size(&t->json, SL_JSON_ROOT);

    if (sl_json_type(&t->json, SL_JSON_ROOT) != SL_JSON_ARRAY)
        return BAD(t->err, "not a JSON list of tools");
    request->tools = sl_arena_zalloc(t->arena, ((size_t)n + 1) * sizeof(Sluice__V1__Tool *));
    for (int v = sl_json_first(&t->json, SL_JSON_ROOT); v >= 0;
         v = sl_json_next(&t->json, SL_JSON_ROOT, v)) {
        Sluice__V1__Tool *tool = SL_ARENA_NEW(t->arena, Sluice__V1__Tool);
        enum sl_code code;

        sluice__v1__tool__init(tool);
        code = take_tool(t, v, tool);
        if (code != SL_OK)
            return code;
        request->tools[request->n_tools++] = tool;
        t->at++;
    }
    return SL_OK;
}

static enum sl_code parse_schema(struct tools *t, Sluice__V1__CompleteRequest *request)
{
    Sluice__V1__ResponseFormat *f = SL_ARENA_NEW(t->arena, Sluice__V1__ResponseFormat);
    int schema = sl_json_present(&t->json, SL_JSON_ROOT, "schema");
    int strict = sl_json_present(&t->json, SL_JSON_ROOT, "strict");
    bool wrapped = sl_json_type(&t->json, schema) == SL_JSON_OBJECT, on;
    char *text;

    if (sl_json_type(&t->json, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return BAD(t->err, "not a JSON schema object");
    sluice__v1__response_format__init(f);
    f->type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    f->schema_json = copy_raw(t, wrapped ? schema : SL_JSON_ROOT);
    if (wrapped) {
        if ((text = copy_string(t, sl_json_present(&t->json, SL_JSON_ROOT, "name"))))
            f->schema_name = text;
        if ((text = copy_string(t, sl_json_present(&t->json, SL_JSON_ROOT, "description"))))
            f->description = text;
        if (sl_json_bool(&t->json, strict, &on)) {
            f->_strict_case = SLUICE__V1__RESPONSE_FORMAT___STRICT_STRICT;
            f->strict = on;
        }
    }
    request->response_format = f;
    return SL_OK;
}

static enum sl_code parse(char *text, size_t n, struct tools *t,
                          Sluice__V1__CompleteRequest *request,
                          enum sl_code (*take)(struct tools *t,
                                               Sluice__V1__CompleteRequest *request))
{
    struct sl_json_parser parser;
    struct sl_err inner = {0};
    enum sl_code code;

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, text, n, &t->json, &inner) == SL_OK)
        code = take(t, request);
    else
        code = BAD(t->err, "%s", inner.text);
    sl_json_parser_fini(&parser);
    return code;
}

enum sl_code tools_parse(char *text, size_t n, struct sl_arena *arena,
                         Sluice__V1__CompleteRequest *request, struct sl_err *err)
{
    return parse(text, n, &(struct tools){.arena = arena, .err = err}, request, parse_tools);
}

enum sl_code schema_parse(char *text, size_t n, struct sl_arena *arena,
                          Sluice__V1__CompleteRequest *request, struct sl_err *err)
{
    return parse(text, n, &(struct tools){.arena = arena, .err = err}, request, parse_schema);
}
