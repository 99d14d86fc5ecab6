/* Requests of generateContent: address and key, contents, tools, generationConfig, provider options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"
#include "kit.h"

#define USER(parts) "{\"role\":\"user\",\"parts\":[" parts "]}"
#define MODEL(parts) "{\"role\":\"model\",\"parts\":[" parts "]}"
#define HEAD "{\"contents\":[" USER("{\"text\":\"Hi\"}") "]"

/* Sets a part's content to an empty message of its type. */
#define GIVE(k, part, member, Type, init)                                                          \
    ((part)->member = SL_ARENA_NEW(&(k)->arena, Type), init((part)->member), (part)->member)

static Sluice__V1__Part *part_of(struct kit *k, Sluice__V1__Role role,
                                 Sluice__V1__Part__ContentCase kind)
{
    return kit_part(k, kit_message(k, role), kind);
}

static void give_state(struct kit *k, Sluice__V1__Part *part, const char *provider,
                       const char *data)
{
    part->provider_state = SL_ARENA_NEW(&k->arena, Sluice__V1__ProviderState);
    sluice__v1__provider_state__init(part->provider_state);
    part->provider_state->provider = sl_arena_strdup(&k->arena, provider);
    part->provider_state->data =
        (ProtobufCBinaryData){strlen(data), (uint8_t *)sl_arena_strdup(&k->arena, data)};
}

static Sluice__V1__Part *add_call(struct kit *k, const char *id, const char *name, const char *json)
{
    Sluice__V1__Part *part =
        part_of(k, SLUICE__V1__ROLE__ROLE_ASSISTANT, SLUICE__V1__PART__CONTENT_TOOL_CALL);

    (void)GIVE(k, part, tool_call, Sluice__V1__ToolCall, sluice__v1__tool_call__init);
    part->tool_call->id = sl_arena_strdup(&k->arena, id);
    part->tool_call->name = sl_arena_strdup(&k->arena, name);
    part->tool_call->arguments_json = sl_arena_strdup(&k->arena, json);
    return part;
}

static Sluice__V1__ToolResult *add_result(struct kit *k, const char *id, const char *text)
{
    Sluice__V1__Part *part =
        part_of(k, SLUICE__V1__ROLE__ROLE_TOOL, SLUICE__V1__PART__CONTENT_TOOL_RESULT);
    Sluice__V1__ToolResult *result =
        GIVE(k, part, tool_result, Sluice__V1__ToolResult, sluice__v1__tool_result__init);

    result->tool_call_id = sl_arena_strdup(&k->arena, id);
    result->n_parts = 1;
    result->parts = sl_arena_zalloc(&k->arena, sizeof(result->parts[0]));
    result->parts[0] = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResultPart);
    sluice__v1__tool_result_part__init(result->parts[0]);
    result->parts[0]->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
    result->parts[0]->text = sl_arena_strdup(&k->arena, text);
    return result;
}

static void expect(struct kit *k, const char *wanted)
{
    const char *body = kit_build(k, false, NULL);

    if (!body)
        fail_msg("refused: %s", k->err.text);
    assert_string_equal(body, wanted);
}

static void expect_refused(struct kit *k, const char *field)
{
    assert_null(kit_build(k, false, NULL));
    assert_int_equal(k->err.code, SL_INVALID_ARGUMENT);
    assert_string_equal(k->err.field, field);
    k->err = (struct sl_err){0};
}

/* ---- address and key ---- */

static void test_address(void **state)
{
    struct kit k;
    struct sl_http_request http;

    (void)state;
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    k.target.auth = SL_AUTH_DEFAULT;
    assert_null(kit_build(&k, false, &http));
    assert_int_equal(k.err.reason, SL_REASON_PROVIDER_KEY_MISSING);
    k.err = (struct sl_err){0};
    struct sl_secret *key = sl_secret_create("sk-test-1", 9);
    k.target.key = key;
    assert_non_null(kit_build(&k, false, &http));
    assert_string_equal(http.url, "https://api.test/v1/models/model-1:generateContent");
    assert_string_equal(kit_header(&http, "x-goog-api-key"), "sk-test-1");
    assert_null(kit_header(&http, "authorization"));
    k.target.model_id = "tunedModels/a b";
    assert_non_null(kit_build(&k, true, &http));
    assert_string_equal(http.url,
                        "https://api.test/v1/tunedModels/a%20b:streamGenerateContent?alt=sse");
    assert_int_equal(http.framing, SL_FRAMING_SSE);
    sl_secret_unref(key);
    kit_fini(&k);
}

