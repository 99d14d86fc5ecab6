/* The trailers of a call that failed: grpc-message, grpc-status-details-bin (google.rpc.Status with ErrorInfo, and
 * RetryInfo, BadRequest and a message more where they apply) and grpc-retry-pushback-ms. Pure. */
#ifndef SL_RPC_STATUS_DETAILS_H
#define SL_RPC_STATUS_DETAILS_H

#include <stddef.h>
#include <stdint.h>

#include "api/call.h"
#include "base/arena.h"

enum { SL_STATUS_MESSAGE_MAX = 512, SL_STATUS_DETAILS_MAX = 3072 };

struct sl_status_trailers {
    int grpc_status;
    const char *message;    /* at most SL_STATUS_MESSAGE_MAX bytes, valid UTF-8 */
    const uint8_t *details; /* packed google.rpc.Status; NULL for OK */
    size_t
        n_details; /* at most SL_STATUS_DETAILS_MAX: the extra message's texts, then the message, then field
                                violations from the last are left out until it fits */
    const char *retry_pushback; /* text for grpc-retry-pushback-ms, NULL: none */
};

/* Everything lives in the arena. */
void sl_status_trailers(const struct sl_status *status, struct sl_arena *arena,
                        struct sl_status_trailers *out);

#endif
