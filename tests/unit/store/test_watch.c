/* Change notice: at once where that is possible, within a second in any case, and again after the
 * database was away. */
#include "unit/store/scene.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/backend.h"
#include "store/watch.h"

enum { PATIENCE_S = 30 };

/* What the watch told. */
struct told {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t revision;
    bool up;
    unsigned downs;
    int restores;
    char why[200];
};

static void on_change(void *owner, int64_t revision)
{
    struct told *t = owner;
    pthread_mutex_lock(&t->lock);
    t->revision = revision;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* Refuses the first time. */
static bool on_restored(void *owner, int64_t revision)
{
    struct told *t = owner;
    pthread_mutex_lock(&t->lock);
    bool taken = t->restores++ > 0;
    if (taken)
        t->revision = revision;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return taken;
}

static void on_state(void *owner, bool up, const char *why)
{
    struct told *t = owner;
    pthread_mutex_lock(&t->lock);
    t->up = up;
    if (!up) {
        t->downs++;
        snprintf(t->why, sizeof(t->why), "%s", why);
    }
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

static bool is_there(const struct told *t, int64_t revision, bool up)
{
    return t->revision >= revision && t->up == up;
}

/* Until that was told; fails the test where it is not in time. */
static void await(struct told *t, int64_t revision, bool up)
{
    struct timespec until;
    int got = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&t->lock);
    while (!is_there(t, revision, up) && got != ETIMEDOUT)
        got = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    bool there = is_there(t, revision, up);
    pthread_mutex_unlock(&t->lock);
    if (!there)
        fail_msg("revision %d, up %d was not told", (int)revision, up);
}

static void await_restores(struct told *t, int restores)
{
    struct timespec until;
    int got = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&t->lock);
    while (t->restores < restores && got != ETIMEDOUT)
        got = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    assert_int_equal(t->restores, restores);
    pthread_mutex_unlock(&t->lock);
}

static struct told new_told(void)
{
    return (struct told){
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .up = true};
}

static struct sl_watch_facts facts_of(struct sl_watch *w)
{
    struct sl_watch_facts facts;
    sl_store_watch_facts(w, &facts);
    return facts;
}

static struct sl_watch *start(struct scene *s, struct told *t, int64_t after)
{
    struct sl_watch *w = NULL;
    const struct sl_watcher watcher = {on_change, on_restored, on_state, t};
    EXPECT_OK(sl_store_watch_start(s->store, &watcher, after, &w, &s->err));
    return w;
}

static void tells_of_own_writes(void **state)
{
    struct scene *s = *state;
    struct told t = new_told();
    struct sl_watch *w = start(s, &t, 0);
    for (int i = 1; i <= 5; i++) {
        char name[8];
        snprintf(name, sizeof(name), "t%d", i);
        scene_add(s, SL_TABLE_TIERS, NULL, name);
        await(&t, i, true);
    }
    sl_store_watch_stop(w);
    sl_store_watch_stop(NULL);
}

static void tells_what_was_missed(void **state)
{
    struct scene *s = *state;
    struct told t = new_told();
    scene_add(s, SL_TABLE_TIERS, NULL, "a");
    struct sl_watch *w = start(s, &t, 0);
    await(&t, 1, true);
    sl_store_watch_stop(w);
}

/* A backup was put back: told until it is taken up, and what is written from then on is told as ever. */
static void tells_that_it_went_back(void **state)
{
    struct scene *s = *state;
    struct told t = new_told();
    struct sl_watch *w = start(s, &t, 0);
    for (const char *const *name = (const char *const[]){"a", "b", "c", NULL}; *name; name++)
        scene_add(s, SL_TABLE_TIERS, NULL, *name);
    await(&t, 3, true);
    scene_sql(s, "UPDATE registry_revision SET revision = 1");
    await_restores(&t, 2);
    assert_int_equal(t.revision, 1);
    scene_add(s, SL_TABLE_TIERS, NULL, "d");
    await(&t, 2, true);
    sl_store_watch_stop(w);
}