/* ---- contents ---- */

static void test_roles(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "Be brief");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "One");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Two");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT, "");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_DEVELOPER, "Be kind");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT, "Yes");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Three");
    expect(&k, "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief\"},{\"text\":\"Be "
               "kind\"}]},\"contents\":[" USER("{\"text\":\"One\"},{\"text\":\"Two\"}") "," MODEL(
                   "{\"text\":\"Yes\"}") "," USER("{\"text\":\"Three\"}") "]}");
    kit_fini(&k);
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_SYSTEM, "Be brief");
    expect_refused(&k, "messages");
    kit_fini(&k);
}

/* A signed call goes back with its signature, a made-up id stays here, and the result goes by name. */
static void test_calls(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    give_state(&k, add_call(&k, "call_abcdefghijklmnopqrstuvwX", "f", "{\"a\": 1.50}"), "gemini",
               "c2ln");
    (void)add_result(&k, "call_abcdefghijklmnopqrstuvwX", "sunny");
    give_state(&k, add_call(&k, "x9", "g", ""), "other", "c2ln");
    add_result(&k, "x9", "{\"n\": 1}")->is_error = true;
    expect(
        &k,
        "{\"contents\":[" USER("{\"text\":\"Hi\"}") "," MODEL(
            "{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\": "
            "1.50}},\"thoughtSignature\":\"c2ln\"}") "," USER("{\"functionResponse\":{\"name\":"
                                                              "\"f\",\"response\":{\"output\":"
                                                              "\"sunny\"}}}") "," MODEL("{\"functio"
                                                                                        "nCall\":{"
                                                                                        "\"id\":"
                                                                                        "\"x9\","
                                                                                        "\"name\":"
                                                                                        "\"g\","
                                                                                        "\"args\":{"
                                                                                        "}},"
                                                                                        "\"thoughtS"
                                                                                        "ignature\""
                                                                                        ":\"skip_"
                                                                                        "thought_"
                                                                                        "signature_"
                                                                                        "validator"
                                                                                        "\"}") "," USER("{\"functionResponse\":{\"id\":\"x9\",\"name\":\"g\",\"response\":{\"error\":"
                                                                                                        "{\"n\": 1}}}}") "]}");
    assert_non_null(
        kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[3].parts[0].provider_state"));
    (void)add_result(&k, "nobody", "x");
    expect_refused(&k, "messages[5].parts[0].tool_result.tool_call_id");
    kit_fini(&k);
}

static void test_history(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_ASSISTANT);
    Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_REASONING);
    GIVE(&k, part, reasoning, Sluice__V1__Reasoning, sluice__v1__reasoning__init)->text =
        (char *)"Hm";
    part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL);
    (void)GIVE(&k, part, provider_tool_call, Sluice__V1__ProviderToolCall,
               sluice__v1__provider_tool_call__init);
    part->provider_tool_call->kind = (char *)"code_execution";
    part->provider_tool_call->input_json = (char *)"{\"code\":\"1\"}";
    give_state(&k, part, "gemini", "");
    part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_TEXT);
    part->text = (char *)"One";
    give_state(&k, part, "gemini", "c2ln");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Go on");
    expect(&k, "{\"contents\":[" USER("{\"text\":\"Hi\"}") "," MODEL(
                   "{\"text\":\"Hm\",\"thought\":true},{\"executableCode\":{\"code\":\"1\"}},"
                   "{\"text\":\"One\",\"thoughtSignature\":\"c2ln\"}") "," USER("{\"text\":\"Go "
                                                                                "on\"}") "]}");
    give_state(&k, part, "gemini", "\"}");
    expect_refused(&k, "messages[1].parts[2].provider_state.data");
    kit_fini(&k);
}

