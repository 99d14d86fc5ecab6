/* Dates against the day, and the way from one successor to the next. */
#include "registry/life.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { DAY_MS = 24 * 3600 * 1000, MAX_STEPS = 8, MAX_PROVIDER = 64 };

/* ---- dates ---- */

bool sl_model_days_left(const struct sl_model *m, int64_t now_ms, int32_t *days)
{
    if (!m->retires_day)
        return false;
    *days = (int32_t)(m->retires_day - now_ms / DAY_MS);
    return true;
}

enum sl_life sl_model_life(const struct sl_model *m, int64_t now_ms)
{
    int32_t days = 0;
    bool dated = sl_model_days_left(m, now_ms, &days);
    enum sl_catalogue_status known =
        m->known ? sl_catalogue_status_at(m->known, now_ms) : SL_STATUS_ACTIVE;
    if (dated ? days <= 0 : known == SL_STATUS_RETIRED)
        return SL_LIFE_RETIRED;
    if (m->deprecated_day ? m->deprecated_day <= now_ms / DAY_MS : dated)
        return SL_LIFE_DEPRECATED;
    return known == SL_STATUS_DEPRECATED ? SL_LIFE_DEPRECATED : SL_LIFE_ACTIVE;
}

static enum sl_life known_life(const struct sl_catalogue_model *m, int64_t now_ms)
{
    enum sl_catalogue_status status = sl_catalogue_status_at(m, now_ms);
    if (status == SL_STATUS_RETIRED)
        return SL_LIFE_RETIRED;
    return status == SL_STATUS_DEPRECATED ? SL_LIFE_DEPRECATED : SL_LIFE_ACTIVE;
}

/* ---- successors ---- */

bool sl_model_same_place(const struct sl_model *a, const struct sl_model *b)
{
    return !strcmp(a->provider, b->provider) && !strcmp(a->target.base_url, b->target.base_url) &&
           !strcmp(a->owner, b->owner);
}

/* On the way from a model to what lives on. */
struct way {
    const struct sl_registry *registry;
    const struct sl_model *from;
    int64_t now_ms;
    const char *text;                       /* the next successor, as somebody named it */
    bool said;                              /* by an entry; else by the catalogue */
    const struct sl_catalogue_provider *at; /* the catalogue's provider that text is an id of */
    struct sl_successor now;                /* where the way has come to */
    enum sl_life life;
};

static const struct sl_model *find_entry(const struct way *w, const char *name)
{
    const char *owner = w->from->owner;
    if (sl_starts_with(name, "models/"))
        name += strlen("models/");
    if (*owner)
        return sl_registry_find_personal(w->registry, owner, name, NULL);
    return sl_registry_find(w->registry, sl_starts_with(name, "global/") ? name + 7 : name, NULL);
}

static bool is_usable(const struct sl_model *m)
{
    return m && m->enabled && !m->deleted_ms && !*m->problem;
}

static const char *id_of(const struct sl_model *m)
{
    return m->known ? m->known->id : m->target.model_id;
}

/* The usable entry at the model's own place that is named by the id and has it. */
static const struct sl_model *entry_of_id(const struct way *w, const char *id)
{
    const struct sl_model *m = find_entry(w, id);
    bool fits = is_usable(m) && m != w->from && sl_model_same_place(m, w->from) &&
                !strcasecmp(id_of(m), id);
    return fits ? m : NULL;
}

static void arrive_at_entry(struct way *w, const struct sl_model *m)
{
    bool near = sl_model_same_place(m, w->from);
    w->now = (struct sl_successor){
        .kind = near ? SL_SUCCESSOR_ID : SL_SUCCESSOR_ENTRY,
        .name = m->name,
        .id = id_of(m),
        .known = m->known,
        .entry = m,
    };
    w->life = sl_model_life(m, w->now_ms);
    w->said = !m->known || strcmp(m->known->successor, m->successor) != 0;
    w->text = m->successor;
    w->at = m->known ? m->known->provider : NULL;
}

static void arrive_at_known(struct way *w, const struct sl_catalogue_model *m, bool elsewhere)
{
    const struct sl_model *entry = elsewhere ? NULL : entry_of_id(w, m->id);
    w->now = (struct sl_successor){
        .kind = elsewhere ? SL_SUCCESSOR_ELSEWHERE : SL_SUCCESSOR_ID,
        .name = elsewhere ? w->text : m->id,
        .id = m->id,
        .known = m,
        .entry = entry,
    };
    w->life = known_life(m, w->now_ms);
    w->said = false;
    w->text = m->successor;
    w->at = m->provider;
}

