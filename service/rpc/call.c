/* The life of a gRPC call on its home's thread: authenticate on metadata alone, then receive, check and unpack, hand to
 * the handler, send what it emits (all that is ready in one message, one message in flight), and end exactly once. */
#include "rpc/call.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "rpc/codec.h"
#include "rpc/credentials.h"
#include "telemetry/request_log.h"
#include "telemetry/request_metrics.h"

enum {
    ARENA_FIXED = 16 * 1024 * 1024, /* room in a call's arena beside what its request takes */
    ARENA_FACTOR = 6,               /* what unpacking may take, as a multiple of the wire bytes */
    CHARGE_FACTOR = 2, /* what a request is charged: its wire bytes, and its unpacked copy */
};

static const struct sl_call_ops call_ops;

/* ---- ending ---- */

static void drop_output(struct sl_rpc_call *c)
{
    for (size_t i = 0; i < c->n_out; i++)
        grpc_slice_unref(c->out[i]);
    c->n_out = 0;
    c->out_bytes = 0;
}

static void uncharge(struct sl_rpc_call *c)
{
    if (c->charged)
        atomic_fetch_sub_explicit(&c->home->shared->request_memory, c->charged,
                                  memory_order_relaxed);
    c->charged = 0;
}

/* It is no longer one of those that are open. */
static void close_count(struct sl_rpc_call *c)
{
    if (c->open)
        sl_series_add(c->open, -1);
    c->open = NULL;
}

static void call_free(struct sl_rpc_call *c)
{
    drop_output(c);
    uncharge(c);
    close_count(c);
    if (c->listed) {
        *(c->prev ? &c->prev->next : &c->home->calls) = c->next;
        if (c->next)
            c->next->prev = c->prev;
        atomic_fetch_sub(&c->home->shared->open_calls, 1);
    }
    if (c->in)
        grpc_byte_buffer_destroy(c->in);
    grpc_metadata_array_destroy(&c->metadata);
    if (c->has_details)
        grpc_call_details_destroy(&c->details);
    if (c->call)
        grpc_call_unref(c->call);
    sl_access_unref(c->access);
    for (size_t i = 0; c->renewals && i < 2; i++) {
        sl_access_unref(c->renewals[i].access);
        sl_arena_fini(&c->renewals[i].arena);
    }
    sl_free(c->renewals);
    gpr_free(c->peer);
    sl_free(c->out);
    sl_arena_fini(&c->scratch);
    sl_arena_fini(&c->arena);
    sl_free(c);
}

void sl_rpc_call_unref(struct sl_rpc_call *c)
{
    if (--c->refs == 0)
        call_free(c);
}

static void note_end(struct sl_rpc_call *c, enum sl_code code, enum sl_reason reason,
                     const char *message)
{
    const struct sl_principal *p = c->base.principal;
    const struct sl_request_line line = {
        .id = c->id,
        .method = c->base.method->path,
        .principal = p ? p->id : NULL,
        .acting = p && p->actor ? p->actor->id : NULL,
        .peer = c->peer,
        .code = code,
        .reason = reason,
        .message = message,
        .total_us = sl_now_us() - c->base.arrived_us,
        .facts = &c->base.facts,
    };
    sl_request_log(&line);
    sl_request_count(&line);
    close_count(c);
}

static void mark_dirty(struct sl_rpc_call *c)
{
    if (c->is_dirty)
        return;
    c->is_dirty = true;
    c->refs++;
    c->next_dirty = c->home->dirty;
    c->home->dirty = c;
}

static void call_finish(struct sl_call *base, const struct sl_status *status)
{
    struct sl_rpc_call *c = (struct sl_rpc_call *)base;
    if (c->ended)
        return;
    c->ended = true;
    sl_status_trailers(status, &c->arena, &c->trailers);
    note_end(c, status->code, status->reason, status->message);
    mark_dirty(c);
}

