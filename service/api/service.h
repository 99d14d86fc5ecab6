/* What the handlers of one thread work with: the thread's own references to the shared snapshots, swapped by mailbox on
 * a reload. One for each loop and one for the control thread; touched by that thread only. */
#ifndef SL_API_SERVICE_H
#define SL_API_SERVICE_H

#include <stdatomic.h>

#include "access/access.h"
#include "access/uses.h"
#include "api/call.h"
#include "base/json.h"
#include "registry/registry.h"
#include "upstream/upstream.h"

struct sl_backend;     /* api/work.h */
struct sl_model_watch; /* api/watch_models.h */

struct sl_service {
    struct sl_loop *loop;
    struct sl_registry *registry; /* this thread's reference */
    struct sl_access *access;     /* this thread's reference */
    struct sl_upstream *upstream; /* NULL on the control thread */
    struct sl_json_parser parser;
    struct sl_request_ids *request_ids; /* shared, locks itself */
    struct sl_backend *backend;         /* shared: what work on the control pool has */
    struct sl_uses uses;                /* of API keys, since the backend took them */
    struct sl_service_watch *watches;   /* told, on this thread, of each new snapshot */
    struct sl_model_watch *model_watch; /* of the control thread's; else NULL */
};

/* Who wants to hear of new snapshots; in the list from its owner's sl_service_watch to sl_service_unwatch. */
struct sl_service_watch {
    void (*on_snapshot)(struct sl_service_watch *watch);
    struct sl_service_watch *next, **link; /* link: what points to this one */
};

static inline void sl_service_watch(struct sl_service *s, struct sl_service_watch *w)
{
    w->next = s->watches;
    w->link = &s->watches;
    if (w->next)
        w->next->link = &w->next;
    s->watches = w;
}

static inline void sl_service_unwatch(struct sl_service_watch *w)
{
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
}

/* The whole table, ended by a row without a path. */
extern const struct sl_method sl_methods[];

#endif
