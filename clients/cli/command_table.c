/* The table of commands, sorted by name. To add one, add a row, its bit in options.h, and a file with its run function;
 * help and completion follow. */
#include "cli.h"
#include "options.h"
#include "verbs.h"

const struct command_row command_rows[] = {
    {
        .name = "audit",
        .command = COMMAND_AUDIT,
        .synopsis = "[list | verify] [OPTION]...",
        .help = "say who changed what, and whether the log is whole",
        .details = "Newest first. A filter joins conditions by AND: actor, action, resource, "
                   "resource_id and\n"
                   "resource_name with = or !=, time with < or >. verify exits with 1 where the "
                   "log was changed.",
        .rows = audit_verbs,
    },
    {
        .name = "chat",
        .command = COMMAND_CHAT,
        .synopsis = "[OPTION]... [TEXT | -]...",
        .help = "ask a model, or talk to it",
        .details =
            "Streams the answer to TEXT; '-' stands for standard input. Without TEXT a terminal "
            "gets a\n"
            "session with history (/help lists its commands, Ctrl-C cancels an answer, Ctrl-D "
            "leaves),\n"
            "anything else is read as the question.\n"
            "The answer goes to standard output; reasoning, notes and warnings to standard error.",
        .run = chat_run,
    },
    {
        .name = "completion",
        .command = COMMAND_COMPLETION,
        .synopsis = "bash|zsh|fish",
        .words = "bash|zsh|fish",
        .help = "print a completion script for a shell",
        .details = "For example: source <(sluice completion bash)",
    },
    {
        .name = "count-tokens",
        .command = COMMAND_COUNT_TOKENS,
        .synopsis = "[OPTION]... [TEXT | -]...",
        .help = "say how many input tokens a question would use",
        .details =
            "Takes the question as 'sluice chat' does. Where the provider cannot count, the number "
            "is an\n"
            "estimate, about four bytes of text to a token, and a note says so.",
        .run = count_tokens_run,
    },
    {
        .name = "credentials",
        .command = COMMAND_CREDENTIALS,
        .synopsis = "[list [PROVIDER] | create PROVIDER | ...] [OPTION]...",
        .help = "list, store and change keys of providers",
        .details = "A provider may have several; the enabled one with the lowest priority that "
                   "fits a model's\n"
                   "address is sent. --set takes title, priority and enabled.",
        .rows = credentials_verbs,
    },
    {
        .name = "doctor",
        .command = COMMAND_DOCTOR,
        .synopsis = "[--offline] [OPTION]...",
        .help = "look at everything that may be wrong, and say what to run for it",
        .details =
            "The default model and why, models, keys, addresses, deprecations, the database, "
            "encryption and\n"
            "access. Exits with 0 where nothing is wrong, 1 where there are warnings or errors, "
            "3 where the\n"
            "service cannot be reached. Others than administrators and operators see what "
            "concerns them.",
        .run = doctor_run,
    },
    {
        .name = "embed",
        .command = COMMAND_EMBED,
        .synopsis = "[OPTION]... [TEXT | -]...",
        .help = "turn texts into vectors",
        .details =
            "Each TEXT is an input; '-', or none at all, stands for the lines of standard "
            "input.\n"
            "Prints a vector a line, its numbers with blanks between; with --json the reply.",
        .run = embed_run,
    },
    {
        .name = "health",
        .command = COMMAND_HEALTH,
        .synopsis = "[OPTION]... [SERVICE]",
        .help = "ask whether the service serves",
        .details = "SERVICE is a full name such as sluice.v1.Completion; none: the whole process.\n"
                   "Exits with 0 only when the answer is SERVING.",
        .run = health_run,
    },
    {
        .name = "help",
        .command = COMMAND_HELP,
        .synopsis = "[COMMAND]",
        .help = "show help",
    },
    {
        .name = "image",
        .command = COMMAND_IMAGE,
        .synopsis = "[OPTION]... PROMPT...",
        .help = "make or change a picture",
        .details =
            "Writes the picture to --output, and prints the name of each file, or its "
            "address.\n"
            "With --image the pictures named are changed, or gone by. --json prints each event.",
        .run = image_run,
    },
    {
        .name = "import",
        .command = COMMAND_IMPORT,
        .synopsis = "FILE... [--apply] [--from FORMAT] [--env FILE] | list | undo RUN [OPTION]...",
        .help = "import models from LiteLLM, model_config, llm_models.json or .env files",
        .details = "Says what would be stored, and what cannot be carried and why; --apply stores "
                   "it, in one run\n"
                   "that undo takes back. The first FILE is imported, the others are files that it "
                   "includes.",
        .rows = import_verbs,
        .run = import_run,
    },
    {
        .name = "keys",
        .command = COMMAND_KEYS,
        .synopsis = "[list | create [TITLE] | revoke ID] [OPTION]...",
        .help = "list, make and revoke API keys",
        .details =
            "A new key goes to standard output, whole and once; everything else to standard error.",
        .rows = keys_verbs,
    },
    {
        .name = "models",
        .command = COMMAND_MODELS,
        .synopsis =
            "[list | show NAME | create NAME | update NAME | delete NAME | ...] [OPTION]...",
        .help = "list models, change them, say where a name leads, or ask a provider",
        .details = "discover lists what a provider offers, and what of it the registry has; with "
                   "--model at\n"
                   "that model's address. For administrators and operators.\n"
                   "test asks a model for as little as it takes to see what it can do; with "
                   "--provider-key-file,\n"
                   "--set, ... one that is not stored. --all asks every model for one token.\n"
                   "outdated lists what should be replaced, and exits with 1 where there is any; "
                   "upgrade says what\n"
                   "it would replace, --apply does it, and import undo takes it back.\n"
                   "watch prints the models, then a line for each change, until Ctrl-C.",
        .rows = models_verbs,
    },
    {
        .name = "moderate",
        .command = COMMAND_MODERATE,
        .synopsis = "[OPTION]... [TEXT | -]...",
        .help = "say whether texts are harmful",
        .details = "Each TEXT is an input; '-', or none at all, stands for the lines of standard "
                   "input.\n"
                   "Prints 'flagged' or 'fine' and the categories, a line an input.",
        .run = moderate_run,
    },
    {
        .name = "prefs",
        .command = COMMAND_PREFS,
        .synopsis = "[show | set] [OPTION]...",
        .help = "show and set what you prefer",
        .rows = prefs_verbs,
    },
    {
        .name = "providers",
        .command = COMMAND_PROVIDERS,
        .synopsis = "[list | show ID | create ID | update ID | delete ID] [OPTION]...",
        .help = "list providers, their addresses and keys, or change them",
        .rows = providers_verbs,
    },
    {
        .name = "rerank",
        .command = COMMAND_RERANK,
        .synopsis = "[OPTION]... QUERY [DOCUMENT | -]...",
        .help = "order documents by how well they answer a query",
        .details = "Each DOCUMENT is a text; '-', or none at all, stands for the lines of standard "
                   "input.\n"
                   "Prints score, place in the input (from 0) and text, the best first.",
        .run = rerank_run,
    },
    {
        .name = "tiers",
        .command = COMMAND_TIERS,
        .synopsis = "[list | show NAME | create NAME | update NAME | delete NAME] [OPTION]...",
        .help = "list, show and change tiers: named rights and limits",
        .rows = tiers_verbs,
    },
    {
        .name = "users",
        .command = COMMAND_USERS,
        .synopsis = "[list | show NAME | create NAME | update NAME | delete NAME] [OPTION]...",
        .help = "list, show and change users",
        .details = "create makes the user, its key (on standard output, whole and once) and its "
                   "default model in\n"
                   "one step. delete takes the user's models, credentials and keys with it.",
        .rows = users_verbs,
    },
    {
        .name = "whoami",
        .command = COMMAND_WHOAMI,
        .synopsis = "[OPTION]...",
        .help = "say who you are to the service",
        .run = whoami_run,
    },
    {.name = NULL},
};
