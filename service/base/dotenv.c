/* What shells and the dotenv libraries agree on: names, quotes, escapes in double quotes, comments. */
#include "base/dotenv.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

struct scan {
    struct sl_arena *arena;
    const char *file, *p, *end;
    unsigned line;
    struct sl_dotenv *out;
    size_t room;
    struct sl_err *err;
};

static enum sl_code wrong(struct scan *s, unsigned line, const char *what)
{
    return sl_err_set(s->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "%s:%u: %s", s->file,
                      line, what);
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static void skip_line(struct scan *s)
{
    while (s->p < s->end && *s->p != '\n')
        s->p++;
}

static size_t name_length(const struct scan *s)
{
    const char *p = s->p;
    while (p < s->end && (*p == '_' || *p == '.' || *p == '-' || (*p >= '0' && *p <= '9') ||
                          ((*p | 32) >= 'a' && (*p | 32) <= 'z')))
        p++;
    return (size_t)(p - s->p);
}

/* The value between quotes; s->p is behind the first. */
static enum sl_code read_quoted(struct scan *s, char quote, char **out)
{
    unsigned from = s->line;
    const char *p = s->p;
    char *value = sl_arena_try(s->arena, (size_t)(s->end - p) + 1);
    size_t n = 0;
    if (!value)
        return wrong(s, from, "too long");
    for (; p < s->end && *p != quote; p++) {
        char c = *p;
        if (quote == '"' && c == '\\' && p + 1 < s->end) {
            c = *++p;
            c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c);
        } else if (c == '\n') {
            s->line++;
        }
        value[n++] = c;
    }
    if (p == s->end)
        return wrong(s, from, "a quote that does not end");
    value[n] = 0;
    s->p = p + 1;
    skip_line(s); /* a comment */
    *out = value;
    return SL_OK;
}

/* Up to the end of the line, or to " #". */
static char *read_plain(struct scan *s)
{
    const char *from = s->p;
    skip_line(s);
    size_t n = (size_t)(s->p - from);
    for (size_t i = 0; i < n; i++) {
        if (from[i] == '#' && (!i || from[i - 1] == ' ' || from[i - 1] == '\t')) {
            n = i;
            break;
        }
    }
    while (n && (from[n - 1] == ' ' || from[n - 1] == '\t' || from[n - 1] == '\r'))
        n--;
    return sl_arena_strndup(s->arena, from, n);
}

static void append(struct scan *s, const struct sl_dotenv_line *line)
{
    if (s->out->n == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        struct sl_dotenv_line *more = sl_arena_alloc(s->arena, s->room * sizeof(*more));
        if (s->out->n)
            memcpy(more, s->out->list, s->out->n * sizeof(*more));
        s->out->list = more;
    }
    s->out->list[s->out->n++] = *line;
}

static enum sl_code read_line(struct scan *s)
{
    skip_blanks(s);
    if (s->p == s->end || *s->p == '\n' || *s->p == '#') {
        skip_line(s);
        return SL_OK;
    }
    if (s->end - s->p > 7 && !strncmp(s->p, "export", 6) && (s->p[6] == ' ' || s->p[6] == '\t')) {
        s->p += 6;
        skip_blanks(s);
    }
    struct sl_dotenv_line line = {.line = s->line};
    size_t n = name_length(s);
    if (!n || n > 256)
        return wrong(s, s->line, "a line NAME=VALUE was expected");
    line.name = sl_arena_strndup(s->arena, s->p, n);
    s->p += n;
    skip_blanks(s);
    if (s->p == s->end || (*s->p != '=' && *s->p != ':'))
        return wrong(s, s->line, "there is no '=' behind the name");
    s->p++;
    skip_blanks(s);
    if (s->p < s->end && (*s->p == '"' || *s->p == '\'')) {
        char quote = *s->p++;
        if (read_quoted(s, quote, &line.value) != SL_OK)
            return s->err->code;
    } else {
        line.value = read_plain(s);
    }
    if (s->out->n >= SL_DOTENV_MAX_LINES)
        return wrong(s, s->line, "more than 20000 variables");
    append(s, &line);
    return SL_OK;
}

enum sl_code sl_dotenv_parse(struct sl_arena *arena, const char *file, struct sl_str text,
                             struct sl_dotenv *out, struct sl_err *err)
{
    *out = (struct sl_dotenv){.n = 0};
    struct scan s = {.arena = arena,
                     .file = file,
                     .p = text.p,
                     .end = text.p + text.n,
                     .line = 1,
                     .out = out,
                     .err = err};
    size_t good = sl_utf8_check_text(text.p, text.n);
    for (size_t i = 0; i < good && good != text.n; i++)
        s.line += text.p[i] == '\n';
    if (good != text.n)
        return wrong(&s, s.line, "a zero byte or ill-formed UTF-8");
    if (text.n >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3))
        s.p += 3;
    while (s.p < s.end) {
        if (read_line(&s) != SL_OK)
            return err->code;
        if (s.p < s.end) { /* the line's end */
            s.p++;
            s.line++;
        }
    }
    return SL_OK;
}
