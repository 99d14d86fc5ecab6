/* References to secrets outside the store, env:NAME and file:/path: who may use which, and reading
 * them. The configuration may refer to anything; an administrator, through the API, to what
 * secrets.references lists; a user's own models to nothing. */
#ifndef SL_REGISTRY_VAULT_REFERENCE_H
#define SL_REGISTRY_VAULT_REFERENCE_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"

enum sl_reference_from { SL_REFERENCE_CONFIG, SL_REFERENCE_ADMIN, SL_REFERENCE_USER };

struct sl_reference_rules {
    const struct sl_config_strings *list; /* secrets.references */
    const char *data_dir;                 /* nothing in it may be referred to */
};

/* Whether the words of the reference are allowed; touches no disk. Errors: SL_PERMISSION_DENIED,
 * REFERENCE_FORBIDDEN, naming the setting; SL_INVALID_ARGUMENT where it is no reference or its path
 * is not absolute or holds "..". Never open to the API: variables that begin with SLUICE_. */
enum sl_code sl_reference_allowed(const char *reference, enum sl_reference_from from,
                                  const struct sl_reference_rules *rules,
                                  struct sl_err *err) SL_MUST_CHECK;
/* Reads it, where it is allowed. A file counts by where it really is, looked at once it is open:
 * symbolic links may lead from one allowed place to another, and nowhere else. Not on a loop: reads
 * the disk. Errors: those of sl_reference_allowed and sl_config_secret. */
enum sl_code sl_reference_read(const char *reference, enum sl_reference_from from,
                               const struct sl_reference_rules *rules, struct sl_secret **out,
                               struct sl_err *err) SL_MUST_CHECK;

#endif
