/* Users, keys and tiers in a store, and who a key proves: for tests of snapshots. Every call fails the test where it goes
 * wrong; texts live in the scene's arena. */
#ifndef SL_TESTS_ACCESS_USERS_KIT_H
#define SL_TESTS_ACCESS_USERS_KIT_H

#include "access/access.h"
#include "access/api_key.h"
#include "unit/store/scene.h"

/* Keys of the configuration that users_load has: of a backend in the tier pro, scopes complete and act_as; of an
 * administrator, scopes admin and act_as. */
#define USERS_BACKEND "sl-test-backend-0123456789"
#define USERS_ROOT "sl-test-root-0123456789"

struct sl_access *users_load(struct scene *s);
/* Put the next snapshot in the place of *a. */
void users_refresh(struct scene *s, struct sl_access **a);
void users_compact(struct scene *s, struct sl_access **a);

/* NULL: "". */
struct users_user {
    const char *name, *tier, *roles, *subject;
    bool disabled;
};
struct users_key {
    const char *scopes;
    int64_t expires_ms;
};
/* The id. */
const char *users_add(struct scene *s, const struct users_user *u);
/* Of SL_USERS_DISABLED: whether value is not "". */
void users_set(struct scene *s, const char *id, unsigned column, const char *value);
void users_delete(struct scene *s, const char *id);
/* k may be NULL. */
struct sl_api_key users_add_key(struct scene *s, const char *user, const struct users_key *k);
void users_revoke(struct scene *s, const char *user, const char *id);
/* json: of preferences.settings. */
void users_prefer(struct scene *s, const char *user, const char *json);
void users_add_tier(struct scene *s, const char *name, int64_t rank, const char *rights);

/* Whom the key proves, beside c; NULL with the error in s->err. */
const struct sl_principal *users_ask(struct scene *s, const struct sl_access *a,
                                     struct sl_credentials c, const char *key);
const struct sl_principal *users_who(struct scene *s, const struct sl_access *a, const char *key);

#endif
