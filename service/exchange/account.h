/* What an answer used and cost. Pure. */
#ifndef SL_EXCHANGE_ACCOUNT_H
#define SL_EXCHANGE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/registry.h"
#include "sluice/v1/completion.pb-c.h"

/* Bytes of text that make one token, where nobody counted. */
enum { SL_BYTES_PER_TOKEN = 4 };

/* Billionths of a dollar: each bucket at its price, summed exactly, rounded half-even once. False where there are no
 * prices. */
bool sl_cost_nanos(const struct sl_prices *prices, const Sluice__V1__TokenUsage *usage,
                   int64_t *nanos);
/* Bytes of text in a request's messages and tools. */
uint64_t sl_request_text_bytes(const Sluice__V1__CompleteRequest *request);
/* An estimate for an answer whose provider gave no figures. */
void sl_estimate_usage(uint64_t request_bytes, uint64_t answer_bytes, uint64_t reasoning_bytes,
                       Sluice__V1__TokenUsage *usage);

#endif
