/* sluice tiers. */
#include <inttypes.h>
#include <string.h>

#include "access_print.h"
#include "table.h"
#include "verbs.h"

enum { MASK_SIZE = 128 };

/* ---- list, show ---- */

static void format_limit(char *dst, size_t size, int64_t value)
{
    if (value)
        snprintf(dst, size, "%" PRId64, value);
    else
        *dst = 0;
}

static void add_tier(struct table *t, const Sluice__V1__Tier *tier)
{
    static const Sluice__V1__TierLimits none = SLUICE__V1__TIER_LIMITS__INIT;
    const Sluice__V1__TierLimits *l = tier->limits ? tier->limits : &none;
    char rank[16], models[64], rpcs[64], requests[24], tokens[24], cost[32] = "";

    snprintf(rank, sizeof(rank), "%d", tier->rank);
    table_join(models, sizeof(models), tier->models, tier->n_models);
    table_join(rpcs, sizeof(rpcs), tier->rpcs, tier->n_rpcs);
    format_limit(requests, sizeof(requests), l->requests_per_minute);
    format_limit(tokens, sizeof(tokens), l->tokens_per_minute);
    if (l->monthly_cost_nanos)
        access_format_cost(cost, sizeof(cost), l->monthly_cost_nanos);
    table_add(t, (const char *[]){table_bare(tier->name), rank, *models ? models : "all",
                                  *rpcs ? rpcs : "all", requests, tokens, cost, tier->title});
}

static bool on_tiers(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListTiersResponse *r = (const Sluice__V1__ListTiersResponse *)message;
    struct cli *cli = ctx;
    struct table table;

    table_init(&table, (const char *[]){"NAME", "RANK", "MODELS", "RPCS", "REQUESTS/MIN",
                                        "TOKENS/MIN", "$/MONTH", "TITLE", NULL});
    for (size_t i = 0; i < r->n_tiers && !cli->out.error; i++) {
        if (cli->o.names)
            term_printf(&cli->out, "%s\n", table_bare(r->tiers[i]->name));
        else if (cli->o.json)
            cli_print_json(cli, &r->tiers[i]->base);
        else
            add_tier(&table, r->tiers[i]);
    }
    if (!cli->o.names && !cli->o.json)
        table_print(&table, &cli->out);
    table_fini(&table);
    return !cli->out.error;
}

static int list_tiers(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListTiersRequest request = SLUICE__V1__LIST_TIERS_REQUEST__INIT;

    (void)args;
    (void)n;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/ListTiers",
                               .request = &request.base,
                               .reply = &sluice__v1__list_tiers_response__descriptor,
                               .on_message = on_tiers,
                               .ctx = cli,
                           });
}

static void print_list(struct term *out, const char *name, char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        table_field(out, i ? "" : name, list[i]);
}

static bool on_tier(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__Tier *t = (const Sluice__V1__Tier *)message;
    struct cli *cli = ctx;
    struct term *out = &cli->out;
    char rank[16];

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !out->error;
    }
    snprintf(rank, sizeof(rank), "%d", t->rank);
    table_field(out, "name", table_bare(t->name));
    table_field(out, "title", t->title);
    table_field(out, "rank", rank);
    print_list(out, "models", t->models, t->n_models);
    print_list(out, "tasks", t->tasks, t->n_tasks);
    print_list(out, "rpcs", t->rpcs, t->n_rpcs);
    access_print_limits(out, t->limits);
    table_field(out, "model", table_bare(t->default_model));
    table_field(out, "etag", t->etag);
    return !out->error;
}

static int show_tier(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__GetTierRequest request = SLUICE__V1__GET_TIER_REQUEST__INIT;

    (void)n;
    request.name = (char *)args[0];
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/GetTier",
                               .request = &request.base,
                               .reply = &sluice__v1__tier__descriptor,
                               .on_message = on_tier,
                               .ctx = cli,
                           });
}

/* ---- create, update, delete ---- */

struct wanted {
    Sluice__V1__Tier tier;
    Sluice__V1__TierLimits limits;
    char mask[MASK_SIZE];
};

