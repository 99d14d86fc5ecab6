/* sluice audit. */
#include <inttypes.h>
#include <string.h>

#include "access_print.h"
#include "table.h"
#include "verbs.h"

enum { DEFAULT_EVENTS = 100 };

/* ---- list ---- */

struct events {
    struct verb_list list;
    int64_t left; /* that may still be shown; --limit */
};

static void add_event(struct table *t, const Sluice__V1__AuditEvent *e)
{
    char sequence[24], when[TABLE_TIME_SIZE], what[256];

    snprintf(sequence, sizeof(sequence), "%" PRId64, e->sequence);
    table_time(when, sizeof(when), e->time_ms);
    snprintf(what, sizeof(what), "%.60s %.150s", e->resource,
             *e->resource_name ? e->resource_name : e->resource_id);
    table_add(t, (const char *[]){sequence, when, e->actor, e->peer, e->action, what,
                                  *e->after_json ? e->after_json : e->before_json});
}

static bool on_page(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListAuditEventsResponse *page =
        (const Sluice__V1__ListAuditEventsResponse *)message;
    struct events *events = ctx;
    struct cli *cli = events->list.cli;

    for (size_t i = 0; i < page->n_events && events->left && !cli->out.error; i++) {
        if (cli->o.json)
            cli_print_json(cli, &page->events[i]->base);
        else
            add_event(&events->list.table, page->events[i]);
        events->left--;
    }
    verbs_next_page(&events->list, events->left ? page->next_page_token : "");
    return !cli->out.error;
}

static int list_events(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListAuditEventsRequest request = SLUICE__V1__LIST_AUDIT_EVENTS_REQUEST__INIT;
    struct events events = {.list.cli = cli,
                            .left = cli->o.limit.set ? cli->o.limit.v : DEFAULT_EVENTS};

    (void)args;
    (void)n;
    table_init(&events.list.table,
               (const char *[]){"NUMBER", "WHEN", "WHO", "FROM", "DID", "WHAT", "HOW", NULL});
    request.page_size = (int32_t)(events.left < ACCESS_PAGE ? events.left : ACCESS_PAGE);
    if (cli->o.filter)
        request.filter = (char *)cli->o.filter;
    return verbs_list(&events.list,
                      &(struct verb_call){
                          .path = "/sluice.v1.Access/ListAuditEvents",
                          .request = &request.base,
                          .reply = &sluice__v1__list_audit_events_response__descriptor,
                          .on_message = on_page,
                          .ctx = &events,
                      },
                      &request.page_token);
}

/* ---- verify ---- */

struct verdict {
    struct cli *cli;
    bool intact;
};

static bool on_verdict(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__VerifyAuditResponse *r = (const Sluice__V1__VerifyAuditResponse *)message;
    struct verdict *v = ctx;
    struct term *out = &v->cli->out;

    v->intact = r->intact;
    if (v->cli->o.json) {
        cli_print_json(v->cli, message);
        return !out->error;
    }
    term_style(out, r->intact ? TERM_GREEN : TERM_RED);
    term_printf(out, r->intact ? "intact" : "broken");
    term_style(out, TERM_PLAIN);
    if (r->intact)
        term_printf(out, ": %" PRId64 " events, the last with the hash %s\n", r->events,
                    r->last_hash);
    else
        term_printf(out, ": event %" PRId64 " does not follow from those before it\n",
                    r->first_broken);
    return !out->error;
}

static int verify(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__VerifyAuditRequest request = SLUICE__V1__VERIFY_AUDIT_REQUEST__INIT;
    struct verdict verdict = {.cli = cli};
    int code;

    (void)args;
    (void)n;
    code = verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/VerifyAudit",
                               .request = &request.base,
                               .reply = &sluice__v1__verify_audit_response__descriptor,
                               .on_message = on_verdict,
                               .ctx = &verdict,
                           });
    return code == EXIT_DONE && !verdict.intact ? EXIT_FAILED : code;
}

const struct verb_row audit_verbs[] = {
    {"list", "[--filter CONDITIONS] [--limit N]", 0, 0, list_events},
    {"verify", "", 0, 0, verify},
    {.name = NULL},
};
