/* The JSON columns of users, keys and tiers: for access/ only. Pure. */
#ifndef SL_ACCESS_ROW_JSON_H
#define SL_ACCESS_ROW_JSON_H

#include "access/principal.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/row.h"

/* users.roles: bits of enum sl_role; names that are none are left out. */
unsigned sl_row_roles(const struct sl_row *user);
/* api_keys.scopes: bits of enum sl_scope; SL_SCOPES_DEFAULT for an empty list. A list of names that are all unknown
 * gives 0. */
unsigned sl_row_scopes(const struct sl_row *key);
/* tiers: everything, in the arena. A member that is not there allows all. Error: SL_INTERNAL, STORE. */
enum sl_code sl_row_tier(const struct sl_row *row, struct sl_arena *arena, struct sl_tier *out,
                         struct sl_err *err) SL_MUST_CHECK;

/* What goes into these columns; in the arena. "" for an empty list. */
const char *sl_json_of_roles(struct sl_arena *arena, unsigned roles);
const char *sl_json_of_scopes(struct sl_arena *arena, unsigned scopes);
const char *sl_json_of_rights(struct sl_arena *arena, const struct sl_tier *tier);
const char *sl_json_of_limits(struct sl_arena *arena, const struct sl_tier_limits *limits);

#endif
