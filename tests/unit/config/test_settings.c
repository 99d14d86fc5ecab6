/* The tables themselves: sorted, with presets that their own rows take, and every name found
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "config/apply.h"
#include "config/settings.h"

static const struct sl_settings *const tables[] = {&sl_settings_root, &sl_settings_keys,
                                                   &sl_settings_providers, &sl_settings_models};

static void are_sorted_and_found(void **state)
{
    (void)state;
    for (size_t t = 0; t < SL_ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct sl_setting *row = &tables[t]->rows[i];
            if (i && strcmp(row[-1].key, row->key) >= 0)
                fail_msg("'%s' comes after '%s'", row->key, row[-1].key);
            assert_ptr_equal(sl_settings_find(tables[t], row->key), row);
            assert_non_null(row->help);
            assert_true(row->help[0] && row->help[strlen(row->help) - 1] != '.');
        }
        assert_null(sl_settings_find(tables[t], ""));
        assert_null(sl_settings_find(tables[t], "zzz"));
    }
}

static void take_their_presets(void **state)
{
    char base[4096];
    (void)state;
    for (size_t t = 0; t < SL_ARRAY_LEN(tables); t++) {
        struct sl_arena arena;
        struct sl_err err = {0};
        sl_arena_init(&arena, 1 << 20);
        const struct sl_apply a = {&arena, "", &err};
        assert_true(tables[t]->size <= sizeof(base));
        memset(base, 0, sizeof(base));
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct sl_setting *row = &tables[t]->rows[i];
            if (row->preset && sl_apply_text(&a, row, base, row->preset, false, "preset"))
                fail_msg("%s", err.text);
        }
        sl_arena_fini(&arena);
    }
}

static void have_bounds_that_fit(void **state)
{
    (void)state;
    for (size_t t = 0; t < SL_ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct sl_setting *row = &tables[t]->rows[i];
            bool number = row->type == SL_SET_INT || row->type == SL_SET_SIZE ||
                          row->type == SL_SET_DURATION || row->type == SL_SET_NUMBER;
            assert_true(row->min <= row->max);
            if (number && !row->max)
                fail_msg("%s has no upper bound", row->key);
            assert_int_equal(row->type == SL_SET_CHOICE, row->type == SL_SET_CHOICE && row->words);
            assert_int_equal(row->type == SL_SET_TABLE, row->table != NULL);
        }
    }
}

static void have_names_of_their_own(void **state)
{
    const struct sl_settings *s = &sl_settings_root;
    char a[128], b[128];
    (void)state;
    for (size_t i = 0; i < s->count; i++) {
        sl_setting_flag(&s->rows[i], a, sizeof(a));
        for (size_t k = 0; k < i; k++) {
            sl_setting_flag(&s->rows[k], b, sizeof(b));
            assert_string_not_equal(a, b);
        }
    }
    sl_setting_flag(sl_settings_find(s, "server.tls.client_ca"), a, sizeof(a));
    assert_string_equal(a, "--server-tls-client-ca");
    sl_setting_variable(sl_settings_find(s, "server.tls.client_ca"), a, sizeof(a));
    assert_string_equal(a, "SLUICE_SERVER_TLS_CLIENT_CA");
}

static void offer_the_nearest(void **state)
{
    static const struct {
        const char *wanted, *near;
    } rows[] = {
        {"server.lisen", "server.listen"},
        {"log.levle", "log.level"},
        {"listen", "server.listen"},
        {"level", "log.level"},
        {"model", "models"},
        {"provider", "providers"},
        {"server.tls.cert", "server.tls.certificate"},
        {"bananas", NULL},
        {"acces.anonymous", "access.anonymous"},
        {"", NULL},
        {"limits.listen", "server.listen"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char buffer[64];
        bool found = sl_settings_nearest(&sl_settings_root, rows[i].wanted, buffer, sizeof(buffer));
        const char *near = found ? buffer : NULL;
        if (!near != !rows[i].near || (near && strcmp(near, rows[i].near)))
            fail_msg("'%s' is offered for '%s'", near ? near : "nothing", rows[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_sorted_and_found), cmocka_unit_test(take_their_presets),
        cmocka_unit_test(have_bounds_that_fit), cmocka_unit_test(have_names_of_their_own),
        cmocka_unit_test(offer_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
