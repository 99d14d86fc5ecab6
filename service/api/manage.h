/* The writing part of sluice.v1.ModelRegistry: models, defaults, providers, credentials, templates. On the control pool
 * (api/work.h). */
#ifndef SL_API_MANAGE_H
#define SL_API_MANAGE_H

#include "api/work.h"
#include "registry/manage/manage.h"

enum sl_code sl_create_model(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_update_model(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_delete_model(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_undelete_model(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_create_model_from_template(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_set_default_model(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_get_conversation(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_create_provider(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_update_provider(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_delete_provider(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_list_credentials(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_create_credential(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_update_credential(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_delete_credential(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;

/* What the domain needs, from the work. */
struct sl_manage sl_work_manage(struct sl_work *w);
/* Takes the revision up; w->registry is the snapshot that has it from then on, and the reply may borrow from it. */
void sl_work_take_up(struct sl_work *w, int64_t revision);

#endif
