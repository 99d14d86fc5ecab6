/* A secret string: wiped when released, with no way to print it but sl_secret_reveal.
 * Reference-counted, immutable, any thread. */
#ifndef SL_BASE_SECRET_H
#define SL_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct sl_secret;

/* Copies; the caller wipes its own copy. */
struct sl_secret *sl_secret_create(const char *p, size_t n) SL_MUST_CHECK;
struct sl_secret *sl_secret_ref(struct sl_secret *s);
/* Accepts NULL. */
void sl_secret_unref(struct sl_secret *s);
/* Borrowed, NUL-terminated. For the line that sends it, and no other. NULL for NULL. */
const char *sl_secret_reveal(const struct sl_secret *s);
size_t sl_secret_length(const struct sl_secret *s);
/* Replaces in text (in place, by '*') what looks like a key: sk-..., sk-ant-..., sl_..., AIza...,
 * gsk_..., hf_..., xai-..., AKIA..., JWTs, "Bearer X" and the given secret itself (may be NULL). */
void sl_scrub(char *text, const struct sl_secret *known);

#endif
