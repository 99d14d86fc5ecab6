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
    X(PROVIDER_HEALTHY, GAUGE, "sluice_provider_healthy",                                          \
      "1 where a provider answers well, 0 where requests failed lately; none where nobody asked "  \
      "for a quarter of an hour",                                                                  \
      "provider")                                                                                  \
    X(ENDING_REQUESTS, COUNTER, "sluice_deprecated_model_requests_total",                          \
      "Requests for models that are deprecated or retired, by what became of them: served, "       \
      "redirected to the successor, refused",                                                      \
      "model", "outcome")                                                                          \
    X(AUTH_CHECKS, COUNTER, "sluice_auth_checks_total",                                            \
      "Credentials that were looked at, by result: OK, or the reason why not", "result")           \
    X(AUTH_FAILURES, COUNTER, "sluice_auth_failures_total",                                        \
      "Wrong credentials, whatever they were", NULL)                                               \
    X(AUTH_SLOWED, COUNTER, "sluice_auth_slowed_total",                                            \
      "Credentials that were not looked at because their address is paused", NULL)                 \
    X(AUTH_PAUSES, COUNTER, "sluice_auth_pauses_total",                                            \
      "Pauses that addresses with many wrong credentials were given", NULL)                        \
    X(USERS, GAUGE, "sluice_users", "Users in the store", NULL)                                    \
    X(API_KEYS, GAUGE, "sluice_api_keys",                                                          \
      "Keys of callers, by origin: store (but revoked ones), config (certificates, too)",          \
      "origin")                                                                                    \
    X(MODELS, GAUGE, "sluice_models",                                                              \
      "Models, by origin: config, environment, api, template, seed, import; personal ones",        \
      "origin")                                                                                    \
    X(CREDENTIALS, GAUGE, "sluice_credentials", "Stored keys of providers, users' own ones, too",  \
      NULL)                                                                                        \
    X(MODEL_DAYS_LEFT, GAUGE, "sluice_deprecated_model_days_left",                                 \
      "Days until a deprecated model of the registry retires; 0 or less: it has", "model")         \
    X(MODEL_GONE, GAUGE, "sluice_gone_model_timestamp_seconds",                                    \
      "Since when a model's provider no longer lists it, in seconds since 1970", "model")          \
    X(VERSION_CHECK, GAUGE, "sluice_version_check_timestamp_seconds",                              \
      "When providers were last asked what they list, in seconds since 1970; 0: never", NULL)      \
    X(SECRET_HITS, COUNTER, "sluice_secret_cache_hits_total",                                      \
      "Stored keys that were found opened", NULL)                                                  \
    X(SECRET_MISSES, COUNTER, "sluice_secret_cache_misses_total",                                  \
      "Stored keys that had to be opened", NULL)                                                   \
    X(SECRETS, GAUGE, "sluice_secret_cache_entries", "Opened keys that are held now", NULL)        \
    X(STORE_UP, GAUGE, "sluice_store_up", "1 while the store is there, 0 while it is away", NULL)  \
    X(STORE_SINCE, GAUGE, "sluice_store_state_timestamp_seconds",                                  \
      "Since when it is there or away, in seconds since 1970", NULL)                               \
    X(STORE_OUTAGES, COUNTER, "sluice_store_outages_total", "How often it went away", NULL)        \
    X(STORE_REVISION, GAUGE, "sluice_store_revision",                                              \
      "Number of the store's last write that this process knows of", NULL)                         \
    X(SNAPSHOT_REVISION, GAUGE, "sluice_snapshot_revision",                                        \
      "Number of the store's last write that calls follow", NULL)                                  \
    X(SNAPSHOT_AGE, GAUGE, "sluice_snapshot_age_seconds",                                          \
      "Since calls were last known to follow the newest state of the store", NULL)                 \
    X(SNAPSHOT_FAILURES, COUNTER, "sluice_snapshot_failures_total",                                \
      "Changes of the store that could not be taken up when they came", NULL)                      \
    X(STORE_NOTICES, COUNTER, "sluice_store_notices_total",                                        \
      "Notices of writes that PostgreSQL sent", NULL)                                              \
    X(STORE_LISTENERS, COUNTER, "sluice_store_listeners_total",                                    \
      "Connections that were made to hear them: one, and one for each time that it was lost",      \
      NULL)                                                                                        \
    X(POOL_SIZE, GAUGE, "sluice_store_pool_size", "Connections that a pool may have", "pool")      \
    X(POOL_CONNECTIONS, GAUGE, "sluice_store_pool_connections",                                    \
      "Connections that it has, by state: in_use, idle", "pool", "state")                          \
    X(POOL_OPENED, COUNTER, "sluice_store_pool_opened_total", "Connections that were made",        \
      "pool")                                                                                      \
    X(POOL_LOST, COUNTER, "sluice_store_pool_lost_total",                                          \
      "Connections that broke, and were made anew where they were needed", "pool")                 \
    X(POOL_WAITS, COUNTER, "sluice_store_pool_waits_total",                                        \
      "Times that a caller found no free connection", "pool")                                      \
    X(POOL_TIMEOUTS, COUNTER, "sluice_store_pool_timeouts_total",                                  \
      "Times that none became free in time", "pool")

#endif
