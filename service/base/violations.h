/* What is wrong with a request, field by field. */
#ifndef SL_BASE_VIOLATIONS_H
#define SL_BASE_VIOLATIONS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/err.h"

enum { SL_MAX_VIOLATIONS = 16 };

struct sl_field_violation {
    const char *field, *description;
};

/* The first SL_MAX_VIOLATIONS of them. */
struct sl_violations {
    struct sl_arena *arena; /* for the texts */
    size_t count;
    struct sl_field_violation list[SL_MAX_VIOLATIONS];
};

/* Adds one; the strings are copied. description goes on from the field: "must be ...", "is required". */
void sl_violate(struct sl_violations *v, const char *field, const char *fmt, ...) SL_PRINTF(3, 4);
/* SL_OK where there is none, else an error that names the first: SL_INVALID_ARGUMENT, INVALID_REQUEST. */
enum sl_code sl_violations_err(const struct sl_violations *v, struct sl_err *err) SL_MUST_CHECK;

#endif
