/* How models and providers are called in metrics, where everything that has a name of its own costs memory: entries of the
 * registry and models of the catalogue are; users' own models, and names that nothing is known of, are one each. */
#ifndef SL_REGISTRY_LABEL_H
#define SL_REGISTRY_LABEL_H

#include "registry/registry.h"

/* "(personal)", "(unknown)", or a name that lives as long as the snapshot and the model. */
const char *sl_model_label(const struct sl_model *m);
/* Of who is asked for it: "(personal)", or the provider's id. */
const char *sl_model_provider_label(const struct sl_model *m);

#endif
