/* Shared by the files that read LiteLLM's configuration. For registry/import/ only. */
#ifndef SL_REGISTRY_IMPORT_LITELLM_H
#define SL_REGISTRY_IMPORT_LITELLM_H

#include "registry/import/shapes.h"

/* What LiteLLM calls a model group: all entries of one model_name. */
struct sl_litellm_group {
    const char *name; /* as the file says it */
    struct sl_import_model *first;
    struct sl_litellm_group *next;
};

struct sl_litellm {
    struct sl_import_reader *r;
    struct sl_litellm_group *groups, **groups_end;
    struct sl_at credentials; /* credential_list of the configuration at hand */
    unsigned models_seen;     /* entries of model lists, carried or not */
};

/* One entry of model_list. */
void sl_litellm_model(struct sl_litellm *l, struct sl_at entry);
/* litellm_params and model_info, once it is known whose the model is. */
void sl_litellm_fields(struct sl_litellm *l, struct sl_at entry, struct sl_import_model *m);
/* Fallbacks and aliases of litellm_settings or router_settings. */
void sl_litellm_routes(struct sl_litellm *l, struct sl_at settings);
/* The group of that name; NULL where there is none. */
struct sl_litellm_group *sl_litellm_find(const struct sl_litellm *l, const char *name);

#endif
