/* Failures of Bedrock: {"message"} (from the gate before it {"Message"}) with the exception's name
 * in x-amzn-errortype, followed by ':' and an address; in a stream an exception message of that name.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html,
 * "Errors" and ConverseStreamOutput; recordings for the header. */
#include "adapters/bedrock/internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "adapters/chat_completions/chat_completions.h"

/* The exceptions of a stream, with the status that they come with before one. */
static const struct {
    const char *type;
    int status;
} types[] = {
    {"validationException", 400},           {"accessDeniedException", 403},
    {"resourceNotFoundException", 404},     {"modelTimeoutException", 408},
    {"modelErrorException", 424},           {"modelStreamErrorException", 424},
    {"throttlingException", 429},           {"modelNotReadyException", 429},
    {"internalServerException", 500},       {"serviceUnavailableException", 503},
    {"serviceQuotaExceededException", 400},
};

static const char *const too_long[] = {
    "prompt is too long",  "input is too long",     "exceed context limit",
    "exceeds the maximum", "too many input tokens",
};

static int status_of(const char *type)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(types); i++)
        if (!strcasecmp(types[i].type, type))
            return types[i].status;
    return 500;
}

static void set_meaning(struct sl_err *err, enum sl_code code, enum sl_reason reason,
                        bool retryable)
{
    err->code = code;
    err->reason = reason;
    err->retryable = retryable;
}

/* A type is a word; it comes from a header, unchecked. */
static void clean_type(char *type)
{
    for (; *type; type++)
        if (!isalnum((unsigned char)*type) && !strchr("._-", *type))
            *type = '?';
}

/* What the type and the message say that the status does not. */
static void read_type(struct sl_err *err, int status)
{
    char *type = err->provider_type;

    clean_type(type);
    if (!strcasecmp(type, "ServiceQuotaExceededException"))
        set_meaning(err, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, false);
    else if (status == 424 || status == 408)
        set_meaning(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true);
    if (status != 400)
        return;
    for (size_t i = 0; i < SL_ARRAY_LEN(too_long); i++)
        if (strcasestr(err->text, too_long[i]))
            set_meaning(err, SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG, false);
}

/* The gate's "Message" as the service writes it, so that one reader serves both. */
static void lower_message(char *body, size_t n)
{
    static const char key[] = "\"Message\"";
    char *at = memmem(body, n, key, sizeof(key) - 1);

    if (at && !memmem(body, n, "\"message\"", 9))
        at[1] = 'm';
}

void br_on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body, size_t n,
                   struct sl_err *err)
{
    const struct sl_cc_dialect shapes = {.kind = br_kind, .title = br_title};
    const char *type = sl_http_head_get(head, "x-amzn-errortype");

    lower_message(body, n);
    sl_cc_on_failure(&shapes, a, head, body, n, err);
    if (type)
        sl_copy_n(err->provider_type, sizeof(err->provider_type), type, strcspn(type, ":"));
    read_type(err, head->status);
}

enum sl_code br_exception(const struct sl_answer *a, const struct sl_frame *frame,
                          struct sl_err *err)
{
    static const char prefix[] = "exception:";
    const struct sl_cc_dialect shapes = {.kind = br_kind, .title = br_title};

    if (!sl_starts_with(frame->event, prefix))
        return SL_OK;
    const char *type = frame->event + sizeof(prefix) - 1;
    struct sl_http_head head = {.status = status_of(type)};
    sl_cc_on_failure(&shapes, a, &head, frame->data, frame->n, err);
    sl_copy(err->provider_type, sizeof(err->provider_type), type);
    read_type(err, head.status);
    err->http_status = 200;
    return err->code;
}
