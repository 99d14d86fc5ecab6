/* The calls of sluice.v1.Completion beside chat, and ModelRegistry.DiscoverModels. Runs on the loops. */
#ifndef SL_API_OPERATIONS_H
#define SL_API_OPERATIONS_H

#include "api/call.h"

void sl_embed(struct sl_call *call, const ProtobufCMessage *message);
void sl_generate_image(struct sl_call *call, const ProtobufCMessage *message);
void sl_rerank(struct sl_call *call, const ProtobufCMessage *message);
void sl_moderate(struct sl_call *call, const ProtobufCMessage *message);
void sl_count_tokens(struct sl_call *call, const ProtobufCMessage *message);
void sl_discover_models(struct sl_call *call, const ProtobufCMessage *message);
void sl_discover_models_cancel(struct sl_call *call);
/* Of all others. */
void sl_operation_writable(struct sl_call *call);
void sl_operation_cancel(struct sl_call *call);

#endif
