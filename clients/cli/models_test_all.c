/* sluice models test --all: every model, several at a time, then a table. */
#include <string.h>

#include "base/alloc.h"
#include "models.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "table.h"

enum {
    PARALLEL = 8,    /* models at a time */
    TIMEOUT_S = 150, /* for each; the service's own bound is 120 s */
    PAGE_SIZE = 1000,
    WHY_MAX = 256,
};

typedef Sluice__V1__TestModelStep step_t;

/* One of many. */
struct tested {
    struct cli *cli;
    char *name, *provider, *base_url; /* of the listing */
    Sluice__V1__TestModelRequest request;
    bool done, failed;
    double elapsed_ms;
    char why[WHY_MAX]; /* the first step that failed; "" : none */
};

struct all {
    struct cli *cli;
    struct tested *list;
    size_t n, cap;
    char *next; /* page token */
};

static void add_model(struct all *all, const Sluice__V1__Model *m)
{
    if (all->n == all->cap) {
        all->cap = all->cap ? 2 * all->cap : 64;
        all->list = sl_realloc(all->list, all->cap * sizeof(*all->list));
    }
    all->list[all->n++] = (struct tested){
        .cli = all->cli,
        .name = sl_strdup(table_bare(m->name)),
        .provider = sl_strdup(m->provider),
        .base_url = sl_strdup(m->base_url),
    };
}

static bool on_page(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListModelsResponse *page = (const Sluice__V1__ListModelsResponse *)message;
    struct all *all = ctx;

    for (size_t i = 0; i < page->n_models; i++) {
        if (!page->models[i]->_enabled_case || page->models[i]->enabled)
            add_model(all, page->models[i]);
    }
    sl_free(all->next);
    all->next = *page->next_page_token ? sl_strdup(page->next_page_token) : NULL;
    return true;
}

static int list_all(struct all *all)
{
    Sluice__V1__ListModelsRequest request = SLUICE__V1__LIST_MODELS_REQUEST__INIT;
    char *token = NULL;
    int code;

    request.page_size = PAGE_SIZE;
    do {
        sl_free(token);
        token = all->next;
        all->next = NULL;
        request.page_token = token ? token : (char *)(uintptr_t) "";
        code = verbs_call(all->cli, &(struct verb_call){
                                        .path = "/sluice.v1.ModelRegistry/ListModels",
                                        .request = &request.base,
                                        .reply = &sluice__v1__list_models_response__descriptor,
                                        .on_message = on_page,
                                        .ctx = all,
                                    });
    } while (code == EXIT_DONE && all->next);
    sl_free(token);
    sl_free(all->next);
    return code;
}

static bool on_tested(void *ctx, const ProtobufCMessage *message)
{
    const step_t *s = (const step_t *)message;
    struct tested *t = ctx;

    if (!strcmp(s->step, "summary")) {
        t->done = true;
        t->failed = s->result != SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED;
        t->elapsed_ms = s->elapsed_ms;
        if (t->cli->o.json)
            cli_print_json(t->cli, message);
    } else if (s->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED && !*t->why) {
        snprintf(t->why, sizeof(t->why), "%s: %s: %.160s", s->step, s->reason, s->detail);
    }
    return !t->cli->out.error;
}

/* A test that could not be begun, or was not finished, told as one that failed. */
static void take_failure(struct tested *t, const struct client_status *status)
{
    step_t s = SLUICE__V1__TEST_MODEL_STEP__INIT;

    if (t->done)
        return;
    t->failed = true;
    snprintf(t->why, sizeof(t->why), "%s: %.200s", status_code_name(status->code), status->message);
    if (!t->cli->o.json)
        return;
    s.step = (char *)(uintptr_t) "summary";
    s.result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED;
    s.reason = (char *)(uintptr_t)status_code_name(status->code);
    s.detail = status->message;
    s.model = t->name;
    s.provider = t->provider;
    s.base_url = t->base_url;
    cli_print_json(t->cli, &s.base);
}

/* What is worth a look for every model: whether it answers. The rest is for one at a time, unless it is asked for. */
static const char *const few_steps[] = {"address",    "tls",       "credentials", "listing",
                                        "completion", "embedding", "rerank",      "moderation"};

static void run_all(struct all *all, struct client_status *statuses)
{
    const struct options *o = &all->cli->o;
    struct client_call *calls = sl_calloc(all->n, sizeof(*calls));

    for (size_t i = 0; i < all->n; i++) {
        struct tested *t = &all->list[i];

        sluice__v1__test_model_request__init(&t->request);
        t->request.target_case = SLUICE__V1__TEST_MODEL_REQUEST__TARGET_NAME;
        t->request.name = t->name;
        t->request.steps = (char **)(uintptr_t)(o->step.n ? o->step.v : few_steps);
        t->request.n_steps = o->step.n ? o->step.n : SL_ARRAY_LEN(few_steps);
        calls[i] = (struct client_call){
            .path = "/sluice.v1.ModelRegistry/TestModel",
            .request = &t->request.base,
            .reply = &sluice__v1__test_model_step__descriptor,
            .timeout_s = o->timeout.set ? o->timeout.v : TIMEOUT_S,
            .on_message = on_tested,
            .ctx = t,
        };
    }
    client_run_all(all->cli->client, calls, all->n, PARALLEL, statuses);
    sl_free(calls);
}

static void print_all(const struct all *all)
{
    struct table table;
    char time[32];

    table_init(&table,
               (const char *[]){"MODEL", "PROVIDER", "ADDRESS", "RESULT", "TIME", "WHY", NULL});
    for (size_t i = 0; i < all->n; i++) {
        const struct tested *t = &all->list[i];

        snprintf(time, sizeof(time), "%.0f ms", t->elapsed_ms);
        table_add(&table,
                  (const char *[]){t->name, t->provider, t->base_url,
                                   t->failed ? "failed" : "passed", t->done ? time : "", t->why});
    }
    table_print(&table, &all->cli->out);
    table_fini(&table);
}

int models_test_all(struct cli *cli)
{
    struct all all = {.cli = cli};
    int code = list_all(&all);
    struct client_status *statuses = sl_calloc(all.n, sizeof(*statuses));
    size_t failed = 0;

    if (code == EXIT_DONE)
        run_all(&all, statuses);
    for (size_t i = 0; i < all.n && code == EXIT_DONE; i++) {
        if (statuses[i].signal)
            code = cli_fail(cli, &statuses[i]);
        else
            take_failure(&all.list[i], &statuses[i]);
        failed += all.list[i].failed;
    }
    if (code == EXIT_DONE && !cli->o.json)
        print_all(&all);
    if (code == EXIT_DONE)
        verbs_say(cli, "%zu of %zu models passed", all.n - failed, all.n);
    for (size_t i = 0; i < all.n; i++) {
        client_status_fini(&statuses[i]);
        sl_free(all.list[i].name);
        sl_free(all.list[i].provider);
        sl_free(all.list[i].base_url);
    }
    sl_free(statuses);
    sl_free(all.list);
    return code == EXIT_DONE && failed ? EXIT_FAILED : code;
}
