/* Users, keys and tiers in a store, and who a key proves. */
#include "unit/access/users_kit.h"

#include <stdlib.h>
#include <string.h>

#include "access/load.h"
#include "base/clock.h"
#include "config/load.h"

struct sl_access *users_load(struct scene *s)
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

void users_refresh(struct scene *s, struct sl_access **a)
{
    struct sl_access *next = NULL;
    EXPECT_OK(sl_access_refresh(*a, s->store, &next, &s->err));
    sl_access_unref(*a);
    *a = next;
}

void users_compact(struct scene *s, struct sl_access **a)
{
    struct sl_access *next = NULL;
    EXPECT_OK(sl_access_compact(*a, s->store, &next, &s->err));
    sl_access_unref(*a);
    *a = next;
}

/* ---- writing ---- */

const char *users_add(struct scene *s, const struct users_user *u)
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

void users_set(struct scene *s, const char *id, unsigned column, const char *value)
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

struct sl_api_key users_add_key(struct scene *s, const char *user, const struct users_key *k)
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

void users_revoke(struct scene *s, const char *user, const char *id)
{
    struct sl_tx *tx = scene_user(s, user);
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_API_KEYS);
    sl_row_set_text(row, SL_COL_ID, id);
    sl_row_set_int(row, SL_API_KEYS_REVOKED_MS, sl_wall_ms());
    EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    scene_commit(tx);
}

void users_add_tier(struct scene *s, const char *name, int64_t rank, const char *rights)
{
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_row(s, SL_TABLE_TIERS, NULL, name);
    sl_row_set_int(row, SL_TIERS_RANK, rank);
    sl_row_set_text(row, SL_TIERS_RIGHTS, rights);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
}

void users_prefer(struct scene *s, const char *user, const char *json)
{
    struct sl_tx *tx = scene_user(s, user);
    const struct sl_row_name name = {SL_TABLE_PREFERENCES, user, ""};
    struct sl_row *row = sl_row_create(&s->arena, SL_TABLE_PREFERENCES), *old = NULL;
    EXPECT_OK(sl_tx_find(tx, name, &s->arena, &old, &s->err));
    sl_row_set_text(row, SL_PREFERENCES_SETTINGS, json);
    if (old) {
        sl_row_set_text(row, SL_COL_ID, sl_row_text(old, SL_COL_ID));
        EXPECT_OK(sl_tx_update(tx, row, 0, &s->err));
    } else {
        sl_row_set_text(row, SL_COL_OWNER, user);
        EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    }
    scene_commit(tx);
}

void users_delete(struct scene *s, const char *id)
{
    struct sl_tx *tx = scene_admin(s);
    EXPECT_OK(sl_tx_delete_user(tx, id, 0, &s->err));
    scene_commit(tx);
}

/* ---- asking ---- */

/* What the key proves; NULL with the error in s->err. */
const struct sl_principal *users_ask(struct scene *s, const struct sl_access *a,
                                     struct sl_credentials c, const char *key)
{
    const struct sl_principal *p = NULL;
    s->err = (struct sl_err){0};
    c.authorization = sl_str(sl_arena_printf(&s->arena, "Bearer %s", key));
    return sl_access_check(a, &c, &s->arena, &p, &s->err) ? NULL : p;
}

const struct sl_principal *users_who(struct scene *s, const struct sl_access *a, const char *key)
{
    return users_ask(s, a, (struct sl_credentials){0}, key);
}
