/* Words of single dialects that no row of a provider's test says: parts, cache hints, the provider's tools, options,
 * reasoning that goes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

static char *own(struct kit *k, const char *text)
{
    return sl_arena_strdup(&k->arena, text);
}

/* The body between the model and its end, or the error. */
static void expect_body(struct kit *k, const char *rest)
{
    const char *body = kit_build(k, false, NULL);

    if (!body)
        fail_msg("refused: %s", k->err.text);
    assert_string_equal(body + strlen("{\"model\":\"model-1\","), rest);
}

static Sluice__V1__Part *user_part(struct kit *k, Sluice__V1__Part__ContentCase kind)
{
    return kit_part(k, kit_message(k, SLUICE__V1__ROLE__ROLE_USER), kind);
}

/* ---- Mistral's parts ---- */

static void mistral_documents(void **state)
{
    static uint8_t bytes[] = "abc";
    struct kit k;

    (void)state;
    kit_init(&k, "mistral");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_USER);
    for (int i = 0; i < 3; i++) {
        Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_DOCUMENT);
        part->document = SL_ARENA_NEW(&k.arena, Sluice__V1__Document);
        sluice__v1__document__init(part->document);
    }
    m->parts[0]->document->source_case = SLUICE__V1__DOCUMENT__SOURCE_DATA;
    m->parts[0]->document->data = (ProtobufCBinaryData){3, bytes};
    m->parts[0]->document->media_type = own(&k, "application/pdf");
    m->parts[0]->document->filename = own(&k, "a.pdf");
    m->parts[1]->document->source_case = SLUICE__V1__DOCUMENT__SOURCE_URL;
    m->parts[1]->document->url = own(&k, "https://a.test/b.pdf");
    m->parts[2]->document->source_case = SLUICE__V1__DOCUMENT__SOURCE_FILE_ID;
    m->parts[2]->document->file_id = own(&k, "f-1");
    expect_body(
        &k,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document_url\",\"document_url\":"
        "\"data:application/"
        "pdf;base64,YWJj\",\"document_name\":\"a.pdf\"},{\"type\":\"document_url\","
        "\"document_url\":\"https://a.test/b.pdf\"},{\"type\":\"file\",\"file_id\":\"f-1\"}]}]}");
    kit_fini(&k);
}

static void mistral_audio(void **state)
{
    static uint8_t bytes[] = "abc";
    struct kit k;

    (void)state;
    kit_init(&k, "mistral");
    Sluice__V1__Part *part = user_part(&k, SLUICE__V1__PART__CONTENT_AUDIO);
    part->audio = SL_ARENA_NEW(&k.arena, Sluice__V1__Audio);
    sluice__v1__audio__init(part->audio);
    part->audio->source_case = SLUICE__V1__AUDIO__SOURCE_DATA;
    part->audio->data = (ProtobufCBinaryData){3, bytes};
    expect_body(&k, "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\","
                    "\"input_audio\":\"YWJj\"}]}]}");
    part->audio->source_case = SLUICE__V1__AUDIO__SOURCE_URL;
    part->audio->url = own(&k, "https://a.test/a.mp3");
    expect_body(
        &k,
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":"
        "\"https://a.test/a.mp3\"}]}]}");
    kit_fini(&k);
}

/* ---- OpenRouter's ---- */

static void cache_hints(void **state)
{
    static const struct {
        int32_t ttl;
        const char *control;
        bool rounded;
    } rows[] = {
        {0, "{\"type\":\"ephemeral\"}", false},
        {300, "{\"type\":\"ephemeral\",\"ttl\":\"5m\"}", false},
        {3600, "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}", false},
        {60, "{\"type\":\"ephemeral\",\"ttl\":\"5m\"}", true},
        {7200, "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}", true},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "openrouter");
        Sluice__V1__Part *part = user_part(&k, SLUICE__V1__PART__CONTENT_TEXT);
        part->text = own(&k, "Hi");
        part->cache_hint = SL_ARENA_NEW(&k.arena, Sluice__V1__CacheHint);
        sluice__v1__cache_hint__init(part->cache_hint);
        part->cache_hint->ttl_seconds = rows[i].ttl;
        expect_body(&k,
                    sl_arena_printf(
                        &k.arena,
                        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                        "\"Hi\",\"cache_control\":%s}]}]}",
                        rows[i].control));
        assert_int_equal(kit_warning(&k, "CACHE_TTL_ROUNDED", NULL) != NULL, rows[i].rounded);
        kit_fini(&k);
    }
}

