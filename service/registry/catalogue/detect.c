/* Who serves a name: the rules in their order, first match wins. */
#include "registry/catalogue/detect.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "registry/catalogue/forms.h"
#include "registry/catalogue/internal.h"

/* A provider as far as it is known: of the caller, of the catalogue, or both. */
struct whose {
    const char *id, *kind;
    const struct sl_catalogue_provider *listed; /* the catalogue's of that id; NULL: none */
    const struct sl_catalogue_provider *facts;  /* whose models are meant; NULL: nobody's */
    bool whole_kind;                            /* named by kind: any provider of it will do */
};

static int score_of(const struct sl_detected *d)
{
    switch (d->how) {
    case SL_DETECT_PROVIDER:
    case SL_DETECT_PREFIX:
        return d->base ? 100 : 90;
    case SL_DETECT_CATALOGUE:
        return 100;
    case SL_DETECT_ALIAS:
        return 98;
    case SL_DETECT_FINE_TUNED:
        return 95;
    case SL_DETECT_CUSTOM:
        return 85;
    case SL_DETECT_DATED:
        return 80;
    case SL_DETECT_PATTERN:
        return d->base ? 60 : 50;
    }
    return 0;
}

/* ---- providers ---- */

static bool is_id_or_alias(const struct sl_catalogue_provider *p, const char *name)
{
    for (const char *const *a = p->aliases; *a; a++) {
        if (!strcasecmp(*a, name))
            return true;
    }
    return !strcasecmp(p->id, name);
}

static bool find_provider(const struct sl_catalogue *c, const struct sl_detect_in *in,
                          const char *name, struct whose *out)
{
    const struct sl_catalogue_provider *p = sl_catalogue_provider(c, name);
    for (size_t i = 0; i < in->n_providers; i++) {
        const struct sl_detect_provider *own = &in->providers[i];
        if (strcasecmp(own->id, name))
            continue;
        bool same = p && !strcasecmp(p->kind, own->kind);
        *out = (struct whose){own->id, own->kind, same ? p : NULL,
                              same ? p : sl_catalogue_provider_by_kind(c, own->kind), !same};
        return true;
    }
    if (!p)
        return false;
    *out = (struct whose){p->id, p->kind, p, p, !is_id_or_alias(p, name)};
    return true;
}

/* ---- the result ---- */

static const struct sl_catalogue_model *stated_base(const struct sl_catalogue *c,
                                                    const struct whose *w, const char *name)
{
    const struct sl_catalogue_model *m = sl_form_base(c, w->facts, name);
    char provider[64];
    const char *slash = strchr(name, '/');
    if (m || !slash || !sl_copy_n(provider, sizeof(provider), name, (size_t)(slash - name)))
        return m;
    return sl_catalogue_model(c, provider, slash + 1);
}

static bool settle(const struct sl_catalogue *c, const struct sl_detect_in *in,
                   const struct whose *w, struct sl_detected *out)
{
    bool stated = in->base_model && *in->base_model;
    out->provider_id = w->id;
    out->kind = w->kind;
    out->provider = w->listed;
    if (stated)
        out->base = stated_base(c, w, in->base_model);
    else if (out->model)
        out->base = out->model;
    else
        out->base = sl_form_base(c, w->facts, out->model_id);
    out->base_prices = out->base && (stated || out->base->provider == w->facts ||
                                     (w->facts && !strcmp(out->base->provider->kind, w->kind)));
    if (!out->pattern)
        out->pattern = "";
    out->score = score_of(out);
    return true;
}

/* The catalogue's entry of name at the provider; at another of the kind where the kind was named. */
static const struct sl_catalogue_model *entry_at(const struct sl_catalogue *c, struct whose *w,
                                                 const char *name)
{
    const struct sl_catalogue_entry *e = w->facts ? sl_catalogue_entry_of(c, w->facts, name) : NULL;
    if (e || !w->whole_kind || !w->facts)
        return e ? e->model : NULL;
    const struct sl_catalogue_model *m = sl_catalogue_model(c, w->kind, name);
    if (m && w->listed) {
        w->listed = w->facts = m->provider;
        w->id = m->provider->id;
    }
    return m;
}

/* name at a provider that is known. */
static bool at_provider(const struct sl_catalogue *c, const struct sl_detect_in *in,
                        struct whose *w, const char *name, struct sl_detected *out)
{
    out->model = entry_at(c, w, name);
    out->model_id = out->model ? sl_catalogue_send_id(out->model) : name;
    return settle(c, in, w, out);
}

/* ---- the rules ---- */

static bool by_prefix(const struct sl_catalogue *c, const struct sl_detect_in *in,
                      struct sl_detected *out)
{
    char head[64];
    struct whose w;
    const char *slash = strchr(in->name, '/');
    if (!slash || !slash[1] ||
        !sl_copy_n(head, sizeof(head), in->name, (size_t)(slash - in->name)) ||
        !find_provider(c, in, head, &w))
        return false;
    out->how = SL_DETECT_PREFIX;
    /* ids that begin with their provider's name: "groq/compound", "nvidia/nemotron-..." */
    if (!entry_at(c, &w, slash + 1) && entry_at(c, &w, in->name))
        return at_provider(c, in, &w, in->name, out);
    return at_provider(c, in, &w, slash + 1, out);
}

