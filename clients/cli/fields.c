/* Setting fields, over protobuf-c's descriptors. */
#include "fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

struct place {
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;
    const char *rest; /* after the field's name: ".key" of a map, "" */
    struct sl_arena *arena;
    struct sl_err *err;
};

static void *member(const struct place *p)
{
    return (char *)p->message + p->field->offset;
}

static void *quantifier(const struct place *p)
{
    return (char *)p->message + p->field->quantifier_offset;
}

static enum sl_code wrong(const struct place *p, const char *value, const char *what)
{
    return sl_err_set(p->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                      "%s is %s, not '%.64s'", p->field->name, what, value);
}

/* ---- values ---- */

static enum sl_code parse_bool(const struct place *p, const char *value, protobuf_c_boolean *out)
{
    if (!strcmp(value, "true") || !strcmp(value, "yes"))
        *out = 1;
    else if (!strcmp(value, "false") || !strcmp(value, "no"))
        *out = 0;
    else
        return wrong(p, value, "true or false");
    return SL_OK;
}

static enum sl_code parse_double(const struct place *p, const char *value, double *out)
{
    char *end = NULL;
    errno = 0;
    double v = strtod(value, &end);
    if (!*value || *end || errno)
        return wrong(p, value, "a number");
    *out = v;
    return SL_OK;
}

/* "NAME", or the end of it: "registry" for DEFAULT_SCOPE_REGISTRY. */
static enum sl_code parse_enum(const struct place *p, const char *value, int *out)
{
    const ProtobufCEnumDescriptor *d = p->field->descriptor;
    size_t n = strlen(value);
    for (unsigned i = 0; i < d->n_values; i++) {
        const char *name = d->values[i].name;
        size_t length = strlen(name);
        if (n && length >= n && !strcasecmp(name + length - n, value) &&
            (length == n || name[length - n - 1] == '_')) {
            *out = d->values[i].value;
            return SL_OK;
        }
    }
    return wrong(p, value, "one of the proto's values");
}

static enum sl_code parse_int(const struct place *p, const char *value, int64_t low, int64_t high,
                              int64_t *out)
{
    if (!sl_parse_i64(sl_str(value), out) || *out < low || *out > high)
        return wrong(p, value, "a whole number");
    return SL_OK;
}

