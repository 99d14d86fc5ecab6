/* UTF-8 checks; ASCII runs eight bytes at a time. */
#ifndef SL_BASE_UTF8_H
#define SL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). U+0000 is well-formed here. */
bool sl_utf8_valid(const char *s, size_t n);
/* The offset of the first ill-formed byte or of a NUL, n if there is none. */
size_t sl_utf8_check_text(const char *s, size_t n);
/* Upper bound of what sl_utf8_repair writes for n bytes. */
size_t sl_utf8_repair_bound(size_t n);
/* Copies, with each ill-formed byte sequence and each NUL replaced by U+FFFD. Returns the bytes written, no NUL added. */
size_t sl_utf8_repair(char *dst, const char *s, size_t n);
/* Length of the longest prefix of at most n bytes that ends at a character boundary. */
size_t sl_utf8_cut(const char *s, size_t n);

#endif
