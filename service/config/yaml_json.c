/* A YAML value as JSON text, for the documents that Sluice only carries. Numbers are copied as
 * they are written. */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "config/yaml.h"

/* Twice the longest file: only aliases of long texts pass it. */
enum { MAX_JSON = 2 * SL_YAML_MAX_BYTES };

static bool digits(const char **s)
{
    const char *from = *s;
    while (**s >= '0' && **s <= '9')
        (*s)++;
    return *s > from;
}

/* The grammar of RFC 8259, section 6. */
static bool is_number(const char *s)
{
    if (*s == '-')
        s++;
    if (*s == '0')
        s++;
    else if (!digits(&s))
        return false;
    if (*s == '.') {
        s++;
        if (!digits(&s))
            return false;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-')
            s++;
        if (!digits(&s))
            return false;
    }
    return *s == '\0';
}

static bool is_literal(const struct sl_yaml *node)
{
    return node->plain &&
           (!strcmp(node->text, "true") || !strcmp(node->text, "false") || is_number(node->text));
}

unsigned sl_yaml_unprintable(const char *s, size_t *length)
{
    const unsigned char *u = (const unsigned char *)s;
    *length = 1;
    if (u[0] < 0x20 || u[0] == 0x7f)
        return u[0];
    *length = 2;
    if (u[0] == 0xc2 && u[1] < 0xa0) /* U+0080 to U+009F */
        return u[1];
    *length = 3;
    if (u[0] == 0xe2 && u[1] == 0x80 && (u[2] | 1) == 0xa9)
        return u[2] == 0xa8 ? 0x2028 : 0x2029;
    if (u[0] == 0xef && u[1] == 0xbb && u[2] == 0xbf)
        return 0xfeff;
    if (u[0] == 0xef && u[1] == 0xbf && u[2] >= 0xbe)
        return u[2] == 0xbe ? 0xfffe : 0xffff;
    return 0;
}

static bool add_string(struct sl_buf *out, const char *s)
{
    bool ok = sl_buf_add_char(out, '"');
    while (ok && *s) {
        size_t n;
        unsigned code = sl_yaml_unprintable(s, &n);
        if (code) {
            ok = sl_buf_printf(out, "\\u%04x", code);
            s += n;
            continue;
        }
        if (*s == '"' || *s == '\\')
            ok = sl_buf_add_char(out, '\\');
        ok = ok && sl_buf_add_char(out, *s++);
    }
    return ok && sl_buf_add_char(out, '"');
}

static bool add_value(struct sl_buf *out, const struct sl_yaml *node)
{
    if (node->kind == SL_YAML_TEXT) {
        if (sl_yaml_is_null(node))
            return sl_buf_add_str(out, "null");
        return is_literal(node) ? sl_buf_add_str(out, node->text) : add_string(out, node->text);
    }
    bool map = node->kind == SL_YAML_MAP;
    bool ok = sl_buf_add_char(out, map ? '{' : '[');
    for (const struct sl_yaml_item *i = node->items; ok && i; i = i->next) {
        if (i != node->items)
            ok = sl_buf_add_char(out, ',');
        if (ok && map)
            ok = add_string(out, i->key->text) && sl_buf_add_char(out, ':');
        ok = ok && add_value(out, i->value);
    }
    return ok && sl_buf_add_char(out, map ? '}' : ']');
}

const char *sl_yaml_to_json(const struct sl_yaml *node, struct sl_arena *arena)
{
    struct sl_buf out;
    const char *text = NULL;
    sl_buf_init(&out, MAX_JSON);
    if (add_value(&out, node)) {
        char *copy = sl_arena_try(arena, out.n + 1);
        if (copy) {
            memcpy(copy, out.p, out.n + 1);
            text = copy;
        }
    }
    sl_buf_fini(&out);
    return text;
}