static Sluice__V1__Part *add_details(struct kit *k, Sluice__V1__Message *m, const char *provider,
                                     const char *json)
{
    Sluice__V1__Part *part = kit_part(k, m, SLUICE__V1__PART__CONTENT_REASONING);

    part->reasoning = SL_ARENA_NEW(&k->arena, Sluice__V1__Reasoning);
    sluice__v1__reasoning__init(part->reasoning);
    part->reasoning->text = own(k, "Hm");
    part->provider_state = SL_ARENA_NEW(&k->arena, Sluice__V1__ProviderState);
    sluice__v1__provider_state__init(part->provider_state);
    part->provider_state->provider = own(k, provider);
    part->provider_state->data = (ProtobufCBinaryData){strlen(json), (uint8_t *)own(k, json)};
    return part;
}

static void details_go_back_as_they_came(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openrouter");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    add_details(&k, m, "openrouter", "[{\"index\": 0, \"n\":1.50},{\"index\":1}]");
    add_details(&k, m, "openrouter", "[]");
    add_details(&k, m, "openrouter", "[ 3 ]");
    kit_part(&k, m, SLUICE__V1__PART__CONTENT_TEXT)->text = own(&k, "Yes");
    expect_body(&k, "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
                    "\"content\":\"Yes\","
                    "\"reasoning_details\":[{\"index\": 0, \"n\":1.50},{\"index\":1},3]}]}");
    assert_int_equal(k.warnings.count, 0);
    kit_fini(&k);
}

static void foreign_details_become_text(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openrouter");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    add_details(&k, m, "minimax", "[{\"index\":0}]");
    expect_body(&k,
                "\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"Hm\"}]}");
    assert_non_null(
        kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[0].parts[0].provider_state"));
    kit_fini(&k);
}

static void details_that_are_no_list_are_refused(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openrouter");
    add_details(&k, kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT), "openrouter", "{\"a\":1}");
    assert_null(kit_build(&k, false, NULL));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    assert_string_equal(k.err.field, "messages[0].parts[0].provider_state.data");
    kit_fini(&k);
}

/* Many small objects, or one without an end, do not grow without a bound. */
static void too_many_details_are_dropped(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openrouter");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(
            kit_frame(&k,
                      sl_arena_printf(&k.arena,
                                      "{\"choices\":[{\"delta\":{\"reasoning_details\":[{\"type\":"
                                      "\"t\",\"index\":%d}]}}]}",
                                      i)),
            SL_OK);
    assert_int_equal(
        kit_frame(&k, "{\"choices\":[{\"delta\":{\"content\":\"A\"},\"finish_reason\":\"stop\"}]}"),
        SL_OK);
    assert_int_equal(kit_eof(&k), SL_OK);
    assert_string_equal(kit_events(&k), "text 0 \"A\"\n");
    assert_non_null(kit_warning(&k, "PROVIDER_STATE_DROPPED", NULL));
    kit_fini(&k);
}

/* ---- tools and options ---- */

static void provider_tools(void **state)
{
    static const struct {
        const char *kind, *tool, *json, *sent;
    } rows[] = {
        {"zhipu", "web_search", "{\"web_search\":{\"enable\":true}}",
         "{\"type\":\"web_search\",\"web_search\":{\"enable\":true}}"},
        {"moonshot", "builtin_function", "{\"function\":{\"name\":\"$web_search\"}}",
         "{\"type\":\"builtin_function\",\"function\":{\"name\":\"$web_search\"}}"},
        {"groq", "browser_search", "", "{\"type\":\"browser_search\"}"},
        {"openrouter", "openrouter:web_search", "{}", "{\"type\":\"openrouter:web_search\"}"},
        {"deepseek", "web_search", "{}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, rows[i].kind);
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        Sluice__V1__Tool *tool = kit_function(&k, "f", "");
        tool->kind_case = SLUICE__V1__TOOL__KIND_PROVIDER;
        tool->provider = SL_ARENA_NEW(&k.arena, Sluice__V1__ProviderTool);
        sluice__v1__provider_tool__init(tool->provider);
        tool->provider->kind = own(&k, rows[i].tool);
        tool->provider->configuration_json = own(&k, rows[i].json);
        const char *body = kit_build(&k, false, NULL);
        assert_non_null(body);
        assert_int_equal(strstr(body, "\"tools\":") != NULL, rows[i].sent != NULL);
        if (rows[i].sent)
            assert_non_null(strstr(body, rows[i].sent));
        assert_int_equal(k.warnings.count, rows[i].sent ? 0 : 1);
        kit_fini(&k);
    }
}

static const struct {
    const char *kind, *options;
    bool effort;
    const char *sent, *refused; /* a piece of the body, or of the error */
} option_rows[] = {
    {"minimax", "{\"reasoning_split\":false}", false, "\"reasoning_split\":false}", NULL},
    {"minimax", "", false, "\"reasoning_split\":true}", NULL},
    {"mistral", "{\"seed\":1}", false, "\"seed\":1", NULL},
    {"mistral", "{\"random_seed\":1}", false, NULL, "use seed"},
    {"groq", "{\"reasoning_effort\":\"default\"}", false, "\"reasoning_effort\":\"default\"", NULL},
    {"groq", "{\"reasoning_effort\":\"low\"}", false, NULL, "use reasoning.effort"},
    {"groq", "{\"reasoning_effort\":\"default\"}", true, NULL, "use reasoning.effort"},
    {"openrouter", "{\"reasoning\":{\"exclude\":true}}", false, "\"reasoning\":{\"exclude\":true}",
     NULL},
    {"openrouter", "{\"reasoning\":{\"exclude\":true}}", true, NULL, "use reasoning"},
    {"dashscope", "{\"enable_thinking\":true}", true, NULL, "use reasoning"},
    {"dashscope", "{\"enable_thinking\":true}", false, "\"enable_thinking\":true", NULL},
    {"zhipu", "{\"thinking\":{\"type\":\"enabled\"}}", true, NULL, "use reasoning"},
};

static void options_beside_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(option_rows); i++) {
        struct kit k;
        kit_init(&k, option_rows[i].kind);
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        k.request.provider_options_json = own(&k, option_rows[i].options);
        if (option_rows[i].effort) {
            k.request.reasoning = SL_ARENA_NEW(&k.arena, Sluice__V1__ReasoningOptions);
            sluice__v1__reasoning_options__init(k.request.reasoning);
            k.request.reasoning->effort = SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE;
        }
        const char *body = kit_build(&k, false, NULL);
        assert_int_equal(body != NULL, option_rows[i].sent != NULL);
        assert_non_null(body ? strstr(body, option_rows[i].sent)
                             : strstr(k.err.text, option_rows[i].refused));
        kit_fini(&k);
    }
}

static void the_registry_may_turn_an_extra_off(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "minimax");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    k.target.provider_options_json = "{\"reasoning_split\":false}";
    expect_body(&k,
                "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"reasoning_split\":false}");
    k.target.provider_options_json = "{\"x\":1}";
    expect_body(
        &k,
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"x\":1,\"reasoning_split\":true}");
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistral_documents),
        cmocka_unit_test(mistral_audio),
        cmocka_unit_test(cache_hints),
        cmocka_unit_test(details_go_back_as_they_came),
        cmocka_unit_test(foreign_details_become_text),
        cmocka_unit_test(details_that_are_no_list_are_refused),
        cmocka_unit_test(too_many_details_are_dropped),
        cmocka_unit_test(provider_tools),
        cmocka_unit_test(options_beside_fields),
        cmocka_unit_test(the_registry_may_turn_an_extra_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
