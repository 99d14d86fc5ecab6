/* Whose key is there, whose is not, and what was to lead to one. */
#include <string.h>

#include "api/diagnose/diagnosis.h"
#include "base/str.h"

enum { NAMED = 3 /* models that a finding names */, MAX_LOOKED = 1000 /* references */ };

/* A provider that matters: somebody set it up, or a model is its. */
struct seen {
    const struct sl_provider *provider;
    size_t models, keyless;
    const char *names[NAMED]; /* of keyless ones */
    struct seen *next;
};

struct keys {
    struct sl_diagnosis *d;
    struct seen *first, *last;
};

static struct seen *see(struct keys *k, const struct sl_provider *p)
{
    for (struct seen *s = k->first; s; s = s->next) {
        if (s->provider == p)
            return s;
    }
    struct seen *s = SL_ARENA_NEW(k->d->arena, struct seen);
    s->provider = p;
    if (k->last)
        k->last->next = s;
    else
        k->first = s;
    k->last = s;
    return s;
}

/* ---- models ---- */

static void tell_model(struct sl_diagnosis *d, const struct sl_model *m)
{
    const char *why = *m->credential      ? "the stored key that it names is gone, switched off, "
                                            "or bound to another address"
                      : *m->key_reference ? m->key_reference
                                          : "it has none of its own, and its owner none for its "
                                            "provider";
    const char *remedy =
        *m->id
            ? sl_arena_printf(d->arena, "sluice models update %s --provider-key-file FILE", m->name)
            : sl_arena_printf(d->arena, "set %s and start the service again", m->key_reference);
    sl_findings_add(d->findings, SL_FINDING_MODEL_KEY_MISSING, sl_diagnosis_subject(d, m),
                    sl_arena_printf(d->arena, "%s (%s) has no key: %s%s", m->name, m->provider, why,
                                    !*m->credential && *m->key_reference ? " leads to none" : ""),
                    sl_diagnosis_advise(d, m->owner, remedy));
}

/* Whether its key is to come from its provider. */
static bool has_providers_key(const struct sl_model *m, const struct sl_provider *p)
{
    return p && !*m->owner && !*m->credential &&
           (!*m->key_reference || !strcmp(m->key_reference, p->key_reference));
}

static void on_model(void *owner, const struct sl_model *m)
{
    struct keys *k = owner;
    const struct sl_provider *p = sl_registry_provider(k->d->registry, m->provider);
    if (!m->enabled || *m->problem)
        return;
    bool keyless = !sl_registry_has_key(k->d->registry, m);
    if (!has_providers_key(m, p)) {
        if (keyless)
            tell_model(k->d, m);
        return;
    }
    struct seen *s = see(k, p);
    s->models++;
    if (keyless && s->keyless < NAMED)
        s->names[s->keyless] = m->name;
    s->keyless += keyless;
}

/* ---- providers ---- */

static const char *subject_of(const struct sl_diagnosis *d, const struct sl_provider *p)
{
    return sl_arena_printf(d->arena, "providers/%s", p->id);
}

static const char *names_of(const struct sl_diagnosis *d, const struct seen *s)
{
    const char *text = "";
    for (size_t i = 0; i < NAMED && i < s->keyless; i++)
        text = sl_arena_printf(d->arena, "%s%s%s", text, i ? ", " : "", s->names[i]);
    return s->keyless > NAMED ? sl_arena_printf(d->arena, "%s, ...", text) : text;
}

/* What holds the key, or would: "OPENAI_API_KEY". */
static const char *variable_of(const struct sl_provider *p)
{
    if (sl_starts_with(p->key_reference, "env:"))
        return p->key_reference + strlen("env:");
    return *p->key_reference ? p->key_reference : p->key_variable;
}

static const char *how_to_set(const struct sl_diagnosis *d, const struct sl_provider *p)
{
    const char *variable = variable_of(p);
    if (sl_starts_with(variable, "file:"))
        return sl_arena_printf(d->arena, "write it to %s, or: ", variable + strlen("file:"));
    return *variable
               ? sl_arena_printf(d->arena, "set %s and start the service again, or: ", variable)
               : "";
}

static const char *how_to_give(const struct sl_diagnosis *d, const struct sl_provider *p)
{
    const char *page = p->known ? p->known->key_page : "";
    return sl_arena_printf(d->arena, "%ssluice providers update %s --provider-key-file FILE%s%s%s",
                           how_to_set(d, p), p->id, *page ? " (a key is made at " : "", page,
                           *page ? ")" : "");
}

