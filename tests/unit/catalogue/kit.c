/* Fixtures of the catalogue's tests. */
#include "unit/catalogue/kit.h"

#include <string.h>

#include "registry/catalogue/date.h"

int kit_load(void **state)
{
    struct sl_catalogue *c = NULL;
    struct sl_err err = {0};
    if (sl_catalogue_load(NULL, &c, &err)) {
        print_error("%s\n", err.text);
        return 1;
    }
    *state = c;
    return 0;
}

int kit_unload(void **state)
{
    sl_catalogue_unref(*state);
    return 0;
}

int64_t kit_day(const char *date)
{
    int32_t days = 0;
    assert_true(sl_date_parse(date, &days));
    return (int64_t)days * 24 * 60 * 60 * 1000;
}

const struct sl_lineup_entry *kit_entry(const struct sl_lineup *lineup, const char *role)
{
    for (size_t i = 0; lineup && i < lineup->n_entries; i++) {
        if (!strcmp(lineup->entries[i].role, role))
            return &lineup->entries[i];
    }
    fail_msg("no entry '%s'", role);
    return NULL;
}