/* The client is gone, or its deadline passed: the core has closed the stream. */
static void client_gone(struct sl_rpc_call *c)
{
    c->status_sent = true;
    drop_output(c);
    if (c->ended)
        return;
    c->ended = true;
    if (c->base.method->on_cancel)
        c->base.method->on_cancel(&c->base);
    bool late = sl_now_us() >= c->base.deadline_us;
    note_end(c, late ? SL_DEADLINE_EXCEEDED : SL_CANCELLED,
             late ? SL_REASON_CALLER_DEADLINE : SL_REASON_CALLER_CANCELLED, NULL);
}

void sl_rpc_call_shut(struct sl_rpc_call *c)
{
    if (c->ended)
        return; /* its status waits for a reader that does not read */
    drop_output(c);
    if (c->base.method->on_cancel)
        c->base.method->on_cancel(&c->base);
    struct sl_status status = {
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_SHUTTING_DOWN,
        .message = "the server is shutting down",
    };
    call_finish(&c->base, &status);
}

void sl_call_fail(struct sl_call *c, const struct sl_err *err)
{
    struct sl_field_violation violation = {err->field, err->text};
    struct sl_status status = {
        .code = err->code,
        .reason = err->reason,
        .message = err->text,
        .violations = &violation,
        .n_violations = err->field[0] ? 1 : 0,
        .has_retry_delay = err->has_retry_after,
        .retry_delay_ms = err->retry_after_ms,
    };
    sl_call_finish(c, &status);
}

/* ---- sending ---- */

static bool is_full(const struct sl_rpc_call *c)
{
    return c->out_bytes + c->flight_bytes > c->home->shared->stream_buffer;
}

static void add_slice(struct sl_rpc_call *c, grpc_slice slice)
{
    if (c->n_out == c->cap_out) {
        c->cap_out = c->cap_out ? c->cap_out * 2 : 4;
        c->out = sl_realloc(c->out, c->cap_out * sizeof(*c->out));
    }
    c->out[c->n_out++] = slice;
    c->out_bytes += GRPC_SLICE_LENGTH(slice);
    mark_dirty(c);
}

static bool call_emit(struct sl_call *base, const ProtobufCMessage *message)
{
    struct sl_rpc_call *c = (struct sl_rpc_call *)base;
    if (c->ended)
        return true;
    size_t n = protobuf_c_message_get_packed_size(message);
    grpc_slice slice = grpc_slice_malloc(n);
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    add_slice(c, slice);
    return is_full(c);
}

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static bool call_emit_element(struct sl_call *base, uint32_t field, const ProtobufCMessage *element)
{
    struct sl_rpc_call *c = (struct sl_rpc_call *)base;
    if (c->ended)
        return true;
    uint8_t head[16];
    size_t n = protobuf_c_message_get_packed_size(element);
    uint8_t *end = put_varint(put_varint(head, (uint64_t)field << 3 | 2), n);
    size_t head_n = (size_t)(end - head);
    grpc_slice slice = grpc_slice_malloc(head_n + n);
    memcpy(GRPC_SLICE_START_PTR(slice), head, head_n);
    protobuf_c_message_pack(element, GRPC_SLICE_START_PTR(slice) + head_n);
    c->elements = true;
    add_slice(c, slice);
    return is_full(c);
}

static void call_reply(struct sl_call *base, const ProtobufCMessage *message)
{
    struct sl_status status = {.code = SL_OK};
    if (protobuf_c_message_get_packed_size(message) > SL_REPLY_MAX) {
        status = (struct sl_status){
            .code = SL_RESOURCE_EXHAUSTED,
            .reason = SL_REASON_MESSAGE_TOO_LARGE,
            .message = "the answer is larger than a reply may be (3 MiB): stream it",
            .no_retry = true,
        };
    } else {
        call_emit(base, message);
    }
    call_finish(base, &status);
}

