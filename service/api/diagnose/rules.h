/* What is wrong and what is not, without looking anywhere: facts in, a finding out. Pure. */
#ifndef SL_API_DIAGNOSE_RULES_H
#define SL_API_DIAGNOSE_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/diagnose/findings.h"
#include "base/err.h"
#include "registry/upgrade/outdated.h"

/* A model that should be replaced, for one of the reasons that matter. */
struct sl_rule_life {
    enum sl_outdated_status status;
    bool redirected;   /* retired, and its successor answers */
    bool dated;        /* its last day is known: */
    int32_t days_left; /* until then */
};
enum sl_finding sl_rule_life(const struct sl_rule_life *m);

/* An address that models are asked at. */
struct sl_rule_address {
    const char *url;
    bool own_server; /* its kind is one that people run themselves: Ollama, vLLM, LM Studio, ... */
    bool stored; /* by the API, an import, ...; else the configuration or the environment says so */
};
/* *why: the end of a sentence, "is a proxy's, by its name"; NULL with SL_FINDING_ADDRESSES, which says that nothing is wrong. */
enum sl_finding sl_rule_address(const struct sl_rule_address *a, const char **why);

/* What a request to an address came to. status: HTTP's, 0: no answer. SL_FINDING_ENDPOINT: it can be reached, whatever it
 * answered to a request without a key. */
enum sl_finding sl_rule_endpoint(int status, const struct sl_err *err);

/* Whether word of other replicas' changes is missed: nobody listens, and the database was there so long (milliseconds). */
bool sl_rule_notices_lost(bool listens, int64_t up_ms);

/* Whether clocks that far apart (milliseconds, either sign) do harm: keys and tokens that expire by one and are dated by the
 * other. */
bool sl_rule_clocks_differ(int64_t ahead_ms);

/* Whether others than its owner may read a file of that mode. */
bool sl_rule_is_open(mode_t mode);

#endif
