/* Codes and the caller-owned error. Fallible calls return an sl_code and fill the sl_err they were given; the layer
 * that detects writes the text; the first error wins. Only rpc/ turns a code into a gRPC status. */
#ifndef SL_BASE_ERR_H
#define SL_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* name, gRPC status of the same meaning */
#define SL_CODES(X)                                                                                \
    X(OK, 0)                                                                                       \
    X(CANCELLED, 1)                                                                                \
    X(UNKNOWN, 2)                                                                                  \
    X(INVALID_ARGUMENT, 3)                                                                         \
    X(DEADLINE_EXCEEDED, 4)                                                                        \
    X(NOT_FOUND, 5)                                                                                \
    X(ALREADY_EXISTS, 6)                                                                           \
    X(PERMISSION_DENIED, 7)                                                                        \
    X(RESOURCE_EXHAUSTED, 8)                                                                       \
    X(FAILED_PRECONDITION, 9)                                                                      \
    X(ABORTED, 10)                                                                                 \
    X(UNIMPLEMENTED, 12)                                                                           \
    X(INTERNAL, 13)                                                                                \
    X(UNAVAILABLE, 14)                                                                             \
    X(UNAUTHENTICATED, 16)

enum sl_code {
#define SL_CODE_ENUM(name, number) SL_##name = number,
    SL_CODES(SL_CODE_ENUM)
#undef SL_CODE_ENUM
};

/* Stable reasons: google.rpc.ErrorInfo.reason and the request log. */
#define SL_REASONS(X)                                                                              \
    X(NONE)                                                                                        \
    X(INVALID_REQUEST)                                                                             \
    X(INVALID_WIRE_FORMAT)                                                                         \
    X(MESSAGE_TOO_LARGE)                                                                           \
    X(UNSUPPORTED_PARAMETER)                                                                       \
    X(REQUEST_ID_USED)                                                                             \
    X(REQUEST_MEMORY)                                                                              \
    X(CREDENTIALS_MISSING)                                                                         \
    X(CREDENTIALS_INVALID)                                                                         \
    X(CREDENTIALS_UNVERIFIED)                                                                      \
    X(TOO_MANY_FAILURES)                                                                           \
    X(SCOPE_MISSING)                                                                               \
    X(ROLE_MISSING)                                                                                \
    X(RPC_FORBIDDEN)                                                                               \
    X(ACT_AS_FORBIDDEN)                                                                            \
    X(LAST_ADMIN)                                                                                  \
    X(TIER_IN_USE)                                                                                 \
    X(ADDRESS_FORBIDDEN)                                                                           \
    X(REFERENCE_FORBIDDEN)                                                                         \
    X(ENCRYPTION_KEY_MISSING)                                                                      \
    X(SECRET_UNREADABLE)                                                                           \
    X(MODEL_NOT_FOUND)                                                                             \
    X(MODEL_FORBIDDEN)                                                                             \
    X(TASK_FORBIDDEN)                                                                              \
    X(COST_CEILING)                                                                                \
    X(MODEL_DISABLED)                                                                              \
    X(MODEL_RETIRED)                                                                               \
    X(MODEL_UNUSABLE)                                                                              \
    X(NO_DEFAULT_MODEL)                                                                            \
    X(CONTEXT_TOO_LONG)                                                                            \
    X(CONTENT_REFUSED)                                                                             \
    X(PROVIDER_KEY_MISSING)                                                                        \
    X(PROVIDER_AUTH)                                                                               \
    X(PROVIDER_RATE_LIMIT)                                                                         \
    X(PROVIDER_QUOTA)                                                                              \
    X(PROVIDER_INVALID_REQUEST)                                                                    \
    X(PROVIDER_NOT_FOUND)                                                                          \
    X(PROVIDER_ERROR)                                                                              \
    X(PROVIDER_OVERLOADED)                                                                         \
    X(PROVIDER_UNREACHABLE)                                                                        \
    X(PROVIDER_TLS)                                                                                \
    X(PROVIDER_TRUNCATED)                                                                          \
    X(PROVIDER_GARBAGE)                                                                            \
    X(PROVIDER_REDIRECT)                                                                           \
    X(PROVIDER_TOO_LARGE)                                                                          \
    X(PROVIDER_UNSUPPORTED)                                                                        \
    X(CONNECT_TIMEOUT)                                                                             \
    X(FIRST_BYTE_TIMEOUT)                                                                          \
    X(FIRST_TOKEN_TIMEOUT)                                                                         \
    X(IDLE_TIMEOUT)                                                                                \
    X(TOTAL_TIMEOUT)                                                                               \
    X(CALLER_DEADLINE)                                                                             \
    X(CALLER_CANCELLED)                                                                            \
    X(SLOW_READER)                                                                                 \
    X(SHUTTING_DOWN)                                                                               \
    X(SERVER_BUSY)                                                                                 \
    X(CONFIG_INVALID)                                                                              \
    X(STORE)                                                                                       \
    X(NOT_FOUND)                                                                                   \
    X(NOT_PERMITTED)                                                                               \
    X(NAME_TAKEN)                                                                                  \
    X(ETAG_STALE)                                                                                  \
    X(NOT_STORED)                                                                                  \
    X(KEY_NEEDED)                                                                                  \
    X(MODEL_IN_USE)                                                                                \
    X(PROVIDER_IN_USE)                                                                             \
    X(CREDENTIAL_IN_USE)                                                                           \
    X(PROVIDER_UNKNOWN)                                                                            \
    X(USER_NOT_FOUND)                                                                              \
    X(CHANGED_SINCE)                                                                               \
    X(INTERNAL)

enum sl_reason {
#define SL_REASON_ENUM(name) SL_REASON_##name,
    SL_REASONS(SL_REASON_ENUM)
#undef SL_REASON_ENUM
};

/* An error, owned by the caller, who sets it to {0}. Strings are cut to fit, at a UTF-8 boundary. About 1 KiB: keep it
 * on the stack or make it when an error happens, not in every call. */
struct sl_err {
    enum sl_code code;
    enum sl_reason reason;
    char text[512];  /* one sentence for people, without secrets */
    char field[128]; /* the request field or setting it is about, "" if none */
    /* what a provider said; zero where none was asked */
    int http_status;
    bool retryable;
    bool has_retry_after;
    int64_t retry_after_ms;
    char provider_code[64];
    char provider_type[64];
    char provider_param[64];
    char provider_request_id[96];
};

/* "INVALID_ARGUMENT"; "?" for a number that is no code. */
const char *sl_code_name(enum sl_code code);
/* "PROVIDER_AUTH". */
const char *sl_reason_name(enum sl_reason reason);

/* Fills err unless it holds an error already, and returns the code (the first one, where there is one). err may not be
 * NULL. */
enum sl_code sl_err_set(struct sl_err *err, enum sl_code code, enum sl_reason reason,
                        const char *fmt, ...) SL_PRINTF(4, 5);
/* The same for an error about one request field or setting. */
enum sl_code sl_err_field(struct sl_err *err, enum sl_code code, enum sl_reason reason,
                          const char *field, const char *fmt, ...) SL_PRINTF(5, 6);

#endif
