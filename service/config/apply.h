/* Puts texts and YAML values where the tables say they belong. */
#ifndef SL_CONFIG_APPLY_H
#define SL_CONFIG_APPLY_H

#include "base/arena.h"
#include "base/err.h"
#include "config/settings.h"
#include "config/yaml.h"

/* What is being filled. */
struct sl_apply {
    struct sl_arena *arena;
    const char *file; /* name for places */
    struct sl_err *err;
};

/* Sets every row of an entry (or of the root) to its preset. */
void sl_apply_presets(const struct sl_settings *s, void *base, struct sl_arena *arena);
/* From an environment variable or a flag; lists are separated by commas, and added to the list
 * where add is set. place is the variable or flag. Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID. */
enum sl_code sl_apply_text(const struct sl_apply *a, const struct sl_setting *row, void *base,
                           const char *text, bool add, const char *place) SL_MUST_CHECK;
/* From a mapping of the file; at its top, keys that begin with "x-" are left to their writer.
 * places (one slot a row; of the root only, else NULL) hears where each row was set. */
enum sl_code sl_apply_map(const struct sl_apply *a, const struct sl_settings *s, void *base,
                          const struct sl_yaml *map, const char **places) SL_MUST_CHECK;
/* An error about a setting: "PLACE: KEY what". */
enum sl_code sl_apply_fail(struct sl_err *err, const char *place, const char *key, const char *fmt,
                           ...) SL_PRINTF(4, 5);

#endif
