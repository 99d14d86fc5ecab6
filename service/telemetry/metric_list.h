/* Every metric: a row. A new one is a row here, a line in docs/metrics.md (a test compares the two), and the place that
 * feeds it: sl_metric_add and its like where the thing happens, or a collector where it is known anyway. */
#ifndef SL_TELEMETRY_METRIC_LIST_H
#define SL_TELEMETRY_METRIC_LIST_H

/* id, type, name, help (one sentence without its full stop), names of the labels or NULL. Names as
 * https://prometheus.io/docs/practices/naming/ has them: base units, _total for counters. */
#define SL_METRICS(X)                                                                              \
    X(BUILD_INFO, GAUGE, "sluice_build_info", "Always 1, with the version", "version")             \
    X(PROCESS_CPU, COUNTER, "process_cpu_seconds_total", "User and system CPU time", NULL)         \
    X(PROCESS_MEMORY, GAUGE, "process_resident_memory_bytes", "Resident memory", NULL)             \
    X(PROCESS_FDS, GAUGE, "process_open_fds", "Open file descriptors", NULL)                       \
    X(PROCESS_MAX_FDS, GAUGE, "process_max_fds", "Most file descriptors that may be open", NULL)   \
    X(PROCESS_THREADS, GAUGE, "process_threads", "Threads", NULL)                                  \
    X(PROCESS_START, GAUGE, "process_start_time_seconds",                                          \
      "When the process started, in seconds since 1970", NULL)                                     \
    X(RPCS, COUNTER, "sluice_rpcs_total", "Calls that ended, by gRPC status", "method", "code")    \
    X(RPC_SECONDS, HISTOGRAM, "sluice_rpc_duration_seconds",                                       \
      "From the arrival of a call to its end, which for streams is the end of the answer",         \
      "method")                                                                                    \
    X(RPCS_OPEN, GAUGE, "sluice_rpcs_open", "Calls and streams that are open now", "method")       \
    X(MODEL_CALLS, COUNTER, "sluice_model_calls_total",                                            \
      "Calls that ended and got as far as a model, by gRPC status", "model", "code")               \
    X(FIRST_TOKEN, HISTOGRAM, "sluice_first_token_seconds",                                        \
      "From the arrival of a call to the first token of its answer", "provider")                   \
    X(TOKENS, COUNTER, "sluice_tokens_total",                                                      \
      "Tokens by kind: input, cache_read, cache_write, output, reasoning; by source: reported by " \
      "the provider, or estimated",                                                                \
      "model", "kind", "source")                                                                   \
    X(UPSTREAM_REQUESTS, COUNTER, "sluice_upstream_requests_total",                                \
      "Requests to providers that ended, by outcome: OK, or the reason why not", "provider",       \
      "outcome")                                                                                   \
    X(ENDING_REQUESTS, COUNTER, "sluice_deprecated_model_requests_total",                          \
      "Requests for models that are deprecated or retired, by what became of them: served, "       \
      "redirected to the successor, refused",                                                      \
      "model", "outcome")                                                                          \
    X(AUTH_CHECKS, COUNTER, "sluice_auth_checks_total",                                            \
      "Credentials that were looked at, by result: OK, or the reason why not", "result")

#endif
