/* Ports, the accept thread, and the way down. Completion methods are registered and armed for each loop, so that a call is
 * born on a loop's queue; all other calls, unknown methods included, come through the unregistered matcher and are bound
 * to the control thread's queue. */
#include "rpc/server.h"

#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "rpc/call.h"
#include "rpc/credentials.h"

enum {
    ARMED_PER_LOOP = 64, /* accepts that wait, for each method and loop */
    ARMED_CONTROL = 16,
    MAX_LOOP_METHODS = 16,
    MAX_METADATA = 32 * 1024,
    HARD_CANCEL_MS = 2000, /* after the deadline: what is still open then is cut */
};

struct sl_server {
    grpc_server *grpc;
    grpc_completion_queue *cq; /* accepts, and the notice of the shutdown */
    pthread_t thread;
    bool started, accepting_ended;
    struct sl_rpc_home *homes; /* one a loop, then the control thread's */
    size_t n_loops;
    struct sl_rpc_shared shared;
    char **addresses;
    size_t n_addresses;
    const struct sl_method *methods[MAX_LOOP_METHODS];
    void *registered[MAX_LOOP_METHODS];
    size_t n_methods;
    pthread_mutex_t lock; /* guards shut_done */
    pthread_cond_t shut_cond;
    bool shut_done;
};

/* ---- the process ---- */

/* What the core has to say (a failed handshake, for example) becomes lines of our log. */
static void on_core_message(gpr_log_func_args *args)
{
    enum sl_log_level level = args->severity == GPR_LOG_SEVERITY_ERROR ? SL_LOG_WARN : SL_LOG_DEBUG;
    sl_log(level, "gRPC core", SL_F_STR("text", args->message));
}

void sl_rpc_init(void)
{
    gpr_set_log_function(on_core_message);
    grpc_init();
}

void sl_rpc_fini(void)
{
    grpc_shutdown_blocking();
}

/* ---- accepting: on the accept thread ---- */

static void arm_loop_method(struct sl_server *s, size_t method, struct sl_rpc_home *home);
static void arm_control(struct sl_server *s);

struct sl_accept {
    struct sl_rpc_call *call;
    struct sl_server *server;
    size_t method; /* SIZE_MAX: the control thread's */
};

/* The tag of an armed accept is its sl_accept; the tag of the shutdown is the server. */
static void deliver_call(struct sl_mail *mail)
{
    sl_rpc_call_begin(SL_CONTAINER_OF(mail, struct sl_rpc_call, mail));
}

static struct sl_accept *new_accept(struct sl_server *s, size_t method, struct sl_rpc_home *home)
{
    struct sl_accept *a = SL_NEW(struct sl_accept);
    a->call = SL_NEW(struct sl_rpc_call);
    a->call->home = home;
    a->call->refs = 1;
    a->call->mail.deliver = deliver_call;
    grpc_metadata_array_init(&a->call->metadata);
    a->server = s;
    a->method = method;
    return a;
}

static void free_accept(struct sl_accept *a)
{
    grpc_metadata_array_destroy(&a->call->metadata);
    if (a->call->has_details)
        grpc_call_details_destroy(&a->call->details);
    sl_free(a->call);
    sl_free(a);
}

static void arm_loop_method(struct sl_server *s, size_t method, struct sl_rpc_home *home)
{
    struct sl_accept *a = new_accept(s, method, home);
    struct sl_rpc_call *c = a->call;
    c->base.method = s->methods[method];
    if (grpc_server_request_registered_call(s->grpc, s->registered[method], &c->call, &c->deadline,
                                            &c->metadata, NULL, home->cq, s->cq, a) != GRPC_CALL_OK)
        free_accept(a);
}

static void arm_control(struct sl_server *s)
{
    struct sl_rpc_home *home = &s->homes[s->n_loops];
    struct sl_accept *a = new_accept(s, SIZE_MAX, home);
    struct sl_rpc_call *c = a->call;
    grpc_call_details_init(&c->details);
    c->has_details = true;
    if (grpc_server_request_call(s->grpc, &c->call, &c->details, &c->metadata, home->cq, s->cq,
                                 a) != GRPC_CALL_OK)
        free_accept(a);
}

static const struct sl_method *find_control_method(grpc_slice path)
{
    struct sl_str name = {(const char *)GRPC_SLICE_START_PTR(path), GRPC_SLICE_LENGTH(path)};
    for (const struct sl_method *m = sl_methods; m->path; m++)
        if (m->home == SL_ON_CONTROL && sl_str_eq(name, m->path))
            return m;
    return NULL;
}

