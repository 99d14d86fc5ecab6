/* What counts as gone from a provider's listing, and what does not. */
#include "kit.h"

#include "registry/upgrade/listing.h"

static struct sl_arena arena;

static int set_up(void **state)
{
    (void)state;
    sl_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_arena_fini(&arena);
    return 0;
}

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    return n;
}

/* The next state, after the one place "p" said what it lists. listed NULL: it failed. */
static struct sl_listing_state check(const struct sl_listing_state *before, const char *const *ids,
                                     const char *const *listed, int64_t now_ms)
{
    struct sl_listing_state out;
    const struct sl_listing_answer answer = {
        .key = "p",
        .ids = ids,
        .n_ids = count(ids),
        .listed = listed,
        .n_listed = listed ? count(listed) : 0,
    };
    sl_listing_compare(before, &answer, 1, now_ms, &arena, &out);
    return out;
}

/* Since when the id is gone; 0: it is listed; -1: nothing is known of it. */
static int64_t gone(const struct sl_listing_state *s, const char *id)
{
    for (size_t i = 0; s->n && i < s->places[0].n; i++) {
        if (!strcmp(s->places[0].entries[i].id, id))
            return s->places[0].entries[i].gone_ms;
    }
    return -1;
}

static const char *const ids[] = {"b", "a", "never-listed", NULL};
static const char *const all[] = {"a", "b", "c", "d", NULL};
static const char *const without_b[] = {"a", "c", "d", NULL};
static const struct sl_listing_state nothing = {.checked_ms = 0};

static void gone_is_what_was_there(void **state)
{
    (void)state;
    struct sl_listing_state s = check(&nothing, ids, without_b, 100);
    assert_int_equal(gone(&s, "a"), 0);
    assert_int_equal(gone(&s, "b"), -1); /* may be a deployment, for all we know */
    s = check(&s, ids, all, 200);
    assert_int_equal(gone(&s, "b"), 0);
    s = check(&s, ids, without_b, 300);
    assert_int_equal(gone(&s, "b"), 300);
    assert_int_equal(gone(&s, "a"), 0);
    assert_int_equal(gone(&s, "never-listed"), -1);
    s = check(&s, ids, without_b, 400);
    assert_int_equal(gone(&s, "b"), 300); /* since when stays */
    assert_int_equal(s.checked_ms, 400);
    s = check(&s, ids, all, 500);
    assert_int_equal(gone(&s, "b"), 0); /* it came back */
}

static void bad_answers_change_nothing(void **state)
{
    static const char *const empty[] = {NULL}, *const one[] = {"a", NULL},
                             *const two[] = {"a", "c", NULL};
    struct sl_listing_answer cut = {
        .key = "p", .ids = ids, .n_ids = 3, .listed = without_b, .n_listed = 3, .cut = true};
    struct sl_listing_state s = check(&nothing, ids, all, 100), after;
    (void)state;
    after = check(&s, ids, NULL, 200);
    assert_int_equal(gone(&after, "b"), 0);
    after = check(&after, ids, empty, 300);
    assert_int_equal(gone(&after, "b"), 0);
    sl_listing_compare(&after, &cut, 1, 400, &arena, &after);
    assert_int_equal(gone(&after, "b"), 0);
    struct sl_listing_state half = check(&after, ids, two, 500);
    assert_int_equal(gone(&half, "b"), 500); /* half as long will do */
    after = check(&after, ids, one, 600);
    assert_int_equal(gone(&after, "b"), 0); /* much shorter: may be a part */
    after = check(&after, ids, one, 700);
    assert_int_equal(gone(&after, "b"), 700); /* twice: it is so */
}

static void what_left_the_registry_is_forgotten(void **state)
{
    static const char *const fewer[] = {"a", NULL};
    struct sl_listing_state s = check(&nothing, ids, all, 100);
    (void)state;
    s = check(&s, fewer, NULL, 200);
    assert_int_equal(gone(&s, "b"), -1);
    assert_int_equal(gone(&s, "a"), 0);
    sl_listing_compare(&s, NULL, 0, 300, &arena, &s);
    assert_int_equal(s.n, 0);
}

