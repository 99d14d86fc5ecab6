/* Going through all that a snapshot holds: defaults and keys. */
#include "registry/index.h"
#include "registry/registry.h"
#include "registry/rows.h"

/* ---- defaults ---- */

struct each_default {
    void (*on_default)(void *owner, const struct sl_registry_default *d);
    void *owner;
};

static const struct sl_stored_default *default_of(const struct sl_map_slot *slot)
{
    return SL_CONTAINER_OF(slot->value, struct sl_stored_default, counted);
}

static void on_default(void *owner, const struct sl_map_slot *slot)
{
    const struct each_default *e = owner;
    const struct sl_stored_default *d = default_of(slot);
    e->on_default(e->owner, &(struct sl_registry_default){d->scope, d->subject, "", d->model});
}

static void on_pin(void *owner, const struct sl_map_slot *slot)
{
    const struct each_default *e = owner;
    const struct sl_stored_default *d = default_of(slot);
    e->on_default(e->owner,
                  &(struct sl_registry_default){"conversation", d->scope, d->subject, d->model});
}

void sl_registry_each_default(const struct sl_registry *r,
                              void (*on_each)(void *owner, const struct sl_registry_default *d),
                              void *owner)
{
    struct each_default e = {on_each, owner};
    sl_map_each(&r->index->defaults, false, on_default, &e);
    sl_map_each(&r->index->pins, false, on_pin, &e);
}

struct sl_registry_said sl_registry_said_default(const struct sl_registry *r, size_t i)
{
    const struct sl_registry_fixed *f = r->index->fixed;
    const char *stored = sl_registry_default_of(r, "registry", "");
    const struct sl_registry_said all[] = {
        {"stored", stored ? stored : ""},
        {"default_model of the configuration", f->default_model},
        {"DEFAULT_LLM_MODEL", f->environment_model},
    };
    return i < SL_ARRAY_LEN(all) ? all[i] : (struct sl_registry_said){NULL, ""};
}

/* ---- keys ---- */

struct each_credential {
    void (*on_credential)(void *owner, const struct sl_registry_credential *c);
    void *owner;
};

static const struct sl_stored_credential *credential_of(const struct sl_map_slot *slot)
{
    return SL_CONTAINER_OF(slot->value, struct sl_stored_credential, counted);
}

static void on_credential(void *owner, const struct sl_map_slot *slot)
{
    const struct each_credential *e = owner;
    const struct sl_stored_credential *c = credential_of(slot);
    e->on_credential(e->owner, &(struct sl_registry_credential){c->id, c->owner, c->provider,
                                                                c->reference, c->enabled});
}

void sl_registry_each_credential(const struct sl_registry *r,
                                 void (*on_each)(void *owner,
                                                 const struct sl_registry_credential *c),
                                 void *owner)
{
    struct each_credential e = {on_each, owner};
    sl_map_each(&r->index->credentials, false, on_credential, &e);
}
