/* What a principal may do, by roles, scopes and tier; where somebody acts for it, what both may. Pure. */
#ifndef SL_ACCESS_RIGHTS_H
#define SL_ACCESS_RIGHTS_H

#include <stddef.h>

#include "access/principal.h"
#include "base/arena.h"
#include "base/err.h"

/* What a method asks of its caller; zero: credentials are enough. */
struct sl_needs {
    unsigned scopes; /* one of these (enum sl_scope); 0: any */
    unsigned roles;  /* one of these (enum sl_role); 0: any */
    bool always;     /* whatever the tier's list of RPCs says */
};

/* path: "/sluice.v1.Completion/Complete". Administrators are not bound by a tier's list of RPCs. Error:
 * SL_PERMISSION_DENIED with SCOPE_MISSING, ROLE_MISSING or RPC_FORBIDDEN, and what is missing. */
enum sl_code sl_rights_check(const struct sl_principal *p, const struct sl_needs *needs,
                             const char *path, struct sl_err *err) SL_MUST_CHECK;
/* Whether its role is one of roles. */
static inline bool sl_rights_have_role(const struct sl_principal *p, unsigned roles)
{
    return (p->roles & roles) != 0;
}
/* Whether the tier allows the model by its name or one of its aliases (NULL: none; ended by NULL). Administrators: yes. */
bool sl_rights_allow_model(const struct sl_principal *p, const char *name,
                           const char *const *aliases);
/* Whether the tier allows the task. Administrators: yes. */
bool sl_rights_allow_task(const struct sl_principal *p, const char *task);
/* Whether the tier is in the list, which ends with NULL; an empty one is everybody's. Administrators: yes. */
bool sl_rights_in_tiers(const struct sl_principal *p, const char *const *tiers);
/* The tier's limits; where somebody acts, the lower of both. */
struct sl_tier_limits sl_rights_limits(const struct sl_principal *p);

/* Whether both see the same models, under the same owner's name and with the same marks (favourites, hidden ones); who acts
 * counts, too. */
bool sl_rights_see_alike(const struct sl_principal *a, const struct sl_principal *b);
/* A hash of what that compares, going on from another; for whoever has nobody to deceive by a clash. */
uint64_t sl_rights_hash_sight(const struct sl_principal *p, uint64_t from);
/* A copy of what sl_rights_see_alike compares, in the arena: it outlives the snapshot that p borrows from. */
const struct sl_principal *sl_rights_copy(const struct sl_principal *p,
                                          struct sl_arena *arena) SL_MUST_CHECK;

/* "admin", ... and back; 0 for a name that is none. The role that is named first in a list for people is the lowest. */
unsigned sl_role_find(const char *name);
unsigned sl_scope_find(const char *name);
/* The names in bits, ended by NULL; at most SL_RIGHTS_NAMES with it. */
enum { SL_RIGHTS_NAMES = 5 };
size_t sl_role_names(unsigned roles, const char *names[SL_RIGHTS_NAMES]);
size_t sl_scope_names(unsigned scopes, const char *names[SL_RIGHTS_NAMES]);

#endif
