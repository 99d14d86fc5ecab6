/* Field masks, over protobuf-c's descriptors. */
#include "registry/manage/mask.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

static const ProtobufCFieldDescriptor *find(const ProtobufCMessageDescriptor *d, struct sl_str name,
                                            unsigned *index)
{
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (sl_str_eq(name, d->fields[i].name)) {
            *index = i;
            return &d->fields[i];
        }
    }
    return NULL;
}

static bool is_zero(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    const void *at = (const char *)m + f->offset;
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return !(*(const char *const *)at)[0];
    case PROTOBUF_C_TYPE_BYTES:
        return !((const ProtobufCBinaryData *)at)->len;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(const void *const *)at;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)at == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)at == 0;
    case PROTOBUF_C_TYPE_BOOL:
        return !*(const protobuf_c_boolean *)at;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return !*(const int64_t *)at;
    default:
        return !*(const int32_t *)at;
    }
}

static bool is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    const void *quantifier = (const char *)m + f->quantifier_offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier > 0;
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)quantifier == f->id;
    return !is_zero(m, f);
}

void sl_field_mask_of_set(const ProtobufCMessage *message, struct sl_field_mask *out)
{
    const ProtobufCMessageDescriptor *d = message->descriptor;
    assert(d->n_fields <= 64);
    *out = (struct sl_field_mask){.descriptor = d};
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (is_set(message, &d->fields[i]))
            out->fields |= (uint64_t)1 << i;
    }
}

static struct sl_str trim(struct sl_str s)
{
    for (; s.n && s.p[0] == ' '; s.p++)
        s.n--;
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

static void add(struct sl_field_mask *m, struct sl_str name, struct sl_violations *v)
{
    unsigned index = 0;
    if (sl_str_eq(name, "new_name"))
        m->renames = true;
    else if (find(m->descriptor, name, &index))
        m->fields |= (uint64_t)1 << index;
    else
        sl_violate(v, "update_mask", "names '%.*s', which is no field",
                   (int)(name.n < 64 ? name.n : 64), name.p);
}

void sl_field_mask_parse(const char *text, const ProtobufCMessage *message,
                         struct sl_field_mask *out, struct sl_violations *v)
{
    if (!*text) {
        sl_field_mask_of_set(message, out);
        return;
    }
    *out = (struct sl_field_mask){.descriptor = message->descriptor};
    while (*text) {
        size_t n = strcspn(text, ",");
        add(out, trim((struct sl_str){text, n}), v);
        text += n + (text[n] == ',');
    }
}

bool sl_field_mask_has(const struct sl_field_mask *m, const char *field)
{
    unsigned index = 0;
    const ProtobufCFieldDescriptor *f = find(m->descriptor, sl_str(field), &index);
    assert(f);
    return f && m->fields >> index & 1;
}
