/* What names a model: defaults, pinned conversations and other models' fallbacks, as far as the principal may see them. A
 * user's own defaults that name a deleted global model fall through to the next level. */
#ifndef SL_REGISTRY_MANAGE_REFERENCES_H
#define SL_REGISTRY_MANAGE_REFERENCES_H

#include "registry/manage/manage.h"

/* Texts such as "default of tier pro", in the arena, NULL-terminated. */
enum sl_code sl_model_references(const struct sl_manage *m, struct sl_tx *tx,
                                 const struct sl_row *model, const char *const **out,
                                 struct sl_err *err) SL_MUST_CHECK;
/* Removes the defaults and pins; fallbacks stay, and lead nowhere. */
enum sl_code sl_model_references_remove(const struct sl_manage *m, struct sl_tx *tx,
                                        const struct sl_row *model,
                                        struct sl_err *err) SL_MUST_CHECK;

#endif
