/* Embeddings of every provider: what is sent for the same question, what is left out, and what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "op_kit.h"

#define STRING(s) ((char *)(uintptr_t)(s))

/* Two texts, whatever the API takes of them at once. */
static const struct {
    const char *kind, *api, *base_url, *model, *want;
} requests[] = {
    {"openai", "", NULL, "e",
     "POST https://api.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"azure", "", "https://r.openai.azure.com/openai/deployments", "d 1",
     "POST https://r.openai.azure.com/openai/deployments/d%201/embeddings?api-version=2024-10-21 "
     "{\"model\":\"d 1\",\"input\":[\"a\",\"b\"]}"},
    {"cohere", "", "https://c.test", "e",
     "POST https://c.test/v2/embed {\"model\":\"e\",\"texts\":[\"a\",\"b\"],\"input_type\":"
     "\"search_document\",\"embedding_types\":[\"float\"]}"},
    {"cohere", "v1_embed", "https://c.test", "e",
     "POST https://c.test/v1/embed {\"model\":\"e\",\"texts\":[\"a\",\"b\"]}"},
    {"cohere", "", "https://c.test/compatibility/v1", "e",
     "POST https://c.test/compatibility/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"gemini", "", "https://g.test/v1beta", "e",
     "POST https://g.test/v1beta/models/e:batchEmbedContents "
     "{\"requests\":[{\"model\":\"models/e\","
     "\"content\":{\"parts\":[{\"text\":\"a\"}]}},{\"model\":\"models/e\",\"content\":{\"parts\":["
     "{\"text\":\"b\"}]}}]}"},
    {"gemini", "embedContent", "https://g.test/v1beta", "e",
     "POST https://g.test/v1beta/models/e:embedContent "
     "{\"content\":{\"parts\":[{\"text\":\"a\"}]}}"},
    {"bedrock", "", "https://bedrock-runtime.eu-west-1.amazonaws.com",
     "amazon.titan-embed-text-v2:0",
     "POST "
     "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.titan-embed-text-v2%3A0/invoke "
     "{\"inputText\":\"a\"}"},
    {"bedrock", "", "https://bedrock-runtime.eu-west-1.amazonaws.com", "cohere.embed-english-v3",
     "POST https://bedrock-runtime.eu-west-1.amazonaws.com/model/cohere.embed-english-v3/invoke "
     "{\"texts\":[\"a\",\"b\"],\"input_type\":\"search_document\",\"embedding_types\":[\"float\"]"
     "}"},
    {"mistral", "", NULL, "e",
     "POST https://api.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"ollama", "", "http://o.test", "e",
     "POST http://o.test/api/embed {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"ollama", "api_embeddings", "http://o.test", "e",
     "POST http://o.test/api/embeddings {\"model\":\"e\",\"prompt\":\"a\"}"},
    {"ollama", "", "http://o.test/v1", "e",
     "POST http://o.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"huggingface", "", "https://router.test/v1", "o/e",
     "POST https://router.test/hf-inference/models/o/e/pipeline/feature-extraction "
     "{\"inputs\":[\"a\",\"b\"]}"},
    {"huggingface", "", "https://router.test/pipeline/feature-extraction", "o/e",
     "POST https://router.test/pipeline/feature-extraction/o/e {\"inputs\":[\"a\",\"b\"]}"},
    {"huggingface", "", "https://router.test/v1", "o/e?x=%2e#y",
     "POST https://router.test/hf-inference/models/o/e%3Fx%3D%252e%23y/pipeline/feature-extraction "
     "{\"inputs\":[\"a\",\"b\"]}"},
    {"huggingface", "", "https://own.endpoint.test", "o/e",
     "POST https://own.endpoint.test {\"inputs\":[\"a\",\"b\"]}"},
    {"vllm", "", NULL, "e",
     "POST https://api.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"custom", "", NULL, "e",
     "POST https://api.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"nvidia", "", NULL, "e",
     "POST https://api.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
    {"vertex", "", "https://aiplatform.googleapis.com/v1", "e",
     "POST https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/"
     "models/e:predict {\"instances\":[{\"content\":\"a\"},{\"content\":\"b\"}]}"},
    {"siliconflow", "", NULL, "e",
     "POST https://api.test/v1/embeddings {\"model\":\"e\",\"input\":[\"a\",\"b\"]}"},
};

static void sends_the_same_question(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(requests); i++) {
        struct op_kit k;
        op_kit_init(&k, requests[i].kind, SL_EMBED, requests[i].api);
        if (requests[i].base_url) {
            k.target.base_url = requests[i].base_url;
            k.in.api = sl_adapter_operation(k.in.adapter, SL_EMBED, &k.target);
        }
        k.target.model_id = requests[i].model;
        k.target.project = "p";
        op_kit_add_text(&k, "a");
        op_kit_add_text(&k, "b");
        const char *got = op_kit_build(&k);
        if (!got)
            fail_msg("%s %s: %s", requests[i].kind, requests[i].api, k.err.text);
        assert_string_equal(got, requests[i].want);
        assert_int_equal(k.warnings.count, 0);
        op_kit_fini(&k);
    }
}

