/* Where the keys are: the setting's reference, or, for the embedded store, a file beside it that is
 * made at the first start. */
#include "registry/vault/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/private_file.h"
#include "base/secret.h"
#include "base/str.h"
#include "config/config.h"
#include "registry/vault/internal.h"
#include "registry/vault/keyring.h"

enum { MAX_FILE = 4096, MAX_ENTRY = 128, ID_BYTES = 4 };

static enum sl_code fail(struct sl_err *err, const char *path, const char *what, const char *why)
{
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID, "encryption.keys",
                        "the key file %.300s %s%s", path, what, why);
}

/* "local-0123abcd:BASE64": an id of its own for every file, so that a lost key is told from
 * another one. */
static bool make_entry(char text[MAX_ENTRY])
{
    unsigned char random[ID_BYTES + SL_VAULT_KEY];
    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    int n = snprintf(text, MAX_ENTRY, "local-%02x%02x%02x%02x:", random[0], random[1], random[2],
                     random[3]);
    sl_base64_encode(SL_BASE64_STANDARD, random + ID_BYTES, SL_VAULT_KEY, text + n);
    sl_wipe(random, sizeof(random));
    return true;
}

static enum sl_code make_file(struct sl_keyring_file *file, struct sl_err *err)
{
    char text[MAX_ENTRY];
    if (!make_entry(text))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no random numbers");
    int problem = sl_private_file_make(file->path, text);
    sl_wipe(text, sizeof(text));
    if (problem && problem != EEXIST)
        return fail(err, file->path, "cannot be made: ", strerror(problem));
    file->created = !problem;
    return SL_OK;
}

/* What is wrong with the opened file, NULL if nothing. */
static const char *problem_of(int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "is not a regular file";
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return "belongs to another user";
    if (st.st_mode & 077)
        return "is open to others than its owner: chmod 600 it, and consider the key known";
    return st.st_size >= MAX_FILE ? "is longer than 4 KiB" : NULL;
}

/* text: wiped by the caller. */
static enum sl_code read_text(const char *path, char text[MAX_FILE], size_t *out,
                              struct sl_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return fail(err, path,
                    "cannot be read: ", errno == ELOOP ? "it is a symbolic link" : strerror(errno));
    const char *wrong = problem_of(fd);
    ssize_t n = wrong ? 0 : read(fd, text, MAX_FILE);
    int problem = n < 0 ? errno : 0;
    close(fd);
    if (wrong)
        return fail(err, path, wrong, "");
    if (problem)
        return fail(err, path, "cannot be read: ", strerror(problem));
    *out = (size_t)n;
    return SL_OK;
}

static enum sl_code read_file(const char *path, struct sl_keyring **out, struct sl_err *err)
{
    char text[MAX_FILE];
    size_t n = 0;
    enum sl_code code = read_text(path, text, &n, err);
    if (!code)
        code = sl_keyring_parse(path, text, n, out, err);
    sl_wipe(text, sizeof(text));
    return code;
}

static enum sl_code make_path(const char *data_dir, char path[SL_KEY_FILE_PATH], struct sl_err *err)
{
    int n = snprintf(path, SL_KEY_FILE_PATH, "%s/encryption.key", data_dir);
    if (n < 0 || n >= SL_KEY_FILE_PATH)
        return fail(err, data_dir, "has too long a path", "");
    return SL_OK;
}

static enum sl_code load_file(const struct sl_keyring_source *from, struct sl_keyring **out,
                              struct sl_keyring_file *file, struct sl_err *err)
{
    if (make_path(from->data_dir, file->path, err))
        return err->code;
    bool missing = access(file->path, F_OK) && errno == ENOENT;
    if (missing && from->sealed)
        return fail(err, file->path,
                    "is missing, and the store holds secrets that were sealed under it: put it "
                    "back, or set SLUICE_ENCRYPTION_KEYS",
                    "");
    if (missing && make_file(file, err))
        return err->code;
    return read_file(file->path, out, err);
}

