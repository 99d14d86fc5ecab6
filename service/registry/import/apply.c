/* The transaction that stores a plan: providers first, then tiers, models and the default. */
#include "registry/import/apply.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "registry/import/applying.h"

/* ---- the run's row ---- */

static const char *report_text(struct sl_applying *s)
{
    json_t *changes = json_array();
    for (size_t i = 0; i < s->changes.n; i++) {
        const Sluice__V1__Change *c = s->changes.list[i];
        if (c->action != SLUICE__V1__CHANGE__ACTION__ACTION_KEEP)
            json_array_append_new(changes, json_pack("{s:s, s:s, s:i}", "kind", c->kind, "name",
                                                     c->name, "action", (int)c->action));
    }
    const struct sl_principal *p = s->m.principal;
    json_t *report = json_pack("{s:s, s:s, s:o}", "source", s->a->file, "actor",
                               p->actor ? p->actor->name : p->name, "changes", changes);
    json_t *users = s->users ? json_array() : NULL;
    for (const char *const *user = s->users; user && *user; user++)
        json_array_append_new(users, json_string(*user));
    if (users)
        json_object_set_new(report, "users", users);
    size_t n = report ? json_dumpb(report, NULL, 0, JSON_COMPACT) : 0;
    char *out = sl_arena_alloc(s->m.arena, n + 1);
    if (n)
        json_dumpb(report, out, n, JSON_COMPACT);
    out[n] = 0;
    json_decref(report);
    return out;
}

enum sl_code sl_applying_insert_run(struct sl_applying *s)
{
    struct sl_row *row = sl_row_create(s->m.arena, SL_TABLE_IMPORT_RUNS);
    sl_row_set_text(row, SL_COL_ID, s->m.run);
    if (s->a->personal)
        sl_row_set_text(row, SL_COL_OWNER, s->m.principal->id);
    else
        sl_row_set_null(row, SL_COL_OWNER);
    sl_row_set_text(row, SL_COL_NAME, s->m.run);
    sl_row_set_text(row, SL_IMPORT_RUNS_FORMAT, s->a->format);
    sl_row_set_text(row, SL_IMPORT_RUNS_STATUS, "done");
    return sl_tx_insert(s->m.tx, row, s->err);
}

enum sl_code sl_applying_finish_run(struct sl_applying *s)
{
    struct sl_row *row = sl_row_create(s->m.arena, SL_TABLE_IMPORT_RUNS);
    sl_row_set_text(row, SL_COL_ID, s->m.run);
    sl_row_set_text(row, SL_IMPORT_RUNS_REPORT, report_text(s));
    return sl_tx_update(s->m.tx, row, 0, s->err);
}

/* ---- the default ---- */

static bool is_stored(const struct sl_applying *s, const char *name)
{
    for (size_t i = 0; i < s->changes.n; i++) {
        if (!strcmp(s->changes.list[i]->kind, "model") && !strcmp(s->changes.list[i]->name, name))
            return true;
    }
    return false;
}

static enum sl_code apply_default(struct sl_applying *s)
{
    const struct sl_import_plan *plan = s->a->plan;
    const char *scope = s->a->personal ? "user" : "registry";
    const char *user = s->a->personal ? s->m.principal->id : NULL;
    const struct sl_manage_default d = {
        .scope = s->a->personal ? SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER
                                : SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY,
        .subject = "",
        .model = plan->default_model,
    };
    struct sl_managed done = {.row = NULL};
    struct sl_err err = {0};
    if (!*plan->default_model)
        return SL_OK;
    if (!is_stored(s, plan->default_model)) {
        const struct sl_import_about about = {SL_IMPORT_NOT_CARRIED, plan->default_place,
                                              "default"};
        sl_import_note(s->a->plan, &about,
                       "the default is not set: the model '%.100s' is not stored",
                       plan->default_model);
        return SL_OK;
    }
    const char *was = sl_registry_default_of(s->m.registry, scope, user ? user : "");
    Sluice__V1__Change *change = sl_changes_add(&s->changes, "default", scope, plan->default_place);
    if (was && !strcmp(was, plan->default_model))
        return SL_OK;
    enum sl_code code = sl_manage_set_default(&s->m, &d, user, &done, &err);
    if (code != SL_OK)
        return sl_applying_goes_on(s, plan->default_place, "default", &err) ? SL_OK : code;
    sl_changes_say(
        &s->changes, change,
        sl_arena_printf(s->m.arena, "model: %s -> %s", was ? was : "(none)", plan->default_model));
    sl_changes_set(&s->changes, change,
                   was ? SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE
                       : SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
    return SL_OK;
}

/* ---- all of it ---- */

static enum sl_code store_all(struct sl_applying *s)
{
    enum sl_code code = sl_applying_insert_run(s);
    for (struct sl_import_provider *p = s->a->plan->providers; p && code == SL_OK; p = p->next)
        code = sl_apply_provider(s, p);
    if (code == SL_OK)
        code = sl_apply_tiers(s);
    for (struct sl_import_model *m = s->a->plan->models; m && code == SL_OK; m = m->next)
        code = sl_apply_model(s, m);
    if (code == SL_OK)
        code = apply_default(s);
    return code == SL_OK ? sl_applying_finish_run(s) : code;
}

enum sl_code sl_import_apply(const struct sl_import_apply *a, struct sl_import_done *out,
                             struct sl_err *err)
{
    char run[37];
    struct sl_applying s = {.a = a, .m = a->m, .changes = {.arena = a->m.arena}, .err = err};
    if (!a->personal && !sl_manage_may_write_global(a->m.principal))
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "global models are for administrators and operators; --personal imports "
                          "models of your own");
    sl_uuid7(run);
    s.m.run = sl_arena_strdup(a->m.arena, run);
    s.m.source = strcmp(a->format, "seed") ? sl_arena_printf(a->m.arena, "import:%s", run) : "seed";
    struct sl_store_session session = sl_manage_session(&s.m);
    enum sl_code code = sl_store_begin(a->m.store, &session, true, &s.m.tx, err);
    if (code != SL_OK)
        return code;
    code = store_all(&s);
    bool keep = code == SL_OK && a->store && s.changes.written;
    int64_t revision = 0;
    if (keep || code != SL_OK)
        code = sl_tx_end(s.m.tx, code, &revision, err);
    else
        sl_tx_rollback(s.m.tx);
    if (code != SL_OK)
        return code;
    *out = (struct sl_import_done){.run = keep ? s.m.run : "",
                                   .changes = s.changes.list,
                                   .n_changes = s.changes.n,
                                   .revision = revision};
    return SL_OK;
}