/* How many of the waiting slices make the next message: one of a whole message, all that fit of elements. */
static size_t message_slices(const struct sl_rpc_call *c, size_t *bytes)
{
    size_t n = 0, sum = 0;
    while (n < c->n_out) {
        size_t length = GRPC_SLICE_LENGTH(c->out[n]);
        if (n && (!c->elements || sum + length > SL_REPLY_MAX))
            break;
        sum += length;
        n++;
    }
    *bytes = sum;
    return n;
}

static unsigned add_trailing(struct sl_rpc_call *c)
{
    unsigned n = 0;
    if (c->trailers.details)
        c->trailing[n++] = (grpc_metadata){
            .key = grpc_slice_from_static_string("grpc-status-details-bin"),
            .value = grpc_slice_from_static_buffer(c->trailers.details, c->trailers.n_details),
        };
    if (c->trailers.retry_pushback)
        c->trailing[n++] = (grpc_metadata){
            .key = grpc_slice_from_static_string("grpc-retry-pushback-ms"),
            .value = grpc_slice_from_static_string(c->trailers.retry_pushback),
        };
    return n;
}

static void add_status(struct sl_rpc_call *c, grpc_op *op, grpc_slice *message)
{
    *message = grpc_slice_from_static_string(c->trailers.message ? c->trailers.message : "");
    op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    op->data.send_status_from_server.status = (grpc_status_code)c->trailers.grpc_status;
    op->data.send_status_from_server.status_details = message;
    op->data.send_status_from_server.trailing_metadata_count = add_trailing(c);
    op->data.send_status_from_server.trailing_metadata = c->trailing;
    c->status_sent = true;
}

void sl_rpc_call_pump(struct sl_rpc_call *c)
{
    if (c->sending || c->status_sent || (!c->n_out && !c->ended))
        return;
    grpc_op ops[3];
    memset(ops, 0, sizeof(ops));
    size_t n_ops = 0, bytes = 0;
    grpc_byte_buffer *buffer = NULL;
    grpc_slice message;
    if (!c->header_sent) {
        ops[n_ops++].op = GRPC_OP_SEND_INITIAL_METADATA;
        c->header_sent = true;
    }
    if (c->n_out) {
        size_t n = message_slices(c, &bytes);
        buffer = grpc_raw_byte_buffer_create(c->out, n);
        for (size_t i = 0; i < n; i++)
            grpc_slice_unref(c->out[i]);
        c->n_out -= n;
        memmove(c->out, c->out + n, c->n_out * sizeof(*c->out));
        c->out_bytes -= bytes;
        ops[n_ops].op = GRPC_OP_SEND_MESSAGE;
        ops[n_ops++].data.send_message.send_message = buffer;
    }
    if (c->ended && !c->n_out)
        add_status(c, &ops[n_ops++], &message);
    c->flight_bytes = bytes;
    c->sending = true;
    c->refs++;
    c->home->pending++;
    grpc_call_error e = grpc_call_start_batch(c->call, ops, n_ops, &c->sent, NULL);
    if (buffer)
        grpc_byte_buffer_destroy(buffer);
    if (e != GRPC_CALL_OK) { /* a programmer's error; the call cannot go on */
        c->home->pending--;
        c->sending = false;
        c->status_sent = true;
        grpc_call_cancel(c->call, NULL);
        c->refs--; /* the close operation holds another */
    }
}

static void arm_receive(struct sl_rpc_call *c)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &c->in;
    c->refs++;
    c->home->pending++;
    c->receiving = true;
    if (grpc_call_start_batch(c->call, &op, 1, &c->received, NULL) != GRPC_CALL_OK) {
        c->home->pending--;
        c->receiving = false;
        c->refs--;
    }
}

/* A client that asks without reading the answers is not heard until it reads. */
static void arm_receive_or_wait(struct sl_rpc_call *c)
{
    c->receive_waits = is_full(c);
    if (!c->receive_waits)
        arm_receive(c);
}

