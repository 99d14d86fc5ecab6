/* What an answer, or an error, tells of a step. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "exchange/probe/internal.h"

enum { SHOWN = 40 }; /* bytes of an answer that a detail shows */

/* The answer's first text; "" where there is none. */
static const char *text_of(const Sluice__V1__Message *m)
{
    for (size_t i = 0; m && i < m->n_parts; i++) {
        if (m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TEXT && *m->parts[i]->text)
            return m->parts[i]->text;
    }
    return "";
}

static const Sluice__V1__ToolCall *tool_call_of(const Sluice__V1__Message *m)
{
    for (size_t i = 0; m && i < m->n_parts; i++) {
        if (m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL)
            return m->parts[i]->tool_call;
    }
    return NULL;
}

/* Without regard to case. */
static bool holds_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == word[i])
            i++;
        if (i == n)
            return true;
    }
    return false;
}

/* The beginning of an answer, as one line. */
static const char *shown(struct sl_arena *arena, const char *text)
{
    size_t n = strnlen(text, SHOWN);
    while (n && n == SHOWN && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    char *copy = sl_arena_strndup(arena, text, n);
    for (char *c = copy; *c; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
    return copy;
}

static bool is_json_answer(const char *text)
{
    struct sl_json_parser parser;
    struct sl_json json;
    struct sl_err err = {0};
    bool good = false;
    struct sl_arena arena;
    sl_arena_init(&arena, SIZE_MAX);
    sl_json_parser_init(&parser);
    char *copy = sl_arena_strdup(&arena, text);
    if (sl_json_parse(&parser, copy, strlen(copy), &json, &err) == SL_OK)
        good = sl_json_type(&json, sl_json_member(&json, SL_JSON_ROOT, "blue")) == SL_JSON_BOOL;
    sl_json_parser_fini(&parser);
    sl_arena_fini(&arena);
    return good;
}

static enum sl_probe_verdict judge_tools(struct sl_arena *arena, const Sluice__V1__Message *m,
                                         const char **detail)
{
    const Sluice__V1__ToolCall *call = tool_call_of(m);
    if (!call) {
        *detail = "it was told to call a tool, and called none";
        return SL_PROBE_NEVER;
    }
    *detail = sl_arena_printf(arena, "called %s", shown(arena, call->name));
    return SL_PROBE_GOOD;
}

static enum sl_probe_verdict judge_vision(struct sl_arena *arena, const char *said,
                                          const char **detail)
{
    if (holds_word(said, "red")) {
        *detail = "saw the red picture";
        return SL_PROBE_GOOD;
    }
    *detail = sl_arena_printf(arena, "took a red picture, and said \"%s\"", shown(arena, said));
    return SL_PROBE_NEVER;
}

static enum sl_probe_verdict judge_json(struct sl_arena *arena, const char *said,
                                        const char **detail)
{
    if (is_json_answer(said)) {
        *detail = "followed the schema";
        return SL_PROBE_GOOD;
    }
    *detail = sl_arena_printf(arena, "did not follow the schema: \"%s\"", shown(arena, said));
    return SL_PROBE_NEVER;
}

enum sl_probe_verdict sl_probe_judge(struct sl_arena *arena, enum sl_probe_step step,
                                     const Sluice__V1__Message *message,
                                     Sluice__V1__FinishReason finish, const char **detail)
{
    enum sl_probe_verdict verdict = SL_PROBE_GOOD;
    const char *said = text_of(message);
    if (step == SL_PROBE_TOOLS)
        verdict = judge_tools(arena, message, detail);
    else if (step == SL_PROBE_VISION)
        verdict = judge_vision(arena, said, detail);
    else if (step == SL_PROBE_JSON)
        verdict = judge_json(arena, said, detail);
    if (verdict == SL_PROBE_NEVER && finish == SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH)
        return SL_PROBE_AGAIN;
    return verdict;
}

enum sl_probe_verdict sl_probe_judge_error(enum sl_probe_step step, const struct sl_err *err)
{
    bool refused = err->reason == SL_REASON_PROVIDER_INVALID_REQUEST ||
                   err->reason == SL_REASON_UNSUPPORTED_PARAMETER ||
                   err->reason == SL_REASON_INVALID_REQUEST ||
                   err->reason == SL_REASON_PROVIDER_UNSUPPORTED;
    switch (step) {
    case SL_PROBE_COMPLETION:
        return refused ? SL_PROBE_AGAIN : SL_PROBE_BAD; /* perhaps it takes no so short answer */
    case SL_PROBE_LISTING:
        refused |= err->reason == SL_REASON_PROVIDER_NOT_FOUND;
        return refused ? SL_PROBE_NEVER : SL_PROBE_BAD;
    case SL_PROBE_STREAMING:
    case SL_PROBE_JSON:
        return refused ? SL_PROBE_NEVER : SL_PROBE_BAD;
    case SL_PROBE_TOOLS:
    case SL_PROBE_VISION: /* a router's word for it: no endpoint of the model takes such a request */
        refused |= err->reason == SL_REASON_PROVIDER_NOT_FOUND;
        return refused ? SL_PROBE_NEVER : SL_PROBE_BAD;
    default:
        return SL_PROBE_BAD;
    }
}

bool sl_probe_is_about_key(const struct sl_err *err)
{
    switch (err->reason) {
    case SL_REASON_PROVIDER_AUTH:
    case SL_REASON_PROVIDER_KEY_MISSING:
    case SL_REASON_ENCRYPTION_KEY_MISSING:
    case SL_REASON_SECRET_UNREADABLE:
        return true;
    default:
        return false;
    }
}
