/* From requests to plans, and from what was done to replies. */
#include "api/import.h"

#include <stdlib.h>
#include <string.h>

#include "api/manage.h"
#include "base/str.h"
#include "registry/import/apply.h"
#include "registry/import/import.h"
#include "sluice/v1/maintenance.pb-c.h"

enum { MAX_FILES = 32 };

/* ---- variables ---- */

struct variables {
    const Sluice__V1__ImportModelsRequest *request;
    const struct sl_catalogue *catalogue;
};

static const char *given(void *owner, const char *name)
{
    const struct variables *v = owner;
    for (size_t i = 0; i < v->request->n_environment; i++) {
        if (!strcmp(v->request->environment[i]->key, name))
            return v->request->environment[i]->value;
    }
    return NULL;
}

static bool is_listed(const char *const *list, const char *name)
{
    for (; list && *list; list++) {
        if (!strcmp(*list, name))
            return true;
    }
    return false;
}

/* Addresses, regions, projects: variables that the catalogue knows as such, and that are no key. Their values become
 * visible in the registry. */
static bool is_setting(const struct sl_catalogue *c, const char *name)
{
    static const char *const secret[] = {"*KEY*", "*SECRET*", "*TOKEN*", "*PASSWORD*", "SLUICE_*"};
    for (size_t i = 0; i < SL_ARRAY_LEN(secret); i++) {
        if (sl_glob_match(secret[i], name))
            return false;
    }
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        if (!strcmp(p->base_url_variable, name) || is_listed(p->settings, name))
            return true;
    }
    return false;
}

static const char *setting(void *owner, const char *name)
{
    const struct variables *v = owner;
    const char *value = given(owner, name);
    if (value || v->request->personal || !is_setting(v->catalogue, name))
        return value;
    return getenv(name);
}

/* ---- replies ---- */

Sluice__V1__ImportNote **sl_import_note_messages(struct sl_arena *arena,
                                                 const struct sl_import_plan *plan, size_t *n)
{
    size_t count = 0;
    for (const struct sl_import_note *i = plan->notes; i; i = i->next)
        count++;
    Sluice__V1__ImportNote **list = sl_arena_alloc(arena, (count + 1) * sizeof(*list));
    *n = 0;
    for (const struct sl_import_note *i = plan->notes; i; i = i->next) {
        Sluice__V1__ImportNote *m = SL_ARENA_NEW(arena, Sluice__V1__ImportNote);
        sluice__v1__import_note__init(m);
        m->level = (Sluice__V1__ImportNote__Level)i->level;
        m->place = sl_arena_strdup(arena, i->place);
        m->subject = sl_arena_strdup(arena, i->subject);
        m->message = sl_arena_strdup(arena, i->message);
        list[(*n)++] = m;
    }
    return list;
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

/* ---- a report that may be too long ---- */

bool sl_report_fits(const ProtobufCMessage *m, size_t *room)
{
    size_t n = protobuf_c_message_get_packed_size(m) + 1 + 5;
    if (n > *room)
        return false;
    *room -= n;
    return true;
}

static size_t count(const Sluice__V1__ImportModelsResponse *r, Sluice__V1__Change__Action action)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_changes; i++)
        n += r->changes[i]->action == action;
    return n;
}

