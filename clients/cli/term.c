/* See term.h. */
#include "term.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { TERM_PIECE_MAX = 64 * 1024 };

void term_init(struct term *t, FILE *file, const char *when)
{
    const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */
    const char *kind = getenv("TERM");

    *t = (struct term){.file = file, .tty = isatty(fileno(file))};
    if (!strcmp(when, "auto"))
        t->color = t->tty && !(no_color && *no_color) && !(kind && !strcmp(kind, "dumb"));
    else
        t->color = !strcmp(when, "always");
}

void term_raw(struct term *t, const char *s, size_t n)
{
    if (!n || t->error)
        return;
    if (fwrite(s, 1, n, t->file) != n) {
        t->error = errno ? errno : EIO;
        return;
    }
    t->line_open = s[n - 1] != '\n';
}

void term_flush(struct term *t)
{
    if (!t->error && fflush(t->file))
        t->error = errno ? errno : EIO;
}

/* Length of the well-formed character at s (0: ill-formed) and its code point. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *s < 0x80 ? 1 : *s >= 0xf0 && *s < 0xf8 ? 4 : *s >= 0xe0 && *s < 0xf0 ? 3 : 2;
    uint32_t c = *s;

    if (length == 1) {
        *out = c;
        return 1;
    }
    if (*s < 0xc2 || *s >= 0xf8 || length > n)
        return 0;
    c &= 0xffU >> (length + 1);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *out = c;
    return length;
}

static bool is_dangerous(uint32_t c)
{
    if (c < 0x20)
        return c != '\n' && c != '\t';
    /* DEL, C1, and the embeddings, overrides and isolates that reorder what is read (CVE-2021-42574) */
    return (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool term_escape(struct sl_buf *out, const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n;

    while (p < end) {
        uint32_t c = 0;
        size_t length = decode(p, (size_t)(end - p), &c);
        bool ok = true;

        if (!length)
            ok = sl_buf_add_str(out, "\xef\xbf\xbd");
        else if (!is_dangerous(c))
            ok = sl_buf_add(out, p, length);
        else if (c == '\r' && p + 1 < end && p[1] == '\n')
            ok = true;
        else if (c < 0x80)
            ok = sl_buf_printf(out, "\\x%02x", (unsigned)c);
        else
            ok = sl_buf_printf(out, "\\u{%x}", (unsigned)c);
        if (!ok)
            return false;
        p += length ? length : 1;
    }
    return true;
}

void term_text(struct term *t, const char *s, size_t n)
{
    struct sl_buf escaped;

    if (!t->tty) {
        term_raw(t, s, n);
        return;
    }
    sl_buf_init(&escaped, 8 * TERM_PIECE_MAX);
    while (n) {
        size_t piece = n;

        if (piece > TERM_PIECE_MAX)
            for (piece = TERM_PIECE_MAX; piece > TERM_PIECE_MAX - 4; piece--)
                if ((s[piece] & 0xc0) != 0x80)
                    break;
        if (term_escape(&escaped, s, piece))
            term_raw(t, escaped.p, escaped.n);
        sl_buf_reset(&escaped, 8 * TERM_PIECE_MAX);
        s += piece;
        n -= piece;
    }
    sl_buf_fini(&escaped);
}

void term_printf(struct term *t, const char *fmt, ...)
{
    char text[1024];
    char *p = text;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n >= (int)sizeof(text)) {
        struct sl_buf big;

        sl_buf_init(&big, TERM_PIECE_MAX);
        p = sl_buf_room(&big, (size_t)n < TERM_PIECE_MAX ? (size_t)n : TERM_PIECE_MAX);
        if (p) {
            va_start(args, fmt);
            n = vsnprintf(p, (size_t)n < TERM_PIECE_MAX ? (size_t)n + 1 : TERM_PIECE_MAX, fmt,
                          args);
            va_end(args);
            term_text(t, p, strlen(p));
        }
        sl_buf_fini(&big);
    } else if (n > 0) {
        term_text(t, p, (size_t)n);
    }
}

void term_style(struct term *t, enum term_style style)
{
    static const char *const codes[] = {
        [TERM_PLAIN] = "\033[0m", [TERM_BOLD] = "\033[1m",    [TERM_DIM] = "\033[2m",
        [TERM_RED] = "\033[31m",  [TERM_YELLOW] = "\033[33m", [TERM_GREEN] = "\033[32m",
        [TERM_CYAN] = "\033[36m",
    };
    bool open = t->line_open;

    if (t->color && style != t->style)
        term_raw(t, codes[style], strlen(codes[style]));
    t->line_open = open;
    t->style = style;
}

void term_end_line(struct term *t)
{
    if (t->line_open)
        term_raw(t, "\n", 1);
}

size_t term_width(const char *s)
{
    mbstate_t state = {0};
    size_t width = 0, left = strlen(s);

    while (left) {
        wchar_t c;
        size_t n = mbrtowc(&c, s, left, &state);
        int columns;

        if (n == (size_t)-1 || n == (size_t)-2 || !n) {
            state = (mbstate_t){0};
            n = 1;
            columns = 1;
        } else {
            columns = wcwidth(c);
        }
        width += columns > 0 ? (size_t)columns : 0;
        s += n;
        left -= n;
    }
    return width;
}
