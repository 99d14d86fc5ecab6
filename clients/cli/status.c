/* See status.h. The details are google.rpc.Status in grpc-status-details-bin; the service packs ErrorInfo and, where
 * they apply, BadRequest, RetryInfo, QuotaFailure and FailureInfo into it. */
#include "status.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "json_print.h"
#include "sluice/v1/completion.pb-c.h"

enum { STATUS_JSON_MAX = 4 * 1024 * 1024 };

/* Every gRPC status, https://grpc.io/docs/guides/status-codes/, with the exit code it leads to. */
static const struct {
    const char *name;
    enum exit_code exit;
} codes[] = {
    [0] = {"OK", EXIT_DONE},
    [1] = {"CANCELLED", EXIT_FAILED},
    [2] = {"UNKNOWN", EXIT_FAILED},
    [3] = {"INVALID_ARGUMENT", EXIT_FAILED},
    [4] = {"DEADLINE_EXCEEDED", EXIT_TIMEOUT},
    [5] = {"NOT_FOUND", EXIT_NOT_FOUND},
    [6] = {"ALREADY_EXISTS", EXIT_FAILED},
    [7] = {"PERMISSION_DENIED", EXIT_FORBIDDEN},
    [8] = {"RESOURCE_EXHAUSTED", EXIT_LIMITED},
    [9] = {"FAILED_PRECONDITION", EXIT_FAILED},
    [10] = {"ABORTED", EXIT_FAILED},
    [11] = {"OUT_OF_RANGE", EXIT_FAILED},
    [12] = {"UNIMPLEMENTED", EXIT_FAILED},
    [13] = {"INTERNAL", EXIT_FAILED},
    [14] = {"UNAVAILABLE", EXIT_FAILED},
    [15] = {"DATA_LOSS", EXIT_FAILED},
    [16] = {"UNAUTHENTICATED", EXIT_FORBIDDEN},
};

enum { CODE_UNAVAILABLE = 14 };

/* The details, unpacked. Any may be NULL. */
struct details {
    Google__Rpc__Status *status;
    Google__Rpc__ErrorInfo *info;
    Google__Rpc__RetryInfo *retry;
    Google__Rpc__QuotaFailure *quota;
    Google__Rpc__BadRequest *bad_request;
    Sluice__V1__FailureInfo *failure;
};

static void free_message(void *message)
{
    if (message)
        protobuf_c_message_free_unpacked(message, NULL);
}

static void details_open(struct details *d, const struct client_status *s)
{
    *d = (struct details){0};
    if (s->details)
        d->status = google__rpc__status__unpack(NULL, s->n_details, s->details);
    for (size_t i = 0; d->status && i < d->status->n_details; i++) {
        const Google__Protobuf__Any *any = d->status->details[i];
        const ProtobufCMessageDescriptor *type = json_any_type(any->type_url);
        void *slot = type == &google__rpc__error_info__descriptor      ? (void *)&d->info
                     : type == &google__rpc__retry_info__descriptor    ? (void *)&d->retry
                     : type == &google__rpc__quota_failure__descriptor ? (void *)&d->quota
                     : type == &google__rpc__bad_request__descriptor   ? (void *)&d->bad_request
                     : type == &sluice__v1__failure_info__descriptor   ? (void *)&d->failure
                                                                       : NULL;

        if (slot && !*(void **)slot)
            *(void **)slot = protobuf_c_message_unpack(type, NULL, any->value.len, any->value.data);
    }
}

static void details_close(struct details *d)
{
    free_message(d->status);
    free_message(d->info);
    free_message(d->retry);
    free_message(d->quota);
    free_message(d->bad_request);
    free_message(d->failure);
}

int status_exit_code(const struct client_status *s)
{
    if (s->signal && s->code)
        return 128 + s->signal;
    if (s->code == CODE_UNAVAILABLE && !s->details)
        return s->answered ? EXIT_BROKEN_OFF : EXIT_UNREACHABLE;
    if (s->code < 0 || (size_t)s->code >= SL_ARRAY_LEN(codes))
        return EXIT_FAILED;
    return codes[s->code].exit;
}

const char *status_code_name(int code)
{
    static char other[24];

    if (code >= 0 && (size_t)code < SL_ARRAY_LEN(codes))
        return codes[code].name;
    snprintf(other, sizeof(other), "CODE_%d", code);
    return other;
}

