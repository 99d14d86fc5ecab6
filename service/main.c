/* sluiced: arguments, signals, and the order of start and stop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "access/load.h"
#include "access/tokens/tokens.h"
#include "api/service.h"
#include "api/watch_models.h"
#include "api/work.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "commands.h"
#include "config/config.h"
#include "open_store.h"
#include "operator_port.h"
#include "registry/catalogue/catalogue.h"
#include "rpc/credentials.h"
#include "rpc/health.h"
#include "rpc/server.h"
#include "store/store.h"
#include "telemetry/process.h"
#include "upstream/upstream.h"

enum {
    MAX_LOOPS = 64,
    DEFAULT_AGE_MS =
        60000,           /* of a connection, for the drain, where the configuration sets no limit */
    RESERVED_FILES = 64, /* descriptors for the process itself */
    EXIT_CONFIG = 78,    /* EX_CONFIG of sysexits.h */
};

/* What the main thread owns. */
struct process {
    struct sl_config *config;
    struct sl_store *store;
    struct sl_tokens *tokens;
    struct sl_backend backend;
    struct sl_server_tls *tls;
    struct sl_server *server;
    struct sl_http *http;                       /* the operators' port; NULL: none */
    struct sl_service *services[MAX_LOOPS + 1]; /* one a loop; NULL-terminated */
    size_t n_loops;
    struct sl_service *control;
    bool loops_run;
};

static int complain(const char *what, const struct sl_err *err)
{
    fprintf(stderr, "sluiced: %s: %s\n", what, err->text);
    return err->reason == SL_REASON_CONFIG_INVALID ? EXIT_CONFIG : EXIT_FAILURE;
}

/* No core file may hold a key; and one EMFILE in accept would end gRPC's listener for good (CVE-2023-4785). */
static void limit_process(void)
{
    struct rlimit none = {0, 0}, files;
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    sigdelset(set, SIGPIPE); /* blocked, never waited for */
}

/* ---- services ---- */

/* Connections to providers leave room for callers: an accept that finds no descriptor ends gRPC's listener for good. */
static unsigned max_connections(const struct process *p)
{
    struct rlimit files;
    int64_t max = p->config->max_connections;
    if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur != RLIM_INFINITY) {
        int64_t half = ((int64_t)files.rlim_cur - RESERVED_FILES) / 2;
        if (max > half)
            max = half > 1 ? half : 1;
    }
    int64_t share = max / (int64_t)p->n_loops;
    return share > 1 ? (unsigned)share : 1;
}

static struct sl_service *create_service(struct process *p, const char *name, bool with_upstream,
                                         struct sl_err *err)
{
    struct sl_service *s = SL_NEW(struct sl_service);
    s->loop = sl_loop_create(name, err);
    if (!s->loop) {
        sl_free(s);
        return NULL;
    }
    sl_backend_attach(&p->backend, s);
    sl_json_parser_init(&s->parser);
    if (with_upstream) {
        struct sl_upstream_options options = {
            .max_connections = max_connections(p),
        };
        s->upstream = sl_upstream_create(s->loop, &options, err);
        if (!s->upstream) {
            sl_loop_destroy(s->loop);
            sl_free(s);
            return NULL;
        }
    }
    return s;
}

static size_t count_loops(const struct sl_config *c)
{
    long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;
    size_t n = c->loops > 0 ? (size_t)c->loops : half > 1 ? (size_t)half : 1;
    return n < MAX_LOOPS ? n : MAX_LOOPS;
}

static enum sl_code create_services(struct process *p, struct sl_err *err)
{
    p->n_loops = count_loops(p->config);
    for (size_t i = 0; i < p->n_loops; i++) {
        char name[16];
        snprintf(name, sizeof(name), "loop-%zu", i);
        p->services[i] = create_service(p, name, true, err);
        if (!p->services[i])
            return err->code;
    }
    p->control = create_service(p, "control", false, err);
    if (!p->control)
        return err->code;
    p->control->model_watch = sl_model_watch_create(p->control);
    return SL_OK;
}

