/* A call is three batches on one completion queue: what is sent at once (metadata, request, half-close) with the initial
 * metadata; one message at a time; and the status, which the core completes last. Each batch is a bit of the state, and
 * the call is over when all are back. A signal cancels the calls from the signal thread, which the core allows. */
#include "client.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "files.h"
#include "interrupt.h"

/* Replies are at most 3 MiB (see the protos); a margin for newer services. */
enum { CLIENT_REPLY_MAX = 16 * 1024 * 1024, CLIENT_PEM_MAX = 4 * 1024 * 1024 };

struct client {
    grpc_channel *channel;
    grpc_completion_queue *queue;
    struct sl_secret *key;
};

enum batch { BATCH_START, BATCH_MESSAGE, BATCH_STATUS, BATCHES };

/* What comes back from the queue. */
struct tag {
    struct run *run;
    enum batch batch;
};

struct run {
    struct client *client;
    const struct client_call *call;
    grpc_call *wire;
    struct tag tags[BATCHES];
    unsigned pending; /* bits of the batches not back yet */
    bool undecodable;
    bool answered;
    bool stopped;
    grpc_byte_buffer *message;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice status_text;
};

/* The core writes its own log to standard error; only those who ask for it (GRPC_VERBOSITY) see it. */
static void drop_log(gpr_log_func_args *args)
{
    (void)args;
}

/* ---- channel ---- */

static const char *const system_roots[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",                  /* BSD, macOS */
};

static enum sl_code read_pem(const char *path, struct sl_buf *out, struct sl_err *err)
{
    enum sl_code code = files_read(path, out, err);

    if (code == SL_OK && !out->n)
        code = sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "%s is empty", path);
    return code;
}

/* The roots to trust; an empty buffer leaves them to the core. */
static enum sl_code read_roots(const char *ca_file, struct sl_buf *out, struct sl_err *err)
{
    const char *env = getenv("SSL_CERT_FILE");

    if (ca_file)
        return read_pem(ca_file, out, err);
    if (env && *env)
        return read_pem(env, out, err);
    for (size_t i = 0; i < SL_ARRAY_LEN(system_roots); i++) {
        struct sl_err ignored = {0};

        if (files_read(system_roots[i], out, &ignored) == SL_OK && out->n)
            break;
    }
    return SL_OK;
}

static enum sl_code make_tls(const struct client_config *config, grpc_channel_credentials **out,
                             struct sl_err *err)
{
    struct sl_buf roots, cert, key;
    enum sl_code code;

    sl_buf_init(&roots, CLIENT_PEM_MAX);
    sl_buf_init(&cert, CLIENT_PEM_MAX);
    sl_buf_init(&key, CLIENT_PEM_MAX);
    code = read_roots(config->ca_file, &roots, err);
    if (code == SL_OK && !config->cert_file != !config->key_file)
        code = sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          "--cert and --key go together");
    if (code == SL_OK && config->cert_file)
        code = read_pem(config->cert_file, &cert, err);
    if (code == SL_OK && config->key_file)
        code = read_pem(config->key_file, &key, err);
    if (code == SL_OK) {
        grpc_ssl_pem_key_cert_pair pair = {.private_key = key.p, .cert_chain = cert.p};

        *out = grpc_ssl_credentials_create(roots.p, config->cert_file ? &pair : NULL, NULL, NULL);
        if (!*out)
            code = sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                              "the certificates cannot be used");
    }
    sl_buf_fini(&roots);
    sl_buf_fini(&cert);
    sl_buf_wipe(&key);
    return code;
}

static grpc_arg int_arg(const char *name, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)name, .value.integer = value};
}

static grpc_arg string_arg(const char *name, const char *value)
{
    return (grpc_arg){.type = GRPC_ARG_STRING, .key = (char *)name, .value.string = (char *)value};
}

static grpc_channel *make_channel(const struct client_config *config,
                                  grpc_channel_credentials *credentials)
{
    grpc_arg list[6];
    grpc_channel_args args = {.args = list};

    list[args.num_args++] = int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, CLIENT_REPLY_MAX);
    list[args.num_args++] = int_arg(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    list[args.num_args++] = string_arg(GRPC_ARG_PRIMARY_USER_AGENT_STRING, config->user_agent);
    if (config->local)
        list[args.num_args++] = int_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    if (config->tls && config->server_name) {
        list[args.num_args++] = string_arg(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, config->server_name);
        list[args.num_args++] = string_arg(GRPC_ARG_DEFAULT_AUTHORITY, config->server_name);
    }
    return grpc_channel_create(config->target, credentials, &args);
}

