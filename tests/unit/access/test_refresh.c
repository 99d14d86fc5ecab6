/* Snapshots of a store: what it holds at the start, what changes later, and both worked into one. */
#include "unit/access/users_kit.h"

#include <stdlib.h>
#include <string.h>

#include "access/load.h"
#include "access/preferences.h"
#include "base/clock.h"
#include "config/load.h"

enum { MAX_PEOPLE = 64 };

static void reads_all_at_the_start(void **state)
{
    struct scene *s = *state;
    users_add_tier(s, "pro", 2, "{\"models\":[\"gpt-*\"]}");
    const char *ann =
        users_add(s, &(struct users_user){"ann", "pro", "[\"admin\"]", "sub-ann", false});
    const char *bob = users_add(s, &(struct users_user){"bob", "", "", "", true});
    struct sl_api_key one = users_add_key(s, ann, NULL);
    struct sl_api_key small = users_add_key(s, ann, &(struct users_key){"[\"complete\"]", 0});
    struct sl_api_key old = users_add_key(s, ann, &(struct users_key){"", sl_wall_ms() - 2000});
    struct sl_api_key later = users_add_key(s, ann, &(struct users_key){"", sl_wall_ms() + 60000});
    struct sl_api_key off = users_add_key(s, bob, NULL);
    struct sl_access *a = users_load(s);
    const struct sl_principal *p = users_who(s, a, one.text);
    assert_string_equal(p->id, ann);
    assert_string_equal(p->name, "ann");
    assert_string_equal(p->tier, "pro");
    assert_string_equal(p->rights->models[0], "gpt-*");
    assert_string_equal(p->key_id, one.id);
    assert_string_equal(p->proof, "api_key");
    assert_true(p->stored);
    assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_ADMIN);
    assert_int_equal(p->scopes, SL_SCOPES_DEFAULT);
    p = users_who(s, a, small.text);
    assert_int_equal(p->roles, SL_ROLE_USER);
    assert_int_equal(p->scopes, SL_SCOPE_COMPLETE);
    assert_null(users_who(s, a, old.text));
    assert_non_null(strstr(s->err.text, "expired"));
    assert_non_null(users_who(s, a, later.text));
    assert_null(users_who(s, a, off.text));
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
    const char *ann = users_add(s, &(struct users_user){.name = "ann"});
    struct sl_api_key first = users_add_key(s, ann, NULL);
    struct sl_access *a = users_load(s), *old = sl_access_ref(a);
    users_refresh(s, &a);
    assert_true(sl_access_is_same(a, old));
    struct sl_api_key second = users_add_key(s, ann, NULL);
    assert_null(users_who(s, a, second.text));
    users_refresh(s, &a);
    assert_false(sl_access_is_same(a, old));
    assert_non_null(users_who(s, a, second.text));
    users_revoke(s, ann, first.id);
    users_add_tier(s, "gold", 1, "");
    users_set(s, ann, SL_USERS_TIER, "gold");
    const char *bob = users_add(s, &(struct users_user){.name = "bob"});
    struct sl_api_key bobs = users_add_key(s, bob, NULL);
    users_refresh(s, &a);
    assert_null(users_who(s, a, first.text));
    assert_string_equal(users_who(s, a, second.text)->tier, "gold");
    assert_int_equal(users_who(s, a, second.text)->rights->rank, 1);
    assert_string_equal(users_who(s, a, bobs.text)->id, bob);
    users_set(s, bob, SL_COL_NAME, "rob");
    users_set(s, ann, SL_USERS_DISABLED, "x");
    users_refresh(s, &a);
    assert_string_equal(users_who(s, a, bobs.text)->name, "rob");
    assert_null(users_who(s, a, second.text));
    users_delete(s, bob);
    users_refresh(s, &a);
    assert_null(users_who(s, a, bobs.text));
    assert_non_null(users_who(s, old, first.text)); /* who holds a snapshot goes on with it */
    users_compact(s, &a);
    assert_null(users_who(s, a, first.text));
    assert_null(users_who(s, a, second.text));
    assert_null(users_who(s, a, bobs.text));
    users_set(s, ann, SL_USERS_DISABLED, "");
    users_refresh(s, &a);
    assert_string_equal(users_who(s, a, second.text)->id, ann);
    sl_access_unref(old);
    sl_access_unref(a);
}

static void expect_counts(const struct sl_access *a, size_t users, size_t keys)
{
    struct sl_access_counts n;
    sl_access_count(a, &n);
    assert_int_equal(n.users, users);
    assert_int_equal(n.keys, keys);
}

