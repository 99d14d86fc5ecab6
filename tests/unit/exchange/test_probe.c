/* What a probe asks of which model, and what it makes of the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/probe/internal.h"

#define STRING(s) ((char *)(uintptr_t)(s))

static struct sl_arena arena;

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

static struct sl_model some_model(void)
{
    static const char *const none[] = {NULL};
    return (struct sl_model){
        .name = "m",
        .provider = "openai",
        .adapter = sl_adapter_find("openai"),
        .target = {.api = "", .model_id = "m", .base_url = "https://api.openai.com/v1"},
        .tasks = none,
        .cap_streaming = -1,
        .cap_tools = -1,
        .cap_vision = -1,
        .cap_json_schema = -1,
        .cap_reasoning = -1,
        .cap_embeddings = -1,
        .cap_images = -1,
    };
}

/* ---- plan ---- */

static void finds_steps_by_name(void **state)
{
    (void)state;
    assert_int_equal(sl_probe_step_find("tools"), SL_PROBE_BIT(TOOLS));
    assert_int_equal(sl_probe_step_find("summary"), 0);
    assert_int_equal(sl_probe_step_find(""), 0);
    assert_string_equal(sl_probe_step_name(SL_PROBE_JSON), "json");
}

static void tells_kinds_apart(void **state)
{
    static const struct sl_catalogue_model chats = {.chat = 1}, embeds = {.chat = 0};
    static const char *const moderates[] = {"moderation", NULL};
    static const struct {
        const char *api, *id;
        const struct sl_catalogue_model *facts;
        const char *const *tasks;
        int8_t embeddings, images, tools;
        enum sl_probe_kind kind;
    } rows[] = {
        {"", "gpt", NULL, NULL, -1, -1, -1, SL_PROBE_CHAT},
        {"embeddings", "e", NULL, NULL, -1, -1, -1, SL_PROBE_EMBEDS},
        {"", "e", &embeds, NULL, 1, -1, -1, SL_PROBE_EMBEDS},
        {"", "e", NULL, NULL, 1, -1, -1, SL_PROBE_EMBEDS},
        {"", "both", &chats, NULL, -1, 1, -1, SL_PROBE_CHAT},
        {"", "both", NULL, NULL, -1, 1, 1, SL_PROBE_CHAT},
        {"", "i", NULL, NULL, -1, 1, -1, SL_PROBE_PAINTS},
        {"", "x", NULL, moderates, -1, -1, -1, SL_PROBE_MODERATES},
        {"", "omni-moderation-latest", NULL, NULL, -1, -1, -1, SL_PROBE_MODERATES},
        {"chat_completions", "gpt", NULL, NULL, 1, -1, -1, SL_PROBE_EMBEDS},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_model m = some_model();
        m.target.api = rows[i].api;
        m.target.model_id = rows[i].id;
        m.facts = rows[i].facts;
        m.tasks = rows[i].tasks ? rows[i].tasks : m.tasks;
        m.cap_embeddings = rows[i].embeddings;
        m.cap_images = rows[i].images;
        m.cap_tools = rows[i].tools;
        if (sl_probe_kind_of(&m) != rows[i].kind)
            fail_msg("row %zu: %s", i, rows[i].id);
    }
}

static void plans_what_fits(void **state)
{
    struct sl_model m = some_model();
    struct sl_probe_plan plan;
    (void)state;
    m.cap_vision = 0;
    sl_probe_plan(&m, 0, &plan);
    assert_int_equal(plan.steps, sl_probe_step_find("json") * 2 - 1);
    assert_null(plan.skip[SL_PROBE_TOOLS]);
    assert_non_null(plan.skip[SL_PROBE_VISION]);
    sl_probe_plan(&m, SL_PROBE_BIT(VISION) | SL_PROBE_BIT(EMBEDDING), &plan);
    assert_null(plan.skip[SL_PROBE_VISION]); /* asked for */
    assert_string_equal(plan.skip[SL_PROBE_EMBEDDING], "the model is for chat");
    sl_probe_plan(&m, SL_PROBE_BIT(CREDENTIALS), &plan);
    assert_int_equal(plan.steps, SL_PROBE_BIT(CREDENTIALS) | SL_PROBE_BIT(COMPLETION));
    sl_probe_plan(&m, SL_PROBE_BIT(CREDENTIALS) | SL_PROBE_BIT(LISTING), &plan);
    assert_int_equal(plan.steps, SL_PROBE_BIT(CREDENTIALS) | SL_PROBE_BIT(LISTING));
    m.cap_images = 1;
    sl_probe_plan(&m, SL_PROBE_BIT(CREDENTIALS), &plan); /* never by a picture */
    assert_int_equal(plan.steps, SL_PROBE_BIT(CREDENTIALS) | SL_PROBE_BIT(LISTING));
    sl_probe_plan(&m, 0, &plan);
    assert_non_null(plan.skip[SL_PROBE_IMAGE]);
    sl_probe_plan(&m, SL_PROBE_BIT(IMAGE), &plan);
    assert_null(plan.skip[SL_PROBE_IMAGE]);
}

