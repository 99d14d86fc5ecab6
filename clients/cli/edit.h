/* What commands that write a message share: the provider's key, --set, and the update mask that follows from them. */
#ifndef SLUICE_CLI_EDIT_H
#define SLUICE_CLI_EDIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli.h"

struct edit {
    struct sl_arena arena;
    struct sl_buf key; /* of --provider-key or --provider-key-file; empty: none was given */
    const char *mask;  /* names of the fields that were given, "a,b" */
};

/* Reads the key and sets what --set says in the message. EXIT_DONE, or how it failed, which was told. edit_end in any case. */
int edit_begin(struct cli *cli, struct edit *e, ProtobufCMessage *message);
/* Wipes the key. */
void edit_end(struct edit *e);
/* Only the key. */
int edit_read_key(struct cli *cli, struct sl_buf *key);
void edit_add_to_mask(struct edit *e, const char *field);
/* Sets a text field from an option, where it was given. */
void edit_take(struct edit *e, char **field, const char *name, const char *option);

#endif
