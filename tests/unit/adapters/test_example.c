/* The provider that adapters/README.md shows how to add: 30 lines, and it speaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

extern const struct sl_adapter sl_adapter_example;

enum { MAX_LINES = 30 };

static void open_kit(struct kit *k)
{
    kit_init(k, "custom");
    k->adapter = &sl_adapter_example;
    kit_restart(k);
}

static void it_has_30_lines(void **state)
{
    FILE *file = fopen(SOURCE_DIR "/tests/unit/adapters/example.c", "r");
    int lines = 0;

    (void)state;
    assert_non_null(file);
    for (int ch; (ch = fgetc(file)) != EOF;)
        lines += ch == '\n';
    (void)fclose(file);
    assert_true(lines > 0 && lines <= MAX_LINES);
}

static void a_request_is_sent(void **state)
{
    struct sl_http_request http;
    struct kit k;

    (void)state;
    open_kit(&k);
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    k.request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    k.request.top_k = 5;
    k.request.end_user = (char *)(uintptr_t) "u-1";
    assert_string_equal(kit_build(&k, true, &http),
                        "{\"model\":\"model-1\",\"messages\":[{\"role\":\"user\",\"content\":"
                        "\"Hi\"}],\"top_k\":5,\"stream\":true,\"stream_options\":{\"include_usage\""
                        ":true}}");
    assert_string_equal(http.url, "https://api.test/v1/chat/completions");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "end_user"));
    kit_fini(&k);
}

static void an_answer_is_read(void **state)
{
    static const char *const frames[] = {
        "{\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hm\"}}]}",
        "{\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes\"},\"finish_reason\":"
        "\"stop\"}]}",
        "[DONE]",
        NULL,
    };
    struct kit k;

    (void)state;
    open_kit(&k);
    assert_int_equal(kit_stream(&k, frames), SL_OK);
    assert_string_equal(kit_events(&k), "reasoning 0 \"Hm\"\ntext 1 \"Yes\"\n");
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_30_lines),
        cmocka_unit_test(a_request_is_sent),
        cmocka_unit_test(an_answer_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
