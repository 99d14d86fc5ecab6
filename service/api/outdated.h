/* The part of sluice.v1.ModelRegistry about models that should be replaced. */
#ifndef SL_API_OUTDATED_H
#define SL_API_OUTDATED_H

#include "api/work.h"

/* Has the providers asked first, where the request wants that; then sl_list_outdated_models works on the control pool. */
void sl_list_outdated_start(struct sl_call *call, const ProtobufCMessage *message);
void sl_list_outdated_cancel(struct sl_call *call);
enum sl_code sl_list_outdated_models(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_upgrade_models(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;

#endif
