/* Models that a caller names without an entry of the registry: "openai/gpt-4o", "ft:gpt-4o-mini:org::id", a name that only
 * the catalogue knows. Made for one call, in its arena, from what is prepared for each provider: no I/O. */
#ifndef SL_REGISTRY_RAW_H
#define SL_REGISTRY_RAW_H

#include "base/arena.h"
#include "registry/catalogue/detect.h"
#include "registry/registry.h"

/* Who serves a name: by the patterns and providers of store and configuration, and by the catalogue. False: nothing is
 * known of it. Some microseconds. */
bool sl_registry_detect(const struct sl_registry *r, const char *name,
                        struct sl_detected *out) SL_MUST_CHECK;
/* The provider that names are asked of that nothing is known of; NULL: they are refused. *said: somebody chose it. */
const struct sl_provider *sl_registry_default_provider(const struct sl_registry *r, bool *said);
/* Whether requests for retired models go to the successor. */
bool sl_registry_redirects_retired(const struct sl_registry *r);

/* A model of the provider. found: what is known of it, NULL: nothing, then name is its id. It lives in the arena and borrows
 * from the snapshot and from name. NULL where the provider takes no such models: it is switched off, or its base URL is not
 * known. */
const struct sl_model *sl_registry_make_raw(const struct sl_registry *r,
                                            const struct sl_provider *p,
                                            const struct sl_detected *found, const char *name,
                                            struct sl_arena *arena);
/* The global model with an entry of its own that is the same at the provider, by its stem, and not everybody's; NULL: there
 * is none. The arena is for work. */
const struct sl_model *sl_registry_restricted(const struct sl_registry *r,
                                              const struct sl_model *raw, struct sl_arena *arena);

#endif
