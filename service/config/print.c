/* What the tables say to people: --help and --print-config; and what a reload leaves as it was. */
#include <string.h>

#include "config/config.h"
#include "config/format.h"
#include "config/settings.h"

enum { MAX_NAME = 128, HELP_COLUMN = 44, LAST_COLUMN = 100 };

/* ---- --help ---- */

/* Prints words, separated by single spaces, from column at on, and never past LAST_COLUMN where
 * they fit at all. */
static void print_wrapped(const char *text, int *at, FILE *to)
{
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (*at + 1 + n > LAST_COLUMN && *at > HELP_COLUMN) {
            fprintf(to, "\n%*s", HELP_COLUMN, "");
            *at = HELP_COLUMN;
        }
        *at += fprintf(to, "%s%.*s", *at > HELP_COLUMN ? " " : "", n, text);
        text += n;
        text += strspn(text, " ");
    }
}

/* What a row is for, beside or below its name, which took so many columns. */
static void print_explanation(const struct sl_setting *row, int columns, FILE *to)
{
    char preset[160];
    const char *value = sl_format_default(row);
    int at = HELP_COLUMN;
    if (columns >= HELP_COLUMN)
        fprintf(to, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(to, "%*s", HELP_COLUMN - columns, "");
    print_wrapped(row->help, &at, to);
    if (row->required)
        print_wrapped("(required)", &at, to);
    if (*value) {
        snprintf(preset, sizeof(preset), "(default: %s)", value);
        print_wrapped(preset, &at, to);
    }
    fputc('\n', to);
}

static void print_flag(const struct sl_setting *row, FILE *to)
{
    char flag[MAX_NAME];
    sl_setting_flag(row, flag, sizeof(flag));
    print_explanation(row, fprintf(to, "  %s %s", flag, sl_format_type(row)), to);
}

static void print_fields(const struct sl_setting *list, FILE *to)
{
    fprintf(to, "\n%s: %s. Fields of an entry:\n", list->key, list->help);
    for (size_t i = 0; i < list->table->count; i++) {
        const struct sl_setting *row = &list->table->rows[i];
        print_explanation(row, fprintf(to, "  %s: %s", row->key, sl_format_type(row)), to);
    }
}

void sl_config_print_help(FILE *to)
{
    const struct sl_settings *s = &sl_settings_root;
    fputs(
        "Usage: sluiced [COMMAND] [--config FILE] [--SETTING VALUE]...\n\n"
        "A gRPC service in front of every LLM provider.\n\n"
        "  bootstrap        make the first administrator's key, print it or where it is, and end\n"
        "  migrate          bring the store to this version's schema, and end\n"
        "  rotate-keys      seal stored secrets anew under the current encryption key, and end\n\n"
        "  --config FILE    the configuration, YAML or JSON (else $SLUICE_CONFIG, else "
        "sluice.yaml\n"
        "                   in the working directory, if it is there)\n"
        "  --check-config   say whether the configuration is good, and end\n"
        "  --print-config   print every setting and where it was set, and end\n"
        "  --version        print the version, and end\n"
        "  -h, --help       print this, and end\n\n"
        "Settings, by flag (here), by environment variable (SLUICE_SERVER_LISTEN for\n"
        "--server-listen), or in the file (server.listen). Flags win over variables, and these\n"
        "over the file. A LIST is separated by commas; a DURATION has a unit (500ms, 10s, 2m); a\n"
        "SIZE may have one (256KiB, 16MiB).\n\n",
        to);
    for (size_t i = 0; i < s->count; i++) {
        if (sl_setting_is_scalar(&s->rows[i]))
            print_flag(&s->rows[i], to);
    }
    fputs("\nLists of the file only. A REFERENCE is env:NAME or file:/path: keys themselves are "
          "never\n"
          "written into the file.\n",
          to);
    for (size_t i = 0; i < s->count; i++) {
        if (s->rows[i].type == SL_SET_TABLE)
            print_fields(&s->rows[i], to);
    }
}

/* ---- --print-config ---- */

/* Prints the section lines that key opens after the key before it, and returns how deep the key
 * is. */
static unsigned open_sections(const char *before, const char *key, const char *indent, FILE *to)
{
    unsigned depth = 0;
    const char *from = key;
    for (const char *dot = strchr(key, '.'); dot; dot = strchr(dot + 1, '.')) {
        bool open = !strncmp(before, key, (size_t)(dot + 1 - key));
        if (!open)
            fprintf(to, "%s%*s%.*s:\n", indent, (int)(2 * depth), "", (int)(dot - from), from);
        from = dot + 1;
        depth++;
    }
    return depth;
}

static const char *leaf(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

static void print_entries(const struct sl_setting *list, const void *base, FILE *to);

/* Prints the rows of one entry, or of the root, which has places, that are set. */
static void print_rows(const struct sl_settings *s, const void *base, const char *const *places,
                       const char *indent, FILE *to)
{
    const char *before = "";
    for (size_t i = 0; i < s->count; i++) {
        const struct sl_setting *row = &s->rows[i];
        if (row->type == SL_SET_TABLE &&
            *(const size_t *)sl_settings_peek(base, row->other_offset)) {
            unsigned depth = open_sections(before, row->key, indent, to);
            fprintf(to, "%*s%s: # %s\n", (int)(2 * depth), "", leaf(row->key), places[i]);
            print_entries(row, base, to);
            before = row->key;
        }
        if (!sl_format_is_set(row, base))
            continue;
        unsigned depth = open_sections(before, row->key, indent, to);
        fprintf(to, "%s%*s%s: ", indent, (int)(2 * depth), "", leaf(row->key));
        sl_format_value(row, base, to);
        if (places)
            fprintf(to, " # %s", *places[i] ? places[i] : "default");
        fputc('\n', to);
        before = row->key;
    }
}

static void print_entries(const struct sl_setting *list, const void *base, FILE *to)
{
    const struct sl_settings *t = list->table;
    const char *entry = *(const char *const *)sl_settings_peek(base, list->offset);
    size_t n = *(const size_t *)sl_settings_peek(base, list->other_offset);
    for (size_t i = 0; i < n; i++, entry += t->size) {
        fprintf(to, "  - # %s\n", *(const char *const *)sl_settings_peek(entry, t->place_offset));
        print_rows(t, entry, NULL, "    ", to);
    }
}

void sl_config_print(const struct sl_config *c, FILE *to)
{
    if (*c->file)
        fprintf(to, "# read from %s\n", c->file);
    print_rows(&sl_settings_root, c, c->places, "", to);
}

/* ---- after a reload ---- */

/* Whether two configurations have the same value in a row that is no table. */
static bool same_value(const struct sl_setting *row, const struct sl_config *a,
                       const struct sl_config *b)
{
    const void *x = sl_settings_peek(a, row->offset), *y = sl_settings_peek(b, row->offset);
    if (row->type == SL_SET_BOOL)
        return *(const bool *)x == *(const bool *)y;
    if (row->type == SL_SET_TEXTS) {
        const struct sl_config_strings *s = x, *t = y;
        bool same = s->count == t->count;
        for (size_t i = 0; same && i < s->count; i++)
            same = !strcmp(s->list[i], t->list[i]);
        return same;
    }
    if (row->type == SL_SET_TEXT || row->type == SL_SET_CHOICE)
        return !strcmp(*(const char *const *)x, *(const char *const *)y);
    return *(const int64_t *)x == *(const int64_t *)y;
}

size_t sl_config_needs_restart(const struct sl_config *was, const struct sl_config *now,
                               const char **keys, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        const struct sl_setting *row = &sl_settings_root.rows[i];
        if (row->reload || !sl_setting_is_scalar(row) || same_value(row, was, now))
            continue;
        if (n < cap)
            keys[n] = row->key;
        n++;
    }
    return n;
}
