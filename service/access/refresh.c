/* Keeps snapshots up with the store: all of it at start; then what was written since, laid over the base; and the base made
 * anew from both when the overlay has grown. */
#include <stdlib.h>
#include <string.h>

#include "access/internal.h"
#include "access/load.h"
#include "access/row_json.h"
#include "base/alloc.h"

enum {
    OVERLAY_MAX = 4096,  /* entries of an overlay, which each refresh copies (0.2 ms) */
    OVERLAY_SHARE = 64,  /* or this part of the base, where that is more */
    GONE_MAX = 64 * 1024 /* keys that were removed for good: more are worth reading everything */
};

_Static_assert(SL_TABLE_USERS < SL_TABLE_API_KEYS && SL_TABLE_USERS < SL_TABLE_PREFERENCES,
               "changes come table by table: users first");

/* ---- rows ---- */

enum { NO_PERSON = SL_MAX_USERS + 1 };

static uint32_t number_of(const struct sl_people *people, const char *id)
{
    const struct sl_person *p = sl_people_find(people, SL_BY_ID, id, strlen(id));
    return p ? p->number : NO_PERSON;
}

/* False for a row that is no key: a digest of another length. */
static bool make_entry(const struct sl_row *row, uint32_t user, struct sl_key_entry *out)
{
    struct sl_str digest = sl_row_bytes(row, SL_API_KEYS_SHA256);
    int64_t expires_s = sl_row_int(row, SL_API_KEYS_EXPIRES_MS) / 1000;
    if (digest.n != SL_STORE_DIGEST)
        return false;
    memcpy(out->digest, digest.p, SL_KEY_DIGEST);
    if (sl_row_int(row, SL_API_KEYS_EXPIRES_MS))
        expires_s = expires_s < 1 ? 1 : expires_s;
    out->expires_s = expires_s > UINT32_MAX ? UINT32_MAX : (uint32_t)expires_s;
    out->scopes = sl_row_scopes(row) & 31;
    out->user = (user == NO_PERSON ? 0 : user) + 1;
    out->dead = user == NO_PERSON || sl_row_int(row, SL_COL_DELETED_MS) != 0 ||
                sl_row_int(row, SL_API_KEYS_REVOKED_MS) != 0;
    return true;
}

/* ---- all of the store ---- */

static enum sl_code add_person(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_access_base *base = owner;
    if (base->people.n >= SL_MAX_USERS)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE, "too many users");
    sl_people_add(&base->people, sl_person_create(row, (uint32_t)base->people.n));
    return SL_OK;
}

static enum sl_code add_tier(void *owner, const struct sl_row *row, struct sl_err *err)
{
    return sl_tiers_add(owner, row, err);
}

static enum sl_code add_key(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_access_base *base = owner;
    struct sl_key_entry e = {0};
    uint32_t user = number_of(&base->people, sl_row_text(row, SL_COL_OWNER));
    (void)err;
    if (make_entry(row, user, &e) && !e.dead)
        sl_key_table_put(&base->keys, &e);
    return SL_OK;
}

/* Nobody has the persons yet. */
static enum sl_code add_preferences(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_access_base *base = owner;
    const char *user = sl_row_text(row, SL_COL_OWNER);
    struct sl_person *p = sl_people_find(&base->people, SL_BY_ID, user, strlen(user));
    (void)err;
    if (p && !p->preferences)
        p->preferences = sl_preferences_create(sl_row_text(row, SL_PREFERENCES_SETTINGS));
    return SL_OK;
}

static enum sl_code load_table(struct sl_tx *tx, enum sl_table table, sl_on_row *on_row,
                               void *owner, struct sl_err *err)
{
    const struct sl_query q = {.table = table, .rows = SL_ROWS_LIVE, .order = SL_UNORDERED};
    return sl_tx_each(tx, &q, on_row, owner, err);
}

static enum sl_code load_tiers(struct sl_tx *tx, struct sl_tiers **out, struct sl_err *err)
{
    struct sl_tiers *t = sl_tiers_create();
    if (load_table(tx, SL_TABLE_TIERS, add_tier, t, err)) {
        sl_tiers_unref(t);
        return err->code;
    }
    *out = t;
    return SL_OK;
}

