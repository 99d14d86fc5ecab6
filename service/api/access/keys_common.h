/* API keys, for the files of api/access/ that make and show them. */
#ifndef SL_API_ACCESS_KEYS_COMMON_H
#define SL_API_ACCESS_KEYS_COMMON_H

#include "access/api_key.h"
#include "api/access/common.h"

/* Checks the description of a key that the caller wants to make; *scopes: those it gets. */
enum sl_code sl_check_new_key(struct sl_work *w, const Sluice__V1__ApiKey *wanted, unsigned *scopes,
                              struct sl_err *err) SL_MUST_CHECK;

struct sl_new_key {
    const Sluice__V1__ApiKey *wanted; /* checked */
    unsigned scopes;
    const char *user_id, *user_name;
};
/* Makes it, in a transaction that may write the user's rows. *text: the whole key, in the work's arena. */
enum sl_code sl_insert_key(struct sl_work *w, struct sl_tx *tx, const struct sl_new_key *k,
                           char **text, Sluice__V1__ApiKey **shown,
                           struct sl_err *err) SL_MUST_CHECK;

#endif
