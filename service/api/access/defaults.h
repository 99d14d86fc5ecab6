/* Default models of users and tiers, as far as Access shows and sets them; for api/access/ only. */
#ifndef SL_API_ACCESS_DEFAULTS_H
#define SL_API_ACCESS_DEFAULTS_H

#include "api/access/common.h"

/* "models/NAME" of the user's (id) or the tier's (name) own default, as the snapshot has it; "" where it has none. */
char *sl_default_of_user(struct sl_work *w, const char *user_id);
char *sl_default_of_tier(struct sl_work *w, const char *tier);
/* Notes a model that is not there, or that a user of those roles and that tier could not use. "" is none. */
struct sl_new_default {
    const char *model, *tier;
    unsigned roles;
};
void sl_check_default(struct sl_work *w, const char *field, const struct sl_new_default *d);
/* For a user that has none yet, in a transaction of that user's rows. */
enum sl_code sl_set_default_of_user(struct sl_work *w, struct sl_tx *tx, const char *user_id,
                                    const char *model, struct sl_err *err) SL_MUST_CHECK;

#endif
