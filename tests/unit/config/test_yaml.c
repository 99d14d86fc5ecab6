/* YAML and JSON texts as trees: what is taken, what is refused and in which line, and that bombs
 * stay small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "config/yaml.h"

/* Parses and gives the tree as JSON, "" for an empty document, NULL for an error. */
static const char *to_json(struct sl_arena *arena, const char *text, struct sl_err *err)
{
    const struct sl_yaml *root = NULL;
    if (sl_yaml_parse(arena, "t.yaml", text, strlen(text), &root, err))
        return NULL;
    return root ? sl_yaml_to_json(root, arena) : "";
}

static void takes_documents(void **state)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"", ""},
        {"# only a comment\n", ""},
        {"---\n", ""},
        {"~", ""},
        {"a: 1", "{\"a\":1}"},
        {"a: '1'\nb: \"x\\ty\"", "{\"a\":\"1\",\"b\":\"x\\u0009y\"}"},
        {"a: [1, -2.5e3, 0x10, 01, true, True, null, ~, x]",
         "{\"a\":[1,-2.5e3,\"0x10\",\"01\",true,\"True\",null,null,\"x\"]}"},
        {"{\"a\":{\"b\":[{}, []]},\"c\":\"\\u00e9\"}", "{\"a\":{\"b\":[{},[]]},\"c\":\"é\"}"},
        {"{\"a\": \"\\ud83d\\ude00 \\\\ud83d \\/ \\u00e9\"}",
         "{\"a\":\"\xf0\x9f\x98\x80 \\\\ud83d / \xc3\xa9\"}"},
        {" [\"\\uD834\\uDD1E\"]", "[\"\xf0\x9d\x84\x9e\"]"},
        {"a: 12345678901234567890123", "{\"a\":12345678901234567890123}"},
        {"a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"},
        {"a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3",
         "{\"a\":{\"b\":1,\"c\":2},\"d\":{\"c\":3,\"b\":1}}"},
        {"a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y], f: 4}",
         "{\"a\":{\"b\":1},\"c\":{\"b\":2,\"d\":3},\"e\":{\"f\":4,\"b\":1,\"d\":3}}"},
        {"a: !!str 1", "{\"a\":\"1\"}"},
        {"a: |\n  x\n  y\n", "{\"a\":\"x\\u000ay\\u000a\"}"},
        {"\"<<\": 1", "{\"<<\":1}"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena arena;
        struct sl_err err = {0};
        sl_arena_init(&arena, 1 << 24);
        const char *json = to_json(&arena, rows[i].text, &err);
        if (!json)
            fail_msg("'%s': %s", rows[i].text, err.text);
        assert_string_equal(json, rows[i].json);
        sl_arena_fini(&arena);
    }
}

static void refuses_documents(void **state)
{
    static const struct {
        const char *text, *error; /* error: how its text begins */
    } rows[] = {
        {"a: 1\nb: [", "t.yaml:"},
        {"a: 1\na: 2", "t.yaml:2: the key 'a' is already in line 1"},
        {"a:\n  b: 1\n  'b': 2", "t.yaml:3: the key 'b' is already in line 2"},
        {"a: *nobody", "t.yaml:1: an alias without its anchor"},
        {"a: &x [*x]", "t.yaml:1: an alias without its anchor"},
        {"a: 1\n---\nb: 2", "t.yaml:2: a second document"},
        {"a: !!int 3", "t.yaml:1: tags"},
        {"a: !evil {}", "t.yaml:1: tags"},
        {"a: !evil []", "t.yaml:1: tags"},
        {"[a, b]: 1", "t.yaml:1: a key has to be a text"},
        {"a: \"x\\0y\"", "t.yaml:1: a text with a zero byte"},
        {"\n\n<<: 3", "t.yaml:3: '<<' takes"},
        {"<<: [1]", "t.yaml:1: '<<' takes"},
        {"<<: {}\n<<: {}", "t.yaml:2: the key '<<' twice"},
        {"a: \xff", "t.yaml:1: "},
        {"a: @b", "t.yaml:1: "},
        {"{\"a\": \"\\ud83d\"}", "t.yaml:1: "},
        {"{\"a\": \"\\ude00\\ud83d\"}", "t.yaml:1: "},
        {"{\"a\": \"\\ud83d\\u0041\"}", "t.yaml:1: "},
        {"\ta: 1", "t.yaml:1: "},
        {"a: 1\n b: 2", "t.yaml:2: "},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena arena;
        struct sl_err err = {0};
        sl_arena_init(&arena, 1 << 24);
        if (to_json(&arena, rows[i].text, &err))
            fail_msg("'%s' was taken", rows[i].text);
        assert_int_equal(err.code, SL_INVALID_ARGUMENT);
        assert_int_equal(err.reason, SL_REASON_CONFIG_INVALID);
        if (strncmp(err.text, rows[i].error, strlen(rows[i].error)))
            fail_msg("'%s' instead of '%s'", err.text, rows[i].error);
        sl_arena_fini(&arena);
    }
}

