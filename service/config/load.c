/* Presets, then the file, then the environment, then flags; then the checks. */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/utf8.h"
#include "config/apply.h"
#include "config/check.h"
#include "config/flags.h"
#include "config/settings.h"
#include "config/yaml.h"

static struct sl_config *new_config(void)
{
    struct sl_config *c = SL_NEW(struct sl_config);
    sl_arena_init(&c->arena, SIZE_MAX);
    c->file = "";
    c->places = sl_arena_zalloc(&c->arena, sl_settings_root.count * sizeof(*c->places));
    for (size_t i = 0; i < sl_settings_root.count; i++)
        c->places[i] = "";
    sl_apply_presets(&sl_settings_root, c, &c->arena);
    return c;
}

void sl_config_destroy(struct sl_config *c)
{
    if (!c)
        return;
    sl_arena_fini(&c->arena);
    sl_free(c);
}

/* ---- the file ---- */

static enum sl_code apply_file_text(struct sl_config *c, const char *text, size_t n,
                                    struct sl_err *err)
{
    const struct sl_yaml *root = NULL;
    enum sl_code code = sl_yaml_parse(&c->arena, c->file, text, n, &root, err);
    if (code || !root)
        return code;
    if (root->kind != SL_YAML_MAP)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                          "%s:%u: has to be a mapping of settings", c->file, root->line);
    const struct sl_apply a = {&c->arena, c->file, err};
    return sl_apply_map(&a, &sl_settings_root, c, root, c->places);
}

static enum sl_code file_error(const char *path, const char *what, struct sl_err *err)
{
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "%.300s: %s", path, what);
}

/* Reads up to one byte more than is allowed, so that a longer file is noticed. */
static enum sl_code read_file(int fd, const char *path, char *text, size_t *n, struct sl_err *err)
{
    *n = 0;
    for (;;) {
        ssize_t got = read(fd, text + *n, SL_YAML_MAX_BYTES + 1 - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(path, strerror(errno), err);
        if (!got)
            return SL_OK;
        *n += (size_t)got;
        if (*n > SL_YAML_MAX_BYTES)
            return file_error(path, "longer than 4 MiB", err);
    }
}

static enum sl_code apply_file(struct sl_config *c, const char *path, struct sl_err *err)
{
    /* O_NONBLOCK: a fifo nobody writes to may not hold the start */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return file_error(path, strerror(errno), err);
    char *text = sl_malloc(SL_YAML_MAX_BYTES + 1);
    size_t n = 0;
    c->file = sl_arena_strdup(&c->arena, path);
    enum sl_code code = read_file(fd, path, text, &n, err);
    if (!code)
        code = apply_file_text(c, text, n, err);
    sl_free(text);
    close(fd);
    return code;
}

/* ---- what depends on where it runs ---- */

static const char *variable(char *const *envp, const char *name)
{
    size_t n = strlen(name);
    for (; envp && *envp; envp++) {
        if (!strncmp(*envp, name, n) && (*envp)[n] == '=')
            return *envp + n + 1;
    }
    return NULL;
}

static void default_data_dir(struct sl_config *c, char *const *envp)
{
    const char *xdg = variable(envp, "XDG_DATA_HOME"), *home = variable(envp, "HOME");
    if (*c->data_dir)
        return;
    if (geteuid() == 0)
        c->data_dir = "/var/lib/sluice";
    else if (
        xdg &&
        *xdg ==
            '/') /* a relative one is to be ignored, says the XDG base directory specification */
        c->data_dir = sl_arena_printf(&c->arena, "%s/sluice", xdg);
    else if (home && *home)
        c->data_dir = sl_arena_printf(&c->arena, "%s/.local/share/sluice", home);
}

static const char *pick_file(const struct sl_flags *flags, char *const *envp)
{
    const char *path = flags->file ? flags->file : variable(envp, "SLUICE_CONFIG");
    if (path)
        return *path ? path : NULL;
    return access("sluice.yaml", F_OK) == 0 ? "sluice.yaml" : NULL;
}

/* Whatever was pasted where: a message holds no key, and is UTF-8 where a text in it was cut
 * short. */
static void tidy(char *text, size_t size)
{
    char repaired[3 * sizeof(((struct sl_err *)0)->text) + 1];
    sl_scrub(text, NULL);
    repaired[sl_utf8_repair(repaired, text, strlen(text))] = '\0';
    sl_copy(text, size, repaired);
}

static enum sl_code finish(struct sl_config *c, enum sl_code code, struct sl_config **out,
                           struct sl_err *err)
{
    if (!code)
        code = sl_config_check(c, err);
    if (code) {
        tidy(err->text, sizeof(err->text));
        tidy(err->field, sizeof(err->field));
        sl_config_destroy(c);
        return code;
    }
    *out = c;
    return SL_OK;
}

enum sl_code sl_config_parse(const char *name, const char *text, size_t n, struct sl_config **out,
                             struct sl_err *err)
{
    char home[] = "HOME=/nonexistent";
    char *const envp[] = {home, NULL};
    struct sl_config *c = new_config();
    c->file = sl_arena_strdup(&c->arena, name);
    enum sl_code code = apply_file_text(c, text, n, err);
    if (!code)
        default_data_dir(c, envp);
    return finish(c, code, out, err);
}

enum sl_code sl_config_load(int argc, char *const *argv, char *const *envp,
                            struct sl_config_command *command, struct sl_config **out,
                            struct sl_err *err)
{
    struct sl_flags flags = {0};
    struct sl_config *c = new_config();
    *command = (struct sl_config_command){0};
    enum sl_code code = sl_flags_scan(argc, argv, &flags, err);
    if (!code && (flags.command.help || flags.command.version)) {
        *command = flags.command;
        *out = NULL;
        sl_config_destroy(c);
        return SL_OK;
    }
    const char *path = code ? NULL : pick_file(&flags, envp);
    if (path)
        code = apply_file(c, path, err);
    if (!code)
        code = sl_environment_apply(c, envp, err);
    if (!code)
        code = sl_flags_apply(c, argc, argv, err);
    if (!code)
        default_data_dir(c, envp);
    *command = flags.command;
    return finish(c, code, out, err);
}
