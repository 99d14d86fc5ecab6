/* What JSON writes and libyaml does not read. */
#ifndef SL_CONFIG_JSON_TEXT_H
#define SL_CONFIG_JSON_TEXT_H

#include <stddef.h>

#include "base/arena.h"

/* A JSON text may write a character beyond U+FFFF as a pair of surrogates (RFC 8259, section 7),
 * which YAML does not know: the same text with such pairs as \UXXXXXXXX, in the arena. The text
 * itself where it is no JSON (it does not begin with '{' or '[') or holds none; NULL past the
 * arena's ceiling. *n is updated. */
const char *sl_json_join_surrogates(struct sl_arena *arena, const char *text, size_t *n);

#endif
