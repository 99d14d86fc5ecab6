/* ModelRegistry.TestModel: on the loops, since it calls providers; a model that is not stored is made on the control pool. */
#ifndef SL_API_TEST_MODEL_H
#define SL_API_TEST_MODEL_H

#include "api/call.h"

void sl_test_model(struct sl_call *call, const ProtobufCMessage *message);
void sl_test_model_cancel(struct sl_call *call);
/* On the control pool; the result is the model (const struct sl_model), of the work's own registry. */
enum sl_code sl_test_model_draft(struct sl_work *work, struct sl_err *err) SL_MUST_CHECK;

#endif
