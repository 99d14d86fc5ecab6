/* A client's bytes as a completion request (and as the message with every type, for the codec's sake): what the check
 * lets through unpacks, holds clean text, survives packing and unpacking, and can be validated. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/validate.h"
#include "base/alloc.h"
#include "every_type.pb-c.h"
#include "rpc/codec.h"
#include "sluice/v1/completion.pb-c.h"

enum { ROOM = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_error(const struct sl_err *err, enum sl_code code)
{
    must(err->code == code && err->text[0]);
    must(code == SL_INVALID_ARGUMENT || code == SL_RESOURCE_EXHAUSTED);
    must(code != SL_INVALID_ARGUMENT || err->reason == SL_REASON_INVALID_WIRE_FORMAT);
}

/* What was unpacked goes through the codec once more and comes out the same. */
static void check_round_trip(const ProtobufCMessage *message)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = sl_malloc(n + 1), *again = sl_malloc(n + 1);
    must(protobuf_c_message_pack(message, packed) == n);
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err = {0};
    ProtobufCMessage *second = NULL;
    sl_arena_init(&arena, 4 * ROOM);
    enum sl_code code =
        sl_wire_unpack(message->descriptor, packed, n, &arena, &notes, &second, &err);
    if (code == SL_OK) {
        must(protobuf_c_message_get_packed_size(second) == n);
        protobuf_c_message_pack(second, again);
        must(!memcmp(packed, again, n));
    } else {
        check_error(&err, code);
        must(code == SL_RESOURCE_EXHAUSTED);
    }
    sl_arena_fini(&arena);
    sl_free(packed);
    sl_free(again);
}

static void validate(const ProtobufCMessage *message, struct sl_arena *arena)
{
    struct sl_violations violations = {.arena = arena};
    bool is_good = sl_validate_complete((const Sluice__V1__CompleteRequest *)message, &violations);
    must(is_good == (violations.count == 0));
    for (size_t i = 0; i < violations.count; i++)
        must(violations.list[i].field && violations.list[i].description[0]);
}

static void run(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size)
{
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err = {0};
    ProtobufCMessage *message = NULL;
    sl_arena_init(&arena, ROOM);
    enum sl_code code = sl_wire_unpack(type, data, size, &arena, &notes, &message, &err);
    must(notes.n_unknown <= SL_WIRE_MAX_UNKNOWN);
    for (size_t i = 0; i < notes.n_unknown; i++)
        must(strchr(notes.unknown[i], '#') != NULL);
    if (code != SL_OK) {
        check_error(&err, code);
    } else {
        check_round_trip(message);
        if (type == &sluice__v1__complete_request__descriptor)
            validate(message, &arena);
    }
    sl_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(&sluice__v1__complete_request__descriptor, data, size);
    run(&sluice__test__every_type__descriptor, data, size);
    return 0;
}
