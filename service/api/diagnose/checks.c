/* The table of checks, and what they share. */
#include "api/diagnose/diagnosis.h"

#include <string.h>

#include "base/str.h"
#include "registry/vault/vault.h"

enum { ORIGIN_MAX = 300 };

static const struct {
    void (*run)(struct sl_diagnosis *d);
    bool whole; /* for those who may see all of the service */
} checks[] = {
    {sl_diagnose_default, false},   {sl_diagnose_users_defaults, true},
    {sl_diagnose_models, false},    {sl_diagnose_keys, false},
    {sl_diagnose_references, true}, {sl_diagnose_life, false},
    {sl_diagnose_addresses, false}, {sl_diagnose_database, true},
    {sl_diagnose_encryption, true}, {sl_diagnose_access, true},
};

void sl_diagnosis_run(struct sl_diagnosis *d)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(checks); i++) {
        if (d->whole || !checks[i].whole)
            checks[i].run(d);
    }
}

static void walk(struct sl_registry_walk *w,
                 void (*on_model)(void *owner, const struct sl_model *m), void *owner,
                 const struct sl_diagnosis *usable_by)
{
    for (const struct sl_model *m; (m = sl_registry_next(w));) {
        if (!m->deleted_ms &&
            (!usable_by || sl_registry_may_use(usable_by->registry, m, usable_by->principal)))
            on_model(owner, m);
    }
}

void sl_diagnosis_walk(const struct sl_diagnosis *d,
                       void (*on_model)(void *owner, const struct sl_model *m), void *owner)
{
    struct sl_registry_walk w;
    sl_registry_walk(&w, d->registry, "", NULL);
    walk(&w, on_model, owner, d->whole ? NULL : d);
    if (d->whole)
        sl_registry_walk_personal(&w, d->registry);
    else
        sl_registry_walk(&w, d->registry, d->principal->id, NULL);
    if (d->whole || *d->principal->id)
        walk(&w, on_model, owner, NULL);
}

const char *sl_diagnosis_user(const struct sl_diagnosis *d, const char *id)
{
    const char *name = sl_access_user_name(d->access, id);
    return *name ? name : id;
}

const char *sl_diagnosis_count(struct sl_arena *arena, size_t n, const char *noun)
{
    return sl_arena_printf(arena, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

const char *sl_diagnosis_subject(const struct sl_diagnosis *d, const struct sl_model *m)
{
    if (*m->owner && strcmp(m->owner, d->principal->id) != 0)
        return sl_arena_printf(d->arena, "users/%s/models/%s", sl_diagnosis_user(d, m->owner),
                               m->name);
    return sl_arena_printf(d->arena, "models/%s", m->name);
}

const char *sl_diagnosis_advise(const struct sl_diagnosis *d, const char *owner, const char *remedy)
{
    if (!*remedy)
        return remedy;
    if (!*owner)
        return d->whole ? remedy : sl_arena_printf(d->arena, "an administrator can: %s", remedy);
    return strcmp(owner, d->principal->id) ? sl_arena_printf(d->arena, "its owner can: %s", remedy)
                                           : remedy;
}

const char *sl_diagnosis_origin(const struct sl_diagnosis *d, const char *url)
{
    char origin[ORIGIN_MAX];
    if (!sl_vault_bind(url, origin, sizeof(origin)))
        return *url ? "an address that is not well-formed" : "no address";
    return sl_arena_strdup(d->arena, origin);
}

const struct sl_model *sl_diagnosis_find(const struct sl_diagnosis *d, const char *user,
                                         const char *name)
{
    const struct sl_model *own = NULL;
    if (sl_starts_with(name, "models/"))
        name += strlen("models/");
    if (sl_starts_with(name, "global/"))
        return sl_registry_find(d->registry, name + strlen("global/"), NULL);
    if (user && *user)
        own = sl_registry_find_personal(d->registry, user, name, NULL);
    return own ? own : sl_registry_find(d->registry, name, NULL);
}
