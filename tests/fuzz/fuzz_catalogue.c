/* An operator's catalogue file, without the one in the binary. What is taken is whole: lists end, references lead
 * somewhere. What is refused says where, in UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "registry/catalogue/internal.h"

static size_t length(const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n += strlen(list[n]) < SIZE_MAX;
    return n;
}

static void check_model(const struct sl_catalogue *c, const struct sl_catalogue_model *m)
{
    const struct sl_catalogue_model *found = sl_catalogue_model(c, m->provider->id, m->id);
    if (!found || !*m->id || !m->name || !m->successor || !m->api || !sl_catalogue_send_id(m))
        abort();
    length(m->aliases);
    length(m->strengths);
    length(m->reasoning_levels);
    for (size_t i = 0; i < m->n_tiers; i++) {
        if (i && m->tiers[i].from_tokens < m->tiers[i - 1].from_tokens)
            abort();
    }
    for (size_t i = 0; i < m->n_tasks; i++)
        length((const char *const[]){m->tasks[i].task, m->tasks[i].params_json, NULL});
    sl_catalogue_successor(c, m, INT64_C(1800000000000));
}

static void check(const struct sl_catalogue *c)
{
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        if (!sl_catalogue_provider(c, p->id))
            abort();
        length(p->key_variables);
        for (size_t k = 0; k < p->n_models; k++)
            check_model(c, p->models[k]);
    }
    for (size_t i = 0; i < c->n_lineups; i++) {
        for (size_t k = 0; k < c->lineups[i].n_entries; k++) {
            if (!c->lineups[i].entries[k].model)
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_catalogue *c = NULL;
    struct sl_err err = {0};
    const struct sl_str text = {size ? (const char *)data : "", size};
    if (sl_catalogue_make(false, "c.yaml", text, &c, &err)) {
        if (c || err.code != SL_INVALID_ARGUMENT || !strstr(err.text, "c.yaml") ||
            !sl_utf8_valid(err.text, strlen(err.text)))
            abort();
        return 0;
    }
    check(c);
    sl_catalogue_unref(c);
    return 0;
}
