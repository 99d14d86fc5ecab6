/* The pass over a request's bytes before protobuf-c sees them. It walks with a stack of its own, so that depth costs no
 * C stack, and keeps no path: where a field is bad, its place is found again from the stack, counting elements. */
#include "rpc/codec.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "rpc/wire.h"

/* A message that is open. */
struct frame {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *start;
    struct sl_wire in;
    const uint8_t *key;                    /* where the field under way begins */
    const ProtobufCFieldDescriptor *field; /* NULL: not known */
};

struct walk {
    struct frame frames[SL_WIRE_MAX_DEPTH];
    unsigned depth; /* open messages */
    size_t elements;
    struct sl_arena *arena;
    struct sl_wire_notes *notes;
    struct {
        const uint8_t *message;
        uint32_t field;
    } unknown[SL_WIRE_MAX_UNKNOWN]; /* what notes names already */
    struct sl_err *err;
};

static const uint8_t wire_types[] = {
    [PROTOBUF_C_TYPE_INT32] = SL_WIRE_VARINT,   [PROTOBUF_C_TYPE_SINT32] = SL_WIRE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED32] = SL_WIRE_32BIT, [PROTOBUF_C_TYPE_INT64] = SL_WIRE_VARINT,
    [PROTOBUF_C_TYPE_SINT64] = SL_WIRE_VARINT,  [PROTOBUF_C_TYPE_SFIXED64] = SL_WIRE_64BIT,
    [PROTOBUF_C_TYPE_UINT32] = SL_WIRE_VARINT,  [PROTOBUF_C_TYPE_FIXED32] = SL_WIRE_32BIT,
    [PROTOBUF_C_TYPE_UINT64] = SL_WIRE_VARINT,  [PROTOBUF_C_TYPE_FIXED64] = SL_WIRE_64BIT,
    [PROTOBUF_C_TYPE_FLOAT] = SL_WIRE_32BIT,    [PROTOBUF_C_TYPE_DOUBLE] = SL_WIRE_64BIT,
    [PROTOBUF_C_TYPE_BOOL] = SL_WIRE_VARINT,    [PROTOBUF_C_TYPE_ENUM] = SL_WIRE_VARINT,
    [PROTOBUF_C_TYPE_STRING] = SL_WIRE_BYTES,   [PROTOBUF_C_TYPE_BYTES] = SL_WIRE_BYTES,
    [PROTOBUF_C_TYPE_MESSAGE] = SL_WIRE_BYTES,
};

/* ---- places ---- */

enum { PATH_SIZE = 512 };

/* How many elements of the frame's field come before the one under way. The bytes before it were checked. */
static unsigned element_index(const struct frame *f)
{
    struct sl_wire in = {f->start, f->key};
    unsigned n = 0;
    uint32_t id;
    unsigned type;
    while (!sl_wire_at_end(&in) && sl_wire_key(&in, &id, &type) && sl_wire_skip(&in, type))
        n += id == f->field->id;
    return n;
}

static size_t append(char path[PATH_SIZE], size_t n, const char *text)
{
    int added = snprintf(path + n, PATH_SIZE - n, "%s", text);
    return n + (size_t)added < PATH_SIZE ? n + (size_t)added : PATH_SIZE - 1;
}

/* "messages[3].parts[0].text"; "" for the message itself. Returns its length. */
static size_t make_path(const struct walk *w, char path[PATH_SIZE])
{
    size_t n = 0;
    path[0] = '\0';
    for (unsigned i = 0; i < w->depth && w->frames[i].field; i++) {
        const struct frame *f = &w->frames[i];
        if (n)
            n = append(path, n, ".");
        n = append(path, n, f->field->name);
        bool counts = f->field->type == PROTOBUF_C_TYPE_MESSAGE ||
                      f->field->type == PROTOBUF_C_TYPE_STRING ||
                      f->field->type == PROTOBUF_C_TYPE_BYTES;
        if (f->field->label == PROTOBUF_C_LABEL_REPEATED && counts) {
            char index[16];
            snprintf(index, sizeof(index), "[%u]", element_index(f));
            n = append(path, n, index);
        }
    }
    return n;
}

/* what follows the field's name in a sentence. */
static bool fail(struct walk *w, const char *what)
{
    char path[PATH_SIZE];
    size_t n = make_path(w, path);
    sl_err_field(w->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_WIRE_FORMAT, path, "%s %s",
                 n ? path : "the message", what);
    return false;
}

static void note_unknown(struct walk *w, const struct frame *f, uint32_t id)
{
    struct sl_wire_notes *notes = w->notes;
    for (size_t i = 0; i < notes->n_unknown; i++)
        if (w->unknown[i].message == f->start && w->unknown[i].field == id)
            return;
    if (notes->n_unknown == SL_WIRE_MAX_UNKNOWN)
        return;
    char path[PATH_SIZE], number[16];
    size_t n = make_path(w, path);
    snprintf(number, sizeof(number), "%s#%u", n ? "." : "", (unsigned)id);
    n = append(path, n, number);
    w->unknown[notes->n_unknown].message = f->start;
    w->unknown[notes->n_unknown].field = id;
    notes->unknown[notes->n_unknown++] = sl_arena_strndup(w->arena, path, n);
}

/* ---- the walk ---- */

