/* What every program tells of itself: version, CPU, memory, descriptors, threads, start. */
#ifndef SL_TELEMETRY_PROCESS_H
#define SL_TELEMETRY_PROCESS_H

#include "telemetry/metrics.h"

/* version lives as long as the process. */
void sl_process_metrics_start(const char *version);
void sl_process_metrics_stop(void);

/* The parts of a line of /proc/PID/stat that count; false where it is not one. */
struct sl_process_stat {
    double cpu_ticks, start_ticks; /* of sysconf(_SC_CLK_TCK); start: since boot */
    double threads, pages;
};
bool sl_process_stat_parse(const char *line, struct sl_process_stat *out) SL_MUST_CHECK;

#endif