static void test_media(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    Sluice__V1__Message *m = kit_message(&k, SLUICE__V1__ROLE__ROLE_USER);
    Sluice__V1__Part *part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_IMAGE);
    Sluice__V1__Image *image = GIVE(&k, part, image, Sluice__V1__Image, sluice__v1__image__init);
    image->source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
    image->data = (ProtobufCBinaryData){3, (uint8_t *)(uintptr_t) "abc"};
    image->media_type = (char *)"image/png";
    image->detail = (char *)"high";
    part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_DOCUMENT);
    Sluice__V1__Document *document =
        GIVE(&k, part, document, Sluice__V1__Document, sluice__v1__document__init);
    document->source_case = SLUICE__V1__DOCUMENT__SOURCE_FILE_ID;
    document->file_id = (char *)"files/f1";
    document->title = (char *)"T";
    part = kit_part(&k, m, SLUICE__V1__PART__CONTENT_VIDEO);
    Sluice__V1__Video *video = GIVE(&k, part, video, Sluice__V1__Video, sluice__v1__video__init);
    video->source_case = SLUICE__V1__VIDEO__SOURCE_URL;
    video->url = (char *)"https://youtu.be/x";
    expect(&k,
           "{\"contents\":[" USER("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"YWJj\"}},"
                                  "{\"fileData\":{\"fileUri\":\"https://api.test/v1/files/f1\"}},"
                                  "{\"fileData\":{\"fileUri\":\"https://youtu.be/x\"}}") "]}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0].image.detail"));
    assert_non_null(
        kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[1].document.title"));
    k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    expect_refused(&k, "messages[0].parts[0].image.detail");
    kit_fini(&k);
}

/* ---- tools ---- */

#define FUNCTIONS                                                                                  \
    ",\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\",\"parametersJsonSchema\":"             \
    "{\"type\":\"object\"}},{\"name\":\"g\",\"parameters\":{\"type\":\"OBJECT\"}}]}]"
#define CHOICE(config) ",\"toolConfig\":{\"functionCallingConfig\":{" config "}}"

static void test_tools(void **state)
{
    static const struct {
        int mode;
        const char *name, *allowed, *config;
        bool strict;
    } choices[] = {
        {-1, "", NULL, "", false},
        {-1, "", NULL, CHOICE("\"mode\":\"VALIDATED\""), true},
        {SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO, "", NULL, CHOICE("\"mode\":\"AUTO\""), false},
        {SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE, "", NULL, CHOICE("\"mode\":\"NONE\""), false},
        {SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED, "", NULL, CHOICE("\"mode\":\"ANY\""), true},
        {SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL, "g", NULL,
         CHOICE("\"mode\":\"ANY\",\"allowedFunctionNames\":[\"g\"]"), false},
        {SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO, "", "f",
         CHOICE("\"mode\":\"VALIDATED\",\"allowedFunctionNames\":[\"f\"]"), false},
        {SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED, "", "f",
         CHOICE("\"mode\":\"ANY\",\"allowedFunctionNames\":[\"f\"]"), false},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(choices); i++) {
        struct kit k;
        Sluice__V1__ToolChoice choice = SLUICE__V1__TOOL_CHOICE__INIT;
        char *allowed = (char *)(uintptr_t)choices[i].allowed;
        kit_init(&k, "gemini");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        Sluice__V1__Tool *f = kit_function(&k, "f", "{\"type\":\"object\"}");
        f->function->_strict_case = SLUICE__V1__FUNCTION_TOOL___STRICT_STRICT;
        f->function->strict = choices[i].strict;
        (void)kit_function(&k, "g", "{\"type\":\"OBJECT\"}");
        if (choices[i].mode >= 0) {
            choice.mode = (Sluice__V1__ToolChoice__Mode)choices[i].mode;
            choice.name = (char *)(uintptr_t)choices[i].name;
            choice.n_allowed = allowed != NULL;
            choice.allowed = &allowed;
            k.request.tool_choice = &choice;
        }
        expect(&k, sl_arena_printf(&k.arena, "%s%s%s}", HEAD, FUNCTIONS, choices[i].config));
        choice.mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
        choice.name = (char *)"nobody";
        k.request.tool_choice = &choice;
        expect_refused(&k, "tool_choice.name");
        kit_fini(&k);
    }
}

