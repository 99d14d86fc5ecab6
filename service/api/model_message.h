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
/* The name under which the principal sees it: "models/NAME", or "models/global/NAME" where one of its own hides it. */
char *sl_model_shown_name(struct sl_arena *arena, const struct sl_registry *r,
                          const struct sl_model *from, const struct sl_principal *p) SL_MUST_CHECK;

/* Whether it can be used at a moment (wall clock and monotonic), as far as it is known: the gravest state. */
struct sl_model_state {
    Sluice__V1__ModelStatus__State state;
    bool has_days;
    int32_t days_left; /* until it retires */
};
struct sl_model_state sl_model_state_at(const struct sl_registry *r, const struct sl_model *m,
                                        int64_t now_ms, int64_t now_us);
/* "healthy", ...: as the filter names it. */
const char *sl_model_state_name(Sluice__V1__ModelStatus__State state);
/* The same of now, with the reason for people. */
Sluice__V1__ModelStatus *sl_model_status(struct sl_arena *arena, const struct sl_registry *r,
                                         const struct sl_model *m);

#endif
