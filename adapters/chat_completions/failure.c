/* Failures of chat-completions providers: what an error body says, in the shapes that were
 * recorded, and what it means.
 *
 *   {"error": {"message", "type", "code", "param"}}       OpenAI, most others; code may be a number
 *   {"error": "text", "code"}                             xAI, Hugging Face, Ollama
 *   {"error": "text", "error_type"}                       Text Generation Inference
 *   {"object": "error", "message", "type", "code"}        Mistral, vLLM
 *   {"message", "type", "code", "param"}                  Cerebras
 *   {"detail": "text"} or {"detail": [...]}               FastAPI servers, Mistral
 *   {"base_resp": {"status_code", "status_msg"}}          MiniMax
 *   [{"error": {...}}]                                    Google's OpenAI endpoint
 *   {"success": false, "errors": [{"code", "message"}]}   Cloudflare in front ("API responses")
 *   plain text, HTML, nothing                             proxies in front */
#include "adapters/chat_completions/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

enum { MAX_SCAN = 64 * 1024 }; /* bytes of a body without JSON that are looked at */

/* ---- the document ---- */

/* Raw values are taken before strings inside them are decoded. */
static void copy_value(struct sl_json *j, int value, char *dst, size_t size)
{
    enum sl_json_type type = sl_json_type(j, value);
    struct sl_str raw;

    if (dst[0] || type == SL_JSON_NONE || type == SL_JSON_NULL)
        return;
    if (type == SL_JSON_STRING) {
        size_t n;
        char *text = sl_json_string(j, value, &n, NULL);
        sl_copy_n(dst, size, text, n);
        return;
    }
    raw = sl_json_raw(j, value);
    sl_copy_n(dst, size, raw.p, raw.n);
}

/* A status inside the document: Groq's status_code, OpenRouter's and llama.cpp's numeric code. */
static int embedded_status(struct sl_json *j, int object)
{
    static const char *const keys[] = {"status_code", "raw_status_code", "code", "status"};

    for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
        int64_t v;
        int value = sl_json_member(j, object, keys[i]);
        if (sl_json_type(j, value) == SL_JSON_NUMBER && sl_json_int(j, value, &v) && v >= 400 &&
            v <= 599)
            return (int)v;
    }
    return 0;
}

struct description {
    char message[512];
    int status; /* inside the document; 0: none */
};

static void describe_object(struct sl_json *j, int object, struct description *d,
                            struct sl_err *err)
{
    if (!d->status)
        d->status = embedded_status(j, object);
    copy_value(j, sl_json_present(j, object, "code"), err->provider_code,
               sizeof(err->provider_code));
    copy_value(j, sl_json_present(j, object, "type"), err->provider_type,
               sizeof(err->provider_type));
    copy_value(j, sl_json_present(j, object, "error_type"), err->provider_type,
               sizeof(err->provider_type));
    int status = sl_json_present(j, object, "status"); /* Google's word for the type */
    if (sl_json_type(j, status) == SL_JSON_STRING)
        copy_value(j, status, err->provider_type, sizeof(err->provider_type));
    copy_value(j, sl_json_present(j, object, "param"), err->provider_param,
               sizeof(err->provider_param));
    copy_value(j, sl_json_present(j, object, "message"), d->message, sizeof(d->message));
    copy_value(j, sl_json_present(j, object, "detail"), d->message, sizeof(d->message));
    int first = sl_json_first(j, sl_json_present(j, object, "errors"));
    if (sl_json_type(j, first) == SL_JSON_OBJECT)
        copy_value(j, sl_json_present(j, first, "message"), d->message, sizeof(d->message));
}

/* Its code 0 is success. */
static void describe_base_resp(struct sl_json *j, int value, struct description *d,
                               struct sl_err *err)
{
    int said = sl_json_present(j, value, "base_resp");
    int64_t status = 0;

    if (!sl_json_int(j, sl_json_member(j, said, "status_code"), &status) || !status)
        return;
    copy_value(j, sl_json_member(j, said, "status_code"), err->provider_code,
               sizeof(err->provider_code));
    copy_value(j, sl_json_member(j, said, "status_msg"), d->message, sizeof(d->message));
}

static void describe(struct sl_json *j, int value, struct description *d, struct sl_err *err)
{
    if (sl_json_type(j, value) == SL_JSON_ARRAY)
        value = sl_json_first(j, value);
    if (sl_json_type(j, value) == SL_JSON_STRING)
        copy_value(j, value, d->message, sizeof(d->message));
    if (sl_json_type(j, value) != SL_JSON_OBJECT)
        return;
    int error = sl_json_present(j, value, "error");
    if (sl_json_type(j, error) == SL_JSON_OBJECT)
        describe_object(j, error, d, err);
    else
        copy_value(j, error, d->message, sizeof(d->message));
    if (sl_json_type(j, error) != SL_JSON_OBJECT || !d->message[0])
        describe_object(j, value, d, err);
    describe_base_resp(j, value, d, err);
}

/* ---- what it means ---- */

