/* Sets of users: found by id, name and subject, also after changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "access/people.h"
#include "access/principal.h"

static struct sl_person *person(uint32_t number, const char *name, const char *subject)
{
    struct sl_arena arena;
    char id[16];
    sl_arena_init(&arena, SIZE_MAX);
    struct sl_row *row = sl_row_create(&arena, SL_TABLE_USERS);
    snprintf(id, sizeof(id), "id-%u", number);
    sl_row_set_text(row, SL_COL_ID, id);
    sl_row_set_text(row, SL_COL_NAME, name);
    sl_row_set_text(row, SL_USERS_SUBJECT, subject);
    sl_row_set_text(row, SL_USERS_TIER, "pro");
    sl_row_set_text(row, SL_USERS_ROLES, "[\"auditor\"]");
    struct sl_person *p = sl_person_create(row, number);
    sl_arena_fini(&arena);
    return p;
}

static struct sl_person *find(const struct sl_people *set, enum sl_people_by by, const char *key)
{
    return sl_people_find(set, by, key, strlen(key));
}

static void finds_each(void **state)
{
    enum { PEOPLE = 3000 };
    struct sl_people set = {0}, copy;
    char text[32];
    (void)state;
    assert_null(find(&set, SL_BY_ID, "id-1"));
    for (uint32_t i = 0; i < PEOPLE; i++) {
        snprintf(text, sizeof(text), "name-%u", i);
        sl_people_add(&set, person(i, text, i % 2 ? text + 5 : ""));
    }
    sl_people_copy(&copy, &set);
    sl_people_fini(&set);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        snprintf(text, sizeof(text), "id-%u", i);
        struct sl_person *p = find(&copy, SL_BY_ID, text);
        assert_int_equal(p->number, i);
        assert_string_equal(p->tier, "pro");
        assert_int_equal(p->roles, SL_ROLE_AUDITOR);
        assert_ptr_equal(find(&copy, SL_BY_NAME, p->name), p);
        if (i % 2)
            assert_ptr_equal(find(&copy, SL_BY_SUBJECT, text + 3), p);
    }
    assert_null(find(&copy, SL_BY_NAME, "name-1x"));
    assert_null(find(&copy, SL_BY_NAME, "name-"));
    assert_null(find(&copy, SL_BY_SUBJECT, ""));
    sl_people_fini(&copy);
}

static void follows_changes(void **state)
{
    struct sl_people set = {0};
    (void)state;
    sl_people_put(&set, person(1, "ann", "s1"));
    sl_people_put(&set, person(2, "bob", "s2"));
    sl_people_put(&set, person(1, "anna", ""));
    sl_people_settle(&set);
    assert_int_equal(set.n, 2);
    assert_null(find(&set, SL_BY_NAME, "ann"));
    assert_null(find(&set, SL_BY_SUBJECT, "s1"));
    assert_int_equal(find(&set, SL_BY_NAME, "anna")->number, 1);
    sl_people_put(&set, sl_person_bury(find(&set, SL_BY_NAME, "bob")));
    sl_people_settle(&set);
    assert_null(find(&set, SL_BY_NAME, "bob"));
    assert_true(find(&set, SL_BY_ID, "id-2")->deleted);
    sl_people_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each),
        cmocka_unit_test(follows_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
