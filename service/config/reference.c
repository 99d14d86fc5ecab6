/* Where a secret is, and getting it: environment variables and files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/config.h"

enum { MAX_SECRET = 64 * 1024 };

static enum sl_code missing(struct sl_err *err, const char *what, const char *name, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING, "%s %.200s %s",
                      what, name, why);
}

/* A secret goes into a header line: no line breaks, no other control characters. */
static bool fits_a_line(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            return false;
    }
    return true;
}

/* Where a text comes from, and whether it may have several lines. */
struct origin {
    const char *what, *name;
    bool lines;
};

static enum sl_code make(const struct origin *o, const char *p, size_t n, struct sl_secret **out,
                         struct sl_err *err)
{
    if (!n)
        return missing(err, o->what, o->name, "is empty");
    if (!o->lines && !fits_a_line(p, n))
        return missing(err, o->what, o->name, "holds a line break or another control character");
    *out = sl_secret_create(p, n);
    return SL_OK;
}

static enum sl_code from_variable(const char *name, bool lines, struct sl_secret **out,
                                  struct sl_err *err)
{
    const struct origin o = {"the environment variable", name, lines};
    const char *value = getenv(name);
    if (!value)
        return missing(err, o.what, name, "is not set");
    return make(&o, value, strlen(value), out, err);
}

/* Reads at most size bytes; -1 with errno set. */
static ssize_t read_all(int fd, char *dst, size_t size)
{
    size_t n = 0;
    while (n < size) {
        ssize_t got = read(fd, dst + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (!got)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static size_t without_newline(const char *p, size_t n)
{
    if (n && p[n - 1] == '\n')
        n--;
    if (n && p[n - 1] == '\r')
        n--;
    return n;
}

static enum sl_code from_open_file(int fd, const struct origin *o, struct sl_secret **out,
                                   struct sl_err *err)
{
    char *text = sl_malloc(MAX_SECRET + 1);
    ssize_t n = read_all(fd, text, MAX_SECRET + 1);
    enum sl_code code;
    if (n < 0)
        code = missing(err, o->what, o->name, strerror(errno));
    else if (n > MAX_SECRET)
        code = missing(err, o->what, o->name, "is longer than 64 KiB");
    else
        code = make(o, text, without_newline(text, (size_t)n), out, err);
    sl_wipe(text, MAX_SECRET + 1);
    sl_free(text);
    return code;
}

static enum sl_code from_file(const char *path, bool lines, struct sl_secret **out,
                              struct sl_err *err)
{
    const struct origin o = {"the file", path, lines};
    /* O_NONBLOCK: a fifo nobody writes to may not hold the start */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return missing(err, o.what, path, strerror(errno));
    enum sl_code code = from_open_file(fd, &o, out, err);
    close(fd);
    return code;
}

static enum sl_code follow(const char *reference, bool lines, struct sl_secret **out,
                           struct sl_err *err)
{
    if (sl_starts_with(reference, "env:"))
        return from_variable(reference + 4, lines, out, err);
    if (sl_starts_with(reference, "file:"))
        return from_file(reference + 5, lines, out, err);
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                      "a key has to be a reference, env:NAME or file:/path");
}

enum sl_code sl_config_secret(const char *reference, struct sl_secret **out, struct sl_err *err)
{
    return follow(reference, false, out, err);
}

enum sl_code sl_config_secret_lines(const char *reference, struct sl_secret **out,
                                    struct sl_err *err)
{
    return follow(reference, true, out, err);
}

enum sl_code sl_config_secret_read(int fd, const char *path, struct sl_secret **out,
                                   struct sl_err *err)
{
    const struct origin o = {"the file", path, false};
    return from_open_file(fd, &o, out, err);
}

enum sl_code sl_config_document(const char *reference, struct sl_secret **out, struct sl_err *err)
{
    struct sl_secret *value = NULL;
    if (sl_config_secret_lines(reference, &value, err) != SL_OK)
        return err->code;
    const char *text = sl_secret_reveal(value);
    if (!sl_starts_with(reference, "env:") || text[strspn(text, " \t\r\n")] == '{') {
        *out = value;
        return SL_OK;
    }
    enum sl_code code = from_file(text, true, out, err);
    sl_secret_unref(value);
    return code;
}
