/* Pictures, ranking, verdicts, token counts and listings: what is sent, what is left out, and what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/calls/calls.h"
#include "op_kit.h"

#define STRING(s) ((char *)(uintptr_t)(s))

/* ---- pictures ---- */

static void set_size(struct op_kit *k)
{
    k->image.size = STRING("640x480");
}
static void set_aspect(struct op_kit *k)
{
    k->image.aspect_ratio = STRING("16:9");
}
static void set_quality(struct op_kit *k)
{
    k->image.quality = STRING("superb");
}
static void set_style(struct op_kit *k)
{
    k->image.style = STRING("vivid");
}
static void set_background(struct op_kit *k)
{
    k->image.background = STRING("opaque");
}
static void set_format(struct op_kit *k)
{
    k->image.output_format = STRING("webp");
}
static void set_negative(struct op_kit *k)
{
    k->image.negative_prompt = STRING("no rain");
}
static void set_end_user(struct op_kit *k)
{
    k->image.end_user = STRING("somebody");
}
static void set_n(struct op_kit *k)
{
    k->image.n = 7;
    k->image._n_case = SLUICE__V1__GENERATE_IMAGE_REQUEST___N_N;
}
static void set_compression(struct op_kit *k)
{
    k->image.output_compression = 77;
    k->image._output_compression_case =
        SLUICE__V1__GENERATE_IMAGE_REQUEST___OUTPUT_COMPRESSION_OUTPUT_COMPRESSION;
}
static void set_seed(struct op_kit *k)
{
    k->image.seed = 4711;
    k->image._seed_case = SLUICE__V1__GENERATE_IMAGE_REQUEST___SEED_SEED;
}
static void set_partial(struct op_kit *k)
{
    k->image.partial_images = 2;
    k->image._partial_images_case =
        SLUICE__V1__GENERATE_IMAGE_REQUEST___PARTIAL_IMAGES_PARTIAL_IMAGES;
    k->in.build.stream = k->in.api->on_frame != NULL;
}
static void set_url(struct op_kit *k)
{
    k->image.delivery = SLUICE__V1__IMAGE_DELIVERY__IMAGE_DELIVERY_URL;
}
static void set_images(struct op_kit *k)
{
    k->image.images = sl_arena_alloc(&k->arena, sizeof(*k->image.images));
    k->image.images[0] = op_kit_image(k, "picture");
    k->image.n_images = 1;
}
static void set_mask(struct op_kit *k)
{
    set_images(k);
    k->image.mask = op_kit_image(k, "stencil");
}
static void set_image_options(struct op_kit *k)
{
    k->common.provider_options_json = STRING("{\"own_option\":1}");
}

static const struct field {
    const char *name;
    const char *marks[2]; /* one of them shows that it was sent */
    void (*set)(struct op_kit *k);
} fields[] = {
    {"size", {"640x480", "\"width\":640,\"height\":480"}, set_size},
    {"aspect_ratio", {"16:9", NULL}, set_aspect},
    {"quality", {"superb", NULL}, set_quality},
    {"style", {"vivid", NULL}, set_style},
    {"background", {"opaque", NULL}, set_background},
    {"output_format", {"webp", NULL}, set_format},
    {"negative_prompt", {"no rain", NULL}, set_negative},
    {"end_user", {"somebody", NULL}, set_end_user},
    {"n", {":7", "\r\n7\r\n"}, set_n},
    {"output_compression", {":77", "\r\n77\r\n"}, set_compression},
    {"seed", {":4711", NULL}, set_seed},
    {"partial_images", {"partial_images", NULL}, set_partial},
    {"delivery", {"\"url\"", NULL}, set_url},
    {"images", {"picture", "cGljdHVyZQ=="}, set_images},
    {"mask", {"stencil", NULL}, set_mask},
    {"provider_options_json", {"own_option", NULL}, set_image_options},
};