/* Whatever way things went, and before and after they were worked in. */
static void counts_users_and_keys(void **state)
{
    struct scene *s = *state;
    const char *ann = users_add(s, &(struct users_user){.name = "ann"});
    const char *bob = users_add(s, &(struct users_user){.name = "bob"});
    struct sl_api_key anns = users_add_key(s, ann, NULL);
    users_add_key(s, ann, NULL);
    users_add_key(s, bob, NULL);
    struct sl_access *a = users_load(s);
    expect_counts(a, 2, 3);
    const char *eve = users_add(s, &(struct users_user){.name = "eve"});
    struct sl_api_key eves = users_add_key(s, eve, NULL);
    users_add_key(s, eve, NULL);
    users_add_key(s, bob, NULL);
    users_refresh(s, &a);
    expect_counts(a, 3, 6);
    users_revoke(s, ann, anns.id); /* of the base */
    users_revoke(s, eve, eves.id); /* of the overlay */
    users_set(s, ann, SL_USERS_DISABLED, "x");
    users_refresh(s, &a);
    expect_counts(a, 3, 4);
    users_delete(s, bob); /* with a key in the base and one in the overlay */
    users_refresh(s, &a);
    expect_counts(a, 2, 2);
    users_compact(s, &a);
    expect_counts(a, 2, 2);
    users_delete(s, eve);
    users_refresh(s, &a);
    expect_counts(a, 1, 1);
    users_compact(s, &a);
    expect_counts(a, 1, 1);
    users_delete(s, ann);
    users_refresh(s, &a);
    expect_counts(a, 0, 0);
    sl_access_unref(a);
    a = users_load(s);
    expect_counts(a, 0, 0);
    sl_access_unref(a);
}