static enum sl_code set_value(const struct place *p, const char *value, void *at)
{
    int64_t number = 0;
    enum sl_code code;
    switch (p->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = sl_arena_strdup(p->arena, value);
        return SL_OK;
    case PROTOBUF_C_TYPE_BOOL:
        return parse_bool(p, value, at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return parse_double(p, value, at);
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(p, value, at);
    case PROTOBUF_C_TYPE_INT32:
        code = parse_int(p, value, INT32_MIN, INT32_MAX, &number);
        if (code == SL_OK)
            *(int32_t *)at = (int32_t)number;
        return code;
    case PROTOBUF_C_TYPE_INT64:
        code = parse_int(p, value, INT64_MIN, INT64_MAX, &number);
        if (code == SL_OK)
            *(int64_t *)at = number;
        return code;
    default:
        return wrong(p, value, "not to be set like this");
    }
}

/* ---- lists and maps ---- */

static enum sl_code set_list(const struct place *p, const char *value)
{
    size_t n = *value ? 1 : 0, i = 0;
    for (const char *c = value; *c; c++)
        n += *c == ',';
    char **list = sl_arena_zalloc(p->arena, (n + 1) * sizeof(*list));
    for (const char *at = value; i < n; i++) {
        size_t length = strcspn(at, ",");
        list[i] = sl_arena_strndup(p->arena, at, length);
        at += length + (at[length] == ',');
    }
    *(char ***)member(p) = list;
    *(size_t *)quantifier(p) = n;
    return SL_OK;
}

/* A map's entry is a message with a key and a value. */
static enum sl_code add_entry(const struct place *p, const char *value)
{
    const ProtobufCMessageDescriptor *d = p->field->descriptor;
    size_t *n = quantifier(p);
    ProtobufCMessage **list = sl_arena_zalloc(p->arena, (*n + 1) * sizeof(*list));
    ProtobufCMessage *entry = sl_arena_zalloc(p->arena, d->sizeof_message);
    protobuf_c_message_init(d, entry);
    if (*n)
        memcpy(list, *(ProtobufCMessage ***)member(p), *n * sizeof(*list));
    void *key_at = (char *)entry + d->fields[0].offset;
    void *value_at = (char *)entry + d->fields[1].offset;
    *(char **)key_at = sl_arena_strdup(p->arena, p->rest + 1);
    *(char **)value_at = sl_arena_strdup(p->arena, value);
    list[*n] = entry;
    *(ProtobufCMessage ***)member(p) = list;
    ++*n;
    return SL_OK;
}

static bool is_map(const ProtobufCFieldDescriptor *f)
{
    const ProtobufCMessageDescriptor *d = f->descriptor;
    return f->type == PROTOBUF_C_TYPE_MESSAGE && f->label == PROTOBUF_C_LABEL_REPEATED &&
           d->n_fields == 2 && !strcmp(d->fields[0].name, "key") &&
           d->fields[1].type == PROTOBUF_C_TYPE_STRING;
}

static enum sl_code set_field(const struct place *p, const char *value)
{
    const ProtobufCFieldDescriptor *f = p->field;
    if (is_map(f) && *p->rest == '.')
        return add_entry(p, value);
    if (f->label == PROTOBUF_C_LABEL_REPEATED && f->type == PROTOBUF_C_TYPE_STRING && !*p->rest)
        return set_list(p, value);
    if (f->label == PROTOBUF_C_LABEL_REPEATED || *p->rest)
        return wrong(p, value, "not to be set like this");
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *)quantifier(p) = f->id;
    return set_value(p, value, member(p));
}

/* ---- finding ---- */

static const ProtobufCFieldDescriptor *find(const ProtobufCMessageDescriptor *d, const char *name,
                                            size_t n)
{
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (sl_str_eq((struct sl_str){name, n}, d->fields[i].name))
            return &d->fields[i];
    }
    return NULL;
}

static ProtobufCMessage *enter(const struct place *p)
{
    ProtobufCMessage **at = member(p);
    const ProtobufCMessageDescriptor *d = p->field->descriptor;
    if (!*at) {
        *at = sl_arena_zalloc(p->arena, d->sizeof_message);
        protobuf_c_message_init(d, *at);
    }
    return *at;
}

enum sl_code fields_set(ProtobufCMessage *message, const char *assignment, struct sl_arena *arena,
                        struct sl_err *err)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                          "'%.64s' is not of the form FIELD=VALUE", assignment);
    const char *path = sl_arena_strndup(arena, assignment, (size_t)(equals - assignment));
    struct place p = {.message = message, .rest = path, .arena = arena, .err = err};
    for (;;) {
        size_t n = strcspn(p.rest, ".");
        p.field = find(p.message->descriptor, p.rest, n);
        if (!p.field)
            return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                              "there is no field '%.64s'", path);
        p.rest += n;
        if (p.field->type != PROTOBUF_C_TYPE_MESSAGE ||
            p.field->label == PROTOBUF_C_LABEL_REPEATED || !*p.rest)
            return set_field(&p, equals + 1);
        p.message = enter(&p);
        p.rest++;
    }
}

const char *fields_mask(const char *mask, const char *assignment, struct sl_arena *arena)
{
    size_t n = strcspn(assignment, ".=");
    for (const char *at = mask; *at;) {
        size_t length = strcspn(at, ",");
        if (length == n && !strncmp(at, assignment, n))
            return mask;
        at += length + (at[length] == ',');
    }
    return sl_arena_printf(arena, "%s%s%.*s", mask, *mask ? "," : "", (int)n, assignment);
}
