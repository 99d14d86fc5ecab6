/* Where stored secrets may be sent: an envelope opens for that place only (registry/vault/vault.h),
 * so who seals it anew has to know it. What the rows say is the rule of registry/manage/: a
 * credential has its binding; headers go to the base URL of their row, else to that of the model's
 * provider, else to the usual one of the kind. One thread. */
#ifndef SL_REGISTRY_ROTATE_PLACES_H
#define SL_REGISTRY_ROTATE_PLACES_H

#include "registry/registry.h"
#include "store/secrets.h"

struct sl_places;

enum { SL_PLACES_MAX = 16, SL_PLACE_BINDING = 512 };

/* Reads the store's providers, deleted ones, too: what was sealed for one outlives it. registry:
 * borrowed; has the providers that are not stored; NULL: none. Errors: the store's. */
enum sl_code sl_places_create(struct sl_store *s, const struct sl_registry *registry,
                              struct sl_places **out, struct sl_err *err) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_places_destroy(struct sl_places *p);

/* Whether a secret of the purpose is a key or headers, and the bindings that it may have, the
 * likeliest first. */
struct sl_place_list {
    const char *purpose;
    size_t n;
    char bindings[SL_PLACES_MAX][SL_PLACE_BINDING];
};
void sl_places_find(const struct sl_places *p, const struct sl_secret_column *column,
                    const struct sl_stored_secret *secret, struct sl_place_list *out);

#endif
