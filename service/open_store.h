/* The store that the configuration names. Main thread. */
#ifndef SL_OPEN_STORE_H
#define SL_OPEN_STORE_H

#include "config/config.h"
#include "store/store.h"

/* The options that the configuration gives, references read. Errors: as sl_store_open, and of
 * references that lead nowhere: SL_FAILED_PRECONDITION, CONFIG_INVALID. */
enum sl_code sl_open_store(const struct sl_config *config, struct sl_store **out,
                           struct sl_err *err) SL_MUST_CHECK;

#endif
