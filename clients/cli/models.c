/* sluice models: tables for people, one JSON object a line for programs. */
#include "cli.h"

#include <inttypes.h>
#include <string.h>

#include "import.h"
#include "models.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "table.h"

enum { PAGE_SIZE = 1000, ENDING_NAMED = 5 };

/* ---- cells ---- */

/* The name that --model takes. */
static const char *bare_name(const Sluice__V1__Model *m)
{
    return table_bare(m->name);
}

static void format_tokens(char *dst, size_t size, int32_t tokens)
{
    if (!tokens)
        snprintf(dst, size, "-");
    else if (tokens >= 1000000 && tokens % 100000 == 0)
        snprintf(dst, size, "%gM", tokens / 1e6);
    else if (tokens >= 1000)
        snprintf(dst, size, "%dk", (tokens + 500) / 1000);
    else
        snprintf(dst, size, "%d", tokens);
}

/* Dollars per million tokens. */
static void format_price(char *dst, size_t size, int64_t micros)
{
    snprintf(dst, size, "%.10g", (double)micros / 1e6);
}

/* What the model can do; what it cannot do, and what is not known, is left out. */
static void format_capabilities(char *dst, size_t size, const Sluice__V1__ModelCapabilities *c)
{
    const struct {
        const char *name;
        bool on;
    } list[] = {
        {"stream", c && c->_streaming_case && c->streaming},
        {"tools", c && c->_tools_case && c->tools},
        {"vision", c && c->_vision_case && c->vision},
        {"json", c && c->_json_schema_case && c->json_schema},
        {"reasoning", c && c->_reasoning_case && c->reasoning},
    };
    size_t n = 0;

    for (size_t i = 0; i < SL_ARRAY_LEN(list); i++) {
        if (list[i].on)
            n += (size_t)snprintf(dst + n, size - n, "%s%s", n ? "," : "", list[i].name);
    }
    if (!n)
        snprintf(dst, size, "-");
}

static void add_model(struct table *t, const Sluice__V1__Model *m)
{
    char context[16], price[64] = "-", capabilities[64], in[24], out[24], name[160];

    format_tokens(context, sizeof(context), m->context_tokens);
    format_capabilities(capabilities, sizeof(capabilities), m->capabilities);
    if (m->prices) {
        format_price(in, sizeof(in), m->prices->input_price_micros_per_mtok);
        format_price(out, sizeof(out), m->prices->output_price_micros_per_mtok);
        snprintf(price, sizeof(price), "%s / %s", in, out);
    }
    snprintf(name, sizeof(name), "%s%s", bare_name(m), m->favourite ? " *" : "");
    table_add(t, (const char *[]){name, m->provider, m->key_present ? m->model_id : "(no key)",
                                  context, price, capabilities});
}

/* ---- list ---- */

struct models_list {
    struct verb_list list;
    size_t ending; /* models that are deprecated or retired */
};

/* The first few are named. */
static void warn_of_end(struct models_list *l, const Sluice__V1__Model *m)
{
    const Sluice__V1__ModelStatus *s = m->status;
    struct cli *cli = l->list.cli;
    char when[48] = "is deprecated";

    if (!s || (s->state != SLUICE__V1__MODEL_STATUS__STATE__STATE_DEPRECATED &&
               s->state != SLUICE__V1__MODEL_STATUS__STATE__STATE_RETIRED))
        return;
    if (l->ending++ >= ENDING_NAMED)
        return;
    if (s->state == SLUICE__V1__MODEL_STATUS__STATE__STATE_RETIRED)
        snprintf(when, sizeof(when), "is retired");
    else if (s->_days_left_case)
        snprintf(when, sizeof(when), "retires in %d days", s->days_left);
    verbs_say(cli, "sluice: warning: %s %s: %s", bare_name(m), when, s->detail);
}

static bool on_page(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListModelsResponse *page = (const Sluice__V1__ListModelsResponse *)message;
    struct models_list *l = ctx;
    struct verb_list *list = &l->list;

    for (size_t i = 0; i < page->n_models && !list->cli->out.error; i++) {
        if (!list->cli->o.names)
            warn_of_end(l, page->models[i]);
        if (list->cli->o.names)
            term_printf(&list->cli->out, "%s\n", bare_name(page->models[i]));
        else if (list->cli->o.json)
            cli_print_json(list->cli, &page->models[i]->base);
        else
            add_model(&list->table, page->models[i]);
    }
    verbs_next_page(list, page->next_page_token);
    return !list->cli->out.error;
}

