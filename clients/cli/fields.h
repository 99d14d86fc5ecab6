/* Fields of a message by name and text, as --set FIELD=VALUE gives them: any message, by its descriptor. */
#ifndef SLUICE_CLI_FIELDS_H
#define SLUICE_CLI_FIELDS_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"

/* assignment: "FIELD=VALUE". FIELD: the proto's name, with dots into messages ("quirks.no_stream_options") and, of a
 * map, its key ("labels.team"). VALUE: text; a number; true or false; an enum value's name; of a repeated text, values with
 * commas between ("" empties it). What is set lives in the arena. Error: SL_INVALID_ARGUMENT, one sentence. */
enum sl_code fields_set(ProtobufCMessage *message, const char *assignment, struct sl_arena *arena,
                        struct sl_err *err) SL_MUST_CHECK;
/* Adds the field's first name ("quirks" of "quirks.no_stream_options=true") to an update mask, "a,b", in the arena. */
const char *fields_mask(const char *mask, const char *assignment, struct sl_arena *arena);

#endif
