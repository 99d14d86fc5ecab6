/* What tests of upgrades share: cmocka, and a registry of a configuration and a catalogue given as texts. */
#ifndef TESTS_UNIT_UPGRADE_KIT_H
#define TESTS_UNIT_UPGRADE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/load.h"
#include "registry/load.h"

/* 2026-03-01 */
#define KIT_DAY 20513
#define KIT_DAY_MS (INT64_C(24) * 3600 * 1000)
#define KIT_NOW_MS (KIT_DAY * KIT_DAY_MS)

static inline struct sl_registry *kit_registry(const char *config, const char *facts)
{
    struct sl_config *c = NULL;
    struct sl_catalogue *catalogue = NULL;
    struct sl_registry *r = NULL;
    struct sl_err err = {0};
    setenv("OPENAI_API_KEY", "sk-test-one", 1);
    if (sl_config_parse("s.yaml", config, strlen(config), &c, &err) ||
        sl_catalogue_parse("facts.yaml", facts, strlen(facts), &catalogue, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = c, .catalogue = catalogue}, &r,
                           &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c);
    sl_catalogue_unref(catalogue);
    return r;
}

static inline const struct sl_model *kit_model(const struct sl_registry *r, const char *name)
{
    const struct sl_model *m = sl_registry_find(r, name, NULL);
    if (!m)
        fail_msg("no entry %s", name);
    return m;
}

#endif
