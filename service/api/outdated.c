/* From what is found out about models to replies. */
#include "api/outdated.h"

#include <string.h>

#include "api/import.h"
#include "api/manage.h"
#include "api/version_check.h"
#include "base/clock.h"
#include "registry/upgrade/upgrade.h"

enum { MAX_NAMES = 1000 };

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

/* ---- asking first ---- */

/* A call; in its arena. */
struct asked {
    struct sl_version_waiter waiter;
    struct sl_call *call;
    const ProtobufCMessage *message;
    struct sl_work *work; /* NULL: not submitted, or done */
    bool gone;            /* the caller is */
};

static void on_done(struct sl_call *call, struct sl_work *w)
{
    call->state = NULL;
    if (w->code == SL_OK)
        sl_call_reply(call, w->reply);
    else
        sl_work_fail(call, w);
}

static void on_checked(struct sl_mail *mail)
{
    struct asked *a = SL_CONTAINER_OF(mail, struct asked, waiter.mail);
    struct sl_call *call = a->call;
    if (!a->gone)
        a->work = sl_work_submit(call, a->message, on_done);
    call->ops->release(call);
}

void sl_list_outdated_start(struct sl_call *call, const ProtobufCMessage *message)
{
    const Sluice__V1__ListOutdatedModelsRequest *request =
        (const Sluice__V1__ListOutdatedModelsRequest *)message;
    struct asked *a = SL_ARENA_NEW(call->arena, struct asked);
    struct sl_err err = {0};
    a->call = call;
    a->message = message;
    call->state = a;
    if (!request->refresh) {
        a->work = sl_work_submit(call, message, on_done);
        return;
    }
    if (!sl_manage_may_write_global(call->principal)) {
        sl_err_field(&err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING, "refresh",
                     "to have providers asked is for administrators and operators");
        sl_call_fail(call, &err);
        return;
    }
    call->ops->hold(call); /* until the letter */
    a->waiter.mail.deliver = on_checked;
    a->waiter.loop = call->loop;
    sl_version_check_now(call->service->backend->versions, &a->waiter);
}

void sl_list_outdated_cancel(struct sl_call *call)
{
    struct asked *a = call->state;
    if (!a)
        return;
    a->gone = true;
    if (a->work)
        sl_work_abandon(a->work);
}

/* ---- listing ---- */

struct listing {
    struct sl_work *w;
    struct sl_listings listings;
    bool staff;
    struct sl_outdated *list;
    size_t n, room;
};

static void look_at(struct listing *l, const struct sl_model *m, int64_t now_ms)
{
    struct sl_outdated o;
    bool seen =
        *m->owner || l->staff || sl_registry_may_use(l->w->registry, m, l->w->call->principal);
    if (!seen || !sl_outdated_look(l->w->registry, m, &l->listings, now_ms, &o))
        return;
    if (l->n == l->room) {
        l->room = l->room ? 2 * l->room : 32;
        struct sl_outdated *more = sl_arena_alloc(l->w->arena, l->room * sizeof(*more));
        if (l->n)
            memcpy(more, l->list, l->n * sizeof(*more));
        l->list = more;
    }
    l->list[l->n++] = o;
}

static void gather(struct listing *l)
{
    const char *const owners[] = {"", l->w->call->principal->id};
    int64_t now_ms = sl_wall_ms();
    for (size_t i = 0; i < SL_ARRAY_LEN(owners) && (!i || *owners[i]); i++) {
        struct sl_registry_walk walk;
        sl_registry_walk(&walk, l->w->registry, owners[i], NULL);
        for (const struct sl_model *m; (m = sl_registry_next(&walk));)
            look_at(l, m, now_ms);
    }
}

static Sluice__V1__OutdatedModel *model_message(struct sl_work *w, const struct sl_outdated *o,
                                                const struct sl_outdated_names *names)
{
    Sluice__V1__OutdatedModel *m = SL_ARENA_NEW(w->arena, Sluice__V1__OutdatedModel);
    char day[11];
    bool hidden =
        !*o->model->owner &&
        sl_registry_find_personal(w->registry, w->call->principal->id, o->model->name, NULL);
    sluice__v1__outdated_model__init(m);
    sl_catalogue_date_text(o->model->retires_day, day);
    m->model = sl_arena_printf(w->arena, "models/%s%s", hidden ? "global/" : "", o->model->name);
    m->provider = text(o->model->provider);
    m->model_id = text(o->model->known ? o->model->known->id : o->model->target.model_id);
    m->status = text(sl_outdated_name(o->status));
    m->retirement_date = sl_arena_strdup(w->arena, day);
    if (o->dated) {
        m->days_left = o->days_left;
        m->_days_left_case = SLUICE__V1__OUTDATED_MODEL___DAYS_LEFT_DAYS_LEFT;
    }
    m->successor = sl_arena_strdup(w->arena, o->successor.name);
    m->detail = text(o->successor.why);
    m->source = text(o->source);
    m->gone_ms = o->listed.gone_ms;
    m->newer = sl_arena_strdup(w->arena, o->listed.newer);
    m->references = (char **)(uintptr_t)names->list;
    m->n_references = names->n;
    return m;
}

