/* Opened secrets: five minutes, one revision, one place. */
#include "registry/vault/secret_cache.h"

#include <pthread.h>

#include "kit.h"

struct scene {
    struct sl_keyring *keys, *wrong;
    struct sl_secret_cache *cache;
    struct sl_buf envelope;
    struct sl_sealed sealed;
};

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){.keys = keyring("a:" KEY_A), .wrong = keyring("b:" KEY_B)};
    s.cache = sl_secret_cache_create();
    s.sealed = (struct sl_sealed){.id = "c-1", .revision = 7, .place = {"credential", "c-1", "x"}};
    seal(s.keys, &s.sealed.place, "sk-test-1", &s.envelope);
    s.sealed.envelope = s.envelope.p;
    s.sealed.n = s.envelope.n;
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    sl_secret_cache_destroy(s->cache);
    sl_buf_fini(&s->envelope);
    sl_keyring_unref(s->keys);
    sl_keyring_unref(s->wrong);
    return 0;
}

/* With the right keyring it opens anyway; with the wrong one only what is cached is found. */
static bool opens(struct scene *s, bool cached_only, int64_t now_us)
{
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    if (sl_secret_cache_open(s->cache, cached_only ? s->wrong : s->keys, &s->sealed, now_us,
                             &secret, &err))
        return false;
    assert_string_equal(sl_secret_reveal(secret), "sk-test-1");
    sl_secret_unref(secret);
    return true;
}

static void keeps_five_minutes(void **state)
{
    struct scene *s = *state;
    assert_false(opens(s, true, 1000));
    assert_true(opens(s, false, 1000));
    assert_true(opens(s, true, 1000));
    assert_true(opens(s, true, 1000 + SL_SECRET_CACHE_US - 1));
    /* a hit does not make it live longer */
    assert_false(opens(s, true, 1000 + SL_SECRET_CACHE_US));
    assert_true(opens(s, false, 1000 + SL_SECRET_CACHE_US));
}

static void keeps_revisions_apart(void **state)
{
    struct scene *s = *state;
    assert_true(opens(s, false, 0));
    s->sealed.revision = 8;
    assert_false(opens(s, true, 0));
    assert_true(opens(s, false, 0));
    s->sealed.revision = 7; /* a loop that is behind: opens for itself, and leaves the newer one */
    assert_false(opens(s, true, 0));
    assert_true(opens(s, false, 0));
    s->sealed.revision = 8;
    assert_true(opens(s, true, 0));
}

static void keeps_places_apart(void **state)
{
    struct scene *s = *state;
    struct sl_sealed was = s->sealed;
    assert_true(opens(s, false, 0));
    s->sealed.place.binding = "y";
    assert_false(opens(s, false, 0));
    s->sealed = was;
    s->sealed.place.row = "c-2";
    assert_false(opens(s, false, 0));
    s->sealed = was;
    s->sealed.id = "c-2";
    assert_false(opens(s, true, 0));
}

static void sweeps(void **state)
{
    struct scene *s = *state;
    assert_true(opens(s, false, 0));
    assert_int_equal(sl_secret_cache_sweep(s->cache, SL_SECRET_CACHE_US - 1), 1);
    assert_int_equal(sl_secret_cache_sweep(s->cache, SL_SECRET_CACHE_US), 0);
    assert_true(opens(s, false, 0));
    sl_secret_cache_clear(s->cache);
    assert_false(opens(s, true, 0));
}

static void counts(void **state)
{
    struct scene *s = *state;
    struct sl_secret_cache_stats n;
    assert_true(opens(s, false, 0));
    assert_true(opens(s, false, 0));
    assert_true(opens(s, true, 0));
    s->sealed.id = "c-2";
    assert_false(opens(s, true, 0));
    assert_true(opens(s, false, 0));
    sl_secret_cache_stats(s->cache, &n);
    assert_int_equal(n.hits, 2);
    assert_int_equal(n.misses, 3);
    assert_int_equal(n.entries, 2);
    sl_secret_cache_clear(s->cache);
    sl_secret_cache_stats(s->cache, &n);
    assert_int_equal(n.hits, 2);
    assert_int_equal(n.entries, 0);
}

static void is_bounded(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 20000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c-%d", i);
        s->sealed.id = id;
        assert_true(opens(s, false, i));
        assert_true(opens(s, true, i));
    }
    assert_true(sl_secret_cache_sweep(s->cache, 0) <= 8192);
}

static void opens_what_it_cannot_keep(void **state)
{
    static char id[1024];
    struct scene *s = *state;
    memset(id, 'x', sizeof(id) - 1);
    s->sealed.id = id;
    assert_true(opens(s, false, 0));
    assert_false(opens(s, true, 0));
    assert_int_equal(sl_secret_cache_sweep(s->cache, 0), 0);
}

static void *open_often(void *arg)
{
    struct scene own = *(struct scene *)arg;
    for (int i = 0; i < 2000; i++) {
        own.sealed.revision = i / 100;
        if (!opens(&own, false, i))
            return arg;
        if (i % 100 == 99)
            sl_secret_cache_clear(own.cache);
    }
    return NULL;
}

static void serves_many_threads(void **state)
{
    pthread_t threads[4];
    for (size_t i = 0; i < SL_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_often, *state), 0);
    for (size_t i = 0; i < SL_ARRAY_LEN(threads); i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_five_minutes),  TEST(keeps_revisions_apart),
        TEST(keeps_places_apart),  TEST(sweeps),
        TEST(is_bounded),          TEST(opens_what_it_cannot_keep),
        TEST(serves_many_threads), TEST(counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
