/* Makes a snapshot from the configuration. Main thread: reads environment variables and key
 * files. */
#ifndef SL_REGISTRY_LOAD_H
#define SL_REGISTRY_LOAD_H

#include <stdint.h>

#include "access/tokens/tokens.h"
#include "base/err.h"
#include "config/config.h"
#include "registry/registry.h"

/* The models of the configuration, with the keys that their references lead to at this moment.
 * Nothing is borrowed from config. A variable or file that is missing is no error: the model stays,
 * its target.key is NULL and its key_reference is not empty, which the exchange answers with
 * PROVIDER_KEY_MISSING. A provider's own usual key variable is used only where its base URL is the
 * usual one too: a key never goes to a host that it was not given for.
 *
 * tokens: where sources of the big clouds' tokens are kept; NULL: there are none, for tests. A model
 * of theirs has model.tokens, and no key.
 *
 * default_model: the configured one, else the first model of the file that can be asked (its key is
 * there, or it needs none).
 *
 * Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID (a kind that has no adapter, a base URL that is
 * missing, a header or a proxy whose reference leads nowhere), with the place. *out is set on
 * success only. */
enum sl_code sl_registry_create(const struct sl_config *config, struct sl_tokens *tokens,
                                int64_t revision, struct sl_registry **out,
                                struct sl_err *err) SL_MUST_CHECK;

#endif