static void init_image(struct op_kit *k, const struct sl_adapter *a, const char *api,
                       const char *model)
{
    op_kit_init(k, a->name, SL_GENERATE_IMAGE, api);
    k->target.project = "p";
    k->target.model_id = model;
    k->image.prompt = STRING("a hat");
}

static void check_field(const struct sl_adapter *a, const struct sl_op_api *o,
                        const struct field *f, const char *model)
{
    struct op_kit k;
    init_image(&k, a, o->name, model);
    f->set(&k);
    const char *sent = op_kit_build(&k);
    bool refused = !sent && k.err.code == SL_INVALID_ARGUMENT && k.err.field[0];
    bool there = sent && (strstr(sent, f->marks[0]) || (f->marks[1] && strstr(sent, f->marks[1])));
    if (!refused && !there && !op_kit_warned(&k, f->name))
        fail_msg("%s %s loses %s: %s", a->name, o->name, f->name, sent ? sent : k.err.text);
    op_kit_fini(&k);
    init_image(&k, a, o->name, model);
    k.common.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    f->set(&k);
    if (op_kit_build(&k))
        assert_int_equal(k.warnings.count, 0);
    op_kit_fini(&k);
}

static void no_field_of_a_picture_disappears(void **state)
{
    (void)state;
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++)
        for (const struct sl_op_api *const *o = (*a)->operations; o && *o; o++)
            for (size_t i = 0; (*o)->operation == SL_GENERATE_IMAGE && i < SL_ARRAY_LEN(fields);
                 i++) {
                check_field(*a, *o, &fields[i], "painter");
                check_field(*a, *o, &fields[i], "gpt-image-1");
            }
}

/* A picture to edit by openai's gpt-image-1: a form. */
static void init_form(struct op_kit *k)
{
    init_image(k, sl_adapter_find("openai"), "", "gpt-image-1");
    set_images(k);
}

static void a_form_has_each_field_once(void **state)
{
    static const char *const refused[] = {"{\"model\":\"dear\"}",   "{\"m\\u006fdel\":\"dear\"}",
                                          "{\"prompt\":\"x\"}",     "{\"user\":\"x\"}",
                                          "{\"mask\":\"x\"}",       "{\"image[]\":\"x\"}",
                                          "{\"models\":[\"dear\"]}"};
    struct op_kit k;
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(refused); i++) {
        init_form(&k);
        k.common.provider_options_json = STRING(refused[i]);
        if (op_kit_build(&k))
            fail_msg("%s was sent", refused[i]);
        assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
        assert_string_equal(k.err.field, "provider_options_json");
        op_kit_fini(&k);
    }
}

/* Fields of their own that a text smuggles in, where it knows the boundary. */
#define SMUGGLED                                                                                   \
    "\r\n--sluice-1700000000000-0\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ndear"

static void a_text_cannot_end_a_field_of_a_form(void **state)
{
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {
        {"prompt", offsetof(struct op_kit, image.prompt)},
        {"size", offsetof(struct op_kit, image.size)},
        {"quality", offsetof(struct op_kit, image.quality)},
        {"end_user", offsetof(struct op_kit, image.end_user)},
    };
    struct op_kit k;
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        init_form(&k);
        void *at = (char *)&k + rows[i].offset;
        *(char **)at = STRING("x" SMUGGLED);
        assert_non_null(op_kit_build(&k));
        assert_string_equal(op_kit_header(&k, "content-type"),
                            "multipart/form-data; boundary=sluice-1700000000000-1");
        op_kit_fini(&k);
    }
    init_form(&k); /* an option's text has its escapes decoded */
    k.common.provider_options_json = STRING("{\"own\":\"s\\u006cuice-1700000000000-0\"}");
    assert_non_null(op_kit_build(&k));
    assert_string_equal(op_kit_header(&k, "content-type"),
                        "multipart/form-data; boundary=sluice-1700000000000-1");
    op_kit_fini(&k);
}

