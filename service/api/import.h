/* The part of sluice.v1.ModelRegistry that imports other programs' configurations, takes imports back, and seeds. On the
 * control pool (api/work.h). */
#ifndef SL_API_IMPORT_H
#define SL_API_IMPORT_H

#include "api/work.h"

enum sl_code sl_import_models(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_undo_import(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_list_imports(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_seed_models(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;

#endif
