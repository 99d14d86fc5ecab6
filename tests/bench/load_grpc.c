/* Sluice asked through the gRPC C core: one thread, one completion queue, a few channels. */
#include "load.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sluice/v1/completion.pb-c.h"

struct run;
struct slot;

/* A completion tag. */
struct tag {
    void (*on_done)(struct run *r, struct slot *s, bool ok);
    struct slot *slot;
};

/* One call at a time. A call has a batch that ends with its status, and, where it streams, one reading batch at a time;
 * it is over when both are. */
struct slot {
    grpc_channel *channel;
    grpc_call *call;
    grpc_byte_buffer *message;
    grpc_metadata_array head, trailers;
    grpc_status_code status;
    grpc_slice details;
    struct tag read, end;
    unsigned pending; /* batches */
    int64_t start_us, first_us, last_us;
};

struct run {
    const struct load_options *options;
    struct load_stats *stats;
    grpc_completion_queue *queue;
    grpc_channel **channels;
    grpc_slice path, request;
    grpc_metadata authorization;
    struct slot *slots;
    unsigned open;  /* slots with a call */
    unsigned first; /* streams that have begun */
    int64_t until_us;
};

static void start_call(struct run *r, struct slot *s);

/* ---- messages ---- */

/* Counts the events of a message; notes the time of the first with text. */
static void take_message(struct run *r, struct slot *s)
{
    s->last_us = load_now_us();
    r->stats->messages++;
    if (!r->options->stream)
        return;
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, s->message))
        return;
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    if (s->first_us) {
        /* each event is field 1 of the message: a tag, a length, and so many bytes */
        const uint8_t *p = GRPC_SLICE_START_PTR(all), *end = GRPC_SLICE_END_PTR(all);
        while (p < end && *p == 0x0A) {
            size_t length = 0;
            unsigned shift = 0;
            do {
                p++;
                length |= (size_t)(*p & 0x7F) << shift;
                shift += 7;
            } while (*p & 0x80);
            p += 1 + length;
            r->stats->events++;
        }
    } else {
        Sluice__V1__StreamCompleteResponse *m = sluice__v1__stream_complete_response__unpack(
            NULL, GRPC_SLICE_LENGTH(all), GRPC_SLICE_START_PTR(all));
        for (size_t i = 0; m && i < m->n_events; i++) {
            r->stats->events++;
            if (!s->first_us &&
                m->events[i]->event_case == SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA) {
                s->first_us = s->last_us;
                r->first++;
            }
        }
        sluice__v1__stream_complete_response__free_unpacked(m, NULL);
    }
    grpc_slice_unref(all);
}

static void drop_message(struct slot *s)
{
    if (s->message)
        grpc_byte_buffer_destroy(s->message);
    s->message = NULL;
}

/* ---- calls ---- */

static void start_batch(struct slot *s, const grpc_op *ops, size_t n, struct tag *tag)
{
    grpc_call_error e = grpc_call_start_batch(s->call, ops, n, tag, NULL);
    if (e != GRPC_CALL_OK) {
        fprintf(stderr, "bench_load: grpc_call_start_batch: %s\n", grpc_call_error_to_string(e));
        exit(1);
    }
    s->pending++;
}

static void read_next(struct slot *s)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &s->message};
    start_batch(s, &op, 1, &s->read);
}

static void on_call_over(struct run *r, struct slot *s)
{
    if (s->status == GRPC_STATUS_OK) {
        load_stats_call(r->stats, s->start_us, s->first_us, load_now_us());
    } else if (!(r->options->hold && load_stopped())) {
        char text[256];
        snprintf(text, sizeof(text), "status %d: %.*s", (int)s->status,
                 (int)GRPC_SLICE_LENGTH(s->details),
                 (const char *)GRPC_SLICE_START_PTR(s->details));
        load_stats_error(r->stats, text);
    }
    drop_message(s);
    grpc_metadata_array_destroy(&s->head);
    grpc_metadata_array_destroy(&s->trailers);
    grpc_slice_unref(s->details);
    grpc_call_unref(s->call);
    s->call = NULL;
    r->open--;
    if (!load_stopped() && load_now_us() < r->until_us)
        start_call(r, s);
}

static void on_read(struct run *r, struct slot *s, bool ok)
{
    s->pending--;
    if (ok && s->message) {
        take_message(r, s);
        drop_message(s);
        if (r->options->stream)
            read_next(s);
    }
    if (!s->pending)
        on_call_over(r, s);
}

