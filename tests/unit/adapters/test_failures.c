/* What goes wrong, at every adapter and API: statuses, headers and bodies that any of them may meet, since a proxy, a
 * gateway or a load balancer may stand in front. The words of single providers are in their own tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "kit.h"

enum { MAX_HEADERS = 3, BIG = 10 * 1024 * 1024, DEEP = 10000 };

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

struct row {
    int status;
    struct sl_header headers[MAX_HEADERS];
    const char *body;
    enum sl_code code;
    enum sl_reason reason;
    bool retryable;
    const char *text; /* that the error holds */
    int64_t wait_ms;  /* -1: none */
    const char *request_id;
};

static const struct row rows[] = {
    /* bodies of many shapes */
    {401,
     {{0}},
     "{\"error\":{\"message\":\"No such key\",\"type\":\"auth\"}}",
     SL_FAILED_PRECONDITION,
     SL_REASON_PROVIDER_AUTH,
     false,
     "No such key",
     -1,
     ""},
    {403,
     {{0}},
     "{\"error\":\"Not for you\"}",
     SL_FAILED_PRECONDITION,
     SL_REASON_PROVIDER_AUTH,
     false,
     "Not for you",
     -1,
     ""},
    {402,
     {{0}},
     "{\"message\":\"Pay first\"}",
     SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_QUOTA,
     false,
     "Pay first",
     -1,
     ""},
    {404,
     {{0}},
     "[{\"error\":{\"code\":404,\"message\":\"No such model\",\"status\":\"NOT_FOUND\"}}]",
     SL_NOT_FOUND,
     SL_REASON_PROVIDER_NOT_FOUND,
     false,
     "No such model",
     -1,
     ""},
    {422,
     {{0}},
     "{\"detail\":\"Wrong field\"}",
     SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST,
     false,
     "Wrong field",
     -1,
     ""},
    {400,
     {{0}},
     "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"Wrong field\"}]}",
     SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST,
     false,
     "Wrong field",
     -1,
     ""},
    {400,
     {{0}},
     "{\"errors\":[{\"code\":1000,\"message\":\"Wrong field\"}],\"success\":false}",
     SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST,
     false,
     "Wrong field",
     -1,
     ""},
    {500,
     {{0}},
     "{\"error\":{\"message\":\"Oh no\"}}",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "Oh no",
     -1,
     ""},
    {501, {{0}}, "Not here", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, false, "Not here", -1, ""},
    {502,
     {{0}},
     "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad "
     "Gateway</h1></center><hr><center>nginx</center></body>\r\n</html>",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "502 Bad Gateway",
     -1,
     ""},
    {503,
     {{0}},
     "upstream connect error",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_OVERLOADED,
     true,
     "upstream connect error",
     -1,
     ""},
    {503, {{0}}, "", SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true, "503", -1, ""},
    {504, {{0}}, "null", SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true, "504", -1, ""},
    {529, {{0}}, "{}", SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true, "529", -1, ""},
    {413,
     {{0}},
     "\"Too much\"",
     SL_INVALID_ARGUMENT,
     SL_REASON_PROVIDER_INVALID_REQUEST,
     false,
     "Too much",
     -1,
     ""},
    {302,
     {{0}},
     "Elsewhere",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_REDIRECT,
     false,
     "Elsewhere",
     -1,
     ""},
    {500,
     {{0}},
     "{\"error\":{\"message\":7,\"code\":[],\"type\":{}}}",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "7",
     -1,
     ""},
    {500,
     {{0}},
     "{\"error\":{\"message\":\"cut o",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "cut o",
     -1,
     ""},
    /* when to try again */
    {429,
     {{"retry-after", "7", false, NULL}},
     "Too many requests",
     SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_RATE_LIMIT,
     true,
     "Too many",
     7000,
     ""},
    {429,
     {{"retry-after", "7", false, NULL}, {"retry-after-ms", "6500", false, NULL}},
     "{\"error\":{\"message\":\"Too many\"}}",
     SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_RATE_LIMIT,
     true,
     "Too many",
     6500,
     ""},
    {503,
     {{"date", DATE, false, NULL}, {"retry-after", "Sun, 06 Nov 1994 08:50:37 GMT", false, NULL}},
     "{\"error\":{\"message\":\"Later\"}}",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_OVERLOADED,
     true,
     "Later",
     60000,
     ""},
    {429,
     {{"x-ratelimit-reset-requests", "6m0s", false, NULL}},
     "{\"error\":{\"message\":\"Too many\"}}",
     SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_RATE_LIMIT,
     true,
     "Too many",
     360000,
     ""},
    {429,
     {{"date", DATE, false, NULL},
      {"anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:47Z", false, NULL}},
     "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Too many\"}}",
     SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_RATE_LIMIT,
     true,
     "Too many",
     10000,
     ""},
    /* for the provider's support */
    {500,
     {{"x-request-id", "req_1", false, NULL}},
     "{}",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "500",
     -1,
     "req_1"},
    {500,
     {{"request-id", "req_2", false, NULL}},
     "{}",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "500",
     -1,
     "req_2"},
    {500,
     {{"x-amzn-requestid", "req_3", false, NULL}},
     "{}",
     SL_UNAVAILABLE,
     SL_REASON_PROVIDER_ERROR,
     true,
     "500",
     -1,
     "req_3"},
};

/* ---- each adapter ---- */

static void for_each(void (*visit)(const struct sl_adapter *a))
{
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        visit(*a);
        for (const struct sl_adapter *const *o = (*a)->others; o && *o; o++)
            visit(*o);
    }
}