static enum sl_code load_setting(const char *reference, struct sl_keyring **out, struct sl_err *err)
{
    struct sl_secret *text = NULL;
    struct sl_err why = {0};
    const char *colon = strchr(reference, ':');
    if (sl_config_secret_lines(reference, &text, &why))
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                            "encryption.keys", "encryption.keys leads nowhere: %s", why.text);
    enum sl_code code = sl_keyring_parse(colon ? colon + 1 : reference, sl_secret_reveal(text),
                                         sl_secret_length(text), out, err);
    sl_secret_unref(text);
    return code;
}

enum sl_code sl_keyring_load(const struct sl_keyring_source *from, struct sl_keyring **out,
                             struct sl_keyring_file *file, struct sl_err *err)
{
    *file = (struct sl_keyring_file){.created = false};
    if (*from->reference)
        return load_setting(from->reference, out, err);
    if (from->data_dir)
        return load_file(from, out, file, err);
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID, "encryption.keys",
                        "SLUICE_ENCRYPTION_KEYS has to be set where replicas share a PostgreSQL "
                        "store: ID:BASE64 with 32 random bytes, as 'openssl rand -base64 32' "
                        "prints them, the same for every replica");
}

/* ---- changing it ---- */

enum sl_code sl_key_file_lock(const char *data_dir, bool alone, int *out, struct sl_err *err)
{
    int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, data_dir, "cannot be locked: ", strerror(errno));
    if (!flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB)) {
        *out = fd;
        return SL_OK;
    }
    int problem = errno;
    close(fd);
    if (problem != EWOULDBLOCK)
        return fail(err, data_dir, "cannot be locked: ", strerror(problem));
    return sl_err_set(err, SL_ABORTED, SL_REASON_STORE,
                      alone ? "a service runs on %.300s: stop it first, since it would go on "
                              "sealing under the key that it knows"
                            : "sluiced rotate-keys is changing the key file in %.300s: start again "
                              "when it is done",
                      data_dir);
}

void sl_key_file_unlock(int fd)
{
    close(fd);
}

/* What the file holds, checked; text is NUL-terminated, and wiped by the caller. */
static enum sl_code read_checked(const char *path, char text[MAX_FILE], size_t *count,
                                 struct sl_err *err)
{
    struct sl_keyring *k = NULL;
    size_t n = 0;
    enum sl_code code = read_text(path, text, &n, err);
    if (!code)
        code = sl_keyring_parse(path, text, n, &k, err);
    if (code)
        return code;
    text[n] = '\0'; /* a file of MAX_FILE bytes is refused */
    *count = sl_keyring_count(k);
    sl_keyring_unref(k);
    return SL_OK;
}

static enum sl_code replace(const char *path, const char *text, struct sl_err *err)
{
    int problem = sl_private_file_replace(path, text);
    return problem ? fail(err, path, "cannot be replaced: ", strerror(problem)) : SL_OK;
}

enum sl_code sl_key_file_add(const char *data_dir, bool *added, struct sl_err *err)
{
    char path[SL_KEY_FILE_PATH], text[MAX_FILE], entry[MAX_ENTRY], both[MAX_FILE + MAX_ENTRY];
    size_t count = 0;
    enum sl_code code = make_path(data_dir, path, err);
    if (!code)
        code = read_checked(path, text, &count, err);
    *added = !code && count == 1;
    if (*added && !make_entry(entry))
        code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "no random numbers");
    if (*added && !code) {
        snprintf(both, sizeof(both), "%s\n%s", entry, text);
        code = replace(path, both, err);
    }
    sl_wipe(text, sizeof(text));
    sl_wipe(entry, sizeof(entry));
    sl_wipe(both, sizeof(both));
    return code;
}

enum sl_code sl_key_file_drop(const char *data_dir, bool *dropped, struct sl_err *err)
{
    static const char between[] = " \t,\r\n";
    char path[SL_KEY_FILE_PATH], text[MAX_FILE];
    size_t count = 0;
    enum sl_code code = make_path(data_dir, path, err);
    if (!code)
        code = read_checked(path, text, &count, err);
    *dropped = !code && count > 1;
    if (*dropped) {
        char *current = text + strspn(text, between);
        current[strcspn(current, between)] = '\0';
        code = replace(path, current, err);
    }
    sl_wipe(text, sizeof(text));
    return code;
}
