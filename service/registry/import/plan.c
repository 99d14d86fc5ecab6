/* Building a plan, and letting go of it. */
#include "registry/import/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { MAX_NAME = 128, MAX_MESSAGE = 512, MAX_LIST = 64 };

/* Secrets hang on the arena by this list, so that a plan can be cut short anywhere. */
struct held_secret {
    struct sl_import_wipe wipe; /* text NULL */
    struct sl_secret *secret;
};

void sl_import_plan_init(struct sl_import_plan *p)
{
    *p = (struct sl_import_plan){.default_model = "", .default_place = ""};
    sl_arena_init(&p->arena, 256 * 1024 * 1024);
    p->models_end = &p->models;
    p->providers_end = &p->providers;
    p->tiers_end = &p->tiers;
    p->notes_end = &p->notes;
}

void sl_import_plan_fini(struct sl_import_plan *p)
{
    for (struct sl_import_wipe *w = p->wipes; w; w = w->next) {
        if (w->text)
            explicit_bzero(w->text, strlen(w->text));
        else
            sl_secret_unref(SL_CONTAINER_OF(w, struct held_secret, wipe)->secret);
    }
    sl_arena_fini(&p->arena);
}

struct sl_secret *sl_import_secret(struct sl_import_plan *p, const char *text, size_t n)
{
    struct held_secret *h = SL_ARENA_NEW(&p->arena, struct held_secret);
    h->secret = sl_secret_create(text, n);
    h->wipe.next = p->wipes;
    p->wipes = &h->wipe;
    return h->secret;
}

void sl_import_note(struct sl_import_plan *p, const struct sl_import_about *about, const char *fmt,
                    ...)
{
    char text[MAX_MESSAGE], clean[MAX_MESSAGE];
    va_list args;
    if (++p->n_notes > SL_IMPORT_MAX_NOTES)
        return; /* the reader refuses the file */
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sl_copy(clean, sizeof(clean), text); /* cut between characters */
    struct sl_import_note *note = SL_ARENA_NEW(&p->arena, struct sl_import_note);
    note->level = about->level;
    note->place = about->place;
    note->subject = about->subject;
    note->message = sl_arena_strdup(&p->arena, clean);
    *p->notes_end = note;
    p->notes_end = &note->next;
}

/* ---- models ---- */

struct sl_import_model *sl_import_find_model(const struct sl_import_plan *p, const char *name)
{
    for (struct sl_import_model *m = p->models; m; m = m->next) {
        if (!strcmp(m->m.name, name))
            return m;
        for (size_t i = 0; i < m->m.n_aliases; i++) {
            if (!strcmp(m->m.aliases[i], name))
                return m;
        }
    }
    return NULL;
}

/* As registry/manage wants names: no spaces, controls and '*', no reserved beginning. */
static char *clean_name(struct sl_import_plan *p, const char *name)
{
    static const char *const reserved[] = {"models/", "global/", "task:"};
    char text[MAX_NAME - 8]; /* room for a number */
    sl_copy(text, sizeof(text), *name ? name : "model");
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 127 || *c == '*')
            *c = '-';
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(reserved); i++) {
        if (sl_starts_with(text, reserved[i]))
            text[strlen(reserved[i]) - 1] = '-';
    }
    return sl_arena_strdup(&p->arena, text);
}

struct sl_import_model *sl_import_add_model(struct sl_import_plan *p, const char *name,
                                            const char *place)
{
    if (p->n_models >= SL_IMPORT_MAX_MODELS)
        return NULL;
    char *wanted = clean_name(p, name), *free_name = wanted;
    for (unsigned i = 2; sl_import_find_model(p, free_name); i++)
        free_name = sl_arena_printf(&p->arena, "%s-%u", wanted, i);
    struct sl_import_model *m = SL_ARENA_NEW(&p->arena, struct sl_import_model);
    sluice__v1__model__init(&m->m);
    m->m.name = free_name;
    m->place = place;
    *p->models_end = m;
    p->models_end = &m->next;
    p->n_models++;
    return m;
}

/* ---- lists of messages ---- */

bool sl_import_add_text(struct sl_import_plan *p, char ***list, size_t *n, const char *text)
{
    for (size_t i = 0; i < *n; i++) {
        if (!strcmp((*list)[i], text))
            return true;
    }
    if (*n >= MAX_LIST)
        return false;
    if (!*list || !(*n & (*n - 1))) { /* full at powers of two */
        char **more = sl_arena_alloc(&p->arena, (*n ? 2 * *n : 1) * sizeof(*more));
        if (*n)
            memcpy(more, *list, *n * sizeof(*more));
        *list = more;
    }
    (*list)[(*n)++] = sl_arena_strdup(&p->arena, text);
    return true;
}

