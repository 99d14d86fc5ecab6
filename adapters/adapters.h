/* For those who call adapters. */
#ifndef SL_ADAPTERS_ADAPTERS_H
#define SL_ADAPTERS_ADAPTERS_H

#include "adapters/adapter.h"
#include "adapters/operation.h"

/* By kind; NULL if there is none. */
const struct sl_adapter *sl_adapter_find(const char *kind);
/* All of them, NULL-terminated, by name. */
const struct sl_adapter *const *sl_adapters(void);

/* The adapter of that kind which speaks the API; "" is the usual one, which also has the APIs of operations. NULL where
 * the provider has no such API. */
const struct sl_adapter *sl_adapter_for_api(const struct sl_adapter *adapter, const char *api);
/* The provider kind's API for an operation: the one that the target's api names, else the usual one; also where the api is
 * one of chat. NULL where the provider has none, or the api is another operation's. */
const struct sl_op_api *sl_adapter_operation(const struct sl_adapter *adapter,
                                             enum sl_operation operation,
                                             const struct sl_target *target);

#endif
