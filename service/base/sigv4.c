/* Signature Version 4, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html:
 * a hash of the request's method, path, signed headers and body, signed with a key that is derived
 * from the secret for one day, region and service. Signed are host, x-amz-date and the session
 * token. The path is encoded once more than it is sent, as for every service but S3. */
#include "base/sigv4.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

enum { HEX = 2 * SL_SHA256 + 1 };

/* ---- credentials and region ---- */

bool sl_aws_key_read(const char *key, struct sl_aws_key *out)
{
    const char *secret = strchr(key, ':');

    if (!secret || secret - key < 16)
        return false;
    for (const char *p = key; p < secret; p++)
        if (!isupper((unsigned char)*p) && !isdigit((unsigned char)*p))
            return false;
    const char *token = strchr(secret + 1, ':');
    const char *end = token ? token : secret + strlen(secret);
    out->id = (struct sl_str){key, (size_t)(secret - key)};
    out->secret = (struct sl_str){secret + 1, (size_t)(end - secret - 1)};
    out->token = token ? sl_str(token + 1) : (struct sl_str){"", 0};
    return out->secret.n > 0;
}

static struct sl_str host_of(const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    return (struct sl_str){host, strcspn(host, "/")};
}

/* Two letters, words of letters, a digit: us-east-1, us-gov-west-1. */
static bool is_region(const char *p, size_t n)
{
    size_t dashes = 0;

    if (n < 6 || n > 32 || !isdigit((unsigned char)p[n - 1]) || p[n - 2] != '-' || p[2] != '-')
        return false;
    for (size_t i = 0; i + 1 < n; i++) {
        if (!islower((unsigned char)p[i]) && p[i] != '-')
            return false;
        dashes += p[i] == '-';
    }
    return dashes >= 2;
}

bool sl_aws_region(const char *url, struct sl_str *out)
{
    struct sl_str host = host_of(url);

    for (size_t at = 0; at < host.n;) {
        size_t n = strcspn(host.p + at, ".:/");
        if (is_region(host.p + at, n)) {
            *out = (struct sl_str){host.p + at, n};
            return true;
        }
        at += n + 1;
    }
    return false;
}

/* ---- time ---- */

/* "20150830T123600Z" (Howard Hinnant's civil_from_days). */
static void write_time(int64_t ms, char out[17])
{
    int64_t seconds = ms / 1000, days = seconds / 86400 + 719468;
    int second = (int)(seconds % 86400);
    int64_t era = days / 146097, doe = days % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int day = (int)(doy - (153 * mp + 2) / 5 + 1), month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int year = (int)(yoe + era * 400) + (month <= 2);

    snprintf(out, 17, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day % 100, (unsigned)second / 3600 % 100, (unsigned)second / 60 % 60,
             (unsigned)second % 60);
}

/* ---- hashes ---- */

static void write_hex(const unsigned char hash[SL_SHA256], char out[HEX])
{
    for (size_t i = 0; i < SL_SHA256; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static void hash_text(const char *text, char out[HEX])
{
    unsigned char hash[SL_SHA256];
    struct sl_sha256 s;

    sl_sha256_init(&s);
    sl_sha256_add(&s, text, strlen(text));
    sl_sha256_end(&s, hash);
    write_hex(hash, out);
}

static void hash_body(const struct sl_segs *body, char out[HEX])
{
    unsigned char hash[SL_SHA256];
    char piece[4096];
    struct sl_seg_reader r;
    struct sl_sha256 s;

    sl_sha256_init(&s);
    sl_seg_reader_init(&r, body);
    for (size_t n; (n = sl_seg_read(&r, piece, sizeof(piece))) != 0;)
        sl_sha256_add(&s, piece, n);
    sl_sha256_end(&s, hash);
    write_hex(hash, out);
}

static void derive_key(const struct sl_sigv4 *s, unsigned char key[SL_SHA256])
{
    char first[256];
    struct sl_str secret = s->key->secret;
    size_t n = secret.n < sizeof(first) - 4 ? secret.n : sizeof(first) - 4;

    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret.p, n);
    sl_hmac_sha256(first, n + 4, s->date, 8, key);
    explicit_bzero(first, sizeof(first));
    sl_hmac_sha256(key, SL_SHA256, s->region.p, s->region.n, key);
    sl_hmac_sha256(key, SL_SHA256, s->service, strlen(s->service), key);
    sl_hmac_sha256(key, SL_SHA256, "aws4_request", 12, key);
}

/* ---- the request in canonical form ---- */

/* The path with everything but unreserved characters and '/' encoded. */
static const char *canonical_path(struct sl_arena *arena, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = sl_arena_zalloc(arena, strlen(path) * 3 + 2), *at = out;

    if (!*path)
        *at++ = '/';
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (isalnum(c) || strchr("-._~/", c)) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    return out;
}

void sl_sigv4_sign(struct sl_sigv4 *s, struct sl_arena *arena)
{
    struct sl_str host = host_of(s->url);
    bool token = s->key->token.n > 0;
    const char *names = token ? "host;x-amz-date;x-amz-security-token" : "host;x-amz-date";
    unsigned char key[SL_SHA256], mac[SL_SHA256];
    char body[HEX], hash[HEX], signature[HEX];

    write_time(s->now_ms, s->date);
    hash_body(s->body, body);
    s->token = token ? sl_arena_strndup(arena, s->key->token.p, s->key->token.n) : NULL;
    const char *canonical =
        sl_arena_printf(arena, "%s\n%s\n\nhost:%.*s\nx-amz-date:%s\n%s%s%s\n%s\n%s", s->method,
                        canonical_path(arena, host.p + host.n), (int)host.n, host.p, s->date,
                        token ? "x-amz-security-token:" : "", token ? s->token : "",
                        token ? "\n" : "", names, body);
    hash_text(canonical, hash);
    const char *scope = sl_arena_printf(arena, "%.8s/%.*s/%s/aws4_request", s->date,
                                        (int)s->region.n, s->region.p, s->service);
    const char *text = sl_arena_printf(arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", s->date, scope, hash);
    derive_key(s, key);
    sl_hmac_sha256(key, SL_SHA256, text, strlen(text), mac);
    explicit_bzero(key, sizeof(key));
    write_hex(mac, signature);
    s->authorization = sl_arena_printf(
        arena, "AWS4-HMAC-SHA256 Credential=%.*s/%s, SignedHeaders=%s, Signature=%s",
        (int)s->key->id.n, s->key->id.p, scope, names, signature);
}
