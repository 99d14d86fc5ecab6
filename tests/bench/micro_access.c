/* What a million API keys cost: reading them at start, memory, a look-up, a write and what follows of it, and working a
 * grown overlay in. On SQLite in a folder of its own below /tmp.
 *
 *     micro_access [KEYS [USERS]]      1000000 keys of 10000 users unless said otherwise */
#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "access/api_key.h"
#include "access/load.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "config/load.h"

enum { LOOKUPS = 200000, WRITES = 200, PROBES = 1000 };

static void check(enum sl_code code, const struct sl_err *err)
{
    if (code == SL_OK)
        return;
    fprintf(stderr, "micro_access: %s\n", err->text);
    exit(EXIT_FAILURE);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "micro_access: %s\n", sqlite3_errmsg(db));
    exit(EXIT_FAILURE);
}

/* The text of key number i, as api_key.c would make it. */
static void key_text(char dst[SL_API_KEY_MAX + 1], long i)
{
    unsigned long a = (unsigned long)i * 0x9e3779b97f4a7c15u, b = a ^ a >> 29;
    snprintf(dst, SL_API_KEY_MAX + 1, "sl_%016lx_%016lx%016lx%016lx%016lx", (unsigned long)i, a, b,
             a * b, ~b);
}

static void fill(const char *path, long keys, long users)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *add = NULL;
    char text[SL_API_KEY_MAX + 1], id[64];
    unsigned char sha256[SHA256_DIGEST_LENGTH];
    sqlite3_open(path, &db);
    run_sql(db, "PRAGMA synchronous = OFF; BEGIN");
    sqlite3_prepare_v2(
        db, "INSERT INTO users VALUES (?1, NULL, ?2, 0, 1, 1, 0, '', '', '[\"user\"]', '', '', 0)",
        -1, &add, NULL);
    for (long i = 0; i < users; i++) {
        snprintf(id, sizeof(id), "%08lx-0000-7000-8000-000000000000", i);
        snprintf(text, sizeof(text), "user-%ld", i);
        sqlite3_bind_text(add, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(add, 2, text, -1, SQLITE_TRANSIENT);
        if (sqlite3_step(add) != SQLITE_DONE)
            run_sql(db, "ROLLBACK; the insert failed");
        sqlite3_reset(add);
    }
    sqlite3_finalize(add);
    sqlite3_prepare_v2(db, "INSERT INTO api_keys VALUES (?1, ?2, '', 0, 1, 1, 0, ?3, '', 0, 0)", -1,
                       &add, NULL);
    for (long i = 0; i < keys; i++) {
        key_text(text, i);
        SHA256((const unsigned char *)text, strlen(text), sha256);
        sqlite3_bind_text(add, 1, text + 3, 16, SQLITE_TRANSIENT);
        snprintf(id, sizeof(id), "%08lx-0000-7000-8000-000000000000", i % users);
        sqlite3_bind_text(add, 2, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_blob(add, 3, sha256, sizeof(sha256), SQLITE_TRANSIENT);
        if (sqlite3_step(add) != SQLITE_DONE)
            run_sql(db, "ROLLBACK; the insert failed");
        sqlite3_reset(add);
    }
    sqlite3_finalize(add);
    run_sql(db, "COMMIT");
    sqlite3_close(db);
}

static long resident_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (!strncmp(line, "VmRSS:", 6))
            kib = strtol(line + 6, NULL, 10);
    }
    if (f)
        fclose(f);
    return kib;
}

/* Of this process: what a machine that has nothing else to do would take. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *x, const void *y)
{
    const double *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static void print_times(const char *what, double *us, size_t n)
{
    qsort(us, n, sizeof(*us), compare);
    printf("%-34s p50 %.2f us, p99 %.2f us\n", what, us[n / 2], us[n * 99 / 100]);
}

/* In turns of 100, so that the clock costs nothing. */
static void measure_lookups(const struct sl_access *a, long keys)
{
    enum { TURN = 100, TURNS = LOOKUPS / TURN };
    static double us[TURNS];
    static char texts[TURN][SL_API_KEY_MAX + 8];
    struct sl_arena arena;
    unsigned long at = 1;
    for (int t = 0; t < TURNS; t++) {
        for (int i = 0; i < TURN; i++) {
            at = at * 6364136223846793005u + 1442695040888963407u;
            memcpy(texts[i], "Bearer ", 7);
            key_text(texts[i] + 7, (long)((at >> 20) % (unsigned long)keys));
        }
        sl_arena_init(&arena, SIZE_MAX);
        if (!sl_arena_zalloc(&arena, 1)) /* its first block is the call's, not the check's */
            exit(EXIT_FAILURE);
        int64_t start = sl_now_us();
        for (int i = 0; i < TURN; i++) {
            const struct sl_credentials c = {.authorization = sl_str(texts[i])};
            const struct sl_principal *p = NULL;
            struct sl_err err;
            err.code = SL_OK;
            check(sl_access_check(a, &c, &arena, &p, &err), &err);
        }
        us[t] = (double)(sl_now_us() - start) / TURN;
        sl_arena_fini(&arena);
    }
    print_times("look-up, whole check", us, TURNS);
}

