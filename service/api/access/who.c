/* WhoAmI. */
#include <string.h>

#include "access/rights.h"
#include "api/access/common.h"
#include "api/access/service.h"
#include "base/clock.h"
#include "routing/resolve.h"

Sluice__V1__TierLimits *sl_make_limits(struct sl_arena *arena, const struct sl_tier_limits *from)
{
    Sluice__V1__TierLimits *l = SL_ARENA_NEW(arena, Sluice__V1__TierLimits);
    sluice__v1__tier_limits__init(l);
    l->requests_per_minute = from->requests_per_minute;
    l->tokens_per_minute = from->tokens_per_minute;
    l->concurrent_requests = from->concurrent_requests;
    l->monthly_cost_nanos = from->monthly_cost_nanos;
    return l;
}

void sl_who_am_i(struct sl_call *call, const ProtobufCMessage *message)
{
    const struct sl_principal *p = call->principal;
    const struct sl_tier_limits limits = sl_rights_limits(p);
    const char *roles[SL_RIGHTS_NAMES], *scopes[SL_RIGHTS_NAMES];
    Sluice__V1__WhoAmIResponse r = SLUICE__V1__WHO_AM_IRESPONSE__INIT;
    struct sl_candidates found = {0};
    struct sl_err ignored = {0};
    (void)message;
    r.id = sl_pb_text(p->id);
    r.name = sl_pb_text(p->name);
    r.tier = sl_pb_text(p->tier);
    r.n_roles = sl_role_names(p->roles, roles);
    r.roles = (char **)(uintptr_t)roles;
    r.n_scopes = sl_scope_names(p->scopes, scopes);
    r.scopes = (char **)(uintptr_t)scopes;
    r.proof = sl_pb_text(p->proof);
    r.acting = sl_pb_text(p->actor ? p->actor->name : "");
    const struct sl_resolve_spec spec = {.registry = call->service->registry,
                                         .principal = p,
                                         .name = "",
                                         .now_ms = sl_wall_ms(),
                                         .arena = call->arena};
    if (sl_resolve_request(&spec, &found, &ignored) == SL_OK)
        r.default_model =
            sl_pb_text(sl_full_name(call->arena, "models/", found.list[0].model->name));
    r.limits = sl_make_limits(call->arena, &limits);
    sl_call_reply(call, &r.base);
}
