/* Checks requests before anything is done for them. Pure: no call, no thread. */
#ifndef SL_API_VALIDATE_H
#define SL_API_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/call.h"
#include "base/violations.h"
#include "sluice/v1/completion.pb-c.h"

/* True where nothing is wrong. */
bool sl_validate_complete(const Sluice__V1__CompleteRequest *request, struct sl_violations *out);
bool sl_validate_embed(const Sluice__V1__EmbedRequest *request, struct sl_violations *out);
bool sl_validate_image(const Sluice__V1__GenerateImageRequest *request, struct sl_violations *out);
bool sl_validate_rerank(const Sluice__V1__RerankRequest *request, struct sl_violations *out);
bool sl_validate_moderate(const Sluice__V1__ModerateRequest *request, struct sl_violations *out);

#endif
