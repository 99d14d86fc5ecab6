/* A provider of a snapshot as a message, and the RPCs that read providers. */
#ifndef SL_API_PROVIDER_MESSAGE_H
#define SL_API_PROVIDER_MESSAGE_H

#include "api/call.h"
#include "registry/registry.h"
#include "sluice/v1/provider.pb-c.h"

/* In the arena; borrows from the snapshot. The models that the principal sees are counted. */
Sluice__V1__Provider *sl_provider_message(struct sl_arena *arena, const struct sl_registry *r,
                                          const struct sl_provider *p,
                                          const struct sl_principal *principal);
/* On the control thread. */
void sl_list_providers(struct sl_call *call, const ProtobufCMessage *message);
void sl_get_provider(struct sl_call *call, const ProtobufCMessage *message);

#endif