/* Parses what was put together, and expects an error that holds what. */
static void expect_refused(struct sl_buf *text, const char *what)
{
    struct sl_arena arena;
    struct sl_err err = {0};
    const struct sl_yaml *root = NULL;
    sl_arena_init(&arena, 1 << 26);
    assert_int_equal(sl_yaml_parse(&arena, "t.yaml", text->p, text->n, &root, &err),
                     SL_INVALID_ARGUMENT);
    if (!strstr(err.text, what))
        fail_msg("'%s' instead of '%s'", err.text, what);
    sl_arena_fini(&arena);
    sl_buf_fini(text);
}

static void stops_expansion_bombs(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 1 << 20);
    assert_true(sl_buf_add_str(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"));
    for (int i = 1; i < 12; i++) {
        assert_true(sl_buf_printf(&text, "a%d: &a%d [", i, i));
        for (int k = 0; k < 9; k++)
            assert_true(sl_buf_printf(&text, "%s*a%d", k ? ", " : "", i - 1));
        assert_true(sl_buf_add_str(&text, "]\n"));
    }
    expect_refused(&text, "more than 200000 values");
}

static void stops_deep_nesting(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 1 << 20);
    for (int i = 0; i < 100000; i++)
        assert_true(sl_buf_add_char(&text, '['));
    expect_refused(&text, "deeper than 32");
}

/* Each alias is shallow, all of them together are not. */
static void stops_deep_aliases(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 1 << 20);
    assert_true(sl_buf_add_str(&text, "a0: &a0 []\n"));
    for (int i = 1; i < 64; i++)
        assert_true(sl_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1));
    expect_refused(&text, "deeper than 32");
}

static void stops_wide_mappings(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 1 << 20);
    for (int i = 0; i < SL_YAML_MAX_KEYS + 1; i++)
        assert_true(sl_buf_printf(&text, "k%d: 1\n", i));
    expect_refused(&text, "more than 1024 keys");
}

static void stops_wide_merges(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 1 << 20);
    for (int m = 0; m < 2; m++) {
        assert_true(sl_buf_printf(&text, "m%d: &m%d\n", m, m));
        for (int i = 0; i < 600; i++)
            assert_true(sl_buf_printf(&text, "  k%d_%d: 1\n", m, i));
    }
    assert_true(sl_buf_add_str(&text, "all: {<<: [*m0, *m1]}\n"));
    expect_refused(&text, "more than 1024 keys");
}

static void stops_many_anchors(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, 1 << 20);
    for (int i = 0; i < SL_YAML_MAX_ANCHORS + 1; i++)
        assert_true(sl_buf_printf(&text, "- &a%d x\n", i));
    expect_refused(&text, "anchors");
}

static void stops_long_texts(void **state)
{
    struct sl_buf text;
    (void)state;
    sl_buf_init(&text, SL_YAML_MAX_BYTES + 16);
    char *room = sl_buf_room(&text, SL_YAML_MAX_BYTES + 1);
    assert_non_null(room);
    memset(room, '#', SL_YAML_MAX_BYTES + 1);
    text.n = SL_YAML_MAX_BYTES + 1;
    expect_refused(&text, "longer than 4 MiB");
}

static void knows_lines(void **state)
{
    struct sl_arena arena;
    struct sl_err err = {0};
    const struct sl_yaml *root = NULL;
    static const char text[] = "\na:\n  - b\n  -\n    c: d\n";
    (void)state;
    sl_arena_init(&arena, 1 << 20);
    assert_int_equal(sl_yaml_parse(&arena, "t.yaml", text, strlen(text), &root, &err), SL_OK);
    const struct sl_yaml_item *a = root->items;
    assert_int_equal(a->key->line, 2);
    assert_int_equal(a->value->items->value->line, 3);
    assert_int_equal(a->value->items->next->value->line, 5);
    assert_int_equal(a->value->count, 2);
    assert_int_equal(root->height, 4);
    sl_arena_fini(&arena);
}

/* A long text named a thousand times is no JSON of a gigabyte. */
static void bounds_json(void **state)
{
    struct sl_arena arena;
    struct sl_err err = {0};
    const struct sl_yaml *root = NULL;
    struct sl_buf text;
    (void)state;
    sl_arena_init(&arena, 1 << 26);
    sl_buf_init(&text, 1 << 21);
    assert_true(sl_buf_add_str(&text, "a: &a '"));
    char *room = sl_buf_room(&text, 1 << 20);
    assert_non_null(room);
    memset(room, 'x', 1 << 20);
    text.n += 1 << 20;
    assert_true(sl_buf_add_str(&text, "'\nb: ["));
    for (int i = 0; i < 1000; i++)
        assert_true(sl_buf_add_str(&text, "*a,"));
    assert_true(sl_buf_add_str(&text, "]\n"));
    assert_int_equal(sl_yaml_parse(&arena, "t.yaml", text.p, text.n, &root, &err), SL_OK);
    assert_null(sl_yaml_to_json(root, &arena));
    sl_buf_fini(&text);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_documents),       cmocka_unit_test(refuses_documents),
        cmocka_unit_test(stops_expansion_bombs), cmocka_unit_test(stops_deep_nesting),
        cmocka_unit_test(stops_deep_aliases),    cmocka_unit_test(stops_wide_mappings),
        cmocka_unit_test(stops_wide_merges),     cmocka_unit_test(stops_many_anchors),
        cmocka_unit_test(stops_long_texts),      cmocka_unit_test(knows_lines),
        cmocka_unit_test(bounds_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
