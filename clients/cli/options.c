/* Reads the command line by the table: GNU habits (--name=value, --name value, -mVALUE, -vq, --), options and arguments
 * in any order, and the nearest name where one is not known. */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

/* Options seen on the command line, checked once the command is known. */
struct parse {
    struct options *o;
    int argc;
    char **argv;
    int at;
    bool seen[128]; /* by row */
};

static void *field_of(struct options *o, const struct option_row *row)
{
    return (char *)o + row->offset;
}

static void list_add(struct option_list *list, const char *value)
{
    list->v = sl_realloc(list->v, (list->n + 1) * sizeof(*list->v));
    list->v[list->n++] = value;
}

static bool choice_has(const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
        if (!strncmp(p, value, n) && (p[n] == '|' || !p[n]))
            return true;
    }
    return false;
}

static enum sl_code set_int(const struct option_row *row, const char *value, struct option_int *out,
                            struct sl_err *err)
{
    bool ranged = row->min < row->max;

    if (!sl_parse_i64(sl_str(value), &out->v))
        return BAD(err, "--%s takes a whole number, not '%s'", row->name, value);
    if (ranged && ((double)out->v < row->min || (double)out->v > row->max))
        return BAD(err, "--%s takes %.0f to %.0f, not '%s'", row->name, row->min, row->max, value);
    out->set = true;
    return SL_OK;
}

static enum sl_code set_number(const struct option_row *row, const char *value,
                               struct option_number *out, struct sl_err *err)
{
    char *end;

    errno = 0;
    out->v = strtod(value, &end);
    if (!*value || *end || errno || !isfinite(out->v))
        return BAD(err, "--%s takes a number, not '%s'", row->name, value);
    if (out->v < row->min || out->v > row->max)
        return BAD(err, "--%s takes %g to %g, not '%s'", row->name, row->min, row->max, value);
    out->set = true;
    return SL_OK;
}

static void set_secret(struct sl_secret **out, char *value, bool wipe)
{
    sl_secret_unref(*out);
    *out = sl_secret_create(value, strlen(value));
    if (wipe)
        memset(value, '*', strlen(value));
}

/* wipe: the value stands in argv, where others may read it. */
static enum sl_code set_value(struct options *o, const struct option_row *row, char *value,
                              bool wipe, struct sl_err *err)
{
    void *field = field_of(o, row);

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return SL_OK;
    case OPTION_CHOICE:
        if (!choice_has(row->choices, value))
            return BAD(err, "--%s takes one of %s, not '%s'", row->name, row->choices, value);
        *(const char **)field = value;
        return SL_OK;
    case OPTION_STRING:
    case OPTION_FILE:
    case OPTION_MODEL:
        *(const char **)field = value;
        return SL_OK;
    case OPTION_SECRET:
        set_secret(field, value, wipe);
        return SL_OK;
    case OPTION_LIST:
    case OPTION_FILES:
        list_add(field, value);
        return SL_OK;
    case OPTION_INT:
        return set_int(row, value, field, err);
    case OPTION_NUMBER:
        return set_number(row, value, field, err);
    }
    return SL_OK;
}

static const char *nearest_option(const char *name, unsigned commands)
{
    const char *best = NULL;
    size_t best_distance = 4;

    for (const struct option_row *row = option_rows; row->name; row++) {
        size_t distance = sl_edit_distance(name, row->name);

        if ((row->commands & commands) && distance < best_distance) {
            best = row->name;
            best_distance = distance;
        }
    }
    return best;
}

static const struct option_row *find_long(const char *name, size_t n)
{
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!strncmp(row->name, name, n) && !row->name[n])
            return row;
    }
    return NULL;
}

static const struct option_row *find_short(char letter)
{
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->letter == letter)
            return row;
    }
    return NULL;
}

static enum sl_code parse_long(struct parse *p, char *word, struct sl_err *err)
{
    size_t n = strcspn(word, "=");
    char *value = word[n] ? word + n + 1 : NULL;
    const struct option_row *row = find_long(word, n);

    if (!row) {
        word[n] = 0;
        const char *near = nearest_option(word, COMMAND_ALL);
        return near ? BAD(err, "there is no option --%s; did you mean --%s?", word, near)
                    : BAD(err, "there is no option --%s", word);
    }
    p->seen[row - option_rows] = true;
    if (row->kind == OPTION_FLAG && value)
        return BAD(err, "--%s takes no value", row->name);
    if (row->kind != OPTION_FLAG && !value && p->at < p->argc)
        value = p->argv[p->at++];
    if (row->kind != OPTION_FLAG && !value)
        return BAD(err, "--%s needs a value: %s", row->name, row->value);
    return set_value(p->o, row, value, true, err);
}

