/* One question to a model, and its answer. */
#ifndef SLUICE_CLI_CHAT_H
#define SLUICE_CLI_CHAT_H

#include "cli.h"
#include "conversation.h"
#include "render.h"
#include "sluice/v1/completion.pb-c.h"

struct chat {
    struct cli *cli;
    struct conversation conversation;
    struct sl_arena arena; /* of the request */
    Sluice__V1__CompleteRequest request;
    bool keep; /* add answers to the conversation */
};

/* How a question ended. */
struct chat_result {
    int exit_code;
    int signal;    /* cancelled by it; 0: not */
    bool answered; /* whole; with keep the answer is the conversation's last message */
    char *
        partial; /* the visible text of an answer that broke off; NULL if there is none; the caller's to free */
};

/* Makes the request of options, arguments and standard input. Release with chat_fini either way. */
enum sl_code chat_prepare(struct chat *chat, struct sl_err *err) SL_MUST_CHECK;
void chat_fini(struct chat *chat);
/* Asks with the conversation as it is, and shows the answer or the failure. */
void chat_ask(struct chat *chat, struct chat_result *result);

#endif