static enum sl_code load_keys(struct sl_tx *tx, struct sl_access_base *base, struct sl_err *err)
{
    const struct sl_query q = {.table = SL_TABLE_API_KEYS, .rows = SL_ROWS_LIVE};
    int64_t n = 0;
    if (sl_tx_count(tx, &q, &n, err))
        return err->code;
    sl_key_table_init(&base->keys, (size_t)n);
    return load_table(tx, SL_TABLE_API_KEYS, add_key, base, err);
}

static const struct sl_store_session loader = {.role = SL_STORE_SYNC};

static enum sl_code load_all(struct sl_access *a, struct sl_store *store, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    struct sl_access_base *base = SL_NEW(struct sl_access_base);
    struct sl_tiers *tiers = NULL;
    atomic_init(&base->refs, 1);
    enum sl_code code = sl_store_begin(store, &loader, false, &tx, err);
    if (code == SL_OK)
        code = load_table(tx, SL_TABLE_USERS, add_person, base, err);
    if (code == SL_OK)
        code = load_table(tx, SL_TABLE_PREFERENCES, add_preferences, base, err);
    if (code == SL_OK)
        code = load_tiers(tx, &tiers, err);
    if (code == SL_OK)
        code = load_keys(tx, base, err);
    int64_t revision = code == SL_OK ? sl_tx_revision(tx) : 0;
    sl_tx_rollback(tx);
    if (code != SL_OK) {
        sl_access_base_unref(base);
        sl_tiers_unref(tiers);
        return code;
    }
    sl_access_base_unref(a->base);
    sl_tiers_unref(a->tiers);
    sl_access_overlay_unref(a->overlay);
    a->base = base;
    a->tiers = tiers;
    a->overlay = NULL;
    a->revision = revision;
    return SL_OK;
}

enum sl_code sl_access_create(const struct sl_config *config, struct sl_store *store,
                              struct sl_access **out, struct sl_err *err)
{
    struct sl_access *a = SL_NEW(struct sl_access);
    enum sl_code code = SL_OK;
    atomic_init(&a->refs, 1);
    a->base = SL_NEW(struct sl_access_base);
    atomic_init(&a->base->refs, 1);
    a->tiers = sl_tiers_create();
    a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!a->sha256)
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    if (code == SL_OK)
        code = sl_access_rules_create(config, NULL, &a->rules, err);
    if (code == SL_OK && store)
        code = load_all(a, store, err);
    if (code == SL_OK)
        *out = a;
    else
        sl_access_unref(a);
    return code;
}

enum sl_code sl_access_reconfigure(const struct sl_access *old, const struct sl_config *config,
                                   struct sl_access **out, struct sl_err *err)
{
    struct sl_access_rules *rules = NULL;
    if (sl_access_rules_create(config, old->rules, &rules, err))
        return err->code;
    *out = sl_access_copy(old);
    sl_access_rules_unref((*out)->rules);
    (*out)->rules = rules;
    return SL_OK;
}

/* ---- what changed ---- */

struct refresh {
    struct sl_access *a; /* overlay: its own, from the first change on */
    bool owned, tiers;
};

static struct sl_access_overlay *overlay_of(struct refresh *r)
{
    if (!r->owned) {
        struct sl_access_overlay *o = sl_access_overlay_copy(r->a->overlay);
        sl_access_overlay_unref(r->a->overlay);
        r->a->overlay = o;
        r->owned = true;
    }
    return r->a->overlay;
}

/* As the snapshot has the person by now, deleted or not; NULL: it never was there. */
static const struct sl_person *find_person(const struct refresh *r, const char *id)
{
    const struct sl_access_overlay *o = r->a->overlay;
    size_t n = strlen(id);
    const struct sl_person *p = o ? sl_people_find(&o->fresh, SL_BY_ID, id, n) : NULL;
    if (!p && o)
        p = sl_people_find(&o->changed, SL_BY_ID, id, n);
    return p ? p : sl_people_find(&r->a->base->people, SL_BY_ID, id, n);
}