static int list_models(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListModelsRequest request = SLUICE__V1__LIST_MODELS_REQUEST__INIT;
    struct models_list l = {.list = {.cli = cli}};
    int code;

    (void)args;
    (void)n;
    table_init(&l.list.table, (const char *[]){"NAME", "PROVIDER", "MODEL", "CONTEXT",
                                               "$/M IN / OUT", "CAN", NULL});
    request.page_size = PAGE_SIZE;
    request.show_hidden = cli->o.all;
    code = verbs_list(&l.list,
                      &(struct verb_call){
                          .path = "/sluice.v1.ModelRegistry/ListModels",
                          .request = &request.base,
                          .reply = &sluice__v1__list_models_response__descriptor,
                          .on_message = on_page,
                          .ctx = &l,
                      },
                      &request.page_token);
    if (code == EXIT_DONE && l.ending > ENDING_NAMED)
        verbs_say(cli, "sluice: warning: %zu models more are at their end: sluice models outdated",
                  l.ending - ENDING_NAMED);
    return code;
}

/* ---- show ---- */

static void print_price(struct term *out, const char *name, int64_t micros)
{
    char price[24], text[48];

    format_price(price, sizeof(price), micros);
    snprintf(text, sizeof(text), "%s $/M tokens", price);
    table_field(out, name, text);
}

static void print_prices(struct term *out, const Sluice__V1__ModelPrices *p)
{
    if (!p)
        return;
    print_price(out, "input", p->input_price_micros_per_mtok);
    if (p->_cache_read_price_micros_per_mtok_case)
        print_price(out, "cache read", p->cache_read_price_micros_per_mtok);
    if (p->_cache_write_price_micros_per_mtok_case)
        print_price(out, "cache write", p->cache_write_price_micros_per_mtok);
    print_price(out, "output", p->output_price_micros_per_mtok);
    if (p->_reasoning_price_micros_per_mtok_case)
        print_price(out, "reasoning", p->reasoning_price_micros_per_mtok);
}

static void print_key(struct term *out, const Sluice__V1__Model *m)
{
    char text[32];

    snprintf(text, sizeof(text), "...%s", m->key_last4);
    table_field(out, "key", *m->key_last4 ? text : m->key_present ? "present" : "missing");
}

static void print_model(struct term *out, const Sluice__V1__Model *m)
{
    char text[96], used[32];

    table_field(out, "name", bare_name(m));
    table_field(out, "description", m->description);
    for (size_t i = 0; i < m->n_aliases; i++)
        table_field(out, i ? "" : "aliases", m->aliases[i]);
    table_field(out, "provider", m->provider);
    table_field(out, "kind", m->provider_kind);
    table_field(out, "model id", m->model_id);
    table_field(out, "address", m->base_url);
    table_field(out, "api", m->api);
    print_key(out, m);
    format_capabilities(text, sizeof(text), m->capabilities);
    table_field(out, "can", text);
    format_tokens(text, sizeof(text), m->context_tokens);
    table_field(out, "context", text);
    format_tokens(text, sizeof(text), m->max_output_tokens);
    table_field(out, "max output", text);
    print_prices(out, m->prices);
    for (size_t i = 0; i < m->n_labels; i++) {
        snprintf(text, sizeof(text), "%s=%s", m->labels[i]->key, m->labels[i]->value);
        table_field(out, i ? "" : "labels", text);
    }
    table_field(out, "source", m->source);
    table_field(out, "owner", m->owner);
    table_time(used, sizeof(used), m->last_used_ms);
    table_field(out, "last used", used);
    table_field(out, "favourite", m->favourite ? "yes" : "");
    table_field(out, "hidden", m->hidden ? "yes" : "");
    if (m->status)
        table_field(out, "status", m->status->detail);
}

bool models_on_model(void *ctx, const ProtobufCMessage *message)
{
    struct cli *cli = ctx;

    if (cli->o.names)
        term_printf(&cli->out, "%s\n", bare_name((const Sluice__V1__Model *)message));
    else if (cli->o.json)
        cli_print_json(cli, message);
    else
        print_model(&cli->out, (const Sluice__V1__Model *)message);
    return !cli->out.error;
}

static int show_model(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__GetModelRequest request = SLUICE__V1__GET_MODEL_REQUEST__INIT;

    (void)n;
    request.name = (char *)args[0];
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/GetModel",
                               .request = &request.base,
                               .reply = &sluice__v1__model__descriptor,
                               .on_message = models_on_model,
                               .ctx = cli,
                           });
}

/* ---- resolve ---- */

