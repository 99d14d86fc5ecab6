/* A model in one block: walked once to count, once to copy. What belongs to its provider stays there.
 * 100,000 models fit into about 80 MB. */
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "registry/maker.h"

struct packer {
    char *block; /* NULL: only count */
    size_t n;
    const struct sl_provider *shared;
};

static void *take(struct packer *p, const void *from, size_t n, size_t align)
{
    p->n = (p->n + align - 1) & ~(align - 1);
    void *at = p->block ? memcpy(p->block + p->n, from, n) : NULL;
    p->n += n;
    return at;
}

static bool is_shared(const struct sl_provider *p, const char *s)
{
    return s == p->id || s == p->base_url || s == p->api_version || s == p->auth_header ||
           s == p->organization || s == p->project || s == p->region || s == p->key_reference ||
           s == p->source;
}

static void pack_text(struct packer *p, const char **s)
{
    if (!**s)
        *s = "";
    if (!**s || is_shared(p->shared, *s))
        return;
    const char *copy = take(p, *s, strlen(*s) + 1, 1);
    if (copy)
        *s = copy;
}

static void pack_texts(struct packer *p, const char *const **list)
{
    static const char *const none[] = {NULL};
    size_t n = 0;
    while ((*list)[n])
        n++;
    if (!n) {
        *list = none;
        return;
    }
    const char **copy = take(p, *list, (n + 1) * sizeof(*copy), sizeof(*copy));
    for (size_t i = 0; i < n; i++) {
        const char *s = (*list)[i];
        pack_text(p, copy ? &copy[i] : &s);
    }
    if (copy)
        *list = copy;
}

static void pack_labels(struct packer *p, struct sl_model *m)
{
    if (!m->n_labels) {
        m->labels = NULL;
        return;
    }
    struct sl_label *copy = take(p, m->labels, m->n_labels * sizeof(*copy), sizeof(char *));
    for (size_t i = 0; i < m->n_labels; i++) {
        struct sl_label l = m->labels[i];
        pack_text(p, copy ? &copy[i].key : &l.key);
        pack_text(p, copy ? &copy[i].value : &l.value);
    }
    if (copy)
        m->labels = copy;
}

static void pack_headers(struct packer *p, const struct sl_header **list)
{
    if (*list == p->shared->headers)
        return;
    for (const struct sl_header *h = *list; h; h = h->next) {
        struct sl_header *copy = take(p, h, sizeof(*copy), sizeof(char *));
        struct sl_header counted = *h;
        pack_text(p, copy ? &copy->name : &counted.name);
        pack_text(p, copy ? &copy->value : &counted.value);
        if (!copy)
            continue;
        *list = copy;
        list = (const struct sl_header **)(uintptr_t)&copy->next;
    }
}

static void pack_model(struct packer *p, struct sl_registry_model *r)
{
    struct sl_model *m = &r->model;
    struct sl_target *t = &m->target;
    const char **const texts[] = {
        &m->name,         &m->description, &m->key_reference,
        &m->credential,   &m->source,      &m->id,
        &m->owner,        &m->region,      &m->base_model,
        &m->successor,    &m->problem,     &m->stem,
        &t->region,       &t->base_url,    &t->model_id,
        &t->api,          &t->api_version, &t->auth_header,
        &t->organization, &t->project,     &t->provider_options_json,
    };
    const char *const **const lists[] = {&m->aliases, &m->tiers, &m->fallbacks, &m->tasks};
    if (m->endpoint != &p->shared->endpoint) {
        const void *copy = take(p, m->endpoint, sizeof(*m->endpoint), sizeof(uint64_t));
        m->endpoint = copy ? copy : m->endpoint;
    }
    if (m->clocks != &p->shared->clocks) {
        const void *copy = take(p, m->clocks, sizeof(*m->clocks), sizeof(uint64_t));
        m->clocks = copy ? copy : m->clocks;
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(lists); i++)
        pack_texts(p, lists[i]);
    pack_labels(p, m);
    pack_headers(p, &t->headers);
    if (r->headers.n) {
        const char *copy = take(p, r->headers.p, r->headers.n, 1);
        r->headers.p = copy ? copy : r->headers.p;
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++)
        pack_text(p, texts[i]);
}

static void destroy(struct sl_counted *c)
{
    struct sl_registry_model *r = SL_CONTAINER_OF(c, struct sl_registry_model, counted);
    sl_counted_unref(&r->provider->counted);
    sl_secret_unref(r->key);
    sl_token_source_unref(r->model.tokens);
    if (r->wipe)
        sl_wipe(r, r->size);
    sl_free(r);
}

struct sl_registry_model *sl_model_pack(const struct sl_registry_model *from)
{
    struct sl_registry_model counted = *from;
    struct packer p = {NULL, sizeof(struct sl_registry_model), &from->provider->provider};
    pack_model(&p, &counted);
    struct sl_registry_model *r = sl_malloc(p.n);
    *r = *from;
    sl_counted_init(&r->counted, destroy);
    r->size = p.n;
    p = (struct packer){(char *)r, sizeof(*r), &from->provider->provider};
    pack_model(&p, r);
    sl_counted_ref(&r->provider->counted);
    if (r->key)
        sl_secret_ref(r->key);
    if (r->model.tokens)
        sl_token_source_ref(r->model.tokens);
    return r;
}
