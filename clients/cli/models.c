/* sluice models: tables for people, one JSON object a line for programs. */
#include "cli.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "sluice/v1/model_registry.pb-c.h"

enum { PAGE_SIZE = 1000, COLUMNS_MAX = 6, TIMEOUT_S = 30 };

/* Rows of strings, printed once all are known, so that columns can be as wide as they need. */
struct table {
    char *(*rows)[COLUMNS_MAX];
    size_t n, cap;
    size_t columns;
};

static void table_add(struct table *t, const char *const *cells)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->rows = sl_realloc(t->rows, t->cap * sizeof(*t->rows));
    }
    for (size_t i = 0; i < t->columns; i++)
        t->rows[t->n][i] = sl_strdup(cells[i]);
    t->n++;
}

/* The first row is the heading. */
static void table_print(const struct table *t, struct term *out)
{
    size_t widths[COLUMNS_MAX] = {0};

    for (size_t row = 0; row < t->n; row++) {
        for (size_t i = 0; i < t->columns; i++) {
            size_t width = term_width(t->rows[row][i]);

            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (size_t row = 0; row < t->n; row++) {
        term_style(out, row ? TERM_PLAIN : TERM_BOLD);
        for (size_t i = 0; i < t->columns; i++) {
            size_t pad = i + 1 < t->columns ? widths[i] - term_width(t->rows[row][i]) + 2 : 0;

            term_printf(out, "%s%*s", t->rows[row][i], (int)pad, "");
        }
        term_style(out, TERM_PLAIN);
        term_printf(out, "\n");
    }
}

static void table_fini(struct table *t)
{
    for (size_t row = 0; row < t->n; row++) {
        for (size_t i = 0; i < t->columns; i++)
            sl_free(t->rows[row][i]);
    }
    sl_free(t->rows);
}

/* ---- cells ---- */

/* The name that --model takes. */
static const char *bare_name(const Sluice__V1__Model *m)
{
    return strncmp(m->name, "models/", 7) ? m->name : m->name + 7;
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
    char context[16], price[64] = "-", capabilities[64], in[24], out[24];

    format_tokens(context, sizeof(context), m->context_tokens);
    format_capabilities(capabilities, sizeof(capabilities), m->capabilities);
    if (m->prices) {
        format_price(in, sizeof(in), m->prices->input_price_micros_per_mtok);
        format_price(out, sizeof(out), m->prices->output_price_micros_per_mtok);
        snprintf(price, sizeof(price), "%s / %s", in, out);
    }
    table_add(t,
              (const char *[]){bare_name(m), m->provider, m->key_present ? m->model_id : "(no key)",
                               context, price, capabilities});
}

/* ---- list ---- */

struct list {
    struct cli *cli;
    struct table table;
    char *next; /* token of the next page, NULL after the last */
};

static bool on_page(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListModelsResponse *page = (const Sluice__V1__ListModelsResponse *)message;
    struct list *list = ctx;

    for (size_t i = 0; i < page->n_models && !list->cli->out.error; i++) {
        if (list->cli->o.names)
            term_printf(&list->cli->out, "%s\n", bare_name(page->models[i]));
        else if (list->cli->o.json)
            cli_print_json(list->cli, &page->models[i]->base);
        else
            add_model(&list->table, page->models[i]);
    }
    sl_free(list->next);
    list->next = *page->next_page_token ? sl_strdup(page->next_page_token) : NULL;
    return !list->cli->out.error;
}

static int list_models(struct cli *cli)
{
    Sluice__V1__ListModelsRequest request = SLUICE__V1__LIST_MODELS_REQUEST__INIT;
    struct list list = {.cli = cli, .table.columns = 6};
    struct client_call call = {
        .path = "/sluice.v1.ModelRegistry/ListModels",
        .request = &request.base,
        .reply = &sluice__v1__list_models_response__descriptor,
        .on_message = on_page,
        .ctx = &list,
    };
    struct client_status status;
    char *token = NULL;
    int code = EXIT_DONE;

    table_add(&list.table,
              (const char *[]){"NAME", "PROVIDER", "MODEL", "CONTEXT", "$/M IN / OUT", "CAN"});
    request.page_size = PAGE_SIZE;
    do {
        sl_free(token);
        token = list.next;
        list.next = NULL;
        if (token)
            request.page_token = token;
        cli_call(cli, &call, TIMEOUT_S, &status);
        if (status.code)
            code = cli_fail(cli, &status);
        client_status_fini(&status);
    } while (code == EXIT_DONE && list.next);
    if (code == EXIT_DONE && !cli->o.names && !cli->o.json)
        table_print(&list.table, &cli->out);
    table_fini(&list.table);
    sl_free(token);
    sl_free(list.next);
    return code;
}

/* ---- show ---- */

static void print_field(struct term *out, const char *name, const char *value)
{
    if (!*value)
        return;
    term_style(out, TERM_BOLD);
    term_printf(out, "%-14s", name);
    term_style(out, TERM_PLAIN);
    term_printf(out, "%s\n", value);
}

static void print_price(struct term *out, const char *name, int64_t micros)
{
    char price[24], text[48];

    format_price(price, sizeof(price), micros);
    snprintf(text, sizeof(text), "%s $/M tokens", price);
    print_field(out, name, text);
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

static void print_model(struct term *out, const Sluice__V1__Model *m)
{
    char text[96];

    print_field(out, "name", bare_name(m));
    print_field(out, "description", m->description);
    for (size_t i = 0; i < m->n_aliases; i++)
        print_field(out, i ? "" : "aliases", m->aliases[i]);
    print_field(out, "provider", m->provider);
    print_field(out, "kind", m->provider_kind);
    print_field(out, "model id", m->model_id);
    print_field(out, "address", m->base_url);
    print_field(out, "api", m->api);
    print_field(out, "key", m->key_present ? "present" : "missing");
    format_capabilities(text, sizeof(text), m->capabilities);
    print_field(out, "can", text);
    format_tokens(text, sizeof(text), m->context_tokens);
    print_field(out, "context", text);
    format_tokens(text, sizeof(text), m->max_output_tokens);
    print_field(out, "max output", text);
    print_prices(out, m->prices);
    for (size_t i = 0; i < m->n_labels; i++) {
        snprintf(text, sizeof(text), "%s=%s", m->labels[i]->key, m->labels[i]->value);
        print_field(out, i ? "" : "labels", text);
    }
    print_field(out, "source", m->source);
}

static bool on_model(void *ctx, const ProtobufCMessage *message)
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

static int show_model(struct cli *cli, const char *name)
{
    Sluice__V1__GetModelRequest request = SLUICE__V1__GET_MODEL_REQUEST__INIT;
    struct client_call call = {
        .path = "/sluice.v1.ModelRegistry/GetModel",
        .request = &request.base,
        .reply = &sluice__v1__model__descriptor,
        .on_message = on_model,
        .ctx = cli,
    };
    struct client_status status;
    int code = EXIT_DONE;

    request.name = (char *)name;
    cli_call(cli, &call, TIMEOUT_S, &status);
    if (status.code)
        code = cli_fail(cli, &status);
    client_status_fini(&status);
    return code;
}

/* ---- resolve ---- */

static bool on_resolved(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ResolveModelResponse *reply =
        (const Sluice__V1__ResolveModelResponse *)message;
    struct cli *cli = ctx;
    struct table table = {.columns = 4};

    table_add(&table, (const char *[]){"NAME", "PROVIDER", "MODEL", "WHY"});
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

static int resolve_model(struct cli *cli, const char *name)
{
    Sluice__V1__ResolveModelRequest request = SLUICE__V1__RESOLVE_MODEL_REQUEST__INIT;
    struct client_call call = {
        .path = "/sluice.v1.ModelRegistry/ResolveModel",
        .request = &request.base,
        .reply = &sluice__v1__resolve_model_response__descriptor,
        .on_message = on_resolved,
        .ctx = cli,
    };
    struct client_status status;
    int code = EXIT_DONE;

    request.model = (char *)name;
    cli_call(cli, &call, TIMEOUT_S, &status);
    if (status.code)
        code = cli_fail(cli, &status);
    client_status_fini(&status);
    return code;
}

int models_run(struct cli *cli)
{
    const struct option_list *args = &cli->o.args;
    const char *verb = args->n ? args->v[0] : "list";

    if (!strcmp(verb, "list") && args->n <= 1)
        return list_models(cli);
    if (!strcmp(verb, "show") && args->n == 2)
        return show_model(cli, args->v[1]);
    if (!strcmp(verb, "resolve") && args->n <= 2)
        return resolve_model(cli, args->n == 2 ? args->v[1] : "");
    return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                          "sluice models takes: list, show NAME, or resolve [NAME]");
}
