/* Findings: their order, their number, and the page that explains each. */
#include "api/diagnose/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/base/cm.h"

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

static void orders_by_topic_and_level(void **state)
{
    static const char *const expected[] = {
        "DEFAULT_MODEL", "MODEL_UNUSABLE", "MODELS",  "ENDPOINT_UNREACHABLE",
        "ENDPOINT",      "ENDPOINT",       "DATABASE"};
    struct sl_findings f;
    (void)state;
    sl_findings_init(&f, &arena);
    sl_findings_add(&f, SL_FINDING_DATABASE, "", "m", "");
    sl_findings_add(&f, SL_FINDING_MODELS, "", "m", "");
    sl_findings_add(&f, SL_FINDING_ENDPOINT, "one", "m", "");
    sl_findings_add(&f, SL_FINDING_MODEL_UNUSABLE, "models/x", "m", "do");
    sl_findings_add(&f, SL_FINDING_ENDPOINT, "two", "m", "");
    sl_findings_add(&f, SL_FINDING_ENDPOINT_UNREACHABLE, "", "m", "");
    sl_findings_add(&f, SL_FINDING_DEFAULT_MODEL, "", "m", "");
    assert_int_equal(sl_findings_count(&f, SL_FINDING_ENDPOINT, SL_FINDING_ENDPOINT_FAILING), 3);
    const Sluice__V1__DiagnoseResponse *r = sl_findings_response(&f);
    assert_int_equal(r->n_findings, 7);
    for (size_t i = 0; i < r->n_findings; i++)
        assert_string_equal(r->findings[i]->code, expected[i]);
    assert_string_equal(r->findings[1]->remedy, "do");
    assert_string_equal(r->findings[1]->topic, "models");
    assert_int_equal(r->findings[1]->level, SLUICE__V1__FINDING__LEVEL__LEVEL_ERROR);
    assert_string_equal(r->findings[4]->subject, "one");
    assert_string_equal(r->findings[5]->subject, "two");
}

/* A registry may have any number of broken models; a reply may not. */
static void counts_what_is_too_much(void **state)
{
    struct sl_findings from, to;
    struct sl_arena other;
    (void)state;
    sl_arena_init(&other, SIZE_MAX);
    sl_findings_init(&from, &other);
    for (int i = 0; i < SL_FINDINGS_OF_A_CODE + 7; i++)
        sl_findings_add(&from, SL_FINDING_MODEL_UNUSABLE, "s", "m", "");
    sl_findings_init(&to, &arena);
    sl_findings_copy(&to, &from);
    sl_arena_fini(&other);
    const Sluice__V1__DiagnoseResponse *r = sl_findings_response(&to);
    assert_int_equal(r->n_findings, SL_FINDINGS_OF_A_CODE + 1);
    assert_string_equal(r->findings[SL_FINDINGS_OF_A_CODE]->message, "and 7 more like these");
    assert_string_equal(r->findings[SL_FINDINGS_OF_A_CODE]->code, "MODEL_UNUSABLE");
    assert_string_equal(r->findings[0]->subject, "s");
}

static const char page[] = SOURCE_DIR "/service/docs/troubleshooting.md";

static void explains_each(void **state)
{
    static char text[256 * 1024];
    (void)state;
    FILE *file = fopen(page, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    text[n] = '\0';
    fclose(file);
    for (int i = 0; i < SL_FINDING_COUNT; i++) {
        char cell[80];
        snprintf(cell, sizeof(cell), "| `%s` |", sl_finding_name((enum sl_finding)i));
        if (!strstr(text, cell))
            fail_msg("%s does not explain %s", page, sl_finding_name((enum sl_finding)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(orders_by_topic_and_level, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_what_is_too_much, set_up, tear_down),
        cmocka_unit_test(explains_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
