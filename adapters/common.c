/* What every adapter needs: warnings, headers and authentication, facts of an answer, and what
 * HTTP itself says about a failure (status, request id). */
#include "adapters/adapter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_WARNINGS = 32,
    MAX_WARNING = 256,    /* bytes of a warning's text, its NUL included */
    MAX_FORMATTED = 1024, /* more than is kept, so that no half character is */
    MAX_FACT = 512,       /* bytes of a string in sl_answer_end */
};

/* ---- warnings ---- */

static bool is_warned(const struct sl_warnings *w, const char *reason, const char *field)
{
    for (size_t i = 0; i < w->count; i++)
        if (!strcmp(w->list[i]->reason, reason) && !strcmp(w->list[i]->field, field))
            return true;
    return false;
}

static void grow_warnings(struct sl_warnings *w)
{
    size_t cap = w->cap ? w->cap * 2 : 4;
    Sluice__V1__Warning **list =
        sl_arena_zalloc(w->arena, cap * sizeof(struct Sluice__V1__Warning *));
    if (w->count)
        memcpy(list, w->list, w->count * sizeof(struct Sluice__V1__Warning *));
    w->list = list;
    w->cap = cap;
}

static void add_warning(struct sl_warnings *w, const char *reason, const char *field,
                        const char *text)
{
    char cut[MAX_WARNING];

    if (w->count >= MAX_WARNINGS || is_warned(w, reason, field))
        return;
    if (w->count == w->cap)
        grow_warnings(w);
    Sluice__V1__Warning *warning = SL_ARENA_NEW(w->arena, Sluice__V1__Warning);
    sluice__v1__warning__init(warning);
    warning->reason = sl_arena_strdup(w->arena, reason);
    warning->field = sl_arena_strdup(w->arena, field);
    sl_copy(cut, sizeof(cut), text);
    warning->message = sl_arena_strdup(w->arena, cut);
    w->list[w->count++] = warning;
}

void sl_warn(struct sl_warnings *w, const char *reason, const char *field, const char *fmt, ...)
{
    char text[MAX_FORMATTED];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    add_warning(w, reason, field, text);
}

enum sl_code sl_unsupported(const struct sl_build_in *in, struct sl_err *err, const char *field,
                            const char *fmt, ...)
{
    char text[MAX_FORMATTED];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (in->request->on_unsupported == SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field, "%s",
                            text);
    add_warning(in->warnings, sl_reason_name(SL_REASON_UNSUPPORTED_PARAMETER), field, text);
    return SL_OK;
}

/* OpenRouter ("Model Fallbacks", "Presets"); LiteLLM ("Client-Side Fallbacks"). */
bool sl_option_names_models(struct sl_str key)
{
    static const char *const names[] = {"models", "route", "preset", "fallbacks"};

    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
        if (sl_str_eq(key, names[i]))
            return true;
    return false;
}

/* ---- headers ---- */

/* The first line of a value: a line break would begin a header of its own. */
static char *header_value(struct sl_arena *arena, const char *value)
{
    return sl_arena_strndup(arena, value, strcspn(value, "\r\n"));
}

void sl_http_header(struct sl_http_request *h, struct sl_arena *arena, const char *name,
                    const char *value, bool secret)
{
    struct sl_header *header = SL_ARENA_NEW(arena, struct sl_header);
    struct sl_header **end = &h->headers;

    header->name = sl_arena_strdup(arena, name);
    header->value = header_value(arena, value);
    header->secret = secret;
    while (*end)
        end = &(*end)->next;
    *end = header;
}

/* Replaces a header of that name, or adds one. */
static void set_header(struct sl_http_request *h, struct sl_arena *arena,
                       const struct sl_header *from)
{
    for (struct sl_header *header = h->headers; header; header = header->next) {
        if (!strcasecmp(header->name, from->name)) {
            header->value = header_value(arena, from->value);
            header->secret = header->secret || from->secret;
            return;
        }
    }
    sl_http_header(h, arena, from->name, from->value, from->secret);
}

