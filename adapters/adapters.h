/* For those who call adapters. */
#ifndef SL_ADAPTERS_ADAPTERS_H
#define SL_ADAPTERS_ADAPTERS_H

#include "adapters/adapter.h"

/* By kind; NULL if there is none. */
const struct sl_adapter *sl_adapter_find(const char *kind);
/* All of them, NULL-terminated, by name. */
const struct sl_adapter *const *sl_adapters(void);

/* The adapter of that kind which speaks the API; "" is the usual one. NULL where the provider has no such API. */
const struct sl_adapter *sl_adapter_for_api(const struct sl_adapter *adapter, const char *api);

#endif
