/* Making and reading API keys. */
#include "access/api_key.h"

#include <openssl/rand.h>
#include <string.h>

#include "access/digest.h"
#include "base/alloc.h"

enum { ID_BYTES = 8 };

static const char prefix[] = "sl_";
static const char digits[] = "0123456789abcdef";

static char *add_hex(char *dst, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *dst++ = digits[p[i] >> 4];
        *dst++ = digits[p[i] & 15];
    }
    return dst;
}

bool sl_api_key_make(struct sl_api_key *out)
{
    unsigned char random[ID_BYTES + SL_API_KEY_BITS / 2];
    char text[sizeof(prefix) + 2 * sizeof(random) + 1];
    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    memcpy(text, prefix, 3);
    char *end = add_hex(text + 3, random, ID_BYTES);
    *end++ = '_';
    end = add_hex(end, random + ID_BYTES, sizeof(random) - ID_BYTES);
    bool ok = sl_api_key_parse((struct sl_str){text, (size_t)(end - text)}, out);
    sl_wipe(random, sizeof(random));
    sl_wipe(text, sizeof(text));
    return ok;
}

bool sl_api_key_looks_like(struct sl_str text)
{
    return text.n >= 3 && !memcmp(text.p, prefix, 3);
}

/* Bytes of the id at the beginning of p[0..n). */
static size_t id_span(const char *p, size_t n)
{
    size_t i = 0;
    for (; i < n; i++) {
        char c = p[i];
        bool ok =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        if (!ok)
            break;
    }
    return i;
}

static bool are_bits(const char *p)
{
    for (size_t i = 0; i < SL_API_KEY_BITS; i++) {
        if (!p[i] || !strchr(digits, p[i]))
            return false;
    }
    return true;
}

/* Bytes of the id of a whole key; 0 where text is none. */
static size_t id_of(struct sl_str text)
{
    if (!sl_api_key_looks_like(text) || text.n > SL_API_KEY_MAX)
        return 0;
    const char *id = text.p + 3;
    size_t n = id_span(id, text.n - 3);
    bool whole = n <= SL_API_KEY_ID_MAX && text.n == 3 + n + 1 + SL_API_KEY_BITS && id[n] == '_' &&
                 are_bits(id + n + 1);
    return whole ? n : 0;
}

bool sl_api_key_is(struct sl_str text)
{
    return id_of(text) > 0;
}

bool sl_api_key_parse(struct sl_str text, struct sl_api_key *out)
{
    struct sl_api_key key;
    size_t n = id_of(text);
    if (!n)
        return false;
    sl_copy_n(key.text, sizeof(key.text), text.p, text.n);
    sl_copy_n(key.id, sizeof(key.id), text.p + 3, n);
    bool ok = sl_sha256(text.p, text.n, key.sha256);
    if (ok)
        *out = key;
    sl_wipe(&key, sizeof(key));
    return ok;
}
