/* What an upgrade writes to a stored model. Pure; results live in the arena. */
#ifndef SL_REGISTRY_UPGRADE_MODEL_ROW_H
#define SL_REGISTRY_UPGRADE_MODEL_ROW_H

#include "base/arena.h"
#include "registry/life.h"
#include "store/row.h"

enum { SL_UPGRADE_SAYS = 24 };

struct sl_upgrade_row {
    const struct sl_row *before;
    const struct sl_model *model;         /* the same, with what the catalogue adds */
    const struct sl_successor *successor; /* an id at the same provider */
    const char *new_name; /* its old name becomes an alias; NULL: it keeps its name */
    struct sl_arena *arena;

    /* results */
    struct sl_row *patch;              /* the columns that change, and the id */
    const char *says[SL_UPGRADE_SAYS]; /* what the columns alone do not tell */
    size_t n_says;
};

/* The id changes, and what was said of the old one's end goes. A limit, price, capability, speed or API that is the
 * catalogue's for the old id is taken out of the row, so that the catalogue's for the new one counts; what the entry says
 * otherwise stays. */
void sl_upgrade_row(struct sl_upgrade_row *u);

#endif
