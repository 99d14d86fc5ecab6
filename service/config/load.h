/* The layers of a configuration, one by one: for tests, and for the fuzzer. */
#ifndef SL_CONFIG_LOAD_H
#define SL_CONFIG_LOAD_H

#include "config/config.h"

/* As sl_config_load with a file of this text and nothing else. name is the file's, for places.
 * The home folder is "/nonexistent". */
enum sl_code sl_config_parse(const char *name, const char *text, size_t n, struct sl_config **out,
                             struct sl_err *err) SL_MUST_CHECK;

#endif
