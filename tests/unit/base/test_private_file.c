/* Made once, whole, and closed to others. */
#include "base/private_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cm.h"

static char folder[32], path[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/sluice-file-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* nothing else may be left behind */
}

static void expect_text(const char *wanted)
{
    char text[32] = "";
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof(text) - 1, f), strlen(wanted));
    fclose(f);
    assert_string_equal(text, wanted);
}

static void makes_a_file_once(void **state)
{
    (void)state;
    mode_t before = umask(0);
    assert_int_equal(sl_private_file_make(path, "first"), 0);
    umask(before);
    assert_int_equal(sl_private_file_make(path, "second"), EEXIST);
    expect_text("first\n");
}

static void replaces_a_file(void **state)
{
    char half[96];
    (void)state;
    assert_int_equal(sl_private_file_replace(path, "first"), 0);
    expect_text("first\n");
    snprintf(half, sizeof(half), "%s.new", path); /* of one that was killed */
    assert_int_equal(symlink("/tmp/nonexistent-target", half), 0);
    assert_int_equal(sl_private_file_replace(path, "second, and longer"), 0);
    expect_text("second, and longer\n");
    assert_int_not_equal(access("/tmp/nonexistent-target", F_OK), 0);
    assert_int_equal(sl_private_file_replace("/nonexistent/folder/key", "x"), ENOENT);
}

static void does_not_follow_links(void **state)
{
    (void)state;
    assert_int_equal(symlink("/tmp/nonexistent-target", path), 0);
    assert_int_equal(sl_private_file_make(path, "x"), EEXIST);
    assert_int_not_equal(access("/tmp/nonexistent-target", F_OK), 0);
}

static void says_what_is_wrong(void **state)
{
    static char longest[5000];
    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    assert_int_equal(sl_private_file_make("/nonexistent/folder/key", "x"), ENOENT);
    assert_int_equal(sl_private_file_make(longest, "x"), ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_file_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaces_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_follow_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_wrong, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
