/* Sound, pictures and sources of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define DELTA(members) "{\"choices\":[{\"index\":0,\"delta\":{" members "}}]}"
#define STOP "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}"

static const struct {
    const char *name, *options;
    const char *frames[8];
    const char *events, *media;
} rows[] = {
    {"sound in pieces that cut groups of base64; its id goes into the state",
     "{\"audio\":{\"voice\":\"alloy\",\"format\":\"pcm16\"}}",
     {DELTA("\"role\":\"assistant\",\"audio\":{\"id\":\"audio_1\",\"transcript\":\"He\"}"),
      DELTA("\"audio\":{\"data\":\"aGVsb\"}"), DELTA("\"audio\":{\"data\":\"G8gd29ybGQ=\"}"),
      DELTA("\"audio\":{\"transcript\":\"llo\",\"data\":\"\"}"),
      DELTA("\"audio\":{\"expires_at\":1700000000}"), STOP, "[DONE]"},
     "audio 0 type=audio/pcm \"He\"\naudio 0 3 bytes\naudio 0 8 bytes\naudio 0 \"llo\"\n"
     "audio 0 expires=1700000000\ndone 0 state=openai:audio_1\n",
     "hello world"},
    {"each piece is padded for itself",
     "",
     {DELTA("\"audio\":{\"data\":\"aGVsbG8=\"}"), DELTA("\"audio\":{\"data\":\"IHdvcmxk\"}"), STOP},
     "audio 0 5 bytes\naudio 0 6 bytes\n",
     "hello world"},
    {"sound after text",
     "{\"audio\":{\"format\":\"wav\"}}",
     {DELTA("\"content\":\"T\""), DELTA("\"audio\":{\"id\":\"a\",\"data\":\"YQ==\"}"), STOP},
     "text 0 \"T\"\naudio 1 type=audio/wav 1 bytes\ndone 1 state=openai:a\n",
     "a"},
    {"an id without sound is no part", "", {DELTA("\"audio\":{\"id\":\"a\"}"), STOP}, "", ""},
    {"pictures, as data and by address",
     "",
     {DELTA("\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/"
            "png;base64,aGk=\"}},"
            "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.test/a.png\"}}]"),
      DELTA("\"content\":[{\"type\":\"image_url\",\"image_url\":\"data:image/webp;base64,IQ==\"}]"),
      STOP},
     "image 0 type=image/png 2 bytes\nimage 1 url=https://x.test/a.png\n"
     "image 2 type=image/webp 1 bytes\n",
     "hi!"},
    {"broken pictures are none",
     "",
     {DELTA(
          "\"images\":[{\"image_url\":{\"url\":\"data:image/png;base64,====\"}},{\"image_url\":{}},"
          "{\"image_url\":{\"url\":\"\"}}]"),
      STOP},
     "",
     ""},
    {"sources",
     "",
     {DELTA("\"content\":\"T\""),
      DELTA("\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"https://"
            "x.test/\","
            "\"title\":\"A \\\"title\\\"\",\"start_index\":3,\"end_index\":9}}]"),
      DELTA("\"annotations\":[{\"type\":\"file\",\"file\":{\"name\":\"a.pdf\",\"hash\":\"h\"}}]"),
      DELTA("\"annotations\":[{\"type\":\"file_citation\",\"file_id\":\"file-1\",\"index\":2}]"),
      DELTA("\"annotations\":[]"), STOP},
     "text 0 \"T\"\ncitation 0 url=https://x.test/ title=A \"title\" 3..9 json=116\n"
     "citation 0 title=a.pdf json=50\ncitation 0 file=file-1 json=53\n",
     ""},
    {"a source before the text begins it",
     "",
     {DELTA("\"annotations\":[{\"url_citation\":{\"url\":\"u\",\"start_index\":-1}}]"),
      DELTA("\"content\":\"T\""), STOP},
     "text 0 \"\"\ncitation 0 url=u json=45\ntext 0 \"T\"\n",
     ""},
};

static void media_in_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        kit_init(&k, "openai");
        k.request.provider_options_json = (char *)(uintptr_t)rows[i].options;
        if (kit_stream(&k, rows[i].frames) != SL_OK)
            fail_msg("%s: %s", rows[i].name, k.err.text);
        if (strcmp(kit_events(&k), rows[i].events) != 0)
            fail_msg("%s:\n%s", rows[i].name, kit_events(&k));
        assert_string_equal(k.media.p ? k.media.p : "", rows[i].media);
        kit_fini(&k);
    }
}

static void a_spoken_body(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    k.target.provider_options_json = "{\"audio\":{\"format\":\"mp3\"}}";
    assert_int_equal(
        kit_body(&k, "{\"choices\":[{\"message\":{\"content\":null,\"audio\":{\"id\":\"audio_1\","
                     "\"data\":\"aGVsbG8gd29ybGQ=\",\"expires_at\":7,\"transcript\":\"Hello\"}},"
                     "\"finish_reason\":\"stop\"}]}"),
        SL_OK);
    assert_string_equal(kit_events(&k), "audio 0 type=audio/mpeg 11 bytes \"Hello\" expires=7\n"
                                        "done 0 state=openai:audio_1\n");
    assert_string_equal(k.media.p, "hello world");
    kit_fini(&k);
}

static void odd_options_name_no_format(void **state)
{
    static const char *const options[] = {"{\"audio\":{\"format\":\"x\"}}", "{\"audio\":1}", "{}",
                                          "{"};

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(options); i++) {
        struct kit k;
        kit_init(&k, "openai");
        k.request.provider_options_json = (char *)(uintptr_t)options[i];
        assert_int_equal(kit_frame(&k, DELTA("\"audio\":{\"data\":\"YQ==\"}")), SL_OK);
        assert_string_equal(kit_events(&k), "audio 0 1 bytes\n");
        kit_fini(&k);
    }
}

/* Pieces of at most 512 KiB; all of them together are what was sent. */
static void large_media_come_in_pieces(void **state)
{
    enum { GROUPS = 500 * 1024 }; /* 1.5 MiB decoded */
    static const char *const heads[] = {
        "{\"choices\":[{\"message\":{\"audio\":{\"data\":\"",
        "{\"choices\":[{\"message\":{\"images\":[{\"image_url\":{\"url\":\"data:image/png;base64,"};
    static const char *const tails[] = {"\"}}}]}", "\"}}]}}]}"};
    static const char *const events[] = {
        "audio 0 524288 bytes\naudio 0 524288 bytes\naudio 0 487424 bytes\n",
        "image 0 type=image/png 524288 bytes\nimage 0 524288 bytes\nimage 0 487424 bytes\n"};
    char *text = malloc(GROUPS * 4 + 200);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 2; i++) {
        struct kit k;
        size_t n = strlen(heads[i]);
        memcpy(text, heads[i], n);
        for (size_t g = 0; g < GROUPS; g++, n += 4)
            memcpy(text + n, "YWJj", 4);
        memcpy(text + n, tails[i], strlen(tails[i]) + 1);
        kit_init(&k, "openai");
        assert_int_equal(kit_body(&k, text), SL_OK);
        assert_int_equal(k.media.n, GROUPS * 3);
        assert_memory_equal(k.media.p + k.media.n - 3, "abc", 3);
        assert_string_equal(kit_events(&k), events[i]);
        kit_fini(&k);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(media_in_streams),
        cmocka_unit_test(a_spoken_body),
        cmocka_unit_test(odd_options_name_no_format),
        cmocka_unit_test(large_media_come_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
