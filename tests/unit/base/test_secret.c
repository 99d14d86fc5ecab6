/* Secrets keep their bytes to themselves; the scrubber finds keys where they stand and leaves the
 * rest. */
#include "base/secret.h"

#include <pthread.h>
#include <string.h>

#include "cm.h"

static void a_secret_keeps_its_bytes(void **state)
{
    (void)state;
    char key[] = "sk-test-12345";
    struct sl_secret *s = sl_secret_create(key, strlen(key));
    memset(key, 0, sizeof(key));
    assert_string_equal(sl_secret_reveal(s), "sk-test-12345");
    assert_int_equal(sl_secret_length(s), 13);
    assert_ptr_equal(sl_secret_ref(s), s);
    sl_secret_unref(s);
    assert_string_equal(sl_secret_reveal(s), "sk-test-12345");
    sl_secret_unref(s);
}

static void nothing_is_accepted(void **state)
{
    (void)state;
    sl_secret_unref(NULL);
    assert_null(sl_secret_ref(NULL));
    assert_null(sl_secret_reveal(NULL));
    assert_int_equal(sl_secret_length(NULL), 0);
    struct sl_secret *empty = sl_secret_create(NULL, 0);
    assert_string_equal(sl_secret_reveal(empty), "");
    sl_secret_unref(empty);
}

static void *ref_and_unref(void *arg)
{
    for (int i = 0; i < 1000; i++)
        sl_secret_unref(sl_secret_ref(arg));
    sl_secret_unref(arg);
    return NULL;
}

static void any_thread_may_let_go_last(void **state)
{
    (void)state;
    struct sl_secret *s = sl_secret_create("x", 1);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, sl_secret_ref(s)), 0);
    sl_secret_unref(s);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void keys_are_scrubbed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"nothing to hide", "nothing to hide"},
        {"Incorrect API key provided: sk-test-abc123.",
         "Incorrect API key provided: sk-***********."},
        {"sk-ant-api03-abc_DEF", "sk-*****************"},
        {"\"sl_0123456789abcdef\"", "\"sl_****************\""},
        {"key=AIzaSyTest_01234&x=1", "key=AIza************&x=1"},
        {"gsk_abcdef hf_abcdef xai-abcdef", "gsk_****** hf_****** xai-******"},
        {"csk-test1234 fw_test1234 tgp_v1_test1234 jina_test1234",
         "csk-******** fw_******** tgp_v1_******** jina_********"},
        {"bedrock-api-key-dGVzdC1rZXktMDE=", "bedrock-api-key-****************"},
        {"nvapi-test1234 pplx-test1234 ABSKdGVzdC1rZXktMDE=",
         "nvapi-******** pplx-******** ABSK****************"},
        {"AKIAIOSFODNN7EXAMPLE", "AKIA****************"},
        {"jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end",
         "jwt eyJ************************************** end"},
        {"Authorization: Bearer abc.def-1", "Authorization: Bearer *********"},
        {"authorization: bearer  x", "authorization: bearer  *"},
        {"the bearer", "the bearer"},
        {"the bearers came", "the bearers came"},
        {"Bearer sk-test-abc123 twice sk-test-abc123",
         "Bearer ************** twice sk-***********"},
        /* not keys */
        {"task-oriented-model", "task-oriented-model"},
        {"sk-1", "sk-1"},
        {"risk-assessment-service", "risk-assessment-service"},
        {"AKIA short", "AKIA short"},
        {"eyJ", "eyJ"},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[128];
        assert_true(strlen(rows[i].text) < sizeof(text));
        memcpy(text, rows[i].text, strlen(rows[i].text) + 1);
        sl_scrub(text, NULL);
        assert_string_equal(text, rows[i].want);
        sl_scrub(text, NULL);
        assert_string_equal(text, rows[i].want);
    }
}

static void the_known_secret_is_scrubbed_whatever_it_looks_like(void **state)
{
    (void)state;
    struct sl_secret *s = sl_secret_create("0a1b2c", 6);
    char text[] = "api-key: 0a1b2c0a1b2c, again x0a1b2cx, not 0a1b2";
    sl_scrub(text, s);
    assert_string_equal(text, "api-key: ************, again x******x, not 0a1b2");
    sl_secret_unref(s);
    struct sl_secret *empty = sl_secret_create("", 0);
    sl_scrub(text, empty);
    sl_secret_unref(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_keeps_its_bytes),
        cmocka_unit_test(nothing_is_accepted),
        cmocka_unit_test(any_thread_may_let_go_last),
        cmocka_unit_test(keys_are_scrubbed),
        cmocka_unit_test(the_known_secret_is_scrubbed_whatever_it_looks_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
