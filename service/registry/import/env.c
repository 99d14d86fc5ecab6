/* A .env file: keys, addresses and models of providers, by the names that programs give their variables, and which model is
 * the default. */
#include "registry/import/env.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- notes ---- */

const char *sl_env_place(struct sl_env *e, size_t i)
{
    return sl_arena_printf(&e->r->plan->arena, "%s:%u", e->file, e->lines.list[i].line);
}

static const char *subject(struct sl_env *e, size_t i)
{
    return sl_arena_strdup(&e->r->plan->arena, e->lines.list[i].name);
}

void sl_env_note(struct sl_env *e, enum sl_import_level level, size_t i, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const struct sl_import_about about = {level, sl_env_place(e, i), subject(e, i)};
    sl_import_note(e->r->plan, &about, "%s", text);
    e->done[i] = true;
}

void sl_env_carry(struct sl_env *e, size_t i)
{
    struct sl_import_carried *c = SL_ARENA_NEW(&e->r->plan->arena, struct sl_import_carried);
    c->path = subject(e, i);
    c->next = e->r->plan->carried;
    e->r->plan->carried = c;
    e->r->plan->n_carried++;
    e->done[i] = true;
}

/* ---- the default ---- */

static void set_default(struct sl_env *e, size_t line, const struct sl_import_model *m)
{
    e->r->plan->default_model = m->m.name;
    e->r->plan->default_place = sl_env_place(e, line - 1);
    sl_env_carry(e, line - 1);
}

static void read_default(struct sl_env *e)
{
    struct sl_import_plan *plan = e->r->plan;
    const char *word = sl_env_value(e, e->provider_line), *id = sl_env_value(e, e->model_line);
    struct sl_import_whose whose = {.provider = NULL};
    if (*id) {
        const struct sl_import_what what = {id, word, ""};
        sl_import_find_whose(e->r, &what, &whose);
        struct sl_import_model *m =
            whose.provider && strcmp(whose.kind, "azure") != 0 && strcmp(whose.kind, "custom") != 0
                ? sl_env_take_model(e, e->model_line - 1, &whose, whose.model_id)
                : sl_import_find_model(plan, id);
        if (m) {
            set_default(e, e->model_line, m);
            if (e->provider_line)
                sl_env_carry(e, e->provider_line - 1);
        } else {
            sl_env_note(e, SL_IMPORT_NOT_CARRIED, e->model_line - 1,
                        "its name leads to no provider");
        }
        return;
    }
    const struct sl_catalogue_provider *p = *word ? sl_env_provider(e, word) : NULL;
    for (struct sl_env_group *g = e->groups; g && p; g = g->next) {
        struct sl_import_model *m =
            g->known == p && g->line[SL_ENV_MODEL]
                ? sl_import_find_model(plan, sl_env_value(e, g->line[SL_ENV_MODEL]))
                : NULL;
        if (m)
            set_default(e, e->provider_line, m);
    }
    if (e->provider_line && !e->done[e->provider_line - 1])
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, e->provider_line - 1,
                    "a default is a model here, and the file names none of that provider");
}

/* ---- the file ---- */

static void read_rest(struct sl_env *e)
{
    for (size_t i = 0; i < e->lines.n; i++) {
        if (!e->done[i])
            sl_env_note(e, SL_IMPORT_NOT_CARRIED, i, "%s", sl_env_why(e, i));
        struct sl_import_wipe *w = SL_ARENA_NEW(&e->r->arena, struct sl_import_wipe);
        w->text = e->lines.list[i].value;
        w->next = e->r->wipes;
        e->r->wipes = w;
    }
}

enum sl_code sl_import_env(struct sl_import_reader *r)
{
    const struct sl_import_file *f = &r->in->files[0];
    struct sl_env e = {.r = r, .file = sl_arena_strdup(&r->plan->arena, f->name)};
    e.groups_end = &e.groups;
    if (sl_dotenv_parse(&r->arena, e.file, (struct sl_str){f->text, f->n}, &e.lines, r->err) !=
        SL_OK)
        return r->err->code;
    e.done = sl_arena_zalloc(&r->arena, e.lines.n + 1);
    for (size_t i = 0; i < e.lines.n; i++)
        sl_env_classify(&e, i);
    for (struct sl_env_group *g = e.groups; g; g = g->next)
        sl_env_read_group(&e, g);
    if (e.provider_line || e.model_line)
        read_default(&e);
    read_rest(&e);
    if (!r->plan->n_models && !r->plan->providers) {
        const struct sl_import_about about = {
            SL_IMPORT_ERROR, sl_arena_printf(&r->plan->arena, "%s:1", e.file), "API_KEY"};
        sl_import_note(r->plan, &about, "the file holds no key and no model of a provider");
    }
    return SL_OK;
}
