/* WatchModels: who follows the models, and the ring of what happened to them. All of it on the control thread, which the
 * snapshots come to; one difference of two snapshots serves all followers. */
#ifndef SL_API_WATCH_MODELS_H
#define SL_API_WATCH_MODELS_H

#include "api/call.h"

struct sl_model_watch;

/* Of the control thread's service, which has its snapshots; before its loop starts. */
struct sl_model_watch *sl_model_watch_create(struct sl_service *service) SL_MUST_CHECK;
/* Ends all streams, also those to come, with UNAVAILABLE. Any thread, while the loop runs. */
void sl_model_watch_end(struct sl_model_watch *w);
/* On the loop's thread, when no call is left. Accepts NULL. */
void sl_model_watch_destroy(struct sl_model_watch *w);

void sl_watch_models(struct sl_call *call, const ProtobufCMessage *message);
void sl_watch_models_writable(struct sl_call *call);
void sl_watch_models_cancel(struct sl_call *call);

#endif
