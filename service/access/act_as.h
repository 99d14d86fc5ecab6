/* Acting for end users: for access/ only. */
#ifndef SL_ACCESS_ACT_AS_H
#define SL_ACCESS_ACT_AS_H

#include "access/access.h"

/* The principal of the end user that c->user names, for the actor, in the arena. Errors as sl_access_check. */
enum sl_code sl_access_act(const struct sl_access *a, const struct sl_principal *actor,
                           const struct sl_credentials *c, struct sl_arena *arena,
                           const struct sl_principal **out, struct sl_err *err) SL_MUST_CHECK;

#endif
