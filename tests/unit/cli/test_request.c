/* Requests from options, and the files they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "request.h"

struct parsed {
    struct sl_arena arena;
    Sluice__V1__CompleteRequest request;
    struct sl_err err;
    char text[1024];
};

typedef enum sl_code (*parse_file)(char *text, size_t n, struct sl_arena *arena,
                                   Sluice__V1__CompleteRequest *request, struct sl_err *err);

static enum sl_code run(struct parsed *p, parse_file parse, const char *text)
{
    *p = (struct parsed){0};
    sl_arena_init(&p->arena, 1 << 20);
    sluice__v1__complete_request__init(&p->request);
    snprintf(p->text, sizeof(p->text), "%s", text);
    return parse(p->text, strlen(p->text), &p->arena, &p->request, &p->err);
}

static void test_tool_shapes(void **state)
{
    static const char *const texts[] = {
        ("[{\"type\":\"function\",\"function\":{\"name\":\"w\",\"description\":\"d\","
         "\"parameters\":"
         "{ \"a\": 1.0 },"
         "\"strict\":true}}]"),
        "[{\"type\":\"function\",\"name\":\"w\",\"description\":\"d\",\"parameters\":{ \"a\": 1.0 "
        "},\"strict\":true}]",
        "[{\"name\":\"w\",\"description\":\"d\",\"input_schema\":{ \"a\": 1.0 },\"strict\":true}]",
    };
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        const Sluice__V1__FunctionTool *f;

        assert_int_equal(run(&p, tools_parse, texts[i]), SL_OK);
        assert_int_equal(p.request.n_tools, 1);
        assert_int_equal(p.request.tools[0]->kind_case, SLUICE__V1__TOOL__KIND_FUNCTION);
        f = p.request.tools[0]->function;
        assert_string_equal(f->name, "w");
        assert_string_equal(f->description, "d");
        assert_string_equal(f->parameters_json, "{ \"a\": 1.0 }");
        assert_true(f->_strict_case && f->strict);
        sl_arena_fini(&p.arena);
    }
}

static void test_other_tools(void **state)
{
    struct parsed p;

    (void)state;
    assert_int_equal(
        run(&p, tools_parse,
            "[{\"name\":\"bare\"},"
            "{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"text\"}}},"
            "{\"kind\":\"web_search\",\"configuration\":{\"n\": 12345678901234567890}}]"),
        SL_OK);
    assert_int_equal(p.request.n_tools, 3);
    assert_string_equal(p.request.tools[0]->function->parameters_json, "");
    assert_false(p.request.tools[0]->function->_strict_case);
    assert_string_equal(p.request.tools[1]->custom->format_json, "{\"type\":\"text\"}");
    assert_string_equal(p.request.tools[2]->provider->kind, "web_search");
    assert_string_equal(p.request.tools[2]->provider->configuration_json,
                        "{\"n\": 12345678901234567890}");
    sl_arena_fini(&p.arena);
}

static void test_wrong_tools(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "JSON"},
        {"{\"name\":\"w\"}", "not a JSON list"},
        {"[1]", "tool 1 is no object"},
        {"[{\"name\":\"w\"},{\"description\":\"d\"}]", "tool 2 has no \"name\""},
        {"[{\"name\":\"\"}]", "has no \"name\""},
        {"[{\"name\":\"w\",\"parametres\":{}}]", "no member \"parametres\""},
        {"[{\"name\":\"w\",\"type|name\":{}}]", "no member \"type|name\""},
        {"[{\"name\":\"w\",\"\":{}}]", "no member \"\""},
        {"[{\"name\":\"w\",\"parameters\":[]}]", "\"parameters\" is no"},
        {"[{\"name\":\"w\",\"description\":1}]", "\"description\" is no string"},
        {"[{\"name\":\"w\",\"strict\":\"yes\"}]", "\"strict\" is neither"},
        {"[{\"type\":\"web_search\"}]", "\"kind\""},
        {"[{\"type\":\"function\",\"function\":{\"name\":\"w\"},\"extra\":1}]",
         "no member \"extra\""},
        {"[{\"kind\":5}]", "\"kind\" is no string"},
        {"[{\"name\":\"w\"}", ""},
    };
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        assert_int_equal(run(&p, tools_parse, rows[i].text), SL_INVALID_ARGUMENT);
        if (!*p.err.text || !strstr(p.err.text, rows[i].says))
            fail_msg("'%s' does not say '%s'", p.err.text, rows[i].says);
        sl_arena_fini(&p.arena);
    }
}

static void test_schemas(void **state)
{
    struct parsed p;

    (void)state;
    assert_int_equal(run(&p, schema_parse, " {\"type\":\"object\", \"properties\":{}} "), SL_OK);
    assert_int_equal(p.request.response_format->type,
                     SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA);
    assert_string_equal(p.request.response_format->schema_json,
                        "{\"type\":\"object\", \"properties\":{}}");
    assert_string_equal(p.request.response_format->schema_name, "");
    sl_arena_fini(&p.arena);
    assert_int_equal(
        run(&p, schema_parse, "{\"name\":\"n\",\"strict\":false,\"schema\":{\"type\":\"object\"}}"),
        SL_OK);
    assert_string_equal(p.request.response_format->schema_json, "{\"type\":\"object\"}");
    assert_string_equal(p.request.response_format->schema_name, "n");
    assert_true(p.request.response_format->_strict_case && !p.request.response_format->strict);
    sl_arena_fini(&p.arena);
    assert_int_equal(run(&p, schema_parse, "[]"), SL_INVALID_ARGUMENT);
    sl_arena_fini(&p.arena);
}

static void test_unset_options_stay_unset(void **state)
{
    Sluice__V1__CompleteRequest request;
    struct options o = {0};
    struct sl_arena arena;
    struct sl_err err = {0};

    (void)state;
    sl_arena_init(&arena, 1 << 20);
    assert_int_equal(request_prepare(&request, &o, &arena, &err), SL_OK);
    assert_int_equal(sluice__v1__complete_request__get_packed_size(&request), 0);
    sl_arena_fini(&arena);
}

static void test_wrong_options(void **state)
{
    static const char *labels[] = {"=x"}, *bare[] = {"novalue"};
    const struct {
        struct options o;
        const char *says;
    } rows[] = {
        {{.top_p = {.set = true}}, "--top-p"},
        {{.schema = "s", .format = "json"}, "do not go together"},
        {{.provider_options = "[]"}, "--provider-options"},
        {{.provider_options = "{\"a\":}"}, "--provider-options"},
        {{.label = {.v = labels, .n = 1}}, "--label"},
        {{.label = {.v = bare, .n = 1}}, "--label"},
        {{.tools = "/nonexistent"}, "/nonexistent"},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        Sluice__V1__CompleteRequest request;
        struct sl_arena arena;
        struct sl_err err = {0};

        sl_arena_init(&arena, 1 << 20);
        assert_int_equal(request_prepare(&request, &rows[i].o, &arena, &err), SL_INVALID_ARGUMENT);
        if (!strstr(err.text, rows[i].says))
            fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
        sl_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tool_shapes),   cmocka_unit_test(test_other_tools),
        cmocka_unit_test(test_wrong_tools),   cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_wrong_options), cmocka_unit_test(test_unset_options_stay_unset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