/* Each field is sent, warned about, or refused. The mark is what shows that it was sent. */
struct field {
    const char *name, *mark;
    void (*set)(struct op_kit *k);
};

static void set_dimensions(struct op_kit *k)
{
    k->embed.dimensions = 321;
    k->embed._dimensions_case = SLUICE__V1__EMBED_REQUEST___DIMENSIONS_DIMENSIONS;
}

static void set_encodings(struct op_kit *k)
{
    static Sluice__V1__EmbeddingEncoding list[] = {
        SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_INT8};
    k->embed.encodings = list;
    k->embed.n_encodings = 1;
}

static void set_task(struct op_kit *k)
{
    k->embed.task = SLUICE__V1__EMBED_TASK__EMBED_TASK_SEARCH_QUERY;
}

static void set_truncate(struct op_kit *k)
{
    k->embed.truncate = SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_END;
}

static void set_end_user(struct op_kit *k)
{
    k->embed.end_user = STRING("somebody");
    k->common.end_user = k->embed.end_user;
}

static void set_title(struct op_kit *k)
{
    k->embed.inputs[0]->title = STRING("a title");
}

static void set_tokens(struct op_kit *k)
{
    static int32_t ids[] = {98765};
    Sluice__V1__TokenIds *t = SL_ARENA_NEW(&k->arena, Sluice__V1__TokenIds);
    sluice__v1__token_ids__init(t);
    t->ids = ids;
    t->n_ids = 1;
    k->embed.inputs[0]->content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TOKENS;
    k->embed.inputs[0]->tokens = t;
}

static void set_image(struct op_kit *k)
{
    k->embed.inputs[0]->content_case = SLUICE__V1__EMBED_INPUT__CONTENT_IMAGE;
    k->embed.inputs[0]->image = op_kit_image(k, "picture");
}

static void set_options(struct op_kit *k)
{
    k->common.provider_options_json = STRING("{\"own_option\":1}");
}

static const struct field fields[] = {
    {"dimensions", "321", set_dimensions},
    {"encodings", "int8", set_encodings},
    {"task", "uery", set_task}, /* search_query, RETRIEVAL_QUERY: see below */
    {"truncate", "runcate", set_truncate},
    {"end_user", "somebody", set_end_user},
    {"inputs[0].title", "a title", set_title},
    {"inputs[0]", "98765", set_tokens},
    {"inputs[0]", "cGljdHVyZQ==", set_image},
    {"provider_options_json", "own_option", set_options},
};

static bool is_sent(const char *request, const char *mark)
{
    return request &&
           (strstr(request, mark) || (!strcmp(mark, "uery") && strstr(request, "QUERY")));
}

static void no_field_disappears(void **state)
{
    (void)state;
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        for (const struct sl_op_api *const *o = (*a)->operations; o && *o; o++) {
            for (size_t i = 0; (*o)->operation == SL_EMBED && i < SL_ARRAY_LEN(fields); i++) {
                struct op_kit k;
                op_kit_init(&k, (*a)->name, SL_EMBED, (*o)->name);
                k.target.base_url = "https://bedrock-runtime.eu-west-1.amazonaws.com/v1";
                k.target.project = "p";
                op_kit_add_text(&k, "words");
                fields[i].set(&k);
                const char *sent = op_kit_build(&k);
                bool refused = !sent && k.err.code == SL_INVALID_ARGUMENT && k.err.field[0];
                if (!refused && !is_sent(sent, fields[i].mark) &&
                    !op_kit_warned(&k, fields[i].name))
                    fail_msg("%s %s loses %s: %s", (*a)->name, (*o)->name, fields[i].name,
                             sent ? sent : k.err.text);
                op_kit_fini(&k);
            }
        }
    }
}

