/* Acting for end users. A user that the store knows keeps its tier; any other is one of this call, in the tier that the
 * caller names, or in the caller's own. Whatever that gives, the caller's own roles, scopes and tier bound it: roles and
 * scopes here, tiers wherever they are asked (access/rights.h). */
#include "access/act_as.h"

#include <string.h>

#include "access/internal.h"
#include "access/names.h"

#define FORBID(err, ...)                                                                           \
    sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ACT_AS_FORBIDDEN, __VA_ARGS__)

static enum sl_code check_entry(struct sl_str s, const char *entry, struct sl_err *err)
{
    const char *wrong = sl_name_problem(s.p, s.n);
    if (!wrong)
        return SL_OK;
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, entry,
                        "the metadata entry %s %s", entry, wrong);
}

/* A tier that is not worth more than the actor's own. */
static enum sl_code check_tier(const struct sl_access *a, const struct sl_principal *actor,
                               const char *tier, struct sl_err *err)
{
    const struct sl_tier *wanted = sl_access_tier(a, tier);
    if (actor->roles & SL_ROLE_ADMIN || !strcmp(tier, actor->tier))
        return SL_OK;
    if (!wanted)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "sluice-tier",
                            "there is no tier '%.64s'", tier);
    if (!actor->rights)
        return FORBID(err, "this key's user has no tier, so that it cannot act in the tier '%.64s'",
                      tier);
    if (wanted->rank > actor->rights->rank)
        return FORBID(err, "the tier '%.64s' is higher than that of this key", tier);
    return SL_OK;
}

static enum sl_code take_known(const struct sl_access *a, const struct sl_person *person,
                               struct sl_principal *p, struct sl_err *err)
{
    if (person->disabled)
        return FORBID(err, "the user '%.128s' is disabled", person->name);
    p->id = person->id;
    p->name = person->name;
    p->stored = true;
    p->preferences = person->preferences;
    p->roles &= person->roles | SL_ROLE_USER;
    if (*p->tier && strcmp(p->tier, person->tier) != 0)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "sluice-tier",
                            "the user '%.128s' has the tier '%.64s'", person->name, person->tier);
    p->tier = person->tier;
    p->rights = sl_access_tier(a, p->tier);
    return SL_OK;
}

static enum sl_code take_unknown(const struct sl_access *a, struct sl_arena *arena,
                                 struct sl_principal *p, struct sl_err *err)
{
    const struct sl_principal *actor = p->actor;
    if (!*p->tier)
        p->tier = actor->tier;
    else if (check_tier(a, actor, p->tier, err))
        return err->code;
    p->id = sl_arena_printf(arena, "%s#%s", actor->id, p->name);
    p->rights = sl_access_tier(a, p->tier);
    p->roles &= SL_ROLE_USER;
    return SL_OK;
}

enum sl_code sl_access_act(const struct sl_access *a, const struct sl_principal *actor,
                           const struct sl_credentials *c, struct sl_arena *arena,
                           const struct sl_principal **out, struct sl_err *err)
{
    if (!(actor->scopes & SL_SCOPE_ACT_AS))
        return FORBID(err, "the metadata entry %s needs a key of the scope act_as",
                      c->user.n ? "sluice-user" : "sluice-tier");
    if (!c->user.n)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "sluice-user",
                            "the metadata entry sluice-tier needs sluice-user beside it");
    if (check_entry(c->user, "sluice-user", err) ||
        (c->tier.n && check_entry(c->tier, "sluice-tier", err)))
        return err->code;
    struct sl_principal *p = SL_ARENA_NEW(arena, struct sl_principal);
    *p = *actor;
    p->actor = actor;
    p->scopes &= ~(unsigned)SL_SCOPE_ACT_AS;
    p->roles |= SL_ROLE_USER;
    p->stored = false;
    p->preferences = NULL;
    p->name = sl_arena_strndup(arena, c->user.p, c->user.n);
    p->tier = sl_arena_strndup(arena, c->tier.p ? c->tier.p : "", c->tier.n);
    const struct sl_person *known = sl_access_find_person(a, SL_BY_NAME, c->user.p, c->user.n);
    enum sl_code code = known ? take_known(a, known, p, err) : take_unknown(a, arena, p, err);
    if (code == SL_OK)
        *out = p;
    return code;
}
