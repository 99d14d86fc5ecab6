/* What the commands about callers print alike. */
#ifndef SLUICE_CLI_ACCESS_PRINT_H
#define SLUICE_CLI_ACCESS_PRINT_H

#include "cli.h"
#include "sluice/v1/access.pb-c.h"

enum { ACCESS_PAGE = 1000 };

/* Fields of a tier's limits; nothing where there are none. limits may be NULL. */
void access_print_limits(struct term *out, const Sluice__V1__TierLimits *limits);
/* Billionths of a dollar as dollars, "12.5". */
void access_format_cost(char *dst, size_t size, int64_t nanos);
/* Dollars as billionths. */
int64_t access_nanos(double dollars);
/* Adds a field to an update mask of size bytes. */
void access_mask(char *mask, size_t size, const char *field);
/* A whole key that is shown once: on standard output alone, with a note on standard error. Nothing with --json. */
void access_show_key(struct cli *cli, const char *key);

#endif
