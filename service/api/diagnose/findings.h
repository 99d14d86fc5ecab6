/* What a diagnosis found: codes from one table, gathered, and made into the reply. One thread. */
#ifndef SL_API_DIAGNOSE_FINDINGS_H
#define SL_API_DIAGNOSE_FINDINGS_H

#include "base/arena.h"
#include "sluice/v1/maintenance.pb-c.h"

/* Code, level, topic; topics in the order of the reply. Each has its line in docs/troubleshooting.md (a test asks for it). */
#define SL_FINDINGS(X)                                                                             \
    X(DEFAULT_MODEL, OK, "default")                                                                \
    X(DEFAULT_NONE, ERROR, "default")                                                              \
    X(DEFAULT_UNUSABLE, ERROR, "default")                                                          \
    X(DEFAULT_KEY_MISSING, ERROR, "default")                                                       \
    X(DEFAULT_SKIPPED, WARNING, "default")                                                         \
    X(MODELS, INFO, "models")                                                                      \
    X(MODELS_NONE, ERROR, "models")                                                                \
    X(MODEL_UNUSABLE, ERROR, "models")                                                             \
    X(FALLBACK_UNKNOWN, WARNING, "models")                                                         \
    X(PROVIDER_KEY, OK, "providers")                                                               \
    X(PROVIDER_KEY_MISSING, WARNING, "providers")                                                  \
    X(MODEL_KEY_MISSING, WARNING, "providers")                                                     \
    X(REFERENCES, OK, "references")                                                                \
    X(REFERENCE_UNREADABLE, ERROR, "references")                                                   \
    X(DEPRECATIONS_NONE, OK, "deprecations")                                                       \
    X(MODEL_RETIRED, ERROR, "deprecations")                                                        \
    X(MODEL_REDIRECTED, WARNING, "deprecations")                                                   \
    X(MODEL_GONE, WARNING, "deprecations")                                                         \
    X(MODEL_DEPRECATED, WARNING, "deprecations")                                                   \
    X(MODEL_SERVED_AS, INFO, "deprecations")                                                       \
    X(MODEL_RETIRES_LATER, INFO, "deprecations")                                                   \
    X(ADDRESSES, OK, "proxies")                                                                    \
    X(ADDRESS_IS_PROXY, WARNING, "proxies")                                                        \
    X(ADDRESS_INSIDE, WARNING, "proxies")                                                          \
    X(ENDPOINT, OK, "reach")                                                                       \
    X(ENDPOINT_UNREACHABLE, ERROR, "reach")                                                        \
    X(ENDPOINT_FORBIDDEN, ERROR, "reach")                                                          \
    X(ENDPOINT_FAILING, WARNING, "reach")                                                          \
    X(ENDPOINTS_SKIPPED, INFO, "reach")                                                            \
    X(DATABASE, OK, "database")                                                                    \
    X(DATABASE_AWAY, ERROR, "database")                                                            \
    X(DATABASE_FILE_GONE, ERROR, "database")                                                       \
    X(SNAPSHOT_BEHIND, WARNING, "database")                                                        \
    X(NOTICES_LOST, WARNING, "database")                                                           \
    X(CLOCKS_DIFFER, WARNING, "database")                                                          \
    X(ENCRYPTION, OK, "encryption")                                                                \
    X(FORMER_KEYS, WARNING, "encryption")                                                          \
    X(SEALING_KEY_UNKNOWN, ERROR, "encryption")                                                    \
    X(CHECK_VALUE_WRONG, ERROR, "encryption")                                                      \
    X(KEY_FILE, INFO, "encryption")                                                                \
    X(KEY_FILE_GONE, ERROR, "encryption")                                                          \
    X(KEY_FILE_OPEN, ERROR, "encryption")                                                          \
    X(ACCESS, OK, "access")                                                                        \
    X(ANONYMOUS_ACCESS, WARNING, "access")                                                         \
    X(ADMIN_KEY_FILE, INFO, "access")                                                              \
    X(ADMIN_KEY_FILE_OPEN, ERROR, "access")                                                        \
    X(TLS_OFF, WARNING, "access")                                                                  \
    X(TIER_EMPTY, WARNING, "access")

enum sl_finding {
#define SL_FINDING_ENUM(name, level, topic) SL_FINDING_##name,
    SL_FINDINGS(SL_FINDING_ENUM)
#undef SL_FINDING_ENUM
        SL_FINDING_COUNT
};

enum { SL_FINDINGS_OF_A_CODE = 50 }; /* that are told one by one; the rest are counted */

struct sl_findings {
    struct sl_arena *arena;
    struct sl_finding_entry *list;
    size_t n, cap;
    size_t seen[SL_FINDING_COUNT];
};

void sl_findings_init(struct sl_findings *f, struct sl_arena *arena);
/* subject: "models/NAME", ..., or "". The texts live as long as the arena, or are static. */
void sl_findings_add(struct sl_findings *f, enum sl_finding code, const char *subject,
                     const char *message, const char *remedy);
/* How many of the codes from first to last there are. */
size_t sl_findings_count(const struct sl_findings *f, enum sl_finding first, enum sl_finding last);
/* Adds copies of all of another's, which then may go. */
void sl_findings_copy(struct sl_findings *to, const struct sl_findings *from);
/* All of them: topic by topic, the worst first. */
Sluice__V1__DiagnoseResponse *sl_findings_response(struct sl_findings *f);

/* "PROVIDER_KEY_MISSING". */
const char *sl_finding_name(enum sl_finding code);

#endif
