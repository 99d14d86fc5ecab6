/* Snapshots of a store: what it holds at the start, what changes later, and both worked into one; and acting for end
 * users, which needs stored tiers. */
#include "../store/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/api_key.h"
#include "access/load.h"
#include "base/clock.h"
#include "config/load.h"

enum { MAX_PEOPLE = 64 };

static struct sl_access *load(struct scene *s)
{
    static const char text[] = "access: {keys: [{name: backend, key: 'env:SL_TEST_BACKEND', tier: "
                               "pro, scopes: [complete, act_as]},\n"
                               "                {name: root, key: 'env:SL_TEST_ROOT', roles: "
                               "[admin], scopes: [admin, act_as]}]}\n";
    struct sl_config *c = NULL;
    struct sl_access *a = NULL;
    setenv("SL_TEST_BACKEND", "sl-test-backend-0123456789", 1);
    setenv("SL_TEST_ROOT", "sl-test-root-0123456789", 1);
    EXPECT_OK(sl_config_parse("s.yaml", text, strlen(text), &c, &s->err));
    EXPECT_OK(sl_access_create(c, s->store, &a, &s->err));
    sl_config_destroy(c);
    return a;
}

static void refresh(struct scene *s, struct sl_access **a)
{
    struct sl_access *next = NULL;
    EXPECT_OK(sl_access_refresh(*a, s->store, &next, &s->err));
    sl_access_unref(*a);
    *a = next;
}

static void compact(struct scene *s, struct sl_access **a)
{
    struct sl_access *next = NULL;
    EXPECT_OK(sl_access_compact(*a, s->store, &next, &s->err));
    sl_access_unref(*a);
    *a = next;
}

/* ---- writing ---- */

struct user {
    const char *name, *tier, *roles, *subject;
    bool disabled;
};

static const char *add_user(struct scene *s, const struct user *u)
{
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_row(s, SL_TABLE_USERS, NULL, u->name);
    sl_row_set_text(row, SL_USERS_TIER, u->tier ? u->tier : "");
    sl_row_set_text(row, SL_USERS_ROLES, u->roles ? u->roles : "");
    sl_row_set_text(row, SL_USERS_SUBJECT, u->subject ? u->subject : "");
    sl_row_set_bool(row, SL_USERS_DISABLED, u->disabled);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    return sl_row_text(row, SL_COL_ID);
}

static void set_user(struct scene *s, const char *id, unsigned column, const char *value)
{
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_USERS);
    sl_row_set_text(row, SL_COL_ID, id);
    if (column == SL_USERS_DISABLED)
        sl_row_set_bool(row, column, *value != '\0');
    else
        sl_row_set_text(row, column, value);
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
}

struct key {
    const char *scopes;
    int64_t expires_ms;
};

static struct sl_api_key add_key(struct scene *s, const char *user, const struct key *k)
{
    struct sl_api_key made;
    struct sl_tx *tx = scene_user(s, user);
    struct sl_row *row = scene_row(s, SL_TABLE_API_KEYS, user, "test");
    assert_true(sl_api_key_make(&made));
    sl_row_set_text(row, SL_COL_ID, made.id);
    sl_row_set_bytes(row, SL_API_KEYS_SHA256, made.sha256, sizeof(made.sha256));
    sl_row_set_text(row, SL_API_KEYS_SCOPES, k && k->scopes ? k->scopes : "");
    sl_row_set_int(row, SL_API_KEYS_EXPIRES_MS, k ? k->expires_ms : 0);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    return made;
}

static void revoke(struct scene *s, const char *user, const char *id)
{
    struct sl_tx *tx = scene_user(s, user);
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_API_KEYS);
    sl_row_set_text(row, SL_COL_ID, id);
    sl_row_set_int(row, SL_API_KEYS_REVOKED_MS, sl_wall_ms());
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
}

static void add_tier(struct scene *s, const char *name, int64_t rank, const char *rights)
{
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_row(s, SL_TABLE_TIERS, NULL, name);
    sl_row_set_int(row, SL_TIERS_RANK, rank);
    sl_row_set_text(row, SL_TIERS_RIGHTS, rights);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
}

static void delete_user(struct scene *s, const char *id)
{
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_delete_user(tx, id, 0, &s->err));
    scene_commit(tx);
}

/* ---- asking ---- */

/* What the key proves; NULL with the error in s->err. */
static const struct sl_principal *ask(struct scene *s, const struct sl_access *a,
                                      struct sl_credentials c, const char *key)
{
    const struct sl_principal *p = NULL;
    s->err = (struct sl_err){0};
    c.authorization = sl_str(sl_arena_printf(&s->arena, "Bearer %s", key));
    return sl_access_check(a, &c, &s->arena, &p, &s->err) ? NULL : p;
}