static void boundaries_run_out(void **state)
{
    struct sl_buf all;
    struct op_kit k;
    (void)state;
    sl_buf_init(&all, 4096);
    for (int i = 0; i < 16; i++)
        assert_true(sl_buf_printf(&all, "sluice-1700000000000-%d ", i));
    init_form(&k);
    k.image.prompt = all.p;
    assert_null(op_kit_build(&k));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    op_kit_fini(&k);
    sl_buf_fini(&all);
}

/* ---- requests ---- */

static void asks_for_ranks(void **state)
{
    static const struct {
        const char *kind, *api, *base_url, *want;
    } rows[] = {
        {"cohere", "", "https://c.test",
         "POST https://c.test/v2/rerank "
         "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"],\"top_n\":1}"},
        {"cohere", "v1_rerank", "https://c.test",
         "POST https://c.test/v1/rerank "
         "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"],\"top_n\":1,"
         "\"return_documents\":true}"},
        {"vllm", "", NULL,
         "POST https://api.test/v1/rerank "
         "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"],\"top_n\":1}"},
        {"huggingface", "", "https://own.test",
         "POST https://own.test/rerank "
         "{\"query\":\"q\",\"texts\":[\"a\",\"b\"],\"return_text\":true}"},
        {"nvidia", "", NULL,
         "POST https://api.test/v1/ranking "
         "{\"model\":\"m\",\"query\":{\"text\":\"q\"},\"passages\":[{\"text\":"
         "\"a\"},{\"text\":\"b\"}]}"},
    };
    static char *documents[] = {STRING("a"), STRING("b")};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct op_kit k;
        op_kit_init(&k, rows[i].kind, SL_RERANK, rows[i].api);
        if (rows[i].base_url)
            k.target.base_url = rows[i].base_url;
        k.rerank.query = STRING("q");
        k.rerank.documents = documents;
        k.rerank.n_documents = 2;
        k.rerank.top_n = 1;
        k.rerank._top_n_case = SLUICE__V1__RERANK_REQUEST___TOP_N_TOP_N;
        k.rerank.return_documents = true;
        assert_string_equal(op_kit_build(&k), rows[i].want);
        op_kit_fini(&k);
    }
}

static void asks_for_verdicts(void **state)
{
    Sluice__V1__Part text = SLUICE__V1__PART__INIT, image = SLUICE__V1__PART__INIT;
    Sluice__V1__Part *one[] = {&text}, *both[] = {&text, &image};
    Sluice__V1__ModerateInput inputs[3] = {SLUICE__V1__MODERATE_INPUT__INIT,
                                           SLUICE__V1__MODERATE_INPUT__INIT,
                                           SLUICE__V1__MODERATE_INPUT__INIT};
    Sluice__V1__ModerateInput *list[] = {&inputs[0], &inputs[1], &inputs[2]};
    struct op_kit k;
    (void)state;
    op_kit_init(&k, "openai", SL_MODERATE, "");
    text.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    text.text = STRING("t");
    image.content_case = SLUICE__V1__PART__CONTENT_IMAGE;
    image.image = op_kit_image(&k, "x");
    inputs[0].parts = inputs[1].parts = one;
    inputs[0].n_parts = inputs[1].n_parts = 1;
    inputs[2].parts = both;
    inputs[2].n_parts = 2;
    k.moderate.inputs = list;
    k.moderate.n_inputs = 3;
    assert_string_equal(
        op_kit_build(&k),
        "POST https://api.test/v1/moderations {\"model\":\"m\",\"input\":[\"t\",\"t\"]}");
    assert_int_equal(k.in.n, 2);
    k.in.first = 2;
    assert_string_equal(
        op_kit_build(&k),
        "POST https://api.test/v1/moderations "
        "{\"model\":\"m\",\"input\":[{\"type\":\"text\",\"text\":"
        "\"t\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,eA==\"}}]}");
    op_kit_fini(&k);
    op_kit_init(&k, "mistral", SL_MODERATE, "");
    k.moderate.inputs = &list[2];
    k.moderate.n_inputs = 1;
    assert_null(op_kit_build(&k));
    assert_string_equal(k.err.field, "inputs[0]");
    op_kit_fini(&k);
}

