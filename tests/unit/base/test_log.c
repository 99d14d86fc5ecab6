/* Log lines: each one JSON, each whole, gathered until flushed. */
#include "base/log.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cm.h"

struct fixture {
    int fd; /* a file without a name, where lines go */
    char *text;
    struct sl_json_parser parser;
};

static int set_up(void **state)
{
    struct fixture *f = sl_calloc(1, sizeof(*f));
    char name[] = "/tmp/test_log.XXXXXX";
    f->fd = mkostemp(name, O_APPEND);
    unlink(name);
    sl_json_parser_init(&f->parser);
    sl_log_set_fd(f->fd);
    sl_log_set_level(SL_LOG_INFO);
    *state = f;
    return f->fd < 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sl_log_set_fd(2);
    close(f->fd);
    sl_free(f->text);
    sl_json_parser_fini(&f->parser);
    sl_free(f);
    return 0;
}

static char *all_text(struct fixture *f)
{
    off_t n = lseek(f->fd, 0, SEEK_END);
    sl_free(f->text);
    f->text = sl_malloc((size_t)n + 1);
    assert_int_equal(pread(f->fd, f->text, (size_t)n, 0), n);
    f->text[n] = '\0';
    return f->text;
}

/* The only line, parsed; its text without the newline. */
static struct sl_json only_line(struct fixture *f)
{
    char *text = all_text(f);
    size_t n = strlen(text);
    assert_true(n > 0);
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
    struct sl_json j;
    struct sl_err err = {0};
    assert_int_equal(sl_json_parse(&f->parser, text, n - 1, &j, &err), SL_OK);
    assert_int_equal(ftruncate(f->fd, 0), 0);
    return j;
}

static const char *member(struct sl_json *j, const char *key)
{
    return sl_json_string(j, sl_json_member(j, SL_JSON_ROOT, key), NULL, NULL);
}

static void fields_come_in_order(void **state)
{
    struct fixture *f = *state;
    sl_log(SL_LOG_WARN, "a \"message\"", SL_F_STR("s", "v\n\x01"), SL_F_INT("i", INT64_MIN),
           SL_F_STR("left_out", NULL), SL_F_DOUBLE("d", 1.5), SL_F_DOUBLE("nan", NAN),
           SL_F_BOOL("b", true), SL_F_BOOL("c", false));
    char *text = all_text(f);
    static const char want[] =
        "\",\"level\":\"warn\",\"msg\":\"a \\\"message\\\"\",\"s\":\"v\\n\\u0001\","
        "\"i\":-9223372036854775808,\"d\":1.5,\"nan\":null,\"b\":true,\"c\":false}\n";
    assert_true(strncmp(text, "{\"time\":\"20", 11) == 0);
    assert_string_equal(text + 9 + 24, want);
    struct sl_json j = only_line(f);
    const char *time = member(&j, "time");
    assert_true(time[10] == 'T' && time[19] == '.' && time[23] == 'Z' && time[24] == '\0');
}

static void levels_are_kept_apart(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int limit = SL_LOG_DEBUG; limit <= SL_LOG_ERROR; limit++) {
        sl_log_set_level((enum sl_log_level)limit);
        for (int level = SL_LOG_DEBUG; level <= SL_LOG_ERROR; level++) {
            assert_int_equal(sl_log_enabled((enum sl_log_level)level), level >= limit);
            sl_log_fields((enum sl_log_level)level, "m", NULL, 0);
            sl_log_gather((enum sl_log_level)level, "m", NULL, 0);
            sl_log_flush();
            if (level < limit) {
                assert_string_equal(all_text(f), "");
                continue;
            }
            char *half = strchr(all_text(f), '\n');
            assert_int_equal(ftruncate(f->fd, half - f->text + 1), 0);
            struct sl_json j = only_line(f);
            assert_string_equal(member(&j, "level"), names[level]);
        }
    }
}

