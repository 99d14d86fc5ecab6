/* What a call to a model tells of itself: its report, the facts of a failure, and those for the request log. Pure. */
#ifndef SL_EXCHANGE_REPORT_H
#define SL_EXCHANGE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "adapters/adapters.h"
#include "base/arena.h"
#include "base/err.h"
#include "registry/registry.h"
#include "routing/resolve.h"
#include "sluice/v1/completion.pb-c.h"
#include "telemetry/request_log.h"

/* The course of a call. Strings are borrowed, and live as long as the arena. */
struct sl_course {
    struct sl_arena *arena;
    const struct sl_model *model; /* that is asked */
    const char *why;
    const char *call_id, *model_asked;
    const char *provider_request_id; /* NULL: not known */
    int attempts;
    int64_t arrived_us, first_token_us; /* monotonic; -1: nothing came */
    bool stream;
    struct sl_call_facts *facts; /* of the request log */
};

/* end: facts of the answer. */
Sluice__V1__CallReport *sl_course_report(const struct sl_course *c, const struct sl_answer_end *end,
                                         const Sluice__V1__TokenUsage *usage) SL_MUST_CHECK;
/* Fills info, and scrubs the key in err. */
void sl_course_failure(struct sl_course *c, struct sl_err *err, const struct sl_answer_end *end,
                       Sluice__V1__TokenUsage *usage, Sluice__V1__FailureInfo *info);
void sl_course_facts(const struct sl_course *c, const Sluice__V1__TokenUsage *usage);

/* Warnings of what resolving the model's name brought to light. */
void sl_candidates_warn(const struct sl_candidates *c, struct sl_warnings *warnings);

/* NULL is "". */
static inline char *sl_text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

#endif
