/* What a configuration of another program says, as far as Sluice has a word for it: models,
 * providers, defaults, and a note for all that is not carried. Made by the parsers, read by
 * registry/import/apply.h. Pure; one thread. Texts live in the plan's arena, keys in secrets of
 * their own; no note and no place holds a key. */
#ifndef SL_REGISTRY_IMPORT_PLAN_H
#define SL_REGISTRY_IMPORT_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "sluice/v1/model.pb-c.h"

enum {
    SL_IMPORT_MAX_BYTES = 8 * 1024 * 1024, /* of a file */
    SL_IMPORT_MAX_NOTES = 20000,
    SL_IMPORT_MAX_MODELS = 5000,
    SL_IMPORT_MAX_KEYS = 16, /* of one provider */
};

/* As ImportModelsRequest.Format. */
enum sl_import_format {
    SL_IMPORT_UNKNOWN,
    SL_IMPORT_LITELLM,
    SL_IMPORT_MODEL_CONFIG,
    SL_IMPORT_LLM_MODELS,
    SL_IMPORT_ENV,
};

/* As ImportNote.Level. */
enum sl_import_level { SL_IMPORT_INFO = 1, SL_IMPORT_NOT_CARRIED, SL_IMPORT_ERROR };

struct sl_import_note {
    enum sl_import_level level;
    const char *place;   /* "config.yaml:12" */
    const char *subject; /* the setting's path, "router_settings.redis_host" */
    const char *message;
    struct sl_import_note *next;
};

/* A key as the file says it: at most one of the two; none: nothing is said. */
struct sl_import_key {
    struct sl_secret *literal; /* the plan's */
    const char *variable;      /* name of an environment variable; NULL: none */
    const char *place;
};

struct sl_import_model {
    Sluice__V1__Model m; /* name without "models/"; key is "" */
    struct sl_import_key key;
    bool usual_key; /* the variable is one that its provider reads by itself, at its own address */
    const char *place;
    struct sl_import_model *next;
};

struct sl_import_provider {
    const char *id;
    const char *base_url; /* "": the provider's own */
    const char *api_version, *organization, *project, *region;
    const char **patterns;
    size_t n_patterns;
    struct sl_import_key keys[SL_IMPORT_MAX_KEYS]; /* the first is the provider's, others follow */
    size_t n_keys;
    const char *place;
    struct sl_import_provider *next;
};

/* A tier that models name. */
struct sl_import_tier {
    const char *name;
    const char *place;
    struct sl_import_tier *next;
};

/* A value of the file that became part of the plan. */
struct sl_import_carried {
    const char *path;
    struct sl_import_carried *next;
};

/* Bytes to wipe before the arena goes. */
struct sl_import_wipe {
    char *text;
    struct sl_import_wipe *next;
};

struct sl_import_plan {
    struct sl_arena arena;
    enum sl_import_format format;
    struct sl_import_model *models, **models_end;
    struct sl_import_provider *providers, **providers_end;
    struct sl_import_tier *tiers, **tiers_end;
    struct sl_import_note *notes, **notes_end;
    struct sl_import_carried *carried;
    struct sl_import_wipe *wipes;
    const char *default_model; /* "": none */
    const char *default_place;
    size_t n_models, n_notes, n_carried;
};

/* An empty plan; it may not be moved. */
void sl_import_plan_init(struct sl_import_plan *p);
/* Wipes and frees all of it. */
void sl_import_plan_fini(struct sl_import_plan *p);

/* Adds a note. */
struct sl_import_about {
    enum sl_import_level level;
    const char *place, *subject;
};
void sl_import_note(struct sl_import_plan *p, const struct sl_import_about *about, const char *fmt,
                    ...) SL_PRINTF(3, 4);
/* Adds a model of that name; one that is taken gets a number, "NAME-2", and what no name may hold
 * becomes '-'. NULL past the ceiling. place is borrowed. */
struct sl_import_model *sl_import_add_model(struct sl_import_plan *p, const char *name,
                                            const char *place);
/* By name or alias; NULL where there is none. */
struct sl_import_model *sl_import_find_model(const struct sl_import_plan *p, const char *name);
/* The provider of that id, added where it is new. */
struct sl_import_provider *sl_import_take_provider(struct sl_import_plan *p, const char *id,
                                                   const char *place);
/* Adds a pattern that is not there yet; false where there are too many. */
bool sl_import_add_pattern(struct sl_import_plan *p, struct sl_import_provider *provider,
                           const char *pattern);
/* Adds a key; false where there are too many. The same key twice counts once. */
bool sl_import_add_key(struct sl_import_provider *provider, const struct sl_import_key *key);
void sl_import_add_tier(struct sl_import_plan *p, const char *name, const char *place);
/* Adds a text that is not there yet to a list of a message; false where it is full (64). */
bool sl_import_add_text(struct sl_import_plan *p, char ***list, size_t *n, const char *text);
/* False where it is longer than 128 bytes, or there are too many. */
bool sl_import_add_label(struct sl_import_plan *p, Sluice__V1__Model *m, const char *key,
                         const char *value);
/* The value is a secret: it is wiped with the plan. False where there are too many. */
bool sl_import_add_header(struct sl_import_plan *p, Sluice__V1__Model *m, const char *name,
                          const char *value);
/* A secret that the plan releases. */
struct sl_secret *sl_import_secret(struct sl_import_plan *p, const char *text, size_t n);

#endif
