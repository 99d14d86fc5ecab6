/* The addresses of Azure's doors, for its other APIs. */
#ifndef SL_ADAPTERS_AZURE_H
#define SL_ADAPTERS_AZURE_H

#include "adapters/adapter.h"

/* "Azure OpenAI in Azure AI Foundry Models REST API reference": the newest version that is no preview. */
#define SL_AZURE_DEPLOYMENTS_VERSION "2024-10-21"

/* base_url, the deployment where the door wants it, path, and the version where one is needed; in the arena. */
const char *sl_azure_url(const struct sl_build_in *in, const char *path);

#endif
