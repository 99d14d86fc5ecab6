/* See conversation.h. */
#include "conversation.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

/* A session's text and files together. */
enum { CONVERSATION_MAX = 512 * 1024 * 1024 };

static void *arena_alloc(void *arena, size_t n)
{
    return sl_arena_try(arena, n);
}

static void arena_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

void conversation_init(struct conversation *c)
{
    *c = (struct conversation){0};
    sl_arena_init(&c->arena, CONVERSATION_MAX);
}

void conversation_fini(struct conversation *c)
{
    sl_arena_fini(&c->arena);
    sl_free(c->list);
    *c = (struct conversation){0};
}

void conversation_clear(struct conversation *c)
{
    char *system = c->system ? sl_strdup(c->system->parts[0]->text) : NULL;

    conversation_fini(c);
    conversation_init(c);
    if (system)
        conversation_set_system(c, system);
    sl_free(system);
}

static Sluice__V1__Message *new_message(struct conversation *c, Sluice__V1__Role role)
{
    Sluice__V1__Message *m = SL_ARENA_NEW(&c->arena, Sluice__V1__Message);

    sluice__v1__message__init(m);
    m->role = role;
    return m;
}

void conversation_append(struct conversation *c, Sluice__V1__Message *m)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 16;
        c->list = sl_realloc(c->list, c->cap * sizeof(Sluice__V1__Message *));
    }
    c->list[c->n++] = m;
}

void conversation_set_system(struct conversation *c, const char *text)
{
    c->system = NULL;
    if (!*text)
        return;
    c->system = new_message(c, SLUICE__V1__ROLE__ROLE_SYSTEM);
    message_add_text(c, c->system, text);
}

Sluice__V1__Message *conversation_add(struct conversation *c, Sluice__V1__Role role)
{
    Sluice__V1__Message *m = new_message(c, role);

    conversation_append(c, m);
    return m;
}

Sluice__V1__Message *conversation_add_text(struct conversation *c, Sluice__V1__Role role,
                                           const char *text)
{
    Sluice__V1__Message *m = conversation_add(c, role);

    message_add_text(c, m, text);
    return m;
}

bool conversation_add_copy(struct conversation *c, const Sluice__V1__Message *m)
{
    ProtobufCAllocator allocator = {
        .alloc = arena_alloc, .free = arena_free, .allocator_data = &c->arena};
    size_t n = sluice__v1__message__get_packed_size(m);
    uint8_t *packed = sl_arena_try(&c->arena, n ? n : 1);
    Sluice__V1__Message *copy;

    if (!packed)
        return false;
    sluice__v1__message__pack(m, packed);
    copy = sluice__v1__message__unpack(&allocator, n, packed);
    if (copy)
        conversation_append(c, copy);
    return copy;
}

void conversation_cut(struct conversation *c, size_t n)
{
    if (n < c->n)
        c->n = n;
}

void conversation_fill(struct conversation *c, Sluice__V1__CompleteRequest *request)
{
    size_t n = 0;

    request->messages = sl_arena_zalloc(&c->arena, (c->n + 1) * sizeof(Sluice__V1__Message *));
    if (c->system)
        request->messages[n++] = c->system;
    for (size_t i = 0; i < c->n; i++)
        request->messages[n++] = c->list[i];
    request->n_messages = n;
}

Sluice__V1__Part *message_add_part(struct conversation *c, Sluice__V1__Message *m)
{
    Sluice__V1__Part **parts =
        sl_arena_zalloc(&c->arena, (m->n_parts + 1) * sizeof(Sluice__V1__Part *));
    Sluice__V1__Part *part = SL_ARENA_NEW(&c->arena, Sluice__V1__Part);

    sluice__v1__part__init(part);
    if (m->n_parts)
        memcpy(parts, m->parts, m->n_parts * sizeof(Sluice__V1__Part *));
    parts[m->n_parts++] = part;
    m->parts = parts;
    return part;
}

void message_add_text(struct conversation *c, Sluice__V1__Message *m, const char *text)
{
    Sluice__V1__Part *part = message_add_part(c, m);

    part->content_case = SLUICE__V1__PART__CONTENT_TEXT;
    part->text = sl_arena_strdup(&c->arena, text);
}

void message_add_tool_result(struct conversation *c, Sluice__V1__Message *m,
                             const Sluice__V1__ToolCall *call, const char *text)
{
    Sluice__V1__Part *part = message_add_part(c, m);
    Sluice__V1__ToolResult *result = SL_ARENA_NEW(&c->arena, Sluice__V1__ToolResult);

    sluice__v1__tool_result__init(result);
    result->tool_call_id = sl_arena_strdup(&c->arena, call->id);
    result->name = sl_arena_strdup(&c->arena, call->name);
    if (*text) {
        Sluice__V1__ToolResultPart *piece = SL_ARENA_NEW(&c->arena, Sluice__V1__ToolResultPart);

        sluice__v1__tool_result_part__init(piece);
        piece->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
        piece->text = sl_arena_strdup(&c->arena, text);
        result->parts = sl_arena_zalloc(&c->arena, sizeof(Sluice__V1__ToolResultPart *));
        result->parts[result->n_parts++] = piece;
    }
    part->content_case = SLUICE__V1__PART__CONTENT_TOOL_RESULT;
    part->tool_result = result;
}
