/* sluice completion: scripts for bash, zsh and fish, from the tables. Names of models are asked of the service. */
#include "help.h"

#include <string.h>

#include "verbs.h"

#define MODEL_NAMES "sluice models list --names --quiet --timeout 2 2>/dev/null"

/* Prints a list "a|b" with another separator. */
static void print_choices(FILE *to, const char *choices, char separator)
{
    for (; *choices; choices++)
        putc(*choices == '|' ? separator : *choices, to);
}

/* Something certain may follow the command. */
static bool has_verbs(const struct command_row *row)
{
    return row->rows || row->words || row->command == COMMAND_HELP;
}

/* What may follow the command; those of help are the commands. */
static void print_verbs(FILE *to, const struct command_row *row)
{
    if (row->words)
        print_choices(to, row->words, ' ');
    for (const struct verb_row *verb = row->rows; verb && verb->name; verb++)
        fprintf(to, "%s%s", verb == row->rows ? "" : " ", verb->name);
    for (const struct command_row *c = command_rows; row->command == COMMAND_HELP && c->name; c++)
        fprintf(to, "%s%s", c == command_rows ? "" : " ", c->name);
}

static void print_option_words(FILE *to, unsigned commands)
{
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->commands & commands)
            fprintf(to, " --%s", row->name);
    }
}

/* ---- bash ---- */

static void print_bash_values(FILE *to)
{
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->kind == OPTION_FLAG)
            continue;
        fprintf(to, "    --%s", row->name);
        if (row->letter)
            fprintf(to, "|-%c", row->letter);
        fputs(") ", to);
        if (row->kind == OPTION_FILE || row->kind == OPTION_FILES) {
            fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", to);
        } else if (row->kind == OPTION_MODEL) {
            fputs("_sluice_models", to);
        } else if (row->choices) {
            fputs("COMPREPLY=($(compgen -W '", to);
            print_choices(to, row->choices, ' ');
            fputs("' -- \"$cur\"))", to);
        } else {
            fputs("COMPREPLY=()", to);
        }
        fputs("; return ;;\n", to);
    }
}

static void print_bash_commands(FILE *to)
{
    for (const struct command_row *row = command_rows; row->name; row++) {
        fprintf(to, "    %s) words='", row->name);
        print_verbs(to, row);
        fputs("'; options='", to);
        print_option_words(to, row->command);
        fputs("' ;;\n", to);
    }
}

static void print_bash(FILE *to)
{
    /* not by compgen -W, which would expand what the service sends */
    fputs("# bash completion for sluice\n"
          "_sluice_models() {\n"
          "  local name\n"
          "  COMPREPLY=()\n"
          "  while IFS= read -r name; do\n"
          "    if [[ $name == \"$cur\"* ]]; then COMPREPLY+=(\"$(printf %q \"$name\")\"); fi\n"
          "  done < <(" MODEL_NAMES ")\n"
          "}\n"
          "_sluice() {\n"
          "  local cur prev command words options i\n"
          "  cur=${COMP_WORDS[COMP_CWORD]}\n"
          "  prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  case $prev in\n",
          to);
    print_bash_values(to);
    fputs("  esac\n"
          "  command=\n"
          "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "    case ${COMP_WORDS[i]} in\n"
          "    ",
          to);
    for (const struct command_row *row = command_rows; row->name; row++)
        fprintf(to, "%s%s", row == command_rows ? "" : "|", row->name);
    fputs(") command=${COMP_WORDS[i]}; break ;;\n"
          "    esac\n"
          "  done\n"
          "  case $command in\n",
          to);
    print_bash_commands(to);
    fputs("    *) words='", to);
    for (const struct command_row *row = command_rows; row->name; row++)
        fprintf(to, "%s%s", row == command_rows ? "" : " ", row->name);
    fputs("'; options='", to);
    print_option_words(to, COMMAND_ALL);
    fputs("' ;;\n"
          "  esac\n"
          "  if [[ $command == models && ( $prev == show || $prev == resolve ) ]]; then\n"
          "    if [[ $cur != -* ]]; then _sluice_models; return; fi\n"
          "  fi\n"
          "  if [[ $cur == -* ]]; then words=$options; fi\n"
          "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "}\n"
          "complete -F _sluice sluice\n",
          to);
}

/* ---- zsh ---- */

/* Help as it may stand in an _arguments specification within single quotes. */
static void print_zsh_help(FILE *to, const char *help)
{
    for (; *help; help++) {
        if (*help == '\'')
            fputs("'\\''", to);
        else if (strchr("[]:", *help))
            fprintf(to, "\\%c", *help);
        else
            putc(*help, to);
    }
}

static void print_zsh_value(FILE *to, const struct option_row *row)
{
    if (row->kind == OPTION_FLAG)
        return;
    fputs(":value:", to);
    if (row->kind == OPTION_FILE || row->kind == OPTION_FILES) {
        fputs("_files", to);
    } else if (row->kind == OPTION_MODEL) {
        fputs("_sluice_models", to);
    } else if (row->choices) {
        putc('(', to);
        print_choices(to, row->choices, ' ');
        putc(')', to);
    }
}

