/* Whether the addresses that models are asked at can be reached: gathered on the control pool, tried on a loop, a few at a
 * time, none for long. One request each, without a key: any answer will do. Addresses of users' own models are kept from
 * reaching inside as in every call. */
#ifndef SL_API_DIAGNOSE_REACH_H
#define SL_API_DIAGNOSE_REACH_H

#include "api/diagnose/diagnosis.h"
#include "base/loop.h"
#include "upstream/upstream.h"

/* Scheme, host and port, and how they are reached. */
struct sl_reach_target {
    const char *origin, *url;
    const char *name, *subject;         /* of a model that is asked there */
    const char *owner;                  /* of that model; "": global */
    size_t models;                      /* that are asked there */
    const struct sl_endpoint *endpoint; /* of the registry */
};

enum { SL_REACH_MAX = 200 };

struct sl_reach_list {
    size_t n, left_out;
    struct sl_reach_target list[SL_REACH_MAX];
};

/* The addresses of enabled models that have a key. */
void sl_reach_gather(const struct sl_diagnosis *d, struct sl_reach_list *out);

struct sl_reach_spec {
    const struct sl_reach_list *targets; /* these four outlive the trial */
    struct sl_registry *registry;        /* that they are of; a reference is taken */
    struct sl_upstream *upstream;
    struct sl_loop *loop;
    struct sl_arena *arena;       /* for findings */
    struct sl_findings *findings; /* told of each */
    bool may_change;     /* the caller may change global models; else it is told whom to ask */
    int64_t deadline_us; /* monotonic: what is not known by then is left out */
    void (*on_end)(void *owner); /* once, the last callback; never before sl_reach_start returned */
    void *owner;
};

struct sl_reach;
/* On the loop's thread. */
struct sl_reach *sl_reach_start(const struct sl_reach_spec *spec) SL_MUST_CHECK;
/* Tears everything down; no callback follows. Accepts NULL. */
void sl_reach_cancel(struct sl_reach *r);

#endif
