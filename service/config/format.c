/* The inverse of apply.c, one type at a time. What may hold a secret is masked here, so that no
 * caller can forget it: user and password in URLs, and literal values of headers that carry
 * credentials. */
#include "config/format.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "config/config.h"
#include "config/value.h"
#include "config/yaml.h"

static bool is_plain(const char *s)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "~"};
    bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '/';
    for (size_t i = 0; i < SL_ARRAY_LEN(words); i++) {
        if (!strcasecmp(s, words[i]))
            return false;
    }
    return letter && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "._/@+-") == strlen(s);
}

void sl_format_text(const char *text, FILE *to)
{
    if (is_plain(text)) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    while (*text) {
        size_t n;
        unsigned code = sl_yaml_unprintable(text, &n);
        if (code) {
            fprintf(to, "\\u%04x", code);
            text += n;
            continue;
        }
        if (*text == '"' || *text == '\\')
            fputc('\\', to);
        fputc(*text++, to);
    }
    fputc('"', to);
}

static bool is_reference(const char *text)
{
    return sl_starts_with(text, "env:") || sl_starts_with(text, "file:");
}

/* The '@' behind a user's name or password; NULL where there is none. One in the path counts too, where what stands before
 * the path is not HOST or HOST:PORT: a password may hold '/'. */
static const char *end_of_user(const char *from)
{
    size_t n = strcspn(from, "/?#");
    const char *colon = memchr(from, ':', n);
    bool is_host = !memchr(from, '@', n) &&
                   (from[0] == '[' || !colon ||
                    strspn(colon + 1, "0123456789") == (size_t)(from + n - colon - 1));
    return is_host ? NULL : strrchr(from, '@');
}

/* Text with what stands between "://" and '@' masked. */
static void print_masked_url(const char *text, FILE *to)
{
    const char *from = strstr(text, "://");
    const char *at = from ? end_of_user(from + 3) : NULL;
    if (!at || strlen(text) > 1024) {
        sl_format_text(at ? "***" : text, to);
        return;
    }
    char masked[1100];
    snprintf(masked, sizeof(masked), "%.*s***%s", (int)(from + 3 - text), text, at);
    sl_format_text(masked, to);
}

static bool contains(const char *name, const char *part)
{
    size_t n = strlen(part);
    for (; *name; name++) {
        if (!strncasecmp(name, part, n))
            return true;
    }
    return false;
}

static bool carries_credentials(const char *header)
{
    static const char *const parts[] = {"auth", "key",       "token",      "cookie", "secret",
                                        "pass", "signature", "credential", "session"};
    for (size_t i = 0; i < SL_ARRAY_LEN(parts); i++) {
        if (contains(header, parts[i]))
            return true;
    }
    return false;
}

static void print_texts(const struct sl_config_strings *list, FILE *to)
{
    fputc('[', to);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i ? ", " : "", to);
        sl_format_text(list->list[i], to);
    }
    fputc(']', to);
}

static void print_pairs(const struct sl_setting *row, const struct sl_config_pairs *pairs, FILE *to)
{
    bool headers = !strcmp(row->key, "headers");
    fputc('{', to);
    for (size_t i = 0; i < pairs->count; i++) {
        const char *value = pairs->list[i].value;
        bool hidden = headers && !is_reference(value) && carries_credentials(pairs->list[i].key);
        fputs(i ? ", " : "", to);
        sl_format_text(pairs->list[i].key, to);
        fputs(": ", to);
        sl_format_text(hidden ? "***" : value, to);
    }
    fputc('}', to);
}

static void print_whole(const struct sl_setting *row, int64_t v, FILE *to)
{
    char text[40];
    if (row->special && v == -1)
        sl_copy(text, sizeof(text), row->special);
    else if (row->type == SL_SET_DURATION)
        sl_value_print_duration(text, sizeof(text), v);
    else if (row->type == SL_SET_SIZE)
        sl_value_print_size(text, sizeof(text), v);
    else if (row->type == SL_SET_PRICE)
        sl_value_print_price(text, sizeof(text), v);
    else
        snprintf(text, sizeof(text), "%" PRId64, v);
    fputs(text, to);
}

