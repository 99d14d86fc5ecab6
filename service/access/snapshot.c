/* Snapshots: what they share, what stands over what, and letting them go. */
#include <stdlib.h>
#include <string.h>

#include "access/internal.h"
#include "access/load.h"
#include "base/alloc.h"

#define REF(p) atomic_fetch_add_explicit(&(p)->refs, 1, memory_order_relaxed)
#define LAST(p) (atomic_fetch_sub_explicit(&(p)->refs, 1, memory_order_acq_rel) == 1)

struct sl_access *sl_access_copy(const struct sl_access *old)
{
    struct sl_access *a = SL_NEW(struct sl_access);
    *a = (struct sl_access){
        .revision = old->revision,
        .sha256 = old->sha256,
        .rules = old->rules,
        .base = old->base,
        .overlay = old->overlay,
        .tiers = sl_tiers_ref(old->tiers),
    };
    atomic_init(&a->refs, 1);
    EVP_MD_up_ref(a->sha256);
    REF(a->rules);
    REF(a->base);
    if (a->overlay)
        REF(a->overlay);
    return a;
}

struct sl_access *sl_access_under_rules_of(const struct sl_access *a, const struct sl_access *other)
{
    struct sl_access *out = sl_access_copy(a);
    sl_access_rules_unref(out->rules);
    out->rules = other->rules;
    REF(out->rules);
    return out;
}

struct sl_access *sl_access_ref(struct sl_access *a)
{
    REF(a);
    return a;
}

void sl_access_unref(struct sl_access *a)
{
    if (!a || !LAST(a))
        return;
    EVP_MD_free(a->sha256);
    sl_access_rules_unref(a->rules);
    sl_access_base_unref(a->base);
    sl_access_overlay_unref(a->overlay);
    sl_tiers_unref(a->tiers);
    sl_free(a);
}

void sl_access_rules_unref(struct sl_access_rules *r)
{
    if (!r || !LAST(r))
        return;
    sl_key_table_fini(&r->keys);
    sl_free(r->list);
    sl_free(r->certificates);
    sl_oidc_rules_unref(r->oidc);
    sl_throttle_unref(r->throttle);
    sl_arena_fini(&r->arena);
    sl_free(r);
}

void sl_access_base_unref(struct sl_access_base *b)
{
    if (!b || !LAST(b))
        return;
    sl_key_table_fini(&b->keys);
    sl_people_fini(&b->people);
    sl_free(b);
}

void sl_access_overlay_unref(struct sl_access_overlay *o)
{
    if (!o || !LAST(o))
        return;
    sl_key_table_fini(&o->keys);
    sl_people_fini(&o->changed);
    sl_people_fini(&o->fresh);
    for (size_t i = 0; i < o->n_gone; i++)
        sl_free(o->gone[i]);
    sl_free(o->gone);
    sl_free(o);
}

static void copy_gone(struct sl_access_overlay *o, const struct sl_access_overlay *from)
{
    o->n_gone = from->n_gone;
    o->gone = sl_calloc(o->n_gone + 1, sizeof(char *));
    for (size_t i = 0; i < o->n_gone; i++)
        o->gone[i] = sl_strdup(from->gone[i]);
}

struct sl_access_overlay *sl_access_overlay_copy(const struct sl_access_overlay *from)
{
    struct sl_access_overlay *o = SL_NEW(struct sl_access_overlay);
    atomic_init(&o->refs, 1);
    if (!from)
        return o;
    sl_key_table_copy(&o->keys, &from->keys);
    sl_people_copy(&o->changed, &from->changed);
    sl_people_copy(&o->fresh, &from->fresh);
    copy_gone(o, from);
    return o;
}

struct sl_access_overlay *sl_access_overlay_only_gone(const struct sl_access_overlay *from)
{
    if (!from->n_gone)
        return NULL;
    struct sl_access_overlay *o = SL_NEW(struct sl_access_overlay);
    atomic_init(&o->refs, 1);
    copy_gone(o, from);
    return o;
}

static int compare_gone(const void *id, const void *entry)
{
    return strcmp(id, *(char *const *)entry);
}

bool sl_access_is_gone(const struct sl_access *a, const char *id)
{
    return a->overlay && a->overlay->n_gone &&
           bsearch(id, a->overlay->gone, a->overlay->n_gone, sizeof(char *), compare_gone);
}

/* ---- looking up ---- */

