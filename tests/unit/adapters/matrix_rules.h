/* What the tests of the matrix share: what a request was built to, which fields need not be sent and why, and whether a
 * warning or a refusal is about a field. */
#ifndef SL_TESTS_ADAPTERS_MATRIX_RULES_H
#define SL_TESTS_ADAPTERS_MATRIX_RULES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api/validate.h"
#include "kit.h"
#include "matrix.h"

struct matrix_outcome {
    bool built;
    const char *sent; /* address, headers and body; NULL: refused */
    struct sl_warnings warnings;
    struct sl_violations refused; /* by the API, before an adapter is asked */
    struct sl_err err;
    size_t index; /* of the message */
};

/* Sluice's own fields; messages in which nothing is set; fields that say nothing where they stand; values that ask for
 * what comes without asking. */
bool matrix_is_consumed(const struct matrix_path *path);
bool matrix_is_empty(const struct matrix_path *path);
bool matrix_is_idle(const char *kind, const struct matrix_path *path);
bool matrix_is_default(const char *kind, const struct matrix_path *path, int value);

/* Every adapter and API, each with the models that it tells apart. */
void matrix_visit_models(void (*visit)(void *owner, const struct sl_adapter *,
                                       const char *model_id),
                         void *owner);
void matrix_open_kit(struct kit *k, const struct sl_adapter *adapter, const char *model_id);
/* The request of a case, and k->request as it is, checked as the API does and given to the adapter. */
void matrix_build(struct kit *k, const struct matrix_case *c, bool fail,
                  struct matrix_outcome *out);
void matrix_build_request(struct kit *k, struct matrix_outcome *out);

bool matrix_warns_about(const struct matrix_outcome *o, const struct matrix_path *path);
bool matrix_refuses(const struct matrix_outcome *o, const char *field);
/* The first warning that ON_UNSUPPORTED_FAIL makes a refusal; NULL: none. */
const Sluice__V1__Warning *matrix_first_wish(const struct matrix_outcome *o);

#endif
