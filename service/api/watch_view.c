/* A change is told by what is there now, and by what was visible since the follower was last up to date: so a model that
 * changes faster than its follower reads is told once, and one that is gone is always taken back. In doubt (a walk that a
 * change overtook) something is told twice, never not at all. */
#include "api/watch_view.h"

#include <string.h>

#include "access/rights.h"
#include "api/model_message.h"
#include "base/alloc.h"
#include "base/str.h"
#include "registry/difference.h"
#include "routing/wishes.h"

#define EVENT(name) SLUICE__V1__MODEL_EVENT__TYPE__TYPE_##name

enum {
    MESSAGE_BYTES = 256 * 1024, /* of a message, before its last event */
    LOOKED_AT = 4096,           /* models or changes for a message: a millisecond */
};

typedef Sluice__V1__ModelEvent__Type event_type;

/* One message on its way. */
struct telling {
    struct sl_watch_view *v;
    const struct sl_watch_source *from;
    struct sl_arena *arena;
    Sluice__V1__WatchModelsResponse *out;
    size_t cap, bytes, looked_at;
};

static bool is_full(const struct telling *t)
{
    return t->bytes >= MESSAGE_BYTES || t->looked_at >= LOOKED_AT;
}

/* ---- events ---- */

static Sluice__V1__ModelEvent *add_event(struct telling *t, event_type type, int64_t revision)
{
    Sluice__V1__ModelEvent *e = SL_ARENA_NEW(t->arena, Sluice__V1__ModelEvent);
    if (t->out->n_events == t->cap) {
        size_t cap = t->cap ? 4 * t->cap : 4;
        void *list = sl_arena_alloc(t->arena, cap * sizeof(*t->out->events));
        if (t->cap)
            memcpy(list, t->out->events, t->cap * sizeof(*t->out->events));
        t->out->events = list;
        t->cap = cap;
    }
    sluice__v1__model_event__init(e);
    if (t->v->told < revision)
        t->v->told = revision;
    e->type = type;
    e->revision = t->v->told;
    t->out->events[t->out->n_events++] = e;
    return e;
}

static void add_model(struct telling *t, event_type type, const struct sl_model *m,
                      int64_t revision)
{
    Sluice__V1__ModelEvent *e = add_event(t, type, revision);
    if (type == EVENT(REMOVED)) {
        e->model = SL_ARENA_NEW(t->arena, Sluice__V1__Model);
        sluice__v1__model__init(e->model);
        e->model->name = sl_model_shown_name(t->arena, t->from->registry, m, t->v->principal);
    } else {
        e->model = sl_model_message(t->arena, t->from->registry, m, t->v->principal);
    }
    e->key = sl_arena_strdup(t->arena, sl_model_key(m));
    t->bytes += sluice__v1__model_event__get_packed_size(e);
}

/* ---- who sees what ---- */

static bool is_visible(const struct telling *t, const struct sl_principal *p,
                       const struct sl_model *m, int state)
{
    const struct sl_filter_subject subject = {
        .model = m,
        .owner = *m->owner ? p->name : "",
        .state = sl_model_state_name((Sluice__V1__ModelStatus__State)state),
    };
    return sl_registry_may_use(t->from->registry, m, p) &&
           sl_model_filter_matches(&t->v->filter, &subject);
}

/* The state costs a look-up, which most filters can do without. */
static bool is_visible_now(const struct telling *t, const struct sl_principal *p,
                           const struct sl_model *m)
{
    int state = SLUICE__V1__MODEL_STATUS__STATE__STATE_UNSPECIFIED;
    if (t->v->filter.asks_state)
        state = sl_model_state_at(t->from->registry, m, t->from->now_ms, t->from->now_us).state;
    return is_visible(t, p, m, state);
}

static bool was_visible(const struct telling *t, const struct sl_model_change *c)
{
    const struct sl_watch_view *v = t->v;
    return c->was && (is_visible(t, v->principal, c->was, c->was_state) ||
                      (v->before && is_visible(t, v->before, c->was, c->was_state)));
}

/* ---- walks ---- */

static void forget_place(struct sl_watch_view *v)
{
    sl_free(v->name);
    sl_free(v->id);
    v->name = v->id = NULL;
    v->global = false;
}

static void forget_rights(struct sl_watch_view *v)
{
    v->before = NULL;
    sl_arena_fini(&v->before_memory);
}

