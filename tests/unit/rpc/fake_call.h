/* A call without a transport: keeps what the handler emits, packed, and how it ended. */
#ifndef SL_TEST_FAKE_CALL_H
#define SL_TEST_FAKE_CALL_H

#include "api/call.h"

enum { FAKE_MAX_SENT = 16 };

struct fake_call {
    struct sl_call base;
    struct sl_arena arena;
    struct {
        uint8_t *p;
        size_t n;
    } sent[FAKE_MAX_SENT];
    size_t n_sent;
    bool finished;
    enum sl_code code;
};

void fake_call_init(struct fake_call *f);
void fake_call_fini(struct fake_call *f);
/* Unpacks message i of those sent; the caller frees it with protobuf_c_message_free_unpacked. Fails the test if it is
 * not there or malformed. */
ProtobufCMessage *fake_call_get(const struct fake_call *f, size_t i,
                                const ProtobufCMessageDescriptor *type);

#endif
