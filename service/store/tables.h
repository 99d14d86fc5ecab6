/* What the tables of the registry are made of. The SQL of every back end is generated from these
 * descriptors; the tables themselves are made by store/migrations/, and a test checks that the
 * two agree. A new column is a row here and a migration for each back end; a new table, besides,
 * a line in SL_TABLES.
 *
 * All tables begin with the same columns (SL_COL_...). Times are milliseconds since 1970, 0: not
 * set, not known or never. A JSON column holds a JSON text or "". */
#ifndef SL_STORE_TABLES_H
#define SL_STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>

enum sl_column_type {
    SL_TYPE_TEXT,
    SL_TYPE_INT64,
    SL_TYPE_REAL,
    SL_TYPE_BOOL,
    SL_TYPE_BYTES,
    SL_TYPE_JSON, /* text; checked when written */
};

enum sl_column_flag {
    SL_COLUMN_KEY = 1,        /* names the row */
    SL_COLUMN_OWNER = 2,      /* NULL: global; else the id of the user whose row it is */
    SL_COLUMN_SECRET = 4,     /* ciphertext; masked in the audit log */
    SL_COLUMN_IMMUTABLE = 8,  /* set by the insert, never changed */
    SL_COLUMN_VOLATILE = 16,  /* kept apart (sl_store_touch): neither revision nor audit log */
    SL_COLUMN_NULLABLE = 32,  /* NULL: not set */
    SL_COLUMN_STORE = 64,     /* written by the store itself */
    SL_COLUMN_TRUE = 128,     /* true where an insert does not set it */
    SL_COLUMN_ROTATED = 256,  /* goes with a secret: its key id */
    SL_COLUMN_REQUIRED = 512, /* never "" */
};

/* id: UUIDv7 where the insert sets none. name: unique per owner among the rows that are not
 * deleted, where the table's rule says so. revision: of the row's last write, also its etag. */
#define SL_COLUMNS_COMMON(X, T)                                                                    \
    X(T, ID, id, TEXT, SL_COLUMN_KEY | SL_COLUMN_IMMUTABLE)                                        \
    X(T, OWNER, owner, TEXT, SL_COLUMN_OWNER | SL_COLUMN_IMMUTABLE | SL_COLUMN_NULLABLE)           \
    X(T, NAME, name, TEXT, 0)                                                                      \
    X(T, REVISION, revision, INT64, SL_COLUMN_STORE)                                               \
    X(T, CREATED_MS, created_ms, INT64, SL_COLUMN_STORE)                                           \
    X(T, UPDATED_MS, updated_ms, INT64, SL_COLUMN_STORE)                                           \
    X(T, DELETED_MS, deleted_ms, INT64, SL_COLUMN_STORE)

/* kind: of the adapter. credential: id of the preferred one, "" : by priority. reference:
 * env:NAME or file:/path instead (administrators only). auth: bearer, header, query, none, aws,
 * google or "" (the adapter's). headers_secret: encrypted JSON object of extra headers.
 * patterns: list of model names that belong to it. */
#define SL_COLUMNS_PROVIDERS(X, T)                                                                 \
    X(T, DESCRIPTION, description, TEXT, 0)                                                        \
    X(T, KIND, kind, TEXT, 0)                                                                      \
    X(T, BASE_URL, base_url, TEXT, 0)                                                              \
    X(T, CREDENTIAL, credential, TEXT, 0)                                                          \
    X(T, REFERENCE, reference, TEXT, 0)                                                            \
    X(T, API, api, TEXT, 0)                                                                        \
    X(T, API_VERSION, api_version, TEXT, 0)                                                        \
    X(T, AUTH, auth, TEXT, 0)                                                                      \
    X(T, AUTH_HEADER, auth_header, TEXT, 0)                                                        \
    X(T, HEADERS_SECRET, headers_secret, BYTES, SL_COLUMN_SECRET)                                  \
    X(T, ORGANIZATION, organization, TEXT, 0)                                                      \
    X(T, PROJECT, project, TEXT, 0)                                                                \
    X(T, REGION, region, TEXT, 0)                                                                  \
    X(T, OPTIONS, options, JSON, 0)                                                                \
    X(T, PATTERNS, patterns, JSON, 0)                                                              \
    X(T, LABELS, labels, JSON, 0)                                                                  \
    X(T, SOURCE, source, TEXT, 0)                                                                  \
    X(T, ENABLED, enabled, BOOL, SL_COLUMN_TRUE)

/* Of a provider or of one model (ids). secret: ciphertext, AES-256-GCM with the row's id as
 * associated data. key_id: of the key that encrypted it. binding: "https://host:443". reference:
 * env:NAME or file:/path instead of a secret (administrators only). priority: lowest first. */
