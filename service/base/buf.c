/* A growing byte buffer that refuses to grow past its ceiling. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_CAP = 128 };

void sl_buf_init(struct sl_buf *b, size_t max)
{
    *b = (struct sl_buf){.max = max};
}

void sl_buf_fini(struct sl_buf *b)
{
    sl_free(b->p);
    sl_buf_init(b, b->max);
}

void sl_buf_wipe(struct sl_buf *b)
{
    if (b->p)
        sl_wipe(b->p, b->cap + 1);
    sl_buf_fini(b);
}

void sl_buf_reset(struct sl_buf *b, size_t keep)
{
    if (b->cap > keep) {
        sl_buf_fini(b);
        return;
    }
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

/* n more bytes are known to be below the ceiling. */
static void grow(struct sl_buf *b, size_t n)
{
    size_t need = b->n + n;
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    b->p = sl_realloc(b->p, cap + 1);
    b->cap = cap;
    b->p[b->n] = '\0';
}

char *sl_buf_room(struct sl_buf *b, size_t n)
{
    if (n > b->max - b->n)
        return NULL;
    if (!b->p || n > b->cap - b->n)
        grow(b, n);
    return b->p + b->n;
}

bool sl_buf_add(struct sl_buf *b, const void *p, size_t n)
{
    char *to = sl_buf_room(b, n);
    if (!to)
        return false;
    if (n)
        memcpy(to, p, n);
    to[n] = '\0';
    b->n += n;
    return true;
}

bool sl_buf_add_str(struct sl_buf *b, const char *s)
{
    return sl_buf_add(b, s, strlen(s));
}

bool sl_buf_add_char(struct sl_buf *b, char c)
{
    return sl_buf_add(b, &c, 1);
}

bool sl_buf_printf(struct sl_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t free_bytes = b->p ? b->cap - b->n : 0;
    int n = vsnprintf(b->p ? b->p + b->n : NULL, b->p ? free_bytes + 1 : 0, fmt, args);
    bool ok = n >= 0;
    if (ok && (!b->p || (size_t)n > free_bytes)) {
        char *to = sl_buf_room(b, (size_t)n);
        ok = to != NULL;
        if (ok)
            vsnprintf(to, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    va_end(args);
    if (ok)
        b->n += (size_t)n;
    else if (b->p)
        b->p[b->n] = '\0';
    return ok;
}

void sl_buf_drop(struct sl_buf *b, size_t n)
{
    assert(n <= b->n);
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n + 1);
}
