/* Any protobuf-c message as proto3 JSON (https://protobuf.dev/programming-guides/json/), by its descriptor:
 * lowerCamelCase names, fields at their default left out, 64-bit integers as strings, bytes in base64, enums by name,
 * maps as objects, Duration as "1.5s", Any of the types in a failed call's details written out. */
#ifndef SLUICE_CLI_JSON_PRINT_H
#define SLUICE_CLI_JSON_PRINT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Add to out, or return false where it is full. No newline. */
bool json_print_message(struct sl_buf *out, const ProtobufCMessage *message) SL_MUST_CHECK;
/* A string with its quotes. Ill-formed UTF-8 becomes U+FFFD; C1 controls are escaped too, so that a line is harmless on
 * a terminal. */
bool json_print_string(struct sl_buf *out, const char *s, size_t n) SL_MUST_CHECK;
/* The descriptor for an Any's type_url, NULL if it is not one of ours. */
const ProtobufCMessageDescriptor *json_any_type(const char *type_url);

#endif
