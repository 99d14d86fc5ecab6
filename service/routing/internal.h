/* Shared by the files of routing/. */
#ifndef SL_ROUTING_INTERNAL_H
#define SL_ROUTING_INTERNAL_H

#include "routing/resolve.h"

/* Where a name leads, before rights and life are looked at. */
struct sl_found {
    const struct sl_model *model;
    const char *reason;
    bool raw; /* without an entry */
};

void sl_candidates_note(struct sl_candidates *c, const char *reason, const char *text);

/* ---- names.c ---- */

/* The entry of that name: the caller's own, then a global one. False: there is none. */
bool sl_find_entry(const struct sl_resolve_spec *spec, const char *name, struct sl_found *out);

/* ---- raw.c ---- */

/* The model that the name means without an entry. Errors: SL_NOT_FOUND; SL_PERMISSION_DENIED. */
enum sl_code sl_find_raw(const struct sl_resolve_spec *spec, const char *name,
                         struct sl_candidates *notes, struct sl_found *out,
                         struct sl_err *err) SL_MUST_CHECK;

/* ---- defaults.c ---- */

/* Errors: SL_FAILED_PRECONDITION, NO_DEFAULT_MODEL. */
enum sl_code sl_find_default(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                             struct sl_found *out, struct sl_err *err) SL_MUST_CHECK;
/* A global model that can be used now, that the caller wants and the task fits; NULL if there is none. */
const struct sl_model *sl_find_alternative(const struct sl_resolve_spec *spec);

/* ---- life.c ---- */

/* Looks at dates, and at what the provider serves today: notes, the successor in the model's place, or SL_FAILED_PRECONDITION,
 * MODEL_RETIRED. */
enum sl_code sl_check_life(const struct sl_resolve_spec *spec, struct sl_candidates *notes,
                           struct sl_found *found, struct sl_err *err) SL_MUST_CHECK;

/* ---- rights.c ---- */

/* Whether the caller may use the model, and it is in order. Errors: SL_PERMISSION_DENIED, SL_FAILED_PRECONDITION. */
enum sl_code sl_check_rights(const struct sl_resolve_spec *spec, const struct sl_found *found,
                             struct sl_err *err) SL_MUST_CHECK;
/* Whether the caller's tier allows the task. Error: SL_PERMISSION_DENIED, TASK_FORBIDDEN. */
enum sl_code sl_check_task_right(const struct sl_resolve_spec *spec,
                                 struct sl_err *err) SL_MUST_CHECK;
/* Whether the caller finds the model too dear. Error: SL_FAILED_PRECONDITION, COST_CEILING. */
enum sl_code sl_check_price(const struct sl_resolve_spec *spec, const struct sl_model *m,
                            struct sl_err *err) SL_MUST_CHECK;
/* MODEL_FORBIDDEN. tiers: that would do, NULL-terminated. */
enum sl_code sl_forbid(const struct sl_resolve_spec *spec, const char *name,
                       const char *const *tiers, struct sl_err *err);
enum sl_code sl_model_not_found(const struct sl_registry *r, const struct sl_principal *p,
                                const char *name, const char *why, struct sl_err *err);

#endif
