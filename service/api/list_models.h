/* ListModels, from this thread's snapshot. */
#ifndef SL_API_LIST_MODELS_H
#define SL_API_LIST_MODELS_H

#include "api/call.h"

void sl_list_models(struct sl_call *call, const ProtobufCMessage *message);

#endif