static void begin_snapshot(struct sl_watch_view *v, const struct sl_watch_source *from)
{
    forget_place(v);
    forget_rights(v);
    v->doing = SL_WATCH_SNAPSHOT;
    v->begun = false;
    v->base = v->cursor = from->ring->head;
    v->whole = false;
    v->snapshot_revision = from->revision;
}

/* As before: a favourite, hidden. */
static bool is_marked_alike(const struct telling *t, const struct sl_model *m)
{
    const struct sl_registry *r = t->from->registry;
    const struct sl_principal *now = t->v->principal, *before = t->v->before;
    return sl_wishes_favour(r, now, m) == sl_wishes_favour(r, before, m) &&
           sl_wishes_hide(r, now, m) == sl_wishes_hide(r, before, m);
}

static void look_at(struct telling *t, const struct sl_model *m)
{
    struct sl_watch_view *v = t->v;
    bool is = is_visible_now(t, v->principal, m);
    t->looked_at++;
    if (v->doing == SL_WATCH_SNAPSHOT) {
        if (is)
            add_model(t, EVENT(SNAPSHOT), m, v->snapshot_revision);
        return;
    }
    if (is != is_visible_now(t, v->before, m))
        add_model(t, is ? EVENT(ADDED) : EVENT(REMOVED), m, v->snapshot_revision);
    else if (is && !is_marked_alike(t, m))
        add_model(t, EVENT(CHANGED), m, v->snapshot_revision);
}

static void walk_list(struct telling *t)
{
    struct sl_watch_view *v = t->v;
    const struct sl_model_place place = {v->name, v->id};
    const struct sl_model *m = NULL, *last = NULL;
    struct sl_registry_walk w;
    sl_registry_walk(&w, t->from->registry, v->global ? "" : v->principal->id,
                     v->name ? &place : NULL);
    while (!is_full(t) && (m = sl_registry_next(&w))) {
        look_at(t, m);
        last = m;
    }
    if (!m) {
        bool was_global = v->global;
        forget_place(v);
        v->global = true;
        if (was_global)
            v->doing = SL_WATCH_CHANGES;
    } else {
        sl_free(v->name);
        sl_free(v->id);
        v->name = sl_strdup(last->name);
        v->id = sl_strdup(sl_model_key(last));
    }
}

static void walk(struct telling *t)
{
    struct sl_watch_view *v = t->v;
    bool snapshot = v->doing == SL_WATCH_SNAPSHOT;
    if (!v->begun && snapshot)
        add_event(t, EVENT(SNAPSHOT_BEGIN), v->snapshot_revision);
    v->begun = true;
    /* a caller without an id has no models of its own, and "" are the global ones */
    v->global |= !*v->principal->id;
    while (v->doing != SL_WATCH_CHANGES && !is_full(t))
        walk_list(t);
    if (!snapshot || v->doing != SL_WATCH_CHANGES)
        return;
    add_event(t, EVENT(SNAPSHOT_DONE), v->snapshot_revision);
    v->whole = true;
    v->revision = v->snapshot_revision;
    v->seen = v->sees;
}

/* ---- changes ---- */

static void tell_change(struct telling *t, const struct sl_model_change *last)
{
    const struct sl_watch_view *v = t->v;
    const struct sl_model *is, *was = NULL;
    bool at_first = false, status = true;
    if (!last->newest || (*last->only && strcmp(last->only, v->principal->id) != 0))
        return;
    for (const struct sl_model_change *c = last; c && c->serial > v->base;
         c = sl_change_ring_get(t->from->ring, c->before)) {
        at_first = was_visible(t, c);
        status &= c->status;
        if (at_first)
            was = c->was;
    }
    is = sl_registry_by_key(t->from->registry, last->key);
    if (is && is_visible_now(t, v->principal, is))
        add_model(t,
                  !at_first ? EVENT(ADDED)
                  : status  ? EVENT(STATUS)
                            : EVENT(CHANGED),
                  is, last->revision);
    else if (was)
        add_model(t, EVENT(REMOVED), was, last->revision);
}

static void tell_changes(struct telling *t)
{
    struct sl_watch_view *v = t->v;
    for (; v->cursor < t->from->ring->head && !is_full(t); t->looked_at++)
        tell_change(t, sl_change_ring_get(t->from->ring, ++v->cursor));
    if (v->cursor < t->from->ring->head)
        return;
    v->base = v->cursor;
    v->revision = t->from->revision;
    v->seen = v->sees;
    if (v->before)
        forget_rights(v);
}