/* A question as each provider that counts wants it. */
static void asks_for_counts(void **state)
{
    static const struct {
        const char *kind, *base_url, *model, *want;
    } rows[] = {
        {"anthropic", "https://a.test/v1", "claude-x",
         "POST https://a.test/v1/messages/count_tokens "
         "{\"model\":\"claude-x\",\"messages\":[{\"role\":\"user\","
         "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}]}"},
        {"gemini", "https://g.test/v1beta", "gemini-x",
         "POST https://g.test/v1beta/models/gemini-x:countTokens "
         "{\"generateContentRequest\":{\"model\":\"models/"
         "gemini-x\",\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}}"},
        {"vertex", "https://aiplatform.googleapis.com/v1", "gemini-x",
         "POST "
         "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/"
         "models/gemini-x:"
         "countTokens {\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}"},
        {"bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com", "anthropic.claude-x",
         "POST "
         "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-x/count-tokens "
         "{\"input\":{"
         "\"converse\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}}}"},
    };
    Sluice__V1__Part part = SLUICE__V1__PART__INIT, *parts[] = {&part};
    Sluice__V1__Message message = SLUICE__V1__MESSAGE__INIT, *messages[] = {&message};
    (void)state;
    part.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    part.text = STRING("hi");
    message.role = SLUICE__V1__ROLE__ROLE_USER;
    message.parts = parts;
    message.n_parts = 1;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct op_kit k;
        op_kit_init(&k, rows[i].kind, SL_COUNT_TOKENS,
                    !strcmp(rows[i].kind, "anthropic") || !strcmp(rows[i].kind, "bedrock")
                        ? "count_tokens"
                        : "countTokens");
        k.target.base_url = rows[i].base_url;
        k.target.model_id = rows[i].model;
        k.target.project = !strcmp(rows[i].kind, "vertex") ? "p" : "";
        k.common.messages = messages;
        k.common.n_messages = 1;
        const char *got = op_kit_build(&k);
        if (!got)
            fail_msg("%s: %s", rows[i].kind, k.err.text);
        assert_string_equal(got, rows[i].want);
        op_kit_fini(&k);
    }
}

