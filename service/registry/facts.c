/* Limits, prices, capabilities, speed, tasks and dates that nobody said: the catalogue's, of the model itself or of the
 * one that it derives from. Dates are the model's own only: a fine-tuned model does not retire with its base. */
#include <string.h>

#include "registry/catalogue/catalogue.h"
#include "registry/maker.h"

bool sl_facts_find(const struct sl_maker *maker, const struct sl_provider *provider,
                   const struct sl_config_model *said, struct sl_detected *out)
{
    if (!maker->catalogue)
        return false;
    const struct sl_detect_provider own = {provider->id, provider->adapter->name};
    const struct sl_detect_in in = {
        .name = *said->model_id ? said->model_id : said->name,
        .provider = provider->id,
        .base_model = said->base_model,
        .providers = &own,
        .n_providers = 1,
    };
    return sl_detect(maker->catalogue, &in, out);
}

static int64_t either(int64_t said, int64_t known)
{
    return said >= 0 ? said : known;
}

static void fill_prices(const struct sl_catalogue_prices *known, const struct sl_config_prices *s,
                        struct sl_prices *p)
{
    p->input = either(s->input, known->input);
    p->output = either(s->output, known->output);
    p->known = p->input >= 0 && p->output >= 0;
    if (s->input >= 0 || s->output >= 0)
        return; /* own prices do not mix with another's rebates */
    p->cache_read = either(s->cache_read, known->cache_read);
    p->cache_write = either(s->cache_write, known->cache_write);
    p->reasoning = either(s->reasoning, known->reasoning);
}

/* Not what the adapter cannot do anyway. */
static void fill_capability(int8_t *capability, int8_t known)
{
    if (*capability < 0)
        *capability = known;
}

static void fill_capabilities(const struct sl_catalogue_model *f, struct sl_model *m)
{
    fill_capability(&m->cap_streaming, f->streaming);
    fill_capability(&m->cap_tools, f->tools);
    fill_capability(&m->cap_vision, f->vision);
    fill_capability(&m->cap_json_schema, f->json_schema);
    fill_capability(&m->cap_reasoning, f->reasoning);
    fill_capability(&m->cap_embeddings, f->embeddings);
    fill_capability(&m->cap_images, f->images);
}

static void fill_life(const struct sl_catalogue_model *known, struct sl_model *m)
{
    if (!m->deprecated_day && !m->retires_day) { /* own dates do not mix with others */
        m->deprecated_day = known->announced;
        m->retires_day = known->retires;
    }
    if (!*m->successor)
        m->successor = known->successor;
}

void sl_facts_fill(const struct sl_detected *found, const struct sl_config_model *said,
                   struct sl_model *m)
{
    const struct sl_catalogue_model *f = found->base;
    m->known = found->model;
    m->facts = f;
    if (found->model)
        fill_life(found->model, m);
    if (!f)
        return;
    if (!m->context_tokens)
        m->context_tokens = f->context_tokens;
    if (!m->max_output_tokens)
        m->max_output_tokens = f->max_output_tokens;
    if (found->base_prices)
        fill_prices(&f->prices, &said->prices, &m->prices);
    fill_capabilities(f, m);
    if (m->speed <= 0)
        m->speed = f->speed_tokens_per_second;
}
