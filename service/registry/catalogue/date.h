/* Days as numbers: for registry/catalogue only. */
#ifndef SL_REGISTRY_CATALOGUE_DATE_H
#define SL_REGISTRY_CATALOGUE_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-02-27", or "2026-02" as its first day, to days since 1970-01-01 in the proleptic Gregorian calendar; years 1971
 * to 9999. *out is set on success only. */
bool sl_date_parse(const char *s, int32_t *out);
/* The other way; "" for 0. */
void sl_date_format(int32_t days, char out[11]);

#endif
