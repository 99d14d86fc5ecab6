/* Buffers: what is added is there, and the ceiling holds whatever is added how. */
#include "base/buf.h"

#include <string.h>

#include "cm.h"

static void bytes_add_up(void **state)
{
    (void)state;
    struct sl_buf b;
    sl_buf_init(&b, 1000);
    assert_null(b.p);
    assert_true(sl_buf_add(&b, "ab", 2));
    assert_true(sl_buf_add_str(&b, "cd"));
    assert_true(sl_buf_add_char(&b, 'e'));
    assert_true(sl_buf_printf(&b, "%d-%s", 7, "f"));
    assert_true(sl_buf_add(&b, "", 0));
    assert_string_equal(b.p, "abcde7-f");
    assert_int_equal(b.n, 8);
    sl_buf_drop(&b, 3);
    assert_string_equal(b.p, "de7-f");
    sl_buf_drop(&b, 5);
    assert_int_equal(b.n, 0);
    assert_string_equal(b.p, "");
    sl_buf_drop(&b, 0);
    sl_buf_fini(&b);
    assert_null(b.p);
    assert_int_equal(b.max, 1000);
}

/* Every ceiling, every way to pass it by one byte: refused, and the buffer as before. */
static void the_ceiling_holds(void **state)
{
    (void)state;
    static const char text[] = "0123456789";
    for (size_t max = 0; max <= 300; max++) {
        struct sl_buf b;
        sl_buf_init(&b, max);
        size_t added = 0;
        while (sl_buf_add(&b, text, 7))
            added += 7;
        assert_int_equal(added, max / 7 * 7);
        size_t left = max - added;
        assert_false(sl_buf_printf(&b, "%.*s", (int)left + 1, text));
        assert_null(sl_buf_room(&b, left + 1));
        assert_null(sl_buf_room(&b, SIZE_MAX));
        assert_int_equal(b.n, added);
        if (added)
            assert_int_equal(strlen(b.p), added);
        assert_true(sl_buf_printf(&b, "%.*s", (int)left, text));
        assert_int_equal(b.n, max);
        assert_false(sl_buf_add_char(&b, 'x'));
        assert_false(sl_buf_add_str(&b, "x"));
        assert_true(b.cap <= max);
        sl_buf_fini(&b);
    }
}

static void room_is_there_to_write_to(void **state)
{
    (void)state;
    struct sl_buf b;
    sl_buf_init(&b, 5000);
    for (int i = 0; i < 10; i++) {
        char *to = sl_buf_room(&b, 500);
        assert_non_null(to);
        memset(to, 'a' + i, 500);
        b.n += 500;
    }
    assert_int_equal(b.n, 5000);
    for (size_t i = 0; i < b.n; i++)
        assert_int_equal(b.p[i], 'a' + (int)(i / 500));
    sl_buf_fini(&b);
}

static void reset_keeps_only_a_little_memory(void **state)
{
    (void)state;
    struct sl_buf b;
    sl_buf_init(&b, 1 << 20);
    assert_true(sl_buf_add_str(&b, "small"));
    char *p = b.p;
    sl_buf_reset(&b, 4096);
    assert_ptr_equal(b.p, p);
    assert_string_equal(b.p, "");
    assert_non_null(sl_buf_room(&b, 100000));
    sl_buf_reset(&b, 4096);
    assert_null(b.p);
    assert_int_equal(b.cap, 0);
    sl_buf_reset(&b, 0);
    assert_true(sl_buf_add_str(&b, "again"));
    sl_buf_wipe(&b);
    assert_null(b.p);
    sl_buf_wipe(&b);
}

static void printf_grows_for_long_texts(void **state)
{
    (void)state;
    struct sl_buf b;
    sl_buf_init(&b, 10000);
    assert_true(sl_buf_printf(&b, "%0*d", 5000, 1));
    assert_true(sl_buf_printf(&b, "%0*d", 4999, 2));
    assert_int_equal(b.n, 9999);
    assert_int_equal(b.p[4999], '1');
    assert_int_equal(b.p[9998], '2');
    assert_false(sl_buf_printf(&b, "%s", "xx"));
    assert_int_equal(strlen(b.p), 9999);
    sl_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_add_up),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(room_is_there_to_write_to),
        cmocka_unit_test(reset_keeps_only_a_little_memory),
        cmocka_unit_test(printf_grows_for_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
