/* sluice.v1.ModelRegistry. Runs on the control thread. */
#ifndef SL_API_MODEL_REGISTRY_H
#define SL_API_MODEL_REGISTRY_H

#include "api/call.h"

void sl_get_model(struct sl_call *call, const ProtobufCMessage *message);
void sl_resolve_model(struct sl_call *call, const ProtobufCMessage *message);

#endif
