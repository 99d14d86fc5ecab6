/* Settings from the command line and from the environment. */
#ifndef SL_CONFIG_FLAGS_H
#define SL_CONFIG_FLAGS_H

#include "config/config.h"

/* What the command line says besides settings. */
struct sl_flags {
    const char *file; /* --config; NULL: not said */
    struct sl_config_command command;
};

/* Looks through the command line, and refuses what is neither a setting nor a command. With
 * --help or --version the rest is not looked at. */
enum sl_code sl_flags_scan(int argc, char *const *argv, struct sl_flags *out,
                           struct sl_err *err) SL_MUST_CHECK;
/* Sets what the flags say. The last flag of a setting wins; of a list, all are taken. */
enum sl_code sl_flags_apply(struct sl_config *c, int argc, char *const *argv,
                            struct sl_err *err) SL_MUST_CHECK;
/* Sets what SLUICE_* variables that are not empty say. Others that begin with SLUICE_ are
 * refused, but for those of Sluice's other programs (SLUICE_API_KEY, ...), those that Kubernetes
 * makes for a Service of that name (SLUICE_SERVICE_HOST, ...), and those that a reference of the
 * configuration names. */
enum sl_code sl_environment_apply(struct sl_config *c, char *const *envp,
                                  struct sl_err *err) SL_MUST_CHECK;

#endif