/* Leaves out the first entries, changes before notes, and those that do not fit. */
static void cut_report(Sluice__V1__ImportModelsResponse *r, size_t from)
{
    r->created = (int32_t)count(r, SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
    r->updated = (int32_t)count(r, SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE);
    r->kept = (int32_t)count(r, SLUICE__V1__CHANGE__ACTION__ACTION_KEEP);
    size_t changes = from < r->n_changes ? from : r->n_changes, notes = from - changes;
    notes = notes < r->n_notes ? notes : r->n_notes;
    size_t left_changes = r->n_changes - changes, left_notes = r->n_notes - notes;
    size_t room = SL_MAX_REPORT, n = 0;
    if (changes) /* else the list may be NULL */
        r->changes += changes;
    if (notes)
        r->notes += notes;
    while (n < left_changes && sl_report_fits(&r->changes[n]->base, &room))
        n++;
    r->n_changes = n;
    n = 0;
    while (r->n_changes == left_changes && n < left_notes &&
           sl_report_fits(&r->notes[n]->base, &room))
        n++;
    r->n_notes = n;
    r->report_left = (int32_t)(left_changes - r->n_changes + left_notes - r->n_notes);
}

/* ---- import ---- */

static enum sl_code check_files(struct sl_work *w, const Sluice__V1__ImportModelsRequest *request,
                                struct sl_import_file *files, struct sl_err *err)
{
    if (!request->n_files)
        sl_violate(&w->violations, "files", "is required");
    if (request->n_files > MAX_FILES)
        sl_violate(&w->violations, "files", "has more than %d entries", MAX_FILES);
    if (request->format > SLUICE__V1__IMPORT_MODELS_REQUEST__FORMAT__FORMAT_ENV)
        sl_violate(&w->violations, "format", "is none that is known");
    if (request->report_from < 0 || (request->report_from && request->apply))
        sl_violate(&w->violations, "report_from", "is for dry runs, and not negative");
    for (size_t i = 0; i < request->n_files && i < MAX_FILES; i++) {
        const Sluice__V1__ImportFile *f = request->files[i];
        char name[128];
        sl_copy(name, sizeof(name), *f->name ? f->name : "file");
        for (char *c = name; *c; c++) {
            if ((unsigned char)*c < ' ' || *c == 127)
                *c = '?';
        }
        files[i] = (struct sl_import_file){sl_arena_strdup(w->arena, name),
                                           f->content.data ? (const char *)f->content.data : "",
                                           f->content.len};
    }
    return sl_violations_err(&w->violations, err);
}

static enum sl_code apply(struct sl_work *w, const struct sl_import_apply *a,
                          struct sl_import_done *done, struct sl_err *err)
{
    enum sl_code code = sl_import_apply(a, done, err);
    if (code == SL_OK)
        sl_work_take_up(w, done->revision);
    return code;
}

static enum sl_code import(struct sl_work *w, struct sl_import_plan *plan,
                           Sluice__V1__ImportModelsResponse *r, struct sl_err *err)
{
    const Sluice__V1__ImportModelsRequest *request =
        (const Sluice__V1__ImportModelsRequest *)w->request;
    struct variables v = {request, sl_registry_catalogue(w->registry)};
    struct sl_import_file files[MAX_FILES];
    struct sl_import_done done = {.run = ""};
    if (check_files(w, request, files, err) != SL_OK)
        return err->code;
    const struct sl_import_in in = {
        .files = files,
        .n_files = request->n_files,
        .format = (enum sl_import_format)request->format,
        .catalogue = v.catalogue,
        .variable = setting,
        .owner = &v,
    };
    enum sl_code code = sl_import_read(&in, plan, err);
    if (code != SL_OK)
        return code;
    const struct sl_import_apply a = {
        .m = sl_work_manage(w),
        .plan = plan,
        .format = sl_import_format_name(plan->format),
        .file = files[0].name,
        .personal = request->personal,
        .store = request->apply,
        .variable = given,
        .owner = &v,
    };
    code = apply(w, &a, &done, err);
    if (code != SL_OK)
        return code;
    r->run_id = text(done.run);
    r->format = (Sluice__V1__ImportModelsRequest__Format)plan->format;
    r->changes = done.changes;
    r->n_changes = done.n_changes;
    r->revision = done.revision ? done.revision : sl_registry_store_revision(w->registry);
    r->notes = sl_import_note_messages(w->arena, plan, &r->n_notes);
    cut_report(r, (size_t)request->report_from);
    return SL_OK;
}

enum sl_code sl_import_models(struct sl_work *w, struct sl_err *err)
{
    Sluice__V1__ImportModelsResponse *r = SL_ARENA_NEW(w->arena, Sluice__V1__ImportModelsResponse);
    struct sl_import_plan plan;
    sluice__v1__import_models_response__init(r);
    sl_import_plan_init(&plan);
    enum sl_code code = import(w, &plan, r, err);
    sl_import_plan_fini(&plan);
    w->reply = &r->base;
    return code;
}

/* ---- seed ---- */

static enum sl_code seed(struct sl_work *w, struct sl_import_plan *plan,
                         Sluice__V1__SeedModelsResponse *r, struct sl_err *err)
{
    const Sluice__V1__SeedModelsRequest *request =
        (const Sluice__V1__SeedModelsRequest *)w->request;
    struct sl_import_done done = {.run = ""};
    const struct sl_import_apply a = {
        .m = sl_work_manage(w),
        .plan = plan,
        .format = "seed",
        .file = *request->lineup ? request->lineup : "default",
        .store = !request->dry_run,
        .only_new = true,
    };
    enum sl_code code = sl_import_seed(&a.m, request->lineup, plan, err);
    if (code == SL_OK)
        code = apply(w, &a, &done, err);
    if (code != SL_OK)
        return code;
    r->run_id = text(done.run);
    r->changes = done.changes;
    r->n_changes = done.n_changes;
    r->notes = sl_import_note_messages(w->arena, plan, &r->n_notes);
    return SL_OK;
}

enum sl_code sl_seed_models(struct sl_work *w, struct sl_err *err)
{
    Sluice__V1__SeedModelsResponse *r = SL_ARENA_NEW(w->arena, Sluice__V1__SeedModelsResponse);
    struct sl_import_plan plan;
    sluice__v1__seed_models_response__init(r);
    sl_import_plan_init(&plan);
    enum sl_code code = seed(w, &plan, r, err);
    sl_import_plan_fini(&plan);
    w->reply = &r->base;
    return code;
}

/* ---- runs ---- */

enum sl_code sl_undo_import(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__UndoImportRequest *request =
        (const Sluice__V1__UndoImportRequest *)w->request;
    Sluice__V1__UndoImportResponse *r = SL_ARENA_NEW(w->arena, Sluice__V1__UndoImportResponse);
    const struct sl_import_undo undo = {request->run_id, request->force, request->dry_run};
    struct sl_manage m = sl_work_manage(w);
    struct sl_import_undone undone;
    if (!*request->run_id)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "run_id",
                            "run_id is required");
    enum sl_code code = sl_import_undo(&m, &undo, &undone, err);
    if (code != SL_OK)
        return code;
    sl_work_take_up(w, undone.done.revision);
    sluice__v1__undo_import_response__init(r);
    r->changes = undone.done.changes;
    r->n_changes = undone.done.n_changes;
    r->changed_since = undone.changed_since;
    r->n_changed_since = undone.n_changed_since;
    r->revision = undone.done.revision;
    w->reply = &r->base;
    return SL_OK;
}

enum sl_code sl_list_imports(struct sl_work *w, struct sl_err *err)
{
    Sluice__V1__ListImportsResponse *r = SL_ARENA_NEW(w->arena, Sluice__V1__ListImportsResponse);
    struct sl_manage m = sl_work_manage(w);
    sluice__v1__list_imports_response__init(r);
    w->reply = &r->base;
    return sl_import_list(&m, r, err);
}