/* One empty value clears the list. */
static void fill_list(struct wanted *w, const char *field, const struct option_list *from,
                      char ***list, size_t *n)
{
    if (!from->n)
        return;
    *list = (char **)from->v;
    *n = from->n == 1 && !*from->v[0] ? 0 : from->n;
    access_mask(w->mask, MASK_SIZE, field);
}

/* All limits are written together: those that are not given are none. */
static void fill_limits(const struct options *o, struct wanted *w)
{
    if (!o->requests_per_minute.set && !o->tokens_per_minute.set && !o->concurrent.set &&
        !o->monthly_cost.set)
        return;
    sluice__v1__tier_limits__init(&w->limits);
    w->limits.requests_per_minute = o->requests_per_minute.v;
    w->limits.tokens_per_minute = o->tokens_per_minute.v;
    w->limits.concurrent_requests = (int32_t)o->concurrent.v;
    w->limits.monthly_cost_nanos = access_nanos(o->monthly_cost.v);
    w->tier.limits = &w->limits;
    access_mask(w->mask, MASK_SIZE, "limits");
}

static void fill_tier(const struct options *o, const char *name, struct wanted *w)
{
    sluice__v1__tier__init(&w->tier);
    w->tier.name = (char *)name;
    *w->mask = 0;
    if (o->title) {
        w->tier.title = (char *)o->title;
        access_mask(w->mask, MASK_SIZE, "title");
    }
    if (o->rank.set) {
        w->tier.rank = (int32_t)o->rank.v;
        access_mask(w->mask, MASK_SIZE, "rank");
    }
    fill_list(w, "models", &o->allow_model, &w->tier.models, &w->tier.n_models);
    fill_list(w, "tasks", &o->allow_task, &w->tier.tasks, &w->tier.n_tasks);
    fill_list(w, "rpcs", &o->allow_rpc, &w->tier.rpcs, &w->tier.n_rpcs);
    fill_limits(o, w);
}

static int create_tier(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__CreateTierRequest request = SLUICE__V1__CREATE_TIER_REQUEST__INIT;
    struct wanted wanted;

    (void)n;
    fill_tier(&cli->o, args[0], &wanted);
    request.tier = &wanted.tier;
    if (cli->o.request_id)
        request.request_id = (char *)cli->o.request_id;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/CreateTier",
                               .request = &request.base,
                               .reply = &sluice__v1__tier__descriptor,
                               .on_message = on_tier,
                               .ctx = cli,
                           });
}

static int update_tier(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpdateTierRequest request = SLUICE__V1__UPDATE_TIER_REQUEST__INIT;
    struct wanted wanted;

    (void)n;
    fill_tier(&cli->o, args[0], &wanted);
    if (!*wanted.mask)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "sluice tiers update takes what to change: see sluice tiers --help");
    if (cli->o.etag)
        wanted.tier.etag = (char *)cli->o.etag;
    request.tier = &wanted.tier;
    request.update_mask = wanted.mask;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/UpdateTier",
                               .request = &request.base,
                               .reply = &sluice__v1__tier__descriptor,
                               .on_message = on_tier,
                               .ctx = cli,
                           });
}

static int delete_tier(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__DeleteTierRequest request = SLUICE__V1__DELETE_TIER_REQUEST__INIT;
    int code;

    (void)n;
    request.name = (char *)args[0];
    code = verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/DeleteTier",
                               .request = &request.base,
                               .reply = &sluice__v1__delete_tier_response__descriptor,
                           });
    if (code == EXIT_DONE)
        verbs_say(cli, "deleted the tier %s", args[0]);
    return code;
}

const struct verb_row tiers_verbs[] = {
    {"list", "", 0, 0, list_tiers},
    {"show", "NAME", 1, 1, show_tier},
    {"create", "NAME [OPTION]...", 1, 1, create_tier},
    {"update", "NAME [OPTION]...", 1, 1, update_tier},
    {"delete", "NAME", 1, 1, delete_tier},
    {.name = NULL},
};
