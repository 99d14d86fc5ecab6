/* Secrets of every kind, wherever they lie, come under the new key; what somebody writes meanwhile
 * stays; what nothing opens is named. */
#include "registry/rotate/rotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "registry/load.h"
#include "registry/vault/vault.h"
#include "unit/store/scene.h"

#define KEY_0 "k0:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
#define KEY_1 "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_2 "k2://79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="
#define KEY_3 "k3:ZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY="

static const char config_text[] = "providers:\n"
                                  "  - {id: box, kind: custom, base_url: 'http://box.test/v1'}\n";

/* ---- keys and places ---- */

static struct sl_keyring *keyring(const char *text)
{
    struct sl_keyring *k = NULL;
    struct sl_err err = {0};
    if (sl_keyring_parse("KEYS", text, strlen(text), &k, &err))
        fail_msg("%s", err.text);
    return k;
}

/* Into the row's column, under the first of the keys. */
static void seal(struct scene *s, struct sl_row *row, unsigned column, const char *const place[3])
{
    const struct sl_vault_place at = {place[0], sl_row_text(row, SL_COL_ID), place[1]};
    struct sl_keyring *k = keyring(place[2]);
    struct sl_secret *secret = sl_secret_create("sk-test-secret", 14);
    struct sl_buf out;
    sl_buf_init(&out, SL_VAULT_MAX_ENVELOPE);
    EXPECT_OK(sl_vault_seal(k, &at, secret, &out, &s->err));
    sl_row_set_bytes(row, column, out.p, out.n);
    sl_buf_fini(&out);
    sl_secret_unref(secret);
    sl_keyring_unref(k);
}

static void expect_text(struct scene *s, const char *id, const char *keys, const char *wanted)
{
    struct sl_tx *tx = scene_reads(s, NULL);
    struct sl_row *row = scene_get(s, tx, SL_TABLE_CREDENTIALS, id);
    struct sl_str envelope = sl_row_bytes(row, SL_CREDENTIALS_SECRET);
    const struct sl_vault_place at = {"credential", id, sl_row_text(row, SL_CREDENTIALS_BINDING)};
    struct sl_keyring *k = keyring(keys);
    struct sl_secret *secret = NULL;
    EXPECT_OK(sl_vault_open(k, &at, envelope.p, envelope.n, &secret, &s->err));
    assert_string_equal(sl_secret_reveal(secret), wanted);
    sl_secret_unref(secret);
    sl_keyring_unref(k);
    scene_commit(tx);
}

/* ---- rows ---- */

static struct sl_row *new_row(struct scene *s, enum sl_table table, const char *name)
{
    char id[37];
    struct sl_row *row = scene_row(s, table, NULL, name);
    snprintf(id, sizeof(id), "%s-%s", sl_table_info(table)->name, name);
    sl_row_set_text(row, SL_COL_ID, id);
    return row;
}

static struct sl_row *credential_row(struct scene *s, const char *name, const char *keys)
{
    struct sl_row *row = new_row(s, SL_TABLE_CREDENTIALS, name);
    sl_row_set_text(row, SL_CREDENTIALS_BINDING, "https://a.test:443");
    seal(s, row, SL_CREDENTIALS_SECRET, (const char *[]){"credential", "https://a.test:443", keys});
    return row;
}

static void insert(struct scene *s, struct sl_tx *tx, struct sl_row *row)
{
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
}

static void add_credentials(struct scene *s, int n, const char *keys)
{
    for (int i = 0; i < n; i++) {
        char name[16];
        struct sl_tx *tx = scene_admin(s);
        snprintf(name, sizeof(name), "c%d", i);
        insert(s, tx, credential_row(s, name, keys));
        scene_commit(tx);
    }
}

/* said: provider, base URL, and what the headers are sealed for. */
static void add_model(struct scene *s, struct sl_tx *tx, const char *name,
                      const char *const said[3])
{
    struct sl_row *row = new_row(s, SL_TABLE_MODELS, name);
    sl_row_set_text(row, SL_MODELS_PROVIDER, said[0]);
    sl_row_set_text(row, SL_MODELS_BASE_URL, said[1]);
    seal(s, row, SL_MODELS_HEADERS_SECRET, (const char *[]){"headers", said[2], KEY_1});
    insert(s, tx, row);
}

static void add_provider(struct scene *s, struct sl_tx *tx, const char *name,
                         const char *const said[3])
{
    struct sl_row *row = new_row(s, SL_TABLE_PROVIDERS, name);
    sl_row_set_text(row, SL_PROVIDERS_KIND, said[0]);
    sl_row_set_text(row, SL_PROVIDERS_BASE_URL, said[1]);
    seal(s, row, SL_PROVIDERS_HEADERS_SECRET, (const char *[]){"headers", said[2], KEY_1});
    insert(s, tx, row);
}

