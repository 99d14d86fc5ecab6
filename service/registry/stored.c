/* From the store's rows to the stored part of a snapshot: all of them, or those that changed. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "registry/index.h"
#include "registry/last_used.h"
#include "registry/maker.h"
#include "registry/rows.h"

static void complain(const struct sl_row *row, const char *what, const char *why)
{
    sl_log(SL_LOG_WARN, "a stored entry cannot be used as it is", SL_F_STR("entry", what),
           SL_F_STR("name", sl_row_text(row, SL_COL_NAME)),
           SL_F_STR("id", sl_row_text(row, SL_COL_ID)), SL_F_STR("why", why));
}

static bool is_deleted(const struct sl_row *row)
{
    return sl_row_int(row, SL_COL_DELETED_MS) != 0;
}

/* ---- providers ---- */

static enum sl_code take_provider(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_storing *s = owner;
    struct sl_config_provider said;
    struct sl_provider_draft draft;
    struct sl_registry_provider *made = NULL;
    struct sl_arena arena;
    struct sl_err why = {0};
    const char *unreadable;
    (void)err;
    sl_arena_init(&arena, SIZE_MAX);
    sl_row_provider(row, &arena, &said, &draft, &unreadable);
    if (unreadable)
        complain(row, "provider", unreadable);
    const struct sl_catalogue *c = s->maker->catalogue;
    draft.known = c ? sl_catalogue_provider(c, draft.id) : NULL;
    if (c && (!draft.known || strcmp(draft.known->kind, said.kind) != 0))
        draft.known = sl_catalogue_provider_by_kind(c, said.kind);
    if (!draft.adapter)
        complain(row, "provider", "its kind is not known");
    else if (sl_provider_make(s->maker, &draft, &made, &why))
        complain(row, "provider", why.text);
    if (made) {
        sl_provider_set_add(s->index->providers, made);
        sl_counted_unref(&made->counted);
    }
    sl_arena_fini(&arena);
    return SL_OK;
}

/* ---- models ---- */

/* Whose adapter a model gets whose provider is gone. */
static struct sl_registry_provider *stand_in(const struct sl_storing *s)
{
    struct sl_registry_provider *p = sl_provider_set_find(s->index->providers, "", "custom");
    return p ? p : sl_provider_set_find(s->index->providers, "", sl_adapters()[0]->name);
}

static struct sl_registry_model *make_model(const struct sl_storing *s,
                                            struct sl_config_model *said,
                                            struct sl_model_draft *draft)
{
    struct sl_registry_model *made = NULL;
    struct sl_err err = {0}, again = {0};
    draft->provider = sl_provider_set_find(s->index->providers, draft->owner, said->provider);
    if (!draft->provider) {
        draft->provider = stand_in(s);
        draft->problem = "its provider is not there any more";
    } else if (!draft->provider->provider.enabled) {
        draft->problem = "its provider is switched off";
    }
    if (sl_model_make(s->maker, draft, &made, &err) == SL_OK)
        return made;
    struct sl_config_model bare;
    sl_said_model_init(&bare);
    bare.name = said->name;
    bare.model_id = said->model_id;
    bare.base_url = said->base_url;
    bare.aliases = said->aliases;
    draft->said = &bare;
    draft->problem = err.text;
    return sl_model_make(s->maker, draft, &made, &again) == SL_OK ? made : NULL;
}

/* The row knows of uses that are a minute old, the one that it replaces of the last ones. */
static void put_model(struct sl_model_table *t, struct sl_registry_model *made)
{
    const struct sl_model *was = sl_model_table_get(t, sl_model_table_id(&made->model));
    if (was)
        sl_registry_note_use(&made->model, sl_registry_last_used(was));
    sl_model_table_put(t, made);
}

static enum sl_code take_model(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_storing *s = owner;
    struct sl_config_model said;
    struct sl_model_draft draft;
    struct sl_arena arena;
    const char *unreadable;
    (void)err;
    sl_arena_init(&arena, SIZE_MAX);
    sl_row_model(row, &arena, &said, &draft, &unreadable);
    struct sl_registry_model *made = make_model(s, &said, &draft);
    if (unreadable || !made)
        complain(row, "model", unreadable ? unreadable : "it cannot be made");
    if (made)
        put_model(&s->index->stored, made);
    sl_arena_fini(&arena);
    return SL_OK;
}

/* ---- credentials ---- */

static void free_list(struct sl_counted *c)
{
    struct sl_credential_list *l = SL_CONTAINER_OF(c, struct sl_credential_list, counted);
    for (size_t i = 0; i < l->n; i++)
        sl_counted_unref(&l->list[i]->counted);
    sl_free(l);
}

static struct sl_stored_credential *credential_of(const struct sl_map_slot *slot)
{
    return SL_CONTAINER_OF(slot->value, struct sl_stored_credential, counted);
}

static bool comes_before(const struct sl_stored_credential *a, const struct sl_stored_credential *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return strcmp(a->id, b->id) < 0;
}

