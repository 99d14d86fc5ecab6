/* What the built-in catalogue and the templates say, for sluice.v1.ModelRegistry. On the control thread. */
#ifndef SL_API_CATALOGUE_H
#define SL_API_CATALOGUE_H

#include "api/call.h"

void sl_list_templates(struct sl_call *call, const ProtobufCMessage *message);
void sl_list_catalogue_models(struct sl_call *call, const ProtobufCMessage *message);
void sl_list_lineups(struct sl_call *call, const ProtobufCMessage *message);

#endif
