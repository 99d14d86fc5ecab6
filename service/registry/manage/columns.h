/* The JSON texts of columns: what is written for lists, labels, capabilities, prices and options. registry/row_json.h
 * reads them. Pure; texts live in the arena, "" where nothing is set. */
#ifndef SL_REGISTRY_MANAGE_COLUMNS_H
#define SL_REGISTRY_MANAGE_COLUMNS_H

#include <stddef.h>

#include "base/arena.h"
#include "sluice/v1/model.pb-c.h"

/* ["a","b"] */
const char *sl_column_strings(struct sl_arena *arena, char *const *list, size_t n);
/* {"key":"value"} */
const char *sl_column_pairs(struct sl_arena *arena, Sluice__V1__Model__LabelsEntry *const *list,
                            size_t n);
/* {"streaming":true,"tools":false}; what is not set is left out. */
const char *sl_column_capabilities(struct sl_arena *arena,
                                   const Sluice__V1__ModelCapabilities *capabilities);
/* {"input":150000,"output":600000,"cache_read":75000}, micro-dollars per million tokens. */
const char *sl_column_prices(struct sl_arena *arena, const Sluice__V1__ModelPrices *prices);
/* What the options column holds, of which a write may keep a part. */
struct sl_column_options {
    const Sluice__V1__ModelQuirks *quirks; /* NULL: as in `before` */
    const char *provider_options_json;     /* NULL: as in `before`; "" : none */
    const char *before;                    /* the column as it was, "" if it was not */
};
/* {"quirks":{"legacy_max_tokens":true},"provider_options":"{...}","timeouts":{...}}; timeouts stay as they were. */
const char *sl_column_options(struct sl_arena *arena, const struct sl_column_options *options);

#endif
