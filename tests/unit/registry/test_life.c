/* How far models have come, and what takes their place: dates, chains, circles, successors that are missing, or somewhere
 * else. With a catalogue of the test's own over the built-in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/load.h"
#include "registry/life.h"
#include "registry/load.h"

/* 2026-03-01 */
#define NOW_MS (INT64_C(20513) * 24 * 3600 * 1000)

static const char facts[] =
    "models:\n"
    "- {provider: openai, id: t-new, input: [text], output: [text]}\n"
    "- {provider: openai, id: t-past, retires: 2026-02-01, successor: t-new}\n"
    "- {provider: openai, id: t-today, retires: 2026-03-01, successor: t-new}\n"
    "- {provider: openai, id: t-soon, announced: 2026-02-01, retires: 2026-03-31, successor: "
    "t-new}\n"
    "- {provider: openai, id: t-far, announced: 2026-04-01, retires: 2026-12-31, successor: "
    "t-new}\n"
    "- {provider: openai, id: t-chain, retires: 2026-01-01, successor: t-past}\n"
    "- {provider: openai, id: t-through, status: deprecated, successor: t-soon}\n"
    "- {provider: openai, id: t-last, status: deprecated, successor: t-ending}\n"
    "- {provider: openai, id: t-ending, status: deprecated}\n"
    "- {provider: openai, id: t-dead, retires: 2026-01-01, successor: t-dead-too}\n"
    "- {provider: openai, id: t-dead-too, retires: 2026-01-01}\n"
    "- {provider: openai, id: t-loop, retires: 2026-01-01, successor: t-loop-too}\n"
    "- {provider: openai, id: t-loop-too, retires: 2026-01-01, successor: t-loop}\n"
    "- {provider: openai, id: t-moved, retires: 2026-01-01, successor: "
    "anthropic/claude-sonnet-4-6}\n"
    "- {provider: openai, id: t-unheard, retires: 2026-01-01, successor: t-nobody-knows}\n";

static const char config[] =
    "providers:\n"
    "- {id: box, kind: custom, base_url: 'http://127.0.0.1:9/v1'}\n"
    "models:\n"
    "- {name: past, provider: openai, model_id: t-past}\n"
    "- {name: t-today, provider: openai}\n"
    "- {name: soon, provider: openai, model_id: t-soon}\n"
    "- {name: far, provider: openai, model_id: t-far}\n"
    "- {name: chain, provider: openai, model_id: t-chain}\n"
    "- {name: through, provider: openai, model_id: t-through}\n"
    "- {name: last, provider: openai, model_id: t-last}\n"
    "- {name: dead, provider: openai, model_id: t-dead}\n"
    "- {name: loop, provider: openai, model_id: t-loop}\n"
    "- {name: moved, provider: openai, model_id: t-moved}\n"
    "- {name: unheard, provider: openai, model_id: t-unheard}\n"
    "- {name: t-new, provider: openai}\n"
    "- {name: own-dates, provider: openai, model_id: t-past, retirement_date: 2027-01-01}\n"
    "- {name: says-id, provider: openai, model_id: t-soon, successor: t-past}\n"
    "- {name: says-entry, provider: openai, model_id: x, retirement_date: 2026-02-01, successor: "
    "boxed}\n"
    "- {name: boxed, provider: box, model_id: b}\n"
    "- {name: says-near, provider: openai, model_id: x, retirement_date: 2026-02-01, successor: "
    "t-new}\n"
    "- {name: says-itself, provider: openai, model_id: x, retirement_date: 2026-02-01, "
    "successor: says-itself}\n"
    "- {name: says-off, provider: openai, model_id: x, retirement_date: 2026-02-01, successor: "
    "off}\n"
    "- {name: off, provider: openai, model_id: y, enabled: false}\n"
    "- {name: says-far, provider: box, model_id: x, retirement_date: 2026-02-01, "
    "successor: openai/t-new}\n"
    "- {name: elsewhere, provider: box, model_id: t-past}\n"
    "- {name: announced, provider: box, model_id: x, deprecation_date: 2026-03-01}\n"
    "- {name: announces, provider: box, model_id: x, deprecation_date: 2026-03-02, "
    "retirement_date: 2026-05-01}\n";

static int make(void **state)
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
    *state = r;
    return 0;
}

static int unmake(void **state)
{
    sl_registry_unref(*state);
    return 0;
}

