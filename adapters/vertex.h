/* Vertex AI's addresses, for its calls beside chat. */
#ifndef SL_ADAPTERS_VERTEX_H
#define SL_ADAPTERS_VERTEX_H

#include "adapters/gemini/gemini.h"

/* The target with its whole base URL. Error: SL_FAILED_PRECONDITION where nobody says the project. */
enum sl_code sl_vertex_target(const struct sl_build_in *in, struct sl_target *out,
                              struct sl_err *err) SL_MUST_CHECK;
/* The dialect for such a target. */
const struct sl_gemini_dialect *sl_vertex_dialect(const struct sl_target *target);

#endif
