/* A file that holds a secret of its own: made once, whole, for its owner alone. */
#ifndef SL_BASE_PRIVATE_FILE_H
#define SL_BASE_PRIVATE_FILE_H

#include "base/compiler.h"

/* Writes text and a line break to a new file of mode 0600. It gets its name only when it is whole on
 * the disk: of processes that start together one makes it, and nobody finds half of it. Returns 0,
 * EEXIST where the name is taken, or another errno. Not on a loop. */
int sl_private_file_make(const char *path, const char *text) SL_MUST_CHECK;

#endif