static const struct sl_principal *who(struct scene *s, const struct sl_access *a, const char *key)
{
    return ask(s, a, (struct sl_credentials){0}, key);
}

/* ---- tests ---- */

static void reads_all_at_the_start(void **state)
{
    struct scene *s = *state;
    add_tier(s, "pro", 2, "{\"models\":[\"gpt-*\"]}");
    const char *ann = add_user(s, &(struct user){"ann", "pro", "[\"admin\"]", "sub-ann", false});
    const char *bob = add_user(s, &(struct user){"bob", "", "", "", true});
    struct sl_api_key one = add_key(s, ann, NULL);
    struct sl_api_key small = add_key(s, ann, &(struct key){"[\"complete\"]", 0});
    struct sl_api_key old = add_key(s, ann, &(struct key){"", sl_wall_ms() - 2000});
    struct sl_api_key later = add_key(s, ann, &(struct key){"", sl_wall_ms() + 60000});
    struct sl_api_key off = add_key(s, bob, NULL);
    struct sl_access *a = load(s);
    const struct sl_principal *p = who(s, a, one.text);
    assert_string_equal(p->id, ann);
    assert_string_equal(p->name, "ann");
    assert_string_equal(p->tier, "pro");
    assert_string_equal(p->rights->models[0], "gpt-*");
    assert_string_equal(p->key_id, one.id);
    assert_string_equal(p->proof, "api_key");
    assert_true(p->stored);
    assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_ADMIN);
    assert_int_equal(p->scopes, SL_SCOPES_DEFAULT);
    p = who(s, a, small.text);
    assert_int_equal(p->roles, SL_ROLE_USER);
    assert_int_equal(p->scopes, SL_SCOPE_COMPLETE);
    assert_null(who(s, a, old.text));
    assert_non_null(strstr(s->err.text, "expired"));
    assert_non_null(who(s, a, later.text));
    assert_null(who(s, a, off.text));
    assert_non_null(strstr(s->err.text, "disabled"));
    assert_int_equal(s->err.code, SL_UNAUTHENTICATED);
    const struct sl_credentials shown = {.certificate = SL_STR("sub-ann")};
    assert_int_equal(sl_access_check(a, &shown, &s->arena, &p, &s->err), SL_OK);
    assert_string_equal(p->proof, "certificate");
    assert_string_equal(p->name, "ann");
    sl_access_unref(a);
}

static void takes_up_changes(void **state)
{
    struct scene *s = *state;
    const char *ann = add_user(s, &(struct user){.name = "ann"});
    struct sl_api_key first = add_key(s, ann, NULL);
    struct sl_access *a = load(s), *old = sl_access_ref(a);
    struct sl_api_key second = add_key(s, ann, NULL);
    assert_null(who(s, a, second.text));
    refresh(s, &a);
    assert_non_null(who(s, a, second.text));
    revoke(s, ann, first.id);
    add_tier(s, "gold", 1, "");
    set_user(s, ann, SL_USERS_TIER, "gold");
    const char *bob = add_user(s, &(struct user){.name = "bob"});
    struct sl_api_key bobs = add_key(s, bob, NULL);
    refresh(s, &a);
    assert_null(who(s, a, first.text));
    assert_string_equal(who(s, a, second.text)->tier, "gold");
    assert_int_equal(who(s, a, second.text)->rights->rank, 1);
    assert_string_equal(who(s, a, bobs.text)->id, bob);
    set_user(s, bob, SL_COL_NAME, "rob");
    set_user(s, ann, SL_USERS_DISABLED, "x");
    refresh(s, &a);
    assert_string_equal(who(s, a, bobs.text)->name, "rob");
    assert_null(who(s, a, second.text));
    delete_user(s, bob);
    refresh(s, &a);
    assert_null(who(s, a, bobs.text));
    assert_non_null(who(s, old, first.text)); /* who holds a snapshot goes on with it */
    compact(s, &a);
    assert_null(who(s, a, first.text));
    assert_null(who(s, a, second.text));
    assert_null(who(s, a, bobs.text));
    set_user(s, ann, SL_USERS_DISABLED, "");
    refresh(s, &a);
    assert_string_equal(who(s, a, second.text)->id, ann);
    sl_access_unref(old);
    sl_access_unref(a);
}

/* A change that does not concern callers costs nothing, but is seen. */
static void counts_revisions(void **state)
{
    struct scene *s = *state;
    struct sl_access *a = load(s);
    int64_t before = sl_access_revision(a);
    scene_add(s, SL_TABLE_MODELS, NULL, "m");
    refresh(s, &a);
    assert_int_equal(sl_access_revision(a), before + 1);
    assert_false(sl_access_has_grown(a));
    compact(s, &a);
    refresh(s, &a);
    sl_access_unref(a);
}

