/* Shared by the files of registry/manage/. */
#ifndef SL_REGISTRY_MANAGE_INTERNAL_H
#define SL_REGISTRY_MANAGE_INTERNAL_H

#include "registry/manage/manage.h"

/* The stored model of that name: the principal's own before a global one. Errors: SL_NOT_FOUND, MODEL_NOT_FOUND;
 * SL_FAILED_PRECONDITION, NOT_STORED, where only the configuration or the environment has it. */
enum sl_code sl_manage_find_model(const struct sl_manage *m, struct sl_tx *tx, const char *name,
                                  struct sl_row **out, struct sl_err *err) SL_MUST_CHECK;
/* SL_PERMISSION_DENIED, ROLE_MISSING, where the principal may not change global things. what: "global models". */
enum sl_code sl_manage_need_global(const struct sl_manage *m, const char *what,
                                   struct sl_err *err) SL_MUST_CHECK;
/* Begins a write transaction, or joins that of m. */
enum sl_code sl_manage_begin(const struct sl_manage *m, const struct sl_store_session *session,
                             struct sl_tx **tx, struct sl_managed *out,
                             struct sl_err *err) SL_MUST_CHECK;
/* Ends the transaction, unless it was joined; fills out's revision. dry: rolls back instead. */
enum sl_code sl_manage_end(struct sl_tx *tx, enum sl_code code, bool dry, struct sl_managed *out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Where a model of that provider sends its requests: its own base URL, else the provider's; "" where neither says. */
const char *sl_manage_base_url(const struct sl_manage *m, const char *provider,
                               const char *own_base_url);

#endif
