/* Who may refer to what. The words are checked first; a file is then opened without being read, and
 * what was opened has to be where the rules allow it. */
#include "registry/vault/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static enum sl_code forbidden(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_REFERENCE_FORBIDDEN, "%s", what);
}

static enum sl_code malformed(struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "%s", what);
}

/* ---- words ---- */

static bool is_variable(const char *name)
{
    return *name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789_") == strlen(name);
}

/* Absolute, without "." and "..". */
static bool is_path(const char *path)
{
    if (*path != '/' || strlen(path) >= PATH_MAX)
        return false;
    for (const char *at = path; (at = strchr(at, '/')); at++) {
        size_t n = strcspn(at + 1, "/");
        if ((n == 1 && at[1] == '.') || (n == 2 && at[1] == '.' && at[2] == '.'))
            return false;
    }
    return true;
}

/* Whether path is folder, or in it. */
static bool is_in(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return n > 0 && !strncmp(path, folder, n) &&
           (!path[n] || path[n] == '/' || folder[n - 1] == '/');
}

static bool lists_variable(const struct sl_config_strings *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (sl_starts_with(list->list[i], "env:") &&
            !fnmatch(list->list[i] + 4, name, FNM_NOESCAPE))
            return true;
    }
    return false;
}

static bool lists_path(const struct sl_config_strings *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++) {
        if (sl_starts_with(list->list[i], "file:/") && is_in(path, list->list[i] + 5))
            return true;
    }
    return false;
}

static enum sl_code check_variable(const char *name, const struct sl_reference_rules *rules,
                                   struct sl_err *err)
{
    if (!is_variable(name))
        return malformed(err, "a reference to a variable is written env:NAME");
    if (!strncasecmp(name, "SLUICE_", 7))
        return forbidden(err, "variables that begin with SLUICE_ are the service's own");
    if (!lists_variable(rules->list, name))
        return forbidden(err, "this variable is not among those that secrets.references opens");
    return SL_OK;
}

static enum sl_code check_path(const char *path, const struct sl_reference_rules *rules,
                               struct sl_err *err)
{
    if (!is_path(path))
        return malformed(err, "a reference to a file is written file:/path, without '..'");
    if (rules->data_dir && *rules->data_dir && is_in(path, rules->data_dir))
        return forbidden(err, "files in data_dir are the service's own");
    if (!lists_path(rules->list, path))
        return forbidden(err, "this file is not in a place that secrets.references opens");
    return SL_OK;
}

enum sl_code sl_reference_allowed(const char *reference, enum sl_reference_from from,
                                  const struct sl_reference_rules *rules, struct sl_err *err)
{
    bool variable = sl_starts_with(reference, "env:"), file = sl_starts_with(reference, "file:");
    if (!variable && !file)
        return malformed(err, "a reference is written env:NAME or file:/path");
    if (from == SL_REFERENCE_CONFIG)
        return SL_OK;
    if (from != SL_REFERENCE_ADMIN)
        return forbidden(err, "references to variables and files are not for personal models: "
                              "give the key itself");
    return variable ? check_variable(reference + 4, rules, err)
                    : check_path(reference + 5, rules, err);
}

/* ---- the opened file ---- */

/* Where the opened file is; false where the system does not say. */
static bool real_path(int fd, char dst[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, dst, PATH_MAX - 1);
    if (n <= 0 || *dst != '/')
        return false;
    dst[n] = '\0';
    return true;
}

static bool is_really_in(const char *path, const char *folder)
{
    char real[PATH_MAX];
    return realpath(folder, real) && is_in(path, real);
}

static enum sl_code check_opened(int fd, const struct sl_reference_rules *rules, struct sl_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    bool listed = false;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return forbidden(err, "a reference has to lead to a regular file");
    if (!real_path(fd, path))
        return forbidden(err, "it cannot be told where this file is: /proc is not there");
    if (rules->data_dir && *rules->data_dir && is_really_in(path, rules->data_dir))
        return forbidden(err, "files in data_dir are the service's own");
    for (size_t i = 0; !listed && i < rules->list->count; i++)
        listed = sl_starts_with(rules->list->list[i], "file:/") &&
                 is_really_in(path, rules->list->list[i] + 5);
    return listed ? SL_OK
                  : forbidden(err, "this file is a link to a place that secrets.references does "
                                   "not open");
}

/* O_PATH: what is not allowed is not even opened for reading, and what was checked is what is
 * read, whatever happens to its name meanwhile. */
static enum sl_code read_checked(const char *path, const struct sl_reference_rules *rules,
                                 struct sl_secret **out, struct sl_err *err)
{
    char link[64];
    int held = open(path, O_PATH | O_CLOEXEC);
    int fd = -1;
    enum sl_code code = SL_OK;
    if (held >= 0)
        code = check_opened(held, rules, err);
    if (held >= 0 && !code) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", held);
        fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (!code && fd < 0)
        code = sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "the file %.200s %s", path, strerror(errno));
    if (!code)
        code = sl_config_secret_read(fd, path, out, err);
    if (fd >= 0)
        close(fd);
    if (held >= 0)
        close(held);
    return code;
}

enum sl_code sl_reference_read(const char *reference, enum sl_reference_from from,
                               const struct sl_reference_rules *rules, struct sl_secret **out,
                               struct sl_err *err)
{
    enum sl_code code = sl_reference_allowed(reference, from, rules, err);
    if (code)
        return code;
    if (from == SL_REFERENCE_CONFIG || sl_starts_with(reference, "env:"))
        return sl_config_secret(reference, out, err);
    return read_checked(reference + 5, rules, out, err);
}
