/* sluice prefs. */
#include <string.h>

#include "access_print.h"
#include "base/alloc.h"
#include "table.h"
#include "verbs.h"

enum { MASK_SIZE = 128 };

static void print_models(struct term *out, const char *name, char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        table_field(out, i ? "" : name, table_bare(list[i]));
}

static bool on_preferences(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__Preferences *p = (const Sluice__V1__Preferences *)message;
    struct cli *cli = ctx;
    struct term *out = &cli->out;
    char text[256], cost[32];

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !out->error;
    }
    for (size_t i = 0; i < p->n_task_models; i++) {
        snprintf(text, sizeof(text), "%s = %s", p->task_models[i]->key,
                 table_bare(p->task_models[i]->value));
        table_field(out, i ? "" : "tasks", text);
    }
    print_models(out, "favourites", p->favourite_models, p->n_favourite_models);
    print_models(out, "hidden", p->hidden_models, p->n_hidden_models);
    table_field(out, "priority", p->priority);
    if (p->cost_ceiling_nanos) {
        access_format_cost(cost, sizeof(cost), p->cost_ceiling_nanos);
        snprintf(text, sizeof(text), "at most $%s for 1000 tokens in and 1000 out", cost);
        table_field(out, "cost", text);
    }
    return !out->error;
}

static int show(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__GetPreferencesRequest request = SLUICE__V1__GET_PREFERENCES_REQUEST__INIT;

    (void)args;
    (void)n;
    if (cli->o.user)
        request.user = (char *)cli->o.user;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/GetPreferences",
                               .request = &request.base,
                               .reply = &sluice__v1__preferences__descriptor,
                               .on_message = on_preferences,
                               .ctx = cli,
                           });
}

/* ---- set ---- */

struct wanted {
    Sluice__V1__Preferences preferences;
    Sluice__V1__Preferences__TaskModelsEntry *tasks, **list;
    char mask[MASK_SIZE];
};

/* TASK=MODEL; false for anything else. One empty value clears them. */
static bool fill_tasks(const struct option_list *from, struct wanted *w)
{
    if (!from->n)
        return true;
    access_mask(w->mask, MASK_SIZE, "task_models");
    if (from->n == 1 && !*from->v[0])
        return true;
    w->tasks = sl_calloc(from->n, sizeof(*w->tasks));
    w->list = sl_calloc(from->n, sizeof(*w->list));
    for (size_t i = 0; i < from->n; i++) {
        const char *equals = strchr(from->v[i], '=');

        if (!equals)
            return false;
        sluice__v1__preferences__task_models_entry__init(&w->tasks[i]);
        w->tasks[i].key = sl_strndup(from->v[i], (size_t)(equals - from->v[i]));
        w->tasks[i].value = (char *)(equals + 1);
        w->list[i] = &w->tasks[i];
        w->preferences.n_task_models++;
    }
    w->preferences.task_models = w->list;
    return true;
}

static void fill_list(struct wanted *w, const char *field, const struct option_list *from,
                      char ***list, size_t *n)
{
    if (!from->n)
        return;
    *list = (char **)from->v;
    *n = from->n == 1 && !*from->v[0] ? 0 : from->n;
    access_mask(w->mask, MASK_SIZE, field);
}

static bool fill(const struct options *o, struct wanted *w)
{
    Sluice__V1__Preferences *p = &w->preferences;

    *w = (struct wanted){.tasks = NULL};
    sluice__v1__preferences__init(p);
    fill_list(w, "favourite_models", &o->favourite, &p->favourite_models, &p->n_favourite_models);
    fill_list(w, "hidden_models", &o->hide, &p->hidden_models, &p->n_hidden_models);
    if (o->priority) {
        p->priority = (char *)(strcmp(o->priority, "none") ? o->priority : "");
        access_mask(w->mask, MASK_SIZE, "priority");
    }
    if (o->cost_ceiling.set) {
        p->cost_ceiling_nanos = access_nanos(o->cost_ceiling.v);
        access_mask(w->mask, MASK_SIZE, "cost_ceiling_nanos");
    }
    return fill_tasks(&o->task_model, w);
}

static void wanted_fini(struct wanted *w)
{
    for (size_t i = 0; i < w->preferences.n_task_models; i++)
        sl_free(w->tasks[i].key);
    sl_free(w->tasks);
    sl_free(w->list);
}

static int set(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpdatePreferencesRequest request = SLUICE__V1__UPDATE_PREFERENCES_REQUEST__INIT;
    struct wanted wanted;
    int code;

    (void)args;
    (void)n;
    if (!fill(&cli->o, &wanted)) {
        code = cli_fail_local(cli, EXIT_USAGE, "USAGE", "--task-model takes TASK=MODEL");
    } else if (!*wanted.mask) {
        code =
            cli_fail_local(cli, EXIT_USAGE, "USAGE",
                           "sluice prefs set takes what to set: --task-model, --favourite, --hide, "
                           "--priority or --cost-ceiling");
    } else {
        if (cli->o.user)
            request.user = (char *)cli->o.user;
        request.preferences = &wanted.preferences;
        request.update_mask = wanted.mask;
        code = verbs_call(cli, &(struct verb_call){
                                   .path = "/sluice.v1.Access/UpdatePreferences",
                                   .request = &request.base,
                                   .reply = &sluice__v1__preferences__descriptor,
                                   .on_message = on_preferences,
                                   .ctx = cli,
                               });
    }
    wanted_fini(&wanted);
    return code;
}

const struct verb_row prefs_verbs[] = {
    {"show", "[--user NAME]", 0, 0, show},
    {"set", "[--task-model TASK=MODEL]... [--favourite MODEL]... [--hide MODEL]... [--priority P]",
     0, 0, set},
    {.name = NULL},
};
