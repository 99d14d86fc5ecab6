/* Reading files and telling what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "files.h"

static void test_media_types(void **state)
{
    static const struct {
        const char *path, *bytes;
        size_t n;
        const char *type;
    } rows[] = {
        {"x", "\x89PNG\r\n\x1a\n....", 12, "image/png"},
        {"lies.png", "\xff\xd8\xff\xe0", 4, "image/jpeg"},
        {"x", "RIFF....WEBPVP8 ", 16, "image/webp"},
        {"x", "RIFF....WAVEfmt ", 16, "audio/wav"},
        {"x", "%PDF-1.7", 8, "application/pdf"},
        {"x", "....ftypisom", 12, "video/mp4"},
        {"x", "....ftypheic", 12, "image/heic"},
        {"x", "....ftypM4A ", 12, "audio/mp4"},
        {"notes.MD", "hello", 5, "text/markdown"},
        {"song.mp3", "\xff\xfb\x90", 3, "audio/mpeg"},
        {"Makefile", "all:\n", 5, "text/plain"},
        {"blob", "\x00\x01\x02", 3, NULL},
        {"blob", "\xff\xff", 2, NULL},
        {"https://example.com/a/cat.jpg?w=1.png#x", NULL, 0, "image/jpeg"},
        {"https://example.com/picture", NULL, 0, NULL},
        {".png", NULL, 0, NULL},
        {"x", "RIFF", 4, "text/plain"},
    };

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const char *type = files_media_type(rows[i].path, rows[i].bytes, rows[i].n);

        if (!rows[i].type)
            assert_null(type);
        else
            assert_string_equal(type ? type : "none", rows[i].type);
    }
}

static void test_read(void **state)
{
    char path[] = "/tmp/sluice-test-XXXXXX", content[70000];
    struct sl_err err = {0};
    struct sl_buf out;
    int fd = mkstemp(path);

    (void)state;
    memset(content, 'x', sizeof(content));
    assert_int_equal(write(fd, content, sizeof(content)), sizeof(content));
    close(fd);
    sl_buf_init(&out, sizeof(content));
    assert_int_equal(files_read(path, &out, &err), SL_OK);
    assert_int_equal(out.n, sizeof(content));
    assert_int_equal(out.p[out.n], 0);
    sl_buf_fini(&out);

    sl_buf_init(&out, sizeof(content) - 1);
    assert_int_equal(files_read(path, &out, &err), SL_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "larger than"));
    assert_non_null(strstr(err.text, path));
    sl_buf_fini(&out);
    unlink(path);
}

static void test_read_failures(void **state)
{
    static const char *const paths[][2] = {{"/nonexistent/file", "No such file"},
                                           {"/tmp", "directory"}};

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(paths); i++) {
        struct sl_err err = {0};
        struct sl_buf out;

        sl_buf_init(&out, 64);
        assert_int_equal(files_read(paths[i][0], &out, &err), SL_INVALID_ARGUMENT);
        assert_non_null(strstr(err.text, paths[i][1]));
        sl_buf_fini(&out);
    }
}

static void test_base_name(void **state)
{
    (void)state;
    assert_string_equal(files_base_name("/a/b.txt"), "b.txt");
    assert_string_equal(files_base_name("b.txt"), "b.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_failures),
        cmocka_unit_test(test_base_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
