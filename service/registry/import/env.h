/* Shared by the files that read .env files. For registry/import/ only. */
#ifndef SL_REGISTRY_IMPORT_ENV_H
#define SL_REGISTRY_IMPORT_ENV_H

#include "base/dotenv.h"
#include "registry/import/shapes.h"

enum sl_env_fact {
    SL_ENV_KEY,
    SL_ENV_BASE,
    SL_ENV_MODEL,
    SL_ENV_VERSION,
    SL_ENV_REGION,
    SL_ENV_ORGANIZATION,
    SL_ENV_PROJECT,
    SL_ENV_FACTS
};

/* What a file says of one provider. */
struct sl_env_group {
    const struct sl_catalogue_provider *known;
    size_t line[SL_ENV_FACTS]; /* index + 1 of the last line that says it; 0: none */
    struct sl_env_group *next;
};

struct sl_env {
    struct sl_import_reader *r;
    const char *file;
    struct sl_dotenv lines;
    bool *done; /* by line: carried or noted */
    struct sl_env_group *groups, **groups_end;
    size_t provider_line, model_line; /* of the default; index + 1 */
};

/* Of the i-th line; in the plan's arena. */
const char *sl_env_place(struct sl_env *e, size_t i);
void sl_env_note(struct sl_env *e, enum sl_import_level level, size_t i, const char *fmt, ...)
    SL_PRINTF(4, 5);
void sl_env_carry(struct sl_env *e, size_t i);
/* line: index + 1; "" for 0. */
static inline const char *sl_env_value(const struct sl_env *e, size_t line)
{
    return line ? e->lines.list[line - 1].value : "";
}

/* ---- whose a variable is ---- */

/* Puts the i-th line into its group, or notes why not; leaves alone what it knows nothing of. */
void sl_env_classify(struct sl_env *e, size_t i);
/* The provider that programs call so: "azure_openai"; NULL where there is none. */
const struct sl_catalogue_provider *sl_env_provider(struct sl_env *e, const char *word);
/* Why a line that nothing took is not carried: a sentence. */
const char *sl_env_why(struct sl_env *e, size_t i);

/* ---- what becomes of it ---- */

/* A provider and a model of the group. */
void sl_env_read_group(struct sl_env *e, struct sl_env_group *g);
/* The model of that provider and id, added by the i-th line where it is new; NULL past the ceiling. */
struct sl_import_model *sl_env_take_model(struct sl_env *e, size_t i,
                                          const struct sl_import_whose *whose, const char *id);

#endif
