/* The gRPC server: its ports, its accept thread, and a home (completion queue) on each loop and on the control thread.
 * A call is bound to one home's queue and everything that happens to it happens on that home's thread, without a lock. */
#ifndef SL_RPC_SERVER_H
#define SL_RPC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/service.h"
#include "base/err.h"

struct sl_server;
struct sl_server_tls;

/* Durations in milliseconds; 0 is unlimited where that makes sense. */
struct sl_server_options {
    const char *const *listen; /* "127.0.0.1:0", "[::]:50051", "unix:/path"; NULL-terminated */
    struct sl_server_tls *tls; /* NULL: plaintext. Unix sockets are always plaintext */
    struct sl_service *const *services; /* one a loop, NULL-terminated */
    struct sl_service *control;
    int64_t max_message_bytes;
    int64_t max_concurrent_streams;
    int64_t max_connection_age_ms, max_connection_age_grace_ms, max_connection_idle_ms;
    int64_t keepalive_ms, keepalive_timeout_ms, keepalive_min_ping_ms;
    int64_t reap_tick_ms;
    int64_t request_memory_bytes;
    int64_t stream_buffer_bytes;
};

/* Once a process, before and after everything else here. The core's own messages go to the log. */
void sl_rpc_init(void);
void sl_rpc_fini(void);

/* Binds the ports; the loops may not run yet. *out is set in any case: destroy it, also after an error. */
enum sl_code sl_server_create(const struct sl_server_options *options, struct sl_server **out,
                              struct sl_err *err) SL_MUST_CHECK;
/* Starts to accept. The loops run. */
enum sl_code sl_server_start(struct sl_server *s, struct sl_err *err) SL_MUST_CHECK;
/* The bound addresses, NULL-terminated, with real ports. */
const char *const *sl_server_addresses(const struct sl_server *s);
/* Stops accepting, waits until all calls have ended, at most deadline_ms; then ends the rest with UNAVAILABLE. After it
 * no call exists. Main thread; the loops still run. */
void sl_server_shutdown(struct sl_server *s, int64_t deadline_ms);
/* After sl_server_shutdown (or without sl_server_start), while the loops still run. Accepts NULL. */
void sl_server_destroy(struct sl_server *s);
/* Calls that are open now. Any thread. */
unsigned sl_server_open_calls(const struct sl_server *s);

#endif
