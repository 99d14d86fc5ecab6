/* What all calls to models have in common: admission, facts for the log, refusal and failure. On the call's thread. */
#ifndef SL_API_ASK_H
#define SL_API_ASK_H

#include "api/call.h"
#include "api/validate.h"
#include "routing/resolve.h"
#include "sluice/v1/completion.pb-c.h"

struct sl_warnings; /* adapters/adapter.h */

/* Ends the call: INVALID_ARGUMENT with every violation. */
void sl_ask_refuse(struct sl_call *call, const struct sl_violations *violations);
/* Ends the call with an error and its FailureInfo. */
void sl_ask_fail(struct sl_call *call, const struct sl_err *err,
                 const Sluice__V1__FailureInfo *failure);
/* Whether the name leads somewhere, with the conversation and the task of the call's facts, and the request id is new
 * ("": none). */
enum sl_code sl_ask_admit(struct sl_call *call, const char *model, const char *request_id,
                          struct sl_candidates *candidates, struct sl_err *err) SL_MUST_CHECK;
/* Begins a list of warnings with the request's unknown fields. */
void sl_ask_warn_unknown(struct sl_call *call, struct sl_warnings *warnings);

/* The facts of a request of completions. */
void sl_ask_note_completion(struct sl_call *call, const Sluice__V1__CompleteRequest *r);

/* Room for n labels in the call's facts: key, value, key, value, ... NULL: n is 0. */
const char **sl_ask_labels(struct sl_call *call, size_t n);

/* The model asked for, and the labels, of any request that has them. */
#define SL_ASK_NOTE(call, r)                                                                       \
    do {                                                                                           \
        (call)->facts.model_asked = (r)->model;                                                    \
        const char **list = sl_ask_labels((call), (r)->n_labels);                                  \
        for (size_t i = 0; i < (r)->n_labels; i++) {                                               \
            list[2 * i] = (r)->labels[i]->key;                                                     \
            list[2 * i + 1] = (r)->labels[i]->value;                                               \
        }                                                                                          \
    } while (0)

#endif
