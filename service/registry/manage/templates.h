/* Templates: how a model of one kind of provider is set up, so that a name and a key are enough. Static; any thread. */
#ifndef SL_REGISTRY_TEMPLATES_H
#define SL_REGISTRY_TEMPLATES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/violations.h"
#include "sluice/v1/provider.pb-c.h"

struct sl_template_variable {
    const char *name;
    const char *value; /* default; "" : it has to be said */
    const char *description;
};

enum { SL_TEMPLATE_VARIABLES = 3 };

struct sl_template {
    const char *name;     /* also the kind of the provider */
    const char *base_url; /* with {variable}; "" : the kind's own */
    const char *model_id; /* to begin with; "" : has to be said */
    const char *note;     /* for people */
    struct sl_template_variable variables[SL_TEMPLATE_VARIABLES]; /* up to one without a name */
};

/* By name, ended by one without a name. */
extern const struct sl_template sl_templates[];
/* NULL where there is none. */
const struct sl_template *sl_template_find(const char *name);
/* The base URL with its variables filled in, in the arena; "" where the kind's own will do. Violations of
 * "variables": one that is missing, not known, or holds what no host or path may. */
const char *sl_template_base_url(const struct sl_template *t,
                                 const Sluice__V1__CreateModelFromTemplateRequest *request,
                                 struct sl_arena *arena, struct sl_violations *v);

#endif
