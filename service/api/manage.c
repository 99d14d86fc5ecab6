/* Writing models and defaults: what the domain did becomes a reply, made from the snapshot that has it. */
#include "api/manage.h"

#include <string.h>

#include "api/model_message.h"
#include "base/clock.h"
#include "registry/manage/templates.h"
#include "routing/resolve.h"

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

struct sl_manage sl_work_manage(struct sl_work *w)
{
    return (struct sl_manage){
        .store = w->backend->store,
        .keyring = w->backend->keyring,
        .references = w->backend->references,
        .registry = w->registry,
        .principal = w->call->principal,
        .peer = w->call->peer,
        .arena = w->arena,
        .violations = &w->violations,
        .source = "api",
    };
}

void sl_work_take_up(struct sl_work *w, int64_t revision)
{
    struct sl_err late = {0};
    w->revision = revision;
    if (revision && sl_snapshots_refresh(w->backend->snapshots, revision, &late) != SL_OK)
        sl_snapshots_complain(&late);
    sl_registry_unref((struct sl_registry *)(uintptr_t)w->registry);
    w->registry = sl_snapshots_registry(w->backend->snapshots);
}

/* A request id that was used within ten minutes is not run again. */
static enum sl_code claim(struct sl_work *w, const char *request_id, struct sl_err *err)
{
    if (strlen(request_id) > SL_REQUEST_ID_MAX)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "request_id",
                            "request_id is longer than %d bytes", SL_REQUEST_ID_MAX);
    if (*request_id && !sl_request_ids_claim(w->backend->request_ids, w->call->principal->id,
                                             request_id, w->call->arrived_us))
        return sl_err_field(err, SL_ALREADY_EXISTS, SL_REASON_REQUEST_ID_USED, "request_id",
                            "this request_id was used less than ten minutes ago");
    return SL_OK;
}

/* ---- models ---- */

/* The model as callers see it, once it is in force. */
static Sluice__V1__Model *stored_model(struct sl_work *w, const struct sl_managed *done)
{
    sl_work_take_up(w, done->revision);
    const struct sl_model *m = sl_registry_get(w->registry, sl_row_text(done->row, SL_COL_ID));
    return m ? sl_model_message(w->arena, w->registry, m, w->call->principal) : NULL;
}

/* What would be stored: what was asked for, as far as it was found out. */
static Sluice__V1__Model *validated_model(struct sl_work *w, const Sluice__V1__Model *asked,
                                          const struct sl_row *row)
{
    Sluice__V1__Model *m = sl_arena_alloc(w->arena, sizeof(*m));
    *m = *asked;
    m->key = text("");
    m->headers = NULL;
    m->n_headers = 0;
    m->name = sl_arena_printf(w->arena, "models/%s", sl_row_text(row, SL_COL_NAME));
    m->provider = text(sl_row_text(row, SL_MODELS_PROVIDER));
    m->model_id = text(sl_row_text(row, SL_MODELS_MODEL_ID));
    return m;
}

static enum sl_code reply_model(struct sl_work *w, const struct sl_managed *done,
                                const Sluice__V1__Model *dry, struct sl_err *err)
{
    Sluice__V1__Model *m = dry ? validated_model(w, dry, done->row) : stored_model(w, done);
    if (!m)
        return sl_err_set(err, SL_ABORTED, SL_REASON_ETAG_STALE,
                          "the model was written, and deleted by somebody else at once");
    w->reply = &m->base;
    return SL_OK;
}

enum sl_code sl_create_model(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__CreateModelRequest *request =
        (const Sluice__V1__CreateModelRequest *)w->request;
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    if (claim(w, request->request_id, err) != SL_OK)
        return err->code;
    enum sl_code code = sl_manage_create_model(&m, request, &done, err);
    if (code != SL_OK)
        return code;
    return reply_model(w, &done, request->validate_only ? request->model : NULL, err);
}

enum sl_code sl_update_model(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__UpdateModelRequest *request =
        (const Sluice__V1__UpdateModelRequest *)w->request;
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_update_model(&m, request, &done, err);
    if (code != SL_OK)
        return code;
    return reply_model(w, &done, request->validate_only ? request->model : NULL, err);
}

enum sl_code sl_undelete_model(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__UndeleteModelRequest *request =
        (const Sluice__V1__UndeleteModelRequest *)w->request;
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_undelete_model(&m, request->name, &done, err);
    return code == SL_OK ? reply_model(w, &done, NULL, err) : code;
}

enum sl_code sl_delete_model(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__DeleteModelRequest *request =
        (const Sluice__V1__DeleteModelRequest *)w->request;
    Sluice__V1__DeleteModelResponse *r = SL_ARENA_NEW(w->arena, Sluice__V1__DeleteModelResponse);
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    const char *const *references = NULL;
    enum sl_code code = sl_manage_delete_model(&m, request, &done, &references, err);
    if (code != SL_OK)
        return code;
    sluice__v1__delete_model_response__init(r);
    const struct sl_model *was = sl_registry_get(w->registry, sl_row_text(done.row, SL_COL_ID));
    if (was)
        r->model = sl_model_message(w->arena, w->registry, was, w->call->principal);
    while (references[r->n_references])
        r->n_references++;
    r->references = (char **)(uintptr_t)references;
    w->revision = done.revision;
    w->reply = &r->base;
    return SL_OK;
}

