/* Loading, sharing and letting go of a catalogue, and the facts that depend on a moment. */
#include "registry/catalogue/catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "config/url.h"
#include "config/yaml.h"
#include "registry/catalogue/date.h"
#include "registry/catalogue/internal.h"

enum { MS_OF_A_DAY = 24 * 60 * 60 * 1000, MAX_SUCCESSORS = 16 };

/* ---- life of the catalogue ---- */

static struct sl_catalogue *create(void)
{
    struct sl_catalogue *c = SL_NEW(struct sl_catalogue);
    c->index = SL_NEW(struct sl_catalogue_index);
    sl_arena_init(&c->index->arena, SIZE_MAX); /* bounded by the size of the files */
    atomic_init(&c->index->refs, 1);
    c->taken = "";
    return c;
}

static enum sl_code read_built_in(struct sl_catalogue_loading *l)
{
    enum sl_code code = sl_catalogue_read_list(l, &sl_catalogue_list);
    for (size_t i = 0; i < sl_catalogue_n_files && !code; i++)
        code = sl_catalogue_read_facts(l, &sl_catalogue_files[i]);
    return code;
}

enum sl_code sl_catalogue_make(bool built_in, const char *name, struct sl_str text,
                               struct sl_catalogue **out, struct sl_err *err)
{
    struct sl_catalogue_loading l = {.c = create(), .err = err};
    l.arena = &l.c->index->arena;
    l.last_provider = &l.providers;
    l.last_lineup = &l.lineups;
    l.last_pattern = &l.patterns;
    enum sl_code code = built_in ? read_built_in(&l) : SL_OK;
    if (!code && text.p) {
        l.file = sl_arena_strdup(l.arena, name);
        code = sl_catalogue_read_file(&l, text.p, text.n);
    }
    if (!code)
        code = sl_catalogue_finish(&l);
    if (code)
        sl_catalogue_unref(l.c);
    else
        *out = l.c;
    return code;
}

enum sl_code sl_catalogue_parse(const char *name, const char *text, size_t n,
                                struct sl_catalogue **out, struct sl_err *err)
{
    return sl_catalogue_make(true, name, (struct sl_str){text, n}, out, err);
}

static enum sl_code read_whole(const char *file, char *text, size_t *n, struct sl_err *err)
{
    /* O_NONBLOCK: a fifo nobody writes to may not hold the start */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : 1;
    *n = 0;
    while (got > 0 && *n <= SL_YAML_MAX_BYTES) {
        got = read(fd, text + *n, SL_YAML_MAX_BYTES + 1 - *n);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            *n += (size_t)got;
    }
    const char *why = got < 0                  ? strerror(errno)
                      : *n > SL_YAML_MAX_BYTES ? "longer than 4 MiB"
                                               : NULL;
    if (fd >= 0)
        close(fd);
    if (!why)
        return SL_OK;
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "catalogue.file",
                        "%.300s: %s", file, why);
}

enum sl_code sl_catalogue_load(const char *file, struct sl_catalogue **out, struct sl_err *err)
{
    size_t n = 0;
    if (!file || !*file)
        return sl_catalogue_parse("", NULL, 0, out, err);
    char *text = sl_malloc(SL_YAML_MAX_BYTES + 1);
    enum sl_code code = read_whole(file, text, &n, err);
    if (!code)
        code = sl_catalogue_parse(file, text, n, out, err);
    sl_free(text);
    return code;
}

struct sl_catalogue *sl_catalogue_ref(struct sl_catalogue *c)
{
    atomic_fetch_add_explicit(&c->index->refs, 1, memory_order_relaxed);
    return c;
}

void sl_catalogue_unref(struct sl_catalogue *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->index->refs, 1, memory_order_acq_rel) != 1)
        return;
    sl_arena_fini(&c->index->arena);
    sl_free(c->index);
    sl_free(c);
}

size_t sl_catalogue_memory(const struct sl_catalogue *c)
{
    return sizeof(*c) + sizeof(*c->index) + c->index->arena.used;
}

/* ---- facts ---- */

