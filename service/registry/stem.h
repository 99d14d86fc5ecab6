/* Ids at providers, as they are compared where a model must not be reached around its entry. Pure; any thread. */
#ifndef SL_REGISTRY_STEM_H
#define SL_REGISTRY_STEM_H

#include <stdbool.h>

#include "base/arena.h"

/* What the ids have in common under which a provider of that kind serves the same model: case, paths, variants and regions
 * are left out. The arena's, or id itself where nothing is. */
const char *sl_id_stem(const char *kind, const char *id, struct sl_arena *arena);
/* Whether a caller's name can be an id: no spaces, no controls, no empty or dot segments, which a URL would lose. */
bool sl_id_is_plain(const char *id);

#endif
