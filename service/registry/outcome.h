/* How the last attempts at a provider ended: what its health is read from. Any thread, no lock. */
#ifndef SL_REGISTRY_OUTCOME_H
#define SL_REGISTRY_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/registry.h"

/* The last attempts that count; a provider that nobody asked for so long is not known to be well or ill. */
enum { SL_OUTCOMES = 16, SL_OUTCOME_SECONDS = 900 };

/* Notes an attempt at the model's provider. Attempts at other addresses than the provider's own, and those of users' own
 * models, say nothing of it and are passed over. */
void sl_registry_note_outcome(const struct sl_model *m, bool failed, int64_t now_us);
/* "healthy"; "degraded": one of the last three attempts failed, or a quarter of the last SL_OUTCOMES; "failing": the last
 * five did; "unknown". A failing provider is asked all the same. */
const char *sl_registry_provider_health(const struct sl_provider *p, int64_t now_us);
/* Of the provider of a model to which that applies; else "unknown". */
const char *sl_registry_model_health(const struct sl_model *m, int64_t now_us);

#endif