const char *sl_catalogue_send_id(const struct sl_catalogue_model *m)
{
    return *m->served_as ? m->served_as : m->id;
}

const struct sl_catalogue_prices *sl_catalogue_prices_at(const struct sl_catalogue_model *m,
                                                         int64_t input_tokens)
{
    const struct sl_catalogue_prices *p = &m->prices;
    for (size_t i = 0; i < m->n_tiers && input_tokens >= m->tiers[i].from_tokens; i++)
        p = &m->tiers[i].prices;
    return p;
}

bool sl_catalogue_days_left(const struct sl_catalogue_model *m, int64_t now_ms, int64_t *days)
{
    if (!m->retires)
        return false;
    *days = m->retires - now_ms / MS_OF_A_DAY;
    return true;
}

enum sl_catalogue_status sl_catalogue_status_at(const struct sl_catalogue_model *m, int64_t now_ms)
{
    int64_t days = 0;
    bool dated = sl_catalogue_days_left(m, now_ms, &days);
    if (m->status == SL_STATUS_RETIRED || (dated && days <= 0))
        return SL_STATUS_RETIRED;
    if (m->announced ? now_ms / MS_OF_A_DAY >= m->announced : dated)
        return SL_STATUS_DEPRECATED;
    return m->status;
}

static const struct sl_catalogue_model *named(const struct sl_catalogue *c,
                                              const struct sl_catalogue_model *m)
{
    char provider[64];
    const char *slash = strchr(m->successor, '/');
    const struct sl_catalogue_entry *own = sl_catalogue_entry_of(c, m->provider, m->successor);
    if (own)
        return own->model;
    if (!slash ||
        !sl_copy_n(provider, sizeof(provider), m->successor, (size_t)(slash - m->successor)))
        return NULL;
    return sl_catalogue_model(c, provider, slash + 1);
}

const struct sl_catalogue_model *sl_catalogue_successor(const struct sl_catalogue *c,
                                                        const struct sl_catalogue_model *m,
                                                        int64_t now_ms)
{
    /* a file of the operator may lead in a circle */
    for (int i = 0; i < MAX_SUCCESSORS; i++) {
        if (!*m->successor)
            return NULL;
        m = named(c, m);
        if (!m || sl_catalogue_status_at(m, now_ms) != SL_STATUS_RETIRED)
            return m;
    }
    return NULL;
}

const char *sl_catalogue_status_name(enum sl_catalogue_status status)
{
    switch (status) {
    case SL_STATUS_ACTIVE:
        return "active";
    case SL_STATUS_ALPHA:
        return "alpha";
    case SL_STATUS_BETA:
        return "beta";
    case SL_STATUS_DEPRECATED:
        return "deprecated";
    case SL_STATUS_RETIRED:
        return "retired";
    }
    return "?";
}

void sl_catalogue_date_text(int32_t date, char out[11])
{
    sl_date_format(date, out);
}

/* ---- sites ---- */

const struct sl_catalogue_provider *sl_catalogue_provider_at(const struct sl_catalogue *c,
                                                             const char *kind, const char *base_url)
{
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        if (!strcasecmp(p->kind, kind) && *p->base_url && sl_url_same_origin(p->base_url, base_url))
            return p;
    }
    return NULL;
}

static const char *site_name(enum sl_catalogue_site site)
{
    return site == SL_SITE_CHINA ? "China" : "international";
}

bool sl_catalogue_site_hint(const struct sl_catalogue *c, const char *kind, const char *base_url,
                            char *text, size_t size)
{
    const struct sl_catalogue_provider *p = sl_catalogue_provider_at(c, kind, base_url);
    const struct sl_catalogue_provider *o = p ? p->other_site : NULL;
    if (size)
        text[0] = '\0';
    if (!o)
        return false;
    snprintf(text, size,
             "this is the %s site (%s); a key of the %s site works with %s=%s (or the provider's "
             "base_url) only",
             site_name(p->site), p->base_url, site_name(o->site), p->base_url_variable,
             o->base_url);
    return true;
}
