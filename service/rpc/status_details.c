/* From a status to trailers. The details are made whole, then made smaller step by step until they fit; what is left at
 * the end (code, reason) always does. */
#include "rpc/status_details.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#define TYPE_URL "type.googleapis.com/"

enum { MAX_DETAILS = 4, MAX_VIOLATIONS = 32, MAX_METADATA = 16 };

/* What the details hold at the moment. */
struct content {
    const struct sl_status *status;
    struct sl_arena *arena;
    const char *message;
    size_t n_violations, n_metadata; /* metadata: pairs */
    size_t text_max;                 /* longest text of the extra message; SIZE_MAX: as they are */
    bool has_extra;
};

static int grpc_status(enum sl_code code)
{
    switch (code) {
#define GRPC_STATUS(name, number)                                                                  \
    case SL_##name:                                                                                \
        return number;
        SL_CODES(GRPC_STATUS)
#undef GRPC_STATUS
    }
    return SL_UNKNOWN;
}

/* A copy that gRPC and every protobuf library accept: valid UTF-8, printable, at most max bytes. */
static char *clean(struct sl_arena *arena, const char *text, size_t max)
{
    size_t n = text ? strnlen(text, max + 4) : 0; /* + 4: so that the cut sees what it cuts */
    bool is_valid = n == 0 || sl_utf8_check_text(text, n) == n;
    char *copy = sl_arena_zalloc(arena, (is_valid ? n : sl_utf8_repair_bound(n)) + 1);
    size_t length = n ? sl_utf8_repair(copy, text, n) : 0;
    if (length > max)
        length = sl_utf8_cut(copy, max);
    copy[length] = '\0';
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return copy;
}

/* ---- the extra message, with its texts cut ---- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcmp(s + n - m, end);
}

static bool is_set(const ProtobufCFieldDescriptor *field, const void *message)
{
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return true;
    uint32_t set;
    memcpy(&set, (const char *)message + field->quantifier_offset, sizeof(set));
    return set == field->id;
}

static ProtobufCMessage *cut_texts(const ProtobufCMessage *message, const struct content *c);

static void cut_field(const ProtobufCFieldDescriptor *field, ProtobufCMessage *copy,
                      const struct content *c)
{
    void *member = (char *)copy + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES ||
            field->type == PROTOBUF_C_TYPE_MESSAGE)
            memset((char *)copy + field->quantifier_offset, 0, sizeof(size_t));
    } else if (!is_set(field, copy)) {
        return;
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char **text = member;
        if (*text && strlen(*text) > c->text_max) /* half a document is worse than none */
            *text = ends_with(field->name, "_json") ? "" : clean(c->arena, *text, c->text_max);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        memset(member, 0, sizeof(ProtobufCBinaryData));
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **nested = member;
        if (*nested)
            *nested = cut_texts(*nested, c);
    }
}

static ProtobufCMessage *cut_texts(const ProtobufCMessage *message, const struct content *c)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    ProtobufCMessage *copy = sl_arena_zalloc(c->arena, type->sizeof_message);
    memcpy(copy, message, type->sizeof_message);
    for (unsigned i = 0; i < type->n_fields; i++)
        cut_field(&type->fields[i], copy, c);
    return copy;
}

/* ---- one detail each ---- */

static Google__Protobuf__Any *pack_any(struct sl_arena *arena, const ProtobufCMessage *message)
{
    Google__Protobuf__Any *any = SL_ARENA_NEW(arena, Google__Protobuf__Any);
    google__protobuf__any__init(any);
    any->type_url = sl_arena_printf(arena, TYPE_URL "%s", message->descriptor->name);
    any->value.len = protobuf_c_message_get_packed_size(message);
    any->value.data = sl_arena_zalloc(arena, any->value.len);
    protobuf_c_message_pack(message, any->value.data);
    return any;
}

static Google__Protobuf__Any *error_info(const struct content *c)
{
    const struct sl_status *s = c->status;
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason =
        (char *)(s->reason == SL_REASON_NONE ? sl_code_name(s->code) : sl_reason_name(s->reason));
    info.domain = (char *)"sluice";
    info.n_metadata = c->n_metadata;
    info.metadata = sl_arena_zalloc(c->arena, (c->n_metadata + 1) * sizeof(*info.metadata));
    for (size_t i = 0; i < c->n_metadata; i++) {
        Google__Rpc__ErrorInfo__MetadataEntry *entry =
            SL_ARENA_NEW(c->arena, Google__Rpc__ErrorInfo__MetadataEntry);
        google__rpc__error_info__metadata_entry__init(entry);
        entry->key = clean(c->arena, s->metadata[2 * i], 64);
        entry->value = clean(c->arena, s->metadata[2 * i + 1], SL_STATUS_MESSAGE_MAX);
        info.metadata[i] = entry;
    }
    return pack_any(c->arena, &info.base);
}

