/* What the process tells of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "reading.h"
#include "telemetry/process.h"

static void lines_of_stat(void **state)
{
    static const char good[] =
        "1234 (a (strange) name) S 1 1234 1234 0 -1 4194560 100 0 0 0 37 5 0 0 20 0 9 0 5678 "
        "100000000 2500 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 3 0 0 0 0 0";
    static const char *const bad[] = {"", "1234", "1234 (x", "1234 (x) S", "1234 (x) S 1 2 3 4 5"};
    struct sl_process_stat s;
    (void)state;
    assert_true(sl_process_stat_parse(good, &s));
    assert_true(s.cpu_ticks == 42);
    assert_true(s.threads == 9);
    assert_true(s.start_ticks == 5678);
    assert_true(s.pages == 2500);
    for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
        assert_false(sl_process_stat_parse(bad[i], &s));
}

static void a_process_tells_of_itself(void **state)
{
    (void)state;
    sl_process_metrics_start("9.8.7");
    assert_true(reading("sluice_build_info{version=\"9.8.7\"}") == 1);
    assert_true(reading("process_resident_memory_bytes") > 500 * 1024);
    assert_true(reading("process_threads") >= 1);
    assert_true(reading("process_max_fds") > 10);
    double files = reading("process_open_fds"), started = reading("process_start_time_seconds");
    double now = (double)time(NULL);
    assert_true(files >= 3 && files < reading("process_max_fds"));
    assert_true(started > now - 300 && started <= now + 1);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(reading("process_open_fds") == files + 1);
    close(fd);
    double cpu = reading("process_cpu_seconds_total");
    while (reading("process_cpu_seconds_total") <= cpu)
        ; /* ticks of some milliseconds, which reading takes */
    sl_process_metrics_stop();
    assert_true(reading("process_open_fds") == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_stat),
        cmocka_unit_test(a_process_tells_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