/* The list of a provider's keys without the one of that id, and with another one (NULL: none). */
static void change_list(struct sl_registry_index *x, const struct sl_stored_credential *of,
                        struct sl_stored_credential *with)
{
    const struct sl_map_slot *slot = sl_map_find(&x->bundles, of->owner, of->provider);
    const struct sl_credential_list *old =
        slot ? SL_CONTAINER_OF(slot->value, struct sl_credential_list, counted) : NULL;
    size_t n = old ? old->n : 0;
    struct sl_credential_list *l = sl_calloc(1, sizeof(*l) + (n + 1) * sizeof(l->list[0]));
    sl_counted_init(&l->counted, free_list);
    for (size_t i = 0; i <= n; i++) {
        bool last = i == n;
        if (with && (last || comes_before(with, old->list[i]))) {
            sl_counted_ref(&with->counted);
            l->list[l->n++] = with;
            with = NULL;
        }
        if (last || !strcmp(old->list[i]->id, of->id))
            continue;
        sl_counted_ref(&old->list[i]->counted);
        l->list[l->n++] = old->list[i];
    }
    if (l->n)
        sl_map_put(&x->bundles, (struct sl_map_key){l->list[0]->owner, l->list[0]->provider},
                   &l->counted, 0);
    else
        sl_map_remove(&x->bundles, of->owner, of->provider);
    sl_counted_unref(&l->counted);
}

static void drop_credential(struct sl_registry_index *x, const char *id)
{
    const struct sl_map_slot *slot = sl_map_find(&x->credentials, "", id);
    if (!slot)
        return;
    struct sl_stored_credential *old = credential_of(slot);
    sl_counted_ref(&old->counted);
    change_list(x, old, NULL);
    sl_map_remove(&x->credentials, "", id);
    sl_counted_unref(&old->counted);
}

/* Those of one model are found by their id, which the model names. */
static enum sl_code take_credential(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_storing *s = owner;
    struct sl_stored_credential *c = sl_row_credential(row);
    struct sl_references *references = s->maker->references;
    struct sl_secret *secret = NULL;
    struct sl_err missing = {0};
    (void)err;
    drop_credential(s->index, c->id);
    if (!is_deleted(row)) {
        sl_map_put(&s->index->credentials, (struct sl_map_key){"", c->id}, &c->counted, 0);
        if (!*sl_row_text(row, SL_CREDENTIALS_MODEL))
            change_list(s->index, c, c);
        if (*c->reference && references &&
            sl_references_take(references, c->reference, SL_REFERENCE_ADMIN, &secret, &missing))
            complain(row, "credential", missing.text);
        sl_secret_unref(secret);
    }
    sl_counted_unref(&c->counted);
    return SL_OK;
}

/* ---- defaults ---- */

static struct sl_stored_default *default_of(const struct sl_map_slot *slot)
{
    return SL_CONTAINER_OF(slot->value, struct sl_stored_default, counted);
}

/* From both maps; the ids of defaults and of pins never meet. */
static void drop_default(struct sl_registry_index *x, struct sl_map *map, const char *id)
{
    const struct sl_map_slot *slot = sl_map_find(&x->default_ids, "", id);
    if (!slot)
        return;
    struct sl_stored_default *old = default_of(slot);
    sl_counted_ref(&old->counted);
    const struct sl_map_slot *now = sl_map_find(map, old->scope, old->subject);
    if (now && now->value == &old->counted)
        sl_map_remove(map, old->scope, old->subject);
    sl_map_remove(&x->default_ids, "", id);
    sl_counted_unref(&old->counted);
}

/* Takes the reference over. */
static void put_default(struct sl_registry_index *x, struct sl_map *map,
                        struct sl_stored_default *d, bool deleted)
{
    drop_default(x, map, d->id);
    if (!deleted && *d->model) {
        sl_map_put(&x->default_ids, (struct sl_map_key){"", d->id}, &d->counted, 0);
        sl_map_put(map, (struct sl_map_key){d->scope, d->subject}, &d->counted, 0);
    }
    sl_counted_unref(&d->counted);
}

static enum sl_code take_default(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_storing *s = owner;
    (void)err;
    put_default(s->index, &s->index->defaults, sl_row_default(row), is_deleted(row));
    return SL_OK;
}

static enum sl_code take_pin(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_storing *s = owner;
    (void)err;
    put_default(s->index, &s->index->pins, sl_row_pin(row), is_deleted(row));
    return SL_OK;
}

/* ---- reading ---- */

static const struct sl_store_session session = {.role = SL_STORE_SYNC};

static enum sl_code each(struct sl_storing *s, struct sl_tx *tx, enum sl_table table,
                         enum sl_rows_kind rows, sl_on_row *take, struct sl_err *err)
{
    const struct sl_query q = {.table = table, .rows = rows, .order = SL_UNORDERED};
    return sl_tx_each(tx, &q, take, s, err);
}

static void publish(struct sl_registry_index *x)
{
    struct sl_map *const maps[] = {&x->credentials, &x->bundles, &x->defaults, &x->default_ids,
                                   &x->pins};
    sl_model_table_publish(&x->stored);
    for (size_t i = 0; i < SL_ARRAY_LEN(maps); i++) {
        if (sl_map_should_merge(maps[i]))
            sl_map_merge(maps[i]);
    }
}

