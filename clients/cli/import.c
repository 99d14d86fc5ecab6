/* sluice import: other programs' configurations, shown as a diff first; import list, import undo; models seed. */
#include "import.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/dotenv.h"
#include "files.h"
#include "table.h"
#include "verbs.h"

enum {
    FILES_MAX = 32,
    FILE_MAX = 8 * 1024 * 1024,
    ENV_MAX = 1024 * 1024,
    ARENA_MAX = 16 * 1024 * 1024,
    TIMEOUT_S = 600, /* thousands of models, in one transaction */
};

static char *given(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

/* ---- what a reply says ---- */

static const char *mark(Sluice__V1__Change__Action action)
{
    switch (action) {
    case SLUICE__V1__CHANGE__ACTION__ACTION_CREATE:
        return "+";
    case SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE:
        return "~";
    case SLUICE__V1__CHANGE__ACTION__ACTION_DELETE:
        return "-";
    default:
        return "=";
    }
}

void import_print_changes(struct cli *cli, Sluice__V1__Change *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const Sluice__V1__Change *c = list[i];
        term_printf(&cli->out, "%s %s %s%s%s%s\n", mark(c->action), c->kind, c->name,
                    *c->place ? "  (" : "", c->place, *c->place ? ")" : "");
        for (size_t k = 0; k < c->n_differences; k++)
            term_printf(&cli->out, "    %s\n", c->differences[k]);
    }
}

void import_print_notes(struct cli *cli, Sluice__V1__ImportNote *const *list, size_t n)
{
    static const char *const levels[] = {"", "note", "not carried", "error"};
    for (int level = 1; level <= 3; level++) {
        for (size_t i = 0; i < n; i++) {
            const Sluice__V1__ImportNote *note = list[i];
            if ((int)note->level == level)
                term_printf(&cli->out, "%s: %s: %s%s%s\n", levels[level], note->place,
                            note->subject, *note->subject ? ": " : "", note->message);
        }
    }
}

static int count(Sluice__V1__Change *const *list, size_t n, Sluice__V1__Change__Action action)
{
    int found = 0;
    for (size_t i = 0; i < n; i++)
        found += list[i]->action == action;
    return found;
}

struct import_sum import_sum_of(Sluice__V1__Change *const *list, size_t n)
{
    return (struct import_sum){
        .created = count(list, n, SLUICE__V1__CHANGE__ACTION__ACTION_CREATE),
        .updated = count(list, n, SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE),
        .kept = count(list, n, SLUICE__V1__CHANGE__ACTION__ACTION_KEEP),
    };
}

void import_say_sum(struct cli *cli, struct import_sum sum, const char *run, bool dry)
{
    verbs_say(cli, "%d to create, %d to change, %d as they are", sum.created, sum.updated,
              sum.kept);
    if (*run)
        verbs_say(cli, "stored as run %s; sluice import undo %s takes it back", run, run);
    else if (dry)
        verbs_say(cli, "nothing was stored: this was a dry run");
    else
        verbs_say(cli, "nothing was to be done");
}

/* ---- import FILE... ---- */

struct importing {
    struct cli *cli;
    bool nothing;      /* neither carried nor there before */
    int shown, behind; /* entries of the report that came so far, and that did not */
};

static bool on_imported(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ImportModelsResponse *r = (const Sluice__V1__ImportModelsResponse *)message;
    struct importing *i = ctx;
    const struct import_sum sum = {r->created, r->updated, r->kept};
    i->nothing = !r->created && !r->updated && !r->kept;
    i->shown += (int)(r->n_changes + r->n_notes);
    i->behind = r->report_left;
    if (i->cli->o.json) {
        cli_print_json(i->cli, message);
        return !i->cli->out.error;
    }
    import_print_changes(i->cli, r->changes, r->n_changes);
    import_print_notes(i->cli, r->notes, r->n_notes);
    if (i->behind && !i->cli->o.apply)
        return !i->cli->out.error; /* the rest follows */
    if (i->behind)
        verbs_say(i->cli,
                  "%d more entries of the report do not fit into a reply: a dry run shows "
                  "all of them",
                  i->behind);
    import_say_sum(i->cli, sum, r->run_id, !i->cli->o.apply);
    if (!i->cli->o.apply && (sum.created || sum.updated))
        verbs_say(i->cli, "--apply stores it");
    return !i->cli->out.error;
}

