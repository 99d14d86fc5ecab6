/* One version byte, the query's number, a flag, three strings with their NULs. */
#include "api/page_token.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "base/utf8.h"

enum { VERSION = 1, HEAD = 10, MAX_TOKEN = 4096 };

uint64_t sl_page_query(const char *filter, const char *order, const char *caller)
{
    return sl_hash_text(caller, sl_hash_text(order, sl_hash_text(filter, 0)));
}

const char *sl_page_token_write(struct sl_arena *arena, const struct sl_page_place *place)
{
    const char *const texts[] = {place->key, place->name, place->id};
    size_t n = HEAD, at = HEAD;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++)
        n += strlen(texts[i]) + 1;
    char *raw = sl_arena_alloc(arena, n), *token = sl_arena_alloc(arena, SL_BASE64_LENGTH(n) + 1);
    raw[0] = VERSION;
    memcpy(raw + 1, &place->query, sizeof(place->query));
    raw[9] = place->personal;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        size_t size = strlen(texts[i]) + 1;
        memcpy(raw + at, texts[i], size);
        at += size;
    }
    sl_base64_encode(SL_BASE64_URL, raw, n, token);
    return token;
}

static bool split(char *p, size_t n, const char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *end = memchr(p, '\0', n);
        if (!end)
            return false;
        texts[i] = p;
        n -= (size_t)(end + 1 - p);
        p = end + 1;
    }
    return !n;
}

bool sl_page_token_read(struct sl_arena *arena, const char *token, uint64_t query,
                        struct sl_page_place *out)
{
    size_t length = strlen(token), n = 0;
    const char *texts[3];
    if (length > MAX_TOKEN)
        return false;
    char *raw = sl_arena_alloc(arena, length + 1);
    if (!sl_base64_decode(SL_BASE64_URL, token, length, raw, length, &n) || n < HEAD)
        return false;
    struct sl_page_place place = {.personal = raw[9] == 1};
    memcpy(&place.query, raw + 1, sizeof(place.query));
    if (raw[0] != VERSION || place.query != query || (unsigned char)raw[9] > 1 ||
        !split(raw + HEAD, n - HEAD, texts, 3))
        return false;
    place.key = texts[0];
    place.name = texts[1];
    place.id = texts[2];
    *out = place;
    return true;
}