/* A change that does not concern callers costs nothing, but is seen. */
static void counts_revisions(void **state)
{
    struct scene *s = *state;
    struct sl_access *a = users_load(s);
    int64_t before = sl_access_revision(a);
    scene_add(s, SL_TABLE_MODELS, NULL, "m");
    users_refresh(s, &a);
    assert_int_equal(sl_access_revision(a), before + 1);
    assert_false(sl_access_has_grown(a));
    users_compact(s, &a);
    users_refresh(s, &a);
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
    struct sl_access *a = users_load(s);
    for (int step = 0; step < 160; step++) {
        seed = seed * 1103515245 + 12345; /* the C standard's example generator */
        unsigned dice = seed >> 16 & 7, which = seed >> 20;
        if (n_users < 2 || (dice == 0 && n_users < MAX_PEOPLE)) {
            users[n_users] =
                users_add(s, &(struct users_user){.name = sl_arena_printf(&s->arena, "u%d", step)});
            n_users++;
        } else if (dice < 3 && n_keys < MAX_PEOPLE && users[which % n_users]) {
            owner[n_keys] = which % n_users;
            keys[n_keys++] = users_add_key(s, users[which % n_users], NULL);
        } else if (dice == 3 && n_keys && users[owner[which % n_keys]]) {
            users_revoke(s, users[owner[which % n_keys]], keys[which % n_keys].id);
        } else if (dice == 4 && users[which % n_users]) {
            users_set(s, users[which % n_users], SL_USERS_DISABLED, which & 64 ? "x" : "");
        } else if (dice == 5 && step % 3 == 0 && users[which % n_users]) {
            users_delete(s, users[which % n_users]);
            users[which % n_users] = NULL;
        } else if (dice == 6) {
            users_compact(s, &a);
        }
        if (dice & 1)
            users_refresh(s, &a);
    }
    users_refresh(s, &a);
    struct sl_access *fresh = users_load(s);
    for (size_t i = 0; i < n_keys; i++) {
        const struct sl_principal *p = users_who(s, a, keys[i].text),
                                  *q = users_who(s, fresh, keys[i].text);
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
    struct sl_access *a = users_load(s), *b = NULL;
    const char *ann = users_add(s, &(struct users_user){.name = "new", .tier = "gold"});
    setenv("SL_TEST_NEW", "sl-test-new-0123456789", 1);
    EXPECT_OK(sl_config_parse("s.yaml", text, strlen(text), &c, &s->err));
    EXPECT_OK(sl_access_reconfigure(a, c, &b, &s->err));
    assert_non_null(users_who(s, a, "sl-test-root-0123456789"));
    assert_null(users_who(s, b, "sl-test-root-0123456789"));
    assert_string_equal(users_who(s, b, "sl-test-new-0123456789")->id, "new");
    users_refresh(s, &b);
    /* the configuration's caller is the stored user of that name; its tier is the configuration's */
    assert_string_equal(users_who(s, b, "sl-test-new-0123456789")->id, ann);
    assert_string_equal(users_who(s, b, "sl-test-new-0123456789")->tier, "");
    users_set(s, ann, SL_USERS_DISABLED, "x");
    users_refresh(s, &b);
    assert_null(users_who(s, b, "sl-test-new-0123456789"));
    sl_config_destroy(c);
    sl_access_unref(a);
    sl_access_unref(b);
}

static const char *hidden_of(const struct sl_principal *p)
{
    return p->preferences && p->preferences->n_hidden ? p->preferences->hidden[0] : "";
}

struct counting {
    const struct sl_access *access;
    size_t n;
};

static void count_user(void *owner, const char *id, const struct sl_preferences *preferences)
{
    struct counting *c = owner;
    assert_ptr_equal(sl_access_preferences(c->access, id), preferences);
    c->n++;
}

static size_t count_preferences(const struct sl_access *a)
{
    struct counting c = {a, 0};
    sl_access_each_preferences(a, count_user, &c);
    return c.n;
}

/* Preferences stay with their user, whatever else changes, and go with it. */
static void keeps_preferences(void **state)
{
    struct scene *s = *state;
    const char *ann = users_add(s, &(struct users_user){.name = "ann", .subject = "sub-ann"});
    struct sl_api_key key = users_add_key(s, ann, NULL);
    users_prefer(s, ann, "{\"hidden_models\":[\"one\"]}");
    struct sl_access *a = users_load(s), *old = sl_access_ref(a);
    assert_string_equal(hidden_of(users_who(s, a, key.text)), "one");
    users_prefer(s, ann, "{\"hidden_models\":[\"two\"]}");
    users_refresh(s, &a);
    assert_string_equal(hidden_of(users_who(s, a, key.text)), "two");
    assert_string_equal(hidden_of(users_who(s, old, key.text)), "one");
    users_set(s, ann, SL_COL_NAME, "anna");
    const char *bob = users_add(s, &(struct users_user){.name = "bob"});
    struct sl_api_key bobs = users_add_key(s, bob, NULL);
    users_prefer(s, bob, "{\"hidden_models\":[\"three\"]}");
    users_refresh(s, &a);
    assert_string_equal(hidden_of(users_who(s, a, key.text)), "two");
    assert_string_equal(hidden_of(users_who(s, a, bobs.text)), "three");
    assert_int_equal(count_preferences(a), 2);
    assert_int_equal(count_preferences(old), 1);
    users_set(s, bob, SL_COL_NAME, "rob");
    users_refresh(s, &a);
    assert_string_equal(hidden_of(users_who(s, a, bobs.text)), "three");
    const struct sl_claims claims = {.subject = "sub-ann", .name = "", .tier = ""};
    const struct sl_principal *p = NULL;
    EXPECT_OK(sl_access_of_claims(a, &claims, &s->arena, &p, &s->err));
    assert_string_equal(hidden_of(p), "two");
    struct sl_principal named;
    assert_true(sl_access_user(a, ann, &named));
    assert_string_equal(hidden_of(&named), "two");
    users_compact(s, &a);
    assert_string_equal(hidden_of(users_who(s, a, key.text)), "two");
    assert_string_equal(hidden_of(users_who(s, a, bobs.text)), "three");
    users_prefer(s, ann, "{}");
    users_delete(s, bob);
    users_refresh(s, &a);
    assert_null(users_who(s, a, key.text)->preferences);
    assert_true(sl_access_user(a, ann, &named));
    assert_null(named.preferences);
    assert_null(sl_access_preferences(a, bob));
    assert_int_equal(count_preferences(a), 0);
    sl_access_unref(old);
    sl_access_unref(a);
}

static void maps_claims(void **state)
{
    struct scene *s = *state;
    const char *ann =
        users_add(s, &(struct users_user){"ann", "pro", "[\"operator\"]", "sub-1", false});
    users_add(s, &(struct users_user){"off", "", "", "sub-2", true});
    struct sl_access *a = users_load(s);
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

static void tells_what_a_user_may(void **state)
{
    struct scene *s = *state;
    struct sl_principal p;
    const char *ann =
        users_add(s, &(struct users_user){.name = "ann", .tier = "pro", .roles = "[\"operator\"]"});
    struct sl_access *a = users_load(s);
    assert_false(sl_access_user(a, "nobody", &p));
    assert_true(sl_access_user(a, ann, &p));
    assert_string_equal(p.name, "ann");
    assert_string_equal(p.tier, "pro");
    assert_int_equal(p.roles, SL_ROLE_USER | SL_ROLE_OPERATOR);
    assert_null(sl_access_nth_tier(a, 0));
    sl_access_unref(a);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(reads_all_at_the_start),
        SCENE_TEST(takes_up_changes),
        SCENE_TEST(counts_users_and_keys),
        SCENE_TEST(counts_revisions),
        SCENE_TEST(agrees_with_a_fresh_one),
        SCENE_TEST(takes_up_a_configuration),
        SCENE_TEST(maps_claims),
        SCENE_TEST(keeps_preferences),
        SCENE_TEST(tells_what_a_user_may),
    };
    return SCENE_MAIN(tests, argc, argv);
}