static void bad_bytes_are_repaired_and_long_values_cut(void **state)
{
    struct fixture *f = *state;
    char longer[5000];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    sl_log(SL_LOG_INFO, "m", SL_F_STR("bad", "a\xFF z"), SL_F_STR("long", longer),
           SL_F_INT("after", 1));
    struct sl_json j = only_line(f);
    assert_string_equal(member(&j, "bad"), "a\xEF\xBF\xBD z");
    const char *s = member(&j, "long");
    assert_int_equal(strlen(s), 1024 + 3);
    assert_string_equal(s + 1024, "...");
    assert_int_equal(sl_json_type(&j, sl_json_member(&j, 0, "after")), SL_JSON_NUMBER);
}

static void a_line_too_long_says_so(void **state)
{
    struct fixture *f = *state;
    char worst[2000];
    memset(worst, 1, sizeof(worst)); /* six bytes each */
    worst[sizeof(worst) - 1] = '\0';
    sl_log(SL_LOG_INFO, worst, SL_F_STR("first", worst), SL_F_INT("second", 2));
    struct sl_json j = only_line(f);
    bool truncated = false;
    assert_true(sl_json_bool(&j, sl_json_member(&j, 0, "truncated"), &truncated));
    assert_true(truncated);
    assert_int_equal(sl_json_member(&j, 0, "first"), SL_JSON_ABSENT);
    assert_int_equal(sl_json_member(&j, 0, "second"), SL_JSON_ABSENT);
    assert_int_equal(strlen(member(&j, "msg")), 1024 + 3);
}

static void gathered_lines_wait_for_the_flush(void **state)
{
    struct fixture *f = *state;
    struct sl_log_field field = SL_F_INT("n", 1);
    sl_log_gather(SL_LOG_INFO, "first", &field, 1);
    assert_string_equal(all_text(f), "");
    /* A line written at once does not overtake. */
    sl_log_fields(SL_LOG_INFO, "second", &field, 1);
    char *text = all_text(f);
    assert_non_null(strstr(text, "first"));
    assert_true(strstr(text, "first") < strstr(text, "second"));
    sl_log_flush();
    assert_int_equal(strlen(all_text(f)), (size_t)lseek(f->fd, 0, SEEK_END));
}

static unsigned count_lines(struct fixture *f)
{
    unsigned lines = 0;
    char *text = all_text(f);
    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        struct sl_json j;
        struct sl_err err = {0};
        assert_int_equal(sl_json_parse(&f->parser, text, (size_t)(end - text), &j, &err), SL_OK);
        lines++;
    }
    assert_string_equal(text, "");
    return lines;
}

static void much_is_written_without_a_flush(void **state)
{
    struct fixture *f = *state;
    struct sl_log_field field = SL_F_STR("s", "0123456789012345678901234567890123456789");
    for (int i = 0; i < 1000; i++)
        sl_log_gather(SL_LOG_INFO, "line", &field, 1);
    assert_in_range(count_lines(f), 800, 1000);
    sl_log_flush();
    assert_int_equal(count_lines(f), 1000);
}

static void *write_lines(void *arg)
{
    for (int i = 0; i < 500; i++) {
        struct sl_log_field field = SL_F_INT("i", i);
        if (i % 3)
            sl_log_gather(SL_LOG_INFO, arg, &field, 1);
        else
            sl_log_fields(SL_LOG_INFO, arg, &field, 1);
    }
    sl_log_flush();
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    struct fixture *f = *state;
    static char names[4][2] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count_lines(f), 2000);
}

static void a_full_or_closed_descriptor_does_not_block_for_ever(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    char full[4096] = {0};
    while (write(ends[1], full, sizeof(full)) > 0)
        ;
    sl_log_set_fd(ends[1]);
    sl_log_fields(SL_LOG_INFO, "lost", NULL, 0);
    sl_log_set_fd(-1);
    sl_log_fields(SL_LOG_INFO, "lost", NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(fields_come_in_order),
        WITH_FIXTURE(levels_are_kept_apart),
        WITH_FIXTURE(bad_bytes_are_repaired_and_long_values_cut),
        WITH_FIXTURE(a_line_too_long_says_so),
        WITH_FIXTURE(gathered_lines_wait_for_the_flush),
        WITH_FIXTURE(much_is_written_without_a_flush),
        WITH_FIXTURE(threads_do_not_mix_their_lines),
        WITH_FIXTURE(a_full_or_closed_descriptor_does_not_block_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
