/* Who gets in with what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/digest.h"
#include "access/load.h"
#include "base/compiler.h"
#include "config/load.h"

/* SHA-256 of "a-key-of-sixteen-and-more" is put in by set_up. */
static const char config_text[] =
    "server: {listen: ['127.0.0.1:0'], tls: {certificate: c, key: k, client_ca: ca}}\n"
    "access:\n"
    "  anonymous: %s\n"
    "  keys:\n"
    "    - {name: alice, key: 'env:SL_TEST_ALICE', tier: pro}\n"
    "    - {name: bob, key: 'sha256:%s', roles: [operator, auditor]}\n"
    "    - {name: carol, certificate: carol.example, roles: [admin]}\n"
    "    - {name: dave, certificate: dave.example}\n";

static const char bob_key[] = "a-key-of-sixteen-and-more";

static struct sl_config *parse(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static struct sl_access *make(bool anonymous)
{
    unsigned char sha256[SL_STORE_DIGEST];
    char hex[2 * SL_STORE_DIGEST + 1], text[1024];
    struct sl_access *a = NULL;
    struct sl_err err = {0};
    assert_true(sl_sha256(bob_key, strlen(bob_key), sha256));
    for (size_t i = 0; i < SL_STORE_DIGEST; i++)
        snprintf(hex + 2 * i, 3, i % 2 ? "%02X" : "%02x", sha256[i]);
    setenv("SL_TEST_ALICE", "sl_alice_0123456789abcdef", 1);
    snprintf(text, sizeof(text), config_text, anonymous ? "true" : "false", hex);
    struct sl_config *c = parse(text);
    if (sl_access_create(c, NULL, &a, &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c); /* nothing is borrowed from it */
    return a;
}

/* Of the principals; emptied after each test. */
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

struct row {
    const char *authorization, *certificate;
    bool local;
    const char *name; /* NULL: refused */
    enum sl_reason reason;
};

static void check_rows(const struct sl_access *a, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sl_credentials c = {.authorization = sl_str(rows[i].authorization),
                                         .certificate = sl_str(rows[i].certificate),
                                         .local = rows[i].local};
        const struct sl_principal *p = NULL;
        struct sl_err err = {0};
        enum sl_code code = sl_access_check(a, &c, &arena, &p, &err);
        if (rows[i].name && code)
            fail_msg("row %zu: %s", i, err.text);
        if (rows[i].name) {
            assert_string_equal(p->name, rows[i].name);
            continue;
        }
        assert_int_equal(code, SL_UNAUTHENTICATED);
        assert_int_equal(err.reason, rows[i].reason);
        assert_null(p);
    }
}

#define MISSING SL_REASON_CREDENTIALS_MISSING
#define INVALID SL_REASON_CREDENTIALS_INVALID
#define ALICE "sl_alice_0123456789abcdef"
#define BOB "a-key-of-sixteen-and-more"

static void lets_in_who_proves_it(void **state)
{
    static const struct row rows[] = {
        {"Bearer " ALICE, NULL, false, "alice", 0},
        {"bearer " ALICE, NULL, false, "alice", 0},
        {"BEARER   " ALICE "  ", NULL, false, "alice", 0},
        {"Bearer " BOB, NULL, true, "bob", 0},
        {"Bearer " ALICE, "carol.example", false, "alice", 0},
        {NULL, "carol.example", false, "carol", 0},
        {NULL, "dave.example", true, "dave", 0},
        {NULL, NULL, false, NULL, MISSING},
        {NULL, NULL, true, NULL, MISSING},
        {ALICE, NULL, false, NULL, INVALID},
        {"Bearer", NULL, false, NULL, INVALID},
        {"Bearer ", NULL, false, NULL, INVALID},
        {"Bearer    ", NULL, false, NULL, INVALID},
        {"Basic " ALICE, NULL, false, NULL, INVALID},
        {"Bearer " ALICE "x", NULL, false, NULL, INVALID},
        {"Bearer x" ALICE, NULL, false, NULL, INVALID},
        {"Bearer sl_alice_0123456789abcdee", NULL, true, NULL, INVALID},
        {"Bearer wrong", "carol.example", false, NULL, INVALID},
        {NULL, "carol.exampl", false, NULL, INVALID},
        {NULL, "carol.example.evil", false, NULL, INVALID},
        {NULL, "eve.example", true, NULL, INVALID},
    };
    (void)state;
    struct sl_access *a = make(false);
    check_rows(a, rows, SL_ARRAY_LEN(rows));
    sl_access_unref(a);
}

static void lets_neighbours_in_where_that_is_allowed(void **state)
{
    static const struct row rows[] = {
        {NULL, NULL, true, "anonymous", 0},
        {NULL, NULL, false, NULL, MISSING},
        {"Bearer " ALICE, NULL, true, "alice", 0},
        {"Bearer wrong", NULL, true, NULL, INVALID}, /* who shows a key is judged by it */
        {NULL, "eve.example", true, NULL, INVALID},
        {NULL, "carol.example", true, "carol", 0},
    };
    (void)state;
    struct sl_access *a = make(true);
    check_rows(a, rows, SL_ARRAY_LEN(rows));
    sl_access_unref(a);
}

static const struct sl_principal *who(const struct sl_access *a, const char *authorization,
                                      const char *certificate)
{
    const struct sl_credentials c = {
        .authorization = sl_str(authorization), .certificate = sl_str(certificate), .local = true};
    const struct sl_principal *p = NULL;
    struct sl_err err = {0};
    assert_int_equal(sl_access_check(a, &c, &arena, &p, &err), SL_OK);
    return p;
}

static void says_what_they_are(void **state)
{
    (void)state;
    struct sl_access *a = make(true);
    const struct sl_principal *alice = who(a, "Bearer " ALICE, NULL);
    assert_string_equal(alice->tier, "pro");
    assert_int_equal(alice->roles, SL_ROLE_USER);
    assert_string_equal(alice->proof, "api_key");
    assert_int_equal(who(a, "Bearer " BOB, NULL)->roles,
                     SL_ROLE_USER | SL_ROLE_OPERATOR | SL_ROLE_AUDITOR);
    assert_string_equal(who(a, NULL, "carol.example")->proof, "certificate");
    assert_int_equal(who(a, NULL, "carol.example")->roles, SL_ROLE_USER | SL_ROLE_ADMIN);
    const struct sl_principal *nobody = who(a, NULL, NULL);
    assert_string_equal(nobody->proof, "anonymous");
    assert_string_equal(nobody->tier, "");
    assert_int_equal(nobody->roles, SL_ROLE_USER);
    assert_ptr_equal(sl_access_ref(a), a);
    sl_access_unref(a);
    assert_string_equal(nobody->id, "anonymous");
    sl_access_unref(a);
    sl_access_unref(NULL);
}

/* Metadata is bytes: lengths count, not terminators. */
static void compares_bytes(void **state)
{
    static const char text[] = "Bearer " ALICE "\0x";
    (void)state;
    struct sl_access *a = make(false);
    const struct sl_principal *p = NULL;
    struct sl_err err = {0};
    struct sl_credentials c = {.authorization = {text, sizeof(text) - 1}};
    assert_int_equal(sl_access_check(a, &c, &arena, &p, &err), SL_UNAUTHENTICATED);
    c.authorization.n = strlen(text);
    assert_int_equal(sl_access_check(a, &c, &arena, &p, &err), SL_OK);
    char *big = malloc(1 << 20);
    memset(big, 'k', 1 << 20);
    memcpy(big, "Bearer ", 7);
    c.authorization = (struct sl_str){big, 1 << 20};
    struct sl_err too_long = {0};
    assert_int_equal(sl_access_check(a, &c, &arena, &p, &too_long), SL_UNAUTHENTICATED);
    free(big);
    sl_access_unref(a);
}

static void finds_each_of_many(void **state)
{
    enum { KEYS = 1000 };
    (void)state;
    char *text = malloc(KEYS * 128 + 64);
    size_t n = (size_t)snprintf(text, 64, "access:\n  keys:\n");
    for (int i = 0; i < KEYS; i++) {
        unsigned char sha256[SL_STORE_DIGEST];
        char key[40];
        snprintf(key, sizeof(key), "a-key-of-many-%d", i);
        assert_true(sl_sha256(key, strlen(key), sha256));
        n += (size_t)snprintf(text + n, 128, "  - {name: u%d, key: 'sha256:", i);
        for (size_t k = 0; k < SL_STORE_DIGEST; k++)
            n += (size_t)snprintf(text + n, 3, "%02x", sha256[k]);
        n += (size_t)snprintf(text + n, 8, "'}\n");
    }
    struct sl_config *c = parse(text);
    struct sl_access *a = NULL;
    struct sl_err err = {0};
    assert_int_equal(sl_access_create(c, NULL, &a, &err), SL_OK);
    for (int i = 0; i < KEYS; i++) {
        char authorization[64], name[16];
        snprintf(authorization, sizeof(authorization), "Bearer a-key-of-many-%d", i);
        snprintf(name, sizeof(name), "u%d", i);
        assert_string_equal(who(a, authorization, NULL)->name, name);
    }
    free(text);
    sl_config_destroy(c);
    sl_access_unref(a);
}

static void refuses_bad_keys(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"access: {keys: [{name: a, key: 'env:SL_TEST_NOT_SET'}]}", "SL_TEST_NOT_SET is not set"},
        {"access: {keys: [{name: a, key: 'env:SL_TEST_SHORT'}]}", "fewer than 16 bytes"},
        {"access: {keys: [{name: a, key: 'env:SL_TEST_ALICE'}, {name: b, key: "
         "'env:SL_TEST_ALICE'}]}",
         "for 'b' the same key as another entry"},
    };
    (void)state;
    setenv("SL_TEST_SHORT", "sk-test-1234567", 1);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_config *c = parse(rows[i].text);
        struct sl_access *a = NULL;
        struct sl_err err = {0};
        assert_int_equal(sl_access_create(c, NULL, &a, &err), SL_INVALID_ARGUMENT);
        assert_int_equal(err.reason, SL_REASON_CONFIG_INVALID);
        assert_null(a);
        if (!strstr(err.text, rows[i].error) || strncmp(err.text, "s.yaml:1: ", 10))
            fail_msg("'%s' instead of '%s'", err.text, rows[i].error);
        sl_config_destroy(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lets_in_who_proves_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lets_neighbours_in_where_that_is_allowed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(says_what_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(compares_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_each_of_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_keys, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
