/* What the metrics say now. */
#ifndef TESTS_UNIT_TELEMETRY_READING_H
#define TESTS_UNIT_TELEMETRY_READING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry/metrics.h"

/* The value of the line that begins with series ("sluice_x{a=\"b\"}"); -1 where there is none. */
static inline double reading(const char *series)
{
    struct sl_buf text;
    char start[512];
    double value = -1;
    sl_buf_init(&text, 16 * 1024 * 1024);
    if (!sl_metrics_write(&text))
        abort();
    snprintf(start, sizeof(start), "\n%s ", series);
    const char *at = strstr(text.p, start);
    if (at)
        value = strtod(at + strlen(start), NULL);
    sl_buf_fini(&text);
    return value;
}

#endif
