/* Commands that are made of verbs (sluice users list), and what their verbs share. A new command: a row in command_table.c,
 * a bit in options.h, and a file of its own with its verbs. */
#ifndef SLUICE_CLI_VERBS_H
#define SLUICE_CLI_VERBS_H

#include "cli.h"
#include "table.h"

struct verb_row {
    const char *name;
    const char *synopsis; /* after the name: "NAME [--tier TIER]"; "" : nothing */
    size_t min, max;      /* how many arguments come after the verb */
    /* args: those after the verb; args[i] for i from n to max - 1 is "". Returns the exit code. */
    int (*run)(struct cli *cli, const char *const *args, size_t n);
};

enum { VERB_ARGS_MAX = 4 };

/* The verbs of each command, first the one that is meant where none is named; the last row has no name. */
extern const struct verb_row audit_verbs[];
extern const struct verb_row credentials_verbs[];
extern const struct verb_row import_verbs[];
extern const struct verb_row keys_verbs[];
extern const struct verb_row models_verbs[];
extern const struct verb_row prefs_verbs[];
extern const struct verb_row providers_verbs[];
extern const struct verb_row tiers_verbs[];
extern const struct verb_row users_verbs[];

/* Runs the verb that the first argument names, or the first row where there is none. rows end with a row without a
 * name. Anything else: how the command is used, EXIT_USAGE. */
int verbs_run(struct cli *cli, const struct verb_row *rows);

/* One unary call within its time, or --timeout; how it failed is told. on_message as in client_call; NULL: the reply says
 * nothing. Returns the exit code. */
struct verb_call {
    const char *path;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply;
    bool (*on_message)(void *ctx, const ProtobufCMessage *message);
    void *ctx;
    double timeout_s; /* 0: 30 s */
};
int verbs_call(struct cli *cli, const struct verb_call *call);

/* A list that comes in pages: rows into the table (initialized by the caller), or printed as they come. */
struct verb_list {
    struct cli *cli;
    struct table table;
    char *next; /* token of the next page, NULL after the last */
};
/* Called by on_message with the page's next_page_token. */
void verbs_next_page(struct verb_list *list, const char *token);
/* Asks for page after page (call->ctx is the list, page_token points into the request), then prints the table, unless
 * --names or --json; releases it. Returns the exit code. */
int verbs_list(struct verb_list *list, const struct verb_call *call, char **page_token);

/* Says on standard error what was done, unless --quiet or --json. */
void verbs_say(struct cli *cli, const char *fmt, ...) SL_PRINTF(2, 3);

#endif
