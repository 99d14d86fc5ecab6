/* grpc.reflection.v1 and v1alpha, from the descriptor set embedded at build time. Runs on the control thread. */
#ifndef SL_RPC_REFLECTION_H
#define SL_RPC_REFLECTION_H

#include "api/call.h"

void sl_reflection_v1_message(struct sl_call *call, const ProtobufCMessage *message);
void sl_reflection_v1alpha_message(struct sl_call *call, const ProtobufCMessage *message);
void sl_reflection_half_close(struct sl_call *call);

#endif
