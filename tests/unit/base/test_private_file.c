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

static void makes_a_file_once(void **state)
{
    char text[32] = "";
    struct stat st;
    (void)state;
    mode_t before = umask(0);
    assert_int_equal(sl_private_file_make(path, "first"), 0);
    umask(before);
    assert_int_equal(sl_private_file_make(path, "second"), EEXIST);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof(text), f), 6);
    fclose(f);
    assert_string_equal(text, "first\n");
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
        cmocka_unit_test_setup_teardown(does_not_follow_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_wrong, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