/* ---- asks ---- */

static void asks_for_little(void **state)
{
    (void)state;
    assert_int_equal(sl_probe_tokens(SL_PROBE_COMPLETION, 0), 1);
    for (unsigned step = SL_PROBE_COMPLETION; step <= SL_PROBE_JSON; step++) {
        for (int rung = 1; sl_probe_tokens(step, rung); rung++)
            assert_true(sl_probe_tokens(step, rung) > sl_probe_tokens(step, rung - 1));
        Sluice__V1__CompleteRequest *r = sl_probe_ask(&arena, step, 7);
        assert_int_equal(r->max_output_tokens, 7);
        assert_int_equal(r->n_tools, step == SL_PROBE_TOOLS);
        assert_int_equal(r->messages[0]->n_parts, step == SL_PROBE_VISION ? 2 : 1);
        assert_true((r->response_format != NULL) == (step == SL_PROBE_JSON));
    }
    assert_int_equal(sl_probe_tokens(SL_PROBE_TOOLS, SL_PROBE_RUNGS), 0);
}

/* A target that any adapter can build for. */
static struct sl_target some_target(const struct sl_adapter *a, const struct sl_secret *key)
{
    return (struct sl_target){
        .provider = a->name,
        .base_url = a->default_base_url ? a->default_base_url : "https://models.example/v1",
        .model_id = "some-model",
        .api = a->api,
        .api_version = "",
        .auth_header = "",
        .key = key,
        .organization = "",
        .project = "some-project",
        .region = "eu-west-1",
        .provider_options_json = "",
    };
}

static void check_asks(const struct sl_adapter *a, const struct sl_secret *key)
{
    const struct sl_target target = some_target(a, key);
    struct sl_warnings warnings = {.arena = &arena};
    for (unsigned step = SL_PROBE_COMPLETION; step <= SL_PROBE_JSON; step++) {
        struct sl_http_request http = {0};
        struct sl_err err = {0};
        const struct sl_build_in in = {
            .target = &target,
            .request = sl_probe_ask(&arena, step, sl_probe_tokens(step, 0)),
            .stream = step == SL_PROBE_STREAMING,
            .arena = &arena,
            .warnings = &warnings,
        };
        if (a->build(&in, &http, &err) == SL_OK)
            assert_non_null(strstr(http.url, "://"));
        else if (step < SL_PROBE_TOOLS || sl_probe_judge_error(step, &err) != SL_PROBE_NEVER)
            fail_msg("%s %s, %s: %s", a->name, a->api, sl_probe_step_name(step), err.text);
    }
}

static void check_operations(const struct sl_adapter *a, const struct sl_secret *key)
{
    struct sl_warnings warnings = {.arena = &arena};
    for (unsigned step = SL_PROBE_EMBEDDING; step <= SL_PROBE_IMAGE; step++) {
        enum sl_operation operation;
        struct sl_http_request http = {0};
        struct sl_err err = {0};
        const ProtobufCMessage *request = sl_probe_ask_operation(&arena, step, &operation);
        struct sl_target target = some_target(a, key);
        Sluice__V1__CompleteRequest common = SLUICE__V1__COMPLETE_REQUEST__INIT;
        target.api = "";
        const struct sl_op_api *api = sl_adapter_operation(a, operation, &target);
        const struct sl_op_in in = {
            .build = {.target = &target,
                      .request = &common,
                      .arena = &arena,
                      .warnings = &warnings},
            .adapter = a,
            .api = api,
            .request = request,
            .n = 1,
        };
        if (api && api->build(&in, &http, &err) != SL_OK)
            fail_msg("%s, %s: %s", a->name, sl_probe_step_name(step), err.text);
    }
}

/* No adapter finds fault with a question before it is asked, unless it is for what its API cannot do. */
static void asks_every_adapter(void **state)
{
    static const char text[] =
        "{\"access_key_id\":\"AKIATESTTESTTESTTEST\",\"secret_access_key\":\"sk-test-secret\"}";
    struct sl_secret *key = sl_secret_create("sk-test.key", strlen("sk-test.key"));
    struct sl_secret *aws = sl_secret_create(text, strlen(text));
    (void)state;
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        const struct sl_secret *its = !strcmp((*a)->name, "bedrock") ? aws : key;
        if ((*a)->capabilities.chat)
            check_asks(*a, its);
        for (const struct sl_adapter *const *o = (*a)->others; o && *o; o++)
            check_asks(*o, its);
        check_operations(*a, its);
    }
    sl_secret_unref(key);
    sl_secret_unref(aws);
}