#define SL_COLUMNS_CREDENTIALS(X, T)                                                               \
    X(T, PROVIDER, provider, TEXT, 0)                                                              \
    X(T, MODEL, model, TEXT, 0)                                                                    \
    X(T, SECRET, secret, BYTES, SL_COLUMN_SECRET)                                                  \
    X(T, KEY_ID, key_id, TEXT, SL_COLUMN_ROTATED)                                                  \
    X(T, LAST4, last4, TEXT, 0)                                                                    \
    X(T, BINDING, binding, TEXT, 0)                                                                \
    X(T, REFERENCE, reference, TEXT, 0)                                                            \
    X(T, PRIORITY, priority, INT64, 0)                                                             \
    X(T, SOURCE, source, TEXT, 0)                                                                  \
    X(T, ENABLED, enabled, BOOL, SL_COLUMN_TRUE)

/* provider: id of a row of providers, or the name of an adapter's kind. credential: id. options:
 * quirks, provider options, timeouts. prices: micro-dollars per million tokens by bucket.
 * aliases: further names, unique with names per owner. source: api, import:RUN, seed, template,
 * env. speed: tokens a second, 0: not known. */
#define SL_COLUMNS_MODELS(X, T)                                                                    \
    X(T, DESCRIPTION, description, TEXT, 0)                                                        \
    X(T, PROVIDER, provider, TEXT, 0)                                                              \
    X(T, BASE_URL, base_url, TEXT, 0)                                                              \
    X(T, MODEL_ID, model_id, TEXT, 0)                                                              \
    X(T, BASE_MODEL, base_model, TEXT, 0)                                                          \
    X(T, API, api, TEXT, 0)                                                                        \
    X(T, API_VERSION, api_version, TEXT, 0)                                                        \
    X(T, AUTH, auth, TEXT, 0)                                                                      \
    X(T, AUTH_HEADER, auth_header, TEXT, 0)                                                        \
    X(T, HEADERS_SECRET, headers_secret, BYTES, SL_COLUMN_SECRET)                                  \
    X(T, CREDENTIAL, credential, TEXT, 0)                                                          \
    X(T, OPTIONS, options, JSON, 0)                                                                \
    X(T, CAPABILITIES, capabilities, JSON, 0)                                                      \
    X(T, CONTEXT_TOKENS, context_tokens, INT64, 0)                                                 \
    X(T, MAX_OUTPUT_TOKENS, max_output_tokens, INT64, 0)                                           \
    X(T, PRICES, prices, JSON, 0)                                                                  \
    X(T, TEMPERATURE, temperature, REAL, SL_COLUMN_NULLABLE)                                       \
    X(T, TOP_P, top_p, REAL, SL_COLUMN_NULLABLE)                                                   \
    X(T, DEFAULT_MAX_OUTPUT_TOKENS, default_max_output_tokens, INT64, 0)                           \
    X(T, TIERS, tiers, JSON, 0)                                                                    \
    X(T, FALLBACKS, fallbacks, JSON, 0)                                                            \
    X(T, REGION, region, TEXT, 0)                                                                  \
    X(T, LABELS, labels, JSON, 0)                                                                  \
    X(T, ALIASES, aliases, JSON, 0)                                                                \
    X(T, TASKS, tasks, JSON, 0)                                                                    \
    X(T, SPEED, speed, REAL, 0)                                                                    \
    X(T, ENABLED, enabled, BOOL, SL_COLUMN_TRUE)                                                   \
    X(T, DEPRECATED_AT_MS, deprecated_at_ms, INT64, 0)                                             \
    X(T, RETIRES_AT_MS, retires_at_ms, INT64, 0)                                                   \
    X(T, SUCCESSOR, successor, TEXT, 0)                                                            \
    X(T, SOURCE, source, TEXT, 0)                                                                  \
    X(T, LAST_USED_MS, last_used_ms, INT64, SL_COLUMN_VOLATILE)

/* roles: JSON list of user, auditor, operator, admin. subject: of the identity provider, unique
 * where it is not "". */
#define SL_COLUMNS_USERS(X, T)                                                                     \
    X(T, DISPLAY_NAME, display_name, TEXT, 0)                                                      \
    X(T, TIER, tier, TEXT, 0)                                                                      \
    X(T, ROLES, roles, JSON, 0)                                                                    \
    X(T, SUBJECT, subject, TEXT, 0)                                                                \
    X(T, LABELS, labels, JSON, 0)                                                                  \
    X(T, DISABLED, disabled, BOOL, 0)

/* rights: models, tasks, RPCs; limits; rank: higher ones may do more. */
#define SL_COLUMNS_TIERS(X, T)                                                                     \
    X(T, DESCRIPTION, description, TEXT, 0)                                                        \
    X(T, RIGHTS, rights, JSON, 0)                                                                  \
    X(T, LIMITS, limits, JSON, 0)                                                                  \
    X(T, RANK, rank, INT64, 0)

/* owner: the user whose key it is, never NULL. id: the part between "sl_" and the second '_'.
 * sha256: of the whole key, 32 bytes, unique. The name need not be unique. */
