/* Secrets in one type, wiped when the last reference goes, and the scrubber for texts that others
 * wrote. */
#include "base/secret.h"

#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

struct sl_secret {
    atomic_uint refs;
    size_t n;
    char bytes[]; /* and a NUL */
};

struct sl_secret *sl_secret_create(const char *p, size_t n)
{
    struct sl_secret *s = sl_malloc(sizeof(*s) + n + 1);
    atomic_init(&s->refs, 1);
    s->n = n;
    if (n)
        memcpy(s->bytes, p, n);
    s->bytes[n] = '\0';
    return s;
}

struct sl_secret *sl_secret_ref(struct sl_secret *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void sl_secret_unref(struct sl_secret *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    sl_wipe(s, sizeof(*s) + s->n + 1);
    sl_free(s);
}

const char *sl_secret_reveal(const struct sl_secret *s)
{
    return s ? s->bytes : NULL;
}

size_t sl_secret_length(const struct sl_secret *s)
{
    return s ? s->n : 0;
}

/* What a key looks like: a prefix at the start of a word, then at least `least` of the key's
 * characters. The prefix stays, so that the reader sees which kind of key it was. */
struct shape {
    const char *prefix;
    const char *more; /* allowed besides letters and digits */
    size_t least;
};

static const struct shape shapes[] = {
    {"sk-", "-_", 6},   {"sl_", "-_", 8},     {"AIza", "-_", 8},  {"ya29.", "-_.", 8},
    {"gsk_", "-_", 6},  {"hf_", "-_", 6},     {"xai-", "-_", 6},  {"AKIA", "", 12},
    {"ASIA", "", 12},   {"eyJ", "-_.", 16},   {"r8_", "-_", 8},   {"nvapi-", "-_", 8},
    {"pplx-", "-_", 8}, {"ABSK", "+/=", 16},  {"ghp_", "", 8},    {"csk-", "-_", 8},
    {"fw_", "-_", 8},   {"tgp_v1_", "-_", 8}, {"jina_", "-_", 8}, {"bedrock-api-key-", "+/=-_", 16},
};

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static size_t span(const char *p, const char *more)
{
    size_t n = 0;
    while (p[n] && ((is_word(p[n]) && p[n] != '_') || strchr(more, p[n])))
        n++;
    return n;
}

/* "Bearer" in any case, white space, then one token (RFC 6750, b64token). Returns the bytes up to
 * its end. */
static size_t scrub_bearer(char *p)
{
    size_t n = 6 + strspn(p + 6, " \t");
    size_t token = n == 6 ? 0 : span(p + n, "-._~+/=*");
    memset(p + n, '*', token);
    return n + token;
}

/* At the start of a word; returns the bytes dealt with, 0 where no key begins here. */
static size_t scrub_word(char *p)
{
    if (strncasecmp(p, "bearer", 6) == 0 && !is_word(p[6]))
        return scrub_bearer(p);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *s = &shapes[i];
        size_t prefix = strlen(s->prefix);
        if (strncmp(p, s->prefix, prefix) != 0)
            continue;
        size_t n = span(p + prefix, s->more);
        if (n < s->least)
            continue;
        memset(p + prefix, '*', n);
        return prefix + n;
    }
    return 0;
}

static void scrub_known(char *text, const struct sl_secret *known)
{
    if (!known || known->n == 0)
        return;
    for (char *at = text; (at = strstr(at, known->bytes)); at += known->n)
        memset(at, '*', known->n);
}

void sl_scrub(char *text, const struct sl_secret *known)
{
    scrub_known(text, known);
    bool inside_word = false;
    for (char *p = text; *p;) {
        size_t done = inside_word ? 0 : scrub_word(p);
        if (done) {
            p += done;
            inside_word = true;
            continue;
        }
        inside_word = is_word(*p);
        p++;
    }
}
