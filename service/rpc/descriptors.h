/* The service's own descriptor set (google.protobuf.FileDescriptorSet), embedded at build time, searched where it lies.
 * Pure, any thread; everything returned is borrowed and lives for ever. */
#ifndef SL_RPC_DESCRIPTORS_H
#define SL_RPC_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The embedded set. */
extern const unsigned char sl_descriptor_set[];
extern const size_t sl_descriptor_set_size;

enum sl_symbol_kind {
    SL_SYMBOL_NONE,
    SL_SYMBOL_MESSAGE,
    SL_SYMBOL_OTHER, /* service, method, field, oneof, enum, enum value, extension */
};

/* Visits the files (serialised FileDescriptorProto) in the set's order: *file {NULL, 0} gives the first. */
bool sl_descriptor_next_file(struct sl_str *file);
/* The file of this name ("sluice/v1/chat.proto"); n 0 if there is none. */
struct sl_str sl_descriptor_file(struct sl_str name);
/* The file that declares a symbol, by its full name without a leading dot ("sluice.v1.Message.role"); as in C++, an
 * enum's values are named beside it, not below it. n 0 if there is none. */
struct sl_str sl_descriptor_symbol(struct sl_str name, enum sl_symbol_kind *kind);
/* A file and all that it imports, each once, the file itself first. Fills at most max and returns how many there are. */
size_t sl_descriptor_closure(struct sl_str file, struct sl_str *files, size_t max);

#endif
