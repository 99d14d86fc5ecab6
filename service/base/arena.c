/* Blocks of doubling size, freed together. A piece too large for the block in use gets a block of
 * its own behind it, so that what is left of the block stays in use. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#endif

/* The first block fits the largest class of glibc's per-thread cache (1,032 bytes): no lock. */
enum { ALIGNMENT = 16, FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024 };

struct sl_arena_block {
    struct sl_arena_block *next;
    size_t size; /* with this header */
};

_Static_assert(sizeof(struct sl_arena_block) % ALIGNMENT == 0, "pieces start aligned");

void sl_arena_init(struct sl_arena *a, size_t max)
{
    *a = (struct sl_arena){.max = max};
}

void sl_arena_fini(struct sl_arena *a)
{
    for (struct sl_arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        UNPOISON(b, b->size);
        sl_free(b);
    }
    sl_arena_init(a, a->max);
}

static struct sl_arena_block *take_block(struct sl_arena *a, size_t size)
{
    struct sl_arena_block *b = sl_malloc(size);
    b->size = size;
    a->used += size;
    POISON(b + 1, size - sizeof(*b));
    return b;
}

/* n is rounded to ALIGNMENT and not in the block in use. */
static void *take_slow(struct sl_arena *a, size_t n, bool capped)
{
    size_t grown = a->head ? a->head->size * 2 : FIRST_BLOCK;
    if (grown > LARGEST_BLOCK)
        grown = LARGEST_BLOCK;
    size_t need = n + sizeof(struct sl_arena_block);
    size_t size = need > grown / 2 ? need : grown;
    if (capped) {
        size_t room = a->max > a->used ? a->max - a->used : 0;
        if (need > room)
            return NULL;
        if (size > room)
            size = room;
    }
    struct sl_arena_block *b = take_block(a, size);
    bool alone = size == need && a->head != NULL;
    if (alone) {
        b->next = a->head->next;
        a->head->next = b;
        return b + 1;
    }
    b->next = a->head;
    a->head = b;
    a->next = (char *)(b + 1) + n;
    a->end = (char *)b + size;
    return b + 1;
}

static inline void *take(struct sl_arena *a, size_t n, bool capped)
{
    if (SL_UNLIKELY(n > SIZE_MAX / 2)) {
        if (capped)
            return NULL;
        return sl_malloc(n); /* aborts */
    }
    size_t rounded = (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    void *p;
    if (SL_LIKELY(rounded <= (size_t)(a->end - a->next))) {
        p = a->next;
        a->next += rounded;
    } else {
        p = take_slow(a, rounded, capped);
        if (!p)
            return NULL;
    }
    UNPOISON(p, n);
    return p;
}

void *sl_arena_try(struct sl_arena *a, size_t n)
{
    return take(a, n, true);
}

void *sl_arena_alloc(struct sl_arena *a, size_t n)
{
    return take(a, n, false);
}

void *sl_arena_zalloc(struct sl_arena *a, size_t n)
{
    return memset(take(a, n, false), 0, n);
}

char *sl_arena_strdup(struct sl_arena *a, const char *s)
{
    return sl_arena_strndup(a, s, strlen(s));
}

char *sl_arena_strndup(struct sl_arena *a, const char *s, size_t n)
{
    char *copy = take(a, n + 1, false);
    if (n)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *sl_arena_printf(struct sl_arena *a, const char *fmt, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    char *text;
    if (n < 0) {
        text = sl_arena_strndup(a, "", 0);
    } else if ((size_t)n < sizeof(small)) {
        text = sl_arena_strndup(a, small, (size_t)n);
    } else {
        text = take(a, (size_t)n + 1, false);
        vsnprintf(text, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    va_end(args);
    return text;
}