static void close_handles(void *arg)
{
    struct sl_service *s = arg;
    sl_model_watch_destroy(s->model_watch);
    sl_upstream_destroy(s->upstream);
}

static void destroy_service(struct sl_service *s, bool loop_runs)
{
    if (!s)
        return;
    if (loop_runs) {
        sl_loop_call(s->loop, close_handles, s);
        sl_loop_stop(s->loop);
    } else {
        close_handles(s);
    }
    sl_loop_destroy(s->loop);
    sl_json_parser_fini(&s->parser);
    sl_registry_unref(s->registry);
    sl_access_unref(s->access);
    sl_uses_fini(&s->uses);
    sl_free(s);
}

/* ---- reload ---- */

static void set_log_level(const struct sl_config *c)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
        if (!strcmp(c->log_level, names[i]))
            sl_log_set_level((enum sl_log_level)i);
}

/* Settings that were changed, but are taken up by a restart only. */
static void warn_of_restart(const struct sl_config *was, const struct sl_config *now)
{
    const char *keys[16];
    size_t n = sl_config_needs_restart(was, now, keys, SL_ARRAY_LEN(keys));
    for (size_t i = 0; i < n && i < SL_ARRAY_LEN(keys); i++)
        sl_log(SL_LOG_WARN, "this setting is taken up by a restart only",
               SL_F_STR("setting", keys[i]));
}

/* A bad configuration changes nothing, but for certificates that were renewed under their old names. */
static enum sl_code reload(struct process *p, int argc, char **argv, char **envp,
                           struct sl_err *err)
{
    struct sl_config_command command = {0};
    struct sl_config *config = NULL;
    enum sl_code code = sl_config_load(argc, argv, envp, &command, &config, err);
    if (code == SL_OK && p->tls)
        code = sl_server_tls_reload(p->tls, err);
    if (code == SL_OK)
        code = sl_backend_reload(&p->backend, config, err);
    if (code != SL_OK) {
        sl_config_destroy(config);
        return code;
    }
    warn_of_restart(p->config, config);
    sl_config_destroy(p->config);
    p->config = config;
    set_log_level(config);
    return SL_OK;
}

/* ---- start ---- */

static enum sl_code create_server(struct process *p, struct sl_err *err)
{
    const struct sl_config *c = p->config;
    if (c->tls_certificate[0]) {
        struct sl_server_tls_files files = {
            .certificate = c->tls_certificate,
            .key = c->tls_key,
            .client_ca = c->tls_client_ca,
            .require_client_certificate = c->tls_require_client_certificate,
        };
        enum sl_code code = sl_server_tls_create(&files, &p->tls, err);
        if (code != SL_OK)
            return code;
    }
    struct sl_server_options options = {
        .listen = c->listen.list,
        .tls = p->tls,
        .services = p->services,
        .control = p->control,
        .max_message_bytes = c->max_message_bytes,
        .max_concurrent_streams = c->max_concurrent_streams,
        .max_connection_age_ms = c->max_connection_age_ms,
        .max_connection_age_grace_ms = c->max_connection_age_grace_ms,
        .max_connection_idle_ms = c->max_connection_idle_ms,
        .keepalive_ms = c->keepalive_ms,
        .keepalive_timeout_ms = c->keepalive_timeout_ms,
        .keepalive_min_ping_ms = c->keepalive_min_ping_ms,
        .reap_tick_ms = c->reap_tick_ms,
        .request_memory_bytes = c->request_memory_bytes,
        .stream_buffer_bytes = c->stream_buffer_bytes,
    };
    return sl_server_create(&options, &p->server, err);
}

