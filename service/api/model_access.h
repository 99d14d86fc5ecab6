/* Whose model is which: GetDefaultModel and CheckAccess. On the control pool, since they may look users up. */
#ifndef SL_API_MODEL_ACCESS_H
#define SL_API_MODEL_ACCESS_H

#include "api/work.h"

enum sl_code sl_get_default_model(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_check_access(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;

#endif
