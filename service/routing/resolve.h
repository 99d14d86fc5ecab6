/* From the name a caller gave to the ordered models to try, each with the reason; with what has to be said about them. The
 * rules: docs/models.md. Pure, any thread. */
#ifndef SL_ROUTING_RESOLVE_H
#define SL_ROUTING_RESOLVE_H

#include "access/principal.h"
#include "base/arena.h"
#include "base/err.h"
#include "registry/registry.h"

enum { SL_MAX_CANDIDATES = 8, SL_MAX_NOTES = 8 };

struct sl_candidate {
    const struct sl_model *model; /* of the registry, or of the call's arena */
    const char *
        reason; /* "asked by name", "asked by alias", "default of tier pro", ...; of the arena, or static */
};

/* What is not as the name says: a warning of the reply. */
struct sl_note {
    const char *reason; /* stable: "MODEL_DEPRECATED", ... */
    const char *text;   /* for people */
};

struct sl_candidates {
    size_t count;
    struct sl_candidate list[SL_MAX_CANDIDATES];
    size_t n_notes;
    struct sl_note notes[SL_MAX_NOTES];
    const struct sl_model *ending; /* what the name means, where that is deprecated or retired; also
                                      where it is refused for that. NULL: it is neither */
};

struct sl_resolve_spec {
    const struct sl_registry *registry;
    const struct sl_principal *principal;
    const char *
        name; /* as CompleteRequest.model has it: "", "NAME", "models/NAME", "global/NAME", "provider/ID" */
    const char *conversation; /* id, for its pinned model where no name is given; "": none */
    const char *task; /* what the request is for, where no name is given; "" or NULL: not said */
    int64_t now_ms;   /* wall clock */
    struct sl_arena *
        arena; /* of the call: for models without an entry, reasons and notes; outlives the candidates */
};

/* Names lead to a model of the caller's own, a global one, one that the catalogue or a pattern knows ("provider/ID" at that
 * provider), one of the default provider. No name: the conversation's pin, the user's default for the task, the default of
 * the user, the tier, the registry (DEFAULT_LLM_MODEL at last), gpt-4o where its key is there, the first model by name that
 * the caller may use; where the user has a priority, what that prefers instead of these two. What the user hides, or
 * finds too dear, is passed over; a pin is not hidden.
 *
 * Errors: SL_NOT_FOUND, MODEL_NOT_FOUND (with the nearest name); SL_PERMISSION_DENIED, MODEL_FORBIDDEN (with the tiers that
 * would do, and a model that the caller may use); SL_FAILED_PRECONDITION: NO_DEFAULT_MODEL, MODEL_DISABLED, MODEL_RETIRED
 * (with the successor), MODEL_UNUSABLE, COST_CEILING (with a cheaper model); SL_PERMISSION_DENIED, TASK_FORBIDDEN. A missing
 * key is found later, by the attempt. */
enum sl_code sl_resolve_request(const struct sl_resolve_spec *spec, struct sl_candidates *out,
                                struct sl_err *err) SL_MUST_CHECK;

/* The entry of the registry that a name means, or the default one, retired ones as they are: for those who look at models
 * and do not ask them. Errors as above. */
enum sl_code sl_resolve(const struct sl_registry *r, const struct sl_principal *p, const char *name,
                        struct sl_candidates *out, struct sl_err *err) SL_MUST_CHECK;

/* Whether the principal may use what a name means. */
struct sl_model_access {
    bool allowed;
    const struct sl_model *model;       /* allowed: it */
    const char *reason;                 /* why (not), for people, in the arena */
    const char *const *tiers;           /* that would do; none where tiers do not matter */
    const struct sl_model *alternative; /* that may be used instead; NULL: none */
};
/* spec.principal is whose access is meant. Errors: those that do not tell of access (MODEL_NOT_FOUND, NO_DEFAULT_MODEL). */
enum sl_code sl_resolve_access(const struct sl_resolve_spec *spec, struct sl_model_access *out,
                               struct sl_err *err) SL_MUST_CHECK;

#endif