static void make_reply(struct listing *l, Sluice__V1__ListOutdatedModelsResponse *r)
{
    struct sl_work *w = l->w;
    const struct sl_outdated_ask ask = {w->registry, w->call->principal, l->staff, w->arena};
    struct sl_outdated_names *names = sl_arena_zalloc(w->arena, (l->n + 1) * sizeof(*names));
    sl_outdated_references(&ask, l->list, l->n, names);
    r->models = sl_arena_alloc(w->arena, (l->n + 1) * sizeof(*r->models));
    for (size_t room = SL_MAX_REPORT; r->n_models < l->n; r->n_models++) {
        r->models[r->n_models] = model_message(w, &l->list[r->n_models], &names[r->n_models]);
        if (!sl_report_fits(&r->models[r->n_models]->base, &room))
            break;
    }
    r->models_left = (int32_t)(l->n - r->n_models);
    w->reply = &r->base;
}

enum sl_code sl_list_outdated_models(struct sl_work *w, struct sl_err *err)
{
    Sluice__V1__ListOutdatedModelsResponse *r =
        SL_ARENA_NEW(w->arena, Sluice__V1__ListOutdatedModelsResponse);
    (void)err;
    sl_version_check_read(w->backend->versions);
    struct sl_version_state *state = sl_version_check_state(w->backend->versions);
    struct sl_version_finder finder = {state, w->registry};
    struct listing l = {.w = w,
                        .listings = {sl_version_find, &finder},
                        .staff = sl_manage_may_write_global(w->call->principal)};
    sluice__v1__list_outdated_models_response__init(r);
    r->checked_ms = state->state.checked_ms;
    gather(&l);
    make_reply(&l, r);
    sl_version_state_unref(state);
    return SL_OK;
}

/* ---- upgrading ---- */

/* Changes before notes. */
static void cut_report(Sluice__V1__UpgradeModelsResponse *r)
{
    size_t room = SL_MAX_REPORT, changes = 0, notes = 0;
    while (changes < r->n_changes && sl_report_fits(&r->changes[changes]->base, &room))
        changes++;
    while (changes == r->n_changes && notes < r->n_notes &&
           sl_report_fits(&r->notes[notes]->base, &room))
        notes++;
    r->report_left = (int32_t)(r->n_changes - changes + r->n_notes - notes);
    r->n_changes = changes;
    r->n_notes = notes;
}

static enum sl_code upgrade(struct sl_work *w, struct sl_import_plan *plan,
                            Sluice__V1__UpgradeModelsResponse *r, struct sl_err *err)
{
    const Sluice__V1__UpgradeModelsRequest *request =
        (const Sluice__V1__UpgradeModelsRequest *)w->request;
    struct sl_version_state *state = sl_version_check_state(w->backend->versions);
    struct sl_version_finder finder = {state, w->registry};
    struct sl_import_done done = {.run = ""};
    const struct sl_upgrade u = {
        .m = sl_work_manage(w),
        .plan = plan,
        .models = request->models,
        .n_models = request->n_models,
        .store = request->apply,
        .listings = {sl_version_find, &finder},
        .now_ms = sl_wall_ms(),
        .access = w->access,
    };
    enum sl_code code = sl_upgrade(&u, &done, err);
    sl_version_state_unref(state);
    if (code != SL_OK)
        return code;
    /* they name models of the snapshot that goes */
    r->notes = sl_import_note_messages(w->arena, plan, &r->n_notes);
    sl_work_take_up(w, done.revision);
    r->run_id = text(done.run);
    r->changes = done.changes;
    r->n_changes = done.n_changes;
    r->revision = done.revision ? done.revision : sl_registry_store_revision(w->registry);
    cut_report(r);
    return SL_OK;
}

enum sl_code sl_upgrade_models(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__UpgradeModelsRequest *request =
        (const Sluice__V1__UpgradeModelsRequest *)w->request;
    Sluice__V1__UpgradeModelsResponse *r =
        SL_ARENA_NEW(w->arena, Sluice__V1__UpgradeModelsResponse);
    struct sl_import_plan plan;
    if (request->n_models > MAX_NAMES)
        sl_violate(&w->violations, "models", "has more than %d entries", MAX_NAMES);
    if (w->violations.count)
        return sl_violations_err(&w->violations, err);
    sluice__v1__upgrade_models_response__init(r);
    sl_import_plan_init(&plan);
    enum sl_code code = upgrade(w, &plan, r, err);
    sl_import_plan_fini(&plan);
    w->reply = &r->base;
    return code;
}
