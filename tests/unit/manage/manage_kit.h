/* cmocka, and an arena of each test's own with violations to gather in. */
#ifndef TESTS_UNIT_MANAGE_KIT_H
#define TESTS_UNIT_MANAGE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/violations.h"

/* A literal for a member of a message. */
#define TEXT(s) ((char *)(uintptr_t)(s))

static struct sl_arena arena;
static struct sl_violations violations;

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    violations = (struct sl_violations){.arena = &arena};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
