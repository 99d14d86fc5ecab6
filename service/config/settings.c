/* The table of settings: rows sorted by key, which a test checks. Besides a field in config.h, a
 * new setting is a row here and nothing else. */
#include "config/settings.h"

#include <ctype.h>
#include <string.h>

#include "base/compiler.h"
#include "base/str.h"
#include "config/config.h"

#define AT(field) .offset = offsetof(struct sl_config, field)
#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define WEEK (7 * 24 * HOUR)

static const struct sl_setting rows[] = {
    {.key = "access.anonymous",
     .type = SL_SET_BOOL,
     AT(anonymous),
     .reload = true,
     .help = "Let callers of this machine in without a key; only with loopback and unix addresses"},
    {.key = "access.jwt",
     .type = SL_SET_TABLE,
     AT(jwt),
     .reload = true,
     .other_offset = offsetof(struct sl_config, n_jwt),
     .table = &sl_settings_jwt,
     .help = "Issuers whose tokens (JWT) callers may send instead of a key"},
    {.key = "access.keys",
     .type = SL_SET_TABLE,
     AT(keys),
     .reload = true,
     .other_offset = offsetof(struct sl_config, n_keys),
     .table = &sl_settings_keys,
     .help = "Keys and client certificates of callers"},
    {.key = "catalogue.file",
     .type = SL_SET_TEXT,
     AT(catalogue_file),
     .reload = true,
     .shown = "none",
     .help = "File with facts about providers and models, over those that are built in"},
    {.key = "data_dir",
     .type = SL_SET_TEXT,
     AT(data_dir),
     .shown = "/var/lib/sluice as root, else $XDG_DATA_HOME/sluice or ~/.local/share/sluice",
     .help = "Folder of the embedded store and of the first administrator's key"},
    {.key = "default_model",
     .type = SL_SET_TEXT,
     AT(default_model),
     .reload = true,
     .shown = "$DEFAULT_LLM_MODEL, else gpt-4o, else the first by name, whose key is there",
     .help = "Model of a request that names none"},
    {.key = "drain.announce",
     .type = SL_SET_DURATION,
     AT(drain_announce_ms),
     .preset = "auto",
     .special = "auto",
     .max = HOUR,
     .reload = true,
     .help = "After SIGTERM, how long calls are still accepted while health says NOT_SERVING and "
             "connections move away; auto: 1.3 x server.max_connection_age"},
    {.key = "drain.deadline",
     .type = SL_SET_DURATION,
     AT(drain_deadline_ms),
     .preset = "30s",
     .max = 24 * HOUR,
     .reload = true,
     .help = "How long calls that run may take to end once no new ones are accepted"},
    {.key = "encryption.keys",
     .type = SL_SET_REFERENCE,
     AT(encryption_keys),
     .in_variable = true,
     .shown = "with the embedded store, data_dir/encryption.key, made at the first start",
     .help = "Keys of stored secrets: ID:BASE64 of 32 bytes, separated by commas, the current one "
             "first. The variable holds them; file and flag say where they are (file:/path)"},
    {.key = "limits.max_body",
     .type = SL_SET_SIZE,
     AT(max_body_bytes),
     .preset = "64MiB",
     .min = KIB,
     .max = GIB,
     .reload = true,
     .help = "Longest answer of a provider that is not a stream"},
    {.key = "limits.max_event",
     .type = SL_SET_SIZE,
     AT(max_event_bytes),
     .preset = "8MiB",
     .min = KIB,
     .max = 256 * MIB,
     .reload = true,
     .help = "Longest event of a provider's stream"},
    {.key = "limits.max_header",
     .type = SL_SET_SIZE,
     AT(max_header_bytes),
     .preset = "64KiB",
     .min = KIB,
     .max = MIB,
     .reload = true,
     .help = "All headers of a provider's answer together"},
    {.key = "limits.max_line",
     .type = SL_SET_SIZE,
     AT(max_line_bytes),
     .preset = "8MiB",
     .min = KIB,
     .max = 256 * MIB,
     .reload = true,
     .help = "Longest line of a provider's stream"},
    {.key = "limits.request_memory",
     .type = SL_SET_SIZE,
     AT(request_memory_bytes),
     .preset = "256MiB",
     .min = MIB,
     .max = 1024 * GIB,
     .help = "Bytes of all requests that are held at a time; past it calls are refused"},
    {.key = "limits.slow_reader",
     .type = SL_SET_DURATION,
     AT(slow_reader_ms),
     .preset = "10s",
     .max = HOUR,
     .reload = true,
     .help =
         "How long a caller may keep a provider's stream paused before the call ends; 0: no end"},
    {.key = "limits.stream_buffer",
     .type = SL_SET_SIZE,
     AT(stream_buffer_bytes),
     .preset = "256KiB",
     .min = 4 * KIB,
     .max = 64 * MIB,
     .help = "Bytes queued for one slow caller before its provider is paused"},
    {.key = "log.level",
     .type = SL_SET_CHOICE,
     AT(log_level),
     .preset = "info",
     .words = "debug|info|warn|error",
     .reload = true,
     .help = "Least important lines to log"},
    {.key = "metrics.address",
     .type = SL_SET_TEXT,
     AT(metrics_address),
     .preset = "127.0.0.1:9464",
     .help =
         "Address of /metrics, /healthz and /readyz, plain HTTP without credentials: HOST:PORT, "
         "[IPV6]:PORT, port 0: any free one; or off"},
    {.key = "models",
     .type = SL_SET_TABLE,
     AT(models),
     .reload = true,
     .other_offset = offsetof(struct sl_config, n_models),
     .table = &sl_settings_models,
     .help = "Models that callers may name"},
    {.key = "providers",
     .type = SL_SET_TABLE,
     AT(providers),
     .reload = true,
     .other_offset = offsetof(struct sl_config, n_providers),
     .table = &sl_settings_providers,
     .help = "Providers that differ from their adapter's defaults"},
    {.key = "registry.default_provider",
     .type = SL_SET_TEXT,
     AT(default_provider),
     .reload = true,
     .shown = "$DEFAULT_LLM_PROVIDER, else openai",
     .help = "Provider that is asked for model names that nothing is known of"},
    {.key = "registry.deleted_grace",
     .type = SL_SET_DURATION,
     AT(deleted_grace_ms),
     .preset = "720h",
     .max = 52 * WEEK,
     .reload = true,
     .help = "How long deleted models can be brought back"},
    {.key = "registry.retired_models",
     .type = SL_SET_CHOICE,
     AT(retired_models),
     .preset = "refuse",
     .words = "refuse|redirect",
     .reload = true,
     .help = "Whether a request for a model that its provider no longer serves is refused, or goes "
             "to the model's successor with a warning"},
    {.key = "registry.unknown_models",
     .type = SL_SET_CHOICE,
     AT(unknown_models),
     .preset = "default_provider",
     .words = "default_provider|refuse",
     .reload = true,
     .help = "What happens to model names that nothing is known of: registry.default_provider is "
             "asked, with a warning, or they are refused"},
    {.key = "registry.version_check",
     .type = SL_SET_DURATION,
     AT(version_check_ms),
     .preset = "24h",
     .special = "off",
     .max = 52 * WEEK,
     .reload = true,
     .help = "How often providers are asked which models they list, to find those that should be "
             "replaced; off: only when somebody asks"},
    {.key = "secrets.references",
     .type = SL_SET_TEXTS,
     AT(secret_references),
     .reload = true,
     .shown = "none",
     .help = "What administrators may refer to by the API: env:NAME with * for any text, and "
             "file:/path of a file or a folder; the configuration file may refer to anything"},
    {.key = "server.keepalive",
     .type = SL_SET_DURATION,
     AT(keepalive_ms),
     .preset = "2m",
     .max = WEEK,
     .help = "Ping a silent connection after this time; 0: never"},
    {.key = "server.keepalive_min_ping",
     .type = SL_SET_DURATION,
     AT(keepalive_min_ping_ms),
     .preset = "10s",
     .max = WEEK,
     .help = "Callers that ping more often than this are sent away"},
    {.key = "server.keepalive_timeout",
     .type = SL_SET_DURATION,
     AT(keepalive_timeout_ms),
     .preset = "20s",
     .min = 100,
     .max = HOUR,
     .help = "Close a connection whose ping is not answered in this time"},
    {.key = "server.listen",
     .type = SL_SET_TEXTS,
     AT(listen),
     .preset = "127.0.0.1:50051",
     .help = "Addresses to listen on: HOST:PORT, [IPV6]:PORT, unix:/path; port 0: any free one"},
    {.key = "server.loops",
     .type = SL_SET_INT,
     AT(loops),
     .preset = "0",
     .shown = "half of the processors",
     .max = 64,
     .help = "Threads that run calls"},
    {.key = "server.max_concurrent_streams",
     .type = SL_SET_INT,
     AT(max_concurrent_streams),
     .preset = "1000",
     .min = 1,
     .max = 1000000,
     .help = "Calls at a time on one connection"},
    {.key = "server.max_connection_age",
     .type = SL_SET_DURATION,
     AT(max_connection_age_ms),
     .preset = "60s",
     .max = WEEK,
     .help = "Ask callers to connect anew after this time, running calls left alone; 0: never"},
    {.key = "server.max_connection_age_grace",
     .type = SL_SET_DURATION,
     AT(max_connection_age_grace_ms),
     .preset = "0",
     .max = WEEK,
     .help = "How long running calls may then take before the connection is closed; 0: no end"},
    {.key = "server.max_connection_idle",
     .type = SL_SET_DURATION,
     AT(max_connection_idle_ms),
     .preset = "0",
     .max = WEEK,
     .help = "Close a connection without calls after this time; 0: never"},
    {.key = "server.max_message",
     .type = SL_SET_SIZE,
     AT(max_message_bytes),
     .preset = "16MiB",
     .min = 4 * KIB,
     .max = 64 * MIB,
     .help = "Longest request message"},
    {.key = "server.reap_tick",
     .type = SL_SET_DURATION,
     AT(reap_tick_ms),
     .preset = "5ms",
     .min = 1,
     .max = 10,
     .help = "How late a loop may see that a caller went away"},
    {.key = "server.tls.certificate",
     .type = SL_SET_TEXT,
     AT(tls_certificate),
     .help =
         "PEM file of the server's certificate chain; read again when it changes; none: plaintext"},
    {.key = "server.tls.client_ca",
     .type = SL_SET_TEXT,
     AT(tls_client_ca),
     .help = "PEM file of the authorities that client certificates are checked against"},
    {.key = "server.tls.key",
     .type = SL_SET_TEXT,
     AT(tls_key),
     .help = "PEM file of the certificate's private key"},
    {.key = "server.tls.require_client_certificate",
     .type = SL_SET_BOOL,
     AT(tls_require_client_certificate),
     .help = "Refuse connections without a client certificate"},
    {.key = "store.connect_timeout",
     .type = SL_SET_DURATION,
     AT(store_connect_timeout_ms),
     .preset = "5s",
     .min = 100,
     .max = 5 * 60 * SECOND,
     .help = "How long to wait for the database, or for a free connection to it"},
    {.key = "store.password",
     .type = SL_SET_REFERENCE,
     AT(store_password),
     .in_variable = true,
     .help = "Password of store.url's user; the variable holds it, file and flag say where it is "
             "(env:NAME, file:/path)"},
    {.key = "store.pool_size",
     .type = SL_SET_INT,
     AT(store_pool_size),
     .preset = "8",
     .min = 1,
     .max = 1000,
     .help = "Connections to PostgreSQL that requests share; four more load, rotate and listen"},
    {.key = "store.statement_timeout",
     .type = SL_SET_DURATION,
     AT(store_statement_timeout_ms),
     .preset = "30s",
     .min = 100,
     .max = HOUR,
     .help = "Longest time of one statement in PostgreSQL"},
    {.key = "store.url",
     .type = SL_SET_TEXT,
     AT(store_url),
     .shown = "SQLite, in data_dir",
     .help = "PostgreSQL 15 or later: postgresql://USER@HOST/DATABASE?sslmode=verify-full, or a "
             "reference (env:NAME, file:/path) to such a text"},
    {.key = "upstream.allowed_addresses",
     .type = SL_SET_TEXTS,
     AT(allowed_addresses),
     .reload = true,
     .shown = "none",
     .help = "Inside addresses (10.1.2.3, 10.0.0.0/8, fd00::/8) and hosts (ollama.internal, "
             "*.corp.example) that users' own models may reach; all of the internet is open to "
             "them"},
    {.key = "upstream.ca_file",
     .type = SL_SET_TEXT,
     AT(ca_file),
     .reload = true,
     .shown = "the system's",
     .help = "PEM file of the authorities that providers' certificates are checked against"},
    {.key = "upstream.max_connections",
     .type = SL_SET_INT,
     AT(max_connections),
     .preset = "16384",
     .min = 1,
     .max = 1000000,
     .help = "Connections to providers, whole process; more transfers wait"},
    {.key = "upstream.proxy",
     .type = SL_SET_TEXT,
     AT(proxy),
     .reload = true,
     .help = "Proxy to providers, http:// or https://, or a reference (env:HTTPS_PROXY)"},
    {.key = "upstream.timeouts.connect",
     .type = SL_SET_DURATION,
     AT(timeouts.connect),
     .preset = "10s",
     .max = WEEK,
     .reload = true,
     .help = "Name, TCP, TLS and proxy of a connection to a provider; 0: no end"},
    {.key = "upstream.timeouts.first_byte",
     .type = SL_SET_DURATION,
     AT(timeouts.first_byte),
     .preset = "60s",
     .max = WEEK,
     .reload = true,
     .help = "To the head of the provider's answer; 0: no end"},
    {.key = "upstream.timeouts.first_token",
     .type = SL_SET_DURATION,
     AT(timeouts.first_token),
     .preset = "120s",
     .max = WEEK,
     .reload = true,
     .help = "To the first token; 0: no end"},
    {.key = "upstream.timeouts.idle",
     .type = SL_SET_DURATION,
     AT(timeouts.idle),
     .preset = "60s",
     .max = WEEK,
     .reload = true,
     .help = "Between two pieces of an answer; 0: no end"},
    {.key = "upstream.timeouts.total",
     .type = SL_SET_DURATION,
     AT(timeouts.total),
     .preset = "600s",
     .max = WEEK,
     .reload = true,
     .help = "A whole attempt; 0: no end"},
};

