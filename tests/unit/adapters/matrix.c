/* See matrix.h. */
#include "matrix.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- descriptors ---- */

static bool is_message(const ProtobufCFieldDescriptor *f)
{
    return f->type == PROTOBUF_C_TYPE_MESSAGE;
}

static bool is_in_oneof(const ProtobufCFieldDescriptor *f)
{
    return (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* The next field of the oneof behind `after` (NULL: the first); a field that is alone in its own is `optional` only. */
static const ProtobufCFieldDescriptor *next_choice(const ProtobufCMessageDescriptor *d,
                                                   const ProtobufCFieldDescriptor *after)
{
    for (unsigned i = after ? (unsigned)(after - d->fields) + 1 : 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        unsigned same = 0;
        for (unsigned k = 0; k < d->n_fields; k++)
            same += is_in_oneof(&d->fields[k]) &&
                    d->fields[k].quantifier_offset == f->quantifier_offset;
        if (is_in_oneof(f) && same > 1)
            return f;
    }
    return NULL;
}

static bool is_choice(const ProtobufCMessageDescriptor *d, const ProtobufCFieldDescriptor *f)
{
    const ProtobufCFieldDescriptor *c = next_choice(d, NULL);
    return c && is_in_oneof(f) && c->quantifier_offset == f->quantifier_offset;
}

/* ---- the walk ---- */

struct walk {
    void (*visit)(void *owner, const struct matrix_path *path);
    void *owner;
    struct matrix_path path;
};

static void walk_message(struct walk *w, const ProtobufCMessageDescriptor *d);

static void walk_field(struct walk *w, const ProtobufCFieldDescriptor *f,
                       const ProtobufCFieldDescriptor *choice)
{
    w->path.step[w->path.n++] = (struct matrix_step){f, choice};
    w->visit(w->owner, &w->path);
    if (is_message(f) && w->path.n < MATRIX_DEPTH)
        walk_message(w, f->descriptor);
    w->path.n--;
}

static void walk_message(struct walk *w, const ProtobufCMessageDescriptor *d)
{
    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        const ProtobufCFieldDescriptor *choice = is_choice(d, f) ? NULL : next_choice(d, NULL);
        do {
            walk_field(w, f, choice);
            choice = choice ? next_choice(d, choice) : NULL;
        } while (choice);
    }
}

void matrix_walk(void (*visit)(void *owner, const struct matrix_path *path), void *owner)
{
    struct walk w = {.visit = visit, .owner = owner};
    walk_message(&w, &sluice__v1__complete_request__descriptor);
}

static const ProtobufCFieldDescriptor *leaf_of(const struct matrix_path *path)
{
    return path->step[path->n - 1].field;
}

bool matrix_is_of_message(const struct matrix_path *path)
{
    return path->n > 1 && !strcmp(path->step[0].field->name, "messages");
}

/* ---- names ---- */

void matrix_field(const struct matrix_path *path, size_t index, char name[static MATRIX_NAME])
{
    size_t n = 0;

    name[0] = '\0';
    for (size_t i = 0; i < path->n; i++) {
        const ProtobufCFieldDescriptor *f = path->step[i].field;
        n += (size_t)snprintf(name + n, MATRIX_NAME - n, "%s%s", i ? "." : "", f->name);
        if (f->label == PROTOBUF_C_LABEL_REPEATED)
            n += (size_t)snprintf(name + n, MATRIX_NAME - n, "[%zu]", i ? 0 : index);
    }
}

void matrix_name(const struct matrix_path *path, char name[static MATRIX_NAME])
{
    size_t n = 0;

    name[0] = '\0';
    for (size_t i = 0; i < path->n; i++)
        n += (size_t)snprintf(name + n, MATRIX_NAME - n, "%s%s%s%s", i ? "." : "",
                              path->step[i].field->name, path->step[i].choice ? "|" : "",
                              path->step[i].choice ? path->step[i].choice->name : "");
}

/* ---- values ---- */

/* Strings that have to have a form, by message (NULL: any) and field. The second value is another of the same kind. */
static const struct {
    const char *message, *field, *values[MATRIX_VALUES];
} words[] = {
    {"Image", "media_type", {"image/png", "image/jpeg"}},
    {"Document", "media_type", {"application/pdf", "text/plain"}},
    {"Audio", "media_type", {"audio/wav", "audio/mpeg"}},
    {"Video", "media_type", {"video/mp4", "video/webm"}},
    {"Image", "detail", {"low", "high"}},
    {"ReasoningOptions", "summary", {"auto", "detailed"}},
    {"ProviderTool", "configuration_json", {"{\"limit\":1}", "{\"limit\":2}"}},
    {"ResponseFormat",
     "schema_json",
     {"{\"type\":\"object\"}", "{\"type\":\"object\",\"title\":\"T\"}"}},
    {"FunctionTool",
     "parameters_json",
     {"{\"type\":\"object\"}", "{\"type\":\"object\",\"title\":\"T\"}"}},
    {"CompleteRequest", "provider_options_json", {"{\"own_option\":1}", "{\"own_option\":2}"}},
    {"ToolChoice", "allowed", {"f", "g"}},
    {"ToolChoice", "name", {"f", "g"}},
    {NULL, "url", {"https://example.com/one", "https://example.com/two"}},
};

/* Numbers that a provider may have bounds for. */
static const struct {
    const char *field;
    int values[MATRIX_VALUES];
} numbers[] = {
    {"ttl_seconds", {300, 3600}},
    {"budget_tokens", {2048, 4096}},
    {"max_output_tokens", {5000, 6000}},
    {"top_logprobs", {3, 4}},
};

/* The forms of what a field's surroundings, or an opaque field itself, may hold. */
static const char *const tool_kinds[MATRIX_FLAVOURS] = {"web_search", "google_search",
                                                        "web_search_20250305", "telegraph"};
static const char *const states[MATRIX_FLAVOURS] = {
    "opaque", "{\"id\":\"other\"}", "[{\"type\":\"reasoning.text\",\"text\":\"Hm\"}]", "c2lnbg=="};

static bool is_json(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && !strcmp(name + n - 5, "_json");
}

static const char *string_value(const ProtobufCMessageDescriptor *d,
                                const ProtobufCFieldDescriptor *f, int value)
{
    static const char *const any[MATRIX_VALUES] = {"first", "second"};
    static const char *const json[MATRIX_VALUES] = {"{\"k\":1}", "{\"k\":2}"};

    for (size_t i = 0; i < SL_ARRAY_LEN(words); i++)
        if (!strcmp(words[i].field, f->name) &&
            (!words[i].message || !strcmp(words[i].message, d->short_name)))
            return words[i].values[value - 1];
    return is_json(f->name) ? json[value - 1] : any[value - 1];
}

static int int_value(const ProtobufCFieldDescriptor *f, int value)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(numbers); i++)
        if (!strcmp(numbers[i].field, f->name))
            return numbers[i].values[value - 1];
    return 6 + value;
}