static bool count_elements(struct walk *w, size_t n)
{
    w->elements += n;
    return SL_LIKELY(w->elements <= SL_WIRE_MAX_ELEMENTS) ||
           fail(w, "is one element too many: a message may have 32768, nested ones included");
}

static bool open_message(struct walk *w, const ProtobufCMessageDescriptor *type, struct sl_str in)
{
    if (w->depth == SL_WIRE_MAX_DEPTH)
        return fail(w, "is nested too deep: 16 levels are allowed");
    const uint8_t *start = (const uint8_t *)in.p;
    w->frames[w->depth++] = (struct frame){
        .type = type,
        .start = start,
        .in = {start, start + in.n},
    };
    return true;
}

static bool check_text(struct walk *w, struct sl_str s)
{
    size_t bad = sl_utf8_check_text(s.p, s.n);
    if (SL_LIKELY(bad == s.n))
        return true;
    return fail(w, s.p[bad] ? "is not valid UTF-8" : "contains U+0000");
}

static bool check_packed(struct walk *w, struct frame *f)
{
    struct sl_str s;
    if (!sl_wire_bytes(&f->in, &s))
        return fail(w, "is longer than its message");
    unsigned type = wire_types[f->field->type];
    struct sl_wire in = {(const uint8_t *)s.p, (const uint8_t *)s.p + s.n};
    size_t n = 0;
    for (; !sl_wire_at_end(&in); n++)
        if (!sl_wire_skip(&in, type))
            return fail(w, "has a malformed packed value");
    return count_elements(w, n);
}

static bool check_unknown(struct walk *w, struct frame *f, uint32_t id, unsigned type)
{
    if (type == SL_WIRE_GROUP_START || type == SL_WIRE_GROUP_END)
        return fail(w, "contains a group, which proto3 does not have");
    if (!sl_wire_skip(&f->in, type))
        return fail(w, "contains a malformed field");
    note_unknown(w, f, id);
    return count_elements(w, 1);
}

static bool check_bytes(struct walk *w, struct frame *f)
{
    struct sl_str s;
    if (!sl_wire_bytes(&f->in, &s))
        return fail(w, "is longer than its message");
    if (f->field->type == PROTOBUF_C_TYPE_STRING)
        return check_text(w, s);
    if (f->field->type == PROTOBUF_C_TYPE_MESSAGE)
        return open_message(w, f->field->descriptor, s);
    return true;
}

static bool check_field(struct walk *w, struct frame *f)
{
    const ProtobufCFieldDescriptor *before = f->field;
    uint32_t id;
    unsigned type;
    f->key = f->in.p;
    f->field = NULL;
    if (!sl_wire_key(&f->in, &id, &type))
        return fail(w, "contains a malformed field key");
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(f->type, id);
    if (SL_UNLIKELY(!field))
        return check_unknown(w, f, id, type);
    f->field = field;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (SL_UNLIKELY(type != wire_types[field->type])) {
        if (repeated && type == SL_WIRE_BYTES)
            return check_packed(w, f);
        return fail(w, "has the wire type of another kind of field");
    }
    /* a single field may stand in a message again and again: it costs memory all the same */
    bool is_element = repeated || field->type == PROTOBUF_C_TYPE_MESSAGE || field <= before;
    if (is_element && !count_elements(w, 1))
        return false;
    if (type == SL_WIRE_BYTES)
        return check_bytes(w, f);
    return sl_wire_skip(&f->in, type) || fail(w, "has a malformed value");
}

enum sl_code sl_wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t n,
                           struct sl_arena *arena, struct sl_wire_notes *notes, struct sl_err *err)
{
    struct walk w;
    w.depth = 0;
    w.elements = 0;
    w.arena = arena;
    w.notes = notes;
    w.err = err;
    notes->n_unknown = 0;
    if (!n)
        return SL_OK;
    bool good = open_message(&w, type, (struct sl_str){(const char *)p, n});
    while (good && w.depth) {
        struct frame *f = &w.frames[w.depth - 1];
        if (sl_wire_at_end(&f->in))
            w.depth--;
        else
            good = check_field(&w, f);
    }
    return good ? SL_OK : err->code;
}

/* ---- unpacking ---- */

struct room {
    struct sl_arena *arena;
    bool is_full;
};

static void *room_alloc(void *data, size_t n)
{
    struct room *room = data;
    void *p = sl_arena_try(room->arena, n ? n : 1);
    if (!p)
        room->is_full = true;
    return p;
}

static void room_free(void *data, void *p)
{
    (void)data;
    (void)p; /* the arena frees everything at once */
}

enum sl_code sl_wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t n,
                            struct sl_arena *arena, struct sl_wire_notes *notes,
                            ProtobufCMessage **out, struct sl_err *err)
{
    static const uint8_t nothing[1];
    enum sl_code code = sl_wire_check(type, p, n, arena, notes, err);
    if (code != SL_OK)
        return code;
    struct room room = {.arena = arena};
    ProtobufCAllocator allocator = {room_alloc, room_free, &room};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, n, n ? p : nothing);
    if (!message && room.is_full)
        return sl_err_set(err, SL_RESOURCE_EXHAUSTED, SL_REASON_MESSAGE_TOO_LARGE,
                          "the message takes more memory than a request may");
    if (!message)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_WIRE_FORMAT,
                          "the message is not a valid %s", type->name);
    *out = message;
    return SL_OK;
}
