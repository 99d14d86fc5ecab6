/* A request id is claimed once in ten minutes, for each principal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/request_ids.h"

static const int64_t second = 1000000;

static void test_an_id_is_claimed_once(void **state)
{
    (void)state;
    struct sl_request_ids *ids = sl_request_ids_create();
    assert_true(sl_request_ids_claim(ids, "alice", "a", 0));
    assert_false(sl_request_ids_claim(ids, "alice", "a", 1));
    assert_true(sl_request_ids_claim(ids, "alice", "b", 1));
    assert_true(sl_request_ids_claim(ids, "bob", "a", 1));
    sl_request_ids_destroy(ids);
}

static void test_an_id_is_free_again_after_ten_minutes(void **state)
{
    (void)state;
    struct sl_request_ids *ids = sl_request_ids_create();
    assert_true(sl_request_ids_claim(ids, "alice", "a", 5));
    assert_false(sl_request_ids_claim(ids, "alice", "a", 4 + SL_REQUEST_ID_SECONDS * second));
    assert_true(sl_request_ids_claim(ids, "alice", "a", 5 + SL_REQUEST_ID_SECONDS * second));
    assert_false(sl_request_ids_claim(ids, "alice", "a", 6 + SL_REQUEST_ID_SECONDS * second));
    sl_request_ids_destroy(ids);
}

static void test_principal_and_id_are_kept_apart(void **state)
{
    (void)state;
    struct sl_request_ids *ids = sl_request_ids_create();
    assert_true(sl_request_ids_claim(ids, "ab", "c", 0));
    assert_true(sl_request_ids_claim(ids, "a", "bc", 0));
    sl_request_ids_destroy(ids);
}

static void test_the_oldest_go_first_past_the_capacity(void **state)
{
    (void)state;
    struct sl_request_ids *ids = sl_request_ids_create();
    char id[32];
    for (int i = 0; i < SL_REQUEST_IDS_CAPACITY + 10; i++) {
        snprintf(id, sizeof(id), "%d", i);
        assert_true(sl_request_ids_claim(ids, "alice", id, i));
    }
    assert_true(sl_request_ids_claim(ids, "alice", "3", SL_REQUEST_IDS_CAPACITY + 10));
    snprintf(id, sizeof(id), "%d", SL_REQUEST_IDS_CAPACITY);
    assert_false(sl_request_ids_claim(ids, "alice", id, SL_REQUEST_IDS_CAPACITY + 11));
    sl_request_ids_destroy(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_is_claimed_once),
        cmocka_unit_test(test_an_id_is_free_again_after_ten_minutes),
        cmocka_unit_test(test_principal_and_id_are_kept_apart),
        cmocka_unit_test(test_the_oldest_go_first_past_the_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
