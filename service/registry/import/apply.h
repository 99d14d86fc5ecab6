/* Storing a plan: every entry is compared with what is stored, and created, changed or kept, all in one transaction under
 * a run id that takes it back (store/runs.h). A dry run does the same and rolls back. Blocks on the database: on a thread
 * of the control pool only. */
#ifndef SL_REGISTRY_IMPORT_APPLY_H
#define SL_REGISTRY_IMPORT_APPLY_H

#include "registry/import/plan.h"
#include "registry/manage/manage.h"
#include "sluice/v1/maintenance.pb-c.h"

struct sl_import_apply {
    struct sl_manage m;          /* run, source and tx are set here */
    struct sl_import_plan *plan; /* gets further notes */
    const char *format;          /* of the run: "litellm", "seed" */
    const char *file;            /* the file's name, or the line-up's */
    bool personal;               /* as models of the principal's own; else as global ones */
    bool store;                  /* false: a dry run */
    bool only_new;               /* models that are stored already stay as they are */
    /* The value of a variable that the caller gave along, NULL where there is none. May be NULL. */
    const char *(*variable)(void *owner, const char *name);
    void *owner;
};

/* In m.arena. */
struct sl_import_done {
    const char *run; /* "" : nothing was stored */
    Sluice__V1__Change **changes;
    size_t n_changes;
    int64_t revision; /* 0: nothing was stored */
};

/* What cannot be stored gets an error note, and the rest goes on. Literal keys are sealed; a variable becomes a reference
 * where the principal may use it (an administrator, and secrets.references lists it), else a note says what to set.
 * Errors: SL_PERMISSION_DENIED for global entries of others than administrators and operators; the store's. */
enum sl_code sl_import_apply(const struct sl_import_apply *a, struct sl_import_done *out,
                             struct sl_err *err) SL_MUST_CHECK;

/* ---- runs ---- */

struct sl_import_undo {
    const char *run;
    bool force, dry;
};
/* What an undo did, in m->arena. */
struct sl_import_undone {
    struct sl_import_done done;
    char **changed_since; /* "models/NAME", ... */
    size_t n_changed_since;
};
/* Errors: SL_NOT_FOUND, NOT_FOUND; SL_PERMISSION_DENIED for global runs; SL_FAILED_PRECONDITION, CHANGED_SINCE, listing
 * the rows, without force; SL_FAILED_PRECONDITION where it is undone already. */
enum sl_code sl_import_undo(const struct sl_manage *m, const struct sl_import_undo *undo,
                            struct sl_import_undone *out, struct sl_err *err) SL_MUST_CHECK;
/* The runs that the principal may take back, newest first, in m->arena. */
enum sl_code sl_import_list(const struct sl_manage *m, Sluice__V1__ListImportsResponse *out,
                            struct sl_err *err) SL_MUST_CHECK;

/* ---- seeding ---- */

/* Fills a plan from a line-up ("" : the default one): a model for each entry whose provider has its key. Errors:
 * SL_NOT_FOUND, NOT_FOUND: there is no such line-up. */
enum sl_code sl_import_seed(const struct sl_manage *m, const char *lineup,
                            struct sl_import_plan *plan, struct sl_err *err) SL_MUST_CHECK;

#endif
