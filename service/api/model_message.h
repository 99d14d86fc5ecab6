/* A model of a snapshot as a message. */
#ifndef SL_API_MODEL_MESSAGE_H
#define SL_API_MODEL_MESSAGE_H

#include "access/principal.h"
#include "base/arena.h"
#include "registry/registry.h"
#include "sluice/v1/model.pb-c.h"

/* In the arena; borrows from the snapshot. Secrets are left out: of headers the names are shown. */
Sluice__V1__Model *sl_model_message(struct sl_arena *arena, const struct sl_registry *r,
                                    const struct sl_model *from,
                                    const struct sl_principal *principal);
/* Whether it can be used now, as far as it is known: the gravest state first. */
Sluice__V1__ModelStatus *sl_model_status(struct sl_arena *arena, const struct sl_registry *r,
                                         const struct sl_model *m);

#endif
