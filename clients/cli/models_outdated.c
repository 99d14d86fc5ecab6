/* sluice models outdated, upgrade: which models should be replaced, and replacing them. */
#include <stdio.h>
#include <string.h>

#include "import.h"
#include "models.h"
#include "sluice/v1/maintenance.pb-c.h"

enum { REFRESH_S = 150 };

/* ---- outdated ---- */

struct looking {
    struct cli *cli;
    size_t matter; /* models that call for a change */
};

/* One of a later date alone is no reason to change anything. */
static bool matters(const Sluice__V1__OutdatedModel *m)
{
    return strcmp(m->status, "newer") != 0;
}

static void add_row(struct table *t, const Sluice__V1__OutdatedModel *m)
{
    char days[16] = "", gone[TABLE_TIME_SIZE], names[160];
    const char *instead = *m->successor ? m->successor : m->newer;
    const char *when = m->retirement_date;

    if (m->_days_left_case)
        snprintf(days, sizeof(days), "%d", m->days_left);
    table_time(gone, sizeof(gone), m->gone_ms);
    if (!*when)
        when = gone;
    table_join(names, sizeof(names), m->references, m->n_references);
    table_add(t, (const char *[]){table_bare(m->model), m->provider, m->model_id, m->status, when,
                                  days, instead, names});
}

static void say_next(struct cli *cli, const Sluice__V1__ListOutdatedModelsResponse *r,
                     size_t matter)
{
    char when[TABLE_TIME_SIZE];

    table_time(when, sizeof(when), r->checked_ms);
    if (!matter)
        verbs_say(cli, "nothing has to be replaced");
    else
        verbs_say(cli, "sluice models upgrade says what it would replace; --apply does it");
    verbs_say(cli,
              *when ? "providers were last asked what they list: %s"
                    : "providers were never asked what they list%s: --refresh has them asked",
              when);
}

static bool on_outdated(void *ctx, const ProtobufCMessage *message)
{
    static const char *const heading[] = {"MODEL", "PROVIDER", "ID",          "STATUS", "END",
                                          "DAYS",  "INSTEAD",  "IS NAMED BY", NULL};
    const Sluice__V1__ListOutdatedModelsResponse *r =
        (const Sluice__V1__ListOutdatedModelsResponse *)message;
    struct looking *l = ctx;
    struct cli *cli = l->cli;
    struct table table;

    table_init(&table, heading);
    for (size_t i = 0; i < r->n_models; i++) {
        l->matter += matters(r->models[i]);
        add_row(&table, r->models[i]);
        if (cli->o.names)
            term_printf(&cli->out, "%s\n", table_bare(r->models[i]->model));
    }
    if (cli->o.json)
        cli_print_json(cli, message);
    else if (!cli->o.names && r->n_models)
        table_print(&table, &cli->out);
    table_fini(&table);
    if (r->models_left)
        verbs_say(cli, "%d models more do not fit into a reply", r->models_left);
    say_next(cli, r, l->matter);
    return !cli->out.error;
}

int models_outdated(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListOutdatedModelsRequest request = SLUICE__V1__LIST_OUTDATED_MODELS_REQUEST__INIT;
    struct looking l = {.cli = cli};
    int code;

    (void)args;
    (void)n;
    request.refresh = cli->o.refresh;
    code = verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/ListOutdatedModels",
                               .request = &request.base,
                               .reply = &sluice__v1__list_outdated_models_response__descriptor,
                               .on_message = on_outdated,
                               .ctx = &l,
                               .timeout_s = cli->o.refresh ? REFRESH_S : 0,
                           });
    return code == EXIT_DONE && l.matter ? EXIT_FAILED : code;
}

/* ---- upgrade ---- */

static bool on_upgraded(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__UpgradeModelsResponse *r = (const Sluice__V1__UpgradeModelsResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    import_print_changes(cli, r->changes, r->n_changes);
    import_print_notes(cli, r->notes, r->n_notes);
    if (r->report_left)
        verbs_say(cli, "%d more changes and notes do not fit into a reply", r->report_left);
    import_say_sum(cli, import_sum_of(r->changes, r->n_changes), r->run_id, !cli->o.apply);
    if (!cli->o.apply && r->n_changes)
        verbs_say(cli, "--apply stores it");
    return !cli->out.error;
}

int models_upgrade(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpgradeModelsRequest request = SLUICE__V1__UPGRADE_MODELS_REQUEST__INIT;

    request.models = (char **)(uintptr_t)args;
    request.n_models = n;
    request.apply = cli->o.apply;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/UpgradeModels",
                               .request = &request.base,
                               .reply = &sluice__v1__upgrade_models_response__descriptor,
                               .on_message = on_upgraded,
                               .ctx = cli,
                           });
}