/* With ON_UNSUPPORTED_FAIL nothing is only warned about. */
static void warnings_become_errors(void **state)
{
    (void)state;
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        for (const struct sl_op_api *const *o = (*a)->operations; o && *o; o++) {
            for (size_t i = 0; (*o)->operation == SL_EMBED && i < SL_ARRAY_LEN(fields); i++) {
                struct op_kit k;
                op_kit_init(&k, (*a)->name, SL_EMBED, (*o)->name);
                k.common.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
                op_kit_add_text(&k, "words");
                fields[i].set(&k);
                if (op_kit_build(&k))
                    assert_int_equal(k.warnings.count, 0);
                op_kit_fini(&k);
            }
        }
    }
}

/* ---- answers ---- */

static const struct {
    const char *kind, *api, *body, *want; /* want NULL: an error */
} answers[] = {
    {"openai", "",
     "{\"data\":[{\"index\":1,\"embedding\":[1]},{\"index\":0,\"embedding\":[0.5,-2]}],\"model\":"
     "\"x\","
     "\"usage\":{\"prompt_tokens\":3}}",
     "1 float 1\n0 float 0.5 -2\nusage 3 0 {\"prompt_tokens\":3}\n"},
    {"openai", "", "{\"data\":[{\"embedding\":\"AACAPwAAAMA=\"},{\"embedding\":\"\"}]}",
     "0 float 1 -2\n1 float\n"},
    {"openai", "", "{\"data\":[{\"embedding\":\"AACA\"}]}", NULL},
    {"openai", "", "{\"data\":[{\"embedding\":[true]}]}", NULL},
    {"openai", "", "{\"data\":[{\"index\":2,\"embedding\":[1]}]}", NULL},
    {"openai", "", "{\"data\":[{\"index\":-1,\"embedding\":[1]}]}", NULL},
    {"openai", "", "{\"data\":[null]}", NULL},
    {"openai", "", "{\"data\":{}}", NULL},
    {"openai", "", "[]", NULL},
    {"openai", "", "nonsense", NULL},
    {"perplexity", "", "{\"data\":[{\"embedding\":\"AP8B\"}]}", "0 int8 00 ff 01\n"},
    {"cohere", "",
     "{\"id\":\"i\",\"embeddings\":{\"float\":[[1],[2]]},\"meta\":{\"billed_units\":{\"input_"
     "tokens\":2}}}",
     "0 float 1\n1 float 2\nusage 2 0 {\"billed_units\":{\"input_tokens\":2}}\n"},
    {"cohere", "v1_embed", "{\"embeddings\":[[1],[2]]}", "0 float 1\n1 float 2\n"},
    {"cohere", "", "{\"embeddings\":{\"int8\":[[1]]}}", NULL},
    {"cohere", "", "{\"embeddings\":3}", NULL},
    {"gemini", "",
     "{\"embeddings\":[{\"values\":[1]},{\"values\":[2]}],\"usageMetadata\":{\"promptTokenCount\":"
     "4}}",
     "0 float 1\n1 float 2\nusage 4 0 {\"promptTokenCount\":4}\n"},
    {"gemini", "embedContent", "{\"embedding\":{\"values\":[0.25]}}", "0 float 0.25\n"},
    {"gemini", "", "{\"embeddings\":[3]}", NULL},
    {"vertex", "",
     "{\"predictions\":[{\"embeddings\":{\"values\":[1],\"statistics\":{\"token_count\":3}}},"
     "{\"embeddings\":{\"values\":[2],\"statistics\":{\"token_count\":4}}}]}",
     "0 float 1\n1 float 2\nusage 7 0 \n"},
    {"vertex", "", "{\"predictions\":[{}]}", NULL},
    {"bedrock", "", "{\"embedding\":[1,2],\"inputTextTokenCount\":5}",
     "0 float 1 2\nusage 5 0 {\"inputTextTokenCount\":5}\n"},
    {"ollama", "api_embed", "{\"model\":\"m\",\"embeddings\":[[1],[2]],\"prompt_eval_count\":6}",
     "0 float 1\n1 float 2\nusage 6 0 {\"prompt_eval_count\":6}\n"},
    {"ollama", "api_embeddings", "{\"embedding\":[3]}", "0 float 3\n"},
    {"ollama", "api_embed", "{}", NULL},
    {"huggingface", "", "[[1],[2]]", "0 float 1\n1 float 2\n"},
    {"huggingface", "", "[1,2]", "0 float 1 2\n"},
    {"huggingface", "", "[[[1],[2]]]", NULL},
    {"huggingface", "", "{}", NULL},
};

