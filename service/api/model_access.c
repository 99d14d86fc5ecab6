/* The snapshot of the moment answers; the store is asked only for the user that a caller names. */
#include "api/model_access.h"

#include <string.h>

#include "access/rights.h"
#include "api/manage.h"
#include "api/model_message.h"
#include "base/clock.h"
#include "base/str.h"
#include "routing/resolve.h"

typedef Sluice__V1__DefaultModel default_t;

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

/* The caller, or for administrators another user, with that user's tier and no role of its own. */
static enum sl_code find_principal(struct sl_work *w, const char *name, struct sl_principal *out,
                                   struct sl_err *err)
{
    const struct sl_manage m = sl_work_manage(w);
    struct sl_manage_subject subject = {"", "", ""};
    *out = *w->call->principal;
    enum sl_code code = sl_manage_find_user(&m, name, &subject, err);
    if (code != SL_OK || !strcmp(subject.user, out->id))
        return code;
    *out = (struct sl_principal){
        .id = subject.user,
        .name = subject.name,
        .tier = subject.tier,
        .rights = sl_access_tier(w->access, subject.tier),
        .roles = SL_ROLE_USER,
        .scopes = SL_SCOPES_DEFAULT,
        .proof = "api_key",
        .key_id = "",
        .stored = true,
        .preferences = sl_access_preferences(w->access, subject.user),
    };
    return SL_OK;
}

static struct sl_resolve_spec spec_of(struct sl_work *w, const struct sl_principal *p,
                                      const char *name)
{
    return (struct sl_resolve_spec){
        .registry = w->registry,
        .principal = p,
        .name = name,
        .now_ms = sl_wall_ms(),
        .arena = w->arena,
    };
}

/* ---- GetDefaultModel ---- */

/* The level that a reason of routing/ tells of. */
static Sluice__V1__DefaultScope scope_of(const char *reason)
{
    if (sl_starts_with(reason, "pinned"))
        return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_CONVERSATION;
    if (!strcmp(reason, "default of the user"))
        return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER;
    if (sl_starts_with(reason, "default of tier"))
        return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_TIER;
    return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY;
}

/* The one in force, by fall-through. */
static enum sl_code in_force(struct sl_work *w, default_t *out, struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    const struct sl_resolve_spec spec = spec_of(w, p, "");
    struct sl_candidates found;
    enum sl_code code = sl_resolve_request(&spec, &found, err);
    if (code != SL_OK)
        return code;
    out->model = sl_arena_printf(w->arena, "models/%s", found.list[0].model->name);
    out->reason = text(found.list[0].reason);
    out->scope = scope_of(found.list[0].reason);
    if (out->scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER)
        out->subject = text(p->name);
    if (out->scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_TIER)
        out->subject = text(p->tier);
    return SL_OK;
}

static void set(struct sl_work *w, default_t *out, const char *model, const char *reason)
{
    out->model = model && *model ? sl_arena_printf(w->arena, "models/%s", model) : text("");
    out->reason = text(*out->model ? reason : "none is set");
}

static void of_registry(struct sl_work *w, default_t *out)
{
    const struct sl_registry *r = w->registry;
    const char *stored = sl_registry_default_of(r, "registry", "");
    const char *said = r->default_is_said ? r->default_model->name : "";
    set(w, out, stored ? stored : said, stored ? "stored" : r->default_reason);
}

static enum sl_code of_tier(struct sl_work *w, default_t *out, struct sl_err *err)
{
    const struct sl_principal *p = w->call->principal;
    if (!*out->subject)
        out->subject = text(p->tier);
    if (strcmp(out->subject, p->tier) != 0 &&
        !sl_rights_have_role(p, SL_ROLE_ADMIN | SL_ROLE_OPERATOR))
        return sl_err_field(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING, "subject",
                            "other tiers' defaults are for administrators and operators");
    set(w, out, sl_registry_default_of(w->registry, "tier", out->subject), "set");
    return SL_OK;
}

static enum sl_code of_user(struct sl_work *w, default_t *out, struct sl_err *err)
{
    struct sl_principal p;
    enum sl_code code = find_principal(w, out->subject, &p, err);
    if (code != SL_OK)
        return code;
    out->subject = text(p.name);
    set(w, out, sl_registry_default_of(w->registry, "user", p.id), "set");
    return SL_OK;
}

static enum sl_code of_conversation(struct sl_work *w, default_t *out, struct sl_err *err)
{
    if (!*out->subject)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "subject",
                            "is required: the conversation's id");
    set(w, out, sl_registry_pin_of(w->registry, w->call->principal->id, out->subject), "pinned");
    return SL_OK;
}

enum sl_code sl_get_default_model(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__GetDefaultModelRequest *request =
        (const Sluice__V1__GetDefaultModelRequest *)w->request;
    default_t *r = SL_ARENA_NEW(w->arena, default_t);
    sluice__v1__default_model__init(r);
    r->scope = request->scope;
    r->subject = request->subject;
    w->reply = &r->base;
    switch (request->scope) {
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_UNSPECIFIED:
        return in_force(w, r, err);
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY:
        of_registry(w, r);
        return SL_OK;
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_TIER:
        return of_tier(w, r, err);
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER:
        return of_user(w, r, err);
    case SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_CONVERSATION:
        return of_conversation(w, r, err);
    default:
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "scope",
                            "is not a scope that is known");
    }
}

/* ---- CheckAccess ---- */

enum sl_code sl_check_access(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__CheckAccessRequest *request =
        (const Sluice__V1__CheckAccessRequest *)w->request;
    struct sl_principal p;
    struct sl_model_access access;
    if (find_principal(w, request->user, &p, err))
        return err->code;
    const struct sl_resolve_spec spec = spec_of(w, &p, request->model);
    if (sl_resolve_access(&spec, &access, err))
        return err->code;
    Sluice__V1__CheckAccessResponse *r = SL_ARENA_NEW(w->arena, Sluice__V1__CheckAccessResponse);
    sluice__v1__check_access_response__init(r);
    r->allowed = access.allowed;
    r->reason = text(access.reason);
    r->tier = sl_arena_strdup(w->arena, p.tier);
    while (access.tiers[r->n_tiers])
        r->n_tiers++;
    r->tiers = (char **)(uintptr_t)access.tiers;
    if (access.alternative)
        r->alternative = sl_arena_printf(w->arena, "models/%s", access.alternative->name);
    bool of_another = access.model && *access.model->owner &&
                      strcmp(access.model->owner, w->call->principal->id) != 0;
    if (access.model && !of_another)
        r->model = sl_model_message(w->arena, w->registry, access.model, &p);
    w->reply = &r->base;
    return SL_OK;
}
