/* The first administrator's key: a file beside the store, and its digest in it. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/digest.h"
#include "access/load.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

enum { ID_BYTES = 8, KEY_BYTES = 32, KEY_TEXT = 3 + 2 * ID_BYTES + 1 + 2 * KEY_BYTES };

/* Which of the store's keys it is. */
static const char meta_name[] = "bootstrap_key_id";

static enum sl_code fail(struct sl_err *err, const char *path, const char *what, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                      "the administrator's key %.300s %s%s", path, what, why);
}

static void add_hex(char *dst, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        dst[2 * i] = digits[p[i] >> 4];
        dst[2 * i + 1] = digits[p[i] & 15];
    }
    dst[2 * n] = '\0';
}

/* sl_<id>_<256 random bits>. */
static bool make_key(char text[KEY_TEXT + 1])
{
    unsigned char random[ID_BYTES + KEY_BYTES];
    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    sl_copy(text, KEY_TEXT + 1, "sl_");
    add_hex(text + 3, random, ID_BYTES);
    text[3 + 2 * ID_BYTES] = '_';
    add_hex(text + 4 + 2 * ID_BYTES, random + ID_BYTES, KEY_BYTES);
    sl_wipe(random, sizeof(random));
    return true;
}

/* Whole and with a digit for every digit: a file that was cut or edited is not a key. */
static bool is_key(const char *text)
{
    const char *rest = strrchr(text, '_');
    return sl_starts_with(text, "sl_") && rest && rest > text + 3 &&
           strspn(rest + 1, "0123456789abcdef") == 2 * KEY_BYTES && !rest[1 + 2 * KEY_BYTES];
}

/* Writes key to a file of its own and gives it its name only when it is whole on the disk: a
 * process that starts at the same time finds all of the key or none. 0, or errno. */
static int write_new(const char *path, const char *key)
{
    char temporary[4160];
    int n = snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof(temporary))
        return ENAMETOOLONG;
    unlink(temporary); /* of a process with this number that was killed here */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    size_t length = strlen(key);
    int problem = 0;
    errno = 0;
    if (write(fd, key, length) != (ssize_t)length || write(fd, "\n", 1) != 1 || fsync(fd))
        problem = errno ? errno : EIO;
    close(fd);
    if (!problem && link(temporary, path))
        problem = errno;
    unlink(temporary);
    return problem;
}

/* Reads the key of the file; false with errno 0 where it holds none. */
static bool read_key(const char *path, char text[KEY_TEXT + 64])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, KEY_TEXT + 63);
    int problem = n < 0 ? errno : 0;
    close(fd);
    errno = problem;
    if (n < 0)
        return false;
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n] = '\0';
    return is_key(text);
}

/* Puts the key into the store, unless it is there. A key that took the file's place replaces the
 * old one. */
static enum sl_code remember(struct sl_store *store, const char *text, struct sl_err *err)
{
    char id[64], before[64];
    struct sl_store_api_key key = {.id = id, .name = "admin", .roles = SL_ROLE_ADMIN};
    key.created_ms = sl_wall_ms();
    sl_copy_n(id, sizeof(id), text + 3, strcspn(text + 3, "_"));
    if (!sl_sha256(text, strlen(text), key.sha256))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no SHA-256");
    if (sl_store_get_meta(store, meta_name, before, sizeof(before), err))
        return err->code;
    if (!strcmp(before, id))
        return SL_OK;
    struct sl_err ignored = {0};
    if (*before && sl_store_revoke_api_key(store, before, key.created_ms, &ignored) &&
        ignored.code != SL_NOT_FOUND)
        return sl_err_set(err, ignored.code, ignored.reason, "%s", ignored.text);
    if (sl_store_put_api_key(store, &key, err))
        return err->code;
    return sl_store_put_meta(store, meta_name, id, err);
}

/* The file is not there. Makes it, unless the store knows a key already. *made: a new key is in
 * text. */
static enum sl_code make_file(const char *path, struct sl_store *store, char text[KEY_TEXT + 64],
                              bool *made, struct sl_err *err)
{
    char id[64];
    *made = false;
    if (sl_store_get_meta(store, meta_name, id, sizeof(id), err))
        return err->code;
    if (*id)
        return SL_OK;
    if (!make_key(text))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no random numbers");
    int problem = write_new(path, text);
    if (problem && problem != EEXIST)
        return fail(err, path, "cannot be written: ", strerror(problem));
    *made = !problem;
    return SL_OK;
}

enum sl_code sl_access_bootstrap(const char *data_dir, struct sl_store *store,
                                 struct sl_access_bootstrap *out, struct sl_err *err)
{
    char text[KEY_TEXT + 64] = "";
    enum sl_code code = sl_store_make_data_dir(data_dir, err);
    *out = (struct sl_access_bootstrap){0};
    int n = snprintf(out->path, sizeof(out->path), "%s/admin.key", data_dir);
    if (!code && (n < 0 || (size_t)n >= sizeof(out->path)))
        code = fail(err, data_dir, "has too long a path", "");
    if (!code && access(out->path, F_OK) && errno == ENOENT)
        code = make_file(out->path, store, text, &out->created, err);
    if (!code && !out->created) {
        out->present = read_key(out->path, text);
        if (!out->present && errno != ENOENT)
            code = fail(err, out->path, errno ? "cannot be read: " : "holds no key: remove it",
                        errno ? strerror(errno) : "");
    }
    out->present |= out->created;
    if (!code && out->present)
        code = remember(store, text, err);
    sl_wipe(text, sizeof(text));
    return code;
}