/* A snapshot that followed all changes says the same as one that was read anew. */
static void agrees_with_a_fresh_one(void **state)
{
    struct scene *s = *state;
    const char *users[MAX_PEOPLE] = {NULL};
    struct sl_api_key keys[MAX_PEOPLE];
    size_t n_users = 0, n_keys = 0, owner[MAX_PEOPLE];
    unsigned seed = 12345;
    struct sl_access *a = load(s);
    for (int step = 0; step < 160; step++) {
        seed = seed * 1103515245 + 12345; /* the C standard's example generator */
        unsigned dice = seed >> 16 & 7, which = seed >> 20;
        if (n_users < 2 || (dice == 0 && n_users < MAX_PEOPLE)) {
            users[n_users] =
                add_user(s, &(struct user){.name = sl_arena_printf(&s->arena, "u%d", step)});
            n_users++;
        } else if (dice < 3 && n_keys < MAX_PEOPLE && users[which % n_users]) {
            owner[n_keys] = which % n_users;
            keys[n_keys++] = add_key(s, users[which % n_users], NULL);
        } else if (dice == 3 && n_keys && users[owner[which % n_keys]]) {
            revoke(s, users[owner[which % n_keys]], keys[which % n_keys].id);
        } else if (dice == 4 && users[which % n_users]) {
            set_user(s, users[which % n_users], SL_USERS_DISABLED, which & 64 ? "x" : "");
        } else if (dice == 5 && step % 3 == 0 && users[which % n_users]) {
            delete_user(s, users[which % n_users]);
            users[which % n_users] = NULL;
        } else if (dice == 6) {
            compact(s, &a);
        }
        if (dice & 1)
            refresh(s, &a);
    }
    refresh(s, &a);
    struct sl_access *fresh = load(s);
    for (size_t i = 0; i < n_keys; i++) {
        const struct sl_principal *p = who(s, a, keys[i].text), *q = who(s, fresh, keys[i].text);
        assert_int_equal(p == NULL, q == NULL);
        if (p)
            assert_string_equal(p->id, q->id);
    }
    assert_int_equal(sl_access_revision(a), sl_access_revision(fresh));
    sl_access_unref(fresh);
    sl_access_unref(a);
}

static void takes_up_a_configuration(void **state)
{
    static const char text[] = "access: {keys: [{name: new, key: 'env:SL_TEST_NEW'}]}";
    struct scene *s = *state;
    struct sl_config *c = NULL;
    struct sl_access *a = load(s), *b = NULL;
    const char *ann = add_user(s, &(struct user){.name = "new", .tier = "gold"});
    setenv("SL_TEST_NEW", "sl-test-new-0123456789", 1);
    EXPECT_OK(sl_config_parse("s.yaml", text, strlen(text), &c, &s->err));
    EXPECT_OK(sl_access_reconfigure(a, c, &b, &s->err));
    assert_non_null(who(s, a, "sl-test-root-0123456789"));
    assert_null(who(s, b, "sl-test-root-0123456789"));
    assert_string_equal(who(s, b, "sl-test-new-0123456789")->id, "new");
    refresh(s, &b);
    /* the configuration's caller is the stored user of that name; its tier is the configuration's */
    assert_string_equal(who(s, b, "sl-test-new-0123456789")->id, ann);
    assert_string_equal(who(s, b, "sl-test-new-0123456789")->tier, "");
    set_user(s, ann, SL_USERS_DISABLED, "x");
    refresh(s, &b);
    assert_null(who(s, b, "sl-test-new-0123456789"));
    sl_config_destroy(c);
    sl_access_unref(a);
    sl_access_unref(b);
}

static void maps_claims(void **state)
{
    struct scene *s = *state;
    const char *ann = add_user(s, &(struct user){"ann", "pro", "[\"operator\"]", "sub-1", false});
    add_user(s, &(struct user){"off", "", "", "sub-2", true});
    struct sl_access *a = load(s);
    const struct sl_principal *p = NULL;
    struct sl_claims c = {.subject = "sub-1", .name = "", .tier = ""};
    EXPECT_OK(sl_access_of_claims(a, &c, &s->arena, &p, &s->err));
    assert_string_equal(p->id, ann);
    assert_string_equal(p->tier, "pro");
    assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_OPERATOR);
    c = (struct sl_claims){"someone", "Some One", "free", SL_ROLE_AUDITOR};
    EXPECT_OK(sl_access_of_claims(a, &c, &s->arena, &p, &s->err));
    assert_string_equal(p->id, "jwt#someone");
    assert_string_equal(p->name, "Some One");
    assert_string_equal(p->tier, "free");
    assert_string_equal(p->proof, "jwt");
    assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_AUDITOR);
    assert_false(p->stored);
    c.subject = "sub-2";
    EXPECT_ERROR(sl_access_of_claims(a, &c, &s->arena, &p, &s->err), SL_UNAUTHENTICATED,
                 SL_REASON_CREDENTIALS_INVALID);
    sl_access_unref(a);
}

