/* What the command line says. One sorted table of options and one of commands; parsing, help and shell completion come
 * from them. */
#ifndef SLUICE_CLI_OPTIONS_H
#define SLUICE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

/* Bits, so that a row says which commands take it. */
enum command {
    COMMAND_NONE = 0,
    COMMAND_CHAT = 1,
    COMMAND_COMPLETION = 2,
    COMMAND_HEALTH = 4,
    COMMAND_HELP = 8,
    COMMAND_MODELS = 16,
    COMMAND_WHOAMI = 32,
    COMMAND_USERS = 64,
    COMMAND_KEYS = 128,
    COMMAND_TIERS = 256,
    COMMAND_AUDIT = 512,
    COMMAND_PREFS = 1024,
    COMMAND_DOCTOR = 1 << 14,
    COMMAND_IMPORT = 1 << 15,
    COMMAND_EMBED = 1 << 16,
    COMMAND_IMAGE = 1 << 17,
    COMMAND_RERANK = 1 << 18,
    COMMAND_MODERATE = 1 << 19,
    COMMAND_COUNT_TOKENS = 1 << 20,
    COMMAND_PROVIDERS = 1 << 21,
    COMMAND_CREDENTIALS = 1 << 22,
    /* those that ask a model, those that call the service, and all */
    COMMAND_ASKING = COMMAND_CHAT | COMMAND_EMBED | COMMAND_IMAGE | COMMAND_RERANK |
                     COMMAND_MODERATE | COMMAND_COUNT_TOKENS,
    COMMAND_ACCESS = COMMAND_WHOAMI | COMMAND_USERS | COMMAND_KEYS | COMMAND_TIERS | COMMAND_AUDIT |
                     COMMAND_PREFS,
    COMMAND_CALLING = COMMAND_DOCTOR | COMMAND_ASKING | COMMAND_HEALTH | COMMAND_MODELS |
                      COMMAND_IMPORT | COMMAND_ACCESS | COMMAND_PROVIDERS | COMMAND_CREDENTIALS,
    COMMAND_ALL = COMMAND_CALLING | COMMAND_COMPLETION | COMMAND_HELP,
};

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_STRING, /* const char * */
    OPTION_FILE,   /* const char *, a path: completed by the shell */
    OPTION_CHOICE, /* const char *, one of row->choices */
    OPTION_MODEL,  /* const char *, completed with the service's models */
    OPTION_SECRET, /* struct sl_secret *; overwritten in argv */
    OPTION_LIST,   /* struct option_list, repeatable */
    OPTION_FILES,  /* struct option_list of paths, repeatable */
    OPTION_INT,    /* struct option_int, min to max */
    OPTION_NUMBER, /* struct option_number, min to max */
};

struct option_list {
    const char **v;
    size_t n;
};

struct option_int {
    bool set;
    int64_t v;
};

struct option_number {
    bool set;
    double v;
};

struct option_row {
    const char *name; /* without "--" */
    char letter;      /* 0: none */
    enum option_kind kind;
    unsigned commands;
    size_t offset;       /* into struct options */
    const char *value;   /* what help calls the value; NULL for flags */
    const char *choices; /* "a|b|c"; NULL: any */
    double min, max;
    const char *env; /* read where the option is not given; NULL: none */
    const char *help;
};

struct cli;

struct verb_row;

struct command_row {
    const char *name;
    enum command command;
    const char *synopsis;        /* after the name */
    const struct verb_row *rows; /* its verbs, see verbs.h; NULL: none */
    const char *words;           /* what else may follow it, "bash|zsh|fish"; NULL: anything */
    const char *help;
    const char *details; /* more for its own help; NULL: none */
    int (*run)(
        struct cli *
            cli); /* with the client open; returns the exit code. NULL: its verbs, or main.c's own */
};

/* Strings are borrowed from argv and the environment. */
struct options {
    enum command command;
    /* every command */
    bool help, version, quiet, json;
    const char *color;
    /* commands that call the service */
    const char *address;
    struct sl_secret *api_key;
    const char *api_key_file, *data_dir;
    bool tls;
    const char *ca, *cert, *key, *server_name;
    struct option_number timeout;
    /* chat */
    const char *model, *system, *tools, *tool_choice, *schema, *format;
    struct option_list image, file, stop, label;
    const char *provider_options, *request_id, *conversation, *end_user, *for_task;
    const char *reasoning_effort, *reasoning_summary;
    struct option_int max_tokens, top_k, seed, reasoning_budget, logprobs;
    struct option_number temperature, top_p, frequency_penalty, presence_penalty;
    bool no_stream, no_parallel_tools, no_reasoning, strict, verbose;
    /* embed */
    const char *task, *truncate, *encoding;
    struct option_int dimensions;
    /* image */
    const char *output, *mask, *size, *aspect_ratio, *quality, *style, *background, *output_format,
        *negative_prompt;
    struct option_int count;
    bool url;
    /* rerank */
    struct option_int top;
    /* models, health */
    bool names, watch;
    /* doctor */
    bool offline;
    /* models, providers: what is changed, and how */
    const char *provider, *model_id, *base_url, *provider_key_file, *template, *new_name, *kind;
    struct sl_secret *provider_key;
    struct option_list set, var, step;
    bool personal, force, dry_run, clear, save;
    /* import, models seed, models upgrade, models outdated */
    const char *env, *from, *lineup;
    bool apply, refresh;
    /* models watch */
    struct option_int since;
    /* users, keys, tiers, audit, prefs; some are for models, too */
    const char *tier, *title, *subject, *user, *expires, *etag, *filter, *priority;
    struct option_list role, scope, allow_model, allow_task, allow_rpc, task_model, favourite, hide;
    struct option_int rank, requests_per_minute, tokens_per_minute, concurrent, limit;
    struct option_number monthly_cost, cost_ceiling;
    bool no_key, disable, enable, all;
    /* what is no option; argv order */
    struct option_list args;
};

/* The tables, ended by a row without a name. */
extern const struct option_row option_rows[];
extern const struct command_row command_rows[];

/* Fills o from argv (without the program) and the environment. Secrets in argv are overwritten. Error:
 * SL_INVALID_ARGUMENT, one sentence. o is to be released either way. */
enum sl_code options_parse(struct options *o, int argc, char **argv,
                           struct sl_err *err) SL_MUST_CHECK;
void options_fini(struct options *o);

const struct command_row *command_find(enum command command);

#endif