/* The row's person, with the preferences that it has. */
static struct sl_person *make_person(const struct refresh *r, const struct sl_row *row,
                                     uint32_t number)
{
    const struct sl_person *was = find_person(r, sl_row_text(row, SL_COL_ID));
    struct sl_person *p = sl_person_create(row, number);
    p->preferences = was ? sl_preferences_ref(was->preferences) : NULL;
    return p;
}

static enum sl_code change_person(struct refresh *r, const struct sl_row *row, struct sl_err *err)
{
    struct sl_access_overlay *o = overlay_of(r);
    const char *id = sl_row_text(row, SL_COL_ID);
    size_t n = r->a->base->people.n;
    uint32_t number = number_of(&r->a->base->people, id);
    if (number != NO_PERSON) {
        sl_people_put(&o->changed, make_person(r, row, number));
        return SL_OK;
    }
    number = number_of(&o->fresh, id);
    if (number == NO_PERSON)
        number = (uint32_t)(n + o->fresh.n);
    if (number >= SL_MAX_USERS)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_STORE, "too many users");
    sl_people_put(&o->fresh, make_person(r, row, number));
    return SL_OK;
}

/* Rows that are gone for good are those of users that are. */
static void change_preferences(struct refresh *r, const struct sl_row *row)
{
    const struct sl_person *p = find_person(r, sl_row_text(row, SL_COL_OWNER));
    struct sl_preferences *preferences = NULL;
    if (!p || p->deleted)
        return;
    struct sl_access_overlay *o = overlay_of(r);
    if (!sl_row_int(row, SL_COL_DELETED_MS))
        preferences = sl_preferences_create(sl_row_text(row, SL_PREFERENCES_SETTINGS));
    bool is_fresh = p->number >= r->a->base->people.n;
    sl_people_put(is_fresh ? &o->fresh : &o->changed, sl_person_with(p, preferences));
}

static void change_key(struct refresh *r, const struct sl_row *row)
{
    struct sl_access_overlay *o = overlay_of(r);
    struct sl_key_entry e = {0};
    const char *user = sl_row_text(row, SL_COL_OWNER);
    uint32_t number = number_of(&o->fresh, user);
    if (number == NO_PERSON)
        number = number_of(&r->a->base->people, user);
    if (make_entry(row, number, &e))
        sl_key_table_put(&o->keys, &e);
}

/* A key that is gone for good is known by its id only. */
static void lose_key(struct refresh *r, const char *id)
{
    struct sl_access_overlay *o = overlay_of(r);
    size_t at = 0;
    while (at < o->n_gone && strcmp(o->gone[at], id) < 0)
        at++;
    if (at < o->n_gone && !strcmp(o->gone[at], id))
        return;
    o->gone = sl_realloc(o->gone, (o->n_gone + 1) * sizeof(char *));
    memmove(o->gone + at + 1, o->gone + at, (o->n_gone - at) * sizeof(char *));
    o->gone[at] = sl_strdup(id);
    o->n_gone++;
}

static void lose_person(struct refresh *r, const char *id)
{
    struct sl_access_overlay *o = overlay_of(r);
    const struct sl_person *p = sl_people_find(&o->fresh, SL_BY_ID, id, strlen(id));
    struct sl_people *set = p ? &o->fresh : &o->changed;
    if (!p)
        p = sl_people_find(&r->a->base->people, SL_BY_ID, id, strlen(id));
    if (p)
        sl_people_put(set, sl_person_bury(p));
}

static enum sl_code on_change(void *owner, const struct sl_change *c, struct sl_err *err)
{
    struct refresh *r = owner;
    if (c->table == SL_TABLE_TIERS)
        r->tiers = true;
    else if (c->table == SL_TABLE_USERS && c->row)
        return change_person(r, c->row, err);
    else if (c->table == SL_TABLE_USERS)
        lose_person(r, c->id);
    else if (c->table == SL_TABLE_PREFERENCES && c->row)
        change_preferences(r, c->row);
    else if (c->table == SL_TABLE_API_KEYS && c->row)
        change_key(r, c->row);
    else if (c->table == SL_TABLE_API_KEYS)
        lose_key(r, c->id);
    return SL_OK;
}