#define BACKEND "sl-test-backend-0123456789"
#define ROOT "sl-test-root-0123456789"

static void acts_for_end_users(void **state)
{
    static const struct {
        const char *key, *user, *tier;
        enum sl_code code;
        const char *id, *in; /* of the principal; the tier */
    } rows[] = {
        {BACKEND, "somebody", "", SL_OK, "backend#somebody", "pro"},
        {BACKEND, "somebody", "free", SL_OK, "backend#somebody", "free"},
        {BACKEND, "somebody", "pro", SL_OK, "backend#somebody", "pro"},
        {BACKEND, "somebody", "max", SL_PERMISSION_DENIED, NULL, NULL},
        {BACKEND, "somebody", "none", SL_INVALID_ARGUMENT, NULL, NULL},
        {BACKEND, "some body", "", SL_INVALID_ARGUMENT, NULL, NULL},
        {BACKEND, "", "free", SL_INVALID_ARGUMENT, NULL, NULL},
        {BACKEND, "ann", "", SL_OK, "ANN", "max"},
        {BACKEND, "ann", "max", SL_OK, "ANN", "max"},
        {BACKEND, "ann", "free", SL_INVALID_ARGUMENT, NULL, NULL},
        {BACKEND, "off", "", SL_PERMISSION_DENIED, NULL, NULL},
        {ROOT, "somebody", "max", SL_OK, "root#somebody", "max"},
        {ROOT, "ann", "", SL_OK, "ANN", "max"},
        {"KEY", "somebody", "", SL_PERMISSION_DENIED, NULL, NULL},
        {"KEY", "", "free", SL_PERMISSION_DENIED, NULL, NULL},
    };
    struct scene *s = *state;
    add_tier(s, "free", 1, "");
    add_tier(s, "pro", 2, "{\"models\":[\"gpt\"]}");
    add_tier(s, "max", 3, "");
    const char *ann = add_user(s, &(struct user){"ann", "max", "[\"admin\"]", "", false});
    add_user(s, &(struct user){"off", "", "", "", true});
    struct sl_api_key key = add_key(s, ann, NULL);
    struct sl_access *a = load(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_credentials c = {.user = sl_str(rows[i].user),
                                         .tier = sl_str(rows[i].tier)};
        const char *text = !strcmp(rows[i].key, "KEY") ? key.text : rows[i].key;
        const struct sl_principal *p = ask(s, a, c, text);
        assert_int_equal(s->err.code, rows[i].code);
        if (!rows[i].id)
            continue;
        assert_string_equal(p->id, strcmp(rows[i].id, "ANN") ? rows[i].id : ann);
        assert_string_equal(p->tier, rows[i].in);
        assert_int_equal(p->scopes & SL_SCOPE_ACT_AS, 0);
        assert_non_null(p->actor);
    }
    sl_access_unref(a);
}

/* Roles, scopes and rights are what both have. */
static void acts_within_its_own_rights(void **state)
{
    struct scene *s = *state;
    add_tier(s, "pro", 2, "{\"models\":[\"gpt\"]}");
    add_tier(s, "max", 3, "");
    add_user(s, &(struct user){"ann", "max", "[\"admin\"]", "", false});
    struct sl_access *a = load(s);
    const struct sl_credentials c = {.user = SL_STR("ann")};
    const struct sl_principal *p = ask(s, a, c, BACKEND);
    assert_int_equal(p->roles, SL_ROLE_USER);
    assert_int_equal(p->scopes, SL_SCOPE_COMPLETE);
    assert_string_equal(p->actor->name, "backend");
    assert_string_equal(p->actor->rights->models[0], "gpt");
    p = ask(s, a, c, ROOT);
    assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_ADMIN);
    assert_int_equal(p->scopes, SL_SCOPE_ADMIN);
    sl_access_unref(a);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(reads_all_at_the_start),   SCENE_TEST(takes_up_changes),
        SCENE_TEST(counts_revisions),         SCENE_TEST(agrees_with_a_fresh_one),
        SCENE_TEST(takes_up_a_configuration), SCENE_TEST(maps_claims),
        SCENE_TEST(acts_for_end_users),       SCENE_TEST(acts_within_its_own_rights),
    };
    return SCENE_MAIN(tests, argc, argv);
}
