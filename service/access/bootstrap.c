/* The first administrator's key: a file beside the store, and its digest in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/api_key.h"
#include "access/load.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/private_file.h"
#include "base/str.h"

/* Which of the store's keys it is. */
static const char meta_name[] = "bootstrap_key_id";

static enum sl_code fail(struct sl_err *err, const char *path, const char *what, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                      "the administrator's key %.300s %s%s", path, what, why);
}

/* Reads the key of the file; false with errno 0 where it holds none. */
static bool read_key(const char *path, struct sl_api_key *key)
{
    char text[SL_API_KEY_MAX + 16];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof(text));
    int problem = n < 0 ? errno : 0;
    close(fd);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    bool ok = n > 0 && sl_api_key_parse((struct sl_str){text, (size_t)n}, key);
    sl_wipe(text, sizeof(text));
    errno = problem;
    return ok;
}

/* Puts the key into the store, unless it is there. A key that took the file's place replaces the
 * old one. */
static enum sl_code remember(struct sl_store *store, const struct sl_api_key *made,
                             struct sl_err *err)
{
    char before[64];
    struct sl_store_api_key key = {.id = made->id, .name = "admin", .roles = SL_ROLE_ADMIN};
    key.created_ms = sl_wall_ms();
    memcpy(key.sha256, made->sha256, sizeof(key.sha256));
    if (sl_store_get_meta(store, meta_name, before, sizeof(before), err))
        return err->code;
    if (!strcmp(before, made->id))
        return SL_OK;
    struct sl_err ignored = {0};
    if (*before && sl_store_revoke_api_key(store, before, key.created_ms, &ignored) &&
        ignored.code != SL_NOT_FOUND)
        return sl_err_set(err, ignored.code, ignored.reason, "%s", ignored.text);
    if (sl_store_put_api_key(store, &key, err))
        return err->code;
    return sl_store_put_meta(store, meta_name, made->id, err);
}

/* The file is not there. Makes it, unless the store knows a key already. *made: key is a new one. */
static enum sl_code make_file(const char *path, struct sl_store *store, struct sl_api_key *key,
                              bool *made, struct sl_err *err)
{
    char id[64];
    *made = false;
    if (sl_store_get_meta(store, meta_name, id, sizeof(id), err))
        return err->code;
    if (*id)
        return SL_OK;
    if (!sl_api_key_make(key))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no random numbers");
    int problem = sl_private_file_make(path, key->text);
    if (problem && problem != EEXIST)
        return fail(err, path, "cannot be written: ", strerror(problem));
    *made = !problem;
    return SL_OK;
}

enum sl_code sl_access_bootstrap(const char *data_dir, struct sl_store *store,
                                 struct sl_access_bootstrap *out, struct sl_err *err)
{
    struct sl_api_key key;
    enum sl_code code = sl_store_make_data_dir(data_dir, err);
    *out = (struct sl_access_bootstrap){0};
    int n = snprintf(out->path, sizeof(out->path), "%s/admin.key", data_dir);
    if (!code && (n < 0 || (size_t)n >= sizeof(out->path)))
        code = fail(err, data_dir, "has too long a path", "");
    if (!code && access(out->path, F_OK) && errno == ENOENT)
        code = make_file(out->path, store, &key, &out->created, err);
    if (!code && !out->created) {
        out->present = read_key(out->path, &key);
        if (!out->present && errno != ENOENT)
            code = fail(err, out->path, errno ? "cannot be read: " : "holds no key: remove it",
                        errno ? strerror(errno) : "");
    }
    out->present |= out->created;
    if (!code && out->present)
        code = remember(store, &key, err);
    sl_wipe(&key, sizeof(key));
    return code;
}