static const char *add_key(struct sl_store *store, struct sl_arena *arena)
{
    const struct sl_store_session session = {.user = "00000000-0000-7000-8000-000000000000"};
    struct sl_err err = {0};
    struct sl_tx *tx = NULL;
    struct sl_api_key key;
    if (!sl_api_key_make(&key))
        exit(EXIT_FAILURE);
    struct sl_row *row = sl_row_create(arena, SL_TABLE_API_KEYS);
    sl_row_set_text(row, SL_COL_ID, key.id);
    sl_row_set_bytes(row, SL_API_KEYS_SHA256, key.sha256, sizeof(key.sha256));
    check(sl_store_begin(store, &session, true, &tx, &err), &err);
    check(sl_tx_end(tx, sl_tx_insert(tx, row, &err), NULL, &err), &err);
    return sl_row_text(row, SL_COL_ID);
}

static void measure_writes(struct sl_access **a, struct sl_store *store)
{
    static double written[WRITES], renewed[WRITES];
    struct sl_arena arena;
    sl_arena_init(&arena, SIZE_MAX);
    for (int i = 0; i < WRITES; i++) {
        struct sl_access *next = NULL;
        struct sl_err err = {0};
        int64_t start = sl_now_us();
        (void)add_key(store, &arena);
        int64_t stored = sl_now_us();
        check(sl_access_refresh(*a, store, &next, &err), &err);
        sl_access_unref(*a);
        *a = next;
        written[i] = (double)(stored - start);
        renewed[i] = (double)(sl_now_us() - stored);
    }
    sl_arena_fini(&arena);
    print_times("a write: stored", written, WRITES);
    print_times("a write: in the snapshot", renewed, WRITES);
}

static void measure(struct sl_store *store, long keys)
{
    struct sl_config *c = NULL;
    struct sl_access *a = NULL, *compacted = NULL;
    struct sl_err err = {0};
    check(sl_config_parse("s.yaml", "", 0, &c, &err), &err);
    long before = resident_kib();
    int64_t start = sl_now_us();
    double cpu = cpu_seconds();
    check(sl_access_create(c, store, &a, &err), &err);
    double seconds = (double)(sl_now_us() - start) / 1e6;
    printf("%-34s %.2f s, CPU %.2f s\n", "read at start", seconds, cpu_seconds() - cpu);
    printf("%-34s %.1f MB, %.0f bytes a key\n", "memory", (double)(resident_kib() - before) / 1024,
           (double)(resident_kib() - before) * 1024 / (double)keys);
    measure_lookups(a, keys);
    measure_writes(&a, store);
    measure_lookups(a, keys);
    cpu = cpu_seconds();
    check(sl_access_compact(a, store, &compacted, &err), &err);
    printf("%-34s CPU %.0f ms\n", "overlay worked in", (cpu_seconds() - cpu) * 1e3);
    sl_access_unref(compacted);
    sl_access_unref(a);
    sl_config_destroy(c);
}

int main(int argc, char **argv)
{
    long keys = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
    long users = argc > 2 ? strtol(argv[2], NULL, 10) : 10000;
    char folder[] = "/tmp/sluice-bench-XXXXXX", path[64];
    struct sl_store_options options = {.data_dir = folder};
    struct sl_store *store = NULL;
    struct sl_err err = {0};
    static const char *const names[] = {"sluice.db", "sluice.db-wal", "sluice.db-shm"};
    if (keys < 1 || users < 1 || !mkdtemp(folder)) {
        fprintf(stderr, "usage: micro_access [KEYS [USERS]]\n");
        return 2;
    }
    check(sl_store_open(&options, &store, &err), &err);
    snprintf(path, sizeof(path), "%s/sluice.db", folder);
    fill(path, keys, users);
    printf("%ld keys, %ld users\n", keys, users);
    measure(store, keys);
    sl_store_close(store);
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder) ? EXIT_FAILURE : EXIT_SUCCESS;
}