/* Another process writes; what it says may be lost on the way. */
static void tells_of_others_writes(void **state)
{
    struct scene *s = *state;
    struct scene other = *s;
    struct told t = new_told();
    struct sl_watch *w = start(s, &t, 0);
    sl_arena_init(&other.arena, SIZE_MAX);
    scene_open(&other);
    scene_add(&other, SL_TABLE_TIERS, NULL, "a");
    await(&t, 1, true);
    assert_int_equal(facts_of(w).revision, 1);
    assert_int_equal(sl_store_has_notices(s->store), scene_is_postgres());
    assert_true(facts_of(w).listens || !scene_is_postgres());
    if (scene_is_postgres())
        scene_sql(s, "ALTER TABLE registry_revision DISABLE TRIGGER registry_revision_told");
    scene_add(&other, SL_TABLE_TIERS, NULL, "b");
    await(&t, 2, true);
    sl_store_close(other.store);
    sl_arena_fini(&other.arena);
    sl_store_watch_stop(w);
}

/* PostgreSQL's own word, without the look once a second. */
static void hears_of_commits(void **state)
{
    struct scene *s = *state;
    struct sl_conn *c = NULL;
    int fd = -1;
    EXPECT_OK(s->store->ops->listen(s->store, &c, &fd, &s->err));
    if (!scene_is_postgres()) {
        assert_null(c);
        return;
    }
    scene_add(s, SL_TABLE_TIERS, NULL, "a");
    assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_S * 1000), 1);
    assert_true(s->store->ops->hear(c));
    struct sl_store_facts facts;
    sl_store_facts(s->store, &facts);
    assert_int_equal(facts.notices, 1);
    assert_int_equal(facts.listeners, 1);
    scene_sql(s, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE query LIKE 'LISTEN%' AND datname = current_database()");
    assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_S * 1000), 1);
    while (s->store->ops->hear(c))
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 100);
    s->store->ops->disconnect(c);
}

static void comes_back_with_the_database(void **state)
{
    struct scene *s = *state;
    struct told t = new_told();
    struct sl_tx *tx = NULL;
    const struct sl_store_session admin = {.admin = true};
    if (!scene_is_postgres())
        skip();
    scene_add(s, SL_TABLE_TIERS, NULL, "a");
    struct sl_watch *w = start(s, &t, 0);
    await(&t, 1, true);
    scene_close_database(s);
    await(&t, 1, false);
    struct sl_watch_facts facts = facts_of(w);
    assert_false(facts.up || !facts.since_ms);
    assert_true(*t.why);
    assert_null(strstr(t.why, ":sluice@"));
    EXPECT_ERROR(sl_store_begin(s->store, &admin, true, &tx, &s->err), SL_UNAVAILABLE,
                 SL_REASON_STORE);
    scene_open_database(s);
    await(&t, 1, true);
    assert_true(facts_of(w).up && facts_of(w).since_ms >= facts.since_ms);
    scene_add(s, SL_TABLE_TIERS, NULL, "b");
    await(&t, 2, true);
    sl_store_watch_stop(w);
    sl_store_watch_facts(NULL, &facts);
    assert_true(facts.up && !facts.listens);
}

/* A server that was started anew: what waits in the pool is dead, and nobody notices. */
static void survives_dead_connections(void **state)
{
    struct scene *s = *state;
    if (!scene_is_postgres())
        skip();
    scene_add(s, SL_TABLE_TIERS, NULL, "a");
    scene_commit(scene_sync(s));
    scene_close_database(s);
    scene_open_database(s);
    scene_add(s, SL_TABLE_TIERS, NULL, "b");
    assert_string_equal(scene_names(s, scene_sync(s), SL_TABLE_TIERS), "a,b,");
    struct sl_store_pool pool;
    assert_true(sl_store_pool(s->store, 0, &pool));
    assert_true(pool.lost >= 1 && pool.opened > pool.lost);
    /* in the middle of a transaction it is an error, and nothing is stored */
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, SL_TABLE_TIERS, NULL, "c"), &s->err));
    scene_close_database(s);
    scene_open_database(s);
    EXPECT_ERROR(sl_tx_insert(tx, scene_row(s, SL_TABLE_TIERS, NULL, "d"), &s->err), SL_UNAVAILABLE,
                 SL_REASON_STORE);
    EXPECT_ERROR(sl_tx_commit(tx, NULL, &s->err), SL_UNAVAILABLE, SL_REASON_STORE);
    assert_string_equal(scene_names(s, scene_sync(s), SL_TABLE_TIERS), "a,b,");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(tells_of_own_writes),          SCENE_TEST(tells_what_was_missed),
        SCENE_TEST(tells_of_others_writes),       SCENE_TEST(hears_of_commits),
        SCENE_TEST(comes_back_with_the_database), SCENE_TEST(survives_dead_connections),
        SCENE_TEST(tells_that_it_went_back),
    };
    return SCENE_MAIN(tests, argc, argv);
}
