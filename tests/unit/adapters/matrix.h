/* Walks the descriptors of CompleteRequest: every field of it, by its path, and a request in which that one field is
 * set. A field that is added to the protos is walked without a change here. */
#ifndef SL_TESTS_ADAPTERS_MATRIX_H
#define SL_TESTS_ADAPTERS_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "sluice/v1/completion.pb-c.h"

enum { MATRIX_DEPTH = 8, MATRIX_VALUES = 2, MATRIX_FLAVOURS = 4, MATRIX_NAME = 192 };

/* One field, from the request down. */
struct matrix_step {
    const ProtobufCFieldDescriptor *field;
    const ProtobufCFieldDescriptor
        *choice; /* what the message's oneof holds, where field is not it */
};

struct matrix_path {
    struct matrix_step step[MATRIX_DEPTH];
    size_t n;
};

/* What a request is made for. */
struct matrix_case {
    const struct matrix_path *path;
    Sluice__V1__Role role; /* of the message that holds the field */
    int value;             /* 0: the field is not set; else which of its values, from 1 */
    int flavour;           /* which form its surroundings have, where there are several; from 0 */
    const char *provider;  /* whose provider_state it is */
};

/* Calls visit for every field, messages themselves included; the path lasts for the call. */
void matrix_walk(void (*visit)(void *owner, const struct matrix_path *path), void *owner);

/* How many values the field has to be tried with, for an enum each but 0. */
int matrix_values(const struct matrix_path *path);
/* In how many forms. */
int matrix_flavours(const struct matrix_path *path);
/* The field's path as warnings have it ("messages[1].parts[0].image.detail"); index is that of the message. */
void matrix_field(const struct matrix_path *path, size_t index, char name[static MATRIX_NAME]);
/* The same without indexes, with the choice of a oneof behind '|' ("messages.parts.cache_hint|text"). */
void matrix_name(const struct matrix_path *path, char name[static MATRIX_NAME]);
bool matrix_is_of_message(const struct matrix_path *path);

/* A request that is valid but for the field itself, in the arena. Sets the message's index. */
Sluice__V1__CompleteRequest *matrix_request(struct sl_arena *arena, const struct matrix_case *c,
                                            size_t *index);

#endif
