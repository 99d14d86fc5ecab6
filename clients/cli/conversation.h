/* The messages of a conversation, as they are sent. Everything lives in one arena until conversation_fini or
 * conversation_clear. */
#ifndef SLUICE_CLI_CONVERSATION_H
#define SLUICE_CLI_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "sluice/v1/completion.pb-c.h"

struct conversation {
    struct sl_arena arena;
    Sluice__V1__Message *system; /* NULL: none */
    Sluice__V1__Message **list;
    size_t n, cap;
};

void conversation_init(struct conversation *c);
void conversation_fini(struct conversation *c);
/* Forgets all messages but the instructions. */
void conversation_clear(struct conversation *c);
/* Sets the instructions; "" removes them. */
void conversation_set_system(struct conversation *c, const char *text);
/* Adds a message that was made here before. */
void conversation_append(struct conversation *c, Sluice__V1__Message *m);
/* Adds an empty message. */
Sluice__V1__Message *conversation_add(struct conversation *c, Sluice__V1__Role role);
/* Adds a message of one text. */
Sluice__V1__Message *conversation_add_text(struct conversation *c, Sluice__V1__Role role,
                                           const char *text);
/* Adds a deep copy. False where it cannot be copied (memory). */
bool conversation_add_copy(struct conversation *c, const Sluice__V1__Message *m) SL_MUST_CHECK;
/* Forgets all messages after the first n. */
void conversation_cut(struct conversation *c, size_t n);
/* Points the request at the messages; valid until the conversation changes. */
void conversation_fill(struct conversation *c, Sluice__V1__CompleteRequest *request);

/* Adds an empty part to a message of this conversation. */
Sluice__V1__Part *message_add_part(struct conversation *c, Sluice__V1__Message *m);
void message_add_text(struct conversation *c, Sluice__V1__Message *m, const char *text);
/* Adds a tool's answer as text. */
void message_add_tool_result(struct conversation *c, Sluice__V1__Message *m,
                             const Sluice__V1__ToolCall *call, const char *text);
/* Adds a file, or an http(s) address, as a picture, sound, video or document. picture: it must be a picture. Error:
 * SL_INVALID_ARGUMENT, naming it. */
enum sl_code message_attach(struct conversation *c, Sluice__V1__Message *m, const char *path,
                            bool picture, struct sl_err *err) SL_MUST_CHECK;

#endif
