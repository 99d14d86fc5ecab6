/* Rows and their images as JSON: nothing is lost on the way there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "store/internal.h"

static struct sl_arena arena;

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

static void begins_with_defaults(void **state)
{
    (void)state;
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_MODELS);
    assert_false(sl_row_is_set(row, SL_MODELS_REGION));
    assert_string_equal(sl_row_text(row, SL_MODELS_REGION), "");
    assert_int_equal(sl_row_int(row, SL_MODELS_CONTEXT_TOKENS), 0);
    assert_true(sl_row_bool(row, SL_MODELS_ENABLED));
    assert_true(sl_row_is_null(row, SL_COL_OWNER));
    assert_string_equal(sl_row_text(row, SL_COL_OWNER), "");
    assert_true(sl_row_is_null(row, SL_MODELS_TOP_P));
    assert_true(sl_row_real(row, SL_MODELS_TOP_P) == 0);
    assert_false(sl_row_bool(sl_row_create(&arena, SL_TABLE_USERS), SL_USERS_DISABLED));
}

static void keeps_its_own_copy(void **state)
{
    (void)state;
    char text[] = "eu";
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_MODELS);
    sl_row_set_text(row, SL_MODELS_REGION, text);
    sl_row_set_text(row, SL_COL_OWNER, NULL);
    sl_row_set_text(row, SL_COL_NAME, NULL);
    text[0] = 'x';
    assert_string_equal(sl_row_text(row, SL_MODELS_REGION), "eu");
    assert_true(sl_row_is_set(row, SL_MODELS_REGION) && sl_row_is_set(row, SL_COL_OWNER));
    assert_true(sl_row_is_null(row, SL_COL_OWNER) && !sl_row_is_null(row, SL_COL_NAME));
    struct sl_row *copy = sl_row_copy(&arena, row);
    assert_int_equal(sl_row_differences(row, copy), 0);
    assert_true(copy->set == row->set);
    sl_row_set_text(copy, SL_MODELS_REGION, "us");
    assert_true(sl_row_differences(row, copy) == UINT64_C(1) << SL_MODELS_REGION);
    assert_string_equal(sl_row_text(row, SL_MODELS_REGION), "eu");
}

static void compares_values(void **state)
{
    static const char bytes[] = "a\0b";
    (void)state;
    const struct sl_value values[] = {
        sl_value_null(),       sl_value_text(""),        sl_value_text("a"),
        sl_value_bytes("", 0), sl_value_bytes(bytes, 3), sl_value_bytes(bytes, 2),
        sl_value_int(0),       sl_value_int(INT64_MIN),  sl_value_real(0),
        sl_value_real(0.1),    sl_value_bool(false),     sl_value_bool(true),
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(values); i++) {
        for (size_t k = 0; k < SL_ARRAY_LEN(values); k++)
            assert_int_equal(sl_value_equal(&values[i], &values[k]), i == k);
    }
}

/* A row with something of its own in every column that has no volatile value. */
static struct sl_row *full_row(enum sl_table table)
{
    const struct sl_table_info *t = sl_table_info(table);
    struct sl_row *row = sl_row_create(&arena, table);
    for (unsigned c = 0; c < t->n_columns; c++) {
        if (t->columns[c].flags & SL_COLUMN_VOLATILE)
            continue;
        switch (t->columns[c].type) {
        case SL_TYPE_TEXT:
        case SL_TYPE_JSON:
            sl_row_set_text(row, c, "\"quoted\" \xe2\x82\xac \n{}");
            break;
        case SL_TYPE_INT64:
            sl_row_set_int(row, c, INT64_MAX - c);
            break;
        case SL_TYPE_REAL:
            sl_row_set_real(row, c, 1.0 / (3 + c));
            break;
        case SL_TYPE_BOOL:
            sl_row_set_bool(row, c, c % 2);
            break;
        case SL_TYPE_BYTES:
            sl_row_set_bytes(row, c, "\0planted\xff", 9);
            break;
        }
    }
    return row;
}

static void makes_a_row_of_its_image(void **state)
{
    (void)state;
    for (int t = 0; t < SL_TABLE_COUNT; t++) {
        struct sl_row *row = full_row((enum sl_table)t), *back = NULL;
        struct sl_err err = {0};
        struct sl_image image = {sl_str(sl_image_write(&arena, row, UINT64_MAX, SL_IMAGE_EXACT)),
                                 sl_image_secret(row)};
        assert_int_equal(sl_image_read(&arena, row->table, &image, &back, &err), SL_OK);
        assert_int_equal(sl_row_differences(row, back), 0);
    }
}

static void shows_no_secret(void **state)
{
    (void)state;
    struct sl_row *row = full_row(SL_TABLE_CREDENTIALS);
    const uint64_t name = UINT64_C(1) << SL_COL_NAME;
    for (int kind = SL_IMAGE_MASKED; kind <= SL_IMAGE_EXACT; kind++) {
        char *text = sl_image_write(&arena, row, UINT64_MAX, (enum sl_image_kind)kind);
        assert_null(strstr(text, "planted"));
        assert_null(strstr(text, "706c616e746564"));
    }
    assert_string_equal(sl_image_write(&arena, row, name, SL_IMAGE_MASKED),
                        "{\"name\":\"\\\"quoted\\\" \xe2\x82\xac \\n{}\"}");
    assert_int_equal(sl_image_secret(NULL).n, 0);
    assert_int_equal(sl_image_secret(full_row(SL_TABLE_TIERS)).n, 0);
}

static void refuses_broken_images(void **state)
{
    static const char *const texts[] = {
        "", "[]", "{", "{\"nothing\":1}", "{\"name\":1}", "{\"name\":null}", "{\"rank\":\"1\"}",
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        struct sl_row *row = NULL;
        struct sl_err err = {0};
        struct sl_image image = {sl_str(texts[i]), SL_STR("")};
        assert_int_equal(sl_image_read(&arena, SL_TABLE_TIERS, &image, &row, &err), SL_INTERNAL);
        assert_null(row);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_with_defaults),     TEST(keeps_its_own_copy), TEST(compares_values),
        TEST(makes_a_row_of_its_image), TEST(shows_no_secret),    TEST(refuses_broken_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