static void print_duration(struct term *err, int64_t ms)
{
    if (ms % 1000)
        term_printf(err, "  try again in %.1f s\n", (double)ms / 1000);
    else
        term_printf(err, "  try again in %" PRId64 " s\n", ms / 1000);
}

static void print_provider(struct term *err, const Sluice__V1__FailureInfo *f)
{
    if (f->provider_status || *f->provider_message) {
        term_printf(err, "  provider");
        if (f->report && *f->report->provider)
            term_printf(err, " %s", f->report->provider);
        term_printf(err, " said");
        if (f->provider_status)
            term_printf(err, " %d", f->provider_status);
        if (*f->provider_code)
            term_printf(err, " %s", f->provider_code);
        else if (*f->provider_type)
            term_printf(err, " %s", f->provider_type);
        if (*f->provider_param)
            term_printf(err, " (%s)", f->provider_param);
        if (*f->provider_message)
            term_printf(err, ": %s", f->provider_message);
        term_printf(err, "\n");
    }
    if (f->partial)
        term_printf(err, "  part of the answer was sent before\n");
    if (f->report && *f->report->call_id)
        term_printf(err, "  call %s\n", f->report->call_id);
}

static void print_details(struct term *err, const struct details *d)
{
    for (size_t i = 0; d->bad_request && i < d->bad_request->n_field_violations; i++)
        term_printf(err, "  %s: %s\n", d->bad_request->field_violations[i]->field,
                    d->bad_request->field_violations[i]->description);
    for (size_t i = 0; d->quota && i < d->quota->n_violations; i++)
        term_printf(err, "  limit %s: %s\n", d->quota->violations[i]->subject,
                    d->quota->violations[i]->description);
    if (d->failure)
        print_provider(err, d->failure);
    if (d->retry && d->retry->retry_delay)
        print_duration(err, d->retry->retry_delay->seconds * 1000 +
                                d->retry->retry_delay->nanos / 1000000);
    else if (d->failure && d->failure->_retry_after_ms_case)
        print_duration(err, d->failure->retry_after_ms);
}

void status_print(struct term *err, const struct client_status *s, const char *hint)
{
    struct details d;

    details_open(&d, s);
    term_end_line(err);
    term_style(err, TERM_RED);
    term_printf(err, "sluice: ");
    term_style(err, TERM_PLAIN);
    term_printf(err, "%s: %s", status_code_name(s->code), s->message);
    if (d.info && *d.info->reason)
        term_printf(err, " [%s]", d.info->reason);
    term_printf(err, "\n");
    print_details(err, &d);
    if (hint)
        term_printf(err, "  %s\n", hint);
    details_close(&d);
    term_flush(err);
}

static bool add_string(struct sl_buf *out, const char *name, const char *value)
{
    return sl_buf_add_str(out, name) && json_print_string(out, value, strlen(value));
}

void status_print_json(struct term *out, const struct client_status *s)
{
    struct sl_buf json;
    struct details d;
    bool ok;

    details_open(&d, s);
    sl_buf_init(&json, STATUS_JSON_MAX);
    ok = add_string(&json, "{\"error\":{\"code\":", status_code_name(s->code)) &&
         add_string(&json, ",\"message\":", s->message);
    if (d.info)
        ok = ok && add_string(&json, ",\"reason\":", d.info->reason);
    if (d.status && d.status->n_details) {
        ok = ok && sl_buf_add_str(&json, ",\"details\":[");
        for (size_t i = 0; i < d.status->n_details; i++)
            ok = ok && (!i || sl_buf_add_char(&json, ',')) &&
                 json_print_message(&json, &d.status->details[i]->base);
        ok = ok && sl_buf_add_char(&json, ']');
    }
    ok = ok && sl_buf_printf(&json, ",\"exit\":%d}}\n", status_exit_code(s));
    if (ok)
        term_raw(out, json.p, json.n);
    else
        status_print_json_local(out, status_code_name(s->code), "", status_exit_code(s));
    term_flush(out);
    sl_buf_fini(&json);
    details_close(&d);
}

void status_print_json_local(struct term *out, const char *code, const char *message, int exit_code)
{
    struct sl_buf json;

    sl_buf_init(&json, STATUS_JSON_MAX);
    if (add_string(&json, "{\"error\":{\"code\":", code) &&
        add_string(&json, ",\"message\":", message) &&
        sl_buf_printf(&json, ",\"exit\":%d}}\n", exit_code))
        term_raw(out, json.p, json.n);
    sl_buf_fini(&json);
    term_flush(out);
}