static void tell_missing(struct sl_diagnosis *d, const struct seen *s)
{
    const struct sl_provider *p = s->provider;
    const char *variable = variable_of(p);
    const char *what =
        s->keyless
            ? sl_arena_printf(d->arena, "%zu of its %s cannot be asked: %s", s->keyless,
                              sl_diagnosis_count(d->arena, s->models, "model"), names_of(d, s))
            : "nothing can be asked there";
    sl_findings_add(d->findings, SL_FINDING_PROVIDER_KEY_MISSING, subject_of(d, p),
                    sl_arena_printf(d->arena, "%s has no key%s%s%s: %s", p->id,
                                    *variable ? " (" : "", variable, *variable ? ")" : "", what),
                    sl_diagnosis_advise(d, "", how_to_give(d, p)));
}

static void tell_provider(struct sl_diagnosis *d, const struct seen *s)
{
    const struct sl_provider *p = s->provider;
    const char *from = "no key is needed";
    if (!p->enabled)
        return;
    bool has_key = sl_registry_provider_has_key(d->registry, p);
    if (s->keyless || (!has_key && !s->models)) {
        if (s->keyless || !p->adapter->tokens) /* a cloud's surroundings are asked for each model */
            tell_missing(d, s);
        return;
    }
    if (!has_key)
        from = "its models have credentials";
    else if (sl_registry_provider_key_is_stored(d->registry, p))
        from = "its key is stored";
    else if (*p->key_reference && p->key_needed)
        from = sl_arena_printf(d->arena, "its key is there (%s)", p->key_reference);
    sl_findings_add(d->findings, SL_FINDING_PROVIDER_KEY, subject_of(d, p),
                    sl_arena_printf(d->arena, "%s at %s: %s, %s", p->id,
                                    sl_diagnosis_origin(d, p->base_url), from,
                                    sl_diagnosis_count(d->arena, s->models, "model")),
                    "");
}

void sl_diagnose_keys(struct sl_diagnosis *d)
{
    struct keys k = {.d = d};
    for (size_t i = 0; d->whole && i < d->registry->n_providers; i++)
        see(&k, d->registry->providers[i]);
    sl_diagnosis_walk(d, on_model, &k);
    for (const struct seen *s = k.first; s; s = s->next)
        tell_provider(d, s);
}

/* ---- references ---- */

/* A reference that was looked at, so that each is told once. */
struct looked {
    const char *reference;
    struct looked *next;
};

struct looking {
    struct sl_diagnosis *d;
    struct looked *first;
    size_t n;
};

static void look(struct looking *l, const char *reference, enum sl_reference_from from,
                 const char *subject)
{
    struct sl_diagnosis *d = l->d;
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    for (const struct looked *e = l->first; e; e = e->next) {
        if (!strcmp(e->reference, reference))
            return;
    }
    if (l->n == MAX_LOOKED)
        return;
    struct looked *e = SL_ARENA_NEW(d->arena, struct looked);
    *e = (struct looked){reference, l->first};
    l->first = e;
    l->n++;
    if (sl_references_take(d->backend->references, reference, from, &secret, &err) == SL_OK) {
        sl_secret_unref(secret);
        return;
    }
    secret = sl_references_find(d->backend->references, reference, from);
    sl_findings_add(
        d->findings, SL_FINDING_REFERENCE_UNREADABLE, subject,
        sl_arena_printf(d->arena, "%s cannot be read: %s%s", reference, err.text,
                        secret ? "; what it held before stays in use until a restart" : ""),
        "put it where the reference says, readable for the service's user, or change "
        "the reference");
    sl_secret_unref(secret);
}

static void on_credential(void *owner, const struct sl_registry_credential *c)
{
    struct looking *l = owner;
    if (*c->reference && c->enabled)
        look(l, c->reference, SL_REFERENCE_ADMIN,
             sl_arena_printf(l->d->arena, "credentials/%s", c->id));
}

/* A variable that is not set is told of its provider. */
static void look_at_file(struct looking *l, const char *reference, const char *subject)
{
    if (sl_starts_with(reference, "file:"))
        look(l, reference, SL_REFERENCE_CONFIG, subject);
}

static void on_referring(void *owner, const struct sl_model *m)
{
    struct looking *l = owner;
    if (!*m->owner && m->enabled && sl_starts_with(m->key_reference, "file:"))
        look_at_file(l, m->key_reference, sl_diagnosis_subject(l->d, m));
}

void sl_diagnose_references(struct sl_diagnosis *d)
{
    struct looking l = {.d = d};
    for (size_t i = 0; i < d->registry->n_providers; i++)
        look_at_file(&l, d->registry->providers[i]->key_reference,
                     subject_of(d, d->registry->providers[i]));
    sl_registry_each_credential(d->registry, on_credential, &l);
    sl_diagnosis_walk(d, on_referring, &l);
    if (l.n && !d->findings->seen[SL_FINDING_REFERENCE_UNREADABLE])
        sl_findings_add(d->findings, SL_FINDING_REFERENCES, "",
                        sl_arena_printf(d->arena, "%zu references to keys can be read", l.n), "");
}
