/* Maps against a plain list: whatever is put and removed, and however often the parts are merged,
 * both say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "registry/map.h"

struct thing {
    struct sl_counted counted;
    char name[16];
};

static int alive;

static void destroy(struct sl_counted *c)
{
    alive--;
    sl_free(SL_CONTAINER_OF(c, struct thing, counted));
}

static struct thing *make(unsigned name)
{
    struct thing *t = SL_NEW(struct thing);
    sl_counted_init(&t->counted, destroy);
    snprintf(t->name, sizeof(t->name), "n%u", name);
    alive++;
    return t;
}

static const char *const spaces[] = {"", "a", "ab"};
enum { SPACES = 3, NAMES = 600 };

/* What the map should hold. */
static struct thing *model[SPACES][NAMES];

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void put(struct sl_map *m, unsigned space, unsigned name)
{
    struct thing *t = make(name);
    sl_map_put(m, (struct sl_map_key){spaces[space], t->name}, &t->counted, (uint8_t)(name % 3));
    sl_counted_unref(&t->counted);
    model[space][name] = t;
}

static void take(struct sl_map *m, unsigned space, unsigned name)
{
    char text[16];
    snprintf(text, sizeof(text), "n%u", name);
    sl_map_remove(m, spaces[space], text);
    model[space][name] = NULL;
}

static void count_slot(void *owner, const struct sl_map_slot *slot)
{
    assert_false(slot->gone);
    ++*(size_t *)owner;
}

static void compare(const struct sl_map *m)
{
    size_t n = 0, seen = 0;
    for (unsigned s = 0; s < SPACES; s++) {
        for (unsigned i = 0; i < NAMES; i++) {
            char name[16];
            snprintf(name, sizeof(name), "n%u", i);
            const struct sl_map_slot *slot = sl_map_find(m, spaces[s], name);
            n += model[s][i] != NULL;
            assert_ptr_equal(slot ? SL_CONTAINER_OF(slot->value, struct thing, counted) : NULL,
                             model[s][i]);
            if (slot)
                assert_int_equal(slot->mark, i % 3);
        }
    }
    sl_map_each(m, false, count_slot, &seen);
    assert_int_equal(m->live, n);
    assert_int_equal(seen, n);
}

/* What a difference of two maps gives. */
struct found {
    const struct sl_map *was, *is;
    size_t n;
};

static void check_pair(void *owner, struct sl_counted *was, struct sl_counted *is)
{
    struct found *f = owner;
    assert_true(was || is);
    assert_ptr_not_equal(was, is);
    f->n++;
}

/* A difference tells as many pairs as there are keys whose values differ. */
static void compare_maps(const struct sl_map *was, const struct sl_map *is)
{
    struct found f = {was, is, 0};
    size_t n = 0;
    for (unsigned s = 0; s < SPACES; s++) {
        for (unsigned i = 0; i < NAMES; i++) {
            char name[16];
            snprintf(name, sizeof(name), "n%u", i);
            const struct sl_map_slot *a = sl_map_find(was, spaces[s], name);
            const struct sl_map_slot *b = sl_map_find(is, spaces[s], name);
            n += (a ? a->value : NULL) != (b ? b->value : NULL);
        }
    }
    sl_map_difference(was, is, check_pair, &f);
    assert_int_equal(f.n, n);
}

static void holds_what_a_list_holds(void **state)
{
    struct sl_map now = {NULL, NULL, 0};
    uint32_t random = 4711;
    (void)state;
    memset(model, 0, sizeof(model));
    for (int round = 0; round < 120; round++) {
        struct sl_map next = sl_map_copy(&now);
        for (unsigned i = 0; i < next_random(&random) % 40; i++) {
            unsigned space = next_random(&random) % SPACES, name = next_random(&random) % NAMES;
            if (next_random(&random) % 3)
                put(&next, space, name);
            else
                take(&next, space, name);
        }
        compare_maps(&now, &next);
        if (sl_map_should_merge(&next))
            sl_map_merge(&next);
        compare_maps(&now, &next);
        compare_maps(&next, &now);
        sl_map_fini(&now);
        now = next;
        compare(&now);
    }
    sl_map_fini(&now);
    assert_int_equal(alive, 0);
}

/* Who holds the old map does not see what came later. */
static void leaves_the_old_one_alone(void **state)
{
    struct sl_map old = {NULL, NULL, 0}, next;
    (void)state;
    memset(model, 0, sizeof(model));
    put(&old, 0, 1);
    put(&old, 0, 2);
    sl_map_merge(&old);
    const struct thing *first = model[0][1];
    next = sl_map_copy(&old);
    put(&next, 0, 1);
    take(&next, 0, 2);
    put(&next, 1, 3);
    assert_true(sl_map_is_changed(&next, "", "n2"));
    assert_false(sl_map_is_changed(&next, "", "n3"));
    compare(&next);
    assert_int_equal(old.live, 2);
    assert_ptr_equal(sl_map_find(&old, "", "n1")->value, &first->counted);
    assert_non_null(sl_map_find(&old, "", "n2"));
    assert_null(sl_map_find(&old, "a", "n3"));
    sl_map_fini(&old);
    compare(&next);
    sl_map_fini(&next);
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_a_list_holds),
        cmocka_unit_test(leaves_the_old_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
