/* Diagnose: what is wrong with the service, or with what the caller has of it. Begins on a loop; looks at everything on the
 * control pool; tries addresses on the loop. */
#ifndef SL_API_DIAGNOSE_H
#define SL_API_DIAGNOSE_H

#include "api/work.h"

void sl_diagnose(struct sl_call *call, const ProtobufCMessage *message);
void sl_diagnose_cancel(struct sl_call *call);
/* The part on the control pool. */
enum sl_code sl_diagnose_work(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;

#endif