const struct sl_settings sl_settings_root = {.rows = rows, .count = SL_ARRAY_LEN(rows)};

static int compare_key(const void *key, const void *row)
{
    return strcmp(key, ((const struct sl_setting *)row)->key);
}

const struct sl_setting *sl_settings_find(const struct sl_settings *s, const char *key)
{
    size_t from = 0, to = s->count;
    while (from < to) {
        size_t mid = (from + to) / 2;
        int order = compare_key(key, &s->rows[mid]);
        if (!order)
            return &s->rows[mid];
        if (order < 0)
            to = mid;
        else
            from = mid + 1;
    }
    return NULL;
}

bool sl_settings_is_section(const struct sl_settings *s, const char *prefix)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i < s->count; i++) {
        if (!strncmp(s->rows[i].key, prefix, n) && s->rows[i].key[n] == '.')
            return true;
    }
    return false;
}

/* The last name of a key: "listen" of "server.listen". */
static const char *leaf(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

/* How far two keys are apart; a key that is right but for its section, or that was cut short,
 * counts as one step. */
static size_t distance(const char *wanted, const char *key)
{
    size_t d = sl_edit_distance(wanted, key);
    bool cut = strlen(leaf(wanted)) > 2 && sl_starts_with(key, wanted);
    return d > 1 && (cut || !strcmp(leaf(wanted), leaf(key))) ? 1 : d;
}

bool sl_settings_nearest(const struct sl_settings *s, const char *key, char *dst, size_t size)
{
    size_t n = strlen(key), limit = n < 6 ? 2 : n / 3, best = limit + 1;
    for (size_t i = 0; i < s->count; i++) {
        const char *row = s->rows[i].key;
        size_t d = distance(key, row);
        if (d < best) {
            best = d;
            sl_copy(dst, size, row);
        }
        for (const char *dot = strchr(row, '.'); dot; dot = strchr(dot + 1, '.')) {
            char section[64];
            sl_copy_n(section, sizeof(section), row, (size_t)(dot - row));
            d = sl_edit_distance(key, section);
            if (d < best) {
                best = d;
                sl_copy(dst, size, section);
            }
        }
    }
    return best <= limit;
}

static void spell(const char *key, char *dst, size_t size, char dot, bool upper)
{
    size_t i = 0;
    for (; key[i] && i + 1 < size; i++) {
        char c = key[i] == '.' || key[i] == '_' ? dot : key[i];
        dst[i] = upper ? (char)toupper((unsigned char)c) : c;
    }
    dst[i] = '\0';
}

void sl_setting_variable(const struct sl_setting *row, char *dst, size_t size)
{
    sl_copy(dst, size, "SLUICE_");
    spell(row->key, dst + 7, size - 7, '_', true);
}

void sl_setting_flag(const struct sl_setting *row, char *dst, size_t size)
{
    sl_copy(dst, size, "--");
    spell(row->key, dst + 2, size - 2, '-', false);
}

bool sl_setting_is_scalar(const struct sl_setting *row)
{
    return row->type != SL_SET_TABLE && row->type != SL_SET_PAIRS && row->type != SL_SET_JSON;
}