static enum sl_code start_loops(struct process *p, struct sl_err *err)
{
    enum sl_code code = sl_loop_start(p->control->loop, err);
    for (size_t i = 0; i < p->n_loops && code == SL_OK; i++)
        code = sl_loop_start(p->services[i]->loop, err);
    p->loops_run = code == SL_OK;
    return code;
}

static enum sl_code init_backend(struct process *p, struct sl_err *err)
{
    p->backend.store = p->store;
    p->backend.tokens = p->tokens;
    p->backend.on_store_state = sl_health_set_store;
    return sl_backend_init(&p->backend, p->config, err);
}

static enum sl_code prepare(struct process *p, struct sl_err *err)
{
    struct sl_access_bootstrap admin = {.created = false};
    enum sl_code code = sl_open_store(p->config, &p->store, err);
    if (code == SL_OK && !strcmp(sl_store_backend(p->store), "sqlite"))
        code = sl_access_bootstrap(p->config->data_dir, p->store, &admin, err);
    if (code == SL_OK && admin.created)
        sl_log(SL_LOG_INFO, "made the first administrator's key", SL_F_STR("path", admin.path));
    p->tokens = sl_tokens_create(NULL);
    if (code == SL_OK)
        code = init_backend(p, err);
    return code;
}

static size_t count_models(const struct process *p)
{
    struct sl_registry *r = sl_snapshots_registry(p->backend.snapshots);
    size_t n = r->n_models;
    sl_registry_unref(r);
    return n;
}

static void announce(const struct process *p)
{
    for (const char *const *a = sl_server_addresses(p->server); *a; a++)
        sl_log(SL_LOG_INFO, "listening", SL_F_STR("address", *a), SL_F_BOOL("tls", p->tls != NULL),
               SL_F_STR("data_dir", p->config->data_dir),
               SL_F_INT("models", (int64_t)count_models(p)), SL_F_INT("loops", (int64_t)p->n_loops),
               SL_F_STR("version", SLUICE_VERSION));
}

static enum sl_code start(struct process *p, struct sl_err *err)
{
    enum sl_code code = sl_upstream_global_init(err);
    if (code == SL_OK)
        code = prepare(p, err);
    if (code == SL_OK)
        code = create_services(p, err);
    if (code != SL_OK)
        return code;
    sl_health_init(p->control->loop);
    code = create_server(p, err);
    if (code == SL_OK)
        code = sl_operator_port_start(p->config, p->server, &p->http, err);
    if (code == SL_OK)
        code = start_loops(p, err);
    if (code == SL_OK)
        code = sl_backend_start(&p->backend, err);
    if (code == SL_OK)
        code = sl_server_start(p->server, err);
    if (code == SL_OK) {
        sl_health_set(true);
        announce(p);
    }
    return code;
}

/* ---- stop ---- */

static int64_t announce_ms(const struct sl_config *c)
{
    if (c->drain_announce_ms >= 0)
        return c->drain_announce_ms;
    int64_t age = c->max_connection_age_ms > 0 ? c->max_connection_age_ms : DEFAULT_AGE_MS;
    return age + age * 3 / 10;
}

/* Waits for a second signal, at most ms. SIGHUP is taken, and means nothing now. */
static void wait_for_signal(const sigset_t *set, int64_t ms)
{
    int64_t until = sl_now_us() + ms * 1000;
    for (int64_t left; (left = until - sl_now_us()) > 0;) {
        struct timespec t = {left / 1000000, left % 1000000 * 1000};
        int got = sigtimedwait(set, NULL, &t);
        if (got == SIGTERM || got == SIGINT)
            return;
    }
}

/* Keeps serving while the core's GOAWAYs move every connection elsewhere; then ends. Ctrl-C at a terminal, or a second
 * signal, skips the announcement. */
