/* From the name a caller gave to the ordered models to try, each with the reason. */
#ifndef SL_ROUTING_RESOLVE_H
#define SL_ROUTING_RESOLVE_H

#include "access/principal.h"
#include "base/err.h"
#include "registry/registry.h"

enum { SL_MAX_CANDIDATES = 8 };

struct sl_candidate {
    const struct sl_model *model; /* borrowed from the registry */
    const char *reason; /* static text: "asked by name", "asked by alias", "registry default" */
};

struct sl_candidates {
    size_t count;
    struct sl_candidate list[SL_MAX_CANDIDATES];
};

/* name: as CompleteRequest.model has it ("models/" in front is allowed; "" is the default). Errors: SL_NOT_FOUND
 * MODEL_NOT_FOUND (with the nearest name), SL_PERMISSION_DENIED MODEL_FORBIDDEN, SL_FAILED_PRECONDITION
 * NO_DEFAULT_MODEL. A missing key is found later, by the exchange. */
enum sl_code sl_resolve(const struct sl_registry *r, const struct sl_principal *p, const char *name,
                        struct sl_candidates *out, struct sl_err *err) SL_MUST_CHECK;

#endif