static const struct sl_model *find(const struct sl_registry *r, const char *name)
{
    const struct sl_model *m = sl_registry_find(r, name, NULL);
    if (!m)
        fail_msg("no entry %s", name);
    return m;
}

enum { NO_DATE = 1000000 };

static void lives(void **state)
{
    static const struct {
        const char *name;
        enum sl_life life;
        int32_t days;
    } rows[] = {
        {"past", SL_LIFE_RETIRED, -28},
        {"t-today", SL_LIFE_RETIRED, 0},
        {"soon", SL_LIFE_DEPRECATED, 30},
        {"far", SL_LIFE_ACTIVE, 305},
        {"through", SL_LIFE_DEPRECATED, NO_DATE},
        {"t-new", SL_LIFE_ACTIVE, NO_DATE},
        {"own-dates", SL_LIFE_DEPRECATED, 306},
        {"elsewhere", SL_LIFE_ACTIVE, NO_DATE}, /* what openai does is no matter there */
        {"announced", SL_LIFE_DEPRECATED, NO_DATE},
        {"announces", SL_LIFE_ACTIVE, 61},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_model *m = find(*state, rows[i].name);
        int32_t days = NO_DATE;
        (void)sl_model_days_left(m, NOW_MS, &days);
        if (sl_model_life(m, NOW_MS) != rows[i].life || days != rows[i].days)
            fail_msg("%s: life %d, %d days", m->name, (int)sl_model_life(m, NOW_MS), days);
    }
}

static void successors(void **state)
{
    static const struct {
        const char *name;
        enum sl_successor_kind kind;
        const char *id;    /* or why there is none */
        const char *entry; /* "" : none */
    } rows[] = {
        {"past", SL_SUCCESSOR_ID, "t-new", "t-new"},
        {"chain", SL_SUCCESSOR_ID, "t-new", "t-new"},
        {"through", SL_SUCCESSOR_ID, "t-new", "t-new"}, /* past one that ends, too */
        {"last", SL_SUCCESSOR_ID, "t-ending", ""},      /* better than nothing */
        {"dead", SL_SUCCESSOR_NONE, "its successors are retired, too", ""},
        {"loop", SL_SUCCESSOR_NONE, "its successors lead in a circle", ""},
        {"moved", SL_SUCCESSOR_ELSEWHERE, "claude-sonnet-4-6", ""},
        {"unheard", SL_SUCCESSOR_ID, "t-nobody-knows", ""},
        {"t-new", SL_SUCCESSOR_NONE, "no successor is known", ""},
        {"says-id", SL_SUCCESSOR_ID, "t-new", "t-new"}, /* "t-past" is retired itself */
        {"says-entry", SL_SUCCESSOR_ENTRY, "b", "boxed"},
        {"says-near", SL_SUCCESSOR_ID, "t-new", "t-new"},
        {"says-itself", SL_SUCCESSOR_NONE, "its successors lead back to it", ""},
        {"says-off", SL_SUCCESSOR_NONE,
         "its successor is an entry that is switched off or cannot be used", ""},
        {"says-far", SL_SUCCESSOR_ELSEWHERE, "t-new", ""},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_model *m = find(*state, rows[i].name);
        struct sl_successor s;
        sl_model_successor(*state, m, NOW_MS, &s);
        const char *said = s.kind == SL_SUCCESSOR_NONE ? s.why : s.id;
        if (s.kind != rows[i].kind || strcmp(said, rows[i].id) != 0 ||
            strcmp(s.entry ? s.entry->name : "", rows[i].entry) != 0)
            fail_msg("%s: kind %d, %s, entry %s", m->name, (int)s.kind, said,
                     s.entry ? s.entry->name : "none");
    }
}

/* Until its day comes, the dated successor will do; then the way goes on. */
static void successors_depend_on_the_day(void **state)
{
    const struct sl_model *m = find(*state, "says-id");
    struct sl_successor s;
    sl_model_successor(*state, m, NOW_MS - INT64_C(60) * 24 * 3600 * 1000, &s);
    assert_string_equal(s.id, "t-new");
    sl_model_successor_from(*state, m, "t-far", NOW_MS, &s);
    assert_string_equal(s.id, "t-far");
    assert_non_null(s.known);
    sl_model_successor_from(*state, m, "t-far", NOW_MS + INT64_C(400) * 24 * 3600 * 1000, &s);
    assert_string_equal(s.id, "t-new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives),
        cmocka_unit_test(successors),
        cmocka_unit_test(successors_depend_on_the_day),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
