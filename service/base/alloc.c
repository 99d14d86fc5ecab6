/* The one place that asks the C heap and gives up when it refuses: a process that cannot have a few
 * hundred bytes cannot answer anybody either. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static SL_NORETURN void out_of_memory(void)
{
    static const char text[] = "sluice: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)ignored;
    abort();
}

void *sl_calloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (SL_UNLIKELY(!p))
        out_of_memory();
    return p;
}

void *sl_malloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (SL_UNLIKELY(!p))
        out_of_memory();
    return p;
}

void *sl_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (SL_UNLIKELY(!p))
        out_of_memory();
    return p;
}

char *sl_strdup(const char *s)
{
    return s ? sl_strndup(s, strlen(s)) : NULL;
}

char *sl_strndup(const char *s, size_t n)
{
    if (!s)
        return NULL;
    n = strnlen(s, n);
    char *copy = sl_malloc(n + 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

void sl_free(void *p)
{
    free(p);
}

void sl_wipe(void *p, size_t n)
{
    if (p && n)
        explicit_bzero(p, n);
}