bool sl_import_add_label(struct sl_import_plan *p, Sluice__V1__Model *m, const char *key,
                         const char *value)
{
    if (m->n_labels >= MAX_LIST / 2 || strlen(key) > MAX_NAME || strlen(value) > MAX_NAME)
        return false;
    Sluice__V1__Model__LabelsEntry *e = SL_ARENA_NEW(&p->arena, Sluice__V1__Model__LabelsEntry);
    Sluice__V1__Model__LabelsEntry **list =
        sl_arena_alloc(&p->arena, (m->n_labels + 1) * sizeof(*list));
    if (m->n_labels)
        memcpy(list, m->labels, m->n_labels * sizeof(*list));
    sluice__v1__model__labels_entry__init(e);
    e->key = sl_arena_strdup(&p->arena, key);
    e->value = sl_arena_strdup(&p->arena, value);
    list[m->n_labels++] = e;
    m->labels = list;
    return true;
}

bool sl_import_add_header(struct sl_import_plan *p, Sluice__V1__Model *m, const char *name,
                          const char *value)
{
    if (m->n_headers >= MAX_LIST / 2)
        return false;
    Sluice__V1__Model__HeadersEntry *e = SL_ARENA_NEW(&p->arena, Sluice__V1__Model__HeadersEntry);
    Sluice__V1__Model__HeadersEntry **list =
        sl_arena_alloc(&p->arena, (m->n_headers + 1) * sizeof(*list));
    struct sl_import_wipe *w = SL_ARENA_NEW(&p->arena, struct sl_import_wipe);
    if (m->n_headers)
        memcpy(list, m->headers, m->n_headers * sizeof(*list));
    sluice__v1__model__headers_entry__init(e);
    e->key = sl_arena_strdup(&p->arena, name);
    e->value = w->text = sl_arena_strdup(&p->arena, value);
    w->next = p->wipes;
    p->wipes = w;
    list[m->n_headers++] = e;
    m->headers = list;
    return true;
}

/* ---- providers and tiers ---- */

struct sl_import_provider *sl_import_take_provider(struct sl_import_plan *p, const char *id,
                                                   const char *place)
{
    for (struct sl_import_provider *q = p->providers; q; q = q->next) {
        if (!strcmp(q->id, id))
            return q;
    }
    struct sl_import_provider *q = SL_ARENA_NEW(&p->arena, struct sl_import_provider);
    q->id = sl_arena_strdup(&p->arena, id);
    q->base_url = q->api_version = q->organization = q->project = q->region = "";
    q->place = place;
    *p->providers_end = q;
    p->providers_end = &q->next;
    return q;
}

bool sl_import_add_pattern(struct sl_import_plan *p, struct sl_import_provider *provider,
                           const char *pattern)
{
    char **list = (char **)(uintptr_t)provider->patterns;
    bool added = sl_import_add_text(p, &list, &provider->n_patterns, pattern);
    provider->patterns = (const char **)(uintptr_t)list;
    return added;
}

static bool same_key(const struct sl_import_key *a, const struct sl_import_key *b)
{
    if (a->variable || b->variable)
        return a->variable && b->variable && !strcmp(a->variable, b->variable);
    return a->literal && b->literal &&
           !strcmp(sl_secret_reveal(a->literal), sl_secret_reveal(b->literal));
}

bool sl_import_add_key(struct sl_import_provider *provider, const struct sl_import_key *key)
{
    for (size_t i = 0; i < provider->n_keys; i++) {
        if (same_key(&provider->keys[i], key))
            return true;
    }
    if (provider->n_keys >= SL_IMPORT_MAX_KEYS)
        return false;
    provider->keys[provider->n_keys++] = *key;
    return true;
}

void sl_import_add_tier(struct sl_import_plan *p, const char *name, const char *place)
{
    for (struct sl_import_tier *t = p->tiers; t; t = t->next) {
        if (!strcmp(t->name, name))
            return;
    }
    struct sl_import_tier *t = SL_ARENA_NEW(&p->arena, struct sl_import_tier);
    t->name = sl_arena_strdup(&p->arena, name);
    t->place = place;
    *p->tiers_end = t;
    p->tiers_end = &t->next;
}
