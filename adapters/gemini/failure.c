/* Failures of Google's APIs: {"error": {code, message, status, details}} (google.rpc.Status), also
 * as the only element of an array, and labelled text/event-stream where a stream was asked for
 * (recorded); plain text or HTML from what stands in front.
 *
 * Sources: https://ai.google.dev/gemini-api/docs/troubleshooting, https://google.aip.dev/193. */
#include "adapters/gemini/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

enum {
    MAX_SCAN = 64 * 1024, /* bytes of a body without JSON that are looked at */
    MAX_WAIT_MS = 24 * 3600 * 1000,
};

struct description {
    char message[512];
    char reason[64]; /* ErrorInfo.reason */
    int status;      /* inside the document; 0: none */
};

/* ---- the document ---- */

/* Raw values are taken before strings inside them are decoded. */
static void copy_value(struct sl_json *j, int value, char *dst, size_t size)
{
    enum sl_json_type type = sl_json_type(j, value);

    if (dst[0] || type == SL_JSON_NONE || type == SL_JSON_NULL)
        return;
    if (type == SL_JSON_STRING) {
        size_t n;
        char *text = sl_json_string(j, value, &n, NULL);
        sl_copy_n(dst, size, text, n);
        return;
    }
    struct sl_str raw = sl_json_raw(j, value);
    sl_copy_n(dst, size, raw.p, raw.n);
}

static int member(const struct sl_json *j, int object, const char *key)
{
    return sl_json_type(j, object) == SL_JSON_OBJECT ? sl_json_present(j, object, key)
                                                     : SL_JSON_ABSENT;
}

/* A duration of protocol buffers in JSON: "48.5s". */
static bool parse_delay(const char *s, int64_t *ms)
{
    int64_t v = 0, scale = 1000;
    const char *at = s;

    for (; *at >= '0' && *at <= '9'; at++)
        v = v > MAX_WAIT_MS ? v : v * 10 + (*at - '0');
    if (at == s)
        return false;
    v = v > MAX_WAIT_MS / 1000 ? MAX_WAIT_MS : v * 1000;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++) {
            scale /= 10;
            v += (*at - '0') * scale;
        }
    if (strcmp(at, "s") != 0)
        return false;
    *ms = v > MAX_WAIT_MS ? MAX_WAIT_MS : v;
    return true;
}

/* details: ErrorInfo names the reason, RetryInfo the wait. A Retry-After header goes first. */
static void read_details(struct sl_json *j, int list, struct description *d, struct sl_err *err)
{
    if (sl_json_type(j, list) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(j, list); v >= 0; v = sl_json_next(j, list, v)) {
        int delay = member(j, v, "retryDelay"), reason = member(j, v, "reason");
        if (sl_json_type(j, reason) == SL_JSON_STRING)
            copy_value(j, reason, d->reason, sizeof(d->reason));
        if (sl_json_type(j, delay) == SL_JSON_STRING && !err->has_retry_after)
            err->has_retry_after =
                parse_delay(sl_json_string(j, delay, NULL, NULL), &err->retry_after_ms);
    }
}

/* Forms of servers in front of the API: {"detail"}, {"errors": [{"message"}]}, a string. */
static void describe_foreign(struct sl_json *j, int value, struct description *d)
{
    int first = sl_json_first(j, member(j, value, "errors"));

    copy_value(j, member(j, value, "detail"), d->message, sizeof(d->message));
    copy_value(j, member(j, first, "message"), d->message, sizeof(d->message));
    if (sl_json_type(j, value) == SL_JSON_STRING)
        copy_value(j, value, d->message, sizeof(d->message));
}

static void describe(struct sl_json *j, int value, struct description *d, struct sl_err *err)
{
    int64_t number;

    if (sl_json_type(j, value) == SL_JSON_ARRAY)
        value = sl_json_first(j, value);
    int error = member(j, value, "error");
    if (sl_json_type(j, error) == SL_JSON_STRING)
        copy_value(j, error, d->message, sizeof(d->message));
    if (sl_json_type(j, error) == SL_JSON_OBJECT)
        value = error;
    int code = member(j, value, "code");
    if (sl_json_int(j, code, &number) && number >= 400 && number <= 599)
        d->status = (int)number;
    copy_value(j, code, err->provider_code, sizeof(err->provider_code));
    copy_value(j, member(j, value, "status"), err->provider_type, sizeof(err->provider_type));
    copy_value(j, member(j, value, "message"), d->message, sizeof(d->message));
    describe_foreign(j, value, d);
    read_details(j, member(j, value, "details"), d, err);
}

/* ---- what it means ---- */

