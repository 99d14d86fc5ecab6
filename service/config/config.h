/* The configuration: a YAML (so JSON too) file, then SLUICE_* environment variables, then flags, each over the one
 * before. All settings are rows of one sorted table (config/settings.c): key, type, default, unit, help, and whether a
 * reload takes it up; parsing, --help, --print-config and the reference page come from it. An unknown key, a wrong type
 * or a bad value is refused with file, line and the nearest valid name.
 *
 * A configuration is immutable once loaded; the main thread owns it. Strings live in its arena. */
#ifndef SL_CONFIG_CONFIG_H
#define SL_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

struct sl_config_pair {
    const char *key, *value;
};

struct sl_config_pairs {
    struct sl_config_pair *list;
    size_t count;
};

struct sl_config_strings {
    const char **list; /* NULL-terminated */
    size_t count;
};

/* Milliseconds; -1: not set here (inherit), 0: off. */
struct sl_config_timeouts {
    int64_t connect, first_byte, first_token, idle, total;
};

struct sl_config_key {
    const char *name;        /* required, unique */
    const char *key;         /* reference (env:, file:) or "sha256:HEX" of the whole key */
    const char *certificate; /* instead of key: name in a verified client certificate */
    const char *tier;
    struct sl_config_strings roles;  /* admin, operator, auditor, user; default user */
    struct sl_config_strings scopes; /* complete, models, admin, act_as; none: all but act_as */
    const char *place;               /* where it was written, for errors: "sluice.yaml:12" */
};

/* An issuer of tokens. */
struct sl_config_jwt {
    const char *issuer;                 /* required, unique; the claim iss */
    struct sl_config_strings audiences; /* at least one */
    const char *jwks_uri;               /* "" : by discovery */
    struct sl_config_strings algorithms;
    const char *user_claim, *user_prefix;
    const char *name_claim, *tier_claim, *roles_claim; /* "" : none */
    struct sl_config_pairs roles;                      /* value of roles_claim, role */
    int64_t leeway_ms;
    const char *place;
};

struct sl_config_provider {
    const char *id;       /* required, unique */
    const char *kind;     /* adapter; default: id */
    const char *base_url; /* "" : the adapter's default */
    const char *key;      /* "" or a reference env:NAME, file:/path */
    const char *auth;     /* "", bearer, header, none, jwt, google, entra, aws */
    const char *auth_header;
    const char *tenant, *client_id; /* Entra's; "" : its usual variables */
    const char *role;               /* AWS: ARN of a role to assume; "" : none */
    const char *organization, *project, *region;
    const char *api_version;        /* "" : the adapter's */
    struct sl_config_pairs headers; /* values may be references */
    const char *ca_file, *client_certificate, *client_key;
    bool insecure;
    const char *proxy; /* "" : upstream.proxy; "none": none */
    const char *http;  /* auto, 1.1 */
    const char *unix_socket;
    const char *connect_to;
    struct sl_config_strings model_patterns; /* names that lead to it, with '*' for any text */
    struct sl_config_timeouts timeouts;
    const char *place;
};

/* Dollars per million tokens as written, kept as millionths of a dollar; -1: not set. */
struct sl_config_prices {
    int64_t input, cache_read, cache_write, output, reasoning;
};

struct sl_config_model {
    const char *name; /* required, unique among names and aliases */
    const char *
        provider; /* required: id of a provider, or an adapter kind that needs no more than its key */
    const char *model_id; /* default: name */
    const char *api, *description;
    const char *api_version; /* "" : the provider's */
    struct sl_config_strings aliases;
    struct sl_config_pairs labels;
    struct sl_config_pairs headers;
    struct sl_config_strings tiers;    /* who may use it; none: everyone */
    const char *key;                   /* "" : the provider's; "none": none */
    const char *base_url;              /* "" : the provider's */
    const char *region;                /* "" : the provider's */
    const char *provider_options_json; /* from a mapping; "" if none */
    bool has_temperature, has_top_p;
    double temperature, top_p;
    int64_t default_max_output_tokens; /* 0: none */
    int64_t context_tokens, max_output_tokens;
    struct sl_config_prices prices;
    int8_t streaming, tools, vision, json_schema, reasoning, embeddings, images; /* -1: not said */
    int8_t enabled;                                                              /* -1: yes */
    const char *base_model; /* whose facts it inherits; "" : found from its id */
    const char *deprecation_date, *retirement_date; /* "2026-03-31"; "" : the catalogue's */
    const char *successor;
    struct sl_config_strings tasks, fallback_models;
    bool has_speed;
    double speed; /* tokens a second */
    bool legacy_max_tokens, no_stream_options, no_developer_role;
    struct sl_config_timeouts timeouts;
    const char *place;
};

struct sl_config {
    struct sl_arena arena;
    const char *file; /* "" : none */
    const char *
        *places; /* where each setting was set, by its row in config/settings.c; "" for a default */

