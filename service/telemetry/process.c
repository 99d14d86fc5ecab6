/* Read from /proc of the process itself, which also one that is not dumpable may read; see proc(5). */
#include "telemetry/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *version_text;
static void collect(struct sl_collector *c, struct sl_samples *to);
static struct sl_collector collector = {.collect = collect};

void sl_process_metrics_start(const char *version)
{
    version_text = version;
    sl_collector_add(&collector);
}

void sl_process_metrics_stop(void)
{
    sl_collector_remove(&collector);
}

/* Fields by their numbers in proc(5). */
enum { STATE = 3, UTIME = 14, STIME = 15, THREADS = 20, START = 22, PAGES = 24 };

bool sl_process_stat_parse(const char *line, struct sl_process_stat *out)
{
    const char *p = strrchr(line, ')'); /* the program's name may hold anything */
    double fields[PAGES + 1];
    int at = STATE;
    for (p = p ? strchr(p, ' ') : NULL; p && at <= PAGES; p = strchr(p + 1, ' '))
        fields[at++] = strtod(p, NULL); /* the state is a letter: 0 */
    if (at <= PAGES)
        return false;
    *out = (struct sl_process_stat){
        .cpu_ticks = fields[UTIME] + fields[STIME],
        .start_ticks = fields[START],
        .threads = fields[THREADS],
        .pages = fields[PAGES],
    };
    return true;
}

static bool read_stat(struct sl_process_stat *out)
{
    char line[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
    if (fd >= 0)
        close(fd);
    line[n > 0 ? n : 0] = '\0';
    return sl_process_stat_parse(line, out);
}

/* Seconds since 1970 at which the machine started. */
static double boot_time(void)
{
    struct timespec wall, up;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &up);
    return (double)(wall.tv_sec - up.tv_sec) + (double)(wall.tv_nsec - up.tv_nsec) / 1e9;
}

static void collect_stat(struct sl_samples *to)
{
    static double started; /* once: the wall clock may be set meanwhile */
    struct sl_process_stat s;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    if (!read_stat(&s) || ticks <= 0)
        return;
    if (started <= 0)
        started = boot_time() + s.start_ticks / ticks;
    sl_sample(to, SL_METRIC_PROCESS_CPU, s.cpu_ticks / ticks, NULL);
    sl_sample(to, SL_METRIC_PROCESS_MEMORY, s.pages * (double)sysconf(_SC_PAGESIZE), NULL);
    sl_sample(to, SL_METRIC_PROCESS_THREADS, s.threads, NULL);
    sl_sample(to, SL_METRIC_PROCESS_START, started, NULL);
}

static void collect_files(struct sl_samples *to)
{
    struct rlimit limit;
    DIR *dir = opendir("/proc/self/fd");
    if (!getrlimit(RLIMIT_NOFILE, &limit))
        sl_sample(to, SL_METRIC_PROCESS_MAX_FDS, (double)limit.rlim_cur, NULL);
    if (!dir)
        return;
    double n = -1; /* the folder's own descriptor */
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    sl_sample(to, SL_METRIC_PROCESS_FDS, n, NULL);
}

static void collect(struct sl_collector *c, struct sl_samples *to)
{
    (void)c;
    sl_sample(to, SL_METRIC_BUILD_INFO, 1, SL_LABELS(version_text));
    collect_stat(to);
    collect_files(to);
}
