/* A token that a key of two texts, ID.SECRET, signs: Zhipu's "Authentication with a token" (HTTP API). A JWT with HS256,
 * sign_type SIGN, and as claims api_key, exp and timestamp in milliseconds. */
#include <string.h>

#include "adapters/adapter.h"
#include "base/base64.h"
#include "base/sha256.h"

enum { TOKEN_MS = 210 * 1000, MAX_KEY = 512 };

static char *encoded(struct sl_arena *arena, const void *p, size_t n)
{
    char *out = sl_arena_alloc(arena, SL_BASE64_LENGTH(n) + 1);

    sl_base64_encode(SL_BASE64_URL, p, n, out);
    return out;
}

bool sl_http_key_token(struct sl_http_request *h, struct sl_arena *arena,
                       const struct sl_target *target, int64_t now_ms)
{
    static const char header[] = "{\"alg\":\"HS256\",\"sign_type\":\"SIGN\"}";
    const char *key = sl_secret_reveal(target->key), *dot = key ? strchr(key, '.') : NULL;
    unsigned char mac[SL_SHA256];

    if (!dot || dot == key || !dot[1] || strlen(key) > MAX_KEY || strpbrk(key, "\"\\"))
        return false;
    const char *claims =
        sl_arena_printf(arena, "{\"api_key\":\"%.*s\",\"exp\":%lld,\"timestamp\":%lld}",
                        (int)(dot - key), key, (long long)(now_ms + TOKEN_MS), (long long)now_ms);
    const char *text = sl_arena_printf(arena, "%s.%s", encoded(arena, header, sizeof(header) - 1),
                                       encoded(arena, claims, strlen(claims)));
    sl_hmac_sha256(dot + 1, strlen(dot + 1), text, strlen(text), mac);
    sl_http_header(h, arena, "authorization",
                   sl_arena_printf(arena, "Bearer %s.%s", text, encoded(arena, mac, sizeof(mac))),
                   true);
    return true;
}
