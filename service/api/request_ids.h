/* The request ids of the last ten minutes, so that none is run twice. Shared by all loops; locks itself, for the time of
 * one look-up. */
#ifndef SL_API_REQUEST_IDS_H
#define SL_API_REQUEST_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum {
    SL_REQUEST_ID_MAX = 128, /* bytes of an id */
    SL_REQUEST_ID_SECONDS = 600,
    SL_REQUEST_IDS_CAPACITY = 1 << 18, /* remembered at once; the oldest go first */
};

struct sl_request_ids;

struct sl_request_ids *sl_request_ids_create(void) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_request_ids_destroy(struct sl_request_ids *ids);
/* Notes the id of that principal; false where it was used less than ten minutes ago. now_us: monotonic. */
bool sl_request_ids_claim(struct sl_request_ids *ids, const char *principal, const char *id,
                          int64_t now_us);

#endif