static void on_sent(struct sl_rpc_call *c, bool ok)
{
    c->home->pending--;
    c->sending = false;
    c->flight_bytes = 0;
    if (!ok) {
        drop_output(c);
    } else {
        sl_rpc_call_pump(c);
        if (c->was_full && !c->ended && c->out_bytes * 2 < c->home->shared->stream_buffer) {
            c->was_full = false;
            if (c->base.method->on_writable)
                c->base.method->on_writable(&c->base);
        }
        if (c->receive_waits && !c->ended)
            arm_receive_or_wait(c);
    }
    sl_rpc_call_unref(c);
}

static bool emit_noting_full(struct sl_call *base, const ProtobufCMessage *message)
{
    bool full = call_emit(base, message);
    ((struct sl_rpc_call *)base)->was_full |= full;
    return full;
}

static bool emit_element_noting_full(struct sl_call *base, uint32_t field,
                                     const ProtobufCMessage *element)
{
    bool full = call_emit_element(base, field, element);
    ((struct sl_rpc_call *)base)->was_full |= full;
    return full;
}

/* ---- receiving ---- */

static bool charge(struct sl_rpc_call *c, size_t n)
{
    struct sl_rpc_shared *shared = c->home->shared;
    int64_t amount = (int64_t)n * CHARGE_FACTOR;
    int64_t before =
        atomic_fetch_add_explicit(&shared->request_memory, amount, memory_order_relaxed);
    c->charged += amount;
    return before + amount <= shared->request_memory_max;
}

static enum sl_code unpack(struct sl_rpc_call *c, struct sl_arena *arena, ProtobufCMessage **out,
                           struct sl_err *err)
{
    size_t n = grpc_byte_buffer_length(c->in);
    if (!charge(c, n)) {
        err->has_retry_after = true;
        err->retry_after_ms = 1000;
        return sl_err_set(
            err, SL_RESOURCE_EXHAUSTED, SL_REASON_REQUEST_MEMORY,
            "the server holds as many bytes of requests as limits.request_memory allows");
    }
    arena->max = ARENA_FIXED + n * ARENA_FACTOR;
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, c->in))
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_WIRE_FORMAT,
                          "the message cannot be read");
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    struct sl_wire_notes notes = {.n_unknown = 0};
    enum sl_code code = sl_wire_unpack(c->base.method->input, GRPC_SLICE_START_PTR(all),
                                       GRPC_SLICE_LENGTH(all), arena, &notes, out, err);
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    if (code == SL_OK && notes.n_unknown) {
        const char **list = sl_arena_zalloc(&c->arena, sizeof(notes.unknown));
        memcpy(list, notes.unknown, sizeof(notes.unknown));
        c->base.unknown_fields = list;
        c->base.n_unknown_fields = notes.n_unknown;
    }
    return code;
}

static void take_message(struct sl_rpc_call *c)
{
    bool bidi = c->base.method->kind == SL_BIDI;
    struct sl_arena *arena = bidi ? &c->scratch : &c->arena;
    struct sl_err err = {0};
    ProtobufCMessage *message = NULL;
    enum sl_code code = unpack(c, arena, &message, &err);
    grpc_byte_buffer_destroy(c->in);
    c->in = NULL;
    if (code != SL_OK) {
        sl_call_fail(&c->base, &err);
    } else {
        c->base.method->on_message(&c->base, message);
        if (!bidi && !c->ended && c->base.method->on_half_close)
            c->base.method->on_half_close(&c->base);
    }
    if (bidi) {
        uncharge(c);
        sl_arena_fini(&c->scratch);
        sl_arena_init(&c->scratch, ARENA_FIXED);
    }
}

