/* Ids of tool calls, which providers have patterns for: a conversation that one provider began goes on at another, and
 * a call and its result are changed alike. */
#include "adapters/adapter.h"

#include <ctype.h>
#include <string.h>

enum { HASHED = 24 }; /* letters of an id that is made from another one, where the length is free */

static bool fits(const struct sl_call_id_rule *rule, const char *id, size_t n)
{
    if (n < rule->min || n > rule->max)
        return false;
    for (size_t i = 0; i < n && rule->more; i++)
        if (!isalnum((unsigned char)id[i]) && !strchr(rule->more, id[i]))
            return false;
    return true;
}

/* FNV-1a, in letters and digits. */
static char *hashed(struct sl_arena *arena, const char *id, size_t n)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char *out = sl_arena_zalloc(arena, n + 1);
    uint64_t hash = 14695981039346656037u;

    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 1099511628211u;
    for (size_t i = 0; i < n; i++) {
        out[i] = digits[hash % 62];
        hash = hash / 62 ^ (hash % 62) * 1099511628211u;
    }
    return out;
}

const char *sl_call_id(struct sl_arena *arena, const char *id, const struct sl_call_id_rule *rule)
{
    size_t n = strlen(id);

    if (!n || fits(rule, id, n))
        return id;
    if (n < rule->min || n > rule->max || !rule->more || !rule->more[0])
        return hashed(arena, id, rule->max < HASHED ? rule->max : HASHED);
    char *copy = sl_arena_strdup(arena, id);
    for (char *p = copy; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(rule->more, *p))
            *p = '_';
    return copy;
}
