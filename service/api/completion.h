/* sluice.v1.Completion. Runs on the loops. */
#ifndef SL_API_COMPLETION_H
#define SL_API_COMPLETION_H

#include "api/call.h"

void sl_complete(struct sl_call *call, const ProtobufCMessage *message);
void sl_stream_complete(struct sl_call *call, const ProtobufCMessage *message);
void sl_stream_complete_writable(struct sl_call *call);
void sl_complete_cancel(struct sl_call *call);

#endif
