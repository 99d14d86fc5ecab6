/* Keys by digest: found, replaced, not confused, whatever the order and the number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/key_table.h"

static struct sl_key_entry entry(uint32_t i)
{
    struct sl_key_entry e = {.user = i + 1, .scopes = i & 15, .expires_s = i};
    uint32_t spread = i * 2654435761u; /* Knuth's multiplicative hash */
    memcpy(e.digest, &spread, sizeof(spread));
    memcpy(e.digest + 20, &i, sizeof(i));
    return e;
}

static void finds_what_was_put(void **state)
{
    enum { KEYS = 20000 };
    struct sl_key_table t = {0};
    (void)state;
    assert_null(sl_key_table_find(&t, entry(1).digest));
    for (uint32_t i = 0; i < KEYS; i++) {
        struct sl_key_entry e = entry(i);
        sl_key_table_put(&t, &e);
    }
    assert_int_equal(t.n, KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        struct sl_key_entry e = entry(i);
        const struct sl_key_entry *found = sl_key_table_find(&t, e.digest);
        assert_non_null(found);
        assert_memory_equal(found, &e, sizeof(e));
    }
    for (uint32_t i = KEYS; i < KEYS + 1000; i++)
        assert_null(sl_key_table_find(&t, entry(i).digest));
    assert_true(t.n_slots * sizeof(*t.slots) < (size_t)KEYS * 64);
    sl_key_table_fini(&t);
}

/* All begin at the same slot: the last one, so that the search goes round. */
static void survives_collisions(void **state)
{
    struct sl_key_table t;
    (void)state;
    sl_key_table_init(&t, 64);
    for (uint32_t i = 0; i < 64; i++) {
        struct sl_key_entry e = {.user = i + 1};
        memset(e.digest, 0xff, 8);
        e.digest[23] = (unsigned char)i;
        sl_key_table_put(&t, &e);
    }
    for (uint32_t i = 0; i < 65; i++) {
        struct sl_key_entry e = {.user = 1};
        memset(e.digest, 0xff, 8);
        e.digest[23] = (unsigned char)i;
        const struct sl_key_entry *found = sl_key_table_find(&t, e.digest);
        assert_int_equal(found ? found->user : 0, i < 64 ? i + 1 : 0);
    }
    sl_key_table_fini(&t);
}

static void replaces_and_copies(void **state)
{
    struct sl_key_table t = {0}, copy, none = {0};
    struct sl_key_entry e = entry(7);
    (void)state;
    sl_key_table_put(&t, &e);
    e.dead = 1;
    sl_key_table_put(&t, &e);
    assert_int_equal(t.n, 1);
    assert_int_equal(sl_key_table_find(&t, e.digest)->dead, 1);
    sl_key_table_copy(&copy, &t);
    sl_key_table_fini(&t);
    assert_int_equal(sl_key_table_find(&copy, e.digest)->user, 8);
    sl_key_table_fini(&copy);
    sl_key_table_copy(&copy, &none);
    assert_null(sl_key_table_find(&copy, e.digest));
    sl_key_table_fini(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(survives_collisions),
        cmocka_unit_test(replaces_and_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
