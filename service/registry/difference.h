/* What two snapshots have different, model by model: what those who follow the models are told. Any thread. */
#ifndef SL_REGISTRY_DIFFERENCE_H
#define SL_REGISTRY_DIFFERENCE_H

#include "registry/registry.h"

/* NULL: it is not there. A model keeps its sl_model_key. */
typedef void sl_on_models(void *owner, const struct sl_model *was, const struct sl_model *is);

/* Calls on_models for each model that is not the same object in both: global and personal, deleted ones, too, but not those
 * that stored ones hide. Some may come twice. Costs what was changed, or all models where providers or the configuration
 * changed (20 ms at 100,000). */
void sl_registry_difference(const struct sl_registry *was, const struct sl_registry *is,
                            sl_on_models *on_models, void *owner);
/* Calls on_models with (NULL, model) for each model there is. */
void sl_registry_each(const struct sl_registry *r, sl_on_models *on_models, void *owner);

/* What a model is known by while it exists: its UUID, or the name of one that is not stored. */
const char *sl_model_key(const struct sl_model *m);
/* The model of that key. NULL: there is none, or a stored one hides it. */
const struct sl_model *sl_registry_by_key(const struct sl_registry *r, const char *key);
/* Whether both say the same, but for what is not of the model itself: its keys, its state, when it was last used. */
bool sl_model_is_same(const struct sl_model *a, const struct sl_model *b);

/* What decides who sees the model (name, aliases, owner, tiers) and which filter it passes, kept beyond its snapshot, in one
 * block that the caller frees; the rest of it is empty. No key, and nothing of its provider. */
struct sl_model *sl_model_outline(const struct sl_model *m) SL_MUST_CHECK;

/* A word of the caller's own beside each model; 0 at first. */
uint32_t sl_model_mark(const struct sl_model *m);
void sl_model_set_mark(const struct sl_model *m, uint32_t mark);

#endif
