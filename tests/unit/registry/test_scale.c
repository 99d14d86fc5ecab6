/* A hundred thousand models: what they take, what a change among them costs, and a look-up. The bounds are loose, since
 * machines differ and run other things; the figures are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "config/load.h"
#include "registry/index.h"
#include "registry/maker.h"

enum { MODELS = 100000, OWNERS = 1000, CHANGES = 2000, LOOKUPS = 1000000 };

struct fixture {
    struct sl_config *config;
    struct sl_registry *registry; /* its providers */
    struct sl_maker maker;
    struct sl_model_table table;
    size_t bytes;
};

static struct sl_registry_model *make(struct fixture *f, int i, const char *description)
{
    struct sl_config_model said;
    struct sl_registry_model *made = NULL;
    struct sl_err err = {0};
    char name[32], id[40], owner[40];
    sl_said_model_init(&said);
    snprintf(name, sizeof(name), "model-%06d", i);
    snprintf(id, sizeof(id), "01920000-0000-7000-8000-%012d", i);
    snprintf(owner, sizeof(owner), "01910000-0000-7000-8000-%012d", i % OWNERS);
    said.name = said.model_id = name;
    said.description = description;
    const struct sl_model_draft draft = {
        .said = &said,
        .provider = sl_provider_set_find(f->registry->index->providers, "", "openai"),
        .source = "api",
        .id = id,
        .owner = i % 2 ? owner : "",
        .revision = i,
    };
    if (sl_model_make(&f->maker, &draft, &made, &err))
        fail_msg("%s", err.text);
    f->bytes += made->size;
    return made;
}

static int set_up(void **state)
{
    static struct fixture f;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", "", 0, &f.config, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = f.config}, &f.registry, &err))
        fail_msg("%s", err.text);
    f.maker = (struct sl_maker){.config = f.config};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sl_model_table_fini(&f->table);
    sl_registry_unref(f->registry);
    sl_config_destroy(f->config);
    return 0;
}

static void holds_many(void **state)
{
    struct fixture *f = *state;
    int64_t start = sl_now_us();
    for (int i = 0; i < MODELS; i++)
        sl_model_table_put(&f->table, make(f, i, ""));
    sl_model_table_publish(&f->table);
    int64_t us = sl_now_us() - start;
    print_message("%d models in %.0f ms, %zu bytes each\n", MODELS, (double)us / 1000,
                  f->bytes / MODELS);
    assert_int_equal(f->table.n_global, MODELS / 2);
    assert_int_equal(f->table.n_personal, MODELS / 2);
    assert_true(f->bytes / MODELS < 1500);
    assert_true(us < 30 * 1000000);
}

/* Each change makes a new table, as a refresh does, merges included. */
static void changes_one_of_many(void **state)
{
    struct fixture *f = *state;
    int64_t start = sl_now_us(), worst = 0;
    for (int i = 0; i < CHANGES; i++) {
        int64_t began = sl_now_us();
        struct sl_model_table next = sl_model_table_copy(&f->table);
        sl_model_table_put(&next, make(f, i * 7 % MODELS, "changed"));
        sl_model_table_publish(&next);
        sl_model_table_fini(&f->table);
        f->table = next;
        int64_t us = sl_now_us() - began;
        worst = us > worst ? us : worst;
    }
    int64_t us = (sl_now_us() - start) / CHANGES;
    print_message("a change: %lld us, the slowest %lld us\n", (long long)us, (long long)worst);
    assert_int_equal(f->table.n_global + f->table.n_personal, MODELS);
    assert_true(us < 20000);
}

static void finds_one_of_many(void **state)
{
    struct fixture *f = *state;
    char names[64][32];
    size_t found = 0;
    for (size_t i = 0; i < 64; i++)
        snprintf(names[i], sizeof(names[i]), "model-%06zu", i * 1562 / 2 * 2);
    int64_t start = sl_now_us();
    for (size_t i = 0; i < LOOKUPS; i++)
        found += sl_model_table_find(&f->table, "", names[i % 64], NULL) != NULL;
    double ns = (double)(sl_now_us() - start) * 1000 / LOOKUPS;
    print_message("a look-up: %.0f ns\n", ns);
    assert_int_equal(found, LOOKUPS);
    assert_true(ns < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_many),
        cmocka_unit_test(changes_one_of_many),
        cmocka_unit_test(finds_one_of_many),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
