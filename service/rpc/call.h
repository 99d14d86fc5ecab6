/* One gRPC call: the transport behind struct sl_call. Private to rpc/. Made by the accept thread, then handed by letter to
 * its home, where it stays. Each armed operation holds one reference. */
#ifndef SL_RPC_CALL_H
#define SL_RPC_CALL_H

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "api/call.h"
#include "rpc/home.h"
#include "rpc/status_details.h"

enum { SL_REPLY_MAX = 3 * 1024 * 1024 }; /* bytes of one reply message: stubs refuse 4 MiB */

/* Who calls, as found anew while the call goes on. */
struct sl_rpc_renewal {
    struct sl_access *access;
    struct sl_arena arena;
};

struct sl_rpc_call {
    struct sl_call base; /* first: handlers get a pointer to it */
    struct sl_rpc_home *home;
    struct sl_mail mail;
    grpc_call *call;
    grpc_metadata_array metadata;
    grpc_call_details details; /* calls of the control thread */
    bool has_details;
    gpr_timespec deadline;
    struct sl_rpc_tag accepted, received, sent, closed;
    unsigned refs;

    grpc_byte_buffer *in;
    int cancelled;
    struct sl_access *access;        /* the first principal's */
    struct sl_rpc_renewal *renewals; /* the last two, in turn; NULL: there was none */
    unsigned n_renewals;
    int64_t charged; /* of the request memory */
    struct sl_arena arena;
    struct sl_arena scratch; /* one message of a bidirectional call */
    char id[37];
    char *peer;

    grpc_slice *out; /* packed, waiting */
    size_t n_out, cap_out, out_bytes;
    size_t flight_bytes; /* in the batch under way */
    bool was_full;
    bool receive_waits; /* the next message is not asked for until there is room for its answer */
    bool
        elements; /* out holds elements of a repeated field, which may be joined into one message */
    bool header_sent, sending, receiving, half_closed;
    bool ended;       /* finish was called, or the client is gone: the handler hears nothing more */
    bool status_sent; /* the last batch was started */
    bool listed, is_dirty;
    struct sl_series *open; /* where it counts as open; NULL: it does not */
    struct sl_status_trailers trailers;
    grpc_metadata trailing[2];
    struct sl_rpc_call *next_dirty, *next, *prev;
};

/* Runs on the home's thread, with the call just accepted. */
void sl_rpc_call_begin(struct sl_rpc_call *c);
/* Starts a batch with what waits, if none is under way. */
void sl_rpc_call_pump(struct sl_rpc_call *c);
/* Ends it, for the handler and the client, with UNAVAILABLE. */
void sl_rpc_call_shut(struct sl_rpc_call *c);
void sl_rpc_call_unref(struct sl_rpc_call *c);

#endif
