/* sluice providers: who runs models, where, and whether the key is there. */
#include "cli.h"

#include <string.h>

#include "edit.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "sluice/v1/provider.pb-c.h"
#include "table.h"
#include "verbs.h"

/* ---- showing ---- */

static const char *key_of(const Sluice__V1__Provider *p)
{
    if (!p->key_present)
        return p->model_count && p->ready_model_count == p->model_count ? "its models'" : "missing";
    return *p->key_source ? p->key_source : "none needed";
}

static void add_provider(struct table *table, const Sluice__V1__Provider *p)
{
    char models[16];
    snprintf(models, sizeof(models), "%d", p->model_count);
    table_add(table, (const char *[]){table_bare(p->name), p->kind, p->base_url, p->key_variable,
                                      key_of(p), models, p->health, p->source});
}

static bool on_providers(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListProvidersResponse *r = (const Sluice__V1__ListProvidersResponse *)message;
    struct cli *cli = ctx;
    struct table table;
    table_init(&table, (const char *[]){"ID", "KIND", "ADDRESS", "KEY VARIABLE", "KEY", "MODELS",
                                        "HEALTH", "SOURCE", NULL});
    for (size_t i = 0; i < r->n_providers && !cli->out.error; i++) {
        if (cli->o.names)
            term_printf(&cli->out, "%s\n", table_bare(r->providers[i]->name));
        else if (cli->o.json)
            cli_print_json(cli, &r->providers[i]->base);
        else
            add_provider(&table, r->providers[i]);
    }
    if (!cli->o.names && !cli->o.json)
        table_print(&table, &cli->out);
    table_fini(&table);
    return !cli->out.error;
}

static void print_provider(struct term *out, const Sluice__V1__Provider *p)
{
    char models[16];
    snprintf(models, sizeof(models), "%d", p->model_count);
    table_field(out, "id", table_bare(p->name));
    table_field(out, "title", p->title);
    table_field(out, "kind", p->kind);
    table_field(out, "address", p->base_url);
    table_field(out, "other site", p->other_site);
    table_field(out, "key", key_of(p));
    table_field(out, "variable", p->key_variable);
    table_field(out, "key page", p->key_page);
    table_field(out, "auth", p->auth);
    table_field(out, "region", p->region);
    table_field(out, "project", p->project);
    for (size_t i = 0; i < p->n_model_patterns; i++)
        table_field(out, i ? "" : "patterns", p->model_patterns[i]);
    table_field(out, "models", models);
    table_field(out, "health", p->health);
    table_field(out, "source", p->source);
}

static bool on_provider(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__Provider *p = (const Sluice__V1__Provider *)message;
    struct cli *cli = ctx;
    if (cli->o.names)
        term_printf(&cli->out, "%s\n", table_bare(p->name));
    else if (cli->o.json)
        cli_print_json(cli, message);
    else
        print_provider(&cli->out, p);
    return !cli->out.error;
}

static int list_providers(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListProvidersRequest request = SLUICE__V1__LIST_PROVIDERS_REQUEST__INIT;
    (void)args;
    (void)n;
    request.all = cli->o.all;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/ListProviders",
                               .request = &request.base,
                               .reply = &sluice__v1__list_providers_response__descriptor,
                               .on_message = on_providers,
                               .ctx = cli,
                           });
}

static int show_provider(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__GetProviderRequest request = SLUICE__V1__GET_PROVIDER_REQUEST__INIT;
    (void)n;
    request.name = (char *)(uintptr_t)args[0];
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/GetProvider",
                               .request = &request.base,
                               .reply = &sluice__v1__provider__descriptor,
                               .on_message = on_provider,
                               .ctx = cli,
                           });
}

/* ---- changing ---- */

/* The provider that the options describe; EXIT_DONE where that went well. */
static int read_provider(struct cli *cli, struct edit *e, Sluice__V1__Provider *p, const char *id)
{
    sluice__v1__provider__init(p);
    p->name = (char *)(uintptr_t)id;
    int code = edit_begin(cli, e, &p->base);
    if (code != EXIT_DONE)
        return code;
    if (e->key.n) {
        p->key = e->key.p;
        edit_add_to_mask(e, "key");
    }
    edit_take(e, &p->kind, "kind", cli->o.kind);
    edit_take(e, &p->base_url, "base_url", cli->o.base_url);
    return EXIT_DONE;
}

static int create_provider(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__CreateProviderRequest request = SLUICE__V1__CREATE_PROVIDER_REQUEST__INIT;
    Sluice__V1__Provider provider;
    struct edit e;
    (void)n;
    int code = read_provider(cli, &e, &provider, args[0]);
    request.provider = &provider;
    if (code == EXIT_DONE)
        code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/CreateProvider",
                                   .request = &request.base,
                                   .reply = &sluice__v1__provider__descriptor,
                                   .on_message = on_provider,
                                   .ctx = cli,
                               });
    edit_end(&e);
    return code;
}

static int update_provider(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpdateProviderRequest request = SLUICE__V1__UPDATE_PROVIDER_REQUEST__INIT;
    Sluice__V1__Provider provider;
    struct edit e;
    (void)n;
    int code = read_provider(cli, &e, &provider, args[0]);
    request.provider = &provider;
    request.update_mask = (char *)(uintptr_t)e.mask;
    if (code == EXIT_DONE)
        code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/UpdateProvider",
                                   .request = &request.base,
                                   .reply = &sluice__v1__provider__descriptor,
                                   .on_message = on_provider,
                                   .ctx = cli,
                               });
    edit_end(&e);
    return code;
}

static int delete_provider(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__DeleteProviderRequest request = SLUICE__V1__DELETE_PROVIDER_REQUEST__INIT;
    (void)n;
    request.name = (char *)(uintptr_t)args[0];
    request.force = cli->o.force;
    int code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/DeleteProvider",
                                   .request = &request.base,
                                   .reply = &sluice__v1__delete_provider_response__descriptor,
                               });
    if (code == EXIT_DONE)
        verbs_say(cli, "deleted %s", args[0]);
    return code;
}

const struct verb_row providers_verbs[] = {
    {"list", "[--all]", 0, 0, list_providers},
    {"create", "ID --kind KIND [--base-url URL] [--provider-key-file FILE]...", 1, 1,
     create_provider},
    {"delete", "ID [--force]", 1, 1, delete_provider},
    {"show", "ID", 1, 1, show_provider},
    {"update", "ID [--set FIELD=VALUE]...", 1, 1, update_provider},
    {.name = NULL},
};
