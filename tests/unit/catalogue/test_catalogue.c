/* The catalogue in the binary: that it loads, what it has to know, and that its rows make sense. */
#include "registry/catalogue/catalogue.h"

#include <string.h>

#include "adapters/adapters.h"
#include "base/clock.h"
#include "unit/base/cm.h"

static struct sl_catalogue *catalogue;

static int load(void **state)
{
    struct sl_err err = {0};
    (void)state;
    if (sl_catalogue_load(NULL, &catalogue, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    sl_catalogue_unref(catalogue);
    return 0;
}

static void is_small(void **state)
{
    (void)state;
    assert_in_range(sl_catalogue_memory(catalogue), 100 * 1024, 2 * 1024 * 1024);
    assert_true(catalogue->n_models > 1800);
    print_message("%zu models, %zu KiB\n", catalogue->n_models,
                  sl_catalogue_memory(catalogue) / 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_small),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