/* Letters of one word: flags, then perhaps one option with its value. */
static enum sl_code parse_short(struct parse *p, char *word, struct sl_err *err)
{
    enum sl_code code = SL_OK;

    for (; *word && code == SL_OK; word++) {
        const struct option_row *row = find_short(*word);
        char *value = NULL;

        if (!row)
            return BAD(err, "there is no option -%c", *word);
        p->seen[row - option_rows] = true;
        if (row->kind == OPTION_FLAG) {
            code = set_value(p->o, row, NULL, false, err);
            continue;
        }
        if (word[1])
            value = word + 1;
        else if (p->at < p->argc)
            value = p->argv[p->at++];
        if (!value)
            return BAD(err, "--%s needs a value: %s", row->name, row->value);
        return set_value(p->o, row, value, true, err);
    }
    return code;
}

static enum sl_code set_command(struct options *o, const char *word, struct sl_err *err)
{
    const char *best = NULL;
    size_t best_distance = 4;

    for (const struct command_row *row = command_rows; row->name; row++) {
        size_t distance = sl_edit_distance(word, row->name);

        if (!distance) {
            o->command = row->command;
            return SL_OK;
        }
        if (distance < best_distance) {
            best = row->name;
            best_distance = distance;
        }
    }
    return best ? BAD(err, "there is no command '%s'; did you mean '%s'?", word, best)
                : BAD(err, "there is no command '%s'", word);
}

static enum sl_code parse_words(struct parse *p, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    bool only_arguments = false;

    while (code == SL_OK && p->at < p->argc) {
        char *word = p->argv[p->at++];

        if (!only_arguments && !strcmp(word, "--"))
            only_arguments = true;
        else if (!only_arguments && !strncmp(word, "--", 2))
            code = parse_long(p, word + 2, err);
        else if (!only_arguments && word[0] == '-' && word[1])
            code = parse_short(p, word + 1, err);
        else if (p->o->command == COMMAND_NONE)
            code = set_command(p->o, word, err);
        else
            list_add(&p->o->args, word);
    }
    return code;
}

static enum sl_code check_command_takes(const struct parse *p, struct sl_err *err)
{
    const struct command_row *command = command_find(p->o->command);

    for (size_t i = 0; command && option_rows[i].name; i++) {
        if (p->seen[i] && !(option_rows[i].commands & command->command))
            return BAD(err, "'sluice %s' takes no option --%s", command->name, option_rows[i].name);
    }
    return SL_OK;
}

static enum sl_code read_environment(struct parse *p, struct sl_err *err)
{
    for (size_t i = 0; option_rows[i].name; i++) {
        const struct option_row *row = &option_rows[i];
        char *value = row->env ? getenv(row->env) : NULL;
        enum sl_code code;

        if (!value || !*value || p->seen[i])
            continue;
        /* a key file that was asked for goes before a key that happens to be in the environment */
        if (row->kind == OPTION_SECRET && p->o->api_key_file)
            continue;
        code = set_value(p->o, row, value, false, err);
        if (code != SL_OK)
            return code;
    }
    return SL_OK;
}

enum sl_code options_parse(struct options *o, int argc, char **argv, struct sl_err *err)
{
    struct parse p = {.o = o, .argc = argc, .argv = argv};
    enum sl_code code;

    *o = (struct options){.color = "auto"};
    code = parse_words(&p, err);
    if (code == SL_OK)
        code = check_command_takes(&p, err);
    if (code == SL_OK && !o->help && !o->version)
        code = read_environment(&p, err);
    return code;
}

void options_fini(struct options *o)
{
    sl_secret_unref(o->api_key);
    sl_secret_unref(o->provider_key);
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->kind == OPTION_LIST || row->kind == OPTION_FILES)
            sl_free(((struct option_list *)field_of(o, row))->v);
    }
    sl_free(o->args.v);
    *o = (struct options){0};
}

const struct command_row *command_find(enum command command)
{
    for (const struct command_row *row = command_rows; row->name; row++) {
        if (row->command == command)
            return row;
    }
    return NULL;
}
