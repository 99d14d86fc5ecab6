/* Ids under which a provider serves the same model, and names that are no ids. */
#include "registry/stem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

static void spellings_of_one_model_are_one(void **state)
{
    static const struct {
        const char *kind, *id, *stem;
    } rows[] = {
        {"openai", "gpt-5", "gpt-5"},
        {"openai", "GPT-5", "gpt-5"},
        {"openai", "ft:gpt-5:me:x", "ft:gpt-5:me:x"},
        {"azure", "My-Deployment", "my-deployment"},
        {"gemini", "gemini-x", "gemini-x"},
        {"gemini", "models/gemini-x", "gemini-x"},
        {"gemini", "models/", "models/"},
        {"vertex", "publishers/google/models/gemini-x", "gemini-x"},
        {"vertex", "claude-x@20250514", "claude-x@20250514"},
        {"bedrock", "anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0"},
        {"bedrock", "us.anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0"},
        {"bedrock", "us-gov.anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0"},
        {"bedrock", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x-v1:0",
         "anthropic.claude-x-v1:0"},
        {"bedrock", "us.", "us."},
        {"openrouter", "openai/gpt-5", "openai/gpt-5"},
        {"openrouter", "openai/GPT-5:nitro:online", "openai/gpt-5"},
        {"huggingface", "org/Model:groq", "org/model"},
        {"ollama", "llama3:latest", "llama3"},
        {"ollama", "llama3:70b", "llama3:70b"},
        {"ollama", ":latest", ":latest"},
        {"custom", "", ""},
    };
    struct sl_arena arena;
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        assert_string_equal(sl_id_stem(rows[i].kind, rows[i].id, &arena), rows[i].stem);
    const char *same = "gpt-5";
    assert_ptr_equal(sl_id_stem("openai", same, &arena), same);
    sl_arena_fini(&arena);
}

static void what_a_url_would_lose_is_no_id(void **state)
{
    static const char *const good[] = {"gpt-5", "openai/gpt-5", "a/b/c", "x:y@z",
                                       "...",   ".x",           "a..b"};
    static const char *const bad[] = {"",    "/",   "/a",   "a/",   "a//b",  ".",      "..",
                                      "./a", "a/.", "a/..", "../a", "a/./b", "a/../b", " a",
                                      "a ",  "a b", "a\tb", "a\nb", "a\x7f"};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(good); i++)
        assert_true(sl_id_is_plain(good[i]));
    for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
        assert_false(sl_id_is_plain(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_model_are_one),
        cmocka_unit_test(what_a_url_would_lose_is_no_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
