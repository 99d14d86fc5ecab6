/* What tests of the catalogue share. */
#ifndef TESTS_UNIT_CATALOGUE_KIT_H
#define TESTS_UNIT_CATALOGUE_KIT_H

#include "registry/catalogue/catalogue.h"
#include "unit/base/cm.h"

/* Group fixtures: *state is the built-in catalogue. */
int kit_load(void **state);
int kit_unload(void **state);
/* The day's first millisecond. */
int64_t kit_day(const char *date);
/* The entry of that role; fails where there is none. */
const struct sl_lineup_entry *kit_entry(const struct sl_lineup *lineup, const char *role);

#endif
