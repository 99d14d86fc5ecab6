/* Field masks: which fields of a message a write is about. Pure. */
#ifndef SL_REGISTRY_MANAGE_MASK_H
#define SL_REGISTRY_MANAGE_MASK_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/violations.h"

/* Bit i: the descriptor's field i, in the order of field numbers' names as protobuf-c sorts them. At most 64 fields. */
struct sl_field_mask {
    const ProtobufCMessageDescriptor *descriptor;
    uint64_t fields;
    bool renames; /* "new_name" was in it */
};

/* text: names of fields with commas between, "new_name" among them; "" : all fields that are set in the message. Unknown
 * names are violations of the field "update_mask". */
void sl_field_mask_parse(const char *text, const ProtobufCMessage *message,
                         struct sl_field_mask *out, struct sl_violations *v);
/* All fields that are set: text not "", number not 0, list not empty, message or optional field there. */
void sl_field_mask_of_set(const ProtobufCMessage *message, struct sl_field_mask *out);
/* By the field's name, which has to exist (asserted). */
bool sl_field_mask_has(const struct sl_field_mask *m, const char *field);

#endif
