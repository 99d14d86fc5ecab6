/* A file that holds a secret of its own: whole at any moment, for its owner alone. */
#ifndef SL_BASE_PRIVATE_FILE_H
#define SL_BASE_PRIVATE_FILE_H

#include "base/compiler.h"

/* Writes text and a line break to a new file of mode 0600. It gets its name only when it is whole on
 * the disk: of processes that start together one makes it, and nobody finds half of it. Returns 0,
 * EEXIST where the name is taken, or another errno. Not on a loop. */
int sl_private_file_make(const char *path, const char *text) SL_MUST_CHECK;
/* Puts such a file in the place of one that may be there; whoever reads finds the one or the other,
 * also after a crash. One process at a time: what is half written is called PATH.new, and one that
 * was left there by a crash is replaced. Returns 0 or an errno. */
int sl_private_file_replace(const char *path, const char *text) SL_MUST_CHECK;

#endif