enum sl_code sl_storing_load(struct sl_storing *s, struct sl_store *store, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(store, &session, false, &tx, err);
    if (code)
        return code;
    s->index->store_revision = sl_tx_revision(tx);
    code = each(s, tx, SL_TABLE_PROVIDERS, SL_ROWS_LIVE, take_provider, err);
    if (!code)
        code = each(s, tx, SL_TABLE_CREDENTIALS, SL_ROWS_LIVE, take_credential, err);
    if (!code)
        code = each(s, tx, SL_TABLE_MODELS, SL_ROWS_ALL, take_model, err);
    if (!code)
        code = each(s, tx, SL_TABLE_MODEL_DEFAULTS, SL_ROWS_LIVE, take_default, err);
    if (!code)
        code = each(s, tx, SL_TABLE_CONVERSATIONS, SL_ROWS_LIVE, take_pin, err);
    code = sl_tx_end(tx, code, NULL, err);
    if (!code)
        publish(s->index);
    return code;
}

/* ---- providers that changed ---- */

/* name may be NULL: nothing. */
static void note_changed(struct sl_storing *s, const char *name)
{
    for (const struct sl_changed_provider *o = s->changed; name && o; o = o->next) {
        if (!strcmp(o->name, name))
            return;
    }
    if (!name)
        return;
    struct sl_changed_provider *c = SL_ARENA_NEW(s->arena, struct sl_changed_provider);
    c->name = sl_arena_strdup(s->arena, name);
    c->next = s->changed;
    s->changed = c;
}

static enum sl_code change_provider(struct sl_storing *s, const struct sl_change *c,
                                    struct sl_err *err)
{
    struct sl_registry_index *x = s->index;
    if (!s->providers_changed) {
        struct sl_provider_set *own = sl_provider_set_copy(x->providers);
        sl_counted_unref(&x->providers->counted);
        x->providers = own;
        s->providers_changed = true;
    }
    note_changed(s, c->id);
    note_changed(s, sl_provider_set_remove(x->providers, x->fixed, c->id));
    if (!c->row || is_deleted(c->row))
        return SL_OK;
    note_changed(s, sl_row_text(c->row, SL_COL_NAME));
    return take_provider(s, c->row, err);
}

/* They hold what they share with their provider. */
static enum sl_code renew_models(struct sl_storing *s, struct sl_tx *tx, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (const struct sl_changed_provider *c = s->changed; c && !code; c = c->next) {
        const struct sl_filter filter = {SL_MODELS_PROVIDER, SL_EQUAL, sl_value_text(c->name)};
        const struct sl_query q = {.table = SL_TABLE_MODELS,
                                   .rows = SL_ROWS_ALL,
                                   .order = SL_UNORDERED,
                                   .filters = &filter,
                                   .n_filters = 1};
        code = sl_tx_each(tx, &q, take_model, s, err);
    }
    return code;
}

_Static_assert(SL_TABLE_PROVIDERS < SL_TABLE_MODELS,
               "changes come table by table: providers first");

static enum sl_code take_change(void *owner, const struct sl_change *c, struct sl_err *err)
{
    struct sl_storing *s = owner;
    switch (c->table) {
    case SL_TABLE_PROVIDERS:
        return change_provider(s, c, err);
    case SL_TABLE_MODELS:
        if (c->row)
            return take_model(s, c->row, err);
        sl_model_table_remove(&s->index->stored, c->id);
        break;
    case SL_TABLE_CREDENTIALS:
        if (c->row)
            return take_credential(s, c->row, err);
        drop_credential(s->index, c->id);
        break;
    case SL_TABLE_MODEL_DEFAULTS:
        if (c->row)
            return take_default(s, c->row, err);
        drop_default(s->index, &s->index->defaults, c->id);
        break;
    case SL_TABLE_CONVERSATIONS:
        if (c->row)
            return take_pin(s, c->row, err);
        drop_default(s->index, &s->index->pins, c->id);
        break;
    default:
        break;
    }
    return SL_OK;
}

enum sl_code sl_storing_refresh(struct sl_storing *s, struct sl_store *store, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    struct sl_arena arena;
    enum sl_code code = sl_store_begin(store, &session, false, &tx, err);
    if (code)
        return code;
    int64_t revision = sl_tx_revision(tx);
    sl_arena_init(&arena, SIZE_MAX);
    s->arena = &arena;
    code = sl_tx_changes(tx, s->index->store_revision, take_change, s, err);
    if (!code)
        code = renew_models(s, tx, err);
    code = sl_tx_end(tx, code, NULL, err);
    sl_arena_fini(&arena);
    s->index->store_revision = revision;
    if (!code)
        publish(s->index);
    return code;
}

void sl_storing_add(struct sl_storing *s, const struct sl_row *const *rows, size_t n)
{
    struct sl_err none = {0};
    for (size_t i = 0; i < n;
         i++) { /* neither can fail: what is wrong becomes the model's problem */
        if (rows[i]->table == SL_TABLE_MODELS)
            (void)!take_model(s, rows[i], &none);
        else
            (void)!take_credential(s, rows[i], &none);
    }
    publish(s->index);
}
