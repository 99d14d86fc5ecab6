/* Replacing outdated models by their successors, in the store: models, defaults of every level, preferences, fallbacks and
 * pinned conversations, all in one transaction under a run id that takes it back (registry/import/apply.h). A dry run does the same
 * and rolls back. Blocks on the database: on a thread of the control pool only. */
#ifndef SL_REGISTRY_UPGRADE_UPGRADE_H
#define SL_REGISTRY_UPGRADE_UPGRADE_H

#include "access/access.h"
#include "registry/import/apply.h"
#include "registry/upgrade/outdated.h"

struct sl_upgrade {
    struct sl_manage m;          /* run, source and tx are set here */
    struct sl_import_plan *plan; /* empty; gets the notes */
    char *const *models;         /* names; none: all that are outdated and have a successor */
    size_t n_models;
    bool store; /* false: a dry run */
    struct sl_listings listings;
    int64_t now_ms;
    const struct sl_access *access; /* the snapshot of the moment: users and what they prefer */
};

/* Administrators and operators replace global models, and what names them whoever's it is; everybody replaces models of its
 * own, and what of its own names others. What cannot be done gets a note. The rules: docs/models.md.
 * Errors: SL_NOT_FOUND, MODEL_NOT_FOUND; SL_PERMISSION_DENIED, ROLE_MISSING, for global models by name; the store's. */
enum sl_code sl_upgrade(const struct sl_upgrade *u, struct sl_import_done *out,
                        struct sl_err *err) SL_MUST_CHECK;

#endif
