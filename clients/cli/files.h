/* Files that the user names. */
#ifndef SLUICE_CLI_FILES_H
#define SLUICE_CLI_FILES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Reads a whole file, or standard input for "-", up to the buffer's ceiling. Error: SL_INVALID_ARGUMENT, naming it. */
enum sl_code files_read(const char *path, struct sl_buf *out, struct sl_err *err) SL_MUST_CHECK;
/* The media type of a file by its first bytes, then by its name; "text/plain" for other valid UTF-8, NULL where it is
 * not known. */
const char *files_media_type(const char *path, const void *data, size_t n);
/* What follows the last '/'. Borrowed. */
const char *files_base_name(const char *path);

#endif