/* Nine, of which three belong to an import: their images make it twelve. */
static void add_all_kinds(struct scene *s)
{
    struct sl_tx *tx = scene_admin(s);
    add_provider(s, tx, "usual", (const char *[]){"openai", "", "https://api.openai.com:443"});
    add_provider(s, tx, "gone",
                 (const char *[]){"custom", "http://gone.test", "http://gone.test:80"});
    add_model(s, tx, "own", (const char *[]){"box", "https://own.test/v1", "https://own.test:443"});
    add_model(s, tx, "fixed", (const char *[]){"box", "", "http://box.test:80"});
    add_model(s, tx, "stored", (const char *[]){"gone", "", "http://gone.test:80"});
    insert(s, tx, credential_row(s, "c", KEY_1));
    EXPECT_OK(
        sl_tx_delete(tx, (struct sl_row_key){SL_TABLE_PROVIDERS, "providers-gone"}, 0, &s->err));
    scene_commit(tx);
    tx = scene_begin(s, &(struct sl_store_session){.admin = true, .run = "run"}, true);
    add_provider(s, tx, "run", (const char *[]){"custom", "http://run.test", "http://run.test:80"});
    add_model(s, tx, "run", (const char *[]){"usual", "", "https://api.openai.com:443"});
    insert(s, tx, credential_row(s, "run", KEY_1));
    scene_commit(tx);
}

/* ---- running ---- */

struct told {
    struct scene *s;
    int64_t done, total, stop_at;
    int calls, problems;
    char names[400];
    void (*between)(struct told *t); /* a page was read, and is not written yet; NULL: nothing */
};

static void on_progress(void *owner, int64_t done, int64_t total)
{
    struct told *t = owner;
    assert_true(done >= t->done && done <= total);
    t->done = done;
    t->total = total;
}

static void on_problem(void *owner, const struct sl_rotate_problem *p)
{
    struct told *t = owner;
    size_t n = strlen(t->names);
    t->problems++;
    assert_null(strstr(p->why->text, "sk-test"));
    snprintf(t->names + n, sizeof(t->names) - n, "%s %s %s,", p->table, p->row,
             p->why->reason == SL_REASON_ENCRYPTION_KEY_MISSING ? "lost" : "unreadable");
}

static bool stop(void *owner)
{
    struct told *t = owner;
    if (t->between)
        t->between(t);
    return t->calls++ == t->stop_at;
}

static struct told new_told(struct scene *s)
{
    return (struct told){.s = s, .stop_at = -1};
}

static enum sl_code run(struct told *t, const char *keys, size_t batch,
                        struct sl_rotate_result *out)
{
    struct scene *s = t->s;
    struct sl_config *config = NULL;
    struct sl_registry *registry = NULL;
    struct sl_keyring *k = keyring(keys);
    EXPECT_OK(sl_config_parse("c.yaml", config_text, strlen(config_text), &config, &s->err));
    EXPECT_OK(
        sl_registry_create(&(struct sl_registry_sources){.config = config}, &registry, &s->err));
    const struct sl_rotate r = {
        s->store, k, registry, batch, on_progress, on_problem, stop, t,
    };
    enum sl_code code = sl_rotate_run(&r, out, &s->err);
    sl_registry_unref(registry);
    sl_config_destroy(config);
    sl_keyring_unref(k);
    return code;
}

static int64_t under(struct scene *s, const char *id)
{
    struct sl_rotate_counts c;
    EXPECT_OK(sl_rotate_count(s->store, &c, &s->err));
    return sl_rotate_under(&c, id);
}

static int64_t revision(struct scene *s)
{
    int64_t n = -1;
    EXPECT_OK(sl_store_revision(s->store, &n, &s->err));
    return n;
}

/* ---- tests ---- */

static void finds_secrets_of_every_kind(void **state)
{
    static const size_t batches[] = {1, 4, 100};
    static const char *const keys[] = {KEY_2 "," KEY_1, KEY_3 "," KEY_2, KEY_1 "," KEY_3};
    static const char *const ids[] = {"k2", "k3", "k1"};
    struct scene *s = *state;
    add_all_kinds(s);
    int64_t before = revision(s);
    assert_int_equal(under(s, "k1"), 12);
    /* each time the keys of the time before are gone: everything was really sealed anew */
    for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
        struct told t = new_told(s);
        struct sl_rotate_result result;
        EXPECT_OK(run(&t, keys[i], batches[i], &result));
        assert_int_equal(result.resealed, 12);
        assert_int_equal(result.problems, 0);
        assert_int_equal(t.done, 12);
        assert_int_equal(t.total, 12);
        assert_int_equal(under(s, ids[i]), 12);
    }
    assert_int_equal(revision(s), before); /* nobody's etag is stale */
}

static void finds_nothing_twice(void **state)
{
    struct scene *s = *state;
    struct told t = new_told(s);
    struct sl_rotate_result result;
    EXPECT_OK(run(&t, KEY_1, 10, &result)); /* an empty store */
    assert_int_equal(result.resealed, 0);
    add_credentials(s, 3, KEY_1);
    EXPECT_OK(run(&t, KEY_2 "," KEY_1, 10, &result));
    assert_int_equal(result.resealed, 3);
    EXPECT_OK(run(&t, KEY_2 "," KEY_1, 10, &result));
    assert_int_equal(result.resealed, 0);
}