int matrix_values(const struct matrix_path *path)
{
    const ProtobufCFieldDescriptor *f = leaf_of(path);

    if (f->type == PROTOBUF_C_TYPE_ENUM)
        return (int)((const ProtobufCEnumDescriptor *)f->descriptor)->n_values - 1;
    return is_message(f) || (f->type == PROTOBUF_C_TYPE_BOOL && !is_in_oneof(f)) ? 1
                                                                                 : MATRIX_VALUES;
}

int matrix_flavours(const struct matrix_path *path)
{
    for (size_t i = 0; i < path->n; i++) {
        const ProtobufCFieldDescriptor *f = path->step[i].field;
        if (is_message(f) && (f->descriptor == &sluice__v1__provider_tool__descriptor ||
                              f->descriptor == &sluice__v1__provider_state__descriptor ||
                              f->descriptor == &sluice__v1__provider_tool_call__descriptor))
            return MATRIX_FLAVOURS;
    }
    return 1;
}

/* ---- a request ---- */

struct fill {
    struct sl_arena *arena;
    const struct matrix_case *c;
};

static void *member(ProtobufCMessage *m, size_t offset)
{
    return (char *)m + offset;
}

/* Puts one value into a field: *value is of the field's C type. */
static void put(struct fill *fill, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                const void *value, size_t size)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        void *list = sl_arena_zalloc(fill->arena, size);
        memcpy(list, value, size);
        memcpy(member(m, f->offset), &list, sizeof(list));
        *(size_t *)member(m, f->quantifier_offset) = 1;
        return;
    }
    memcpy(member(m, f->offset), value, size);
    if (is_in_oneof(f))
        *(uint32_t *)member(m, f->quantifier_offset) = f->id;
}

