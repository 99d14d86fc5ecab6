/* See fake_call.h. */
#include "unit/rpc/fake_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static bool on_emit(struct sl_call *base, const ProtobufCMessage *message)
{
    struct fake_call *f = (struct fake_call *)base;
    assert_false(f->finished);
    assert_true(f->n_sent < FAKE_MAX_SENT);
    size_t n = protobuf_c_message_get_packed_size(message);
    f->sent[f->n_sent].p = sl_malloc(n + 1);
    f->sent[f->n_sent].n = protobuf_c_message_pack(message, f->sent[f->n_sent].p);
    f->n_sent++;
    return false;
}

static void on_finish(struct sl_call *base, const struct sl_status *status)
{
    struct fake_call *f = (struct fake_call *)base;
    assert_false(f->finished);
    f->finished = true;
    f->code = status->code;
}

static void on_reply(struct sl_call *base, const ProtobufCMessage *message)
{
    struct sl_status status = {.code = SL_OK};
    on_emit(base, message);
    on_finish(base, &status);
}

static const struct sl_call_ops ops = {
    .emit = on_emit,
    .finish = on_finish,
    .reply = on_reply,
};

void fake_call_init(struct fake_call *f)
{
    memset(f, 0, sizeof(*f));
    sl_arena_init(&f->arena, 1024 * 1024);
    f->base.ops = &ops;
    f->base.arena = &f->arena;
}

void fake_call_fini(struct fake_call *f)
{
    for (size_t i = 0; i < f->n_sent; i++)
        sl_free(f->sent[i].p);
    sl_arena_fini(&f->arena);
}

ProtobufCMessage *fake_call_get(const struct fake_call *f, size_t i,
                                const ProtobufCMessageDescriptor *type)
{
    assert_true(i < f->n_sent);
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, f->sent[i].n, f->sent[i].p);
    assert_non_null(message);
    return message;
}
