/* sluice models create, update, delete, undelete, default, templates: what changes the registry. */
#include "models.h"

#include <string.h>

#include "edit.h"
#include "fields.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "sluice/v1/provider.pb-c.h"
#include "table.h"

enum { ARENA_MAX = 1024 * 1024 };

/* ---- what options say ---- */

static char *given(const char *option)
{
    return (char *)(uintptr_t)(option ? option : "");
}

/* The model that the options describe; EXIT_DONE where that went well. */
static int read_model(struct cli *cli, struct edit *e, Sluice__V1__Model *m, const char *name)
{
    sluice__v1__model__init(m);
    m->name = given(name);
    int code = edit_begin(cli, e, &m->base);
    if (code != EXIT_DONE)
        return code;
    if (e->key.n) {
        m->key = e->key.p;
        edit_add_to_mask(e, "key");
    }
    edit_take(e, &m->provider, "provider", cli->o.provider);
    edit_take(e, &m->model_id, "model_id", cli->o.model_id);
    edit_take(e, &m->base_url, "base_url", cli->o.base_url);
    return EXIT_DONE;
}

/* ---- create, update ---- */

int models_create(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__CreateModelRequest request = SLUICE__V1__CREATE_MODEL_REQUEST__INIT;
    Sluice__V1__Model model;
    struct edit e;
    (void)n;
    if (cli->o.template)
        return models_create_from_template(cli, args[0]);
    int code = read_model(cli, &e, &model, args[0]);
    request.model = &model;
    request.personal = cli->o.personal;
    request.validate_only = cli->o.dry_run;
    if (code == EXIT_DONE)
        code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/CreateModel",
                                   .request = &request.base,
                                   .reply = &sluice__v1__model__descriptor,
                                   .on_message = models_on_model,
                                   .ctx = cli,
                               });
    edit_end(&e);
    return code;
}

int models_update(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpdateModelRequest request = SLUICE__V1__UPDATE_MODEL_REQUEST__INIT;
    Sluice__V1__Model model;
    struct edit e;
    (void)n;
    int code = read_model(cli, &e, &model, args[0]);
    request.model = &model;
    model.etag = given(cli->o.etag);
    if (cli->o.new_name) {
        request.new_name = given(cli->o.new_name);
        edit_add_to_mask(&e, "new_name");
    }
    request.update_mask = given(e.mask);
    request.validate_only = cli->o.dry_run;
    if (code == EXIT_DONE && !*e.mask)
        code = cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "nothing to change: say --set FIELD=VALUE, --provider-key-file, ...");
    if (code == EXIT_DONE)
        code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/UpdateModel",
                                   .request = &request.base,
                                   .reply = &sluice__v1__model__descriptor,
                                   .on_message = models_on_model,
                                   .ctx = cli,
                               });
    edit_end(&e);
    return code;
}

/* "NAME=VALUE" of --var. */
static int add_variables(struct cli *cli, struct sl_arena *arena,
                         Sluice__V1__CreateModelFromTemplateRequest *request)
{
    struct sl_err err = {0};
    for (size_t i = 0; i < cli->o.var.n; i++) {
        const char *text = sl_arena_printf(arena, "variables.%s", cli->o.var.v[i]);
        if (fields_set(&request->base, text, arena, &err) != SL_OK)
            return cli_fail_local(cli, EXIT_USAGE, "USAGE", err.text);
    }
    return EXIT_DONE;
}

int models_create_from_template(struct cli *cli, const char *name)
{
    Sluice__V1__CreateModelFromTemplateRequest request =
        SLUICE__V1__CREATE_MODEL_FROM_TEMPLATE_REQUEST__INIT;
    struct sl_buf key;
    struct sl_arena arena;
    sl_arena_init(&arena, ARENA_MAX);
    int code = edit_read_key(cli, &key);
    request.template_ = given(cli->o.template);
    request.name = given(name);
    request.key = given(key.p);
    request.model_id = given(cli->o.model_id);
    request.personal = cli->o.personal;
    if (code == EXIT_DONE)
        code = add_variables(cli, &arena, &request);
    if (code == EXIT_DONE)
        code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/CreateModelFromTemplate",
                                   .request = &request.base,
                                   .reply = &sluice__v1__model__descriptor,
                                   .on_message = models_on_model,
                                   .ctx = cli,
                               });
    sl_buf_wipe(&key);
    sl_arena_fini(&arena);
    return code;
}

/* ---- delete, undelete ---- */

static bool on_deleted(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__DeleteModelResponse *r = (const Sluice__V1__DeleteModelResponse *)message;
    struct cli *cli = ctx;
    if (cli->o.json)
        cli_print_json(cli, message);
    else if (r->model)
        verbs_say(cli, "deleted %s; sluice models undelete %s brings it back",
                  table_bare(r->model->name), table_bare(r->model->name));
    for (size_t i = 0; i < r->n_references && !cli->o.json; i++)
        verbs_say(cli, "it was named by %s", r->references[i]);
    return !cli->out.error;
}

