/* Requests beside completions: what is refused, by which field. */
#include "api/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STRING(s) ((char *)(uintptr_t)(s))

static struct sl_violations violations;
static struct sl_arena arena;

static int setup(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    violations = (struct sl_violations){.arena = &arena};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

/* The fields that are wrong, with a blank between; and empties the list. */
static const char *found(void)
{
    static char text[512];
    text[0] = '\0';
    for (size_t i = 0; i < violations.count; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", violations.list[i].field);
    }
    violations.count = 0;
    return text;
}

static Sluice__V1__Part text_part = SLUICE__V1__PART__INIT, image_part = SLUICE__V1__PART__INIT;
static Sluice__V1__Image picture = SLUICE__V1__IMAGE__INIT;

static void set_parts(void)
{
    text_part.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    text_part.text = STRING("words");
    picture.source_case = SLUICE__V1__IMAGE__SOURCE_URL;
    picture.url = STRING("https://x.test/a.png");
    image_part.content_case = SLUICE__V1__PART__CONTENT_IMAGE;
    image_part.image = &picture;
}

static void checks_embed(void **state)
{
    Sluice__V1__EmbedRequest r = SLUICE__V1__EMBED_REQUEST__INIT;
    Sluice__V1__EmbedInput input = SLUICE__V1__EMBED_INPUT__INIT, *inputs[] = {&input};
    Sluice__V1__TokenIds tokens = SLUICE__V1__TOKEN_IDS__INIT;
    Sluice__V1__EmbedParts parts = SLUICE__V1__EMBED_PARTS__INIT;
    Sluice__V1__Part tool = SLUICE__V1__PART__INIT, *list[] = {&text_part, &image_part, &tool};
    int32_t ids[] = {1, -1};
    Sluice__V1__EmbeddingEncoding encodings[] = {1, 2, 1};
    (void)state;
    set_parts();
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs");
    r.inputs = inputs;
    r.n_inputs = 1;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs[0]");
    input.content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TEXT;
    input.text = STRING("");
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs[0]");
    input.text = STRING("a");
    assert_true(sl_validate_embed(&r, &violations));
    input.content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TOKENS;
    input.tokens = &tokens;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs[0]");
    tokens.ids = ids;
    tokens.n_ids = 2;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs[0]");
    tokens.n_ids = 1;
    assert_true(sl_validate_embed(&r, &violations));
    input.content_case = SLUICE__V1__EMBED_INPUT__CONTENT_PARTS;
    input.parts = &parts;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs[0].parts.parts");
    parts.parts = list;
    parts.n_parts = 3;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "inputs[0].parts.parts[2]");
    parts.n_parts = 2;
    r.encodings = encodings;
    r.n_encodings = 3;
    r.dimensions = 0;
    r._dimensions_case = SLUICE__V1__EMBED_REQUEST___DIMENSIONS_DIMENSIONS;
    r.task = 99;
    r.truncate = -1;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "dimensions encodings encodings task truncate");
    encodings[0] = 7;
    r.n_encodings = 1;
    r.dimensions = 65536;
    r.task = 0;
    r.truncate = 0;
    assert_false(sl_validate_embed(&r, &violations));
    assert_string_equal(found(), "encodings");
}

static void checks_images(void **state)
{
    Sluice__V1__GenerateImageRequest r = SLUICE__V1__GENERATE_IMAGE_REQUEST__INIT;
    Sluice__V1__Image empty = SLUICE__V1__IMAGE__INIT, *images[] = {&picture, &empty};
    (void)state;
    set_parts();
    r.mask = &picture;
    r.n = 11;
    r._n_case = SLUICE__V1__GENERATE_IMAGE_REQUEST___N_N;
    r.partial_images = 4;
    r._partial_images_case = SLUICE__V1__GENERATE_IMAGE_REQUEST___PARTIAL_IMAGES_PARTIAL_IMAGES;
    r.output_compression = 101;
    r._output_compression_case =
        SLUICE__V1__GENERATE_IMAGE_REQUEST___OUTPUT_COMPRESSION_OUTPUT_COMPRESSION;
    r.delivery = 3;
    r.on_unsupported = 7;
    r.provider_options_json = STRING("[]");
    assert_false(sl_validate_image(&r, &violations));
    assert_string_equal(found(), "prompt mask n output_compression partial_images delivery "
                                 "on_unsupported provider_options_json");
    sluice__v1__generate_image_request__init(&r);
    r.prompt = STRING("a hat");
    r.images = images;
    r.n_images = 2;
    assert_false(sl_validate_image(&r, &violations));
    assert_string_equal(found(), "images[1].image");
    r.n_images = 1;
    r.mask = &picture;
    assert_true(sl_validate_image(&r, &violations));
}

static void checks_ranks_and_verdicts(void **state)
{
    Sluice__V1__RerankRequest r = SLUICE__V1__RERANK_REQUEST__INIT;
    Sluice__V1__ModerateRequest m = SLUICE__V1__MODERATE_REQUEST__INIT;
    Sluice__V1__ModerateInput input = SLUICE__V1__MODERATE_INPUT__INIT, *inputs[] = {&input};
    Sluice__V1__Part *list[] = {&text_part, &image_part};
    static char *documents[] = {STRING("a")};
    static char name[300];
    (void)state;
    set_parts();
    r.top_n = 0;
    r._top_n_case = SLUICE__V1__RERANK_REQUEST___TOP_N_TOP_N;
    memset(name, 'x', sizeof(name) - 1);
    r.model = r.request_id = name;
    assert_false(sl_validate_rerank(&r, &violations));
    assert_string_equal(found(), "query documents top_n model request_id");
    sluice__v1__rerank_request__init(&r);
    r.query = STRING("q");
    r.documents = documents;
    r.n_documents = 1;
    assert_true(sl_validate_rerank(&r, &violations));
    assert_false(sl_validate_moderate(&m, &violations));
    assert_string_equal(found(), "inputs");
    m.inputs = inputs;
    m.n_inputs = 1;
    assert_false(sl_validate_moderate(&m, &violations));
    assert_string_equal(found(), "inputs[0].parts");
    input.parts = list;
    input.n_parts = 2;
    assert_true(sl_validate_moderate(&m, &violations));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(checks_embed),
        TEST(checks_images),
        TEST(checks_ranks_and_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
