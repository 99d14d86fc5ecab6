/* What one follower of the models has been told, and what comes next: the models of a snapshot, then changes out of the
 * ring. The walk over the models goes along a registry that may change meanwhile: what changed behind its back comes as a
 * change afterwards, so that no snapshot is kept, however slowly its reader reads. One thread; no I/O. */
#ifndef SL_API_WATCH_VIEW_H
#define SL_API_WATCH_VIEW_H

#include "access/principal.h"
#include "api/change_ring.h"
#include "api/filter.h"
#include "base/arena.h"
#include "registry/registry.h"
#include "sluice/v1/model_registry.pb-c.h"

/* What all followers look at. */
struct sl_watch_source {
    const struct sl_registry *registry; /* all its changes are in the ring */
    const struct sl_change_ring *ring;
    int64_t revision;       /* the store's, that the registry has */
    const char *run;        /* names this ring among those of all processes */
    int64_t now_ms, now_us; /* wall clock, monotonic */
};

enum sl_watch_doing { SL_WATCH_SNAPSHOT, SL_WATCH_RIGHTS, SL_WATCH_CHANGES };

struct sl_watch_view {
    struct sl_model_filter filter;        /* set by the caller */
    const struct sl_principal *principal; /* who follows */
    /* private */
    const struct sl_principal *before; /* what was told counts for these rights, too; NULL: none */
    struct sl_arena before_memory;
    enum sl_watch_doing doing;
    bool begun;                /* the walk; its place: */
    bool global;               /* in the second list, after the follower's own models */
    char *name, *id;           /* last model looked at; NULL: none */
    uint64_t base;             /* all changes up to this one were told */
    uint64_t cursor;           /* and those up to this one, but for those that had a later one */
    bool whole;                /* the snapshot, if there was one: it can be resumed from base */
    int64_t revision;          /* at base */
    uint64_t seen, sees;       /* what is asked and by whom, hashed: at base, and now */
    uint64_t asks;             /* the filter's part of that */
    int64_t snapshot_revision; /* when the walk began */
    int64_t told;              /* the highest revision of an event */
};

/* Begins with a snapshot. The principal is borrowed, and the filter is to be parsed into v->filter before. */
void sl_watch_view_init(struct sl_watch_view *v, const struct sl_principal *principal,
                        const char *filter, const struct sl_watch_source *from);
void sl_watch_view_fini(struct sl_watch_view *v);
/* Goes on behind a revision, or behind a message's token, where that can be told; else the snapshot stays. Before the first
 * message. */
void sl_watch_view_resume(struct sl_watch_view *v, const struct sl_watch_source *from,
                          int64_t after_revision, const char *token);
/* The follower is another, or has other rights, from now on. The old principal is needed no more afterwards. */
void sl_watch_view_rights(struct sl_watch_view *v, const struct sl_watch_source *from,
                          const struct sl_principal *now);
/* Whether something is to be told. */
bool sl_watch_view_waits(const struct sl_watch_view *v, const struct sl_watch_source *from);
/* Fills the next message: at most some hundred kilobytes, or what some thousand models give. True: there is more. It lives in
 * the arena, and borrows from the registry. */
bool sl_watch_view_next(struct sl_watch_view *v, const struct sl_watch_source *from,
                        struct sl_arena *arena, Sluice__V1__WatchModelsResponse *out);

#endif