static void put_string(struct fill *fill, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                       const char *text)
{
    ProtobufCBinaryData bytes = {strlen(text), (uint8_t *)sl_arena_strdup(fill->arena, text)};
    char *string = (char *)bytes.data;

    if (f->type == PROTOBUF_C_TYPE_BYTES)
        put(fill, m, f, &bytes, sizeof(bytes));
    else
        put(fill, m, f, &string, sizeof(string));
}

static void put_number(struct fill *fill, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                       int value)
{
    int32_t i32 = int_value(f, value);
    int64_t i64 = i32;
    double real = value == 1 ? 0.5 : 0.25;
    protobuf_c_boolean yes = value == 1;

    if (f->type == PROTOBUF_C_TYPE_DOUBLE)
        put(fill, m, f, &real, sizeof(real));
    else if (f->type == PROTOBUF_C_TYPE_BOOL)
        put(fill, m, f, &yes, sizeof(yes));
    else if (f->type == PROTOBUF_C_TYPE_INT64)
        put(fill, m, f, &i64, sizeof(i64));
    else
        put(fill, m, f, &i32, sizeof(i32));
}

static ProtobufCMessage *new_message(struct fill *fill, const ProtobufCMessageDescriptor *d)
{
    ProtobufCMessage *m = sl_arena_zalloc(fill->arena, d->sizeof_message);
    d->message_init(m);
    return m;
}

static void put_message(struct fill *fill, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                        ProtobufCMessage *child)
{
    put(fill, m, f, &child, sizeof(child));
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *d,
                                                const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(d, name);
}

/* What a message cannot be without, but for its oneof. */
static const struct {
    const char *message, *field, *value;
} required[] = {
    {"ToolCall", "id", "c1"},
    {"ToolCall", "name", "f"},
    {"ToolResult", "tool_call_id", "c1"},
    {"ProviderToolCall", "id", "s1"},
    {"ProviderToolCall", "input_json", "{}"},
    {"ProviderToolResult", "id", "s1"},
    {"ProviderToolResult", "kind", "web_search"},
    {"ProviderToolResult", "output_json", "{}"},
    {"Reasoning", "text", "Hm"},
    {"FunctionTool", "name", "f"},
    {"CustomTool", "name", "f"},
    {"Image", "media_type", "image/png"},
    {"Document", "media_type", "application/pdf"},
    {"Audio", "media_type", "audio/wav"},
    {"Video", "media_type", "video/mp4"},
    {"ProviderState", "data", "opaque"},
    {"Citation", "url", "https://example.com/"},
};

static ProtobufCMessage *minimal(struct fill *fill, const ProtobufCMessageDescriptor *d,
                                 const ProtobufCFieldDescriptor *choice);

static void put_choice(struct fill *fill, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    if (is_message(f))
        put_message(fill, m, f, minimal(fill, f->descriptor, NULL));
    else
        put_string(fill, m, f, string_value(m->descriptor, f, 1));
}

/* A media type is required with data only; elsewhere it would say something of its own. */
static bool is_needed(const char *field, const ProtobufCFieldDescriptor *choice)
{
    return strcmp(field, "media_type") != 0 || (choice && !strcmp(choice->name, "data"));
}

/* A message with what it cannot be without; choice is what its oneof holds, NULL the first. */
static ProtobufCMessage *minimal(struct fill *fill, const ProtobufCMessageDescriptor *d,
                                 const ProtobufCFieldDescriptor *choice)
{
    ProtobufCMessage *m = new_message(fill, d);

    choice = choice ? choice : next_choice(d, NULL);
    for (size_t i = 0; i < SL_ARRAY_LEN(required); i++)
        if (!strcmp(required[i].message, d->short_name) && is_needed(required[i].field, choice))
            put_string(fill, m, field_of(d, required[i].field), required[i].value);
    if (choice)
        put_choice(fill, m, choice);
    if (d == &sluice__v1__provider_tool__descriptor ||
        d == &sluice__v1__provider_tool_call__descriptor)
        put_string(fill, m, field_of(d, "kind"), tool_kinds[fill->c->flavour]);
    if (d == &sluice__v1__provider_state__descriptor) {
        put_string(fill, m, field_of(d, "provider"), fill->c->provider);
        put_string(fill, m, field_of(d, "data"), states[fill->c->flavour]);
    }
    if (d == &sluice__v1__message__descriptor)
        ((Sluice__V1__Message *)m)->role = fill->c->role;
    return m;
}