static void on_end(struct run *r, struct slot *s, bool ok)
{
    (void)ok;
    s->pending--;
    if (!s->pending)
        on_call_over(r, s);
}

static void start_call(struct run *r, struct slot *s)
{
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_REALTIME);
    s->call = grpc_channel_create_call(s->channel, NULL, GRPC_PROPAGATE_DEFAULTS, r->queue, r->path,
                                       NULL, never, NULL);
    s->start_us = load_now_us();
    s->first_us = 0;
    s->details = grpc_empty_slice();
    grpc_metadata_array_init(&s->head);
    grpc_metadata_array_init(&s->trailers);
    grpc_byte_buffer *request = grpc_raw_byte_buffer_create(&r->request, 1);
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = *r->options->api_key ? 1 : 0,
                                        .metadata = &r->authorization}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &s->head},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &s->trailers,
                                        .status = &s->status,
                                        .status_details = &s->details}},
    };
    r->open++;
    start_batch(s, ops, sizeof(ops) / sizeof(ops[0]), &s->end);
    read_next(s);
    grpc_byte_buffer_destroy(request);
}

/* ---- the run ---- */

static void cancel_all(struct run *r)
{
    for (unsigned i = 0; i < r->options->concurrency; i++) {
        if (r->slots[i].call)
            grpc_call_cancel(r->slots[i].call, NULL);
    }
}

static void wait_for_calls(struct run *r)
{
    bool said = false, cancelled = false;
    while (r->open) {
        if (r->options->hold && !said && r->first >= r->options->concurrency) {
            printf("open %u\n", r->first);
            fflush(stdout);
            said = true;
        }
        if (r->options->hold && !cancelled && load_stopped()) {
            cancel_all(r);
            cancelled = true;
        }
        gpr_timespec soon =
            gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(100, GPR_TIMESPAN));
        grpc_event e = grpc_completion_queue_next(r->queue, soon, NULL);
        if (e.type == GRPC_OP_COMPLETE) {
            struct tag *tag = e.tag;
            tag->on_done(r, tag->slot, e.success != 0);
        }
    }
}

static void open_channels(struct run *r)
{
    /* a connection of its own for each channel */
    grpc_arg own = {.type = GRPC_ARG_INTEGER,
                    .key = (char *)(uintptr_t)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
                    .value.integer = 1};
    grpc_channel_args args = {1, &own};
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    r->channels = sl_calloc(r->options->channels, sizeof(grpc_channel *));
    for (unsigned i = 0; i < r->options->channels; i++)
        r->channels[i] = grpc_channel_create(r->options->address, plain, &args);
    grpc_channel_credentials_release(plain);
}

static void close_run(struct run *r)
{
    for (unsigned i = 0; i < r->options->channels; i++)
        grpc_channel_destroy(r->channels[i]);
    grpc_completion_queue_shutdown(r->queue);
    while (grpc_completion_queue_next(r->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(r->queue);
    grpc_slice_unref(r->request);
    grpc_slice_unref(r->authorization.value);
    sl_free(r->channels);
    sl_free(r->slots);
    grpc_shutdown();
}

void load_grpc_run(const struct load_options *o, struct load_stats *stats)
{
    grpc_init();
    struct run r = {
        .options = o, .stats = stats, .queue = grpc_completion_queue_create_for_next(NULL)};
    r.path = grpc_slice_from_static_string(o->stream ? "/sluice.v1.Completion/StreamComplete"
                                                     : "/sluice.v1.Completion/Complete");
    struct load_request request = load_request_grpc(o);
    r.request = grpc_slice_from_copied_buffer((const char *)request.p, request.n);
    sl_free(request.p);
    char bearer[512];
    snprintf(bearer, sizeof(bearer), "Bearer %s", o->api_key);
    r.authorization.key = grpc_slice_from_static_string("authorization");
    r.authorization.value = grpc_slice_from_copied_string(bearer);
    open_channels(&r);
    r.slots = sl_calloc(o->concurrency, sizeof(*r.slots));
    stats->begin_us = load_now_us();
    r.until_us = stats->begin_us + (int64_t)(o->seconds * 1e6);
    for (unsigned i = 0; i < o->concurrency; i++) {
        struct slot *s = &r.slots[i];
        s->channel = r.channels[i % o->channels];
        s->read = (struct tag){on_read, s};
        s->end = (struct tag){on_end, s};
        start_call(&r, s);
    }
    wait_for_calls(&r);
    close_run(&r);
}
