/* sluice models test: the steps of one model, as they come. */
#include "models.h"

#include <string.h>

#include "base/alloc.h"
#include "edit.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "table.h"

enum {
    TIMEOUT_S = 150, /* the service's own bound is 120 s */
    DETECTED_MAX = 1024 * 1024,
};

typedef Sluice__V1__TestModelStep step_t;

#define PATH "/sluice.v1.ModelRegistry/TestModel"
#define IS(step, RESULT) ((step)->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_##RESULT)

static char *given(const char *option)
{
    return (char *)(uintptr_t)(option ? option : "");
}

/* ---- what a step says ---- */

static const char *word_of(const step_t *s)
{
    if (IS(s, PASSED))
        return "passed";
    if (IS(s, FAILED))
        return "failed";
    return IS(s, UNSUPPORTED) ? "unsupported" : "skipped";
}

static enum term_style style_of(const step_t *s)
{
    if (IS(s, PASSED))
        return TERM_GREEN;
    if (IS(s, FAILED))
        return TERM_RED;
    return IS(s, UNSUPPORTED) ? TERM_YELLOW : TERM_DIM;
}

static void print_step(struct term *out, const step_t *s)
{
    char time[32] = "", reason[80] = "";

    if (!IS(s, SKIPPED))
        snprintf(time, sizeof(time), "%.0f ms", s->elapsed_ms);
    if (*s->reason)
        snprintf(reason, sizeof(reason), "%.64s: ", s->reason);
    term_style(out, style_of(s));
    term_printf(out, "%-12s", word_of(s));
    term_style(out, TERM_PLAIN);
    term_printf(out, "%-12s %9s  %s%s\n", s->step, time, reason, s->detail);
    term_flush(out);
}

static void print_used(struct term *out, const step_t *s)
{
    const Sluice__V1__TokenUsage *u = s->usage;

    term_printf(out, "%-24s %9s  %d request%s", "", "", s->attempts, s->attempts == 1 ? "" : "s");
    if (u)
        term_printf(out, ", %d tokens in, %d out",
                    u->input_tokens + u->cache_read_tokens + u->cache_write_tokens,
                    u->output_tokens + u->reasoning_tokens);
    if (s->_cost_nanos_case)
        term_printf(out, ", $%.6f", (double)s->cost_nanos / 1e9);
    term_printf(out, "\n");
}

static void print_capability(struct term *out, const char *name, protobuf_c_boolean known, bool can)
{
    if (known)
        table_field(out, name, can ? "yes" : "no");
}

/* What can be stored. */
static void print_detected(struct cli *cli, const Sluice__V1__Model *m, bool can_be_saved)
{
    const Sluice__V1__ModelCapabilities *c = m->capabilities;
    struct term *out = &cli->out;
    char number[24];

    term_printf(out, "\nfound out%s\n",
                can_be_saved && !cli->o.save ? " (--save stores it):" : ":");
    if (c) {
        print_capability(out, "streaming", c->_streaming_case != 0, c->streaming);
        print_capability(out, "tools", c->_tools_case != 0, c->tools);
        print_capability(out, "vision", c->_vision_case != 0, c->vision);
        print_capability(out, "json schema", c->_json_schema_case != 0, c->json_schema);
        print_capability(out, "reasoning", c->_reasoning_case != 0, c->reasoning);
        print_capability(out, "embeddings", c->_embeddings_case != 0, c->embeddings);
        print_capability(out, "images", c->_images_case != 0, c->images);
    }
    snprintf(number, sizeof(number), "%d", m->context_tokens);
    table_field(out, "context", m->context_tokens ? number : "");
    snprintf(number, sizeof(number), "%d", m->max_output_tokens);
    table_field(out, "max output", m->max_output_tokens ? number : "");
}

/* ---- one model ---- */

struct one {
    struct cli *cli;
    bool stored; /* the model is; else it is only tried */
    bool failed;
    struct sl_buf detected; /* packed; empty: nothing */
    char *mask;
};

static bool on_step(void *ctx, const ProtobufCMessage *message)
{
    const step_t *s = (const step_t *)message;
    struct one *one = ctx;
    struct cli *cli = one->cli;
    bool summary = !strcmp(s->step, "summary");

    if (cli->o.json)
        cli_print_json(cli, message);
    else
        print_step(&cli->out, s);
    if (!summary)
        return !cli->out.error;
    one->failed = !IS(s, PASSED);
    if (!cli->o.json)
        print_used(&cli->out, s);
    if (s->detected && !cli->o.json)
        print_detected(cli, s->detected, one->stored);
    if (s->detected) {
        size_t n = sluice__v1__model__get_packed_size(s->detected);
        uint8_t *at = (uint8_t *)sl_buf_room(&one->detected, n);

        one->detected.n = at ? sluice__v1__model__pack(s->detected, at) : 0;
        one->mask = sl_strdup(s->update_mask);
    }
    return !cli->out.error;
}

