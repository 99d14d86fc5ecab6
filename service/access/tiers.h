/* The tiers of a snapshot: for access/ only. Filled by one thread, then only read by any. */
#ifndef SL_ACCESS_TIERS_H
#define SL_ACCESS_TIERS_H

#include <stddef.h>

#include "access/principal.h"
#include "base/err.h"
#include "store/row.h"

struct sl_tiers; /* reference-counted */

struct sl_tiers *sl_tiers_create(void);
/* Error: SL_INTERNAL, STORE, for a row that cannot be read. */
enum sl_code sl_tiers_add(struct sl_tiers *t, const struct sl_row *row,
                          struct sl_err *err) SL_MUST_CHECK;
struct sl_tiers *sl_tiers_ref(struct sl_tiers *t);
/* Accepts NULL. */
void sl_tiers_unref(struct sl_tiers *t);
/* The i-th by name; NULL past the last. */
const struct sl_tier *sl_tiers_at(const struct sl_tiers *t, size_t i);
/* NULL where there is none. */
const struct sl_tier *sl_tiers_find(const struct sl_tiers *t, const char *name);

#endif