static bool on_resolved(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ResolveModelResponse *reply =
        (const Sluice__V1__ResolveModelResponse *)message;
    struct cli *cli = ctx;
    struct table table;

    table_init(&table, (const char *[]){"NAME", "PROVIDER", "MODEL", "WHY", NULL});
    for (size_t i = 0; i < reply->n_candidates && !cli->out.error; i++) {
        const Sluice__V1__ResolvedModel *r = reply->candidates[i];

        if (cli->o.json)
            cli_print_json(cli, &r->base);
        else if (r->model && cli->o.names)
            term_printf(&cli->out, "%s\n", bare_name(r->model));
        else if (r->model)
            table_add(&table, (const char *[]){bare_name(r->model), r->model->provider,
                                               r->model->model_id, r->reason});
    }
    if (!cli->o.json && !cli->o.names)
        table_print(&table, &cli->out);
    table_fini(&table);
    return !cli->out.error;
}

static int resolve_model(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ResolveModelRequest request = SLUICE__V1__RESOLVE_MODEL_REQUEST__INIT;

    (void)n;
    request.model = (char *)args[0];
    if (cli->o.for_task)
        request.task = (char *)cli->o.for_task;
    if (cli->o.conversation)
        request.conversation_id = (char *)cli->o.conversation;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/ResolveModel",
                               .request = &request.base,
                               .reply = &sluice__v1__resolve_model_response__descriptor,
                               .on_message = on_resolved,
                               .ctx = cli,
                           });
}

/* ---- discover ---- */

static void add_listed(struct table *t, const Sluice__V1__ProviderModel *m)
{
    char context[16], names[128];

    format_tokens(context, sizeof(context), m->context_tokens);
    table_join(names, sizeof(names), m->registered, m->n_registered);
    table_add(t,
              (const char *[]){m->id, m->display_name, context, m->n_registered ? names : "(new)"});
}

static bool on_discovered(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__DiscoverModelsResponse *reply =
        (const Sluice__V1__DiscoverModelsResponse *)message;
    struct cli *cli = ctx;
    struct table table;

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    table_init(&table, (const char *[]){"ID", "TITLE", "CONTEXT", "REGISTERED", NULL});
    for (size_t i = 0; i < reply->n_models && !cli->out.error; i++) {
        if (cli->o.names)
            term_printf(&cli->out, "%s\n", reply->models[i]->id);
        else
            add_listed(&table, reply->models[i]);
    }
    for (size_t i = 0; i < reply->n_gone && !cli->o.names; i++)
        table_add(&table, (const char *[]){reply->gone[i], "", "", "(gone)"});
    if (!cli->o.names)
        table_print(&table, &cli->out);
    table_fini(&table);
    if (reply->truncated && !cli->o.quiet)
        term_printf(&cli->err, "sluice: note: the provider lists more models than are shown\n");
    return !cli->out.error;
}

static int discover_models(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__DiscoverModelsRequest request = SLUICE__V1__DISCOVER_MODELS_REQUEST__INIT;

    (void)n;
    request.provider = (char *)args[0];
    if (cli->o.model)
        request.model = (char *)cli->o.model;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/DiscoverModels",
                               .request = &request.base,
                               .reply = &sluice__v1__discover_models_response__descriptor,
                               .on_message = on_discovered,
                               .ctx = cli,
                           });
}

const struct verb_row models_verbs[] = {
    {"list", "[--all]", 0, 0, list_models},
    {"create", "NAME [--template NAME] [--provider ID] [--provider-key-file FILE]...", 1, 1,
     models_create},
    {"default", "[NAME] [--tier NAME | --user NAME | --conversation ID] [--clear]", 0, 1,
     models_default},
    {"delete", "NAME [--force]", 1, 1, models_delete},
    {"show", "NAME", 1, 1, show_model},
    {"resolve", "[NAME] [--for-task TASK]", 0, 1, resolve_model},
    {"discover", "[PROVIDER]", 0, 1, discover_models},
    {"outdated", "[--refresh]", 0, 0, models_outdated},
    {"seed", "[--lineup NAME] [--dry-run]", 0, 0, import_seed},
    {"templates", "", 0, 0, models_templates},
    {"test", "NAME | --all [--step STEP]... [--save]", 0, 1, models_test},
    {"undelete", "NAME", 1, 1, models_undelete},
    {"update", "NAME [--set FIELD=VALUE]...", 1, 1, models_update},
    {"upgrade", "[NAME]... [--apply]", 0, VERB_ARGS_MAX, models_upgrade},
    {"watch", "[--since REVISION] [--filter CONDITIONS]", 0, 0, models_watch},
    {.name = NULL},
};
