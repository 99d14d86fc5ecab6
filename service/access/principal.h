/* Who calls. Immutable, reference-counted, any thread. */
#ifndef SL_ACCESS_PRINCIPAL_H
#define SL_ACCESS_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum sl_role { SL_ROLE_USER = 1, SL_ROLE_AUDITOR = 2, SL_ROLE_OPERATOR = 4, SL_ROLE_ADMIN = 8 };

struct sl_principal {
    const char *id;    /* stable; for logs and the ledger */
    const char *name;  /* for people */
    const char *tier;  /* "" : none */
    unsigned roles;    /* of enum sl_role */
    const char *proof; /* "api_key", "certificate", "anonymous" */
};

#endif
