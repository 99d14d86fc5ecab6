/* See json_print.h. */
#include "json_print.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "sluice/v1/completion.pb-c.h"

static bool print_fields(struct sl_buf *out, const ProtobufCMessage *message, bool first);

/* ---- scalars ---- */

static bool add_escaped(struct sl_buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        return sl_buf_add_str(out, "\\\"");
    case '\\':
        return sl_buf_add_str(out, "\\\\");
    case '\n':
        return sl_buf_add_str(out, "\\n");
    case '\r':
        return sl_buf_add_str(out, "\\r");
    case '\t':
        return sl_buf_add_str(out, "\\t");
    default:
        return sl_buf_printf(out, "\\u%04x", c);
    }
}

/* s is well-formed UTF-8. */
static bool print_valid_string(struct sl_buf *out, const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n, *plain = p;
    bool ok = sl_buf_add_char(out, '"');

    while (ok && p < end) {
        bool c1 = *p == 0xc2 && p[1] < 0xa0;

        if (*p >= 0x20 && *p != '"' && *p != '\\' && *p != 0x7f && !c1) {
            p++;
            continue;
        }
        ok = sl_buf_add(out, plain, (size_t)(p - plain)) && add_escaped(out, c1 ? p[1] : *p);
        p += c1 ? 2 : 1;
        plain = p;
    }
    return ok && sl_buf_add(out, plain, (size_t)(p - plain)) && sl_buf_add_char(out, '"');
}

bool json_print_string(struct sl_buf *out, const char *s, size_t n)
{
    char *repaired;
    bool ok;

    if (sl_utf8_valid(s, n))
        return print_valid_string(out, s, n);
    repaired = sl_malloc(sl_utf8_repair_bound(n));
    ok = print_valid_string(out, repaired, sl_utf8_repair(repaired, s, n));
    sl_free(repaired);
    return ok;
}

static bool print_base64(struct sl_buf *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *dst = sl_buf_room(out, (n + 2) / 3 * 4 + 2);
    char *start = dst;

    if (!dst)
        return false;
    *dst++ = '"';
    for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);

        *dst++ = digits[v >> 18];
        *dst++ = digits[v >> 12 & 63];
        *dst++ = n > 1 ? digits[v >> 6 & 63] : '=';
        *dst++ = n > 2 ? digits[v & 63] : '=';
    }
    *dst++ = '"';
    *dst = 0;
    out->n += (size_t)(dst - start);
    return true;
}

/* The shortest text that reads back as the same number; from is the least count of digits worth trying. */
static bool print_number(struct sl_buf *out, double v, int from, int to)
{
    char text[40];

    if (isnan(v))
        return sl_buf_add_str(out, "\"NaN\"");
    if (isinf(v))
        return sl_buf_add_str(out, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    for (int digits = from; digits <= to; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (to <= 9 ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
            break;
    }
    return sl_buf_add_str(out, text);
}

static bool print_enum(struct sl_buf *out, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);

    return row ? sl_buf_printf(out, "\"%s\"", row->name) : sl_buf_printf(out, "%d", value);
}

/* ---- values ---- */

static bool print_value(struct sl_buf *out, const ProtobufCFieldDescriptor *field,
                        const void *value)
{
    const ProtobufCBinaryData *bytes = value;
    const char *text;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return sl_buf_printf(out, "%" PRId32, *(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return sl_buf_printf(out, "%" PRIu32, *(const uint32_t *)value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return sl_buf_printf(out, "\"%" PRId64 "\"", *(const int64_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sl_buf_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
    case PROTOBUF_C_TYPE_FLOAT:
        return print_number(out, (double)*(const float *)value, 6, 9);
    case PROTOBUF_C_TYPE_DOUBLE:
        return print_number(out, *(const double *)value, 15, 17);
    case PROTOBUF_C_TYPE_BOOL:
        return sl_buf_add_str(out, *(const protobuf_c_boolean *)value ? "true" : "false");
    case PROTOBUF_C_TYPE_ENUM:
        return print_enum(out, field->descriptor, *(const int *)value);
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *)value;
        return json_print_string(out, text ? text : "", text ? strlen(text) : 0);
    case PROTOBUF_C_TYPE_BYTES:
        return print_base64(out, bytes->data, bytes->len);
    case PROTOBUF_C_TYPE_MESSAGE:
        return json_print_message(out, *(ProtobufCMessage *const *)value);
    }
    return false;
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

static const void *member_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->offset;
}

/* Presence, or the count of a repeated field; see ProtobufCFieldDescriptor. */
static const void *quantifier_of(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->quantifier_offset;
}

/* Whether a field is printed: set, or (proto3, no presence) not at its default. */
static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *member = member_of(message, field), *quantifier = quantifier_of(message, field);
    const char *text;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier > 0;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)quantifier == field->id;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)member != NULL;
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *)member;
        return text && *text;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len > 0;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)member != 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)member != 0;
    default:
        return memcmp(member, &(uint64_t){0}, size_of(field->type)) != 0;
    }
}

/* protoc's rule for lowerCamelCase JSON names; upper: for the name of a map entry's message. */
static void camel_case(char *dst, size_t size, const char *name, bool upper)
{
    size_t n = 0;

    for (; *name && n + 1 < size; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        dst[n++] = upper ? (char)toupper((unsigned char)*name) : *name;
        upper = false;
    }
    dst[n] = 0;
}