/* ---- verdicts ---- */

static void judges_answers(void **state)
{
    static const struct {
        enum sl_probe_step step;
        const char *text; /* NULL: a tool call */
        bool cut;
        enum sl_probe_verdict verdict;
    } rows[] = {
        {SL_PROBE_COMPLETION, "", true, SL_PROBE_GOOD},
        {SL_PROBE_COMPLETION, "yes", false, SL_PROBE_GOOD},
        {SL_PROBE_TOOLS, NULL, false, SL_PROBE_GOOD},
        {SL_PROBE_TOOLS, "I am ready", false, SL_PROBE_NEVER},
        {SL_PROBE_TOOLS, "", true, SL_PROBE_AGAIN},
        {SL_PROBE_VISION, "It is RED.", false, SL_PROBE_GOOD},
        {SL_PROBE_VISION, "re", false, SL_PROBE_NEVER},
        {SL_PROBE_VISION, "blue", false, SL_PROBE_NEVER},
        {SL_PROBE_VISION, "", true, SL_PROBE_AGAIN},
        {SL_PROBE_VISION, "red, I", true, SL_PROBE_GOOD},
        {SL_PROBE_JSON, "{\"blue\": true}", false, SL_PROBE_GOOD},
        {SL_PROBE_JSON, "{\"blue\": \"yes\"}", false, SL_PROBE_NEVER},
        {SL_PROBE_JSON, "{}", false, SL_PROBE_NEVER},
        {SL_PROBE_JSON, "yes", false, SL_PROBE_NEVER},
        {SL_PROBE_JSON, "{\"blue\"", true, SL_PROBE_AGAIN},
        {SL_PROBE_JSON, "", false, SL_PROBE_NEVER},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        Sluice__V1__Message m = SLUICE__V1__MESSAGE__INIT;
        Sluice__V1__Part part = SLUICE__V1__PART__INIT, *parts[] = {&part};
        Sluice__V1__ToolCall call = SLUICE__V1__TOOL_CALL__INIT;
        const char *detail = "";
        part.content_case =
            rows[i].text ? SLUICE__V1__PART__CONTENT_TEXT : SLUICE__V1__PART__CONTENT_TOOL_CALL;
        if (rows[i].text)
            part.text = STRING(rows[i].text);
        else
            part.tool_call = &call;
        m.parts = parts;
        m.n_parts = 1;
        enum sl_probe_verdict v =
            sl_probe_judge(&arena, rows[i].step, &m,
                           rows[i].cut ? SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH
                                       : SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP,
                           &detail);
        if (v != rows[i].verdict)
            fail_msg("row %zu: verdict %d", i, (int)v);
        if (v == SL_PROBE_NEVER)
            assert_true(*detail);
    }
    const char *none = NULL;
    assert_int_equal(sl_probe_judge(&arena, SL_PROBE_TOOLS, NULL, 0, &none), SL_PROBE_NEVER);
}