enum sl_code client_open(const struct client_config *config, struct client **out,
                         struct sl_err *err)
{
    grpc_channel_credentials *credentials = NULL;
    enum sl_code code = SL_OK;
    struct client *c;

    if (!getenv("GRPC_VERBOSITY"))
        gpr_set_log_function(drop_log);
    grpc_init();
    if (config->tls)
        code = make_tls(config, &credentials, err);
    else
        credentials = grpc_insecure_credentials_create();
    if (code != SL_OK) {
        grpc_shutdown_blocking();
        return code;
    }
    c = SL_NEW(struct client);
    c->channel = make_channel(config, credentials);
    grpc_channel_credentials_release(credentials);
    c->queue = grpc_completion_queue_create_for_next(NULL);
    c->key = config->key ? sl_secret_ref(config->key) : NULL;
    *out = c;
    return SL_OK;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    grpc_completion_queue_shutdown(c->queue);
    while (grpc_completion_queue_next(c->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(c->queue);
    grpc_channel_destroy(c->channel);
    sl_secret_unref(c->key);
    sl_free(c);
    grpc_shutdown_blocking();
}

/* ---- call ---- */

/* Calls that run together. The lock is for the signal thread, which cancels those that were started. */
struct calls {
    pthread_mutex_t lock;
    struct run *runs;
    size_t started;
    bool cancelled;
};

static void on_signal(void *ctx)
{
    struct calls *s = ctx;

    pthread_mutex_lock(&s->lock);
    s->cancelled = true;
    for (size_t i = 0; i < s->started; i++)
        grpc_call_cancel(s->runs[i].wire, NULL);
    pthread_mutex_unlock(&s->lock);
}

static void start(struct run *r, const grpc_op *ops, size_t n, enum batch batch)
{
    grpc_call_error e = grpc_call_start_batch(r->wire, ops, n, &r->tags[batch], NULL);

    /* only a programmer's error is refused here */
    if (e != GRPC_CALL_OK)
        abort();
    r->pending |= 1U << batch;
}

static grpc_byte_buffer *pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    grpc_byte_buffer *buffer;

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

/* The authorization entry; returns how many entries there are. The slice is the caller's to release. */
static size_t make_metadata(const struct sl_secret *key, grpc_metadata *entry)
{
    static const char scheme[] = "Bearer ";
    grpc_slice value;

    if (!key)
        return 0;
    value = grpc_slice_malloc(sizeof(scheme) - 1 + sl_secret_length(key));
    memcpy(GRPC_SLICE_START_PTR(value), scheme, sizeof(scheme) - 1);
    memcpy(GRPC_SLICE_START_PTR(value) + sizeof(scheme) - 1, sl_secret_reveal(key),
           sl_secret_length(key));
    *entry = (grpc_metadata){.key = grpc_slice_from_static_string("authorization"), .value = value};
    return 1;
}

static void start_call(struct run *r)
{
    grpc_metadata entry = {0};
    grpc_byte_buffer *request = pack(r->call->request);
    size_t n_metadata = make_metadata(r->client->key, &entry);
    grpc_op ops[4] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = n_metadata, .metadata = &entry}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &r->initial},
    };
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                      .data.recv_status_on_client = {.trailing_metadata = &r->trailing,
                                                     .status = &r->status,
                                                     .status_details = &r->status_text}};

    start(r, &status, 1, BATCH_STATUS);
    start(r, ops, 4, BATCH_START);
    grpc_byte_buffer_destroy(request);
    if (n_metadata)
        grpc_slice_unref(entry.value);
}

static void receive(struct run *r)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &r->message};

    start(r, &op, 1, BATCH_MESSAGE);
}

static void take_message(struct run *r)
{
    grpc_byte_buffer_reader reader;
    ProtobufCMessage *message = NULL;

    if (grpc_byte_buffer_reader_init(&reader, r->message)) {
        grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);

        message = protobuf_c_message_unpack(r->call->reply, NULL, GRPC_SLICE_LENGTH(bytes),
                                            GRPC_SLICE_START_PTR(bytes));
        grpc_slice_unref(bytes);
        grpc_byte_buffer_reader_destroy(&reader);
    }
    grpc_byte_buffer_destroy(r->message);
    r->message = NULL;
    r->undecodable = !message;
    r->stopped = message && !r->call->on_message(r->call->ctx, message);
    if (message)
        protobuf_c_message_free_unpacked(message, NULL);
    if (r->undecodable || r->stopped)
        grpc_call_cancel(r->wire, NULL);
}

