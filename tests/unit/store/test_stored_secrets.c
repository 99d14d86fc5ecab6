/* Ciphertext under another key: found wherever it is, replaced where nobody changed it meanwhile. */
#include "unit/store/scene.h"

#include <stdio.h>
#include <string.h>

#include "store/secrets.h"

static int64_t revision(struct scene *s)
{
    int64_t n = -1;
    EXPECT_OK(sl_store_revision(s->store, &n, &s->err));
    return n;
}

struct found {
    struct scene *s;
    char *text;
    char place[64];
};

static enum sl_code on_secret(void *owner, const struct sl_stored_secret *secret,
                              struct sl_err *err)
{
    struct found *f = owner;
    (void)err;
    f->text = sl_arena_printf(&f->s->arena, "%s%.*s,", f->text, (int)secret->ciphertext.n,
                              secret->ciphertext.p);
    snprintf(f->place, sizeof(f->place), "%s", secret->place);
    return SL_OK;
}

static struct found find_secrets(struct scene *s, const char *table, const char *name)
{
    struct found f = {.s = s, .text = sl_arena_strdup(&s->arena, "")};
    size_t n = 0;
    const struct sl_secret_column *columns = sl_secret_columns(&n);
    struct sl_tx *tx = scene_sync(s);
    for (size_t i = 0; i < n; i++) {
        struct sl_secret_page page = {.column = &columns[i]};
        if (!strcmp(columns[i].table, table) && !strcmp(columns[i].column, name))
            EXPECT_OK(sl_tx_secrets(tx, &page, on_secret, &f, &s->err));
    }
    scene_commit(tx);
    return f;
}

static enum sl_code on_hints(void *owner, const struct sl_stored_secret *secret, struct sl_err *err)
{
    struct found *f = owner;
    (void)err;
    f->text =
        sl_arena_printf(&f->s->arena, "%s%s %s,", f->text, secret->hints[0], secret->hints[1]);
    return SL_OK;
}

static const char *find_hints(struct scene *s, size_t column)
{
    struct found f = {.s = s, .text = sl_arena_strdup(&s->arena, "")};
    size_t n = 0;
    const struct sl_secret_page page = {.column = &sl_secret_columns(&n)[column]};
    struct sl_tx *tx = scene_sync(s);
    EXPECT_OK(sl_tx_secrets(tx, &page, on_hints, &f, &s->err));
    scene_commit(tx);
    return f.text;
}

static bool rotate(struct scene *s, const char *place, struct sl_str from, struct sl_str to)
{
    size_t n = 0;
    bool done = false;
    struct sl_rotation r = {&sl_secret_columns(&n)[1], place, from, to, "k2"};
    struct sl_tx *tx = scene_begin(s, &(struct sl_store_session){.role = SL_STORE_SYNC}, true);
    EXPECT_OK(sl_tx_rotate(tx, &r, &done, &s->err));
    scene_commit(tx);
    return done;
}

static void rotates_secrets(void **state)
{
    struct scene *s = *state;
    struct sl_row *row = scene_row(s, SL_TABLE_CREDENTIALS, "u1", "c");
    struct sl_tx *tx = scene_user(s, "u1");
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, "old", 3);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    EXPECT_OK(sl_tx_insert(tx, scene_row(s, SL_TABLE_CREDENTIALS, "u1", "none"), &s->err));
    scene_commit(tx);
    struct found f = find_secrets(s, "credentials", "secret");
    assert_string_equal(f.text, "old,");
    assert_false(rotate(s, f.place, SL_STR("other"), SL_STR("new")));
    assert_true(rotate(s, f.place, SL_STR("old"), SL_STR("new")));
    assert_string_equal(find_secrets(s, "credentials", "secret").text, "new,");
    tx = scene_reads(s, "u1");
    row = scene_get(s, tx, SL_TABLE_CREDENTIALS, f.place);
    scene_commit(tx);
    assert_string_equal(sl_row_text(row, SL_CREDENTIALS_KEY_ID), "k2");
    assert_int_equal(sl_row_int(row, SL_COL_REVISION), 1); /* the etag holds */
    assert_int_equal(revision(s), 1);
}

