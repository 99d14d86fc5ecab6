/* What has no revision: facts and times of use. */
#include "unit/store/scene.h"

#include <stdio.h>
#include <string.h>

static int64_t revision(struct scene *s)
{
    int64_t n = -1;
    EXPECT_OK(sl_store_revision(s->store, &n, &s->err));
    return n;
}

static void keeps_facts(void **state)
{
    struct scene *s = *state;
    char value[8] = "before";
    bool added = false;
    EXPECT_OK(sl_store_get_meta(s->store, "a", value, sizeof(value), &s->err));
    assert_string_equal(value, "");
    EXPECT_OK(sl_store_put_meta(s->store, "a", "one", &s->err));
    EXPECT_OK(sl_store_put_meta(s->store, "a", "two and more", &s->err));
    EXPECT_OK(sl_store_add_meta(s->store, "a", "three", &added, &s->err));
    assert_false(added);
    EXPECT_OK(sl_store_add_meta(s->store, "b", "three", &added, &s->err));
    assert_true(added);
    scene_reopen(s);
    EXPECT_OK(sl_store_get_meta(s->store, "a", value, sizeof(value), &s->err));
    assert_string_equal(value, "two and");
    assert_int_equal(revision(s), 0);
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_add_meta(tx, "c", "x", &added, &s->err));
    assert_true(added);
    sl_tx_rollback(tx);
    EXPECT_OK(sl_store_get_meta(s->store, "c", value, sizeof(value), &s->err));
    assert_string_equal(value, "");
}

static void swaps_facts(void **state)
{
    struct scene *s = *state;
    char value[8];
    bool done = true;
    const struct sl_meta_swap swap = {"a", "one", "two"};
    EXPECT_OK(sl_store_swap_meta(s->store, &swap, &done, &s->err));
    assert_false(done); /* there is none */
    EXPECT_OK(sl_store_put_meta(s->store, "a", "one", &s->err));
    EXPECT_OK(sl_store_swap_meta(s->store, &swap, &done, &s->err));
    assert_true(done);
    EXPECT_OK(sl_store_swap_meta(s->store, &swap, &done, &s->err));
    assert_false(done); /* it is another one by now */
    EXPECT_OK(sl_store_get_meta(s->store, "a", value, sizeof(value), &s->err));
    assert_string_equal(value, "two");
    assert_int_equal(revision(s), 0);
}

/* Both are on one machine here. */
static void tells_the_clocks_apart(void **state)
{
    struct scene *s = *state;
    int64_t ahead = -1;
    EXPECT_OK(sl_store_clock_ahead(s->store, &ahead, &s->err));
    assert_in_range(ahead + 2000, 0, 4000);
    if (!scene_is_postgres())
        return;
    scene_close_database(s);
    EXPECT_ERROR(sl_store_clock_ahead(s->store, &ahead, &s->err), SL_UNAVAILABLE, SL_REASON_STORE);
    scene_open_database(s);
}

static int64_t last_used(struct scene *s, const char *id)
{
    struct sl_tx *tx = scene_sync(s);
    int64_t ms = sl_row_int(scene_get(s, tx, SL_TABLE_MODELS, id), SL_MODELS_LAST_USED_MS);
    scene_commit(tx);
    return ms;
}

static void keeps_times_of_use(void **state)
{
    enum { MANY = 500 };
    static char ids[MANY][24];
    static struct sl_store_use uses[MANY];
    struct scene *s = *state;
    const char *id = scene_add(s, SL_TABLE_MODELS, "u1", "m");
    assert_int_equal(last_used(s, id), 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof(ids[i]), "id-%d", i);
        uses[i] = (struct sl_store_use){ids[i], i};
    }
    uses[MANY - 1].id = id;
    EXPECT_OK(sl_store_touch(s->store, uses, MANY, &s->err));
    assert_int_equal(last_used(s, id), MANY - 1);
    uses[0] = (struct sl_store_use){id, 5}; /* an older time changes nothing */
    EXPECT_OK(sl_store_touch(s->store, uses, 1, &s->err));
    assert_int_equal(last_used(s, id), MANY - 1);
    assert_int_equal(revision(s), 1);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM last_used"), MANY);
    /* of a process whose clock is ahead: nothing is used before its time */
    struct sl_tx *tx = scene_sync(s);
    int64_t now_ms = sl_tx_now_ms(tx);
    scene_commit(tx);
    uses[0] = (struct sl_store_use){id, now_ms + 3600 * 1000};
    EXPECT_OK(sl_store_touch(s->store, uses, 1, &s->err));
    assert_in_range(last_used(s, id), now_ms, now_ms + 60 * 1000);
}

struct seen {
    size_t n;
    int64_t sum;
};

static void on_use(void *owner, const struct sl_store_use *use)
{
    struct seen *seen = owner;
    seen->n++;
    seen->sum += use->ms;
    assert_true(*use->id != '\0');
}

static struct seen uses_of(struct scene *s, int64_t since_ms, bool rows)
{
    struct seen seen = {0};
    const struct sl_store_uses_query q = {"global/", since_ms, rows};
    EXPECT_OK(sl_store_uses(s->store, &q, on_use, &seen, &s->err));
    return seen;
}

static void tells_uses_of_models(void **state)
{
    struct scene *s = *state;
    const struct sl_store_use uses[] = {
        {scene_add(s, SL_TABLE_MODELS, "u1", "m"), 100},
        {scene_add(s, SL_TABLE_API_KEYS, "u1", "k"), 1000},
        {"global/fixed", 10},
        {"global/\xc3\xa9t\xc3\xa9", 1},
        {"globalx", 10000},
        {"global0", 10000},
    };
    EXPECT_OK(sl_store_touch(s->store, uses, SL_ARRAY_LEN(uses), &s->err));
    assert_int_equal(uses_of(s, 0, false).sum, 11);
    assert_int_equal(uses_of(s, 0, true).sum, 111);
    assert_int_equal(uses_of(s, 10, true).sum, 100);
    assert_int_equal(uses_of(s, 100, true).n, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(keeps_facts),
        SCENE_TEST(swaps_facts),
        SCENE_TEST(keeps_times_of_use),
        SCENE_TEST(tells_uses_of_models),
        SCENE_TEST(tells_the_clocks_apart),
    };
    return SCENE_MAIN(tests, argc, argv);
}
