/* The command line: --key-with-dashes=VALUE or --key-with-dashes VALUE, and the commands. */
#include "config/flags.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "config/apply.h"
#include "config/settings.h"

enum { MAX_FLAG = 128 };

/* One flag of the command line, taken apart. */
struct flag {
    char name[MAX_FLAG];          /* with its dashes, without a value */
    const char *value;            /* NULL: none */
    const struct sl_setting *row; /* NULL: a command */
};

static const struct sl_setting *find_row(const char *name)
{
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        char flag[MAX_FLAG];
        const struct sl_setting *row = &sl_settings_root.rows[i];
        sl_setting_flag(row, flag, sizeof(flag));
        if (sl_setting_is_scalar(row) && !strcmp(flag, name))
            return row;
    }
    return NULL;
}

static enum sl_code fail(struct sl_err *err, const char *name, const char *what)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, name, "%s %s", name,
                        what);
}

static bool is_table(const char *name)
{
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        char flag[MAX_FLAG];
        sl_setting_flag(&sl_settings_root.rows[i], flag, sizeof(flag));
        if (!strcmp(flag, name))
            return true;
    }
    return false;
}

static enum sl_code unknown(struct sl_err *err, const char *name)
{
    static const char *const commands[] = {"--config", "--help", "--version", "--check-config",
                                           "--print-config"};
    char near[MAX_FLAG] = "";
    size_t nearest = strlen(name) / 3 + 1;
    if (is_table(name))
        return fail(err, name, "can only be set in the configuration file");
    for (size_t i = 0; i < sl_settings_root.count + SL_ARRAY_LEN(commands); i++) {
        char flag[MAX_FLAG];
        bool command = i >= sl_settings_root.count;
        if (command)
            sl_copy(flag, sizeof(flag), commands[i - sl_settings_root.count]);
        else
            sl_setting_flag(&sl_settings_root.rows[i], flag, sizeof(flag));
        size_t d = sl_edit_distance(flag, name);
        if (d < nearest) {
            nearest = d;
            sl_copy(near, sizeof(near), flag);
        }
    }
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, name,
                        "unknown flag %s%s%s%s; see --help", name, *near ? "; did you mean " : "",
                        near, *near ? "?" : "");
}

static bool is_command(const char *name)
{
    static const char *const commands[] = {"--config",  "--help",         "-h",
                                           "--version", "--check-config", "--print-config"};
    for (size_t i = 0; i < SL_ARRAY_LEN(commands); i++) {
        if (!strcmp(name, commands[i]))
            return true;
    }
    return false;
}

/* Whether a truth value follows: "--flag true". Otherwise the flag alone means true. */
static bool takes_next(const struct flag *f, const char *next)
{
    bool truth = f->row && f->row->type == SL_SET_BOOL;
    return next && (!truth || !strcmp(next, "true") || !strcmp(next, "false"));
}

/* Takes the flag at argv[*i] apart, and moves *i behind it. */
static enum sl_code next_flag(int argc, char *const *argv, int *i, struct flag *f,
                              struct sl_err *err)
{
    const char *arg = argv[(*i)++];
    size_t n = strcspn(arg, "=");
    *f = (struct flag){.value = arg[n] == '=' ? arg + n + 1 : NULL};
    if (*arg != '-')
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                          "'%.60s' is no flag; see --help", arg);
    sl_copy_n(f->name, sizeof(f->name), arg, n);
    f->row = find_row(f->name);
    if (!f->row && !is_command(f->name))
        return unknown(err, f->name);
    bool wants = f->row || !strcmp(f->name, "--config");
    if (!wants && f->value)
        return fail(err, f->name, "takes no value");
    if (!wants || f->value)
        return SL_OK;
    if (takes_next(f, *i < argc ? argv[*i] : NULL))
        f->value = argv[(*i)++];
    else if (f->row && f->row->type == SL_SET_BOOL)
        f->value = "true";
    return f->value ? SL_OK : fail(err, f->name, "needs a value");
}

static void take_command(const struct flag *f, struct sl_flags *out)
{
    if (!strcmp(f->name, "--config"))
        out->file = f->value;
    else if (!strcmp(f->name, "--version"))
        out->command.version = true;
    else if (!strcmp(f->name, "--check-config"))
        out->command.check = true;
    else if (!strcmp(f->name, "--print-config"))
        out->command.print = true;
    else
        out->command.help = true;
}

enum sl_code sl_flags_scan(int argc, char *const *argv, struct sl_flags *out, struct sl_err *err)
{
    for (int i = 0; i < argc;) {
        struct flag f;
        enum sl_code code = next_flag(argc, argv, &i, &f, err);
        if (code)
            return code;
        if (!f.row)
            take_command(&f, out);
        if (out->command.help || out->command.version)
            return SL_OK;
    }
    return SL_OK;
}

enum sl_code sl_flags_apply(struct sl_config *c, int argc, char *const *argv, struct sl_err *err)
{
    const struct sl_apply a = {&c->arena, "", err};
    for (int i = 0; i < argc;) {
        struct flag f;
        enum sl_code code = next_flag(argc, argv, &i, &f, err);
        if (code)
            return code;
        if (!f.row)
            continue;
        const char **place = &c->places[f.row - sl_settings_root.rows];
        bool again = sl_starts_with(*place, "--");
        *place = sl_arena_strdup(&c->arena, f.name);
        code = sl_apply_text(&a, f.row, c, f.value, again, *place);
        if (code)
            return code;
    }
    return SL_OK;
}