/* google.rpc.Code by name, for an error inside an answer of 200 without a numeric code. */
static const struct {
    const char *word;
    int status;
} codes[] = {
    {"INVALID_ARGUMENT", 400}, {"FAILED_PRECONDITION", 400}, {"OUT_OF_RANGE", 400},
    {"UNAUTHENTICATED", 401},  {"PERMISSION_DENIED", 403},   {"NOT_FOUND", 404},
    {"ABORTED", 409},          {"RESOURCE_EXHAUSTED", 429},  {"CANCELLED", 499},
    {"UNIMPLEMENTED", 501},    {"UNAVAILABLE", 503},         {"DEADLINE_EXCEEDED", 504},
};

static int status_of(const char *word)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(codes); i++)
        if (!strcmp(word, codes[i].word))
            return codes[i].status;
    return 500;
}

/* A bad key is an INVALID_ARGUMENT with one of these reasons, or (older endpoints) only with the
 * message. */
static bool is_bad_key(const struct description *d)
{
    return sl_starts_with(d->reason, "API_KEY_") || strstr(d->message, "API key not valid") ||
           strstr(d->message, "API key expired");
}

/* "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)." */
static bool is_too_long(const struct description *d)
{
    return strcasestr(d->message, "exceeds the maximum number of tokens") != NULL;
}

static void classify(struct sl_err *err, int status, const struct description *d)
{
    if (status == 400 && is_bad_key(d)) {
        err->code = SL_FAILED_PRECONDITION;
        err->reason = SL_REASON_PROVIDER_AUTH;
    } else if (status == 400 && is_too_long(d)) {
        err->code = SL_FAILED_PRECONDITION;
        err->reason = SL_REASON_CONTEXT_TOO_LONG;
    }
    sl_failure_from_status(err, status);
}

/* ---- bodies without JSON ---- */

/* HTML without its tags; runs of white space become one blank. */
static void strip(char *text)
{
    bool html = text[0] == '<', inside = false;
    char *out = text;

    for (const char *at = text; *at; at++) {
        char ch = strchr(" \t\r\n\f\v", *at) ? ' ' : *at;
        if (html && ch == '<') {
            inside = true;
            ch = ' ';
        } else if (inside) {
            inside = ch != '>';
            continue;
        }
        if (ch != ' ' || (out > text && out[-1] != ' '))
            *out++ = ch;
    }
    while (out > text && out[-1] == ' ')
        out--;
    *out = '\0';
}

static void describe_text(char *body, size_t n, struct description *d)
{
    if (n > MAX_SCAN)
        body[MAX_SCAN] = '\0';
    body += strspn(body, " \t\r\n");
    strip(body);
    sl_copy(d->message, sizeof(d->message), body);
}

/* ---- entry points ---- */

/* Makes a text printable: '?' for ill-formed UTF-8 and for control characters other than line
 * breaks and tabs. */
static void clean(char *text)
{
    size_t n = strlen(text);

    for (size_t at = sl_utf8_check_text(text, n); at < n;
         at += sl_utf8_check_text(text + at, n - at))
        text[at] = '?';
    for (char *p = text; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
            *p = '?';
}

static void finish(const char *title, int status, struct description *d, struct sl_err *err)
{
    clean(d->message);
    clean(err->provider_code);
    clean(err->provider_type);
    clean(err->provider_request_id);
    struct sl_err said = *err;
    if (!d->message[0] && status)
        snprintf(d->message, sizeof(d->message), "%s answered with HTTP status %d and no message",
                 title, status);
    else if (!d->message[0])
        snprintf(d->message, sizeof(d->message), "%s reported an error without a message", title);
    if (!status)
        status = d->status ? d->status : status_of(err->provider_type);
    classify(&said, status, d);
    err->code = SL_OK;
    sl_err_set(err, said.code, said.reason, "%s", d->message);
    err->retryable = said.retryable;
}

enum sl_code gm_failure(const struct sl_gemini_dialect *d, struct sl_json *j, int value, int status,
                        struct sl_err *err)
{
    struct description said = {0};

    describe(j, value, &said, err);
    err->http_status = status ? status : 200;
    finish(d->title, status, &said, err);
    return err->code;
}

void sl_gemini_on_failure(const struct sl_gemini_dialect *d, const struct sl_answer *a,
                          const struct sl_http_head *head, char *body, size_t n, struct sl_err *err)
{
    struct description said = {0};
    struct sl_err ignored = {0};
    struct sl_json j;
    const char *id = sl_http_request_id(head);

    err->http_status = head->status;
    err->has_retry_after = sl_retry_after(head, &err->retry_after_ms);
    if (id)
        sl_copy(err->provider_request_id, sizeof(err->provider_request_id), id);
    if (n && sl_json_parse(a->parser, body, n, &j, &ignored) == SL_OK)
        describe(&j, SL_JSON_ROOT, &said, err);
    else if (n)
        describe_text(body, n, &said);
    finish(d->title, head->status, &said, err);
}