static bool by_entry(const struct sl_catalogue *c, const struct sl_detect_in *in,
                     struct sl_detected *out)
{
    const struct sl_catalogue_entry *e = sl_catalogue_entry(c, in->name);
    if (!e)
        return false;
    const struct sl_catalogue_provider *p = e->model->provider;
    const struct whose w = {p->id, p->kind, p, p, false};
    out->how = e->alias ? SL_DETECT_ALIAS : SL_DETECT_CATALOGUE;
    out->model = e->model;
    out->model_id = sl_catalogue_send_id(e->model);
    return settle(c, in, &w, out);
}

static size_t literal_length(const char *pattern)
{
    size_t n = 0;
    for (; *pattern; pattern++)
        n += *pattern != '*';
    return n;
}

static bool by_custom_pattern(const struct sl_catalogue *c, const struct sl_detect_in *in,
                              struct sl_detected *out)
{
    struct whose w, found = {0};
    size_t most = 0;
    for (size_t i = 0; i < in->n_patterns; i++) {
        const struct sl_detect_pattern *p = &in->patterns[i];
        size_t n = literal_length(p->pattern) + 1;
        if (n <= most || !sl_glob_match(p->pattern, in->name) ||
            !find_provider(c, in, p->provider, &w))
            continue;
        found = w;
        out->pattern = p->pattern;
        most = n;
    }
    if (!most)
        return false;
    out->how = SL_DETECT_CUSTOM;
    return at_provider(c, in, &found, in->name, out);
}

/* A name that is no entry itself, but leads to one. */
static bool by_base(const struct sl_catalogue *c, const struct sl_detect_in *in,
                    struct sl_detected *out)
{
    bool tuned = sl_form_is_fine_tuned(in->name);
    /* Vertex AI's own spellings: the patterns know whose they are */
    if (strchr(in->name, '@') || sl_glob_match("*-maas", in->name))
        return false;
    const struct sl_catalogue_model *base =
        tuned ? sl_form_base(c, NULL, in->name) : sl_form_undated(c, NULL, in->name);
    if (!base)
        return false;
    const struct sl_catalogue_provider *p = base->provider;
    const struct whose w = {p->id, p->kind, p, p, false};
    out->how = tuned ? SL_DETECT_FINE_TUNED : SL_DETECT_DATED;
    out->model_id = in->name;
    return settle(c, in, &w, out);
}

static bool by_pattern(const struct sl_catalogue *c, const struct sl_detect_in *in,
                       struct sl_detected *out)
{
    const struct sl_catalogue_pattern *found = NULL;
    size_t most = 0;
    for (size_t i = 0; i < c->n_patterns; i++) {
        size_t n = literal_length(c->patterns[i].pattern) + 1;
        if (n > most && sl_glob_match(c->patterns[i].pattern, in->name)) {
            found = &c->patterns[i];
            most = n;
        }
    }
    if (!found)
        return false;
    const struct sl_catalogue_provider *p = found->provider;
    const struct whose w = {p->id, p->kind, p, p, false};
    out->how = SL_DETECT_PATTERN;
    out->pattern = found->pattern;
    out->model_id = in->name;
    return settle(c, in, &w, out);
}

bool sl_detect(const struct sl_catalogue *c, const struct sl_detect_in *in, struct sl_detected *out)
{
    struct sl_detected d = {0};
    bool found;
    if (!*in->name)
        return false;
    if (in->provider && *in->provider) {
        struct whose w;
        found = find_provider(c, in, in->provider, &w) && at_provider(c, in, &w, in->name, &d);
    } else {
        found = by_prefix(c, in, &d) || by_entry(c, in, &d) || by_custom_pattern(c, in, &d) ||
                by_base(c, in, &d) || by_pattern(c, in, &d);
    }
    if (found)
        *out = d;
    return found;
}

const char *sl_detect_how_text(enum sl_detect_how how)
{
    switch (how) {
    case SL_DETECT_PROVIDER:
        return "the provider was given";
    case SL_DETECT_PREFIX:
        return "the name begins with its provider";
    case SL_DETECT_CATALOGUE:
        return "a name of the catalogue";
    case SL_DETECT_ALIAS:
        return "an alias of the catalogue";
    case SL_DETECT_FINE_TUNED:
        return "a fine-tuned model of one in the catalogue";
    case SL_DETECT_DATED:
        return "a version of a model in the catalogue";
    case SL_DETECT_CUSTOM:
        return "a pattern of the configuration";
    case SL_DETECT_PATTERN:
        return "a built-in pattern";
    }
    return "?";
}
