/* A connection's key leads to its socket as long as the socket is open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "upstream/socket_table.h"

static void test_find_put_close(void **state)
{
    struct sl_socket_table t = {.list = NULL};
    (void)state;
    assert_int_equal(sl_socket_table_find(&t, 1), -1);
    sl_socket_table_closed(&t, 5);
    sl_socket_table_put(&t, 11, 5);
    sl_socket_table_put(&t, 12, 6);
    assert_int_equal(sl_socket_table_find(&t, 11), 5);
    assert_int_equal(sl_socket_table_find(&t, 12), 6);
    sl_socket_table_closed(&t, 5);
    assert_int_equal(sl_socket_table_find(&t, 11), -1);
    assert_int_equal(sl_socket_table_find(&t, 12), 6);
    sl_socket_table_put(&t, 13, 6); /* the descriptor was used again */
    assert_int_equal(sl_socket_table_find(&t, 12), -1);
    assert_int_equal(sl_socket_table_find(&t, 13), 6);
    assert_int_equal(t.count, 1);
    sl_socket_table_fini(&t);
}

static void test_thousands(void **state)
{
    enum { MANY = 5000 };
    struct sl_socket_table t = {.list = NULL};
    (void)state;
    for (int fd = 0; fd < MANY; fd++)
        sl_socket_table_put(&t, sl_socket_key("127.0.0.1", 443, fd), fd);
    for (int fd = 0; fd < MANY; fd += 2)
        sl_socket_table_closed(&t, fd);
    for (int fd = 0; fd < MANY; fd++)
        assert_int_equal(sl_socket_table_find(&t, sl_socket_key("127.0.0.1", 443, fd)),
                         fd % 2 ? fd : -1);
    assert_int_equal(t.count, MANY / 2);
    sl_socket_table_fini(&t);
}

static void test_keys_differ(void **state)
{
    (void)state;
    assert_true(sl_socket_key("127.0.0.1", 1, 2) != sl_socket_key("127.0.0.1", 2, 1));
    assert_true(sl_socket_key("127.0.0.1", 1, 2) != sl_socket_key("127.0.0.2", 1, 2));
    assert_true(sl_socket_key(NULL, 0, 0) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_put_close),
        cmocka_unit_test(test_thousands),
        cmocka_unit_test(test_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
