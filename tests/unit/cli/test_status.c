/* Exit codes, and what a failed call's details look like for people and programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "sluice/v1/completion.pb-c.h"
#include "status.h"

enum { PACKED_MAX = 4096, DETAILS_MAX = 8 };

/* google.rpc.Status under construction. */
struct packed {
    Google__Rpc__Status status;
    Google__Protobuf__Any any[DETAILS_MAX], *list[DETAILS_MAX];
    uint8_t bytes[DETAILS_MAX][512], whole[PACKED_MAX];
    char url[DETAILS_MAX][96];
};

static void add(struct packed *p, const void *message)
{
    const ProtobufCMessage *m = message;
    size_t i = p->status.n_details++;

    google__protobuf__any__init(&p->any[i]);
    snprintf(p->url[i], sizeof(p->url[i]), "type.googleapis.com/%s", m->descriptor->name);
    p->any[i].type_url = p->url[i];
    p->any[i].value.data = p->bytes[i];
    p->any[i].value.len = protobuf_c_message_pack(m, p->bytes[i]);
    p->list[i] = &p->any[i];
    p->status.details = p->list;
}

static struct client_status finish(struct packed *p, int code, const char *message)
{
    return (struct client_status){.code = code,
                                  .message = (char *)message,
                                  .details = p->whole,
                                  .n_details = google__rpc__status__pack(&p->status, p->whole)};
}

static struct packed *make(void)
{
    struct packed *p = calloc(1, sizeof(*p));

    google__rpc__status__init(&p->status);
    return p;
}

/* What the printer writes to a file. */
static void print(const struct client_status *s, bool json, char *out, size_t size)
{
    FILE *f = tmpfile();
    struct term t;
    size_t n;

    term_init(&t, f, "auto");
    if (json)
        status_print_json(&t, s);
    else
        status_print(&t, s, "a hint");
    rewind(f);
    n = fread(out, 1, size - 1, f);
    out[n] = 0;
    fclose(f);
}

static void test_exit_codes(void **state)
{
    static uint8_t details[] = "";
    const struct {
        struct client_status s;
        int exit;
    } rows[] = {
        {{.code = 0}, 0},
        {{.code = 0, .signal = 2}, 0},
        {{.code = 1}, 1},
        {{.code = 1, .signal = 2}, 130},
        {{.code = 1, .signal = 15}, 143},
        {{.code = 3}, 1},
        {{.code = 4}, 7},
        {{.code = 5}, 5},
        {{.code = 7}, 4},
        {{.code = 8}, 6},
        {{.code = 9}, 1},
        {{.code = 12}, 1},
        {{.code = 14}, 3},
        {{.code = 14, .answered = true}, 8},
        {{.code = 14, .details = details, .n_details = 1}, 1},
        {{.code = 16}, 4},
        {{.code = 99}, 1},
        {{.code = -1}, 1},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        assert_int_equal(status_exit_code(&rows[i].s), rows[i].exit);
    assert_string_equal(status_code_name(16), "UNAUTHENTICATED");
    assert_string_equal(status_code_name(99), "CODE_99");
}

static void test_all_details(void **state)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__BadRequest__FieldViolation field = GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT,
                                            *fields[] = {&field};
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
    Sluice__V1__CallReport report = SLUICE__V1__CALL_REPORT__INIT;
    Sluice__V1__FailureInfo failure = SLUICE__V1__FAILURE_INFO__INIT;
    struct packed *p = make();
    struct client_status s;
    char text[4096];

    (void)state;
    info.reason = (char *)"PROVIDER_RATE_LIMIT";
    field.field = (char *)"messages[0]";
    field.description = (char *)"is empty";
    bad.field_violations = fields;
    bad.n_field_violations = 1;
    delay.seconds = 1;
    delay.nanos = 500000000;
    retry.retry_delay = &delay;
    report.call_id = (char *)"0190-call";
    report.provider = (char *)"openai";
    failure.provider_status = 429;
    failure.provider_code = (char *)"rate_limit_exceeded";
    failure.provider_message = (char *)"slow down";
    failure.report = &report;
    add(p, &info);
    add(p, &bad);
    add(p, &retry);
    add(p, &failure);
    s = finish(p, 8, "the provider refused");
    print(&s, false, text, sizeof(text));
    assert_string_equal(text,
                        "sluice: RESOURCE_EXHAUSTED: the provider refused [PROVIDER_RATE_LIMIT]\n"
                        "  messages[0]: is empty\n"
                        "  provider openai said 429 rate_limit_exceeded: slow down\n"
                        "  call 0190-call\n"
                        "  try again in 1.5 s\n"
                        "  a hint\n");
    print(&s, true, text, sizeof(text));
    assert_non_null(strstr(
        text, "{\"error\":{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"the provider refused\","
              "\"reason\":\"PROVIDER_RATE_LIMIT\",\"details\":[{\"@type\":"));
    assert_non_null(strstr(text, "\"retryDelay\":\"1.500s\""));
    assert_non_null(strstr(text, ",\"exit\":6}}\n"));
    free(p);
}

/* The same detail twice, bytes that are none, types never heard of: no harm, no leak. */
static void test_odd_details(void **state)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    struct packed *p = make();
    struct client_status s;
    char text[4096];

    (void)state;
    info.reason = (char *)"FIRST";
    add(p, &info);
    info.reason = (char *)"SECOND";
    add(p, &info);
    add(p, &info);
    p->any[2].type_url = (char *)"type.googleapis.com/unheard.Of";
    add(p, &info);
    p->any[3].value.data = (uint8_t *)"\xff\xff";
    p->any[3].value.len = 2;
    s = finish(p, 5, "");
    print(&s, false, text, sizeof(text));
    assert_string_equal(text, "sluice: NOT_FOUND:  [FIRST]\n  a hint\n");
    s.n_details = 3; /* cut */
    print(&s, false, text, sizeof(text));
    assert_non_null(strstr(text, "NOT_FOUND"));
    print(&s, true, text, sizeof(text));
    assert_string_equal(text, "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"\",\"exit\":5}}\n");
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_all_details),
        cmocka_unit_test(test_odd_details),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