static void on_accept(struct sl_accept *a, bool ok)
{
    struct sl_server *s = a->server;
    struct sl_rpc_call *c = a->call;
    if (!ok) {
        free_accept(a);
        return;
    }
    if (a->method == SIZE_MAX) {
        arm_control(s);
        c->deadline = c->details.deadline;
        c->base.method = find_control_method(c->details.method);
    } else {
        arm_loop_method(s, a->method, c->home);
    }
    sl_free(a);
    c->base.arrived_us = sl_now_us();
    sl_loop_post(c->home->loop, &c->mail);
}

static void *accept_thread(void *arg)
{
    struct sl_server *s = arg;
    for (;;) {
        grpc_event e = grpc_completion_queue_next(s->cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (e.tag == s) {
            pthread_mutex_lock(&s->lock);
            s->shut_done = true;
            pthread_cond_signal(&s->shut_cond);
            pthread_mutex_unlock(&s->lock);
        } else {
            on_accept(e.tag, e.success != 0);
        }
    }
}

/* ---- making ---- */

static grpc_arg int_arg(const char *key, int64_t value)
{
    grpc_arg a = {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key};
    a.value.integer = value > INT_MAX ? INT_MAX : (int)value;
    return a;
}

/* A duration of 0 is "unlimited", which the core writes INT_MAX. */
static grpc_arg time_arg(const char *key, int64_t ms)
{
    return int_arg(key, ms > 0 ? ms : INT_MAX);
}

static grpc_server *create_grpc_server(const struct sl_server_options *o)
{
    grpc_resource_quota *quota = grpc_resource_quota_create("sluice");
    int64_t quota_bytes = o->request_memory_bytes * 4;
    grpc_resource_quota_resize(quota, quota_bytes < (int64_t)1 << 30 ? (size_t)1 << 30
                                                                     : (size_t)quota_bytes);
    grpc_arg quota_arg = {.type = GRPC_ARG_POINTER,
                          .key = (char *)(uintptr_t)GRPC_ARG_RESOURCE_QUOTA};
    quota_arg.value.pointer.p = quota;
    quota_arg.value.pointer.vtable = grpc_resource_quota_arg_vtable();
    grpc_arg args[] = {
        int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, o->max_message_bytes),
        int_arg(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
        int_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, o->max_concurrent_streams),
        int_arg(GRPC_ARG_MAX_METADATA_SIZE, MAX_METADATA),
        time_arg(GRPC_ARG_MAX_CONNECTION_AGE_MS, o->max_connection_age_ms),
        time_arg(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, o->max_connection_age_grace_ms),
        time_arg(GRPC_ARG_MAX_CONNECTION_IDLE_MS, o->max_connection_idle_ms),
        time_arg(GRPC_ARG_KEEPALIVE_TIME_MS, o->keepalive_ms),
        int_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, o->keepalive_timeout_ms),
        int_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, o->keepalive_min_ping_ms),
        int_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        int_arg(GRPC_ARG_ALLOW_REUSEPORT, 0), /* else two processes share a port in silence */
        quota_arg,
    };
    grpc_channel_args list = {SL_ARRAY_LEN(args), args};
    grpc_server *server = grpc_server_create(&list, NULL);
    grpc_resource_quota_unref(quota);
    return server;
}

static enum sl_code add_port(struct sl_server *s, const char *address, struct sl_server_tls *tls,
                             struct sl_err *err)
{
    bool is_unix = sl_starts_with(address, "unix:");
    grpc_server_credentials *credentials = sl_server_credentials(is_unix ? NULL : tls);
    int port = grpc_server_add_http2_port(s->grpc, address, credentials);
    grpc_server_credentials_release(credentials);
    if (!port)
        return sl_err_field(
            err, SL_UNAVAILABLE, SL_REASON_CONFIG_INVALID, "server.listen",
            "cannot listen on %s (is it in use, or not an address of this machine?)", address);
    char bound[256];
    const char *colon = strrchr(address, ':');
    if (is_unix || !colon)
        snprintf(bound, sizeof(bound), "%s", address);
    else
        snprintf(bound, sizeof(bound), "%.*s:%d", (int)(colon - address), address, port);
    s->addresses[s->n_addresses++] = sl_strdup(bound);
    return SL_OK;
}

