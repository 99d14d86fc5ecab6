/* Reads files and tells what they hold. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/utf8.h"

enum { FILES_STEP = 64 * 1024 };

#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

static enum sl_code read_all(int fd, const char *path, struct sl_buf *out, struct sl_err *err)
{
    for (;;) {
        size_t room = out->max - out->n < FILES_STEP ? out->max - out->n : FILES_STEP;
        char *p = room ? sl_buf_room(out, room) : NULL;
        char extra;
        ssize_t n = read(fd, p ? p : &extra, p ? room : 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return BAD(err, "cannot read %s: %s", path, strerror(errno));
        if (!n)
            return SL_OK;
        if (!p)
            return BAD(err, "%s is larger than %zu bytes", path, out->max);
        out->n += (size_t)n;
        p[n] = 0;
    }
}

enum sl_code files_read(const char *path, struct sl_buf *out, struct sl_err *err)
{
    struct stat info;
    enum sl_code code;
    int fd;

    if (!strcmp(path, "-"))
        return read_all(STDIN_FILENO, "standard input", out, err);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return BAD(err, "cannot read %s: %s", path, strerror(errno));
    if (!fstat(fd, &info) && S_ISDIR(info.st_mode))
        code = BAD(err, "cannot read %s: it is a directory", path);
    else
        code = read_all(fd, path, out, err);
    close(fd);
    return code;
}

const char *files_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* File signatures; offset of the bytes. RIFF holds several kinds, told apart at offset 8. */
static const struct {
    size_t at;
    const char *bytes;
    size_t n;
    const char *type;
} signatures[] = {
    {0, "\x89PNG\r\n\x1a\n", 8, "image/png"},
    {0, "\xff\xd8\xff", 3, "image/jpeg"},
    {0, "GIF87a", 6, "image/gif"},
    {0, "GIF89a", 6, "image/gif"},
    {8, "WEBP", 4, "image/webp"},
    {8, "WAVE", 4, "audio/wav"},
    {0, "%PDF-", 5, "application/pdf"},
    {0, "ID3", 3, "audio/mpeg"},
    {0, "fLaC", 4, "audio/flac"},
    {0, "OggS", 4, "audio/ogg"},
    {4, "ftypheic", 8, "image/heic"},
    {4, "ftypM4A", 7, "audio/mp4"},
    {4, "ftyp", 4, "video/mp4"},
    {0, "\x1a\x45\xdf\xa3", 4, "video/webm"},
};

/* By the end of the name. */
static const struct {
    const char *suffix, *type;
} suffixes[] = {
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".bmp", "image/bmp"},
    {".tif", "image/tiff"},
    {".tiff", "image/tiff"},
    {".heic", "image/heic"},
    {".svg", "image/svg+xml"},
    {".pdf", "application/pdf"},
    {".wav", "audio/wav"},
    {".mp3", "audio/mpeg"},
    {".flac", "audio/flac"},
    {".ogg", "audio/ogg"},
    {".m4a", "audio/mp4"},
    {".aac", "audio/aac"},
    {".mp4", "video/mp4"},
    {".mov", "video/quicktime"},
    {".webm", "video/webm"},
    {".mpeg", "video/mpeg"},
    {".html", "text/html"},
    {".htm", "text/html"},
    {".csv", "text/csv"},
    {".md", "text/markdown"},
    {".json", "application/json"},
    {".xml", "text/xml"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
};

const char *files_media_type(const char *path, const void *data, size_t n)
{
    const char *bytes = data;
    size_t length = strcspn(path, "?#"); /* of an address: without its query */

    for (size_t i = 0; i < SL_ARRAY_LEN(signatures); i++) {
        if (n >= signatures[i].at + signatures[i].n &&
            !memcmp(bytes + signatures[i].at, signatures[i].bytes, signatures[i].n))
            return signatures[i].type;
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(suffixes); i++) {
        size_t m = strlen(suffixes[i].suffix);

        if (length > m && !strncasecmp(path + length - m, suffixes[i].suffix, m))
            return suffixes[i].type;
    }
    return n && sl_utf8_check_text(bytes, n) == n ? "text/plain" : NULL;
}
