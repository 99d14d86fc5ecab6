/* Base64 (RFC 4648), strict: nothing but the alphabet, no white space, and the one spelling that an
 * encoder would have written. Pure. */
#ifndef SL_BASE_BASE64_H
#define SL_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

enum sl_base64 {
    SL_BASE64_STANDARD, /* section 4: '+' and '/', padded with '=' */
    SL_BASE64_URL,      /* section 5: '-' and '_', without padding, as JOSE has it */
};

/* Characters that n bytes take, at most, without the NUL. */
#define SL_BASE64_LENGTH(n) (((n) + 2) / 3 * 4)

/* Decodes p[0..n) into out, which holds cap bytes; false where it is not base64 or does not fit, and
 * out may hold anything then (the caller wipes it where that matters). */
bool sl_base64_decode(enum sl_base64 kind, const char *p, size_t n, void *out, size_t cap,
                      size_t *got) SL_MUST_CHECK;
/* Decodes standard base64 into its own beginning, and puts a NUL behind; *n becomes the number of bytes. False: it is no
 * base64, and the text is spoilt. For what is too large to be there twice. */
bool sl_base64_decode_in_place(char *text, size_t *n) SL_MUST_CHECK;
/* Writes SL_BASE64_LENGTH(n) characters or fewer, and a NUL. Returns how many, without the NUL. */
size_t sl_base64_encode(enum sl_base64 kind, const void *p, size_t n, char *dst);

#endif
