/* Asking providers what they list, all places that one registry has, on one loop: part of the version check. */
#ifndef SL_API_VERSION_ASKING_H
#define SL_API_VERSION_ASKING_H

#include "registry/upgrade/listing.h"

struct sl_asking;
struct sl_service;

/* Prepares it: a place for each account and address of global models. service: of a loop with an upstream. A reference to
 * the registry is taken. Any thread. */
struct sl_asking *sl_asking_create(struct sl_service *service,
                                   struct sl_registry *registry) SL_MUST_CHECK;
/* Starts on the service's loop; on_done is called there once, when all have answered, failed, or took longer than two
 * minutes together, or when it was dropped. Any thread. */
void sl_asking_start(struct sl_asking *a, void (*on_done)(void *owner), void *owner);
/* Ends what runs at once; on_done still comes, in a later turn. On the loop; nothing after on_done. */
void sl_asking_drop(struct sl_asking *a);
/* After on_done, any thread; answers live as long as the asking. */
const struct sl_listing_answer *sl_asking_answers(struct sl_asking *a, size_t *n, size_t *failed);
const struct sl_registry *sl_asking_registry(const struct sl_asking *a);
/* Before the start, or after on_done. Accepts NULL. */
void sl_asking_destroy(struct sl_asking *a);

#endif