static Google__Protobuf__Any *retry_info(const struct content *c)
{
    int64_t ms = c->status->retry_delay_ms > 0 ? c->status->retry_delay_ms : 0;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    delay.seconds = ms / 1000;
    delay.nanos = (int32_t)(ms % 1000 * 1000000);
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
    info.retry_delay = &delay;
    return pack_any(c->arena, &info.base);
}

static Google__Protobuf__Any *bad_request(const struct content *c)
{
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    bad.n_field_violations = c->n_violations;
    bad.field_violations =
        sl_arena_zalloc(c->arena, c->n_violations * sizeof(*bad.field_violations));
    for (size_t i = 0; i < c->n_violations; i++) {
        Google__Rpc__BadRequest__FieldViolation *v =
            SL_ARENA_NEW(c->arena, Google__Rpc__BadRequest__FieldViolation);
        google__rpc__bad_request__field_violation__init(v);
        v->field = clean(c->arena, c->status->violations[i].field, 256);
        v->description =
            clean(c->arena, c->status->violations[i].description, SL_STATUS_MESSAGE_MAX);
        bad.field_violations[i] = v;
    }
    return pack_any(c->arena, &bad.base);
}

/* ---- all of it ---- */

/* False where it is too large. */
static bool pack_details(const struct content *c, struct sl_status_trailers *out)
{
    Google__Protobuf__Any *details[MAX_DETAILS];
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    status.code = out->grpc_status;
    status.message = (char *)c->message;
    status.details = details;
    details[status.n_details++] = error_info(c);
    if (c->status->has_retry_delay)
        details[status.n_details++] = retry_info(c);
    if (c->n_violations)
        details[status.n_details++] = bad_request(c);
    if (c->has_extra && c->text_max == SIZE_MAX)
        details[status.n_details++] = pack_any(c->arena, c->status->detail);
    else if (c->has_extra)
        details[status.n_details++] = pack_any(c->arena, cut_texts(c->status->detail, c));
    size_t n = google__rpc__status__get_packed_size(&status);
    if (n > SL_STATUS_DETAILS_MAX)
        return false;
    uint8_t *packed = sl_arena_zalloc(c->arena, n);
    google__rpc__status__pack(&status, packed);
    out->details = packed;
    out->n_details = n;
    return true;
}

/* Takes away what is missed least. */
static void shrink(struct content *c)
{
    if (c->has_extra && c->text_max > 0)
        c->text_max = c->text_max > 256 ? 256 : c->text_max > 64 ? 64 : 0;
    else if (c->message[0])
        c->message = ""; /* grpc-message has it as well */
    else if (c->n_violations > 8)
        c->n_violations -= c->n_violations / 4;
    else if (c->n_violations > 1)
        c->n_violations--;
    else if (c->n_metadata)
        c->n_metadata--;
    else if (c->has_extra)
        c->has_extra = false;
    else
        c->n_violations = 0;
}

void sl_status_trailers(const struct sl_status *status, struct sl_arena *arena,
                        struct sl_status_trailers *out)
{
    *out = (struct sl_status_trailers){.grpc_status = grpc_status(status->code), .message = ""};
    if (status->code == SL_OK)
        return;
    out->message = clean(arena, status->message, SL_STATUS_MESSAGE_MAX);
    if (status->no_retry)
        out->retry_pushback = "-1";
    else if (status->has_retry_delay)
        out->retry_pushback = sl_arena_printf(
            arena, "%" PRId64, status->retry_delay_ms > 0 ? status->retry_delay_ms : 0);
    struct content c = {
        .status = status,
        .arena = arena,
        .message = out->message,
        .n_violations =
            status->n_violations < MAX_VIOLATIONS ? status->n_violations : MAX_VIOLATIONS,
        .text_max = SIZE_MAX,
        .has_extra = status->detail != NULL,
    };
    while (status->metadata && c.n_metadata < MAX_METADATA && status->metadata[2 * c.n_metadata])
        c.n_metadata++;
    while (!pack_details(&c, out))
        shrink(&c);
}