static bool on_saved(void *ctx, const ProtobufCMessage *message)
{
    struct cli *cli = ctx;

    verbs_say(cli, "stored in %s", table_bare(((const Sluice__V1__Model *)message)->name));
    return true;
}

static int save(struct one *one)
{
    Sluice__V1__UpdateModelRequest request = SLUICE__V1__UPDATE_MODEL_REQUEST__INIT;
    int code;

    if (!one->detected.n) {
        verbs_say(one->cli, "nothing was found out that the registry does not have");
        return EXIT_DONE;
    }
    request.model =
        sluice__v1__model__unpack(NULL, one->detected.n, (const uint8_t *)one->detected.p);
    request.update_mask = one->mask;
    code = verbs_call(one->cli, &(struct verb_call){
                                    .path = "/sluice.v1.ModelRegistry/UpdateModel",
                                    .request = &request.base,
                                    .reply = &sluice__v1__model__descriptor,
                                    .on_message = on_saved,
                                    .ctx = one->cli,
                                });
    sluice__v1__model__free_unpacked(request.model, NULL);
    return code;
}

static int run_one(struct one *one, const Sluice__V1__TestModelRequest *request)
{
    struct cli *cli = one->cli;
    struct client_status status;
    struct client_call call = {
        .path = PATH,
        .request = &request->base,
        .reply = &sluice__v1__test_model_step__descriptor,
        .on_message = on_step,
        .ctx = one,
    };
    int code = EXIT_DONE;

    cli_call(cli, &call, TIMEOUT_S, &status);
    if (status.code)
        code = cli_fail(cli, &status);
    client_status_fini(&status);
    if (code == EXIT_DONE && cli->o.save)
        code = save(one);
    return code == EXIT_DONE && one->failed ? EXIT_FAILED : code;
}

/* The options describe a model, perhaps a copy of a stored one, that is not stored. A key alone does not: it may stand in
 * the environment, for other commands. */
static bool is_draft(const struct options *o)
{
    return o->provider || o->model_id || o->base_url || o->provider_key_file || o->set.n ||
           o->personal;
}

static int read_draft(struct cli *cli, struct edit *e, Sluice__V1__Model *m, const char *name)
{
    int code = edit_begin(cli, e, &m->base);

    m->name = given(name);
    if (e->key.n)
        m->key = e->key.p;
    edit_take(e, &m->provider, "provider", cli->o.provider);
    edit_take(e, &m->model_id, "model_id", cli->o.model_id);
    edit_take(e, &m->base_url, "base_url", cli->o.base_url);
    return code;
}

static int test_one(struct cli *cli, const char *name)
{
    Sluice__V1__TestModelRequest request = SLUICE__V1__TEST_MODEL_REQUEST__INIT;
    Sluice__V1__Model model = SLUICE__V1__MODEL__INIT;
    struct one one = {.cli = cli, .stored = !is_draft(&cli->o)};
    struct edit e = {.mask = ""};
    int code = EXIT_DONE;

    if (one.stored && cli->o.provider_key)
        verbs_say(cli, "note: the stored model is tested, with its own key; --provider-key is for "
                       "what --provider, --base-url, --set, ... describe");
    if (!one.stored && cli->o.save)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "--save is for stored models: create the model first");
    sl_buf_init(&one.detected, DETECTED_MAX);
    request.steps = (char **)(uintptr_t)cli->o.step.v;
    request.n_steps = cli->o.step.n;
    if (one.stored) {
        request.target_case = SLUICE__V1__TEST_MODEL_REQUEST__TARGET_NAME;
        request.name = given(name);
    } else {
        code = read_draft(cli, &e, &model, name);
        request.target_case = SLUICE__V1__TEST_MODEL_REQUEST__TARGET_MODEL;
        request.model = &model;
        request.personal = cli->o.personal;
    }
    if (code == EXIT_DONE)
        code = run_one(&one, &request);
    if (!one.stored)
        edit_end(&e);
    sl_buf_fini(&one.detected);
    sl_free(one.mask);
    return code;
}

int models_test(struct cli *cli, const char *const *args, size_t n)
{
    bool draft = is_draft(&cli->o);

    if (!cli->o.all)
        return n || draft ? test_one(cli, args[0])
                          : cli_fail_local(cli, EXIT_USAGE, "USAGE", "say which model, or --all");
    if (n || draft || cli->o.save)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "--all tests what is stored: no NAME, and nothing to change or save");
    return models_test_all(cli);
}
