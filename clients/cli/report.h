/* What the end of an answer says about it, in lines for people. */
#ifndef SLUICE_CLI_REPORT_H
#define SLUICE_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "sluice/v1/completion.pb-c.h"
#include "term.h"

/* Shared by streams (Finished) and whole answers. Borrowed; usage and report may be NULL. */
struct report {
    Sluice__V1__FinishReason finish_reason;
    const char *raw_finish_reason;
    bool complete;
    const Sluice__V1__TokenUsage *usage;
    const Sluice__V1__CallReport *report;
};

/* One line a warning. */
void report_warnings(struct term *err, Sluice__V1__Warning **list, size_t n);
/* Says so where the answer was cut off; else nothing. */
void report_cut_off(struct term *err, const struct report *r);
/* One line: model, tokens, times, cost. */
void report_summary(struct term *err, const struct report *r);

#endif
