/* Addresses, and which of them are this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "cli.h"

static void test_targets(void **state)
{
    static const struct {
        const char *address, *target; /* NULL: refused */
        bool local;
    } rows[] = {
        {"127.0.0.1:50051", "dns:127.0.0.1:50051", true},
        {"127.1.2.3:1", "dns:127.1.2.3:1", true},
        {"localhost", "dns:localhost:50051", true},
        {"LocalHost:9", "dns:LocalHost:9", true},
        {"[::1]:9", "dns:[::1]:9", true},
        {"[::1]", "dns:[::1]:50051", true},
        {"[2001:db8::1]:443", "dns:[2001:db8::1]:443", false},
        {"sluice.example.com:443", "dns:sluice.example.com:443", false},
        {"127.evil.example.com:443", "dns:127.evil.example.com:443", false},
        {"localhost.example.com:1", "dns:localhost.example.com:1", false},
        {"unix:/run/sluice.sock", "unix:/run/sluice.sock", true},
        {"unix:/run/a b%c?d", "unix:/run/a%20b%25c%3Fd", true},
        {"unix:///run/x", "unix:///run/x", true},
        {"[fe80::1%eth0]:1", "dns:[fe80::1%25eth0]:1", false},
        {"host:65535", "dns:host:65535", false},
        {"host:65536", NULL, false},
        {"host:0", NULL, false},
        {"host:-1", NULL, false},
        {"host,other:1", NULL, false},
        {"h%41:1", NULL, false},
        {"[]:1", NULL, false},
        {"unix:", NULL, true},
        {"", NULL, false},
        {":50051", NULL, false},
        {"host:", NULL, false},
        {"host:port", NULL, false},
        {"host:123456", NULL, false},
        {"::1", NULL, false},
        {"http://host:1", NULL, false},
        {"user@host:1", NULL, false},
        {"host :1", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char target[64] = "";

        assert_int_equal(connect_target(rows[i].address, target, sizeof(target)),
                         rows[i].target != NULL);
        if (rows[i].target)
            assert_string_equal(target, rows[i].target);
        if (rows[i].target)
            assert_int_equal(connect_is_local(rows[i].address), rows[i].local);
    }
}

static void test_target_must_fit(void **state)
{
    char target[8];

    (void)state;
    assert_false(connect_target("sluice.example.com:443", target, sizeof(target)));
    assert_false(connect_target("unix:/run/sluice.sock", target, sizeof(target)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_target_must_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