static void goes_on_where_it_was_interrupted(void **state)
{
    struct scene *s = *state;
    struct sl_rotate_result result;
    add_credentials(s, 7, KEY_1);
    for (int64_t left = 7; left > 1; left -= 2) {
        struct told t = new_told(s);
        t.stop_at = 2;
        s->err = (struct sl_err){0};
        assert_int_equal(run(&t, KEY_2 "," KEY_1, 1, &result), SL_CANCELLED);
        assert_int_equal(result.resealed, 2);
        assert_int_equal(t.total, left);
        assert_int_equal(under(s, "k1"), left - 2);
    }
    struct told t = new_told(s);
    s->err = (struct sl_err){0};
    EXPECT_OK(run(&t, KEY_2 "," KEY_1, 1, &result));
    assert_int_equal(result.resealed, 1);
    assert_int_equal(under(s, "k2"), 7);
}

static void names_what_nothing_opens(void **state)
{
    struct scene *s = *state;
    struct told t = new_told(s);
    struct sl_rotate_result result;
    struct sl_tx *tx = scene_admin(s);
    insert(s, tx, credential_row(s, "good", KEY_1));
    insert(s, tx, credential_row(s, "lost", KEY_0));
    struct sl_row *row = credential_row(s, "moved", KEY_1);
    sl_row_set_text(row, SL_CREDENTIALS_BINDING, "https://b.test:443");
    insert(s, tx, row);
    row = credential_row(s, "rubbish", KEY_1);
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, "rubbish", 7);
    insert(s, tx, row);
    add_model(s, tx, "orphan", (const char *[]){"nothing", "", "http://gone.test:80"});
    scene_commit(tx);
    EXPECT_OK(run(&t, KEY_2 "," KEY_1, 1, &result));
    assert_int_equal(result.resealed, 1);
    assert_int_equal(result.problems, 4);
    assert_int_equal(t.problems, 4);
    assert_string_equal(t.names, "credentials credentials-lost lost,"
                                 "credentials credentials-moved unreadable,"
                                 "credentials credentials-rubbish unreadable,"
                                 "models models-orphan unreadable,");
    assert_int_equal(under(s, "k2"), 1);
    assert_int_equal(under(s, "k1"), 2);
    assert_int_equal(under(s, "k0"), 1);
}

static void enter(struct scene *s)
{
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_CREDENTIALS);
    struct sl_secret *secret = sl_secret_create("sk-test-newer", 13);
    const struct sl_vault_place at = {"credential", "credentials-c1", "https://a.test:443"};
    struct sl_keyring *k = keyring(KEY_1);
    struct sl_buf out;
    sl_buf_init(&out, SL_VAULT_MAX_ENVELOPE);
    EXPECT_OK(sl_vault_seal(k, &at, secret, &out, &s->err));
    sl_row_set_text(row, SL_COL_ID, at.row);
    sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, out.p, out.n);
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
    sl_buf_fini(&out);
    sl_secret_unref(secret);
    sl_keyring_unref(k);
}

/* A user enters another key, once. */
static void enter_another(struct told *t)
{
    if (!t->calls)
        enter(t->s);
}

static void overwrites_nobodys_change(void **state)
{
    struct scene *s = *state;
    struct told t = new_told(s);
    struct sl_rotate_result result;
    add_credentials(s, 3, KEY_1);
    t.between = enter_another;
    EXPECT_OK(run(&t, KEY_2 "," KEY_1, 3, &result));
    assert_int_equal(result.resealed, 3);
    expect_text(s, "credentials-c0", KEY_2, "sk-test-secret");
    expect_text(s, "credentials-c1", KEY_2, "sk-test-newer");
}

/* A replica that knows the former key alone, and is busy. */
static void seal_under_the_former(struct told *t)
{
    char name[16];
    snprintf(name, sizeof(name), "late%d", t->calls);
    struct sl_tx *tx = scene_admin(t->s);
    insert(t->s, tx, credential_row(t->s, name, KEY_1));
    scene_commit(tx);
}

static void gives_up_where_a_former_key_is_in_use(void **state)
{
    struct scene *s = *state;
    struct told t = new_told(s);
    struct sl_rotate_result result;
    add_credentials(s, 1, KEY_1);
    t.between = seal_under_the_former;
    s->err = (struct sl_err){0};
    assert_int_equal(run(&t, KEY_2 "," KEY_1, 1000, &result), SL_ABORTED);
    assert_non_null(strstr(s->err.text, "'k2' in front"));
    assert_int_equal(result.resealed, 100);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(finds_secrets_of_every_kind),
        SCENE_TEST(finds_nothing_twice),
        SCENE_TEST(goes_on_where_it_was_interrupted),
        SCENE_TEST(names_what_nothing_opens),
        SCENE_TEST(overwrites_nobodys_change),
        SCENE_TEST(gives_up_where_a_former_key_is_in_use),
    };
    return SCENE_MAIN(tests, argc, argv);
}