void sl_http_auth(struct sl_http_request *h, struct sl_arena *arena, const struct sl_target *target,
                  enum sl_auth default_auth)
{
    enum sl_auth auth = target->auth == SL_AUTH_DEFAULT ? default_auth : target->auth;
    const char *key = sl_secret_reveal(target->key);

    if (key && auth == SL_AUTH_BEARER)
        sl_http_header(h, arena, "authorization", sl_arena_printf(arena, "Bearer %s", key), true);
    else if (key && auth == SL_AUTH_HEADER)
        sl_http_header(h, arena,
                       target->auth_header && target->auth_header[0] ? target->auth_header
                                                                     : "x-api-key",
                       key, true);
    for (const struct sl_header *extra = target->headers; extra; extra = extra->next)
        set_header(h, arena, extra);
}

const char *sl_http_head_get(const struct sl_http_head *head, const char *name)
{
    for (const struct sl_header *h = head->headers; h; h = h->next)
        if (!strcmp(h->name, name))
            return h->value;
    return NULL;
}

const char *sl_http_request_id(const struct sl_http_head *head)
{
    static const char *const names[] = {
        "x-request-id",
        "request-id",
        "apim-request-id",
        "msh-request-id",
        "mistral-correlation-id",
        "x-amzn-requestid",
        "x-ds-trace-id",
        "nvcf-reqid",
        "x-siliconcloud-trace-id",
        "cf-ray",
    };

    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        const char *value = sl_http_head_get(head, names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

/* ---- facts ---- */

void sl_end_set(struct sl_answer *a, const char **slot, const char *value)
{
    char cut[MAX_FACT];

    if (!value || !*value)
        return;
    if (*slot && !strcmp(*slot, value))
        return;
    sl_copy(cut, sizeof(cut), value);
    size_t n = strlen(cut);
    /* Written over the old value where it fits: a provider that changes a fact in every chunk
     * does not grow the arena. */
    if (*slot && n <= strlen(*slot))
        memcpy((char *)(uintptr_t)*slot, cut, n + 1);
    else
        *slot = sl_arena_strndup(a->arena, cut, n);
}

/* ---- status ---- */

struct status_meaning {
    int from, to;
    enum sl_code code;
    enum sl_reason reason;
    bool retryable;
};

/* The first row that matches. 529 is Anthropic's "overloaded"; 409 is a lock that the next try
 * may not meet (OpenAI's own clients repeat it). */
static const struct status_meaning meanings[] = {
    {300, 399, SL_UNAVAILABLE, SL_REASON_PROVIDER_REDIRECT, false},
    {401, 401, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, false},
    {402, 402, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_QUOTA, false},
    {403, 403, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, false},
    {404, 404, SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, false},
    {408, 409, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {410, 410, SL_NOT_FOUND, SL_REASON_PROVIDER_NOT_FOUND, false},
    {425, 425, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
    {429, 429, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, true},
    {400, 499, SL_INVALID_ARGUMENT, SL_REASON_PROVIDER_INVALID_REQUEST, false},
    {501, 501, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, false},
    {503, 503, SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true},
    {529, 529, SL_UNAVAILABLE, SL_REASON_PROVIDER_OVERLOADED, true},
    {500, 599, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR, true},
};

void sl_failure_from_status(struct sl_err *err, int status)
{
    static const struct status_meaning unknown = {0, 0, SL_UNAVAILABLE, SL_REASON_PROVIDER_ERROR,
                                                  false};
    const struct status_meaning *m = &unknown;

    for (size_t i = 0; i < SL_ARRAY_LEN(meanings) && m == &unknown; i++)
        if (status >= meanings[i].from && status <= meanings[i].to)
            m = &meanings[i];
    if (err->code != SL_OK)
        return;
    err->code = m->code;
    err->reason = m->reason;
    err->retryable = m->retryable;
}