const struct sl_key_entry *sl_access_key(const struct sl_access *a, const unsigned char *digest)
{
    const struct sl_key_entry *e = a->overlay ? sl_key_table_find(&a->overlay->keys, digest) : NULL;
    return e ? e : sl_key_table_find(&a->base->keys, digest);
}

/* As it is now, where the overlay has it. */
static const struct sl_person *now(const struct sl_access *a, const struct sl_person *p)
{
    const struct sl_person *changed =
        a->overlay && a->overlay->changed.n
            ? sl_people_find(&a->overlay->changed, SL_BY_ID, p->id, strlen(p->id))
            : NULL;
    return changed ? changed : p;
}

const struct sl_person *sl_access_person(const struct sl_access *a, uint32_t number)
{
    const struct sl_person *p = NULL;
    size_t n = a->base->people.n;
    if (number < n)
        p = now(a, a->base->people.list[number]);
    else if (a->overlay && number - n < a->overlay->fresh.n)
        p = a->overlay->fresh.list[number - n];
    return p && !p->deleted ? p : NULL;
}

static bool has(const struct sl_person *p, enum sl_people_by by, const char *key, size_t n)
{
    const char *own = by == SL_BY_ID ? p->id : by == SL_BY_NAME ? p->name : p->subject;
    return !strncmp(own, key, n) && !own[n];
}

const struct sl_person *sl_access_find_person(const struct sl_access *a, enum sl_people_by by,
                                              const char *key, size_t n)
{
    const struct sl_person *p = NULL;
    if (a->overlay) {
        p = sl_people_find(&a->overlay->fresh, by, key, n);
        if (!p || p->deleted)
            p = sl_people_find(&a->overlay->changed, by, key, n);
    }
    if (!p) {
        p = sl_people_find(&a->base->people, by, key, n);
        p = p ? now(a, p) : NULL;
    }
    return p && !p->deleted && has(p, by, key, n) ? p : NULL;
}

const struct sl_tier *sl_access_tier(const struct sl_access *a, const char *name)
{
    return *name ? sl_tiers_find(a->tiers, name) : NULL;
}

const struct sl_tier *sl_access_nth_tier(const struct sl_access *a, size_t i)
{
    return sl_tiers_at(a->tiers, i);
}

bool sl_access_user(const struct sl_access *a, const char *id, struct sl_principal *out)
{
    const struct sl_person *p = sl_access_find_person(a, SL_BY_ID, id, strlen(id));
    if (!p)
        return false;
    *out = (struct sl_principal){
        .id = p->id,
        .name = p->name,
        .tier = p->tier,
        .rights = sl_access_tier(a, p->tier),
        .roles = p->roles | SL_ROLE_USER,
        .scopes = SL_SCOPES_DEFAULT,
        .proof = "api_key",
        .key_id = "",
        .stored = true,
        .preferences = p->preferences,
    };
    return true;
}

const char *sl_access_user_name(const struct sl_access *a, const char *id)
{
    const struct sl_person *p = sl_access_find_person(a, SL_BY_ID, id, strlen(id));
    return p ? p->name : "";
}

const struct sl_preferences *sl_access_preferences(const struct sl_access *a, const char *id)
{
    const struct sl_person *p = sl_access_find_person(a, SL_BY_ID, id, strlen(id));
    return p ? p->preferences : NULL;
}

void sl_access_each_preferences(const struct sl_access *a,
                                void (*on_user)(void *owner, const char *id,
                                                const struct sl_preferences *preferences),
                                void *owner)
{
    size_t n = a->base->people.n + (a->overlay ? a->overlay->fresh.n : 0);
    for (size_t i = 0; i < n; i++) {
        const struct sl_person *p = sl_access_person(a, (uint32_t)i);
        if (p && p->preferences)
            on_user(owner, p->id, p->preferences);
    }
}

bool sl_access_configured_key(const struct sl_access *a, size_t i, struct sl_configured_key *out)
{
    for (size_t k = 0; k < a->rules->n; k++) {
        const struct sl_access_rule *r = &a->rules->list[k];
        if (*r->certificate || i--)
            continue;
        *out = (struct sl_configured_key){r->name, r->tier, r->roles, r->scopes};
        return true;
    }
    return false;
}

bool sl_access_configures_tier(const struct sl_access *a, const char *tier)
{
    for (size_t i = 0; i < a->rules->n; i++) {
        if (!strcmp(a->rules->list[i].tier, tier))
            return true;
    }
    return false;
}

int64_t sl_access_revision(const struct sl_access *a)
{
    return a->revision;
}