int models_delete(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__DeleteModelRequest request = SLUICE__V1__DELETE_MODEL_REQUEST__INIT;
    (void)n;
    request.name = given(args[0]);
    request.etag = given(cli->o.etag);
    request.force = cli->o.force;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/DeleteModel",
                               .request = &request.base,
                               .reply = &sluice__v1__delete_model_response__descriptor,
                               .on_message = on_deleted,
                               .ctx = cli,
                           });
}

int models_undelete(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UndeleteModelRequest request = SLUICE__V1__UNDELETE_MODEL_REQUEST__INIT;
    (void)n;
    request.name = given(args[0]);
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/UndeleteModel",
                               .request = &request.base,
                               .reply = &sluice__v1__model__descriptor,
                               .on_message = models_on_model,
                               .ctx = cli,
                           });
}

/* ---- default ---- */

static bool on_default(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__DefaultModel *d = (const Sluice__V1__DefaultModel *)message;
    struct cli *cli = ctx;
    if (cli->o.json) {
        cli_print_json(cli, message);
    } else if (cli->o.names) {
        term_printf(&cli->out, "%s\n", table_bare(d->model));
    } else {
        table_field(&cli->out, "model", *d->model ? table_bare(d->model) : "none");
        table_field(&cli->out, "why", d->reason);
    }
    return !cli->out.error;
}

/* Whose default: of a tier, a user, a conversation, or, for those that change it, of everybody. */
static Sluice__V1__DefaultScope scope_of(const struct cli *cli, char **subject)
{
    *subject = given(NULL);
    if (cli->o.tier) {
        *subject = given(cli->o.tier);
        return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_TIER;
    }
    if (cli->o.conversation) {
        *subject = given(cli->o.conversation);
        return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_CONVERSATION;
    }
    if (cli->o.user) {
        *subject = given(strcmp(cli->o.user, "me") ? cli->o.user : "");
        return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_USER;
    }
    return SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY;
}

static int get_default(struct cli *cli)
{
    Sluice__V1__GetDefaultModelRequest request = SLUICE__V1__GET_DEFAULT_MODEL_REQUEST__INIT;
    request.scope = scope_of(cli, &request.subject);
    if (request.scope == SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY)
        request.scope = SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_UNSPECIFIED;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/GetDefaultModel",
                               .request = &request.base,
                               .reply = &sluice__v1__default_model__descriptor,
                               .on_message = on_default,
                               .ctx = cli,
                           });
}

int models_default(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__SetDefaultModelRequest request = SLUICE__V1__SET_DEFAULT_MODEL_REQUEST__INIT;
    if (!n && !cli->o.clear)
        return get_default(cli);
    request.scope = scope_of(cli, &request.subject);
    request.model = given(args[0]);
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/SetDefaultModel",
                               .request = &request.base,
                               .reply = &sluice__v1__default_model__descriptor,
                               .on_message = on_default,
                               .ctx = cli,
                           });
}

/* ---- templates ---- */

static void add_template(struct table *table, const Sluice__V1__ModelTemplate *t)
{
    char variables[128] = "";
    size_t n = 0;
    for (size_t i = 0; i < t->n_variables && n < sizeof(variables); i++)
        n += (size_t)snprintf(variables + n, sizeof(variables) - n, "%s%s%s%s", i ? ", " : "",
                              t->variables[i]->name, *t->variables[i]->default_value ? "=" : "",
                              t->variables[i]->default_value);
    table_add(table, (const char *[]){t->name, t->title, t->example_model_id,
                                      t->key_required ? t->key_variable : "", variables, t->note});
}

static bool on_templates(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListTemplatesResponse *r = (const Sluice__V1__ListTemplatesResponse *)message;
    struct cli *cli = ctx;
    struct table table;
    table_init(&table, (const char *[]){"NAME", "PROVIDER", "MODEL", "KEY", "--var", "NOTE", NULL});
    for (size_t i = 0; i < r->n_templates && !cli->out.error; i++) {
        if (cli->o.names)
            term_printf(&cli->out, "%s\n", r->templates[i]->name);
        else if (cli->o.json)
            cli_print_json(cli, &r->templates[i]->base);
        else
            add_template(&table, r->templates[i]);
    }
    if (!cli->o.names && !cli->o.json)
        table_print(&table, &cli->out);
    table_fini(&table);
    return !cli->out.error;
}

int models_templates(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListTemplatesRequest request = SLUICE__V1__LIST_TEMPLATES_REQUEST__INIT;
    (void)args;
    (void)n;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/ListTemplates",
                               .request = &request.base,
                               .reply = &sluice__v1__list_templates_response__descriptor,
                               .on_message = on_templates,
                               .ctx = cli,
                           });
}