static void asks_for_listings(void **state)
{
    static const struct {
        const char *kind, *base_url, *page, *want;
    } rows[] = {
        {"openai", "https://o.test/v1", NULL, "GET https://o.test/v1/models"},
        {"anthropic", "https://a.test/v1", "x y", "GET https://a.test/v1/models?after_id=x%20y"},
        {"gemini", "https://g.test/v1beta", "t",
         "GET https://g.test/v1beta/models?pageSize=1000&pageToken=t"},
        {"cohere", "https://c.test", "t",
         "GET https://c.test/v1/models?page_size=1000&page_token=t"},
        {"ollama", "http://o.test", NULL, "GET http://o.test/api/tags"},
        {"ollama", "http://o.test/v1", NULL, "GET http://o.test/v1/models"},
        {"bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com", NULL,
         "GET https://bedrock.eu-west-1.amazonaws.com/foundation-models"},
        {"azure", "https://r.openai.azure.com/openai/deployments", NULL,
         "GET https://r.openai.azure.com/openai/models?api-version=2024-10-21"},
        {"azure", "https://r.openai.azure.com/openai/v1", NULL,
         "GET https://r.openai.azure.com/openai/v1/models"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct op_kit k;
        op_kit_init(&k, rows[i].kind, SL_LIST_MODELS, "");
        k.target.base_url = rows[i].base_url;
        k.in.api = sl_adapter_operation(k.in.adapter, SL_LIST_MODELS, &k.target);
        k.in.page_token = rows[i].page;
        assert_string_equal(op_kit_build(&k), rows[i].want);
        assert_null(op_kit_header(&k, "content-type"));
        op_kit_fini(&k);
    }
}

/* ---- answers ---- */

static const struct {
    const char *kind;
    enum sl_operation operation;
    const char *api, *body, *want; /* want NULL: an error */
} answers[] = {
    {"openai", SL_GENERATE_IMAGE, "",
     "{\"data\":[{\"b64_json\":\"AQID\",\"revised_prompt\":\"p\"},{\"url\":\"https://x.test/y\"}],"
     "\"output_format\":\"jpeg\"}",
     "image 0 image/jpeg 3 bytes \"p\"\nimage 1 image/jpeg url=https://x.test/y\n"},
    {"openai", SL_GENERATE_IMAGE, "", "{\"data\":[{\"b64_json\":\"!\"}]}", NULL},
    {"openai", SL_GENERATE_IMAGE, "", "{\"data\":[{}]}", NULL},
    {"openai", SL_GENERATE_IMAGE, "", "{\"data\":[3]}", NULL},
    {"openai", SL_GENERATE_IMAGE, "", "{}", NULL},
    {"siliconflow", SL_GENERATE_IMAGE, "",
     "{\"images\":[{\"url\":\"data:image/webp;base64,AQID\"}]}", "image 0 image/webp 3 bytes\n"},
    {"gemini", SL_GENERATE_IMAGE, "",
     "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true},{\"text\":"
     "\"here\"},{\"inlineData\":"
     "{\"mimeType\":\"image/"
     "png\",\"data\":\"AQID\"}}]}}],\"usageMetadata\":{\"promptTokenCount\":1,"
     "\"candidatesTokenCount\":2}}",
     "text \"here\"\nimage 0 image/png 3 bytes\nusage 1 2 "
     "{\"promptTokenCount\":1,\"candidatesTokenCount\":2}\n"},
    {"gemini", SL_GENERATE_IMAGE, "", "{\"candidates\":[{\"finishReason\":\"IMAGE_SAFETY\"}]}",
     NULL},
    {"gemini", SL_GENERATE_IMAGE, "", "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}", NULL},
    {"gemini", SL_GENERATE_IMAGE, "predict",
     "{\"predictions\":[{\"mimeType\":\"image/"
     "png\",\"bytesBase64Encoded\":\"AQID\",\"prompt\":\"p\"}]}",
     "image 0 image/png 3 bytes \"p\"\n"},
    {"gemini", SL_GENERATE_IMAGE, "predict", "{\"predictions\":[{\"raiFilteredReason\":\"no\"}]}",
     NULL},
    {"cohere", SL_RERANK, "v2_rerank",
     "{\"results\":[{\"index\":1,\"relevance_score\":0.5}],\"meta\":{\"billed_units\":{\"search_"
     "units\":1}}}",
     "1 0.5\nusage 0 0 {\"billed_units\":{\"search_units\":1}}\n"},
    {"fireworks", SL_RERANK, "",
     "{\"data\":[{\"index\":0,\"relevance_score\":1}],\"usage\":{\"total_tokens\":3}}",
     "0 1\nusage 3 0 {\"total_tokens\":3}\n"},
    {"nvidia", SL_RERANK, "", "{\"rankings\":[{\"index\":1,\"logit\":-2}]}", "1 -2\n"},
    {"huggingface", SL_RERANK, "", "[{\"index\":1,\"score\":0.25,\"text\":\"x\"}]", "1 0.25\n"},
    {"vllm", SL_RERANK, "", "{\"results\":[{\"index\":9,\"relevance_score\":1}]}", NULL},
    {"vllm", SL_RERANK, "", "{\"results\":[{\"index\":0}]}", NULL},
    {"vllm", SL_RERANK, "", "{}", NULL},
    {"openai", SL_MODERATE, "",
     "{\"results\":[{\"flagged\":true,\"categories\":{\"a\\u0062\":true,\"c\":false},\"category_"
     "scores\":{\"c\":0.5}}]}",
     "flagged ab! c=0.5\n"},
    {"mistral", SL_MODERATE, "",
     "{\"results\":[{\"categories\":{\"a\":true}},{\"categories\":{\"a\":false}}]}",
     "flagged a!\nfine a\n"},
    {"openai", SL_MODERATE, "", "{\"results\":[{}]}", NULL},
    {"anthropic", SL_COUNT_TOKENS, "", "{\"input_tokens\":14}", "14 cached 0\n"},
    {"gemini", SL_COUNT_TOKENS, "", "{\"totalTokens\":9,\"cachedContentTokenCount\":4}",
     "9 cached 4\n"},
    {"bedrock", SL_COUNT_TOKENS, "count_tokens", "{\"inputTokens\":3}", "3 cached 0\n"},
    {"anthropic", SL_COUNT_TOKENS, "", "[]", NULL},
    {"anthropic", SL_LIST_MODELS, "",
     "{\"data\":[{\"id\":\"c\",\"display_name\":\"C\",\"created_at\":\"2025-05-14T00:00:00Z\","
     "\"max_input_tokens\":5,"
     "\"max_tokens\":6,\"capabilities\":{\"batch\":{\"supported\":true},\"x\":{\"supported\":false}"
     "}}],\"has_more\":true,"
     "\"last_id\":\"c\"}",
     "c \"C\" 1747180800 ctx=5 out=6 +batch\nnext c\n"},
    {"gemini", SL_LIST_MODELS, "",
     "{\"models\":[{\"name\":\"models/"
     "g\",\"displayName\":\"G\",\"inputTokenLimit\":7,\"supportedGenerationMethods\":"
     "[\"embedContent\"]}],\"nextPageToken\":\"t\"}",
     "g \"G\" ctx=7 +embedContent\nnext t\n"},
    {"together", SL_LIST_MODELS, "", "[{\"id\":\"a\",\"created\":3}]", "a 3\n"},
    {"ollama", SL_LIST_MODELS, "api_tags",
     "{\"models\":[{\"name\":\"l:1\",\"modified_at\":\"1970-01-02T00:00:01.5Z\"}]}", "l:1 86401\n"},
    {"bedrock", SL_LIST_MODELS, "",
     "{\"modelSummaries\":[{\"modelId\":\"b\",\"modelName\":\"B\"}]}", "b \"B\"\n"},
    {"openai", SL_LIST_MODELS, "", "{\"data\":[{}]}", NULL},
    {"openai", SL_LIST_MODELS, "", "{\"data\":3}", NULL},
};

static void reads_answers(void **state)
{
    static char *documents[] = {STRING("a"), STRING("b")};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(answers); i++) {
        struct op_kit k;
        op_kit_init(&k, answers[i].kind, answers[i].operation, answers[i].api);
        k.rerank.documents = documents;
        k.rerank.n_documents = 2;
        const char *got = op_kit_answer(&k, answers[i].body);
        if (!answers[i].want != !got)
            fail_msg("%s: %s", answers[i].body, got ? got : k.err.text);
        if (got)
            assert_string_equal(got, answers[i].want);
        else
            assert_int_not_equal(k.err.code, SL_OK);
        op_kit_fini(&k);
    }
}

static void reads_times(void **state)
{
    (void)state;
    assert_int_equal(sl_calls_seconds("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(sl_calls_seconds("2000-02-29T12:34:56Z"), 951827696);
    assert_int_equal(sl_calls_seconds("2024-12-31"), 1735603200);
    assert_int_equal(sl_calls_seconds("yesterday"), 0);
    assert_int_equal(sl_calls_seconds("2024-13-01T00:00:00Z"), 0);
    assert_int_equal(sl_calls_seconds(""), 0);
    assert_int_equal(sl_calls_seconds(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_field_of_a_picture_disappears),
        cmocka_unit_test(a_form_has_each_field_once),
        cmocka_unit_test(a_text_cannot_end_a_field_of_a_form),
        cmocka_unit_test(boundaries_run_out),
        cmocka_unit_test(asks_for_ranks),
        cmocka_unit_test(asks_for_verdicts),
        cmocka_unit_test(asks_for_counts),
        cmocka_unit_test(asks_for_listings),
        cmocka_unit_test(reads_answers),
        cmocka_unit_test(reads_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
