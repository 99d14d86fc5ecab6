/* Puts the events of an answer together again: the final message and its log probabilities. Pure; one loop's thread. */
#ifndef SL_EXCHANGE_ASSEMBLE_H
#define SL_EXCHANGE_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "sluice/v1/completion.pb-c.h"

enum {
    SL_ANSWER_MAX_PARTS = 4096,
    SL_ANSWER_MAX_BYTES = 64 * 1024 * 1024, /* of one part's text or data */
};

struct sl_part_builder;

struct sl_assembler {
    struct sl_arena *arena; /* of the call: the message, and small strings */
    const char *keep_from,
        *keep_to; /* texts in this range stay valid until the message was used: they are not copied */
    struct sl_part_builder *parts;
    size_t n_parts, cap_parts;
    Sluice__V1__TokenLogprob **logprobs, **refusal_logprobs;
    size_t n_logprobs, cap_logprobs, n_refusal_logprobs, cap_refusal_logprobs;
};

void sl_assembler_init(struct sl_assembler *a, struct sl_arena *arena);
void sl_assembler_fini(struct sl_assembler *a);
/* Takes an event. Errors: SL_UNAVAILABLE, PROVIDER_TOO_LARGE or PROVIDER_GARBAGE (parts not numbered in order). */
enum sl_code sl_assembler_add(struct sl_assembler *a, const Sluice__V1__StreamEvent *event,
                              struct sl_err *err) SL_MUST_CHECK;
/* The message of what was taken so far: in the arena, borrowing texts from the assembler. */
Sluice__V1__Message *sl_assembler_message(struct sl_assembler *a) SL_MUST_CHECK;

#endif
