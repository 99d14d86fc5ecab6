/* Shared by the files that upgrade. For registry/upgrade/ only. */
#ifndef SL_REGISTRY_UPGRADE_UPGRADING_H
#define SL_REGISTRY_UPGRADE_UPGRADING_H

#include "registry/import/applying.h"
#include "registry/upgrade/upgrade.h"

/* What names a model names another from now on. */
struct sl_upgrade_move {
    const struct sl_model *from; /* as the snapshot has it */
    const char *to;              /* the other's name, without "models/" and "global/" */
    bool aliases;                /* also what names it by an alias */
    bool renamed;                /* it is the same entry */
};

struct sl_upgrading {
    const struct sl_upgrade *u;
    struct sl_applying s;
    bool staff;
    struct sl_upgrade_move *moves;
    size_t n_moves, room;
    const char **users; /* see sl_applying.users */
    size_t n_users, users_room;
};

/* Rewrites whatever names a model that moved. */
enum sl_code sl_upgrade_names(struct sl_upgrading *g) SL_MUST_CHECK;

/* The text that takes this one's place; NULL: it stays. user: whose it is, "": nobody's own. Pure, but for the arena. */
const char *sl_upgrade_text(const struct sl_upgrading *g, const char *user, const char *text);
/* The same of a list of fallbacks as its column has it, without what would come twice, or the model itself (its name from
 * now on). NULL: it stays. */
const char *sl_upgrade_fallbacks(const struct sl_upgrading *g, const char *user, const char *name,
                                 const char *column);
/* The same of a user's preferences as their column has them: models for tasks; hidden models and favourites where the entry
 * was renamed. NULL: they stay. */
const char *sl_upgrade_settings(const struct sl_upgrading *g, const char *user, const char *column);

#endif