/* The field at the path's end, or nothing for value 0. */
static void put_leaf(struct fill *fill, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    int value = fill->c->value;

    if (!value)
        return;
    if (is_message(f))
        put_message(fill, m, f, minimal(fill, f->descriptor, NULL));
    else if (f->type == PROTOBUF_C_TYPE_ENUM)
        put(fill, m, f, &((const ProtobufCEnumDescriptor *)f->descriptor)->values[value].value,
            sizeof(int));
    else if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES)
        put_string(fill, m, f, string_value(m->descriptor, f, value));
    else
        put_number(fill, m, f, value);
}

/* Empties what minimal() put there: the field itself is asked about. */
static void clear(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        *(size_t *)member(m, f->quantifier_offset) = 0;
    else if (is_in_oneof(f))
        *(uint32_t *)member(m, f->quantifier_offset) = 0;
    else if (f->type == PROTOBUF_C_TYPE_STRING)
        *(char **)member(m, f->offset) = (char *)(uintptr_t) "";
}

/* What stands beside the field so that it means something. */
static void put_surroundings(struct fill *fill, ProtobufCMessage *m,
                             const ProtobufCFieldDescriptor *f)
{
    const ProtobufCMessageDescriptor *d = m->descriptor;

    if (d == &sluice__v1__message__descriptor && strcmp(f->name, "parts") != 0) {
        const ProtobufCMessageDescriptor *part = &sluice__v1__part__descriptor;
        const char *kind = fill->c->role == SLUICE__V1__ROLE__ROLE_TOOL ? "tool_result" : "text";
        put_message(fill, m, field_of(d, "parts"), minimal(fill, part, field_of(part, kind)));
    }
    if (d == &sluice__v1__tool_choice__descriptor && !strcmp(f->name, "name"))
        ((Sluice__V1__ToolChoice *)m)->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
    if (d == &sluice__v1__response_format__descriptor && strcmp(f->name, "type") != 0) {
        ((Sluice__V1__ResponseFormat *)m)->type =
            SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
        put_string(fill, m, field_of(d, "schema_json"), "{\"type\":\"object\"}");
    }
}