/* PostgreSQL: who waits for the other would be found by the server, and one of both be ended. */
static void gives_way_to_writers(void **state)
{
    struct scene *s = *state;
    struct sl_row *row = scene_row(s, SL_TABLE_CREDENTIALS, NULL, "c");
    size_t n = 0;
    bool done = true;
    if (!scene_is_postgres())
        skip();
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, "old", 3);
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    const struct sl_rotation r = {&sl_secret_columns(&n)[1], sl_row_text(row, SL_COL_ID),
                                  SL_STR("old"), SL_STR("new"), "k2"};
    tx = scene_admin(s);
    sl_row_set_text(row, SL_CREDENTIALS_LAST4, "1234");
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    struct sl_tx *rotation =
        scene_begin(s, &(struct sl_store_session){.role = SL_STORE_SYNC}, true);
    EXPECT_ERROR(sl_tx_rotate(rotation, &r, &done, &s->err), SL_ABORTED, SL_REASON_STORE);
    sl_tx_rollback(rotation);
    scene_commit(tx);
    assert_true(rotate(s, r.place, SL_STR("old"), SL_STR("new")));
}

/* Whoever knows what a secret is for can open it. */
static void says_where_secrets_may_be_sent(void **state)
{
    struct scene *s = *state;
    struct sl_tx *tx =
        scene_begin(s, &(struct sl_store_session){.admin = true, .run = "run"}, true);
    struct sl_row *row = scene_row(s, SL_TABLE_MODELS, NULL, "m");
    sl_row_set_text(row, SL_MODELS_PROVIDER, "openai");
    sl_row_set_text(row, SL_MODELS_BASE_URL, "https://a.example");
    sl_row_set_bytes(row, SL_MODELS_HEADERS_SECRET, "x", 1);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    row = scene_row(s, SL_TABLE_PROVIDERS, NULL, "p");
    sl_row_set_text(row, SL_PROVIDERS_KIND, "custom");
    sl_row_set_text(row, SL_PROVIDERS_BASE_URL, "https://b.example");
    sl_row_set_bytes(row, SL_PROVIDERS_HEADERS_SECRET, "x", 1);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    row = scene_row(s, SL_TABLE_CREDENTIALS, NULL, "c");
    sl_row_set_text(row, SL_CREDENTIALS_BINDING, "https://c.example:443");
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, "x", 1);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    assert_string_equal(find_hints(s, 0), "custom https://b.example,");
    assert_string_equal(find_hints(s, 1), "https://c.example:443 ,");
    assert_string_equal(find_hints(s, 2), "openai https://a.example,");
    assert_string_equal(find_hints(s, 3), "");
    const char *images = find_hints(s, 4);
    assert_non_null(strstr(images, "models {"));
    assert_non_null(strstr(images, "\"base_url\":\"https://a.example\""));
    assert_non_null(strstr(images, "credentials {"));
}

static void lets_nobody_else_walk_through_secrets(void **state)
{
    struct scene *s = *state;
    size_t n = 0;
    bool done = false;
    struct sl_secret_page page = {.column = sl_secret_columns(&n)};
    struct sl_rotation r = {page.column, "id", SL_STR("a"), SL_STR("b"), "k2"};
    struct sl_tx *tx = scene_admin(s);
    EXPECT_ERROR(sl_tx_secrets(tx, &page, on_secret, NULL, &s->err), SL_PERMISSION_DENIED,
                 SL_REASON_NOT_PERMITTED);
    EXPECT_ERROR(sl_tx_rotate(tx, &r, &done, &s->err), SL_PERMISSION_DENIED,
                 SL_REASON_NOT_PERMITTED);
    sl_tx_rollback(tx);
}

/* Every secret column of the descriptors is one that rotation finds. */
static void knows_every_secret_column(void **state)
{
    size_t n = 0, found = 0;
    const struct sl_secret_column *columns = sl_secret_columns(&n);
    (void)state;
    for (int t = 0; t < SL_TABLE_COUNT; t++) {
        const struct sl_table_info *info = sl_table_info((enum sl_table)t);
        for (size_t c = 0; c < info->n_columns; c++) {
            size_t before = found;
            if (!(info->columns[c].flags & SL_COLUMN_SECRET))
                continue;
            for (size_t i = 0; i < n; i++)
                found += !strcmp(columns[i].table, info->name) &&
                         !strcmp(columns[i].column, info->columns[c].name);
            assert_int_equal(found, before + 1);
        }
    }
    assert_int_equal(found + 2, n); /* and the two images of import runs */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(rotates_secrets),
        SCENE_TEST(gives_way_to_writers),
        SCENE_TEST(says_where_secrets_may_be_sent),
        SCENE_TEST(lets_nobody_else_walk_through_secrets),
        SCENE_TEST(knows_every_secret_column),
    };
    return SCENE_MAIN(tests, argc, argv);
}
