/* Trying a model out, step by step: is it reached, does it take the key, what can it do. One call to the provider a step, as small
 * as it lets itself be asked for. Runs on one loop's thread. */
#ifndef SL_EXCHANGE_PROBE_PROBE_H
#define SL_EXCHANGE_PROBE_PROBE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "registry/registry.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "telemetry/request_log.h"
#include "upstream/upstream.h"

/* In the order in which they are told. */
#define SL_PROBE_STEPS(X)                                                                          \
    X(ADDRESS, "address")                                                                          \
    X(TLS, "tls")                                                                                  \
    X(CREDENTIALS, "credentials")                                                                  \
    X(LISTING, "listing")                                                                          \
    X(COMPLETION, "completion")                                                                    \
    X(STREAMING, "streaming")                                                                      \
    X(TOOLS, "tools")                                                                              \
    X(VISION, "vision")                                                                            \
    X(JSON, "json")                                                                                \
    X(EMBEDDING, "embedding")                                                                      \
    X(RERANK, "rerank")                                                                            \
    X(MODERATION, "moderation")                                                                    \
    X(IMAGE, "image")                                                                              \
    X(SUMMARY, "summary")

enum sl_probe_step {
#define SL_PROBE_STEP_ENUM(name, text) SL_PROBE_##name,
    SL_PROBE_STEPS(SL_PROBE_STEP_ENUM)
#undef SL_PROBE_STEP_ENUM
        SL_PROBE_N_STEPS
};

/* "address". */
const char *sl_probe_step_name(enum sl_probe_step step);
/* The bit of a step that can be asked for; 0: there is none of that name. */
unsigned sl_probe_step_find(const char *name);

struct sl_probe;

struct sl_probe_ops {
    /* A step is done, or skipped; borrowed during the call. The summary is the last one. */
    void (*on_step)(void *owner, const Sluice__V1__TestModelStep *step);
    /* After the summary; the probe is gone. */
    void (*on_end)(void *owner);
};

struct sl_probe_spec {
    struct sl_arena *arena; /* of the call */
    struct sl_upstream *upstream;
    struct sl_json_parser *parser;
    struct sl_loop *loop;
    struct sl_registry *registry; /* a reference is taken */
    const struct sl_model *model; /* of it, or of the arena */
    const char *name;             /* of the resource, "models/NAME" */
    const char *call_id;
    unsigned steps;            /* bits, see sl_probe_step_find; 0: all that fit */
    int64_t step_ms, total_ms; /* bounds, over 0 */
    const struct sl_probe_ops *ops;
    void *owner;
    struct sl_call_facts *facts; /* for the request log, of all steps together */
};

/* Starts; never calls back before it returned. */
struct sl_probe *sl_probe_start(const struct sl_probe_spec *spec) SL_MUST_CHECK;
/* The client is gone: what runs is torn down at once; no callback follows. Accepts NULL. */
void sl_probe_cancel(struct sl_probe *p);

#endif