static enum sl_code read_changes(struct refresh *r, struct sl_tx *tx, struct sl_err *err)
{
    struct sl_tiers *tiers = NULL;
    enum sl_code code = sl_tx_changes(tx, r->a->revision, on_change, r, err);
    if (code == SL_OK && r->tiers)
        code = load_tiers(tx, &tiers, err);
    if (tiers) {
        sl_tiers_unref(r->a->tiers);
        r->a->tiers = tiers;
    }
    if (r->owned) {
        sl_people_settle(&r->a->overlay->changed);
        sl_people_settle(&r->a->overlay->fresh);
    }
    r->a->revision = sl_tx_revision(tx);
    return code;
}

enum sl_code sl_access_refresh(const struct sl_access *old, struct sl_store *store,
                               struct sl_access **out, struct sl_err *err)
{
    struct refresh r = {.a = sl_access_copy(old)};
    struct sl_tx *tx = NULL;
    struct sl_err why = {0};
    enum sl_code code = sl_store_begin(store, &loader, false, &tx, &why);
    if (code == SL_OK)
        code = read_changes(&r, tx, &why);
    sl_tx_rollback(tx);
    if (code == SL_FAILED_PRECONDITION) { /* too long ago */
        sl_access_unref(r.a);
        r.a = sl_access_copy(old);
        why = (struct sl_err){0};
        code = load_all(r.a, store, &why);
    }
    if (code != SL_OK) {
        sl_access_unref(r.a);
        *err = why;
        return code;
    }
    *out = r.a;
    return SL_OK;
}

/* ---- a new base ---- */

bool sl_access_has_grown(const struct sl_access *a)
{
    if (!a->overlay)
        return false;
    size_t n = a->overlay->keys.n + a->overlay->changed.n + a->overlay->fresh.n;
    size_t share = (a->base->keys.n + a->base->people.n) / OVERLAY_SHARE;
    return n > OVERLAY_MAX && n > share;
}

static void add_merged(struct sl_access_base *to, struct sl_person *p)
{
    sl_people_add(&to->people, sl_person_ref(p));
    to->n_deleted += p->deleted;
}

static void merge_people(struct sl_access_base *to, const struct sl_access *a)
{
    const struct sl_people *base = &a->base->people, *fresh = &a->overlay->fresh;
    sl_people_reserve(&to->people, base->n + fresh->n);
    for (size_t i = 0; i < base->n; i++) {
        const char *id = base->list[i]->id;
        struct sl_person *changed = sl_people_find(&a->overlay->changed, SL_BY_ID, id, strlen(id));
        add_merged(to, changed ? changed : base->list[i]);
    }
    for (size_t i = 0; i < fresh->n; i++)
        add_merged(to, fresh->list[i]);
}

static void merge_keys(struct sl_key_table *to, const struct sl_people *people,
                       const struct sl_key_table *from, const struct sl_key_table *over)
{
    for (size_t i = 0; i < from->n_slots; i++) {
        const struct sl_key_entry *e = &from->slots[i];
        if (!e->user || e->dead || (over && sl_key_table_find(over, e->digest)))
            continue;
        if (!people->list[e->user - 1]->deleted)
            sl_key_table_put(to, e);
    }
}

enum sl_code sl_access_compact(const struct sl_access *old, struct sl_store *store,
                               struct sl_access **out, struct sl_err *err)
{
    const struct sl_access_overlay *o = old->overlay;
    struct sl_access *a = sl_access_copy(old);
    if (o && o->n_gone > GONE_MAX) {
        if (load_all(a, store, err)) {
            sl_access_unref(a);
            return err->code;
        }
    } else if (o) {
        struct sl_access_base *base = SL_NEW(struct sl_access_base);
        atomic_init(&base->refs, 1);
        merge_people(base, old);
        sl_key_table_init(&base->keys, old->base->keys.n + o->keys.n);
        merge_keys(&base->keys, &base->people, &old->base->keys, &o->keys);
        merge_keys(&base->keys, &base->people, &o->keys, NULL);
        sl_access_base_unref(a->base);
        a->base = base;
        struct sl_access_overlay *left = sl_access_overlay_only_gone(o);
        sl_access_overlay_unref(a->overlay);
        a->overlay = left;
    }
    *out = a;
    return SL_OK;
}