static void test_provider_tools(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    static const char *const kinds[] = {"web_search", "codeExecution", "url_context", "bogus"};
    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++) {
        Sluice__V1__Tool *tool = kit_function(&k, "x", "");
        tool->kind_case = SLUICE__V1__TOOL__KIND_PROVIDER;
        tool->provider = SL_ARENA_NEW(&k.arena, Sluice__V1__ProviderTool);
        sluice__v1__provider_tool__init(tool->provider);
        tool->provider->kind = (char *)(uintptr_t)kinds[i];
        if (!i)
            tool->provider->configuration_json = (char *)"{\"a\":1}";
    }
    k.request.provider_options_json =
        (char *)"{\"tool_config\":{\"includeServerSideToolInvocations\":true}}";
    expect(&k,
           HEAD ",\"tools\":[{\"googleSearch\":{\"a\":1}},{\"codeExecution\":{}},"
                "{\"urlContext\":{}}],\"toolConfig\":{\"includeServerSideToolInvocations\":true}}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "tools[3].provider"));
    kit_fini(&k);
}

/* ---- generationConfig ---- */

static void set_reasoning(struct kit *k, int effort, int budget, const char *summary)
{
    k->request.reasoning = SL_ARENA_NEW(&k->arena, Sluice__V1__ReasoningOptions);
    sluice__v1__reasoning_options__init(k->request.reasoning);
    k->request.reasoning->effort = (Sluice__V1__ReasoningOptions__Effort)effort;
    k->request.reasoning->summary = (char *)(uintptr_t)summary;
    if (budget >= 0) {
        k->request.reasoning->_budget_tokens_case =
            SLUICE__V1__REASONING_OPTIONS___BUDGET_TOKENS_BUDGET_TOKENS;
        k->request.reasoning->budget_tokens = budget;
    }
}

static void test_thinking(void **state)
{
    static const struct {
        const char *model;
        int effort, budget;
        const char *summary, *config;
        bool warned;
    } cases[] = {
        {"gemini-2.5-flash", 0, 1600, "", "\"thinkingBudget\":1600", false},
        {"gemini-2.5-flash", 1, -1, "", "\"thinkingBudget\":0", false},
        {"gemini-2.5-flash", 3, -1, "auto", "\"thinkingBudget\":1024,\"includeThoughts\":true",
         false},
        {"models/gemini-2.5-pro", 5, -1, "", "\"thinkingBudget\":24576", false},
        {"gemini-3-flash", 2, -1, "", "\"thinkingLevel\":\"MINIMAL\"", false},
        {"gemini-3-pro", 2, -1, "", "\"thinkingLevel\":\"LOW\"", false},
        {"gemini-3-pro", 4, -1, "", "\"thinkingLevel\":\"MEDIUM\"", false},
        {"gemini-3-pro", 5, -1, "", "\"thinkingLevel\":\"HIGH\"", false},
        {"gemini-3-pro", 6, -1, "", "\"thinkingLevel\":\"HIGH\"", true},
        {"gemini-3-flash", 1, -1, "", "\"thinkingLevel\":\"MINIMAL\"", true},
        {"gemini-3-flash", 5, 7, "", "\"thinkingBudget\":7", true},
        {"gemini-3-flash", 0, -1, "auto", "\"includeThoughts\":true", false},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        k.target.model_id = cases[i].model;
        set_reasoning(&k, cases[i].effort, cases[i].budget, cases[i].summary);
        expect(&k,
               sl_arena_printf(&k.arena, HEAD ",\"generationConfig\":{\"thinkingConfig\":{%s}}}",
                               cases[i].config));
        assert_int_equal(kit_warning(&k, "UNSUPPORTED_PARAMETER", "reasoning.effort") != NULL,
                         cases[i].warned);
        kit_fini(&k);
    }
}

