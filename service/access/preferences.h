/* What a user prefers: part of an access snapshot. Immutable once made, reference-counted; any thread. */
#ifndef SL_ACCESS_PREFERENCES_H
#define SL_ACCESS_PREFERENCES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* What matters most where a rule leaves a choice between models. */
enum sl_priority { SL_PRIORITY_NONE, SL_PRIORITY_COST, SL_PRIORITY_SPEED, SL_PRIORITY_QUALITY };

struct sl_task_model {
    const char *task, *model;
};

/* Names of models are "NAME" or "global/NAME". One allocation: lists and strings follow the struct. */
struct sl_preferences {
    atomic_uint refs;
    enum sl_priority priority;
    int64_t cost_ceiling_nanos;                    /* 0: none; see routing/wishes.h */
    const char *const *hidden, *const *favourites; /* each sorted by strcmp */
    const struct sl_task_model *tasks;
    size_t n_hidden, n_favourites, n_tasks;
};

/* Of the column `settings` of preferences. NULL where nothing is preferred, or the text is none that was ever written. */
struct sl_preferences *sl_preferences_create(const char *json) SL_MUST_CHECK;
/* Both accept NULL. */
struct sl_preferences *sl_preferences_ref(struct sl_preferences *p);
void sl_preferences_unref(struct sl_preferences *p);

/* The model that the user wants for the task; NULL: none is said. */
const char *sl_preferences_task(const struct sl_preferences *p, const char *task);
bool sl_preferences_hides(const struct sl_preferences *p, const char *name);
bool sl_preferences_favours(const struct sl_preferences *p, const char *name);

#endif