static void drain(struct process *p, const sigset_t *set, int signal_number)
{
    int64_t ms = signal_number == SIGINT ? 0 : announce_ms(p->config);
    sl_log(SL_LOG_INFO, "draining", SL_F_INT("announce_ms", ms),
           SL_F_INT("deadline_ms", p->config->drain_deadline_ms),
           SL_F_INT("calls", sl_server_open_calls(p->server)));
    sl_health_set(false);
    wait_for_signal(set, ms);
    sl_health_end();
    sl_model_watch_end(p->control->model_watch);
    sl_server_shutdown(p->server, p->config->drain_deadline_ms);
    sl_log(SL_LOG_INFO, "stopped", SL_F_INT("calls", sl_server_open_calls(p->server)));
}

static void stop(struct process *p)
{
    struct sl_err err = {0};
    sl_http_stop(p->http);
    if (p->control && !p->loops_run && start_loops(p, &err) != SL_OK)
        return;                   /* what is left goes with the process */
    sl_backend_stop(&p->backend); /* what its pool posts, the loops still take */
    if (p->loops_run) {
        sl_server_destroy(p->server);
        sl_tokens_stop(p->tokens); /* it posts to the loops */
        for (size_t i = 0; i < p->n_loops; i++)
            destroy_service(p->services[i], true);
        destroy_service(p->control, true);
    }
    sl_server_tls_destroy(p->tls);
    sl_backend_fini(&p->backend);
    sl_tokens_stop(p->tokens);
    sl_tokens_destroy(p->tokens);
    sl_store_close(p->store);
    sl_config_destroy(p->config);
}

static void serve(struct process *p, const sigset_t *set, int argc, char **argv, char **envp)
{
    for (;;) {
        int got = sigwaitinfo(set, NULL);
        if (got == SIGTERM || got == SIGINT) {
            drain(p, set, got);
            return;
        }
        struct sl_err err = {0};
        if (got != SIGHUP)
            continue;
        if (reload(p, argc, argv, envp, &err) == SL_OK)
            sl_log(SL_LOG_INFO, "reloaded", SL_F_INT("models", (int64_t)count_models(p)));
        else
            sl_log(SL_LOG_ERROR, "reload refused: the old configuration stays in force",
                   SL_F_STR("error", err.text), SL_F_STR("setting", err.field));
    }
}

/* What a start would refuse besides: the configuration's other files. */
static int check(const struct sl_config *c)
{
    struct sl_catalogue *catalogue = NULL;
    struct sl_err err = {0};
    if (sl_catalogue_load(c->catalogue_file, &catalogue, &err) != SL_OK)
        return complain("configuration", &err);
    sl_catalogue_unref(catalogue);
    printf("the configuration is good: %zu models, %zu providers\n", c->n_models, c->n_providers);
    return EXIT_SUCCESS;
}

static int run_command(const struct sl_config_command *command, struct process *p)
{
    int status = EXIT_SUCCESS;
    if (command->help)
        sl_config_print_help(stdout);
    else if (command->version)
        puts("sluiced " SLUICE_VERSION);
    else if (command->print)
        sl_config_print(p->config, stdout);
    else
        status = check(p->config);
    sl_config_destroy(p->config);
    return status;
}

int main(int argc, char **argv, char **envp)
{
    struct process p = {.config = NULL};
    struct sl_config_command command = {0};
    struct sl_err err = {0};
    sigset_t set;
    int status = EXIT_SUCCESS;
    const struct sl_command *own = sl_command_find(argc, argv);
    limit_process();
    if (own)
        return own->run(argc - 2, argv + 2, envp);
    block_signals(&set);
    if (sl_config_load(argc - 1, argv + 1, envp, &command, &p.config, &err) != SL_OK)
        return complain("configuration", &err);
    if (command.help || command.version || command.check || command.print)
        return run_command(&command, &p);
    set_log_level(p.config);
    sl_process_metrics_start(SLUICE_VERSION);
    sl_rpc_init();
    if (start(&p, &err) == SL_OK)
        serve(&p, &set, argc - 1, argv + 1, envp);
    else
        status = complain("cannot start", &err);
    stop(&p);
    sl_rpc_fini();
    return status;
}