static void take_end_of_messages(struct sl_rpc_call *c)
{
    c->half_closed = true;
    if (c->base.method->kind == SL_BIDI) {
        if (c->base.method->on_half_close)
            c->base.method->on_half_close(&c->base);
        return;
    }
    struct sl_err err = {0};
    sl_err_set(&err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_WIRE_FORMAT,
               "the call has no request message");
    sl_call_fail(&c->base, &err);
}

static void on_received(struct sl_rpc_call *c, bool ok)
{
    c->home->pending--;
    c->receiving = false;
    if (!c->ended && ok) {
        if (c->in)
            take_message(c);
        else
            take_end_of_messages(c);
        if (c->base.method->kind == SL_BIDI && !c->ended && !c->half_closed)
            arm_receive_or_wait(c);
    }
    sl_rpc_call_unref(c);
}

static void on_closed(struct sl_rpc_call *c, bool ok)
{
    (void)ok;
    c->home->live--;
    if (c->cancelled)
        client_gone(c);
    sl_rpc_call_unref(c);
}

/* ---- beginning ---- */

static struct sl_str call_metadata(const struct sl_call *base, const char *name)
{
    const struct sl_rpc_call *c = (const struct sl_rpc_call *)base;
    for (size_t i = 0; i < c->metadata.count; i++) {
        const grpc_metadata *m = &c->metadata.metadata[i];
        struct sl_str key = {(const char *)GRPC_SLICE_START_PTR(m->key), GRPC_SLICE_LENGTH(m->key)};
        if (sl_str_eq(key, name))
            return (struct sl_str){(const char *)GRPC_SLICE_START_PTR(m->value),
                                   GRPC_SLICE_LENGTH(m->value)};
    }
    return (struct sl_str){NULL, 0};
}

static void call_hold(struct sl_call *base)
{
    ((struct sl_rpc_call *)base)->refs++;
}

static void call_release(struct sl_call *base)
{
    sl_rpc_call_unref((struct sl_rpc_call *)base);
}

static bool peer_is_local(const char *peer)
{
    return sl_starts_with(peer, "ipv4:127.") || sl_starts_with(peer, "ipv6:%5B::1%5D") ||
           sl_starts_with(peer, "ipv6:[::1]") || sl_starts_with(peer, "unix:");
}

static struct sl_credentials shown_by(const struct sl_rpc_call *c, char *certificate, size_t size)
{
    struct sl_credentials shown = {
        .authorization = call_metadata(&c->base, "authorization"),
        .user = call_metadata(&c->base, "sluice-user"),
        .tier = call_metadata(&c->base, "sluice-tier"),
        .local = peer_is_local(c->peer),
        .peer = c->peer,
    };
    if (!shown.authorization.n && sl_peer_certificate(c->call, certificate, size))
        shown.certificate = sl_str(certificate);
    return shown;
}

static enum sl_code authenticate(struct sl_rpc_call *c, struct sl_err *err)
{
    const struct sl_method *method = c->base.method;
    if (method->open)
        return SL_OK;
    char certificate[256];
    struct sl_credentials shown = shown_by(c, certificate, sizeof(certificate));
    c->access = sl_access_ref(c->home->service->access);
    enum sl_code code = sl_access_check(c->access, &shown, &c->arena, &c->base.principal, err);
    sl_metric_add(SL_METRIC_AUTH_CHECKS, 1,
                  SL_LABELS(code == SL_OK ? "OK" : sl_reason_name(err->reason)));
    if (code != SL_OK)
        return code;
    sl_uses_note(&c->home->service->uses, c->base.principal->key_id, sl_wall_ms());
    return sl_rights_check(c->base.principal, &method->needs, method->path, err);
}

