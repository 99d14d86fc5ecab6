/* The tiers that a plan's models name: those that are missing are made, open and of the lowest rank. Nobody's rights grow by
 * that: whoever has such a tier already (a key of the configuration, a token's claim) was bound by nothing, and still is;
 * acting in it never exceeds the actor's own rights. */
#include <string.h>

#include "access/names.h"
#include "base/str.h"
#include "registry/import/applying.h"

static void note(struct sl_applying *s, enum sl_import_level level, const struct sl_import_tier *t,
                 const char *text)
{
    const struct sl_import_about about = {level, t->place, t->name};
    sl_import_note(s->a->plan, &about, "%s", text);
}

/* As for CreateTier: no lower role, and nobody who acts for a user. */
static bool may_make_tiers(const struct sl_principal *p)
{
    return p->roles & SL_ROLE_ADMIN && !p->actor;
}

static enum sl_code make(struct sl_applying *s, const struct sl_import_tier *t)
{
    struct sl_row *row = sl_row_create(s->m.arena, SL_TABLE_TIERS);
    struct sl_err err = {0};
    sl_row_set_null(row, SL_COL_OWNER);
    sl_row_set_text(row, SL_COL_NAME, t->name);
    enum sl_code code = sl_tx_insert(s->m.tx, row, &err);
    if (code != SL_OK)
        return sl_applying_goes_on(s, t->place, t->name, &err) ? SL_OK : code;
    Sluice__V1__Change *change = sl_changes_add(&s->changes, "tier", t->name, t->place);
    sl_changes_say(&s->changes, change, "limits: none");
    sl_changes_set(&s->changes, change, SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
    note(s, SL_IMPORT_INFO, t,
         "the tier is new: it has no limits, and no user is in it yet (sluice tiers update, sluice "
         "users update --tier)");
    return SL_OK;
}

static enum sl_code apply_tier(struct sl_applying *s, const struct sl_import_tier *t)
{
    const struct sl_row_name key = {SL_TABLE_TIERS, NULL, t->name};
    const char *wrong = sl_name_problem(t->name, strlen(t->name));
    struct sl_row *row = NULL;
    if (wrong) {
        note(s, SL_IMPORT_ERROR, t, sl_arena_printf(s->m.arena, "the tier's name %s", wrong));
        return SL_OK;
    }
    if (sl_tx_find(s->m.tx, key, s->m.arena, &row, s->err) != SL_OK)
        return s->err->code;
    if (row)
        return SL_OK;
    if (may_make_tiers(s->m.principal))
        return make(s, t);
    note(s, SL_IMPORT_NOT_CARRIED, t,
         "there is no tier of that name yet, and only administrators make tiers: until one does "
         "(sluice tiers create), nobody is in it");
    return SL_OK;
}

enum sl_code sl_apply_tiers(struct sl_applying *s)
{
    enum sl_code code = SL_OK;
    for (const struct sl_import_tier *t = s->a->plan->tiers; t && code == SL_OK; t = t->next) {
        if (s->a->personal)
            note(s, SL_IMPORT_INFO, t,
                 "tiers say who may use global models; nobody else sees a model of your own");
        else
            code = apply_tier(s, t);
    }
    return code;
}