static void register_methods(struct sl_server *s)
{
    for (const struct sl_method *m = sl_methods; m->path; m++) {
        if (m->home != SL_ON_LOOPS || s->n_methods == MAX_LOOP_METHODS)
            continue;
        s->methods[s->n_methods] = m;
        s->registered[s->n_methods++] =
            grpc_server_register_method(s->grpc, m->path, NULL, GRPC_SRM_PAYLOAD_NONE, 0);
    }
}

enum sl_code sl_server_create(const struct sl_server_options *o, struct sl_server **out,
                              struct sl_err *err)
{
    struct sl_server *s = SL_NEW(struct sl_server);
    size_t n_listen = 0;
    while (o->services[s->n_loops])
        s->n_loops++;
    while (o->listen[n_listen])
        n_listen++;
    s->shared.request_memory_max = o->request_memory_bytes;
    s->shared.stream_buffer = (size_t)o->stream_buffer_bytes;
    s->shared.max_message = (size_t)o->max_message_bytes;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->shut_cond, &attributes);
    pthread_condattr_destroy(&attributes);
    s->grpc = create_grpc_server(o);
    s->cq = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(s->grpc, s->cq, NULL);
    register_methods(s);
    s->homes = sl_calloc(s->n_loops + 1, sizeof(*s->homes));
    for (size_t i = 0; i <= s->n_loops; i++)
        sl_rpc_home_init(&s->homes[i], i < s->n_loops ? o->services[i] : o->control, &s->shared,
                         (unsigned)o->reap_tick_ms);
    s->addresses = sl_calloc(n_listen + 1, sizeof(*s->addresses));
    *out = s;
    for (size_t i = 0; i < n_listen; i++) {
        enum sl_code code = add_port(s, o->listen[i], o->tls, err);
        if (code != SL_OK)
            return code;
    }
    return SL_OK;
}

enum sl_code sl_server_start(struct sl_server *s, struct sl_err *err)
{
    grpc_server_start(s->grpc);
    for (size_t k = 0; k < ARMED_PER_LOOP; k++)
        for (size_t m = 0; m < s->n_methods; m++)
            for (size_t i = 0; i < s->n_loops; i++)
                arm_loop_method(s, m, &s->homes[i]);
    for (size_t k = 0; k < ARMED_CONTROL; k++)
        arm_control(s);
    if (pthread_create(&s->thread, NULL, accept_thread, s))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "cannot start the accept thread");
    pthread_setname_np(s->thread, "accept");
    s->started = true;
    return SL_OK;
}

const char *const *sl_server_addresses(const struct sl_server *s)
{
    return (const char *const *)s->addresses;
}

unsigned sl_server_open_calls(const struct sl_server *s)
{
    return atomic_load(&((struct sl_server *)(uintptr_t)s)->shared.open_calls);
}

/* ---- the way down ---- */

static bool wait_for_shutdown(struct sl_server *s, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->lock);
    while (!s->shut_done)
        if (pthread_cond_timedwait(&s->shut_cond, &s->lock, &until))
            break;
    bool done = s->shut_done;
    pthread_mutex_unlock(&s->lock);
    return done;
}

void sl_server_shutdown(struct sl_server *s, int64_t deadline_ms)
{
    grpc_server_shutdown_and_notify(s->grpc, s->cq, s);
    if (!s->started || wait_for_shutdown(s, deadline_ms))
        return;
    unsigned left = sl_server_open_calls(s);
    sl_log(SL_LOG_WARN, "ending calls at the drain deadline", SL_F_INT("calls", left));
    for (size_t i = 0; i <= s->n_loops; i++)
        sl_rpc_home_end_calls(&s->homes[i]);
    if (wait_for_shutdown(s, HARD_CANCEL_MS))
        return;
    grpc_server_cancel_all_calls(s->grpc);
    wait_for_shutdown(s, HARD_CANCEL_MS);
}

void sl_server_destroy(struct sl_server *s)
{
    if (!s)
        return;
    if (!s->started)
        grpc_server_shutdown_and_notify(s->grpc, s->cq, s);
    grpc_completion_queue_shutdown(s->cq);
    if (s->started)
        pthread_join(s->thread, NULL);
    else
        accept_thread(s);
    for (size_t i = 0; i <= s->n_loops; i++)
        sl_rpc_home_close(&s->homes[i]);
    grpc_server_destroy(s->grpc);
    grpc_completion_queue_destroy(s->cq);
    for (size_t i = 0; i < s->n_addresses; i++)
        sl_free(s->addresses[i]);
    sl_free(s->addresses);
    sl_free(s->homes);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->shut_cond);
    sl_free(s);
}