/* Six decimals, as the parser takes them, without the zeros at the end and whatever the locale's
 * point. */
static void print_number(double v, FILE *to)
{
    char text[40];
    int64_t millionths = (int64_t)(v * 1e6 + (v < 0 ? -0.5 : 0.5));
    sl_value_print_price(text, sizeof(text), millionths < 0 ? -millionths : millionths);
    fprintf(to, "%s%s", millionths < 0 ? "-" : "", text);
}

static void print_text(const struct sl_setting *row, const char *text, FILE *to)
{
    if (row->type == SL_SET_JSON)
        fputs(text, to);
    else if (strstr(row->key, "proxy") || strstr(row->key, "url"))
        print_masked_url(text, to);
    else
        sl_format_text(text, to);
}

bool sl_format_is_set(const struct sl_setting *row, const void *base)
{
    const void *at = sl_settings_peek(base, row->offset);
    switch (row->type) {
    case SL_SET_TEXT:
    case SL_SET_REFERENCE:
    case SL_SET_CHOICE:
    case SL_SET_JSON:
        return **(const char *const *)at != '\0';
    case SL_SET_MAYBE:
        return *(const int8_t *)at >= 0;
    case SL_SET_PRICE:
        return *(const int64_t *)at >= 0;
    case SL_SET_DURATION:
        return *(const int64_t *)at >= 0 || !row->shown;
    case SL_SET_NUMBER:
        return *(const bool *)sl_settings_peek(base, row->other_offset);
    case SL_SET_PAIRS:
        return ((const struct sl_config_pairs *)at)->count > 0;
    case SL_SET_TABLE:
        return false;
    default:
        return true;
    }
}

void sl_format_value(const struct sl_setting *row, const void *base, FILE *to)
{
    const void *at = sl_settings_peek(base, row->offset);
    switch (row->type) {
    case SL_SET_TEXTS:
        print_texts(at, to);
        break;
    case SL_SET_PAIRS:
        print_pairs(row, at, to);
        break;
    case SL_SET_BOOL:
        fputs(*(const bool *)at ? "true" : "false", to);
        break;
    case SL_SET_MAYBE:
        fputs(*(const int8_t *)at ? "true" : "false", to);
        break;
    case SL_SET_NUMBER:
        print_number(*(const double *)at, to);
        break;
    case SL_SET_INT:
    case SL_SET_SIZE:
    case SL_SET_DURATION:
    case SL_SET_PRICE:
        print_whole(row, *(const int64_t *)at, to);
        break;
    case SL_SET_TABLE:
        break;
    default:
        print_text(row, *(const char *const *)at, to);
    }
}

const char *sl_format_type(const struct sl_setting *row)
{
    switch (row->type) {
    case SL_SET_TEXT:
        return "TEXT";
    case SL_SET_REFERENCE:
        return "REFERENCE";
    case SL_SET_TEXTS:
        return "LIST";
    case SL_SET_PAIRS:
    case SL_SET_JSON:
        return "MAPPING";
    case SL_SET_BOOL:
    case SL_SET_MAYBE:
        return "true|false";
    case SL_SET_INT:
    case SL_SET_NUMBER:
        return "NUMBER";
    case SL_SET_SIZE:
        return "SIZE";
    case SL_SET_DURATION:
        return "DURATION";
    case SL_SET_PRICE:
        return "DOLLARS";
    case SL_SET_CHOICE:
        return row->words;
    case SL_SET_TABLE:
        return "LIST OF MAPPINGS";
    }
    return "";
}

const char *sl_format_default(const struct sl_setting *row)
{
    if (row->shown)
        return row->shown;
    if (row->preset)
        return row->preset;
    return row->type == SL_SET_BOOL ? "false" : "";
}
