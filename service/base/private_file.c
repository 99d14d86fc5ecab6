/* Written under another name, then linked or moved to its own. */
#include "base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };

static int write_line(int fd, const char *text)
{
    size_t n = strlen(text);
    errno = 0;
    if (write(fd, text, n) != (ssize_t)n || write(fd, "\n", 1) != 1 || fsync(fd))
        return errno ? errno : EIO;
    return 0;
}

/* The name is on the disk, too, before anything depends on it. */
static int sync_folder(const char *path)
{
    char folder[MAX_PATH];
    const char *slash = strrchr(path, '/');
    int n = snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
                     slash ? path : ".");
    if (n < 0 || (size_t)n >= sizeof(folder))
        return ENAMETOOLONG;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int problem = fsync(fd) ? errno : 0;
    close(fd);
    return problem;
}

/* Makes the file under another name; unlinks it where it does not become whole. */
static int write_new(const char *path, const char *text)
{
    unlink(path); /* of a process that was killed here */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    int problem = write_line(fd, text);
    close(fd);
    if (problem)
        unlink(path);
    return problem;
}

int sl_private_file_make(const char *path, const char *text)
{
    char temporary[MAX_PATH];
    int n = snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof(temporary))
        return ENAMETOOLONG;
    int problem = write_new(temporary, text);
    if (problem)
        return problem;
    if (link(temporary, path))
        problem = errno;
    unlink(temporary);
    return problem ? problem : sync_folder(path);
}

int sl_private_file_replace(const char *path, const char *text)
{
    char temporary[MAX_PATH];
    int n = snprintf(temporary, sizeof(temporary), "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof(temporary))
        return ENAMETOOLONG;
    int problem = write_new(temporary, text);
    if (problem)
        return problem;
    if (rename(temporary, path)) {
        problem = errno;
        unlink(temporary);
        return problem;
    }
    return sync_folder(path);
}
