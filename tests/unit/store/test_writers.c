/* Many writers: etags lose nothing, revisions and the audit log have no gaps. */
#include "unit/store/scene.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "store/audit.h"

enum { WRITERS = 4, TURNS = 25 };

struct writer {
    pthread_t thread;
    struct sl_store *store;
    const char *id;
    struct sl_err err; /* of the first thing that went wrong */
    unsigned stale;
};

/* Reads the tier in one transaction, and writes its rank plus one in another. */
static enum sl_code raise_once(struct writer *w, struct sl_arena *arena, struct sl_err *err)
{
    const struct sl_store_session admin = {.admin = true, .actor = "writer"};
    struct sl_row *row = NULL;
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(w->store, &admin, false, &tx, err);
    if (code)
        return code;
    code = sl_tx_get(tx, (struct sl_row_key){SL_TABLE_TIERS, w->id}, arena, &row, err);
    code = sl_tx_end(tx, code, NULL, err);
    if (code)
        return code;
    sl_row_set_int(row, SL_TIERS_RANK, sl_row_int(row, SL_TIERS_RANK) + 1);
    code = sl_store_begin(w->store, &admin, true, &tx, err);
    if (code)
        return code;
    code = sl_tx_update(tx, row, sl_row_int(row, SL_COL_REVISION), err);
    return sl_tx_end(tx, code, NULL, err);
}

static void *write_in_turns(void *arg)
{
    struct writer *w = arg;
    for (int i = 0; i < TURNS && !w->err.code;) {
        struct sl_arena arena;
        struct sl_err err = {0};
        sl_arena_init(&arena, SIZE_MAX);
        enum sl_code code = raise_once(w, &arena, &err);
        sl_arena_fini(&arena);
        if (!code)
            i++;
        else if (err.reason == SL_REASON_ETAG_STALE)
            w->stale++;
        else
            w->err = err;
    }
    return NULL;
}

static void loses_nothing(void **state)
{
    struct scene *s = *state;
    struct scene other = *s; /* as another process would */
    struct writer writers[WRITERS];
    scene_open(&other);
    const char *id = scene_add(s, SL_TABLE_TIERS, NULL, "t");
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.store = i % 2 ? s->store : other.store, .id = id};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_in_turns, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (int i = 0; i < WRITERS; i++) {
        if (writers[i].err.code)
            fail_msg("%s", writers[i].err.text);
    }
    struct sl_tx *tx = scene_sync(s);
    struct sl_row *row = scene_get(s, tx, SL_TABLE_TIERS, id);
    assert_int_equal(sl_row_int(row, SL_TIERS_RANK), WRITERS * TURNS);
    assert_int_equal(sl_tx_revision(tx), WRITERS * TURNS + 1);
    scene_commit(tx);
    struct sl_audit_report report;
    tx = scene_begin(s, &(struct sl_store_session){.auditor = true}, false);
    EXPECT_OK(sl_tx_audit_verify(tx, &report, &s->err));
    scene_commit(tx);
    assert_int_equal(report.entries, WRITERS * TURNS + 1);
    assert_int_equal(report.broken_seq, 0);
    sl_store_close(other.store);
}

/* More readers than connections wait for one; nobody is turned away while they come back. */
static void *read_in_turns(void *arg)
{
    struct writer *w = arg;
    for (int i = 0; i < TURNS && !w->err.code; i++) {
        const struct sl_store_session session = {.user = NULL};
        struct sl_tx *tx = NULL;
        int64_t count = 0;
        struct sl_query query = {.table = SL_TABLE_TIERS};
        if (sl_store_begin(w->store, &session, false, &tx, &w->err))
            break;
        enum sl_code code = sl_tx_count(tx, &query, &count, &w->err);
        if (sl_tx_end(tx, code, NULL, &w->err))
            break;
    }
    return NULL;
}

static void lets_readers_wait(void **state)
{
    enum { READERS = 16 };
    struct scene *s = *state;
    struct writer readers[READERS];
    scene_add(s, SL_TABLE_TIERS, NULL, "t");
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct writer){.store = s->store};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_in_turns, &readers[i]), 0);
    }
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
    for (int i = 0; i < READERS; i++) {
        if (readers[i].err.code)
            fail_msg("%s", readers[i].err.text);
    }
}

static void says_when_all_connections_are_taken(void **state)
{
    struct scene *s = *state;
    struct sl_store *store = NULL;
    struct sl_store_options options = scene_options(s);
    struct sl_tx *taken[2] = {NULL}, *tx = NULL;
    const struct sl_store_session sessions[] = {{.admin = true}, {.user = "u1"}};
    options.pool_size = 1;
    options.connect_timeout_ms = 1000;
    EXPECT_OK(sl_store_open(&options, &store, &s->err));
    EXPECT_OK(sl_store_begin(store, &sessions[0], true, &taken[0], &s->err));
    struct sl_store_pool pool;
    const size_t which = scene_is_postgres() ? 0 : 1; /* "app", "writer" */
    assert_true(sl_store_pool(store, which, &pool));
    assert_string_equal(pool.name, scene_is_postgres() ? "app" : "writer");
    assert_int_equal(pool.size, 1);
    assert_int_equal(pool.in_use, 1);
    assert_int_equal(pool.idle, 0);
    assert_int_equal(pool.waits, 0);
    s->err = (struct sl_err){0};
    assert_int_equal(sl_store_begin(store, &sessions[0], true, &tx, &s->err), SL_UNAVAILABLE);
    assert_non_null(strstr(s->err.text, "none of 1 connections"));
    s->err = (struct sl_err){0};
    sl_tx_rollback(taken[0]);
    assert_true(sl_store_pool(store, which, &pool));
    assert_int_equal(pool.in_use, 0);
    assert_int_equal(pool.idle, 1);
    assert_int_equal(pool.opened, 1);
    assert_int_equal(pool.waits, 1);
    assert_int_equal(pool.timeouts, 1);
    assert_int_equal(pool.lost, 0);
    assert_false(sl_store_pool(store, 2, &pool));
    EXPECT_OK(sl_store_begin(store, &sessions[0], true, &tx, &s->err));
    sl_tx_rollback(tx);
    sl_store_close(store);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(loses_nothing),
        SCENE_TEST(lets_readers_wait),
        SCENE_TEST(says_when_all_connections_are_taken),
    };
    return SCENE_MAIN(tests, argc, argv);
}