#define SL_COLUMNS_API_KEYS(X, T)                                                                  \
    X(T, SHA256, sha256, BYTES, SL_COLUMN_IMMUTABLE)                                               \
    X(T, SCOPES, scopes, JSON, 0)                                                                  \
    X(T, EXPIRES_MS, expires_ms, INT64, 0)                                                         \
    X(T, REVOKED_MS, revoked_ms, INT64, 0)                                                         \
    X(T, LAST_USED_MS, last_used_ms, INT64, SL_COLUMN_VOLATILE)

/* scope: registry, tier, user, conversation; subject: the tier's name, the user's or the
 * conversation's id, "" for the registry. owner, scope and subject are unique; name is not used.
 * model: what a caller would write. */
#define SL_COLUMNS_MODEL_DEFAULTS(X, T)                                                            \
    X(T, SCOPE, scope, TEXT, SL_COLUMN_REQUIRED)                                                   \
    X(T, SUBJECT, subject, TEXT, 0)                                                                \
    X(T, MODEL, model, TEXT, 0)

/* name: the conversation's id, unique per owner. model: the pinned one. */
#define SL_COLUMNS_CONVERSATIONS(X, T) X(T, MODEL, model, TEXT, 0)

/* One row a user; name is "". */
#define SL_COLUMNS_PREFERENCES(X, T) X(T, SETTINGS, settings, JSON, 0)

/* What sl_store_session.run names. format: litellm, model_config, llm_models, env, upgrade, ...
 * undone_ms: of the undo. */
#define SL_COLUMNS_IMPORT_RUNS(X, T)                                                               \
    X(T, FORMAT, format, TEXT, 0)                                                                  \
    X(T, STATUS, status, TEXT, 0)                                                                  \
    X(T, REPORT, report, JSON, 0)                                                                  \
    X(T, UNDONE_MS, undone_ms, INT64, 0)

/* Who sees and who writes a row. Sessions of role SYNC see every row. */
enum sl_table_rule {
    /* global rows and one's own are seen; one's own are written, global ones by administrators */
    SL_RULE_OWNED,
    /* one's own are seen and written; administrators see and write all; owner is never NULL */
    SL_RULE_KEYS,
    /* one's own (id) is seen; administrators see and write all; owner is always NULL */
    SL_RULE_USERS,
};

/* What happens to the rows a user owns when the user is deleted: always wiped. unique_names:
 * false where names are not unique. */
#define SL_TABLES(X)                                                                               \
    X(PROVIDERS, providers, OWNED)                                                                 \
    X(CREDENTIALS, credentials, OWNED)                                                             \
    X(MODELS, models, OWNED)                                                                       \
    X(USERS, users, USERS)                                                                         \
    X(TIERS, tiers, OWNED)                                                                         \
    X(API_KEYS, api_keys, KEYS)                                                                    \
    X(MODEL_DEFAULTS, model_defaults, OWNED)                                                       \
    X(CONVERSATIONS, conversations, OWNED)                                                         \
    X(PREFERENCES, preferences, OWNED)                                                             \
    X(IMPORT_RUNS, import_runs, OWNED)

enum sl_table {
#define SL_TABLE_ENUM(T, name, rule) SL_TABLE_##T,
    SL_TABLES(SL_TABLE_ENUM)
#undef SL_TABLE_ENUM
        SL_TABLE_COUNT
};

enum {
#define SL_COLUMN_ENUM(T, C, name, type, flags) SL_COL_##C,
    SL_COLUMNS_COMMON(SL_COLUMN_ENUM, COMMON)
#undef SL_COLUMN_ENUM
        SL_COL_COMMON
};

/* SL_MODELS_BASE_URL, ... and their count, SL_MODELS_COLUMNS. */
#define SL_COLUMN_ENUM(T, C, name, type, flags) SL_##T##_##C,
#define SL_TABLE_COLUMNS_ENUM(T, name, rule)                                                       \
    enum {                                                                                         \
        SL_##T##_BEFORE_ = SL_COL_COMMON - 1,                                                      \
        SL_COLUMNS_##T(SL_COLUMN_ENUM, T) SL_##T##_COLUMNS                                         \
    };
SL_TABLES(SL_TABLE_COLUMNS_ENUM)
#undef SL_TABLE_COLUMNS_ENUM
#undef SL_COLUMN_ENUM

enum { SL_MAX_COLUMNS = 64 }; /* sl_row.set has a bit for each */

struct sl_column {
    const char *name;
    enum sl_column_type type;
    unsigned flags; /* of enum sl_column_flag */
};

struct sl_table_info {
    const char *name;
    enum sl_table_rule rule;
    const struct sl_column *columns; /* the common ones first */
    size_t n_columns;
};

/* Never NULL. */
const struct sl_table_info *sl_table_info(enum sl_table table);
/* SL_TABLE_COUNT where there is none. */
enum sl_table sl_table_find(const char *name);
/* -1 where there is none. */
int sl_table_column(enum sl_table table, const char *name);

#endif
