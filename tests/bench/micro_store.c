/* micro_store FOLDER|URL [MODELS [KEYS [WRITES]]]: what the store costs when it is full: 100,000 models and 1,000,000 API
 * keys, where nothing else is said. Fills an empty store (SQLite in FOLDER, or PostgreSQL), then prints milliseconds for
 * single writes and reads, and seconds for walks over everything. A store that was filled before is taken as it is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/sql.h"

static const struct sl_store_session admin = {.admin = true, .actor = "bench"};
static const struct sl_store_session loader = {.role = SL_STORE_SYNC};

static void check(enum sl_code code, const struct sl_err *err)
{
    if (!code)
        return;
    fprintf(stderr, "micro_store: %s\n", err->text);
    exit(EXIT_FAILURE);
}

static double seconds_since(int64_t us)
{
    return (double)(sl_now_us() - us) / 1e6;
}

/* ---- filling, by the database itself ---- */

/* An expression over n for a column. */
static void add_expression(struct sl_sql *q, enum sl_table table, const struct sl_column *c)
{
    bool postgres = q->tx->store->ops->row_security;
    if (!strcmp(c->name, "id"))
        sl_sql_addf(q, "'%s-' || n", sl_table_info(table)->name);
    else if (!strcmp(c->name, "name") || !strcmp(c->name, "model_id"))
        sl_sql_add(q, "'name-' || n");
    else if (!strcmp(c->name, "owner"))
        sl_sql_add(q, table == SL_TABLE_API_KEYS ? "'user-' || (n % 1000)" : "NULL");
    else if (!strcmp(c->name, "sha256"))
        sl_sql_add(q, postgres ? "sha256(n::text::bytea)" : "randomblob(32)");
    else if (!strcmp(c->name, "capabilities"))
        sl_sql_add(q, "'{\"streaming\":true,\"tools\":true,\"vision\":false}'");
    else if (c->type == SL_TYPE_BOOL)
        sl_sql_add(q, postgres ? "true" : "1");
    else if (c->type == SL_TYPE_BYTES)
        sl_sql_add(q, postgres ? "''::bytea" : "x''");
    else if (c->type == SL_TYPE_TEXT || c->type == SL_TYPE_JSON)
        sl_sql_add(q, "''");
    else if (c->flags & SL_COLUMN_NULLABLE)
        sl_sql_add(q, "NULL");
    else
        sl_sql_add(q, c->flags & SL_COLUMN_STORE && strcmp(c->name, "deleted_ms") ? "1" : "0");
}

static void fill(struct sl_tx *tx, enum sl_table table, int64_t count)
{
    const struct sl_table_info *t = sl_table_info(table);
    struct sl_err err = {0};
    struct sl_sql q;
    const char *comma = "";
    sl_sql_init(&q, tx);
    if (!tx->store->ops->row_security)
        sl_sql_addf(
            &q, "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %lld) ",
            (long long)count);
    sl_sql_addf(&q, "INSERT INTO %s (", t->name);
    for (size_t i = 0; i < t->n_columns; i++) {
        if (!(t->columns[i].flags & SL_COLUMN_VOLATILE))
            sl_sql_addf(&q, "%s%s", i ? ", " : "", t->columns[i].name);
    }
    sl_sql_add(&q, ") SELECT ");
    for (size_t i = 0; i < t->n_columns; i++) {
        if (t->columns[i].flags & SL_COLUMN_VOLATILE)
            continue;
        sl_sql_add(&q, comma);
        add_expression(&q, table, &t->columns[i]);
        comma = ", ";
    }
    if (tx->store->ops->row_security)
        sl_sql_addf(&q, " FROM generate_series(1, %lld) AS n", (long long)count);
    else
        sl_sql_add(&q, " FROM g");
    check(sl_sql_run(&q, NULL, &err), &err);
}

static int64_t count_rows(struct sl_store *store, enum sl_table table)
{
    struct sl_err err = {0};
    struct sl_tx *tx = NULL;
    int64_t count = 0;
    check(sl_store_begin(store, &loader, false, &tx, &err), &err);
    check(sl_tx_count(tx, &(struct sl_query){.table = table}, &count, &err), &err);
    check(sl_tx_commit(tx, NULL, &err), &err);
    return count;
}

static void fill_all(struct sl_store *store, int64_t models, int64_t keys)
{
    struct sl_err err = {0};
    struct sl_tx *tx = NULL;
    int64_t from = sl_now_us();
    if (count_rows(store, SL_TABLE_MODELS))
        return;
    check(sl_store_begin(store, &admin, true, &tx, &err), &err);
    fill(tx, SL_TABLE_MODELS, models);
    fill(tx, SL_TABLE_API_KEYS, keys);
    struct sl_sql q;
    sl_sql_init(&q, tx);
    sl_sql_add(&q,
               "INSERT INTO model_names (owner, name, model) SELECT owner, name, id FROM models");
    check(sl_sql_run(&q, NULL, &err), &err);
    tx->changed = true;
    check(sl_tx_commit(tx, NULL, &err), &err);
    printf("filled in %.1f s\n", seconds_since(from));
}

/* ---- one at a time ---- */