static void open_kit(struct kit *k, const struct sl_adapter *a)
{
    kit_init(k, a->name);
    k->adapter = a;
    k->target.api = a->api;
    kit_restart(k);
}

static void link_headers(const struct row *row, struct sl_header list[MAX_HEADERS],
                         const struct sl_header **first)
{
    *first = NULL;
    memcpy(list, row->headers, sizeof(row->headers));
    for (size_t i = MAX_HEADERS; i-- > 0;) {
        if (!list[i].name)
            continue;
        list[i].next = (struct sl_header *)(uintptr_t)*first;
        *first = &list[i];
    }
}

static unsigned complaints;

static void check_row(struct kit *k, size_t i)
{
    const struct row *row = &rows[i];
    const struct sl_header *first;
    struct sl_header list[MAX_HEADERS];

    link_headers(row, list, &first);
    kit_failure(k, row->status, first, row->body);
    if (k->err.code != row->code || k->err.reason != row->reason ||
        k->err.retryable != row->retryable || !strstr(k->err.text, row->text) ||
        k->err.has_retry_after != (row->wait_ms >= 0) ||
        (row->wait_ms >= 0 && k->err.retry_after_ms != row->wait_ms) ||
        strcmp(k->err.provider_request_id, row->request_id) != 0)
        complaints++,
            print_error("%s/%s, row %zu, %d %s: %s, %s, %s, wait %lld, id %s", k->adapter->name,
                        k->adapter->api, i, row->status, row->body, sl_code_name(k->err.code),
                        sl_reason_name(k->err.reason), k->err.text,
                        (long long)k->err.retry_after_ms, k->err.provider_request_id);
}

static void check_rows(const struct sl_adapter *a)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        open_kit(&k, a);
        check_row(&k, i);
        kit_fini(&k);
    }
}

static void failures_mean_the_same_everywhere(void **state)
{
    (void)state;
    for_each(check_rows);
    assert_int_equal(complaints, 0);
}

/* ---- bodies that nobody would want ---- */

static char *filled(const char *from, char with, size_t n, const char *to)
{
    size_t before = strlen(from), after = strlen(to);
    char *out = sl_malloc(before + n + after + 1);

    memcpy(out, from, before);
    memset(out + before, with, n);
    memcpy(out + before + n, to, after + 1);
    return out;
}

static void check_hostile(const struct sl_adapter *a)
{
    char *const bodies[] = {
        filled("", '[', DEEP, ""),
        filled("{\"error\":", '[', DEEP, ""),
        filled("{\"error\":{\"message\":\"", 'x', BIG, "\"}}"),
        filled("", 'x', BIG, ""),
        filled("<html>", '<', DEEP, ""),
        filled("{\"error\":{\"message\":\"\x01\x1b[31m\xff\xfe\xed\xa0\x80 \\u0000 "
               "\\ud800\",\"code\":\"\xc3\"",
               ' ', 1, "}}"),
        filled("\xff\xfe\x80", '\x7f', 3, ""),
    };

    for (size_t i = 0; i < SL_ARRAY_LEN(bodies); i++) {
        struct kit k;
        open_kit(&k, a);
        kit_failure(&k, 500, NULL, bodies[i]);
        assert_int_equal(k.err.code, SL_UNAVAILABLE);
        const char *const said[] = {k.err.text, k.err.provider_code, k.err.provider_type,
                                    k.err.provider_param};
        for (size_t s = 0; s < SL_ARRAY_LEN(said); s++)
            for (const char *p = said[s]; *p; p++)
                assert_true((unsigned char)*p >= ' ' || *p == '\n' || *p == '\t');
        assert_true(k.arena.used < 1024 * 1024);
        kit_fini(&k);
        sl_free(bodies[i]);
    }
}

static void hostile_bodies_cost_an_error(void **state)
{
    (void)state;
    for_each(check_hostile);
}

/* ---- errors where an answer should be ---- */

static const char *const inside[] = {
    "{\"error\":{\"message\":\"Boom\",\"code\":503,\"type\":\"server_error\"}}",
    "{\"error\":\"Boom\"}",
    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Boom\"}}",
    "{\"message\":\"Boom\"}",
    "{}",
    "[]",
    "null",
    "Boom",
    "",
};

/* Whatever it is, it is no answer. */
static void check_inside(const struct sl_adapter *a)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(inside); i++) {
        struct kit k;
        open_kit(&k, a);
        k.answer.stream = false;
        if (kit_body(&k, inside[i]) == SL_OK && k.answer.end.done)
            fail_msg("%s/%s took %s for an answer", a->name, a->api, inside[i]);
        kit_restart(&k);
        enum sl_code code = kit_frame_n(&k, "", inside[i], strlen(inside[i]));
        if (code == SL_OK)
            code = kit_eof(&k);
        if (code == SL_OK)
            fail_msg("%s/%s took %s for a stream", a->name, a->api, inside[i]);
        bool framed = !strcmp(a->name, "bedrock"); /* errors are messages of their own there */
        if (i == 0 && !framed && (!strstr(k.err.text, "Boom") || k.err.http_status != 200))
            fail_msg("%s/%s: %s, status %d", a->name, a->api, k.err.text, k.err.http_status);
        kit_fini(&k);
    }
}

static void an_error_inside_is_no_answer(void **state)
{
    (void)state;
    for_each(check_inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_mean_the_same_everywhere),
        cmocka_unit_test(hostile_bodies_cost_an_error),
        cmocka_unit_test(an_error_inside_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