/* A batch is back. */
static void take_batch(struct run *r, enum batch batch)
{
    r->pending &= ~(1U << batch);
    r->answered = r->answered || r->message || r->initial.count;
    if (batch != BATCH_MESSAGE || !r->message)
        return;
    take_message(r);
    if (!r->undecodable && !r->stopped)
        receive(r);
}

static void fill_status(const struct run *r, struct client_status *out)
{
    out->code = (int)r->status;
    out->message = sl_strndup((const char *)GRPC_SLICE_START_PTR(r->status_text),
                              GRPC_SLICE_LENGTH(r->status_text));
    out->stopped = r->stopped;
    out->answered = r->answered;
    if (r->undecodable) {
        out->code = GRPC_STATUS_INTERNAL;
        sl_free(out->message);
        out->message = sl_strdup("the service sent what this client cannot decode");
    }
    for (size_t i = 0; i < r->trailing.count && !out->details; i++) {
        const grpc_metadata *entry = &r->trailing.metadata[i];

        if (grpc_slice_str_cmp(entry->key, "grpc-status-details-bin") ||
            !GRPC_SLICE_LENGTH(entry->value))
            continue;
        out->n_details = GRPC_SLICE_LENGTH(entry->value);
        out->details = sl_malloc(out->n_details);
        memcpy(out->details, GRPC_SLICE_START_PTR(entry->value), out->n_details);
    }
}

static gpr_timespec deadline(double seconds)
{
    gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);

    if (seconds <= 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(now, gpr_time_from_micros((int64_t)(seconds * 1e6), GPR_TIMESPAN));
}

static void run_init(struct run *r, struct client *c, const struct client_call *call)
{
    *r = (struct run){.client = c, .call = call, .status_text = grpc_empty_slice()};
    for (int i = 0; i < BATCHES; i++)
        r->tags[i] = (struct tag){r, (enum batch)i};
    grpc_metadata_array_init(&r->initial);
    grpc_metadata_array_init(&r->trailing);
    r->wire = grpc_channel_create_call(c->channel, NULL, GRPC_PROPAGATE_DEFAULTS, c->queue,
                                       grpc_slice_from_static_string(call->path), NULL,
                                       deadline(call->timeout_s), NULL);
}

static void run_fini(struct run *r)
{
    grpc_call_unref(r->wire);
    grpc_slice_unref(r->status_text);
    grpc_metadata_array_destroy(&r->initial);
    grpc_metadata_array_destroy(&r->trailing);
}

/* After a signal the rest is begun, too, so as to end as cancelled. */
static void start_next(struct calls *s, struct client *c, const struct client_call *call)
{
    struct run *r = &s->runs[s->started];
    bool cancelled;

    run_init(r, c, call);
    pthread_mutex_lock(&s->lock);
    s->started++;
    cancelled = s->cancelled;
    pthread_mutex_unlock(&s->lock);
    if (cancelled)
        grpc_call_cancel(r->wire, NULL);
    start_call(r);
    receive(r);
}

void client_run_all(struct client *c, const struct client_call *calls, size_t n, size_t parallel,
                    struct client_status *out)
{
    struct calls s = {.lock = PTHREAD_MUTEX_INITIALIZER, .runs = sl_calloc(n, sizeof(struct run))};
    struct interrupt_guard guard = {.on_signal = on_signal, .ctx = &s};

    memset(out, 0, n * sizeof(*out));
    /* a session asks again after a failure: not to be held back by the pause between attempts to connect */
    grpc_channel_reset_connect_backoff(c->channel);
    interrupt_push(&guard);
    for (size_t over = 0; over < n;) {
        while (s.started < n && s.started - over < parallel)
            start_next(&s, c, &calls[s.started]);
        const struct tag *tag =
            grpc_completion_queue_next(c->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).tag;
        take_batch(tag->run, tag->batch);
        if (tag->run->pending)
            continue;
        fill_status(tag->run, &out[tag->run - s.runs]);
        over++;
    }
    interrupt_pop(&guard);
    for (size_t i = 0; i < n; i++) {
        out[i].signal = guard.signal;
        run_fini(&s.runs[i]);
    }
    pthread_mutex_destroy(&s.lock);
    sl_free(s.runs);
}

void client_run(struct client *c, const struct client_call *call, struct client_status *out)
{
    client_run_all(c, call, 1, 1, out);
}

void client_status_fini(struct client_status *s)
{
    sl_free(s->message);
    sl_free(s->details);
    *s = (struct client_status){0};
}
