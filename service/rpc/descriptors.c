/* Looks things up in the embedded descriptor set without unpacking it: a set is a few dozen KB and the question rare, so
 * a walk that enters only scopes whose name fits costs microseconds, and no memory. Field numbers are those of
 * google/protobuf/descriptor.proto. The bytes are our own build's; the readers are safe on any. */
#include "rpc/descriptors.h"

#include "rpc/wire.h"

enum { SET_FILE = 1 };
enum {
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    FILE_EXTENSION = 7,
};
enum {
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    MESSAGE_EXTENSION = 6,
    MESSAGE_ONEOF = 8,
};
enum { ANY_NAME = 1, ENUM_VALUE = 2, SERVICE_METHOD = 2 };

static struct sl_wire wire_of(struct sl_str bytes)
{
    return (struct sl_wire){(const uint8_t *)bytes.p, (const uint8_t *)bytes.p + bytes.n};
}

/* The next field that holds bytes; others are stepped over. */
static bool next_bytes(struct sl_wire *in, uint32_t *id, struct sl_str *value)
{
    unsigned type;
    while (!sl_wire_at_end(in) && sl_wire_key(in, id, &type)) {
        if (type == SL_WIRE_BYTES)
            return sl_wire_bytes(in, value);
        if (!sl_wire_skip(in, type))
            return false;
    }
    return false;
}

static struct sl_str get_bytes(struct sl_str message, uint32_t wanted)
{
    struct sl_wire in = wire_of(message);
    struct sl_str value;
    for (uint32_t id; next_bytes(&in, &id, &value);)
        if (id == wanted)
            return value;
    return (struct sl_str){NULL, 0};
}

static bool equals(struct sl_str a, struct sl_str b)
{
    return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n));
}

static bool is_named(struct sl_str message, struct sl_str name)
{
    return equals(get_bytes(message, ANY_NAME), name);
}

/* Whether rest is scope, or starts with "scope."; then what follows is left in *below (n 0: nothing). */
static bool enters(struct sl_str rest, struct sl_str scope, struct sl_str *below)
{
    if (!scope.n || rest.n < scope.n || memcmp(rest.p, scope.p, scope.n) != 0)
        return false;
    *below = (struct sl_str){rest.p + scope.n, rest.n - scope.n};
    if (!below->n)
        return true;
    if (below->p[0] != '.')
        return false;
    below->p++;
    below->n--;
    return below->n > 0;
}

static bool in_enum(struct sl_str bytes, struct sl_str rest)
{
    struct sl_wire in = wire_of(bytes);
    struct sl_str value;
    for (uint32_t id; next_bytes(&in, &id, &value);)
        if (id == ENUM_VALUE && is_named(value, rest))
            return true;
    return is_named(bytes, rest);
}

static bool in_service(struct sl_str bytes, struct sl_str rest)
{
    struct sl_str below, value;
    if (!enters(rest, get_bytes(bytes, ANY_NAME), &below))
        return false;
    if (!below.n)
        return true;
    struct sl_wire in = wire_of(bytes);
    for (uint32_t id; next_bytes(&in, &id, &value);)
        if (id == SERVICE_METHOD && is_named(value, below))
            return true;
    return false;
}

/* rest may begin with the message's name. Recursion ends with the name. */
static enum sl_symbol_kind in_message(struct sl_str bytes, struct sl_str rest)
{
    struct sl_str below, value;
    if (!enters(rest, get_bytes(bytes, ANY_NAME), &below))
        return SL_SYMBOL_NONE;
    if (!below.n)
        return SL_SYMBOL_MESSAGE;
    struct sl_wire in = wire_of(bytes);
    enum sl_symbol_kind kind = SL_SYMBOL_NONE;
    for (uint32_t id; kind == SL_SYMBOL_NONE && next_bytes(&in, &id, &value);) {
        if (id == MESSAGE_NESTED)
            kind = in_message(value, below);
        else if (id == MESSAGE_ENUM && in_enum(value, below))
            kind = SL_SYMBOL_OTHER;
        else if ((id == MESSAGE_FIELD || id == MESSAGE_EXTENSION || id == MESSAGE_ONEOF) &&
                 is_named(value, below))
            kind = SL_SYMBOL_OTHER;
    }
    return kind;
}

static enum sl_symbol_kind in_file(struct sl_str bytes, struct sl_str rest)
{
    struct sl_str package = get_bytes(bytes, FILE_PACKAGE), value;
    if (package.n && (!enters(rest, package, &rest) || !rest.n))
        return SL_SYMBOL_NONE;
    struct sl_wire in = wire_of(bytes);
    enum sl_symbol_kind kind = SL_SYMBOL_NONE;
    for (uint32_t id; kind == SL_SYMBOL_NONE && next_bytes(&in, &id, &value);) {
        if (id == FILE_MESSAGE)
            kind = in_message(value, rest);
        else if ((id == FILE_ENUM && in_enum(value, rest)) ||
                 (id == FILE_SERVICE && in_service(value, rest)) ||
                 (id == FILE_EXTENSION && is_named(value, rest)))
            kind = SL_SYMBOL_OTHER;
    }
    return kind;
}

bool sl_descriptor_next_file(struct sl_str *file)
{
    struct sl_wire in = {sl_descriptor_set, sl_descriptor_set + sl_descriptor_set_size};
    if (file->p)
        in.p = (const uint8_t *)file->p + file->n;
    for (uint32_t id; next_bytes(&in, &id, file);)
        if (id == SET_FILE)
            return true;
    return false;
}

struct sl_str sl_descriptor_file(struct sl_str name)
{
    for (struct sl_str file = {NULL, 0}; sl_descriptor_next_file(&file);)
        if (equals(get_bytes(file, FILE_NAME), name))
            return file;
    return (struct sl_str){NULL, 0};
}

struct sl_str sl_descriptor_symbol(struct sl_str name, enum sl_symbol_kind *kind)
{
    for (struct sl_str file = {NULL, 0}; sl_descriptor_next_file(&file);) {
        *kind = in_file(file, name);
        if (*kind != SL_SYMBOL_NONE)
            return file;
    }
    *kind = SL_SYMBOL_NONE;
    return (struct sl_str){NULL, 0};
}

static bool contains(const struct sl_str *files, size_t n, struct sl_str file)
{
    for (size_t i = 0; i < n; i++)
        if (files[i].p == file.p)
            return true;
    return false;
}

size_t sl_descriptor_closure(struct sl_str file, struct sl_str *files, size_t max)
{
    size_t n = 0;
    if (max)
        files[n++] = file;
    for (size_t done = 0; done < n; done++) {
        struct sl_wire in = wire_of(files[done]);
        struct sl_str value;
        for (uint32_t id; next_bytes(&in, &id, &value);) {
            if (id != FILE_DEPENDENCY)
                continue;
            struct sl_str wanted = sl_descriptor_file(value);
            if (wanted.n && n < max && !contains(files, n, wanted))
                files[n++] = wanted;
        }
    }
    return n;
}
