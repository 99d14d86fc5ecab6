/* sluice credentials: stored keys of providers, several for one where that is wanted. */
#include "cli.h"

#include <string.h>

#include "edit.h"
#include "sluice/v1/provider.pb-c.h"
#include "table.h"
#include "verbs.h"

/* ---- showing ---- */

static const char *state_of(const Sluice__V1__Credential *c)
{
    return c->enabled ? "enabled" : "disabled";
}

static void add_credential(struct table *table, const Sluice__V1__Credential *c)
{
    char priority[16];
    char key[16];
    snprintf(priority, sizeof(priority), "%d", c->priority);
    snprintf(key, sizeof(key), "%s%.8s", *c->last4 ? "..." : "", c->last4);
    table_add(table, (const char *[]){table_bare(c->name), c->provider, c->title, key, c->binding,
                                      priority, state_of(c), c->owner, c->source});
}

static bool on_credentials(void *ctx, const ProtobufCMessage *message)
{
    const void *of_that_type = message;
    const Sluice__V1__ListCredentialsResponse *r = of_that_type;
    struct cli *cli = ctx;
    struct table table;
    table_init(&table, (const char *[]){"ID", "PROVIDER", "TITLE", "KEY", "SENT TO", "PRIORITY",
                                        "STATE", "OWNER", "SOURCE", NULL});
    for (size_t i = 0; i < r->n_credentials && !cli->out.error; i++) {
        if (cli->o.names)
            term_printf(&cli->out, "%s\n", table_bare(r->credentials[i]->name));
        else if (cli->o.json)
            cli_print_json(cli, &r->credentials[i]->base);
        else
            add_credential(&table, r->credentials[i]);
    }
    if (!cli->o.names && !cli->o.json)
        table_print(&table, &cli->out);
    table_fini(&table);
    return !cli->out.error;
}

static bool on_credential(void *ctx, const ProtobufCMessage *message)
{
    const void *of_that_type = message;
    const Sluice__V1__Credential *c = of_that_type;
    struct cli *cli = ctx;
    char priority[16];
    if (cli->o.names) {
        term_printf(&cli->out, "%s\n", table_bare(c->name));
    } else if (cli->o.json) {
        cli_print_json(cli, message);
    } else {
        snprintf(priority, sizeof(priority), "%d", c->priority);
        table_field(&cli->out, "id", table_bare(c->name));
        table_field(&cli->out, "provider", c->provider);
        table_field(&cli->out, "title", c->title);
        table_field(&cli->out, "key ends in", c->last4);
        table_field(&cli->out, "source", c->source);
        table_field(&cli->out, "sent to", c->binding);
        table_field(&cli->out, "priority", priority);
        table_field(&cli->out, "state", state_of(c));
        table_field(&cli->out, "owner", c->owner);
    }
    return !cli->out.error;
}

static int list_credentials(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListCredentialsRequest request = SLUICE__V1__LIST_CREDENTIALS_REQUEST__INIT;
    (void)n;
    request.provider = (char *)(uintptr_t)args[0];
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/ListCredentials",
                               .request = &request.base,
                               .reply = &sluice__v1__list_credentials_response__descriptor,
                               .on_message = on_credentials,
                               .ctx = cli,
                           });
}

/* ---- changing ---- */

/* The credential that the options describe; EXIT_DONE where that went well. */
static int read_credential(struct cli *cli, struct edit *e, Sluice__V1__Credential *c)
{
    sluice__v1__credential__init(c);
    int code = edit_begin(cli, e, &c->base);
    if (code == EXIT_DONE && e->key.n) {
        c->key = e->key.p;
        edit_add_to_mask(e, "key");
    }
    return code;
}

/* A call that answers with the credential. */
static int call_for_one(struct cli *cli, const char *path, const ProtobufCMessage *request)
{
    return verbs_call(cli, &(struct verb_call){
                               .path = path,
                               .request = request,
                               .reply = &sluice__v1__credential__descriptor,
                               .on_message = on_credential,
                               .ctx = cli,
                           });
}

static int create_credential(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__CreateCredentialRequest request = SLUICE__V1__CREATE_CREDENTIAL_REQUEST__INIT;
    Sluice__V1__Credential credential;
    struct edit e;
    (void)n;
    int code = read_credential(cli, &e, &credential);
    credential.provider = (char *)(uintptr_t)args[0];
    request.credential = &credential;
    request.personal = cli->o.personal;
    if (code == EXIT_DONE)
        code = call_for_one(cli, "/sluice.v1.ModelRegistry/CreateCredential", &request.base);
    edit_end(&e);
    return code;
}

static int update_credential(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpdateCredentialRequest request = SLUICE__V1__UPDATE_CREDENTIAL_REQUEST__INIT;
    Sluice__V1__Credential credential;
    struct edit e;
    (void)n;
    int code = read_credential(cli, &e, &credential);
    credential.name = (char *)(uintptr_t)args[0];
    request.credential = &credential;
    request.update_mask = (char *)(uintptr_t)e.mask;
    if (code == EXIT_DONE)
        code = call_for_one(cli, "/sluice.v1.ModelRegistry/UpdateCredential", &request.base);
    edit_end(&e);
    return code;
}

static int delete_credential(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__DeleteCredentialRequest request = SLUICE__V1__DELETE_CREDENTIAL_REQUEST__INIT;
    (void)n;
    request.name = (char *)(uintptr_t)args[0];
    int code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.ModelRegistry/DeleteCredential",
                                   .request = &request.base,
                                   .reply = &sluice__v1__delete_credential_response__descriptor,
                               });
    if (code == EXIT_DONE)
        verbs_say(cli, "deleted %s", args[0]);
    return code;
}

const struct verb_row credentials_verbs[] = {
    {"list", "[PROVIDER]", 0, 1, list_credentials},
    {"create", "PROVIDER --provider-key-file FILE [--personal] [--set FIELD=VALUE]...", 1, 1,
     create_credential},
    {"delete", "ID", 1, 1, delete_credential},
    {"update", "ID [--provider-key-file FILE] [--set FIELD=VALUE]...", 1, 1, update_credential},
    {.name = NULL},
};