static void finds_the_newer_sister(void **state)
{
    static const char *const listed[] = {
        "gpt-4o-2024-05-13", "gpt-4o-2024-11-20", "gpt-4o-2024-08-06", "gpt-4o-mini-2024-12-01",
        "claude-x-20250101", "claude-x@20260101", "model-99999999",    "gpt-4o"};
    static const struct {
        const char *id, *newer;
    } rows[] = {
        {"gpt-4o-2024-05-13", "gpt-4o-2024-11-20"}, {"gpt-4o-2024-11-20", ""}, {"gpt-4o", ""},
        {"claude-x-20240101", "claude-x-20250101"}, /* the same form only */
        {"claude-x@20240101", "claude-x@20260101"}, {"model-20240101", ""},    {"2024-01-01", ""},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        assert_string_equal(sl_listing_newer(rows[i].id, listed, SL_ARRAY_LEN(listed)),
                            rows[i].newer);
}

static void survives_the_store(void **state)
{
    static const char *const broken[] = {"", "{", "[]", "null", "{\"places\":[3,{}]}"};
    struct sl_listing_state s = check(&nothing, ids, all, 100), read;
    (void)state;
    s = check(&s, ids, without_b, 200);
    sl_listing_read(sl_listing_write(&s, &arena), &arena, &read);
    assert_int_equal(read.checked_ms, 200);
    assert_int_equal(read.places[0].listed, 3);
    assert_int_equal(gone(&read, "b"), 200);
    s = check(&read, ids, all, 300);
    assert_int_equal(gone(&s, "b"), 0);
    for (size_t i = 0; i < SL_ARRAY_LEN(broken); i++) {
        sl_listing_read(broken[i], &arena, &read);
        assert_int_equal(read.checked_ms, 0);
    }
}

/* Clocks of replicas differ, and are set back. */
static void minds_clocks(void **state)
{
    enum { HOUR = 3600 * 1000 };
    const struct sl_listing_state never = {.checked_ms = 0}, past = {.checked_ms = 10 * HOUR},
                                  later = {.checked_ms = 11 * HOUR},
                                  soon = {.checked_ms = 12 * HOUR + 60000},
                                  future = {.checked_ms = 14 * HOUR};
    const int64_t now = 12 * HOUR;
    (void)state;
    assert_true(sl_listing_is_due(&never, HOUR, now));
    assert_true(sl_listing_is_due(&past, HOUR, now));
    assert_false(sl_listing_is_due(&past, 3 * HOUR, now));
    assert_false(sl_listing_is_due(&soon, HOUR, now));
    assert_true(sl_listing_is_due(&future, HOUR, now));
    assert_true(sl_listing_replaces(&later, &past, now));
    assert_false(sl_listing_replaces(&past, &later, now));
    assert_false(sl_listing_replaces(&past, &past, now));
    assert_true(sl_listing_replaces(&soon, &later, now));
    assert_false(sl_listing_replaces(&future, &past, now));
    assert_true(sl_listing_replaces(&past, &future, now));
    assert_false(sl_listing_replaces(&never, &never, now));
}

/* Whose listing tells of which model. */
static void places(void **state)
{
    static const char config[] =
        "providers:\n"
        "- {id: box, kind: custom, base_url: 'http://127.0.0.1:9/v1', key: env:BOX_KEY}\n"
        "- {id: deployed, kind: azure, base_url: 'https://x.openai.azure.com', key: env:BOX_KEY}\n"
        "models:\n"
        "- {name: a, provider: openai, model_id: gpt-4o}\n"
        "- {name: b, provider: openai, model_id: gpt-4.1}\n"
        "- {name: c, provider: openai, model_id: gpt-4.1, base_url: 'https://eu.example/v1', key: "
        "none}\n"
        "- {name: d, provider: box, model_id: x}\n"
        "- {name: off, provider: box, model_id: x, enabled: false}\n"
        "- {name: mine, provider: deployed, model_id: gpt-4o}\n"
        "- {name: keyless, provider: anthropic, model_id: claude-sonnet-4-6}\n";
    struct sl_registry *r = kit_registry(config, "models: []");
    char a[SL_LISTING_PLACE], b[SL_LISTING_PLACE], c[SL_LISTING_PLACE];
    (void)state;
    assert_true(sl_listing_place_of(r, kit_model(r, "a"), a));
    assert_true(sl_listing_place_of(r, kit_model(r, "b"), b));
    assert_true(sl_listing_place_of(r, kit_model(r, "c"), c));
    assert_string_equal(a, b);
    assert_string_not_equal(a, c); /* another address */
    assert_true(sl_listing_place_of(r, kit_model(r, "d"), c));
    assert_false(sl_listing_place_of(r, kit_model(r, "off"), c));
    assert_false(sl_listing_place_of(r, kit_model(r, "mine"), c));
    assert_false(sl_listing_place_of(r, kit_model(r, "keyless"), c));

    const char *const known[] = {"gpt-4.1", "gpt-4o"}, *const fewer[] = {"gpt-4o", "z"};
    struct sl_listing_answer answer = {
        .key = a, .ids = known, .n_ids = 2, .listed = known, .n_listed = 2};
    struct sl_listing_state s;
    struct sl_listed listed;
    sl_listing_compare(&nothing, &answer, 1, 100, &arena, &s);
    answer.listed = fewer;
    sl_listing_compare(&s, &answer, 1, 200, &arena, &s);
    assert_true(sl_listing_find(&s, r, kit_model(r, "b"), &listed));
    assert_int_equal(listed.gone_ms, 200);
    assert_true(sl_listing_find(&s, r, kit_model(r, "a"), &listed));
    assert_int_equal(listed.gone_ms, 0);
    assert_false(sl_listing_find(&s, r, kit_model(r, "c"), &listed));
    sl_registry_unref(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    setenv("BOX_KEY", "sk-test-box", 1);
    unsetenv("ANTHROPIC_API_KEY");
    const struct CMUnitTest tests[] = {
        TEST(gone_is_what_was_there),
        TEST(bad_answers_change_nothing),
        TEST(what_left_the_registry_is_forgotten),
        TEST(finds_the_newer_sister),
        TEST(survives_the_store),
        TEST(minds_clocks),
        TEST(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
