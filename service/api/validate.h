/* Checks requests before anything is done for them. Pure: no call, no thread. */
#ifndef SL_API_VALIDATE_H
#define SL_API_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/call.h"
#include "base/arena.h"
#include "sluice/v1/completion.pb-c.h"

enum { SL_MAX_VIOLATIONS = 16 };

/* What is wrong with a request, every field of it up to SL_MAX_VIOLATIONS. */
struct sl_violations {
    struct sl_arena *arena; /* for the texts */
    size_t count;
    struct sl_field_violation list[SL_MAX_VIOLATIONS];
};

/* True where nothing is wrong. */
bool sl_validate_complete(const Sluice__V1__CompleteRequest *request, struct sl_violations *out);

#endif
