/* A store of its own for each test, on the back end that the program was started for:
 *
 *     test_write            SQLite, in a folder of its own
 *     test_write postgres   PostgreSQL, in a database of its own on the server that
 *                           SLUICE_TEST_POSTGRES names (the URL of a superuser, see
 *                           tests/support/postgres.sh); skipped where it is not set */
#ifndef SL_TESTS_STORE_SCENE_H
#define SL_TESTS_STORE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "store/store.h"

struct scene {
    char folder[64], path[96];
    char url[512]; /* "": SQLite */
    struct sl_store *store;
    struct sl_arena arena;
    struct sl_err err;
};

/* Runs the tests, each with set_up and tear_down. */
#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)
#define SCENE_MAIN(tests, argc, argv)                                                              \
    (scene_skips(argc, argv) ? SCENE_SKIPPED : cmocka_run_group_tests(tests, NULL, scene_end))

enum { SCENE_SKIPPED = 77 };

/* Looks at the arguments; the back end is not there. */
bool scene_skips(int argc, char **argv);
int scene_end(void **state);
bool scene_is_postgres(void);
int scene_set_up(void **state);
int scene_tear_down(void **state);
void scene_open(struct scene *s);
void scene_reopen(struct scene *s);
struct sl_store_options scene_options(const struct scene *s);

/* ---- sessions ---- */

struct sl_tx *scene_begin(struct scene *s, const struct sl_store_session *session, bool write);
/* A write of an administrator, of a user; a read of a user (NULL: of nobody); of the loader. */
struct sl_tx *scene_admin(struct scene *s);
struct sl_tx *scene_user(struct scene *s, const char *user);
struct sl_tx *scene_reads(struct scene *s, const char *user);
struct sl_tx *scene_sync(struct scene *s);
/* Commits; fails the test where that fails. */
int64_t scene_commit(struct sl_tx *tx);
/* Runs SQL beside the store, as the database's superuser; a number that it gives. */
int64_t scene_sql(struct scene *s, const char *sql);

/* PostgreSQL: ends all of the store's connections and takes no new ones; takes them again. */
void scene_close_database(struct scene *s);
void scene_open_database(struct scene *s);

/* ---- rows ---- */

/* A row with that name; owner NULL: global. */
struct sl_row *scene_row(struct scene *s, enum sl_table table, const char *owner, const char *name);
/* Inserted in a transaction of its own, by its owner or an administrator; its id. */
const char *scene_add(struct scene *s, enum sl_table table, const char *owner, const char *name);
struct sl_row *scene_get(struct scene *s, struct sl_tx *tx, enum sl_table table, const char *id);
/* Names of the rows that the transaction sees, in order, "a,b,"; ends the transaction. */
const char *scene_names(struct scene *s, struct sl_tx *tx, enum sl_table table);
/* All rows of all tables but the import runs, deleted ones too, a line each, with every column but the revision, in the
 * order of ids. */
const char *scene_dump(struct scene *s);

#define EXPECT_OK(call)                                                                            \
    do {                                                                                           \
        struct sl_err *expect_err_ = &s->err;                                                      \
        if (call)                                                                                  \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, expect_err_->text);                          \
    } while (0)

/* The call fails in this way; err is empty afterwards. */
#define EXPECT_ERROR(call, wanted_code, wanted_reason)                                             \
    do {                                                                                           \
        s->err = (struct sl_err){0};                                                               \
        assert_int_equal(call, wanted_code);                                                       \
        assert_int_equal(s->err.reason, wanted_reason);                                            \
        s->err = (struct sl_err){0};                                                               \
    } while (0)

#endif