    /* server.* */
    struct sl_config_strings listen; /* "127.0.0.1:50051", "[::1]:0", "unix:/run/sluice.sock" */
    int64_t loops;                   /* 0: half of the processors, at least 1 */
    int64_t max_message_bytes;       /* 16 MiB; at most 64 MiB */
    int64_t max_concurrent_streams;  /* per connection */
    int64_t max_connection_age_ms, max_connection_age_grace_ms,
        max_connection_idle_ms; /* 0: unlimited */
    int64_t keepalive_ms, keepalive_timeout_ms, keepalive_min_ping_ms;
    int64_t reap_tick_ms; /* how late a cancel may be seen; 1 to 10 */
    const char *tls_certificate, *tls_key,
        *tls_client_ca; /* files; "" : plaintext, no client certificates */
    bool tls_require_client_certificate;
    /* drain.* */
    int64_t
        drain_announce_ms; /* -1: 1.3 x max_connection_age (default age: 60 s, when unlimited) */
    int64_t drain_deadline_ms;
    /* data_dir, log.*, metrics.* */
    const char *data_dir;
    const char *log_level;
    const char *metrics_address; /* "off", "127.0.0.1:9464" */
    /* limits.* */
    int64_t request_memory_bytes; /* all requests together */
    int64_t stream_buffer_bytes;  /* queued for one slow client before its provider is paused */
    int64_t slow_reader_ms;
    int64_t max_header_bytes, max_line_bytes, max_event_bytes,
        max_body_bytes; /* of a provider's answer */
    /* upstream.* */
    int64_t max_connections; /* to providers, whole process */
    const char *proxy, *ca_file;
    struct sl_config_strings
        allowed_addresses; /* addresses, networks, host names; see base/address.h */
    struct sl_config_timeouts timeouts;
    /* access.* */
    bool anonymous; /* only with loopback and unix addresses */
    struct sl_config_key *keys;
    size_t n_keys;
    struct sl_config_jwt *jwt;
    size_t n_jwt;
    /* encryption.*, secrets.* */
    const char *encryption_keys; /* "" or a reference to the keyring's text */
    struct sl_config_strings
        secret_references; /* "env:PATTERN", "file:/path": open to administrators */
    /* store.* */
    const char *store_url;      /* "" : SQLite in data_dir; a url of PostgreSQL or a reference */
    const char *store_password; /* "" or a reference */
    int64_t store_pool_size, store_connect_timeout_ms, store_statement_timeout_ms;
    /* providers, models */
    struct sl_config_provider *providers;
    size_t n_providers;
    struct sl_config_model *models;
    size_t n_models;
    const char *default_model; /* "" : none */
    /* registry.*, catalogue.* */
    const char *default_provider; /* "" : DEFAULT_LLM_PROVIDER, else openai */
    const char *unknown_models;   /* default_provider, refuse */
    const char *retired_models;   /* refuse, redirect */
    int64_t deleted_grace_ms;
    int64_t version_check_ms;   /* -1, 0: off */
    const char *catalogue_file; /* "" : none */
};

/* What the command line asks for besides settings. */
struct sl_config_command {
    bool help, version, check, print;
};

/* Reads flags (argv without the program), environment and the file (--config FILE, else SLUICE_CONFIG, else
 * "sluice.yaml" in the working directory if it is there). *out is set on success only; with --help and --version
 * nothing is read, *out is NULL and the result SL_OK. Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID, with the place and
 * without the value of anything that may be a secret. */
enum sl_code sl_config_load(int argc, char *const *argv, char *const *envp,
                            struct sl_config_command *command, struct sl_config **out,
                            struct sl_err *err) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_config_destroy(struct sl_config *c);
/* The first address of server.listen that others than this machine can reach; "" : none. */
const char *sl_config_open_address(const struct sl_config *c);
/* --help, from the table. */
void sl_config_print_help(FILE *to);
/* --print-config: YAML of every setting, where it was set, secrets masked (literal values of keys and of headers that
 * carry credentials show as "***", references stay readable). */
void sl_config_print(const struct sl_config *c, FILE *to);

/* The settings that differ between two configurations and are only taken up by a restart: up to cap keys (static
 * strings), and how many there are. For a warning after a reload. */
size_t sl_config_needs_restart(const struct sl_config *was, const struct sl_config *now,
                               const char **keys, size_t cap);

/* Whether somebody set the setting of the root, rather than that it has its default. */
bool sl_config_is_said(const struct sl_config *c, const char *key);

/* Text of a reference: env:NAME or file:/path (one trailing newline removed). Errors: SL_FAILED_PRECONDITION,
 * PROVIDER_KEY_MISSING naming the variable or file. A text that is no reference is refused: keys are not written into
 * configuration files. */
struct sl_secret;
enum sl_code sl_config_secret(const char *reference, struct sl_secret **out,
                              struct sl_err *err) SL_MUST_CHECK;
/* The same for a text that may have several lines. */
enum sl_code sl_config_secret_lines(const char *reference, struct sl_secret **out,
                                    struct sl_err *err) SL_MUST_CHECK;
/* The same from a file that is open for reading; path is for errors. */
enum sl_code sl_config_secret_read(int fd, const char *path, struct sl_secret **out,
                                   struct sl_err *err) SL_MUST_CHECK;
/* The JSON document behind a reference, line breaks and all: file:/path is the file, env:NAME holds the document itself
 * (it begins with '{') or the path of its file. Errors as sl_config_secret's. */
enum sl_code sl_config_document(const char *reference, struct sl_secret **out,
                                struct sl_err *err) SL_MUST_CHECK;

#endif
