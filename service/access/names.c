/* Names of users and tiers: they stand in log lines, metadata and resource names. */
#include "access/names.h"

#include "base/utf8.h"

const char *sl_name_problem(const char *p, size_t n)
{
    if (!n)
        return "is required";
    if (n > SL_NAME_MAX)
        return "is longer than 128 bytes";
    if (sl_utf8_check_text(p, n) != n)
        return "is not UTF-8";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        /* C1 controls are C2 80 to C2 9F in UTF-8, the no-break space C2 A0 */
        if (c <= ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)p[i + 1] <= 0xa0))
            return "may not hold spaces and control characters";
    }
    return NULL;
}