struct given_files {
    struct sl_buf bufs[FILES_MAX];
    Sluice__V1__ImportFile files[FILES_MAX], *list[FILES_MAX];
    size_t n;
};

static int read_files(struct cli *cli, struct given_files *g)
{
    struct sl_err err = {0};
    const struct option_list *args = &cli->o.args;
    if (args->n > FILES_MAX)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE", "more than 32 files");
    for (; g->n < args->n; g->n++) {
        size_t i = g->n;
        sl_buf_init(&g->bufs[i], FILE_MAX);
        if (files_read(args->v[i], &g->bufs[i], &err) != SL_OK) {
            sl_buf_wipe(&g->bufs[i]);
            return cli_fail_local(cli, EXIT_USAGE, "INVALID_ARGUMENT", err.text);
        }
        sluice__v1__import_file__init(&g->files[i]);
        g->files[i].name = given(files_base_name(args->v[i]));
        g->files[i].content.data = (uint8_t *)g->bufs[i].p;
        g->files[i].content.len = g->bufs[i].n;
        g->list[i] = &g->files[i];
    }
    return EXIT_DONE;
}

/* The variables of --env. */
struct variables {
    struct sl_buf text;
    struct sl_arena arena;
    struct sl_dotenv lines;
};

static int read_variables(struct cli *cli, struct variables *v,
                          Sluice__V1__ImportModelsRequest *request)
{
    struct sl_err err = {0};
    sl_buf_init(&v->text, ENV_MAX);
    sl_arena_init(&v->arena, ARENA_MAX);
    if (!cli->o.env)
        return EXIT_DONE;
    if (files_read(cli->o.env, &v->text, &err) != SL_OK ||
        sl_dotenv_parse(&v->arena, cli->o.env, (struct sl_str){v->text.p, v->text.n}, &v->lines,
                        &err) != SL_OK)
        return cli_fail_local(cli, EXIT_USAGE, "INVALID_ARGUMENT", err.text);
    size_t n = v->lines.n;
    Sluice__V1__ImportModelsRequest__EnvironmentEntry *entries =
        sl_arena_alloc(&v->arena, (n + 1) * sizeof(*entries));
    request->environment = sl_arena_alloc(&v->arena, (n + 1) * sizeof(*request->environment));
    for (size_t i = 0; i < n; i++) {
        sluice__v1__import_models_request__environment_entry__init(&entries[i]);
        entries[i].key = given(v->lines.list[i].name);
        entries[i].value = v->lines.list[i].value;
        request->environment[i] = &entries[i];
    }
    request->n_environment = n;
    return EXIT_DONE;
}

static void variables_fini(struct variables *v)
{
    for (size_t i = 0; i < v->lines.n; i++)
        explicit_bzero(v->lines.list[i].value, strlen(v->lines.list[i].value));
    sl_arena_fini(&v->arena);
    sl_buf_wipe(&v->text);
}

static Sluice__V1__ImportModelsRequest__Format format_of(const char *name)
{
    static const char *const names[] = {"", "litellm", "model_config", "llm_models", "env"};
    for (size_t i = 1; name && i < SL_ARRAY_LEN(names); i++) {
        if (!strcmp(names[i], name))
            return (Sluice__V1__ImportModelsRequest__Format)i;
    }
    return SLUICE__V1__IMPORT_MODELS_REQUEST__FORMAT__FORMAT_UNSPECIFIED;
}

static int import_files(struct cli *cli)
{
    Sluice__V1__ImportModelsRequest request = SLUICE__V1__IMPORT_MODELS_REQUEST__INIT;
    struct given_files *g = SL_NEW(struct given_files);
    struct variables v = {.lines = {.n = 0}};
    struct importing importing = {.cli = cli};
    int code = read_files(cli, g);
    if (code == EXIT_DONE)
        code = read_variables(cli, &v, &request);
    if (code == EXIT_DONE) {
        request.files = g->list;
        request.n_files = g->n;
        request.format = format_of(cli->o.from);
        request.apply = cli->o.apply;
        request.personal = cli->o.personal;
    }
    do {
        request.report_from = importing.shown;
        if (code == EXIT_DONE)
            code = verbs_call(cli, &(struct verb_call){
                                       .path = "/sluice.v1.ModelRegistry/ImportModels",
                                       .request = &request.base,
                                       .reply = &sluice__v1__import_models_response__descriptor,
                                       .on_message = on_imported,
                                       .ctx = &importing,
                                       .timeout_s = TIMEOUT_S,
                                   });
    } while (code == EXIT_DONE && importing.behind && !request.apply);
    if (code == EXIT_DONE && importing.nothing)
        code = cli_fail_local(cli, EXIT_FAILED, "NOT_FOUND",
                              "the file holds nothing that can be imported");
    variables_fini(&v);
    for (size_t i = 0; i < g->n; i++)
        sl_buf_wipe(&g->bufs[i]);
    sl_free(g);
    return code;
}

