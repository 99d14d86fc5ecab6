/* From a Model message to the columns of its row. Pure. */
#ifndef SL_REGISTRY_MANAGE_MODEL_ROW_H
#define SL_REGISTRY_MANAGE_MODEL_ROW_H

#include "base/violations.h"
#include "registry/manage/mask.h"
#include "sluice/v1/model.pb-c.h"
#include "store/row.h"

/* Checks the fields of the mask and sets their columns, but for name, key and headers, which need more than the message.
 * before: the row as it was, NULL for a new one. path: what violations begin with, "model". */
struct sl_model_row {
    const Sluice__V1__Model *model;
    const struct sl_field_mask *mask;
    const struct sl_row *before;
    struct sl_row *row;
    struct sl_violations *violations;
};
void sl_model_row_apply(const struct sl_model_row *r);
/* Whether the text may be a model's name; else a violation of that field. */
bool sl_model_name_check(const char *name, const char *field, struct sl_violations *v);
/* "2026-03-31" to milliseconds; 0 for "". False where it is no day. */
bool sl_day_parse(const char *text, int64_t *ms);
/* The other way; "" for 0. */
void sl_day_format(int64_t ms, char out[11]);

#endif
