/* Failures of Messages: {"type": "error", "error": {"type", "message"}, "request_id"} with a status,
 * and the same in a stream, where no status says how bad it is. Proxies in front answer in any
 * other form; those are read as for chat completions, which know them all.
 *
 * Source: https://platform.claude.com/docs/en/api/errors. */
#include "adapters/anthropic/internal.h"

#include "adapters/chat_completions/chat_completions.h"
#include "base/utf8.h"

/* The documented types, with the status that they come with. */
static const struct {
    const char *type;
    int status;
} types[] = {
    {"invalid_request_error", 400}, {"authentication_error", 401}, {"billing_error", 402},
    {"permission_error", 403},      {"not_found_error", 404},      {"request_too_large", 413},
    {"rate_limit_error", 429},      {"timeout_error", 504},        {"api_error", 500},
    {"overloaded_error", 529},
};

/* What messages of invalid_request_error say that their type does not. */
static const struct {
    const char *phrase;
    enum sl_code code;
    enum sl_reason reason;
} phrases[] = {
    {"prompt is too long", SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG},
    {"exceed context limit", SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG},
    {"credit balance is too low", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA},
    {"content filtering policy", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
};

static int status_of(const char *type)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(types); i++)
        if (!strcmp(types[i].type, type))
            return types[i].status;
    return 500;
}

/* Overrides the meaning of a status by what the message says. */
static void read_phrase(struct sl_err *err, int status)
{
    if (status != 400 && status != 403 && status != 413)
        return;
    for (size_t i = 0; i < SL_ARRAY_LEN(phrases); i++) {
        if (strcasestr(err->text, phrases[i].phrase)) {
            err->code = phrases[i].code;
            err->reason = phrases[i].reason;
            err->retryable = false;
            return;
        }
    }
}

/* '?' for control characters. */
static void clean(char *text)
{
    for (char *p = text; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
            *p = '?';
}

static void copy_string(struct am *c, int value, char *dst, size_t size)
{
    char *text = sl_json_string(c->j, value, NULL, NULL);

    if (text) {
        sl_copy(dst, size, text);
        clean(dst);
    }
}

enum sl_code am_failure_inside(struct am *c, int root)
{
    int error = sl_json_member(c->j, root, "error");
    struct sl_err *err = c->err;
    char message[sizeof(err->text)] = "";

    if (sl_json_type(c->j, error) == SL_JSON_STRING)
        copy_string(c, error, message, sizeof(message));
    if (sl_json_type(c->j, error) == SL_JSON_OBJECT) {
        copy_string(c, sl_json_member(c->j, error, "type"), err->provider_type,
                    sizeof(err->provider_type));
        copy_string(c, sl_json_member(c->j, error, "message"), message, sizeof(message));
    }
    copy_string(c, sl_json_member(c->j, root, "request_id"), err->provider_request_id,
                sizeof(err->provider_request_id));
    struct sl_err said = {0};
    int status = status_of(err->provider_type);
    sl_failure_from_status(&said, status);
    sl_err_set(err, said.code, said.reason, "%s",
               message[0] ? message : "Anthropic reported an error without a message");
    err->http_status = 200;
    err->retryable = said.retryable;
    read_phrase(err, status);
    return err->code;
}

/* The official clients obey x-should-retry before they look at the status; so does Sluice. */
void sl_am_on_failure(const struct sl_am_dialect *d, const struct sl_answer *a,
                      const struct sl_http_head *head, char *body, size_t n, struct sl_err *err)
{
    const struct sl_cc_dialect shapes = {.kind = d->kind, .title = d->title};
    const char *retry = sl_http_head_get(head, "x-should-retry");

    sl_cc_on_failure(&shapes, a, head, body, n, err);
    read_phrase(err, head->status);
    if (retry && (!strcmp(retry, "true") || !strcmp(retry, "false")))
        err->retryable = !strcmp(retry, "true");
}
