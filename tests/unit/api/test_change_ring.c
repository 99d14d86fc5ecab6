/* The ring of changes: what is kept, what is forgotten, and where to go on. */
#include "api/change_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"

enum { SIZE = 8 };

static void add(struct sl_change_ring *r, const char *key, const char *only, int64_t revision)
{
    const struct sl_model_change c = {.revision = revision, .key = key, .only = only};
    sl_change_ring_add(r, &c);
}

static void links_the_changes_of_a_model(void **state)
{
    struct sl_change_ring r;
    (void)state;
    sl_change_ring_init(&r, SIZE, 10);
    assert_null(sl_change_ring_get(&r, 1));
    add(&r, "a", "", 11);
    add(&r, "b", "", 12);
    add(&r, "a", "ann", 12);
    add(&r, "a", "", 13);
    static const struct {
        const char *key;
        uint64_t before;
        bool newest;
    } rows[] = {{"a", 0, false}, {"b", 0, true}, {"a", 0, true}, {"a", 1, true}};
    for (uint64_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_model_change *c = sl_change_ring_get(&r, i + 1);
        assert_int_equal(c->serial, i + 1);
        assert_string_equal(c->key, rows[i].key);
        assert_int_equal(c->before, rows[i].before);
        assert_int_equal(c->newest, rows[i].newest);
    }
    assert_int_equal(r.head, 4);
    sl_change_ring_fini(&r);
}

static void forgets_all_at_once(void **state)
{
    struct sl_change_ring r;
    uint64_t serial = 0;
    (void)state;
    sl_change_ring_init(&r, SIZE, 10);
    add(&r, "a", "", 11);
    add(&r, "b", "", 12);
    sl_change_ring_forget(&r, 13);
    for (uint64_t s = 0; s <= 2; s++)
        assert_false(sl_change_ring_has_after(&r, s));
    uint64_t from = r.head;
    assert_true(sl_change_ring_has_after(&r, from));
    assert_false(sl_change_ring_at(&r, 12, &serial));
    for (int64_t i = 11; i <= 14; i++)
        add(&r, "a", "", i);
    assert_int_equal(sl_change_ring_get(&r, from + 1)->before, 0);
    assert_false(sl_change_ring_at(&r, 12, &serial));
    assert_true(sl_change_ring_at(&r, 13, &serial));
    assert_int_equal(serial, from + 3);
    sl_change_ring_fini(&r);
}

static void forgets_the_oldest(void **state)
{
    struct sl_change_ring r;
    uint64_t serial = 0;
    (void)state;
    sl_change_ring_init(&r, SIZE, 10);
    for (int64_t i = 1; i <= 20; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", (int)(i % 7));
        add(&r, key, "", 10 + i);
    }
    assert_null(sl_change_ring_get(&r, 12));
    assert_int_equal(sl_change_ring_get(&r, 13)->revision, 23);
    assert_int_equal(sl_change_ring_get(&r, 13)->before, 6); /* forgotten meanwhile */
    assert_null(sl_change_ring_get(&r, 6));
    assert_true(sl_change_ring_has_after(&r, 12));
    assert_false(sl_change_ring_has_after(&r, 11));
    assert_true(sl_change_ring_has_after(&r, 20));
    assert_false(sl_change_ring_has_after(&r, 21));
    assert_int_equal(r.revision, 22);
    assert_false(sl_change_ring_at(&r, 21, &serial));
    assert_true(sl_change_ring_at(&r, 22, &serial));
    assert_int_equal(serial, 12);
    sl_change_ring_fini(&r);
}

static void finds_revisions(void **state)
{
    static const struct {
        int64_t revision;
        bool found;
        uint64_t serial;
    } rows[] = {{9, false, 0}, {10, true, 0}, {11, true, 2},
                {12, true, 2}, {13, true, 3}, {99, true, 3}};
    struct sl_change_ring r;
    (void)state;
    sl_change_ring_init(&r, SIZE, 10);
    add(&r, "a", "", 11);
    add(&r, "b", "", 11);
    add(&r, "c", "", 13);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        uint64_t serial = 0;
        assert_int_equal(sl_change_ring_at(&r, rows[i].revision, &serial), rows[i].found);
        assert_int_equal(serial, rows[i].serial);
    }
    sl_change_ring_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_the_changes_of_a_model),
        cmocka_unit_test(forgets_the_oldest),
        cmocka_unit_test(forgets_all_at_once),
        cmocka_unit_test(finds_revisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
