/* The first administrator's key: a file beside the store, and its digest in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/api_key.h"
#include "access/load.h"
#include "base/alloc.h"
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

/* The user "admin", who is made where there is none. */
static enum sl_code find_admin(struct sl_tx *tx, struct sl_arena *arena, struct sl_row **out,
                               struct sl_err *err)
{
    struct sl_row *user = NULL;
    struct sl_row_name name = {SL_TABLE_USERS, NULL, "admin"};
    enum sl_code code = sl_tx_find(tx, name, arena, &user, err);
    if (!code && !user) {
        user = sl_row_create(arena, SL_TABLE_USERS);
        sl_row_set_text(user, SL_COL_NAME, "admin");
        sl_row_set_text(user, SL_USERS_ROLES, "[\"admin\"]");
        code = sl_tx_insert(tx, user, err);
    }
    if (!code)
        *out = user;
    return code;
}

/* A key that took the file's place replaces the old one. */
static enum sl_code revoke_key(struct sl_tx *tx, const char *id, struct sl_arena *arena,
                               struct sl_err *err)
{
    struct sl_row *key = NULL;
    struct sl_err missing = {0};
    enum sl_code code =
        sl_tx_get(tx, (struct sl_row_key){SL_TABLE_API_KEYS, id}, arena, &key, &missing);
    if (code == SL_NOT_FOUND)
        return SL_OK;
    if (code)
        return sl_err_set(err, code, missing.reason, "%s", missing.text);
    if (sl_row_int(key, SL_API_KEYS_REVOKED_MS) || sl_row_int(key, SL_COL_DELETED_MS))
        return SL_OK;
    sl_row_set_int(key, SL_API_KEYS_REVOKED_MS, sl_tx_now_ms(tx));
    return sl_tx_update(tx, key, 0, err);
}

struct new_key {
    const char *id, *user; /* before: "" */
    const char *before;
    unsigned char sha256[SL_STORE_DIGEST];
};

static enum sl_code insert_key(struct sl_tx *tx, const struct new_key *k, struct sl_arena *arena,
                               struct sl_err *err)
{
    struct sl_row *key = sl_row_create(arena, SL_TABLE_API_KEYS);
    sl_row_set_text(key, SL_COL_ID, k->id);
    sl_row_set_text(key, SL_COL_OWNER, k->user);
    sl_row_set_text(key, SL_COL_NAME, "bootstrap");
    sl_row_set_bytes(key, SL_API_KEYS_SHA256, k->sha256, sizeof(k->sha256));
    return sl_tx_insert(tx, key, err);
}

static enum sl_code write_key(struct sl_store *store, const struct new_key *k,
                              struct sl_arena *arena, struct sl_err *err)
{
    const struct sl_store_session session = {.user = k->user, .admin = true, .actor = "bootstrap"};
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(store, &session, true, &tx, err);
    if (code)
        return code;
    if (*k->before)
        code = revoke_key(tx, k->before, arena, err);
    if (!code)
        code = insert_key(tx, k, arena, err);
    return sl_tx_end(tx, code, NULL, err);
}

static enum sl_code admin_id(struct sl_store *store, struct sl_arena *arena, const char **out,
                             struct sl_err *err)
{
    const struct sl_store_session session = {.admin = true, .actor = "bootstrap"};
    struct sl_row *user = NULL;
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_store_begin(store, &session, true, &tx, err);
    if (code)
        return code;
    code = find_admin(tx, arena, &user, err);
    code = sl_tx_end(tx, code, NULL, err);
    if (!code)
        *out = sl_row_text(user, SL_COL_ID);
    return code;
}

/* Puts the key into the store, unless it is there. */
static enum sl_code remember(struct sl_store *store, const struct sl_api_key *made,
                             struct sl_err *err)
{
    char before[64];
    struct new_key k = {.id = made->id, .before = before};
    struct sl_arena arena;
    memcpy(k.sha256, made->sha256, sizeof(k.sha256));
    if (sl_store_get_meta(store, meta_name, before, sizeof(before), err))
        return err->code;
    if (!strcmp(before, made->id))
        return SL_OK;
    sl_arena_init(&arena, SIZE_MAX);
    enum sl_code code = admin_id(store, &arena, &k.user, err);
    if (!code)
        code = write_key(store, &k, &arena, err);
    sl_arena_fini(&arena);
    return code ? code : sl_store_put_meta(store, meta_name, made->id, err);
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

static enum sl_code write_first(struct sl_tx *tx, const struct sl_api_key *key,
                                struct sl_arena *arena, struct sl_err *err)
{
    struct sl_row *user = NULL;
    bool first = false;
    enum sl_code code = sl_tx_lock_schema(tx, err);
    if (!code)
        code = sl_tx_add_meta(tx, meta_name, key->id, &first, err);
    if (!code && !first)
        code = sl_err_set(err, SL_ALREADY_EXISTS, SL_REASON_STORE,
                          "the first administrator's key was made already, and is shown once only");
    if (!code)
        code = find_admin(tx, arena, &user, err);
    if (code)
        return code;
    struct new_key k = {.id = key->id, .user = sl_row_text(user, SL_COL_ID)};
    memcpy(k.sha256, key->sha256, sizeof(k.sha256));
    return insert_key(tx, &k, arena, err);
}

enum sl_code sl_access_bootstrap_once(struct sl_store *store, struct sl_api_key *out,
                                      struct sl_err *err)
{
    const struct sl_store_session session = {.admin = true, .actor = "bootstrap"};
    struct sl_tx *tx = NULL;
    struct sl_arena arena;
    if (!sl_api_key_make(out))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no random numbers");
    enum sl_code code = sl_store_begin(store, &session, true, &tx, err);
    if (code)
        return code;
    sl_arena_init(&arena, SIZE_MAX);
    code = write_first(tx, out, &arena, err);
    sl_arena_fini(&arena);
    return sl_tx_end(tx, code, NULL, err);
}