/* What a model says is shown as one line of bounded length, whole characters only. */
static void shows_little_of_an_answer(void **state)
{
    Sluice__V1__Message m = SLUICE__V1__MESSAGE__INIT;
    Sluice__V1__Part part = SLUICE__V1__PART__INIT, *parts[] = {&part};
    const char *detail = NULL;
    (void)state;
    part.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    part.text = STRING("line\nline "
                       "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                       "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
    m.parts = parts;
    m.n_parts = 1;
    assert_int_equal(sl_probe_judge(&arena, SL_PROBE_JSON, &m, 0, &detail), SL_PROBE_NEVER);
    assert_null(strchr(detail, '\n'));
    assert_true(strlen(detail) < 80);
    assert_string_equal(detail + strlen(detail) - 4, "\xe2\x82\xac\"");
}

static void judges_errors(void **state)
{
    static const struct {
        enum sl_probe_step step;
        enum sl_reason reason;
        enum sl_probe_verdict verdict;
    } rows[] = {
        {SL_PROBE_COMPLETION, SL_REASON_PROVIDER_INVALID_REQUEST, SL_PROBE_AGAIN},
        {SL_PROBE_COMPLETION, SL_REASON_PROVIDER_NOT_FOUND, SL_PROBE_BAD},
        {SL_PROBE_TOOLS, SL_REASON_PROVIDER_INVALID_REQUEST, SL_PROBE_NEVER},
        {SL_PROBE_TOOLS, SL_REASON_PROVIDER_OVERLOADED, SL_PROBE_BAD},
        {SL_PROBE_VISION, SL_REASON_PROVIDER_NOT_FOUND, SL_PROBE_NEVER},
        {SL_PROBE_JSON, SL_REASON_UNSUPPORTED_PARAMETER, SL_PROBE_NEVER},
        {SL_PROBE_JSON, SL_REASON_PROVIDER_RATE_LIMIT, SL_PROBE_BAD},
        {SL_PROBE_LISTING, SL_REASON_PROVIDER_UNSUPPORTED, SL_PROBE_NEVER},
        {SL_PROBE_LISTING, SL_REASON_PROVIDER_NOT_FOUND, SL_PROBE_NEVER},
        {SL_PROBE_EMBEDDING, SL_REASON_PROVIDER_INVALID_REQUEST, SL_PROBE_BAD},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_err err = {.reason = rows[i].reason};
        if (sl_probe_judge_error(rows[i].step, &err) != rows[i].verdict)
            fail_msg("row %zu", i);
        assert_false(sl_probe_is_about_key(&err));
    }
    assert_true(sl_probe_is_about_key(&(struct sl_err){.reason = SL_REASON_PROVIDER_AUTH}));
}

/* ---- findings ---- */

static void offers_what_the_registry_does_not_have(void **state)
{
    struct sl_model m = some_model();
    struct sl_probe_findings f;
    Sluice__V1__TestModelStep s = SLUICE__V1__TEST_MODEL_STEP__INIT;
    (void)state;
    m.cap_tools = 1;
    m.cap_reasoning = 0;
    m.context_tokens = 1000;
    sl_probe_findings_init(&f);
    f.known[SL_PROBE_TOOLS] = 1;
    f.context_tokens = 1000;
    sl_probe_findings_sum(&f, &arena, &m, "models/m", &s);
    assert_null(s.detected);
    assert_string_equal(s.update_mask, "");
    f.known[SL_PROBE_VISION] = 0;
    f.max_output_tokens = 50;
    sl_probe_findings_sum(&f, &arena, &m, "models/m", &s);
    assert_string_equal(s.update_mask, "capabilities,max_output_tokens");
    const Sluice__V1__ModelCapabilities *c = s.detected->capabilities;
    assert_true(c->_tools_case && c->tools); /* a mask writes all of them: what was known stays */
    assert_true(c->_reasoning_case && !c->reasoning);
    assert_true(c->_vision_case && !c->vision);
    assert_false(c->_json_schema_case);
    assert_string_equal(s.detected->name, "models/m");
}

static void adds_up(void **state)
{
    struct sl_model m = some_model();
    struct sl_probe_findings f;
    Sluice__V1__TestModelStep a = SLUICE__V1__TEST_MODEL_STEP__INIT, sum = a;
    Sluice__V1__TokenUsage u = SLUICE__V1__TOKEN_USAGE__INIT;
    (void)state;
    sl_probe_findings_init(&f);
    u.input_tokens = INT32_MAX;
    u.output_tokens = 3;
    u.reasoning_tokens = 2;
    a.usage = &u;
    a.attempts = 2;
    a.result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED;
    sl_probe_findings_add(&f, &a);
    sl_probe_findings_add(&f, &a);
    a.result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED;
    a.usage = NULL;
    sl_probe_findings_add(&f, &a);
    a.result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED;
    a.attempts = 0;
    a.reason = STRING("FIRST");
    sl_probe_findings_add(&f, &a);
    a.reason = STRING("SECOND");
    sl_probe_findings_add(&f, &a);
    sl_probe_findings_sum(&f, &arena, &m, "models/m", &sum);
    assert_string_equal(sum.reason, "FIRST");
    assert_int_equal(sum.attempts, 6);
    assert_int_equal(sum.usage->input_tokens, INT32_MAX);
    assert_int_equal(sum.usage->output_tokens, 6);
    assert_string_equal(sum.detail, "2 passed, 2 failed, 1 skipped");
    assert_true(sum.detected->capabilities->reasoning); /* it was seen to */
    assert_false(sum._cost_nanos_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_steps_by_name),
        cmocka_unit_test(tells_kinds_apart),
        cmocka_unit_test(plans_what_fits),
        cmocka_unit_test_setup_teardown(asks_for_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_every_adapter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(judges_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shows_little_of_an_answer, set_up, tear_down),
        cmocka_unit_test(judges_errors),
        cmocka_unit_test_setup_teardown(offers_what_the_registry_does_not_have, set_up, tear_down),
        cmocka_unit_test_setup_teardown(adds_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
