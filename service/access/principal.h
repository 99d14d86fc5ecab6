/* Who calls, and what that allows. A principal lives in its call's arena and borrows from the access snapshot that the call
 * holds; immutable once made, any thread may read. */
#ifndef SL_ACCESS_PRINCIPAL_H
#define SL_ACCESS_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum sl_role { SL_ROLE_USER = 1, SL_ROLE_AUDITOR = 2, SL_ROLE_OPERATOR = 4, SL_ROLE_ADMIN = 8 };

/* What a key may do; see ApiKey.scopes in access.proto. */
enum sl_scope {
    SL_SCOPE_COMPLETE = 1,
    SL_SCOPE_MODELS = 2,
    SL_SCOPE_ADMIN = 4,
    SL_SCOPE_ACT_AS = 8
};

/* Of a key without scopes, of certificates and tokens. */
enum { SL_SCOPES_DEFAULT = SL_SCOPE_COMPLETE | SL_SCOPE_MODELS | SL_SCOPE_ADMIN };

/* 0: no limit. */
struct sl_tier_limits {
    int64_t requests_per_minute, tokens_per_minute;
    int32_t concurrent_requests;
    int64_t monthly_cost_nanos;
};

/* A tier as it is stored: part of a snapshot. The lists end with NULL; an empty one allows all. */
struct sl_tier {
    const char *name, *title;
    const char *const *models; /* names or patterns */
    const char *const *tasks;
    const char *const *rpcs; /* "Completion/Complete"; '*' stands for any text */
    struct sl_tier_limits limits;
    int32_t rank;
};

struct sl_preferences; /* access/preferences.h */

struct sl_principal {
    const char *
        id; /* stable; for logs and the ledger. A stored user's UUID, else a name of the configuration, "jwt#SUBJECT" or "ID OF THE ACTOR#NAME" ('#' is in no other) */
    const char *name;             /* for people */
    const char *tier;             /* "" : none */
    const struct sl_tier *rights; /* the tier's; NULL: none, or one that only models' lists know */
    unsigned roles;               /* of enum sl_role */
    unsigned scopes;              /* of enum sl_scope */
    const char *proof;            /* "api_key", "jwt", "certificate", "anonymous" */
    const char *key_id;           /* of the API key, "" : none */
    int64_t expires_ms;           /* of that key; 0: never */
    bool stored;                  /* id is that of a row of users */
    const struct sl_preferences *preferences; /* the user's; NULL: none */
    /* Who acts for this user by a key of scope act_as, NULL: nobody. Its rights bound these: ask access/rights.h. */
    const struct sl_principal *actor;
};

#endif
