/* What has to be true of a configuration as a whole. */
#ifndef SL_CONFIG_CHECK_H
#define SL_CONFIG_CHECK_H

#include "config/config.h"

/* Checks that settings fit together, and fills in what follows from others (model_id from name,
 * kind from id; a '/' at the end of a URL goes). Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID,
 * with the place. */
enum sl_code sl_config_check(struct sl_config *c, struct sl_err *err) SL_MUST_CHECK;

/* ---- parts, in check_lists.c ---- */
enum sl_code sl_config_check_keys(const struct sl_config *c, struct sl_err *err) SL_MUST_CHECK;
/* in check_jwt.c */
enum sl_code sl_config_check_jwt(const struct sl_config *c, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_config_check_providers(struct sl_config *c, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_config_check_models(struct sl_config *c, struct sl_err *err) SL_MUST_CHECK;

#endif
