/* What was done to a row, field by field, for people. For registry/import/ and registry/upgrade/
 * only. */
#ifndef SL_REGISTRY_IMPORT_CHANGES_H
#define SL_REGISTRY_IMPORT_CHANGES_H

#include "base/arena.h"
#include "sluice/v1/maintenance.pb-c.h"
#include "store/row.h"

struct sl_import_changes {
    struct sl_arena *arena;
    Sluice__V1__Change **list;
    size_t n, room;
    size_t written; /* those that are no KEEP */
};

/* Adds a change; its texts are copied. */
Sluice__V1__Change *sl_changes_add(struct sl_import_changes *c, const char *kind, const char *name,
                                   const char *place);
void sl_changes_set(struct sl_import_changes *c, Sluice__V1__Change *change,
                    Sluice__V1__Change__Action action);
void sl_changes_say(struct sl_import_changes *c, Sluice__V1__Change *change, const char *text);
/* The columns in which the rows differ; before NULL: those of after that say something. Sets the action, too. Secrets
 * show as "set" and "changed". */
void sl_changes_compare(struct sl_import_changes *c, Sluice__V1__Change *change,
                        const struct sl_row *before, const struct sl_row *after);

#endif