/* error.code or error.type, whatever the status. */
static const struct sl_cc_word words[] = {
    {"insufficient_quota", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA},
    {"billing_hard_limit_reached", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA},
    {"billing_not_active", SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA},
    {"exceeded_current_quota_error", SL_RESOURCE_EXHAUSTED,
     SL_REASON_PROVIDER_QUOTA}, /* Moonshot */
    {"context_length_exceeded", SL_FAILED_PRECONDITION, SL_REASON_CONTEXT_TOO_LONG},
    {"exceed_context_size_error", SL_FAILED_PRECONDITION,
     SL_REASON_CONTEXT_TOO_LONG}, /* llama.cpp */
    {"content_policy_violation", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
    {"content_filter", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED}, /* Azure */
    {"moderation_blocked", SL_INVALID_ARGUMENT, SL_REASON_CONTENT_REFUSED},
    {"invalid_api_key", SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH},
    {"model_not_found", SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND},
    {NULL, SL_OK, SL_REASON_NONE},
};

/* Phrases of messages whose code says nothing: OpenAI-shaped servers and OpenRouter, xAI, vLLM.
 * Only for 400, 413, 422 and errors without a status. */
static const char *const too_long_phrases[] = {
    "maximum context length", "maximum prompt length", "context length exceeded",
    "context window",         "prompt is too long",    "exceeds the available context size",
};

/* Types of errors in a stream, where no status says how bad it is. */
static const struct {
    const char *text;
    int status;
} type_words[] = {
    {"invalid_request_error", 400},
    {"authentication_error", 401},
    {"permission_error", 403},
    {"not_found_error", 404},
    {"rate_limit", 429},
    {"too_many_requests", 429},
    {"overloaded", 503},
    {"service_unavailable", 503},
};

static bool contains(const char *text, const char *phrase)
{
    return strcasestr(text, phrase) != NULL;
}

static const struct sl_cc_word *find_word(const struct sl_cc_word *list, const struct sl_err *err)
{
    for (const struct sl_cc_word *w = list; w && w->text; w++)
        if (!strcmp(w->text, err->provider_code) || !strcmp(w->text, err->provider_type))
            return w;
    return NULL;
}

static bool is_too_long(int status, const char *message)
{
    if (status != 0 && status != 400 && status != 413 && status != 422)
        return false;
    for (size_t i = 0; i < SL_ARRAY_LEN(too_long_phrases); i++)
        if (contains(message, too_long_phrases[i]))
            return true;
    return false;
}

static int status_of_type(const struct sl_err *err)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(type_words); i++)
        if (contains(err->provider_type, type_words[i].text) ||
            contains(err->provider_code, type_words[i].text))
            return type_words[i].status;
    return 500;
}

static void classify(const struct sl_cc_dialect *d, struct sl_err *err, int status,
                     const char *message)
{
    const struct sl_cc_word *word = find_word(d->words, err);

    if (!word)
        word = find_word(words, err);
    if (word) {
        err->code = word->code;
        err->reason = word->reason;
    } else if (is_too_long(status, message)) {
        err->code = SL_FAILED_PRECONDITION;
        err->reason = SL_REASON_CONTEXT_TOO_LONG;
    }
    sl_failure_from_status(err, status ? status : status_of_type(err));
}

/* ---- bodies without JSON ---- */

/* Whether text begins with <name, and where that element ends; NULL if not. */
static const char *skip_element(const char *text, const char *name)
{
    char end[16];
    size_t n = strlen(name);

    if (text[0] != '<' || strncasecmp(text + 1, name, n) != 0)
        return NULL;
    snprintf(end, sizeof(end), "</%s", name);
    const char *at = strcasestr(text, end);
    return at ? at : text + strlen(text);
}

/* HTML without its tags, scripts and styles. */
static void strip_tags(char *text)
{
    char *out = text;

    for (const char *at = text; *at; at++) {
        const char *end = skip_element(at, "script");
        if (!end)
            end = skip_element(at, "style");
        if (end)
            at = end;
        if (*at == '<') {
            at += strcspn(at, ">");
            *out++ = ' ';
        } else if (*at) {
            *out++ = *at;
        }
        if (!*at)
            break;
    }
    *out = '\0';
}

/* Runs of white space become one blank; none at the ends. */
static void squeeze(char *text)
{
    char *out = text;

    for (const char *at = text; *at; at++) {
        if (!strchr(" \t\r\n\f\v", *at))
            *out++ = *at;
        else if (out > text && out[-1] != ' ')
            *out++ = ' ';
    }
    while (out > text && out[-1] == ' ')
        out--;
    *out = '\0';
}

static void trim(char *text)
{
    size_t from = strspn(text, " \t\r\n"), n = strlen(text + from);

    memmove(text, text + from, n + 1);
    while (n && strchr(" \t\r\n", text[n - 1]))
        text[--n] = '\0';
}

static void describe_text(char *body, size_t n, struct description *d)
{
    if (n > MAX_SCAN)
        body[MAX_SCAN] = '\0';
    trim(body);
    if (body[0] == '<') {
        strip_tags(body);
        squeeze(body);
    }
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

static void finish(const struct sl_cc_dialect *dialect, int status, struct description *d,
                   struct sl_err *err)
{
    const char *title = dialect->title;

    clean(d->message);
    clean(err->provider_code);
    clean(err->provider_type);
    clean(err->provider_param);
    clean(err->provider_request_id);
    struct sl_err said = *err;
    if (!d->message[0] && status)
        snprintf(d->message, sizeof(d->message), "%s answered with HTTP status %d and no message",
                 title, status);
    else if (!d->message[0])
        snprintf(d->message, sizeof(d->message), "%s reported an error without a message", title);
    classify(dialect, &said, status ? status : d->status, d->message);
    err->code = SL_OK;
    sl_err_set(err, said.code, said.reason, "%s", d->message);
    err->retryable = said.retryable;
}

enum sl_code cc_failure(const struct sl_cc_dialect *d, struct sl_json *j, int value, int status,
                        struct sl_err *err)
{
    struct description said = {0};

    describe(j, value, &said, err);
    err->http_status = status ? status : 200;
    finish(d, status, &said, err);
    return err->code;
}

void sl_cc_on_failure(const struct sl_cc_dialect *d, const struct sl_answer *a,
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
    finish(d, head->status, &said, err);
}
