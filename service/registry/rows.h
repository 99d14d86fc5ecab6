/* Rows of the store as the registry reads them: the JSON columns that registry/manage/ writes, and what a row says as
 * registry/maker.h wants it. For registry/ only. Pure; everything lives in the arena, or is the row's. */
#ifndef SL_REGISTRY_ROWS_H
#define SL_REGISTRY_ROWS_H

#include "base/arena.h"
#include "config/config.h"
#include "registry/maker.h"
#include "store/row.h"

/* What a row of models says. provider and problem of the draft are left to the caller. A column that cannot be read is as if
 * it were empty, but for its name in *unreadable (NULL where all could be read). */
void sl_row_model(const struct sl_row *row, struct sl_arena *arena, struct sl_config_model *said,
                  struct sl_model_draft *draft, const char **unreadable);
/* What a row of providers says. */
void sl_row_provider(const struct sl_row *row, struct sl_arena *arena,
                     struct sl_config_provider *said, struct sl_provider_draft *draft,
                     const char **unreadable);

struct sl_cloud_sources;

/* A stored credential: shared by snapshots. */
struct sl_stored_credential {
    struct sl_counted counted;
    const char *id, *provider, *owner, *binding, *reference, *last4; /* owner "": global */
    const void *envelope;
    size_t n;
    int64_t priority, revision;
    bool enabled;
    struct sl_cloud_sources *sources; /* registry/cloud_stored.h; a reference */
};
/* A copy of a row of credentials, in one block. */
struct sl_stored_credential *sl_row_credential(const struct sl_row *row) SL_MUST_CHECK;

/* The default of a scope: shared by snapshots. */
struct sl_stored_default {
    struct sl_counted counted;
    const char *id, *scope, *subject, *model;
};
struct sl_stored_default *sl_row_default(const struct sl_row *row) SL_MUST_CHECK;
/* The same of a row of conversations: scope is the owner, subject the conversation. */
struct sl_stored_default *sl_row_pin(const struct sl_row *row) SL_MUST_CHECK;

#endif
