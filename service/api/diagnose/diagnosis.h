/* What the checks of a diagnosis work with. A check looks at one thing and adds findings; to add one, write it and put it
 * into the table of checks.c. On a thread of the control pool: a check may block. */
#ifndef SL_API_DIAGNOSE_DIAGNOSIS_H
#define SL_API_DIAGNOSE_DIAGNOSIS_H

#include "access/access.h"
#include "api/backend.h"
#include "api/diagnose/findings.h"
#include "registry/registry.h"

struct sl_diagnosis {
    struct sl_findings *findings;
    struct sl_arena *arena;
    const struct sl_registry *registry;
    const struct sl_access *access;
    const struct sl_principal *principal;
    struct sl_backend *backend;
    int64_t now_ms; /* wall clock */
    bool whole; /* the caller may see all of the service; else only what is its own or it may use */
};

/* The checks, in the order in which they run. */
void sl_diagnose_default(struct sl_diagnosis *d);
void sl_diagnose_models(struct sl_diagnosis *d);
void sl_diagnose_keys(struct sl_diagnosis *d);
void sl_diagnose_life(struct sl_diagnosis *d);
void sl_diagnose_addresses(struct sl_diagnosis *d);
/* Of the whole service only. */
void sl_diagnose_users_defaults(struct sl_diagnosis *d);
void sl_diagnose_references(struct sl_diagnosis *d);
void sl_diagnose_database(struct sl_diagnosis *d);
void sl_diagnose_encryption(struct sl_diagnosis *d);
void sl_diagnose_access(struct sl_diagnosis *d);

/* Runs all that the caller may have. */
void sl_diagnosis_run(struct sl_diagnosis *d);

/* ---- for checks ---- */

/* Calls on_model for each model that is not deleted and that the caller may see: global ones, then personal ones. */
void sl_diagnosis_walk(const struct sl_diagnosis *d,
                       void (*on_model)(void *owner, const struct sl_model *m), void *owner);
/* "models/NAME"; of another user "users/ANN/models/NAME". */
const char *sl_diagnosis_subject(const struct sl_diagnosis *d, const struct sl_model *m);
/* The remedy as advice to the caller: what only others may do names them. owner: whose thing it is; "": everybody's. */
const char *sl_diagnosis_advise(const struct sl_diagnosis *d, const char *owner,
                                const char *remedy);
/* Scheme, host and port of a URL: what of it may be shown. */
const char *sl_diagnosis_origin(const struct sl_diagnosis *d, const char *url);
/* The entry that the name means to that user (NULL: nobody, global ones only); NULL: none. */
const struct sl_model *sl_diagnosis_find(const struct sl_diagnosis *d, const char *user,
                                         const char *name);
/* "1 model", "2 models". */
const char *sl_diagnosis_count(struct sl_arena *arena, size_t n, const char *noun);
/* A user's name, or its id where it has none. */
const char *sl_diagnosis_user(const struct sl_diagnosis *d, const char *id);

#endif