/* protobuf-c does not say which fields are maps; protoc gives their entries this name and no one else may take it. */
static bool is_map(const ProtobufCMessageDescriptor *parent, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    char name[128], expected[256];

    if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE ||
        entry->n_fields != 2)
        return false;
    camel_case(name, sizeof(name), field->name, true);
    snprintf(expected, sizeof(expected), "%s.%sEntry", parent->name, name);
    return !strcmp(entry->name, expected);
}

static bool print_map_entry(struct sl_buf *out, const ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0],
                                   *value = &entry->descriptor->fields[1];
    bool bare = key->type != PROTOBUF_C_TYPE_STRING && size_of(key->type) != 8;

    return (!bare || sl_buf_add_char(out, '"')) && print_value(out, key, member_of(entry, key)) &&
           (!bare || sl_buf_add_char(out, '"')) && sl_buf_add_char(out, ':') &&
           print_value(out, value, member_of(entry, value));
}

static bool print_repeated(struct sl_buf *out, const ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field)
{
    size_t n = *(const size_t *)quantifier_of(message, field);
    const char *element = *(char *const *)member_of(message, field);
    bool map = is_map(message->descriptor, field);
    bool ok = sl_buf_add_char(out, map ? '{' : '[');

    for (size_t i = 0; ok && i < n; i++, element += size_of(field->type)) {
        if (i)
            ok = sl_buf_add_char(out, ',');
        if (map)
            ok = ok && print_map_entry(out, *(ProtobufCMessage *const *)(const void *)element);
        else
            ok = ok && print_value(out, field, element);
    }
    return ok && sl_buf_add_char(out, map ? '}' : ']');
}

/* ---- messages ---- */

static bool print_fields(struct sl_buf *out, const ProtobufCMessage *message, bool first)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    char name[128];

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool ok;

        if (!is_present(message, field))
            continue;
        camel_case(name, sizeof(name), field->name, false);
        ok = sl_buf_printf(out, "%s\"%s\":", first ? "" : ",", name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            ok = ok && print_repeated(out, message, field);
        else
            ok = ok && print_value(out, field, member_of(message, field));
        if (!ok)
            return false;
        first = false;
    }
    return true;
}

const ProtobufCMessageDescriptor *json_any_type(const char *type_url)
{
    static const ProtobufCMessageDescriptor *const known[] = {
        &google__rpc__error_info__descriptor,    &google__rpc__retry_info__descriptor,
        &google__rpc__quota_failure__descriptor, &google__rpc__bad_request__descriptor,
        &sluice__v1__failure_info__descriptor,
    };
    const char *slash = type_url ? strrchr(type_url, '/') : NULL;

    for (size_t i = 0; slash && i < SL_ARRAY_LEN(known); i++) {
        if (!strcmp(slash + 1, known[i]->name))
            return known[i];
    }
    return NULL;
}

static bool print_any(struct sl_buf *out, const Google__Protobuf__Any *any)
{
    const ProtobufCMessageDescriptor *type = json_any_type(any->type_url);
    const char *url = any->type_url ? any->type_url : "";
    ProtobufCMessage *inner = NULL;
    bool ok = sl_buf_add_str(out, "{\"@type\":") && json_print_string(out, url, strlen(url));

    if (type)
        inner = protobuf_c_message_unpack(type, NULL, any->value.len, any->value.data);
    if (inner)
        ok = ok && print_fields(out, inner, false);
    else if (any->value.len)
        ok = ok && sl_buf_add_str(out, ",\"value\":") &&
             print_base64(out, any->value.data, any->value.len);
    if (inner)
        protobuf_c_message_free_unpacked(inner, NULL);
    return ok && sl_buf_add_char(out, '}');
}

static bool print_duration(struct sl_buf *out, const Google__Protobuf__Duration *d)
{
    const char *sign = d->seconds < 0 || d->nanos < 0 ? "-" : "";
    uint64_t seconds = d->seconds < 0 ? 0 - (uint64_t)d->seconds : (uint64_t)d->seconds;
    int32_t nanos = d->nanos < 0 && d->nanos > INT32_MIN ? -d->nanos : d->nanos;

    if (!nanos)
        return sl_buf_printf(out, "\"%s%" PRIu64 "s\"", sign, seconds);
    if (nanos % 1000000 == 0)
        return sl_buf_printf(out, "\"%s%" PRIu64 ".%03" PRId32 "s\"", sign, seconds,
                             nanos / 1000000);
    return sl_buf_printf(out, "\"%s%" PRIu64 ".%09" PRId32 "s\"", sign, seconds, nanos);
}

bool json_print_message(struct sl_buf *out, const ProtobufCMessage *message)
{
    if (!message)
        return sl_buf_add_str(out, "{}");
    if (message->descriptor == &google__protobuf__any__descriptor)
        return print_any(out, (const Google__Protobuf__Any *)message);
    if (message->descriptor == &google__protobuf__duration__descriptor)
        return print_duration(out, (const Google__Protobuf__Duration *)message);
    return sl_buf_add_char(out, '{') && print_fields(out, message, true) &&
           sl_buf_add_char(out, '}');
}
