/* sluice doctor: what is wrong with a service, and what to run for it. */
#include "cli.h"

#include <string.h>

#include "sluice/v1/maintenance.pb-c.h"
#include "verbs.h"

enum { TIMEOUT_S = 60, CODE_UNAUTHENTICATED = 16 };

struct doctor {
    struct cli *cli;
    size_t warnings, errors;
};

struct mark {
    const char *word;
    enum term_style style;
};

static struct mark mark_of(Sluice__V1__Finding__Level level)
{
    switch (level) {
    case SLUICE__V1__FINDING__LEVEL__LEVEL_OK:
        return (struct mark){"ok", TERM_GREEN};
    case SLUICE__V1__FINDING__LEVEL__LEVEL_INFO:
        return (struct mark){"note", TERM_CYAN};
    case SLUICE__V1__FINDING__LEVEL__LEVEL_WARNING:
        return (struct mark){"warning", TERM_YELLOW};
    default:
        return (struct mark){"error", TERM_RED};
    }
}

static void print_finding(struct term *out, const Sluice__V1__Finding *f)
{
    struct mark mark = mark_of(f->level);
    bool wrong = f->level >= SLUICE__V1__FINDING__LEVEL__LEVEL_WARNING;
    term_style(out, mark.style);
    term_printf(out, "  %-8s", mark.word);
    term_style(out, TERM_PLAIN);
    term_printf(out, "%s", f->message);
    if (wrong) {
        term_style(out, TERM_DIM);
        term_printf(out, "  [%s]", f->code);
        term_style(out, TERM_PLAIN);
    }
    term_printf(out, "\n");
    if (*f->remedy)
        term_printf(out, "          %s %s\n", wrong ? "->" : "--", f->remedy);
}

static void print_sum(const struct doctor *d, bool whole)
{
    struct term *out = &d->cli->out;
    const char *error = d->errors == 1 ? "" : "s", *warning = d->warnings == 1 ? "" : "s";
    term_printf(out, "\n");
    if (d->errors || d->warnings)
        term_printf(out, "%zu error%s, %zu warning%s\n", d->errors, error, d->warnings, warning);
    else
        term_printf(out, "nothing is wrong\n");
    if (!whole)
        term_printf(out, "(this is what concerns you; administrators see all of the service)\n");
}

static void print_report(const struct doctor *d, const Sluice__V1__DiagnoseResponse *r)
{
    struct term *out = &d->cli->out;
    const char *topic = "";
    for (size_t i = 0; i < r->n_findings && !out->error; i++) {
        if (strcmp(topic, r->findings[i]->topic) != 0) {
            topic = r->findings[i]->topic;
            term_style(out, TERM_BOLD);
            term_printf(out, "%s%s\n", i ? "\n" : "", topic);
            term_style(out, TERM_PLAIN);
        }
        print_finding(out, r->findings[i]);
    }
    print_sum(d, r->whole);
}

static bool on_report(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__DiagnoseResponse *r = (const Sluice__V1__DiagnoseResponse *)message;
    struct doctor *d = ctx;
    for (size_t i = 0; i < r->n_findings; i++) {
        d->warnings += r->findings[i]->level == SLUICE__V1__FINDING__LEVEL__LEVEL_WARNING;
        d->errors += r->findings[i]->level >= SLUICE__V1__FINDING__LEVEL__LEVEL_ERROR;
    }
    if (d->cli->o.json)
        cli_print_json(d->cli, message);
    else
        print_report(d, r);
    return !d->cli->out.error;
}

/* Where there is no service to ask, the remedy is ours to say. */
static void print_remedy(struct cli *cli, const struct client_status *status)
{
    const char *text = NULL;
    if (status_exit_code(status) == EXIT_UNREACHABLE)
        text = "to start it: sluiced --config FILE (or service/run, from the sources); what keeps "
               "it from starting is the last line of its log";
    else if (status->code == CODE_UNAUTHENTICATED)
        text = "an administrator's key is in admin.key in the service's data directory "
               "(--data-dir, SLUICE_DATA_DIR); on PostgreSQL `sluiced bootstrap` prints the first "
               "one";
    if (!text || cli->o.json)
        return;
    term_printf(&cli->err, "  %s\n", text);
    term_flush(&cli->err);
}

int doctor_run(struct cli *cli)
{
    Sluice__V1__DiagnoseRequest request = SLUICE__V1__DIAGNOSE_REQUEST__INIT;
    struct doctor d = {.cli = cli};
    struct client_status status;
    struct client_call call = {
        .path = "/sluice.v1.ModelRegistry/Diagnose",
        .request = &request.base,
        .reply = &sluice__v1__diagnose_response__descriptor,
        .on_message = on_report,
        .ctx = &d,
    };
    int code = EXIT_DONE;

    if (cli->o.args.n)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE", "sluice doctor takes no arguments");
    request.reach = !cli->o.offline;
    cli_call(cli, &call, TIMEOUT_S, &status);
    if (status.code) {
        code = cli_fail(cli, &status);
        print_remedy(cli, &status);
    } else if (d.errors || d.warnings) {
        code = EXIT_FAILED;
    }
    client_status_fini(&status);
    return code;
}