static void reads_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(answers); i++) {
        struct op_kit k;
        op_kit_init(&k, answers[i].kind, SL_EMBED, answers[i].api);
        op_kit_add_text(&k, "a");
        op_kit_add_text(&k, "b");
        const char *got = op_kit_answer(&k, answers[i].body);
        if (!answers[i].want != !got)
            fail_msg("%s: %s", answers[i].body, got ? got : k.err.text);
        if (got)
            assert_string_equal(got, answers[i].want);
        else
            assert_true(k.err.code == SL_UNAVAILABLE || k.err.code == SL_FAILED_PRECONDITION);
        op_kit_fini(&k);
    }
}

static void reads_several_encodings(void **state)
{
    static Sluice__V1__EmbeddingEncoding list[] = {
        SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_INT8,
        SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_BASE64};
    struct op_kit k;
    (void)state;
    op_kit_init(&k, "cohere", SL_EMBED, "");
    op_kit_add_text(&k, "a");
    op_kit_add_text(&k, "b");
    k.embed.encodings = list;
    k.embed.n_encodings = 2;
    assert_non_null(strstr(op_kit_build(&k), "\"embedding_types\":[\"int8\",\"base64\"]"));
    assert_string_equal(op_kit_answer(&k, "{\"embeddings\":{\"base64\":[\"AACAPw==\",\"AAAAQA==\"],"
                                          "\"int8\":[[-1],[2]]}}"),
                        "0 int8 ff\n0 float 1\n1 int8 02\n1 float 2\n");
    op_kit_fini(&k);
}

/* A provider that sends bytes unasked cannot be asked for floats. */
static void refuses_floats_where_there_are_none(void **state)
{
    static Sluice__V1__EmbeddingEncoding list[] = {
        SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT};
    struct op_kit k;
    (void)state;
    op_kit_init(&k, "perplexity", SL_EMBED, "");
    op_kit_add_text(&k, "a");
    k.embed.encodings = list;
    k.embed.n_encodings = 1;
    assert_null(op_kit_build(&k));
    assert_string_equal(k.err.field, "encodings");
    list[0] = SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_BINARY;
    assert_non_null(strstr(op_kit_build(&k), "\"encoding_format\":\"base64_binary\""));
    op_kit_fini(&k);
}

/* A vector that cannot be in any reply: the field, and how many inputs would do. */
static void names_the_limit_of_a_reply(void **state)
{
    struct op_kit k;
    struct sl_buf body;
    (void)state;
    op_kit_init(&k, "openai", SL_EMBED, "");
    for (int i = 0; i < 13; i++)
        op_kit_add_text(&k, "a");
    sl_buf_init(&body, 64 << 20);
    assert_true(sl_buf_add_str(&body, "{\"data\":["));
    for (int i = 0; i < 13; i++) {
        assert_true(sl_buf_add_str(&body, i ? ",{\"embedding\":[0" : "{\"embedding\":[0"));
        for (int n = 1; n < 65536; n++)
            assert_true(sl_buf_add_str(&body, ",0"));
        assert_true(sl_buf_add_str(&body, "]}"));
    }
    assert_true(sl_buf_add_str(&body, "]}"));
    assert_null(op_kit_answer(&k, body.p));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    assert_string_equal(k.err.field, "inputs");
    assert_non_null(strstr(k.err.text, "at most 11"));
    sl_buf_fini(&body);
    op_kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_the_same_question),
        cmocka_unit_test(no_field_disappears),
        cmocka_unit_test(warnings_become_errors),
        cmocka_unit_test(reads_answers),
        cmocka_unit_test(reads_several_encodings),
        cmocka_unit_test(refuses_floats_where_there_are_none),
        cmocka_unit_test(names_the_limit_of_a_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