static enum sl_code call_renew(struct sl_call *base, struct sl_err *err)
{
    struct sl_rpc_call *c = (struct sl_rpc_call *)base;
    char certificate[256];
    struct sl_credentials shown = shown_by(c, certificate, sizeof(certificate));
    const struct sl_principal *p = NULL;
    if (!c->renewals)
        c->renewals = sl_calloc(2, sizeof(*c->renewals));
    struct sl_rpc_renewal *r = &c->renewals[c->n_renewals & 1];
    sl_access_unref(r->access);
    sl_arena_fini(&r->arena);
    sl_arena_init(&r->arena, ARENA_FIXED);
    r->access = sl_access_ref(c->home->service->access);
    if (sl_access_check_again(r->access, &shown, &r->arena, &p, err) ||
        sl_rights_check(p, &base->method->needs, base->method->path, err))
        return err->code;
    base->principal = p;
    if (++c->n_renewals == 2) {
        sl_access_unref(c->access);
        c->access = NULL;
    }
    return SL_OK;
}

static const struct sl_call_ops call_ops = {
    .emit = emit_noting_full,
    .emit_element = emit_element_noting_full,
    .finish = call_finish,
    .reply = call_reply,
    .metadata = call_metadata,
    .renew = call_renew,
    .hold = call_hold,
    .release = call_release,
};

static int64_t deadline_us(gpr_timespec deadline)
{
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return INT64_MAX;
    gpr_timespec left = gpr_time_sub(gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC),
                                     gpr_now(GPR_CLOCK_MONOTONIC));
    return sl_now_us() + left.tv_sec * 1000000 + left.tv_nsec / 1000;
}

static void arm_close(struct sl_rpc_call *c)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    op.data.recv_close_on_server.cancelled = &c->cancelled;
    c->home->live++;
    c->closed = (struct sl_rpc_tag){on_closed, c};
    grpc_call_start_batch(c->call, &op, 1, &c->closed, NULL); /* holds the first reference */
}

static void enlist(struct sl_rpc_call *c)
{
    struct sl_rpc_home *home = c->home;
    c->listed = true;
    c->next = home->calls;
    if (home->calls)
        home->calls->prev = c;
    home->calls = c;
    atomic_fetch_add(&home->shared->open_calls, 1);
    c->open = sl_request_open(c->base.method->path);
    sl_series_add(c->open, 1);
}

static const struct sl_method unknown_method = {.path = "?", .kind = SL_UNARY};

static void refuse_unknown_method(struct sl_rpc_call *c)
{
    struct sl_err err = {0};
    char path[128];
    sl_copy_n(path, sizeof(path), (const char *)GRPC_SLICE_START_PTR(c->details.method),
              GRPC_SLICE_LENGTH(c->details.method));
    sl_err_set(&err, SL_UNIMPLEMENTED, SL_REASON_NONE, "there is no method %s", path);
    sl_call_fail(&c->base, &err);
}

void sl_rpc_call_begin(struct sl_rpc_call *c)
{
    struct sl_err err = {0};
    sl_arena_init(&c->arena, ARENA_FIXED);
    sl_arena_init(&c->scratch, ARENA_FIXED);
    sl_uuid7(c->id);
    c->peer = grpc_call_get_peer(c->call);
    c->received = (struct sl_rpc_tag){on_received, c};
    c->sent = (struct sl_rpc_tag){on_sent, c};
    c->base.ops = &call_ops;
    c->base.service = c->home->service;
    c->base.loop = c->home->loop;
    c->base.arena = &c->arena;
    c->base.id = c->id;
    c->base.peer = c->peer;
    c->base.deadline_us = deadline_us(c->deadline);
    c->base.facts.first_token_us = -1;
    c->base.facts.input_tokens = c->base.facts.output_tokens = -1;
    if (!c->base.method)
        c->base.method = &unknown_method;
    enlist(c);
    arm_close(c);
    if (c->base.method == &unknown_method) {
        refuse_unknown_method(c);
    } else if (authenticate(c, &err) != SL_OK) {
        sl_call_fail(&c->base, &err);
    } else {
        if (c->base.method->on_open)
            c->base.method->on_open(&c->base);
        if (!c->ended)
            arm_receive(c);
    }
}
