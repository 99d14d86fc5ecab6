/* What a user's preferences say of models: docs/models.md, "preferences". Pure, any thread. */
#ifndef SL_ROUTING_WISHES_H
#define SL_ROUTING_WISHES_H

#include "access/preferences.h"
#include "access/principal.h"
#include "registry/registry.h"

/* Whether the principal's lists name the model: by its name or an alias, one of its own before a global one. */
bool sl_wishes_hide(const struct sl_registry *r, const struct sl_principal *p,
                    const struct sl_model *m);
bool sl_wishes_favour(const struct sl_registry *r, const struct sl_principal *p,
                      const struct sl_model *m);

/* What a call with 1000 tokens in and 1000 tokens out costs, by which models are compared, in billionths of a dollar;
 * -1: not known. */
int64_t sl_wishes_price(const struct sl_model *m);
/* Whether that is above the principal's ceiling; a model without prices is not. */
bool sl_wishes_too_dear(const struct sl_principal *p, const struct sl_model *m);

/* Whether the principal's priority puts a before b, for the task ("": any). False where they are worth the same, and
 * without a priority. */
bool sl_wishes_prefer(const struct sl_principal *p, const char *task, const struct sl_model *a,
                      const struct sl_model *b);

#endif
