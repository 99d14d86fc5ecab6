/* The folder that everything stored is in. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "store/store.h"

static bool is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int make_folder(const char *path)
{
    if (!mkdir(path, 0700) || (errno == EEXIST && is_folder(path)))
        return 0;
    return errno == EEXIST ? ENOTDIR : errno;
}

enum sl_code sl_store_make_data_dir(const char *data_dir, struct sl_err *err)
{
    char *path = sl_strdup(data_dir);
    int problem = *path ? 0 : ENOENT;
    for (char *slash = path; !problem && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        /* folders above may be closed to us and still lead to one that is not */
        if (!is_folder(path))
            problem = make_folder(path);
        *slash = '/';
    }
    if (!problem)
        problem = make_folder(path);
    sl_free(path);
    if (!problem)
        return SL_OK;
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_STORE, "data_dir",
                        "the data folder %.300s cannot be made: %s", data_dir, strerror(problem));
}
