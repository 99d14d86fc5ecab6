/* grpc.health.v1.Health: Check and Watch, for the server ("") and for each of its services. Runs on the control thread;
 * sl_health_set and sl_health_end may be called from any thread. */
#ifndef SL_RPC_HEALTH_H
#define SL_RPC_HEALTH_H

#include <stdbool.h>

#include "api/call.h"

/* Before the control thread starts: names the loop on which the handlers run. */
void sl_health_init(struct sl_loop *control);
/* SERVING or NOT_SERVING, for the server and every service; watchers are told. */
void sl_health_set(bool serving);
/* What was set last. Any thread. */
bool sl_health_is_serving(void);
/* Whether the database is there: the service "sluice.store", and no other, is NOT_SERVING while it is away. Any thread. */
void sl_health_set_store(bool up);
/* Ends all watches, also those to come, with UNAVAILABLE: they would hold up a shutdown until its deadline. Any thread. */
void sl_health_end(void);

void sl_health_check(struct sl_call *call, const ProtobufCMessage *message);
void sl_health_watch(struct sl_call *call, const ProtobufCMessage *message);
void sl_health_watch_cancel(struct sl_call *call);

#endif