/* ---- the view ---- */

static uint64_t hash_sight(const struct sl_watch_view *v, const struct sl_principal *p)
{
    return sl_rights_hash_sight(p, v->asks);
}

void sl_watch_view_init(struct sl_watch_view *v, const struct sl_principal *principal,
                        const char *filter, const struct sl_watch_source *from)
{
    v->principal = principal;
    v->name = v->id = NULL;
    v->told = v->revision = 0;
    v->asks = sl_hash_text(filter, 0);
    v->seen = v->sees = hash_sight(v, principal);
    sl_arena_init(&v->before_memory, SIZE_MAX);
    begin_snapshot(v, from);
}

void sl_watch_view_fini(struct sl_watch_view *v)
{
    forget_place(v);
    forget_rights(v);
}

/* "RUN.SERIAL.REVISION.SIGHT": what a token says beside the revision holds for this ring, these rights and this filter. */
static bool read_token(const struct sl_watch_view *v, const struct sl_watch_source *from,
                       const char *token, int64_t numbers[3])
{
    size_t n = strlen(from->run);
    if (strncmp(token, from->run, n) != 0 || token[n] != '.')
        return false;
    const char *at = token + n + 1;
    for (size_t i = 0; i < 3; i++) {
        size_t length = strcspn(at, ".");
        if (!sl_parse_i64((struct sl_str){at, length}, &numbers[i]) ||
            at[length] != (i < 2 ? '.' : '\0'))
            return false;
        at += length + 1;
    }
    return numbers[0] >= 0 && (uint64_t)numbers[2] == v->sees;
}

void sl_watch_view_resume(struct sl_watch_view *v, const struct sl_watch_source *from,
                          int64_t after_revision, const char *token)
{
    int64_t numbers[3] = {0, after_revision, 0};
    uint64_t serial = 0;
    bool found;
    if (*token) {
        found = read_token(v, from, token, numbers);
        serial = (uint64_t)numbers[0];
    } else {
        found = after_revision && after_revision <= from->revision &&
                sl_change_ring_at(from->ring, after_revision, &serial);
    }
    if (!found || !sl_change_ring_has_after(from->ring, serial))
        return;
    v->doing = SL_WATCH_CHANGES;
    v->whole = true;
    v->base = v->cursor = serial;
    v->revision = v->told = numbers[1];
}

void sl_watch_view_rights(struct sl_watch_view *v, const struct sl_watch_source *from,
                          const struct sl_principal *now)
{
    const struct sl_principal *was = v->principal;
    v->principal = now;
    if (sl_rights_see_alike(was, now))
        return;
    v->sees = hash_sight(v, now);
    /* what was told under several rights, or to somebody else, cannot be told apart */
    if (v->doing == SL_WATCH_SNAPSHOT || v->before || strcmp(was->id, now->id) != 0) {
        begin_snapshot(v, from);
        return;
    }
    v->before = sl_rights_copy(was, &v->before_memory);
    v->doing = SL_WATCH_RIGHTS;
    v->begun = false;
    v->snapshot_revision = from->revision;
    forget_place(v);
}

bool sl_watch_view_waits(const struct sl_watch_view *v, const struct sl_watch_source *from)
{
    return v->doing != SL_WATCH_CHANGES || v->cursor < from->ring->head;
}

bool sl_watch_view_next(struct sl_watch_view *v, const struct sl_watch_source *from,
                        struct sl_arena *arena, Sluice__V1__WatchModelsResponse *out)
{
    struct telling t = {.v = v, .from = from, .arena = arena, .out = out};
    sluice__v1__watch_models_response__init(out);
    if (!sl_change_ring_has_after(from->ring, v->base))
        begin_snapshot(v, from);
    if (v->doing != SL_WATCH_CHANGES)
        walk(&t);
    if (v->doing == SL_WATCH_CHANGES)
        tell_changes(&t);
    if (v->whole) {
        out->revision = v->told > v->revision ? v->told : v->revision;
        out->resume_token =
            sl_arena_printf(arena, "%s.%llu.%lld.%lld", from->run, (unsigned long long)v->base,
                            (long long)v->revision, (long long)v->seen);
    }
    return sl_watch_view_waits(v, from);
}
