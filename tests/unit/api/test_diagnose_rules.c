/* What a diagnosis calls wrong, from facts alone. */
#include "api/diagnose/rules.h"

#include "base/compiler.h"
#include "unit/base/cm.h"

static void weighs_the_end_of_models(void **state)
{
    static const struct {
        struct sl_rule_life m;
        enum sl_finding code;
    } rows[] = {
        {{SL_OUTDATED_RETIRED, false, true, -3}, SL_FINDING_MODEL_RETIRED},
        {{SL_OUTDATED_RETIRED, false, false, 0}, SL_FINDING_MODEL_RETIRED},
        {{SL_OUTDATED_RETIRED, true, false, 0}, SL_FINDING_MODEL_REDIRECTED},
        {{SL_OUTDATED_GONE, true, true, 400}, SL_FINDING_MODEL_GONE},
        {{SL_OUTDATED_DEPRECATED, false, true, 1}, SL_FINDING_MODEL_DEPRECATED},
        {{SL_OUTDATED_DEPRECATED, false, true, 180}, SL_FINDING_MODEL_DEPRECATED},
        {{SL_OUTDATED_DEPRECATED, false, true, 181}, SL_FINDING_MODEL_RETIRES_LATER},
        {{SL_OUTDATED_DEPRECATED, true, true, 5}, SL_FINDING_MODEL_DEPRECATED},
        {{SL_OUTDATED_DEPRECATED, false, false, 1000}, SL_FINDING_MODEL_DEPRECATED},
        {{SL_OUTDATED_SERVED_AS, false, false, 0}, SL_FINDING_MODEL_SERVED_AS},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        assert_int_equal(sl_rule_life(&rows[i].m), rows[i].code);
}

static void tells_proxies_from_servers(void **state)
{
    static const struct {
        struct sl_rule_address a;
        enum sl_finding code;
    } rows[] = {
        {{"https://api.openai.com/v1", false, true}, SL_FINDING_ADDRESSES},
        {{"http://litellm-proxy:4000", false, true}, SL_FINDING_ADDRESS_IS_PROXY},
        {{"http://localhost:4000/v1", true, true}, SL_FINDING_ADDRESS_IS_PROXY},
        {{"http://localhost:4000/v1", false, false}, SL_FINDING_ADDRESS_IS_PROXY},
        {{"", false, true}, SL_FINDING_ADDRESS_IS_PROXY},
        {{"http://172.17.0.1:8000/v1", false, true}, SL_FINDING_ADDRESS_INSIDE},
        {{"http://10.0.0.7/v1", false, true}, SL_FINDING_ADDRESS_INSIDE},
        {{"http://10.0.0.7/v1", false, false}, SL_FINDING_ADDRESSES},   /* somebody wrote it */
        {{"http://localhost:11434", true, true}, SL_FINDING_ADDRESSES}, /* Ollama */
        {{"http://vllm.internal:8000/v1", true, true}, SL_FINDING_ADDRESSES},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *why = "";
        if (sl_rule_address(&rows[i].a, &why) != rows[i].code)
            fail_msg("'%s' is not %s", rows[i].a.url, sl_finding_name(rows[i].code));
        assert_int_equal(why == NULL, rows[i].code == SL_FINDING_ADDRESSES);
    }
}

static void judges_answers(void **state)
{
    static const struct {
        int status;
        enum sl_reason reason;
        enum sl_finding code;
    } rows[] = {
        {200, SL_REASON_NONE, SL_FINDING_ENDPOINT},
        {401, SL_REASON_NONE, SL_FINDING_ENDPOINT},
        {404, SL_REASON_NONE, SL_FINDING_ENDPOINT},
        {301, SL_REASON_PROVIDER_REDIRECT, SL_FINDING_ENDPOINT},
        {500, SL_REASON_NONE, SL_FINDING_ENDPOINT},
        {502, SL_REASON_NONE, SL_FINDING_ENDPOINT_FAILING},
        {504, SL_REASON_NONE, SL_FINDING_ENDPOINT_FAILING},
        {505, SL_REASON_NONE, SL_FINDING_ENDPOINT},
        {0, SL_REASON_ADDRESS_FORBIDDEN, SL_FINDING_ENDPOINT_FORBIDDEN},
        {0, SL_REASON_PROVIDER_UNREACHABLE, SL_FINDING_ENDPOINT_UNREACHABLE},
        {0, SL_REASON_PROVIDER_TLS, SL_FINDING_ENDPOINT_UNREACHABLE},
        {0, SL_REASON_CONNECT_TIMEOUT, SL_FINDING_ENDPOINT_UNREACHABLE},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_err err = {.reason = rows[i].reason};
        assert_int_equal(sl_rule_endpoint(rows[i].status, &err), rows[i].code);
    }
}

static void allows_clocks_some_time(void **state)
{
    (void)state;
    assert_false(sl_rule_clocks_differ(0));
    assert_false(sl_rule_clocks_differ(5000));
    assert_false(sl_rule_clocks_differ(-5000));
    assert_true(sl_rule_clocks_differ(5001));
    assert_true(sl_rule_clocks_differ(-60000));
}

static void gives_listening_its_time(void **state)
{
    (void)state;
    assert_false(sl_rule_notices_lost(true, 1000000));
    assert_false(sl_rule_notices_lost(false, 5000)); /* it came back just now */
    assert_true(sl_rule_notices_lost(false, 10001));
}

static void wants_files_closed(void **state)
{
    (void)state;
    assert_false(sl_rule_is_open(0600));
    assert_false(sl_rule_is_open(0400));
    assert_true(sl_rule_is_open(0640));
    assert_true(sl_rule_is_open(0604));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighs_the_end_of_models), cmocka_unit_test(tells_proxies_from_servers),
        cmocka_unit_test(judges_answers),           cmocka_unit_test(allows_clocks_some_time),
        cmocka_unit_test(gives_listening_its_time), cmocka_unit_test(wants_files_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
