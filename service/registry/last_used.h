/* When models were last used, in milliseconds since 1970: noted where the calls are, and carried from snapshot to snapshot; the
 * store hears of it now and then. Any thread, no lock. */
#ifndef SL_REGISTRY_LAST_USED_H
#define SL_REGISTRY_LAST_USED_H

#include <stdint.h>

#include "base/err.h"
#include "registry/registry.h"
#include "store/store.h"

/* Notes that the model was asked; at most once a second, so that loops do not write to one place all the time. */
void sl_registry_note_use(const struct sl_model *m, int64_t now_ms);
/* 0: never, or not known. */
int64_t sl_registry_last_used(const struct sl_model *m);

/* to's models as from knows them, where it knows a later use. from may be NULL. */
void sl_registry_carry_uses(const struct sl_registry *to, const struct sl_registry *from);

/* Writes the uses after since_ms; may block. Models without a row are written by their name. Errors: the store's. */
enum sl_code sl_registry_flush_uses(const struct sl_registry *r, struct sl_store *store,
                                    int64_t since_ms, struct sl_err *err) SL_MUST_CHECK;
/* Takes over the uses after since_ms that the store knows of, which others wrote: of models without a row, and where rows
 * is set of those with one, too. May block. Errors: the store's. */
enum sl_code sl_registry_take_uses(const struct sl_registry *r, struct sl_store *store,
                                   int64_t since_ms, bool rows, struct sl_err *err) SL_MUST_CHECK;

#endif
