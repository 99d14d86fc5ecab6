/* The models of the environment: the default line-up's, where their provider's key is there, and
 * DEFAULT_LLM_MODEL at DEFAULT_LLM_PROVIDER or wherever its name leads. The configuration's names come
 * first. */
#include <string.h>

#include "base/str.h"
#include "registry/index.h"
#include "registry/maker.h"

static bool is_taken(const struct sl_registry_fixed *f, const char *name)
{
    return sl_model_table_find(&f->models, "", name, NULL);
}

static enum sl_code add(const struct sl_maker *maker, struct sl_registry_fixed *f,
                        const struct sl_config_model *said, struct sl_registry_provider *provider,
                        struct sl_err *err)
{
    struct sl_registry_model *made = NULL;
    const struct sl_model_draft draft = {
        .said = said, .provider = provider, .source = "environment"};
    if (sl_model_make(maker, &draft, &made, err))
        return err->code;
    sl_model_table_put(&f->models, made);
    return SL_OK;
}

static enum sl_code add_entry(const struct sl_maker *maker, struct sl_registry_fixed *f,
                              const struct sl_lineup_entry *e, struct sl_err *err)
{
    struct sl_config_model said;
    struct sl_registry_provider *p =
        sl_registry_provider_of(sl_map_find(&f->providers, "", e->model->provider->id));
    if (!p)
        p = sl_registry_provider_of(sl_map_find(&f->providers, "", e->model->provider->kind));
    if (!p || !p->key || is_taken(f, e->model->id))
        return SL_OK;
    sl_said_model_init(&said);
    said.name = said.model_id = e->model->id;
    said.description = e->purpose;
    said.speed = e->speed_tokens_per_second;
    said.has_speed = said.speed > 0;
    return add(maker, f, &said, p, err);
}

static struct sl_registry_provider *provider_of_name(const struct sl_maker *maker,
                                                     const struct sl_registry_fixed *f,
                                                     const char *name, const char **model_id)
{
    const struct sl_detect_in in = {
        .name = name, .provider = f->default_provider_said ? f->default_provider : ""};
    struct sl_detected found;
    const char *id = f->default_provider;
    if (sl_detect(maker->catalogue, &in, &found)) {
        id = sl_map_find(&f->providers, "", found.provider_id) ? found.provider_id : found.kind;
        *model_id = found.model_id;
    }
    return sl_registry_provider_of(sl_map_find(&f->providers, "", id));
}

static enum sl_code add_default(const struct sl_maker *maker, struct sl_registry_fixed *f,
                                struct sl_err *err)
{
    struct sl_config_model said;
    const char *name = f->environment_model;
    if (!*name || strlen(name) > 128 || is_taken(f, name))
        return SL_OK;
    sl_said_model_init(&said);
    said.name = said.model_id = name;
    struct sl_registry_provider *p = provider_of_name(maker, f, name, &said.model_id);
    if (!p || (!*p->provider.base_url))
        return SL_OK;
    return add(maker, f, &said, p, err);
}

enum sl_code sl_environment_add(const struct sl_maker *maker, struct sl_registry_fixed *fixed,
                                struct sl_err *err)
{
    const struct sl_lineup *l = maker->catalogue ? sl_catalogue_lineup(maker->catalogue, "") : NULL;
    for (size_t i = 0; l && i < l->n_entries; i++) {
        if (add_entry(maker, fixed, &l->entries[i], err))
            return err->code;
    }
    return maker->catalogue ? add_default(maker, fixed, err) : SL_OK;
}
