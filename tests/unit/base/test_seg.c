/* Segment lists read back whole, by any step. */
#include "base/seg.h"

#include <string.h>

#include "cm.h"

struct piece {
    enum sl_seg_kind kind;
    const char *p;
};

/* RFC 4648, section 10, for the encoded ones. */
static const struct {
    struct piece pieces[4];
    const char *want;
} rows[] = {
    {{{0}}, ""},
    {{{SL_SEG_RAW, "hello"}}, "hello"},
    {{{SL_SEG_BASE64, "f"}}, "Zg=="},
    {{{SL_SEG_BASE64, "fo"}}, "Zm8="},
    {{{SL_SEG_BASE64, "foo"}}, "Zm9v"},
    {{{SL_SEG_BASE64, "foob"}}, "Zm9vYg=="},
    {{{SL_SEG_BASE64, "fooba"}}, "Zm9vYmE="},
    {{{SL_SEG_BASE64, "foobar"}}, "Zm9vYmFy"},
    {{{SL_SEG_BASE64, "\xFF\xEF\xFE\xFB"}}, "/+/++w=="},
    {{{SL_SEG_RAW, "\"data:"}, {SL_SEG_BASE64, "fooba"}, {SL_SEG_BASE64, "f"}, {SL_SEG_RAW, "\""}},
     "\"data:Zm9vYmE=Zg==\""},
    {{{SL_SEG_BASE64, "foobar"}, {SL_SEG_RAW, ""}, {SL_SEG_RAW, "x"}}, "Zm9vYmFyx"},
};

static void lists_read_back_by_every_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_arena a;
        sl_arena_init(&a, 1 << 20);
        struct sl_segs list = {0};
        for (size_t k = 0; k < 4 && rows[i].pieces[k].p; k++)
            sl_segs_add(&list, &a, rows[i].pieces[k].kind, rows[i].pieces[k].p,
                        strlen(rows[i].pieces[k].p));
        size_t n = strlen(rows[i].want);
        assert_int_equal(list.length, n);
        for (size_t step = 1; step <= n + 2; step++) {
            struct sl_seg_reader r;
            sl_seg_reader_init(&r, &list);
            char out[64];
            size_t got = 0;
            for (size_t k; (k = sl_seg_read(&r, out + got, step)) > 0; got += k)
                assert_true(k == step || got + k == n);
            assert_int_equal(got, n);
            assert_memory_equal(out, rows[i].want, n);
            assert_int_equal(sl_seg_read(&r, out, step), 0);
        }
        sl_arena_fini(&a);
    }
}

static void a_list_can_be_read_again(void **state)
{
    (void)state;
    struct sl_arena a;
    sl_arena_init(&a, 1 << 20);
    struct sl_segs list = {0};
    sl_segs_add(&list, &a, SL_SEG_BASE64, "foobar", 6);
    struct sl_seg_reader first, second;
    sl_seg_reader_init(&first, &list);
    char out[16];
    assert_int_equal(sl_seg_read(&first, out, 3), 3);
    sl_seg_reader_init(&second, &list);
    assert_int_equal(sl_seg_read(&second, out, sizeof(out)), 8);
    assert_memory_equal(out, "Zm9vYmFy", 8);
    assert_int_equal(sl_seg_read(&first, out, 0), 0);
    assert_int_equal(sl_seg_read(&first, out, sizeof(out)), 5);
    assert_memory_equal(out, "vYmFy", 5);
    sl_arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_read_back_by_every_step),
        cmocka_unit_test(a_list_can_be_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
