/* Names of users and tiers. Pure. */
#ifndef SL_ACCESS_NAMES_H
#define SL_ACCESS_NAMES_H

#include <stddef.h>

enum { SL_NAME_MAX = 128 };

/* What is wrong with a name ("is longer than 128 bytes"), or NULL: 1 to 128 bytes of UTF-8 without spaces and control
 * characters. Static text. */
const char *sl_name_problem(const char *p, size_t n);

#endif