static void test_config(void **state)
{
    struct kit k;
    Sluice__V1__ResponseFormat format = SLUICE__V1__RESPONSE_FORMAT__INIT;
    static const char *const stop[] = {"a", "b", "c", "d", "e", "f"};

    (void)state;
    kit_init(&k, "gemini");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
    k.target.has_temperature = true;
    k.target.temperature = 0.5;
    k.request._top_k_case = SLUICE__V1__COMPLETE_REQUEST___TOP_K_TOP_K;
    k.request.top_k = 4;
    k.request._seed_case = SLUICE__V1__COMPLETE_REQUEST___SEED_SEED;
    k.request.seed = 1LL << 40;
    k.request._top_logprobs_case = SLUICE__V1__COMPLETE_REQUEST___TOP_LOGPROBS_TOP_LOGPROBS;
    k.request.top_logprobs = 2;
    k.request.n_stop = SL_ARRAY_LEN(stop);
    k.request.stop = (char **)(uintptr_t)stop;
    k.request.end_user = (char *)"u";
    format.type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    format.schema_json = (char *)"{\"type\":\"object\"}";
    k.request.response_format = &format;
    k.request.provider_options_json =
        (char *)"{\"safetySettings\":[],\"generationConfig\":{\"responseModalities\":[\"TEXT\"]}}";
    k.target.provider_options_json = "{\"cachedContent\":\"c\",\"safety_settings\":[1],"
                                     "\"generation_config\":{\"candidateCount\":1,"
                                     "\"responseMimeType\":\"text/x.enum\"}}";
    expect(&k,
           HEAD ",\"generationConfig\":{\"temperature\":0.5,\"topK\":4,\"stopSequences\":[\"a\","
                "\"b\",\"c\",\"d\",\"e\"],\"responseLogprobs\":true,\"logprobs\":2,"
                "\"responseMimeType\":\"application/json\",\"responseJsonSchema\":{\"type\":"
                "\"object\"},\"responseModalities\":[\"TEXT\"],\"candidateCount\":1},"
                "\"safetySettings\":[],\"cachedContent\":\"c\"}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "seed"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "stop"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "end_user"));
    kit_fini(&k);
}

static void test_owned_options(void **state)
{
    static const char *const options[] = {
        "{\"contents\":[]}",
        "{\"system_instruction\":{}}",
        "{\"tools\":[]}",
        "{\"model\":\"x\"}",
        "{\"generationConfig\":{\"topP\":1}}",
        "{\"generation_config\":{\"max_output_tokens\":1}}",
        "{\"generationConfig\":{\"thinkingConfig\":{}}}",
        "{\"toolConfig\":{\"functionCallingConfig\":{}}}",
        "{\"t\\u006fols\":[]}",
        "{\"generation\\u0043onfig\":{\"maxOutputTokens\":1}}",
        "{\"generationConfig\":{\"max\\u004futputTokens\":1}}",
        "{\"generationConfig\":[]}",
        "[]",
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(options); i++) {
        struct kit k;
        kit_init(&k, "gemini");
        kit_text(&k, SLUICE__V1__ROLE__ROLE_USER, "Hi");
        set_reasoning(&k, 5, -1, "");
        k.request.provider_options_json = (char *)(uintptr_t)options[i];
        expect_refused(&k, "provider_options_json");
        kit_fini(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address),        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_calls),          cmocka_unit_test(test_history),
        cmocka_unit_test(test_media),          cmocka_unit_test(test_tools),
        cmocka_unit_test(test_provider_tools), cmocka_unit_test(test_thinking),
        cmocka_unit_test(test_config),         cmocka_unit_test(test_owned_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
