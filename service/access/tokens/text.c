/* Small texts that token endpoints want or give: forms, base64url, a signed JWT, a projected token's file, a time. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/tokens/internal.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/str.h"

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

/* ---- forms ---- */

static bool add_encoded(struct sl_buf *out, const char *value)
{
    bool ok = true;
    for (; *value && ok; value++) {
        if (strchr(unreserved, *value))
            ok = sl_buf_add_char(out, *value);
        else
            ok = sl_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*value);
    }
    return ok;
}

enum sl_code tk_form_add(struct sl_buf *form, const char *name, const char *value,
                         struct sl_err *err)
{
    if ((form->n && !sl_buf_add_char(form, '&')) || !sl_buf_printf(form, "%s=", name) ||
        !add_encoded(form, value))
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH,
                          "the credential is too long to be sent");
    return SL_OK;
}

char *tk_encode(struct sl_arena *arena, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = sl_arena_zalloc(arena, strlen(value) * 3 + 1), *at = out;
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (strchr(unreserved, c)) {
            *at++ = (char)c;
            continue;
        }
        *at++ = '%';
        *at++ = hex[c >> 4];
        *at++ = hex[c & 15];
    }
    return out;
}

/* ---- JWT: RFC 7515, RFC 7518 section 3.3 ---- */

static bool add_base64url(struct sl_buf *out, const void *p, size_t n)
{
    char *to = sl_buf_room(out, SL_BASE64_LENGTH(n) + 1);
    if (to)
        out->n += sl_base64_encode(SL_BASE64_URL, p, n, to);
    return to != NULL;
}

static EVP_PKEY *read_key(const struct sl_secret *pem)
{
    BIO *bio = BIO_new_mem_buf(sl_secret_reveal(pem), (int)sl_secret_length(pem));
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

bool tk_is_rsa_key(const struct sl_secret *pem)
{
    EVP_PKEY *key = read_key(pem);
    bool rsa = key && EVP_PKEY_is_a(key, "RSA");
    EVP_PKEY_free(key);
    return rsa;
}

static bool add_signature(struct sl_buf *out, EVP_PKEY *key, const char *text, size_t n)
{
    unsigned char signature[1024]; /* RSA keys of up to 8,192 bits */
    size_t size = sizeof(signature);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(md, signature, &size, (const unsigned char *)text, n) == 1;
    EVP_MD_CTX_free(md);
    return ok && sl_buf_add_char(out, '.') && add_base64url(out, signature, size);
}

/* Key ids are hexadecimal; one that JSON would have to escape is left out. */
static bool add_header(struct sl_buf *out, const char *key_id)
{
    char header[256];
    bool plain = *key_id && strlen(key_id) < 128 && !strpbrk(key_id, "\"\\");
    int n = snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"typ\":\"JWT\"%s%s%s}",
                     plain ? ",\"kid\":\"" : "", plain ? key_id : "", plain ? "\"" : "");
    return n > 0 && add_base64url(out, header, (size_t)n);
}

enum sl_code tk_jwt_rs256(struct sl_buf *out, const char *key_id, const char *claims,
                          const struct sl_secret *pem, struct sl_err *err)
{
    EVP_PKEY *key = read_key(pem);
    size_t from = out->n;
    bool ok = key && add_header(out, key_id) && sl_buf_add_char(out, '.') &&
              add_base64url(out, claims, strlen(claims)) &&
              add_signature(out, key, out->p + from, out->n - from);
    EVP_PKEY_free(key);
    if (!ok)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH,
                          "the private key does not sign");
    return SL_OK;
}

/* ---- files ---- */

static enum sl_code unreadable(struct sl_err *err, const char *path, const char *why)
{
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "the file %.200s %s",
                      path, why);
}

enum sl_code tk_read_file(const char *path, struct sl_secret **out, struct sl_err *err)
{
    char *text = sl_malloc(TK_MAX_SECRET + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = 0, got = 0;
    enum sl_code code = SL_OK;
    while (fd >= 0 && n <= TK_MAX_SECRET &&
           (got = read(fd, text + n, (size_t)(TK_MAX_SECRET + 1 - n))) > 0)
        n += got;
    if (fd < 0 || got < 0)
        code = unreadable(err, path, strerror(errno));
    else if (n > TK_MAX_SECRET)
        code = unreadable(err, path, "is longer than 64 KiB");
    while (n && strchr(" \t\r\n", text[n - 1]))
        n--;
    if (code == SL_OK && !n)
        code = unreadable(err, path, "is empty");
    if (code == SL_OK)
        *out = sl_secret_create(text, (size_t)n);
    if (fd >= 0)
        close(fd);
    sl_wipe(text, TK_MAX_SECRET + 1);
    sl_free(text);
    return code;
}

/* ---- time ---- */

/* Days since 1970-01-01 of a date in the Gregorian calendar (Howard Hinnant's days_from_civil). */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

bool tk_parse_time(const char *text, int64_t *ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    int64_t part[6] = {0};
    size_t n = 0;
    if (strnlen(text, sizeof(form)) < sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (digit != (form[i] == 'd') || (!digit && text[i] != form[i]))
            return false;
        if (digit)
            part[n] = part[n] * 10 + text[i] - '0';
        else
            n++;
    }
    const char *end = text + sizeof(form) - 1;
    if (*end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    if (strcmp(end, "Z") != 0 && strcmp(end, "+00:00") != 0)
        return false;
    *ms = (days_of(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5]) *
          1000;
    return part[0] >= 1970 && part[1] >= 1 && part[1] <= 12;
}