static void print_zsh_option(FILE *to, const struct option_row *row, const char *name)
{
    const char *repeat = row->kind == OPTION_LIST || row->kind == OPTION_FILES ? "*" : "";

    fprintf(to, "      '%s%s%s[", repeat, name,
            row->kind == OPTION_FLAG || name[1] != '-' ? "" : "=");
    print_zsh_help(to, row->help);
    fputs("]", to);
    print_zsh_value(to, row);
    fputs("' \\\n", to);
}

static void print_zsh_options(FILE *to, unsigned command)
{
    char name[64];

    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!(row->commands & command))
            continue;
        snprintf(name, sizeof(name), "--%s", row->name);
        print_zsh_option(to, row, name);
        if (!row->letter)
            continue;
        snprintf(name, sizeof(name), "-%c", row->letter);
        print_zsh_option(to, row, name);
    }
}

static void print_zsh(FILE *to)
{
    fputs("#compdef sluice\n"
          "_sluice_models() { local -a names; names=(${(f)\"$(" MODEL_NAMES
          ")\"}); compadd -a names }\n"
          "_sluice() {\n"
          "  local command=${words[(r)",
          to);
    for (const struct command_row *row = command_rows; row->name; row++)
        fprintf(to, "%s%s", row == command_rows ? "(" : "|", row->name);
    fputs(")]}\n"
          "  case $command in\n",
          to);
    for (const struct command_row *row = command_rows; row->name; row++) {
        fprintf(to, "  %s)\n    _arguments \\\n", row->name);
        print_zsh_options(to, row->command);
        fputs("      '1: :' ", to);
        if (has_verbs(row)) {
            fputs("'2: :(", to);
            print_verbs(to, row);
            fputs(")' ", to);
        }
        fputs(row->command == COMMAND_MODELS ? "'3: :_sluice_models'"
              : row->rows || row->words      ? "'*: :'"
                                             : "'*: :_files'",
              to);
        fputs("\n    ;;\n", to);
    }
    fputs("  *)\n    local -a commands=(\n", to);
    for (const struct command_row *row = command_rows; row->name; row++)
        fprintf(to, "      '%s:%s'\n", row->name, row->help);
    fputs("    )\n    _describe command commands\n    ;;\n"
          "  esac\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _sluice ]; then _sluice; else compdef _sluice sluice; fi\n",
          to);
}

/* ---- fish ---- */

static void print_fish_quoted(FILE *to, const char *text)
{
    putc('\'', to);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putc('\\', to);
        putc(*text, to);
    }
    putc('\'', to);
}

static void print_fish_option(FILE *to, const struct option_row *row)
{
    fputs("complete -c sluice", to);
    if (row->commands != COMMAND_ALL) {
        fputs(" -n '__fish_seen_subcommand_from", to);
        for (const struct command_row *c = command_rows; c->name; c++) {
            if (row->commands & c->command)
                fprintf(to, " %s", c->name);
        }
        putc('\'', to);
    }
    fprintf(to, " -l %s", row->name);
    if (row->letter)
        fprintf(to, " -s %c", row->letter);
    if (row->kind == OPTION_FILE || row->kind == OPTION_FILES)
        fputs(" -r -F", to);
    else if (row->kind != OPTION_FLAG)
        fputs(" -x", to);
    if (row->kind == OPTION_MODEL)
        fputs(" -a '(" MODEL_NAMES ")'", to);
    if (row->choices) {
        fputs(" -a '", to);
        print_choices(to, row->choices, ' ');
        putc('\'', to);
    }
    fputs(" -d ", to);
    print_fish_quoted(to, row->help);
    putc('\n', to);
}

static void print_fish(FILE *to)
{
    fputs("# fish completion for sluice\ncomplete -c sluice -f\n", to);
    for (const struct command_row *row = command_rows; row->name; row++) {
        fprintf(to, "complete -c sluice -n __fish_use_subcommand -a %s -d ", row->name);
        print_fish_quoted(to, row->help);
        putc('\n', to);
        if (!has_verbs(row))
            continue;
        fprintf(to, "complete -c sluice -n '__fish_seen_subcommand_from %s' -a '", row->name);
        print_verbs(to, row);
        fputs("'\n", to);
    }
    fputs("complete -c sluice -n '__fish_seen_subcommand_from show resolve' -a '(" MODEL_NAMES
          ")'\n",
          to);
    for (const struct option_row *row = option_rows; row->name; row++)
        print_fish_option(to, row);
}

bool completion_print(FILE *to, const char *shell)
{
    static const struct {
        const char *name;
        void (*print)(FILE *to);
    } shells[] = {{"bash", print_bash}, {"fish", print_fish}, {"zsh", print_zsh}};

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (!strcmp(shells[i].name, shell)) {
            shells[i].print(to);
            return true;
        }
    }
    return false;
}
