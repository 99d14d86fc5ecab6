/* One log line a call. Never a prompt, an answer or a key. */
#ifndef SL_TELEMETRY_REQUEST_LOG_H
#define SL_TELEMETRY_REQUEST_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What is known of a call, filled by whoever knows it; strings outlive the call (its arena will do). NULL: left out. */
struct sl_call_facts {
    const char *model_asked, *model, *provider, *why;
    const char *provider_request_id;
    const char *conversation_id, *message_id, *task;
    const char *const *labels;                /* key, value, key, value, ..., NULL */
    const char *model_label, *provider_label; /* for metrics: of a bounded set */
    int attempts;
    int64_t first_token_us;              /* since arrival; -1: none */
    int32_t input_tokens, output_tokens; /* all prompt tokens, all answer tokens; -1: not known */
    int32_t cache_read_tokens, cache_write_tokens, reasoning_tokens; /* of these */
    bool usage_estimated;
};

struct sl_request_line {
    const char *id, *method, *principal, *peer;
    const char *acting; /* id of who acts for the principal; NULL: nobody */
    enum sl_code code;
    enum sl_reason reason;
    const char *message; /* of an error; left out where it may be the provider's own words */
    int64_t total_us;
    const struct sl_call_facts *facts;
};

/* Gathered (base/log.h); written at the end of the loop's turn. */
void sl_request_log(const struct sl_request_line *line);

#endif
