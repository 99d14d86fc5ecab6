/* Borrowed byte ranges and small string helpers. */
#ifndef SL_BASE_STR_H
#define SL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* Borrowed bytes; not NUL-terminated. */
struct sl_str {
    const char *p;
    size_t n;
};

#define SL_STR(literal) ((struct sl_str){(literal), sizeof(literal) - 1})

static inline struct sl_str sl_str(const char *s)
{
    return (struct sl_str){s, s ? strlen(s) : 0};
}

bool sl_str_eq(struct sl_str a, const char *b);
/* ASCII case only. */
bool sl_str_ieq(struct sl_str a, const char *b);
bool sl_starts_with(const char *s, const char *prefix);
bool sl_ends_with(const char *s, const char *suffix);
/* Copies at most size - 1 bytes and a NUL, cut at a UTF-8 boundary. Returns false when it had to cut. */
bool sl_copy(char *dst, size_t size, const char *src);
bool sl_copy_n(char *dst, size_t size, const char *src, size_t n);
/* FNV-1a of the text and its end (http://www.isthe.com/chongo/tech/comp/fnv/), going on from another one; 0: the first. */
uint64_t sl_hash_text(const char *s, uint64_t from);
/* Whole string is a decimal number in range; no sign but '-', no white space. */
bool sl_parse_i64(struct sl_str s, int64_t *out);
/* Edit distance of two short names, for "did you mean"; SIZE_MAX where either exceeds 64 bytes. */
size_t sl_edit_distance(const char *a, const char *b);
/* '*' matches any run of characters, the rest itself, ASCII case ignored. */
bool sl_glob_match(const char *pattern, const char *s);

#endif