/* An id that nobody knows anything of is believed. */
static void arrive_at_unknown(struct way *w, bool elsewhere)
{
    w->now = (struct sl_successor){
        .kind = elsewhere ? SL_SUCCESSOR_ELSEWHERE : SL_SUCCESSOR_ID,
        .name = w->text,
        .id = elsewhere ? strchr(w->text, '/') + 1 : w->text,
        .entry = elsewhere ? NULL : entry_of_id(w, w->text),
    };
    w->life = SL_LIFE_ACTIVE;
    w->text = "";
}

static const struct sl_catalogue_provider *own_provider(const struct way *w)
{
    if (w->from->known)
        return w->from->known->provider;
    const struct sl_provider *p = sl_registry_provider(w->registry, w->from->provider);
    return p ? p->known : NULL;
}

/* "provider/id" of the catalogue, or of a provider of the registry. */
static bool is_elsewhere(const struct way *w, const struct sl_catalogue_model **known)
{
    char provider[MAX_PROVIDER];
    const struct sl_catalogue *c = sl_registry_catalogue(w->registry);
    const char *slash = strchr(w->text, '/');
    *known = NULL;
    if (!slash || !sl_copy_n(provider, sizeof(provider), w->text, (size_t)(slash - w->text)))
        return false;
    *known = c ? sl_catalogue_model(c, provider, slash + 1) : NULL;
    return *known || sl_registry_provider(w->registry, provider);
}

/* One step; false where it leads nowhere, with the reason. */
static bool step(struct way *w, const char **why)
{
    const struct sl_catalogue *c = sl_registry_catalogue(w->registry);
    const struct sl_model *entry = w->said ? find_entry(w, w->text) : NULL;
    const struct sl_catalogue_model *known;
    if (entry == w->from) {
        *why = "its successors lead back to it";
        return false;
    }
    if (entry && !is_usable(entry)) {
        *why = "its successor is an entry that is switched off or cannot be used";
        return false;
    }
    if (entry) {
        arrive_at_entry(w, entry);
        return true;
    }
    known = c && w->at ? sl_catalogue_model(c, w->at->id, w->text) : NULL;
    if (known) {
        arrive_at_known(w, known, known->provider != own_provider(w));
        return true;
    }
    if (sl_starts_with(w->text, "models/") || sl_starts_with(w->text, "global/")) {
        *why = "its successor is an entry that is not there";
        return false;
    }
    if (is_elsewhere(w, &known)) {
        if (known)
            arrive_at_known(w, known, known->provider != own_provider(w));
        else
            arrive_at_unknown(w, true);
        return true;
    }
    arrive_at_unknown(w, false);
    return true;
}

static void nothing(struct sl_successor *out, const char *why)
{
    *out = (struct sl_successor){.name = "", .id = "", .why = why};
}

static void walk(struct way *w, struct sl_successor *out)
{
    const char *why = "no successor is known";
    nothing(out, why);
    if (!w->at)
        w->at = own_provider(w);
    for (int i = 0; *w->text; i++) {
        if (i == MAX_STEPS) {
            why = "its successors lead in a circle";
            break;
        }
        if (!step(w, &why))
            break;
        if (w->life != SL_LIFE_RETIRED)
            *out = w->now;
        if (w->life == SL_LIFE_ACTIVE)
            return;
        why = "its successors are retired, too";
    }
    if (out->kind == SL_SUCCESSOR_NONE)
        nothing(out, why);
}

void sl_model_successor(const struct sl_registry *r, const struct sl_model *m, int64_t now_ms,
                        struct sl_successor *out)
{
    struct way w = {
        .registry = r,
        .from = m,
        .now_ms = now_ms,
        .text = m->successor,
        .said = !m->known || strcmp(m->known->successor, m->successor) != 0,
    };
    walk(&w, out);
}

void sl_model_successor_from(const struct sl_registry *r, const struct sl_model *m, const char *id,
                             int64_t now_ms, struct sl_successor *out)
{
    struct way w = {.registry = r, .from = m, .now_ms = now_ms, .text = id};
    walk(&w, out);
}