/* ---- import undo, import list ---- */

static bool on_undone(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__UndoImportResponse *r = (const Sluice__V1__UndoImportResponse *)message;
    struct cli *cli = ctx;
    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    import_print_changes(cli, r->changes, r->n_changes);
    for (size_t i = 0; i < r->n_changed_since; i++)
        term_printf(&cli->out, "changed since: %s\n", r->changed_since[i]);
    verbs_say(cli, cli->o.dry_run ? "nothing was taken back: this was a dry run" : "taken back");
    return !cli->out.error;
}

static int undo(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UndoImportRequest request = SLUICE__V1__UNDO_IMPORT_REQUEST__INIT;
    (void)n;
    request.run_id = given(args[0]);
    request.force = cli->o.force;
    request.dry_run = cli->o.dry_run;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/UndoImport",
                               .request = &request.base,
                               .reply = &sluice__v1__undo_import_response__descriptor,
                               .on_message = on_undone,
                               .ctx = cli,
                               .timeout_s = TIMEOUT_S,
                           });
}

static bool on_runs(void *ctx, const ProtobufCMessage *message)
{
    static const char *const heading[] = {"RUN", "KIND", "SOURCE", "CHANGES",
                                          "BY",  "WHEN", "UNDONE", NULL};
    const Sluice__V1__ListImportsResponse *r = (const Sluice__V1__ListImportsResponse *)message;
    struct cli *cli = ctx;
    struct table table;
    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    table_init(&table, heading);
    for (size_t i = 0; i < r->n_runs; i++) {
        const Sluice__V1__ImportRun *run = r->runs[i];
        char changes[16], when[TABLE_TIME_SIZE], undone[TABLE_TIME_SIZE];
        snprintf(changes, sizeof(changes), "%d", run->changes);
        table_time(when, sizeof(when), run->created_ms);
        table_time(undone, sizeof(undone), run->undone_ms);
        const char *const cells[] = {run->run_id, run->kind, run->source, changes,
                                     run->actor,  when,      undone};
        table_add(&table, cells);
    }
    table_print(&table, &cli->out);
    table_fini(&table);
    return !cli->out.error;
}

static int list(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListImportsRequest request = SLUICE__V1__LIST_IMPORTS_REQUEST__INIT;
    (void)args;
    (void)n;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/ListImports",
                               .request = &request.base,
                               .reply = &sluice__v1__list_imports_response__descriptor,
                               .on_message = on_runs,
                               .ctx = cli,
                           });
}

const struct verb_row import_verbs[] = {
    {"list", "", 0, 0, list},
    {"undo", "RUN [--force] [--dry-run]", 1, 1, undo},
    {.name = NULL},
};

/* A file named like a verb is given as ./undo. */
int import_run(struct cli *cli)
{
    const struct option_list *args = &cli->o.args;
    if (!args->n)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "sluice import takes: FILE..., list, undo RUN");
    if (!strcmp(args->v[0], "list") || !strcmp(args->v[0], "undo"))
        return verbs_run(cli, import_verbs);
    return import_files(cli);
}

/* ---- models seed ---- */

static bool on_seeded(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__SeedModelsResponse *r = (const Sluice__V1__SeedModelsResponse *)message;
    struct cli *cli = ctx;
    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    import_print_changes(cli, r->changes, r->n_changes);
    import_print_notes(cli, r->notes, r->n_notes);
    import_say_sum(cli, import_sum_of(r->changes, r->n_changes), r->run_id, cli->o.dry_run);
    return !cli->out.error;
}

int import_seed(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__SeedModelsRequest request = SLUICE__V1__SEED_MODELS_REQUEST__INIT;
    (void)args;
    (void)n;
    request.lineup = given(cli->o.lineup);
    request.dry_run = cli->o.dry_run;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.ModelRegistry/SeedModels",
                               .request = &request.base,
                               .reply = &sluice__v1__seed_models_response__descriptor,
                               .on_message = on_seeded,
                               .ctx = cli,
                           });
}