static int compare(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* One call of what is measured; i: which. */
typedef void one_call(struct sl_store *store, struct sl_arena *arena, int64_t i);

static void measure(struct sl_store *store, const char *what, one_call *call, int64_t count)
{
    double *ms = sl_calloc((size_t)count, sizeof(*ms));
    for (int64_t i = 0; i < count; i++) {
        struct sl_arena arena;
        sl_arena_init(&arena, SIZE_MAX);
        int64_t from = sl_now_us();
        call(store, &arena, i);
        ms[i] = seconds_since(from) * 1e3;
        sl_arena_fini(&arena);
    }
    qsort(ms, (size_t)count, sizeof(*ms), compare);
    printf("%-28s %8.2f %8.2f %8.2f\n", what, ms[count / 2], ms[count * 99 / 100], ms[count - 1]);
    sl_free(ms);
}

static struct sl_tx *begin(struct sl_store *store, bool write)
{
    struct sl_err err = {0};
    struct sl_tx *tx = NULL;
    check(sl_store_begin(store, &admin, write, &tx, &err), &err);
    return tx;
}

static void commit(struct sl_tx *tx)
{
    struct sl_err err = {0};
    check(sl_tx_commit(tx, NULL, &err), &err);
}

static void update_model(struct sl_store *store, struct sl_arena *arena, int64_t i)
{
    struct sl_err err = {0};
    struct sl_tx *tx = begin(store, true);
    struct sl_row *row = sl_row_create(arena, SL_TABLE_MODELS);
    sl_row_set_text(row, SL_COL_ID, sl_arena_printf(arena, "models-%" PRId64, i * 97 + 1));
    sl_row_set_int(row, SL_MODELS_CONTEXT_TOKENS, sl_now_us());
    check(sl_tx_update(tx, row, 0, &err), &err);
    commit(tx);
}

static void insert_key(struct sl_store *store, struct sl_arena *arena, int64_t i)
{
    unsigned char sha256[SL_STORE_DIGEST] = {0};
    char id[37];
    struct sl_err err = {0};
    struct sl_tx *tx = begin(store, true);
    struct sl_row *row = sl_row_create(arena, SL_TABLE_API_KEYS);
    sl_uuid7(id);
    memcpy(sha256, id, sizeof(sha256));
    sl_row_set_text(row, SL_COL_OWNER, sl_arena_printf(arena, "user-%lld", (long long)i));
    sl_row_set_text(row, SL_COL_NAME, "new");
    sl_row_set_bytes(row, SL_API_KEYS_SHA256, sha256, sizeof(sha256));
    check(sl_tx_insert(tx, row, &err), &err);
    commit(tx);
}

static void find_model(struct sl_store *store, struct sl_arena *arena, int64_t i)
{
    struct sl_err err = {0};
    struct sl_tx *tx = begin(store, false);
    struct sl_row *row = NULL;
    const char *name = sl_arena_printf(arena, "name-%" PRId64, i * 97 + 1);
    check(sl_tx_find(tx, (struct sl_row_name){SL_TABLE_MODELS, NULL, name}, arena, &row, &err),
          &err);
    commit(tx);
}

static void list_page(struct sl_store *store, struct sl_arena *arena, int64_t i)
{
    struct sl_err err = {0};
    struct sl_tx *tx = begin(store, false);
    const char *after = sl_arena_printf(arena, "models-%" PRId64, i * 97 + 1);
    struct sl_query query = {.table = SL_TABLE_MODELS, .after_id = after, .limit = 50};
    struct sl_rows rows = {NULL, 0};
    check(sl_tx_list(tx, &query, arena, &rows, &err), &err);
    commit(tx);
}

static enum sl_code pass_change(void *owner, const struct sl_change *change, struct sl_err *err)
{
    (void)change;
    (void)err;
    ++*(int64_t *)owner;
    return SL_OK;
}

static void read_changes(struct sl_store *store, struct sl_arena *arena, int64_t i)
{
    struct sl_err err = {0};
    struct sl_tx *tx = NULL;
    int64_t seen = 0;
    (void)arena;
    (void)i;
    check(sl_store_begin(store, &loader, false, &tx, &err), &err);
    check(sl_tx_changes(tx, sl_tx_revision(tx) - 1, pass_change, &seen, &err), &err);
    commit(tx);
}

/* ---- everything ---- */

static enum sl_code pass_row(void *owner, const struct sl_row *row, struct sl_err *err)
{
    (void)row;
    (void)err;
    ++*(int64_t *)owner;
    return SL_OK;
}

static void walk(struct sl_store *store, enum sl_table table)
{
    struct sl_err err = {0};
    struct sl_tx *tx = NULL;
    int64_t from = sl_now_us(), seen = 0;
    struct sl_query query = {.table = table, .order = SL_UNORDERED};
    check(sl_store_begin(store, &loader, false, &tx, &err), &err);
    check(sl_tx_each(tx, &query, pass_row, &seen, &err), &err);
    commit(tx);
    printf("walk over %-18s %8.2f s, %lld rows\n", sl_table_info(table)->name, seconds_since(from),
           (long long)seen);
}

static int64_t number(int argc, char **argv, int i, int64_t otherwise)
{
    return argc > i ? strtoll(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    struct sl_store *store = NULL;
    struct sl_err err = {0};
    if (argc < 2) {
        fputs("usage: micro_store FOLDER|URL [MODELS [KEYS [WRITES]]]\n", stderr);
        return 2;
    }
    const struct sl_store_options options = {.data_dir = argv[1],
                                             .url = strstr(argv[1], "://") ? argv[1] : "",
                                             .statement_timeout_ms = 600000};
    int64_t writes = number(argc, argv, 4, 500);
    check(sl_store_open(&options, &store, &err), &err);
    fill_all(store, number(argc, argv, 2, 100000), number(argc, argv, 3, 1000000));
    printf("%-28s %8s %8s %8s\n", "ms", "median", "p99", "max");
    measure(store, "update a model", update_model, writes);
    measure(store, "insert an API key", insert_key, writes);
    measure(store, "find a model by name", find_model, writes);
    measure(store, "list a page of 50 models", list_page, writes);
    measure(store, "what changed since the last", read_changes, writes);
    walk(store, SL_TABLE_MODELS);
    walk(store, SL_TABLE_API_KEYS);
    sl_store_close(store);
    return EXIT_SUCCESS;
}