/* A mode or type that needs more of its message. */
static void complete_enum(struct fill *fill, ProtobufCMessage *m)
{
    if (m->descriptor == &sluice__v1__tool_choice__descriptor &&
        ((Sluice__V1__ToolChoice *)m)->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL &&
        !((Sluice__V1__ToolChoice *)m)->name[0])
        put_string(fill, m, field_of(m->descriptor, "name"), "f");
    if (m->descriptor == &sluice__v1__response_format__descriptor &&
        ((Sluice__V1__ResponseFormat *)m)->type ==
            SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
        put_string(fill, m, field_of(m->descriptor, "schema_json"), "{\"type\":\"object\"}");
}

static ProtobufCMessage *fill_message(struct fill *fill, const ProtobufCMessageDescriptor *d,
                                      size_t at)
{
    const struct matrix_step *step = &fill->c->path->step[at];
    const ProtobufCFieldDescriptor *f = step->field;
    bool leaf = at + 1 == fill->c->path->n;
    ProtobufCMessage *m = minimal(fill, d,
                                  step->choice      ? step->choice
                                  : is_choice(d, f) ? f
                                                    : NULL);

    put_surroundings(fill, m, f);
    if (!leaf) {
        put_message(fill, m, f, fill_message(fill, f->descriptor, at + 1));
        return m;
    }
    clear(m, f);
    put_leaf(fill, m, f);
    if (f->type == PROTOBUF_C_TYPE_ENUM)
        complete_enum(fill, m);
    return m;
}

/* ---- the conversation around a message ---- */

static Sluice__V1__Message *message_of(struct fill *fill, Sluice__V1__Role role, const char *kind)
{
    const ProtobufCMessageDescriptor *part = &sluice__v1__part__descriptor;
    Sluice__V1__Message *m =
        (Sluice__V1__Message *)new_message(fill, &sluice__v1__message__descriptor);

    m->role = role;
    put_message(fill, &m->base, field_of(m->base.descriptor, "parts"),
                minimal(fill, part, field_of(part, kind)));
    return m;
}

/* A user's message has a text besides, so that it is not empty where the part is left out. */
static void add_text(struct fill *fill, Sluice__V1__Message *m)
{
    Sluice__V1__Message *more = message_of(fill, m->role, "text");
    Sluice__V1__Part **parts = sl_arena_zalloc(fill->arena, (m->n_parts + 1) * sizeof(parts[0]));

    if (m->n_parts)
        memcpy(parts, m->parts, m->n_parts * sizeof(parts[0]));
    parts[m->n_parts++] = more->parts[0];
    m->parts = parts;
}

static bool has_call(const Sluice__V1__Message *m)
{
    return m->n_parts && m->parts[0]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL;
}

/* A question before it, and behind it what it waits for. */
static void surround(struct fill *fill, Sluice__V1__CompleteRequest *r, Sluice__V1__Message *m,
                     size_t *index)
{
    const Sluice__V1__Role user = SLUICE__V1__ROLE__ROLE_USER;
    bool result = m->role == SLUICE__V1__ROLE__ROLE_TOOL;

    r->messages = sl_arena_zalloc(fill->arena, 4 * sizeof(r->messages[0]));
    r->n_messages = 0;
    if (m->role == SLUICE__V1__ROLE__ROLE_ASSISTANT || result)
        r->messages[r->n_messages++] = message_of(fill, user, "text");
    if (result)
        r->messages[r->n_messages++] =
            message_of(fill, SLUICE__V1__ROLE__ROLE_ASSISTANT, "tool_call");
    *index = r->n_messages;
    if (m->role == user && matrix_is_of_message(fill->c->path))
        add_text(fill, m);
    r->messages[r->n_messages++] = m;
    if (has_call(m))
        r->messages[r->n_messages++] = message_of(fill, SLUICE__V1__ROLE__ROLE_TOOL, "tool_result");
    else if (m->role != user && !result)
        r->messages[r->n_messages++] = message_of(fill, user, "text");
    if (has_call(m) && m->parts[0]->tool_call->id[0]) {
        Sluice__V1__ToolResult *answer = r->messages[r->n_messages - 1]->parts[0]->tool_result;
        answer->tool_call_id = m->parts[0]->tool_call->id;
    }
}

/* Tools that choices and calls speak of. */
static void offer_tools(struct fill *fill, Sluice__V1__CompleteRequest *r)
{
    const ProtobufCMessageDescriptor *d = &sluice__v1__tool__descriptor;

    r->tools = sl_arena_zalloc(fill->arena, 2 * sizeof(r->tools[0]));
    for (r->n_tools = 0; r->n_tools < 2; r->n_tools++)
        r->tools[r->n_tools] = (Sluice__V1__Tool *)minimal(fill, d, NULL);
    r->tools[1]->function->name = sl_arena_strdup(fill->arena, "g");
}

Sluice__V1__CompleteRequest *matrix_request(struct sl_arena *arena, const struct matrix_case *c,
                                            size_t *index)
{
    struct fill fill = {arena, c};
    const char *name = c->path->step[0].field->name;
    Sluice__V1__CompleteRequest *r = (Sluice__V1__CompleteRequest *)fill_message(
        &fill, &sluice__v1__complete_request__descriptor, 0);

    *index = 0;
    if (matrix_is_of_message(c->path))
        surround(&fill, r, r->messages[0], index);
    else if (strcmp(name, "messages") != 0)
        surround(&fill, r, message_of(&fill, SLUICE__V1__ROLE__ROLE_USER, "text"), index);
    if (!strcmp(name, "tool_choice") || !strcmp(name, "parallel_tool_calls"))
        offer_tools(&fill, r);
    return r;
}
