/* From wire bytes to a checked message. protobuf-c 1.4.1 unpacks recursively, allocates for every empty element and
 * ends strings at a NUL, so one descriptor-driven pass over the bytes comes first. Pure: no gRPC, any thread. */
#ifndef SL_RPC_CODEC_H
#define SL_RPC_CODEC_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum {
    SL_WIRE_MAX_DEPTH = 16,
    SL_WIRE_MAX_ELEMENTS = 32768, /* elements of repeated fields and sub-messages, all together */
    SL_WIRE_MAX_UNKNOWN = 8,      /* unknown fields that are named */
};

/* What the pass found besides errors. */
struct sl_wire_notes {
    const char *unknown[SL_WIRE_MAX_UNKNOWN]; /* paths, in the arena: "messages[0].#99" */
    size_t n_unknown;
};

/* Checks wire types, lengths, depth, element counts, that strings are well-formed UTF-8 without U+0000, and that there
 * are no groups. Errors: SL_INVALID_ARGUMENT, INVALID_WIRE_FORMAT, err->field the path of the bad field
 * ("messages[3].parts[0].text"). */
enum sl_code sl_wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t n,
                           struct sl_arena *arena, struct sl_wire_notes *notes,
                           struct sl_err *err) SL_MUST_CHECK;

/* sl_wire_check, then unpacks into the arena; the bytes need not outlive the call. */
enum sl_code sl_wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t n,
                            struct sl_arena *arena, struct sl_wire_notes *notes,
                            ProtobufCMessage **out, struct sl_err *err) SL_MUST_CHECK;

#endif
