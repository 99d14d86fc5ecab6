/* sluice.v1.Access: users, tiers, API keys, preferences and the audit log. All but WhoAmI work on the control pool. */
#ifndef SL_API_ACCESS_SERVICE_H
#define SL_API_ACCESS_SERVICE_H

#include "api/work.h"

/* From this thread's snapshots; control thread. */
void sl_who_am_i(struct sl_call *call, const ProtobufCMessage *message);

enum sl_code sl_list_users(struct sl_work *w, struct sl_err *err);
enum sl_code sl_get_user(struct sl_work *w, struct sl_err *err);
enum sl_code sl_create_user(struct sl_work *w, struct sl_err *err);
enum sl_code sl_update_user(struct sl_work *w, struct sl_err *err);
enum sl_code sl_delete_user(struct sl_work *w, struct sl_err *err);

enum sl_code sl_list_tiers(struct sl_work *w, struct sl_err *err);
enum sl_code sl_get_tier(struct sl_work *w, struct sl_err *err);
enum sl_code sl_create_tier(struct sl_work *w, struct sl_err *err);
enum sl_code sl_update_tier(struct sl_work *w, struct sl_err *err);
enum sl_code sl_delete_tier(struct sl_work *w, struct sl_err *err);

enum sl_code sl_list_api_keys(struct sl_work *w, struct sl_err *err);
enum sl_code sl_create_api_key(struct sl_work *w, struct sl_err *err);
enum sl_code sl_revoke_api_key(struct sl_work *w, struct sl_err *err);

enum sl_code sl_get_preferences(struct sl_work *w, struct sl_err *err);
enum sl_code sl_update_preferences(struct sl_work *w, struct sl_err *err);

enum sl_code sl_list_audit_events(struct sl_work *w, struct sl_err *err);
enum sl_code sl_verify_audit(struct sl_work *w, struct sl_err *err);

#endif
