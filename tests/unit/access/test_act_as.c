/* Acting for end users: whom, in which tier, and that nobody gets more than both have. */
#include "unit/access/users_kit.h"

#include <string.h>

static void acts_for_end_users(void **state)
{
    static const struct {
        const char *key, *user, *tier;
        enum sl_code code;
        const char *id, *in; /* of the principal; the tier */
    } rows[] = {
        {USERS_BACKEND, "somebody", "", SL_OK, "backend#somebody", "pro"},
        {USERS_BACKEND, "somebody", "free", SL_OK, "backend#somebody", "free"},
        {USERS_BACKEND, "somebody", "pro", SL_OK, "backend#somebody", "pro"},
        {USERS_BACKEND, "somebody", "max", SL_PERMISSION_DENIED, NULL, NULL},
        {USERS_BACKEND, "somebody", "none", SL_INVALID_ARGUMENT, NULL, NULL},
        {USERS_BACKEND, "some body", "", SL_INVALID_ARGUMENT, NULL, NULL},
        {USERS_BACKEND, "", "free", SL_INVALID_ARGUMENT, NULL, NULL},
        {USERS_BACKEND, "ann", "", SL_OK, "ANN", "max"},
        {USERS_BACKEND, "ann", "max", SL_OK, "ANN", "max"},
        {USERS_BACKEND, "ann", "free", SL_INVALID_ARGUMENT, NULL, NULL},
        {USERS_BACKEND, "off", "", SL_PERMISSION_DENIED, NULL, NULL},
        {USERS_ROOT, "somebody", "max", SL_OK, "root#somebody", "max"},
        {USERS_ROOT, "ann", "", SL_OK, "ANN", "max"},
        {"KEY", "somebody", "", SL_PERMISSION_DENIED, NULL, NULL},
        {"KEY", "", "free", SL_PERMISSION_DENIED, NULL, NULL},
    };
    struct scene *s = *state;
    users_add_tier(s, "free", 1, "");
    users_add_tier(s, "pro", 2, "{\"models\":[\"gpt\"]}");
    users_add_tier(s, "max", 3, "");
    const char *ann = users_add(s, &(struct users_user){"ann", "max", "[\"admin\"]", "", false});
    users_add(s, &(struct users_user){"off", "", "", "", true});
    struct sl_api_key key = users_add_key(s, ann, NULL);
    struct sl_access *a = users_load(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        const struct sl_credentials c = {.user = sl_str(rows[i].user),
                                         .tier = sl_str(rows[i].tier)};
        const char *text = !strcmp(rows[i].key, "KEY") ? key.text : rows[i].key;
        const struct sl_principal *p = users_ask(s, a, c, text);
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
    users_add_tier(s, "pro", 2, "{\"models\":[\"gpt\"]}");
    users_add_tier(s, "max", 3, "");
    users_add(s, &(struct users_user){"ann", "max", "[\"admin\"]", "", false});
    struct sl_access *a = users_load(s);
    const struct sl_credentials c = {.user = SL_STR("ann")};
    const struct sl_principal *p = users_ask(s, a, c, USERS_BACKEND);
    assert_int_equal(p->roles, SL_ROLE_USER);
    assert_int_equal(p->scopes, SL_SCOPE_COMPLETE);
    assert_string_equal(p->actor->name, "backend");
    assert_string_equal(p->actor->rights->models[0], "gpt");
    p = users_ask(s, a, c, USERS_ROOT);
    assert_int_equal(p->roles, SL_ROLE_USER | SL_ROLE_ADMIN);
    assert_int_equal(p->scopes, SL_SCOPE_ADMIN);
    sl_access_unref(a);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(acts_for_end_users),
        SCENE_TEST(acts_within_its_own_rights),
    };
    return SCENE_MAIN(tests, argc, argv);
}