enum sl_code sl_create_model_from_template(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__CreateModelFromTemplateRequest *request =
        (const Sluice__V1__CreateModelFromTemplateRequest *)w->request;
    const struct sl_template *t = sl_template_find(request->template_);
    Sluice__V1__Model model = SLUICE__V1__MODEL__INIT;
    Sluice__V1__CreateModelRequest create = SLUICE__V1__CREATE_MODEL_REQUEST__INIT;
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    m.source = "template";
    if (!t)
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "template",
                            "there is no template '%.64s'", request->template_);
    model.name = request->name;
    model.provider = text(t->name);
    model.base_url = text(sl_template_base_url(t, request, w->arena, &w->violations));
    model.model_id = *request->model_id ? request->model_id : text(t->model_id);
    model.key = request->key;
    if (!*model.model_id)
        sl_violate(&w->violations, "model_id", "is required with this template");
    create.model = &model;
    create.personal = request->personal;
    if (sl_violations_err(&w->violations, err) != SL_OK ||
        claim(w, request->request_id, err) != SL_OK)
        return err->code;
    enum sl_code code = sl_manage_create_model(&m, &create, &done, err);
    return code == SL_OK ? reply_model(w, &done, NULL, err) : code;
}

/* ---- defaults and conversations ---- */

/* Whether the one whose default it becomes may use the model; another's rights are those of its tier. */
static enum sl_code check_usable(const struct sl_work *w,
                                 const Sluice__V1__SetDefaultModelRequest *request,
                                 const struct sl_manage_subject *subject, struct sl_err *err)
{
    struct sl_principal p = *w->call->principal;
    struct sl_candidates found;
    if (request->scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_TIER)
        p = (struct sl_principal){
            .id = "", .name = "", .tier = request->subject, .roles = SL_ROLE_USER};
    else if (subject && strcmp(subject->user, p.id) != 0)
        p = (struct sl_principal){.id = subject->user,
                                  .name = subject->name,
                                  .tier = subject->tier,
                                  .roles = SL_ROLE_USER};
    if (!*request->model)
        return SL_OK;
    enum sl_code code = sl_resolve(w->registry, &p, request->model, &found, err);
    if (code != SL_OK)
        return code;
    if (request->scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY &&
        *found.list[0].model->owner)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "model",
                            "model must be a global one");
    return SL_OK;
}

static bool is_of_a_user(Sluice__V1__DefaultScope scope)
{
    return scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER ||
           scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_CONVERSATION;
}

enum sl_code sl_set_default_model(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__SetDefaultModelRequest *request =
        (const Sluice__V1__SetDefaultModelRequest *)w->request;
    Sluice__V1__DefaultModel *r = SL_ARENA_NEW(w->arena, Sluice__V1__DefaultModel);
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    struct sl_manage_subject subject = {.user = NULL};
    bool users = is_of_a_user(request->scope);
    const char *named =
        request->scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER ? request->subject : "";
    enum sl_code code = users ? sl_manage_find_user(&m, named, &subject, err) : SL_OK;
    if (code == SL_OK)
        code = check_usable(w, request, users ? &subject : NULL, err);
    if (code != SL_OK)
        return code;
    const char *model = request->model;
    if (sl_starts_with(model, "models/"))
        model += strlen("models/");
    const struct sl_manage_default d = {request->scope, request->subject, model};
    code = sl_manage_set_default(&m, &d, subject.user, &done, err);
    if (code != SL_OK)
        return code;
    sluice__v1__default_model__init(r);
    r->model = *model ? sl_arena_printf(w->arena, "models/%s", model) : text("");
    r->scope = request->scope;
    r->subject = *named ? text(subject.name) : request->subject;
    r->reason = text(*model ? "set" : "none is set");
    w->revision = done.revision;
    w->reply = &r->base;
    return SL_OK;
}

enum sl_code sl_get_conversation(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__GetConversationRequest *request =
        (const Sluice__V1__GetConversationRequest *)w->request;
    Sluice__V1__Conversation *r = SL_ARENA_NEW(w->arena, Sluice__V1__Conversation);
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed found = {.row = NULL};
    enum sl_code code = sl_manage_get_conversation(&m, request->conversation_id, &found, err);
    if (code != SL_OK)
        return code;
    sluice__v1__conversation__init(r);
    r->conversation_id = request->conversation_id;
    if (found.row) {
        r->model =
            sl_arena_printf(w->arena, "models/%s", sl_row_text(found.row, SL_CONVERSATIONS_MODEL));
        r->updated_ms = sl_row_int(found.row, SL_COL_UPDATED_MS);
    }
    w->reply = &r->base;
    return SL_OK;
}
