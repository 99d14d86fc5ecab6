/* The conversation of a Messages request. What the API wants of it, and how it comes about:
 *
 * - System prompts stand outside, in `system`. Later ones are put there too, which is what
 *   Anthropic's own OpenAI endpoint does ("OpenAI SDK compatibility": hoisted and concatenated).
 * - Two roles that take turns: messages of one side in a row become one turn, tools included.
 * - Tool results come first in their turn ("Handle tool calls": tool_result blocks first, text
 *   after all of them).
 * - No text of nothing or of white space only: such a text is left out, and a turn without
 *   anything else with it.
 * - An answer that the model goes on from does not end in white space ("Prefill Claude's
 *   response"). */
#include "adapters/anthropic/internal.h"

static bool is_system(const Sluice__V1__Message *m)
{
    return m->role == SLUICE__V1__ROLE__ROLE_SYSTEM || m->role == SLUICE__V1__ROLE__ROLE_DEVELOPER;
}

static bool is_assistant(const Sluice__V1__Message *m)
{
    return m->role == SLUICE__V1__ROLE__ROLE_ASSISTANT;
}

static enum sl_code check_name(struct am_build *b, size_t index)
{
    if (!b->request->messages[index]->name[0])
        return SL_OK;
    return sl_unsupported(b->in, b->err, am_field(b, "messages[%zu].name", index),
                          "%s knows no names of participants", b->d->title);
}

/* A user's part whose state is a block of the API's (an object with a type) stands for that block:
 * search_result, container_upload, a document of blocks. NULL: it is none. */
static const char *block_of(struct am_build *b, const Sluice__V1__Part *part)
{
    const Sluice__V1__ProviderState *state = part->provider_state;

    if (!state || strcmp(state->provider, b->d->kind) != 0)
        return NULL;
    const char *json =
        sl_arena_strndup(b->in->arena, (const char *)state->data.data, state->data.len);
    return am_json_ends_with(b, json, "type", "") ? json : NULL;
}

static enum sl_code put_block(struct am_build *b, const char *json, const Sluice__V1__Part *part,
                              struct am_place at)
{
    enum sl_code code;

    am_open_turn(b, AM_TURN_USER);
    sl_jw_object(&b->w);
    sl_jw_members(&b->w, json, strlen(json));
    code = am_put_cache(b, part->cache_hint, am_part_field(b, at, ".cache_hint"));
    sl_jw_object_end(&b->w);
    return code;
}

/* What comes with answers says nothing elsewhere. */
static void check_given_back(struct am_build *b, const Sluice__V1__Part *part, struct am_place at)
{
    if (part->provider_state)
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", am_part_field(b, at, ".provider_state"),
                "%s keeps no state of a user's part", b->d->title);
    if (part->n_citations)
        sl_warn(b->in->warnings, "CITATIONS_DROPPED", am_part_field(b, at, ".citations"),
                "%s takes no citations from a user", b->d->title);
}

/* ---- turns ---- */

static void close_turn(struct am_build *b)
{
    if (b->turn == AM_TURN_NONE)
        return;
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
    b->turn = AM_TURN_NONE;
}

void am_open_turn(struct am_build *b, enum am_turn turn)
{
    if (b->turn == turn)
        return;
    close_turn(b);
    b->turn = turn;
    sl_jw_object(&b->w);
    am_put_string(b, "role", turn == AM_TURN_USER ? "user" : "assistant");
    sl_jw_key(&b->w, "content");
    sl_jw_array(&b->w);
}

/* ---- system ---- */

static enum sl_code put_text(struct am_build *b, const Sluice__V1__Part *part, struct am_place at)
{
    enum sl_code code;

    am_begin(b, "text");
    am_put_string(b, "text", part->text);
    code = am_put_cache(b, part->cache_hint, am_part_field(b, at, ".cache_hint"));
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_system_parts(struct am_build *b, size_t index, bool *begun)
{
    const Sluice__V1__Message *m = b->request->messages[index];
    struct am_place at = {index, 0};
    enum sl_code code = check_name(b, index);

    for (; at.part < m->n_parts && code == SL_OK; at.part++) {
        const Sluice__V1__Part *part = m->parts[at.part];
        check_given_back(b, part, at);
        if (part->content_case != SLUICE__V1__PART__CONTENT_TEXT) {
            code = am_unsupported_part(b, at, "part but text in system messages");
            continue;
        }
        if (am_is_blank(part->text))
            continue;
        if (!*begun) {
            sl_jw_key(&b->w, "system");
            sl_jw_array(&b->w);
            *begun = true;
        }
        code = put_text(b, part, at);
    }
    return code;
}

static enum sl_code put_system(struct am_build *b)
{
    bool begun = false, late = false;
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++) {
        if (!is_system(b->request->messages[i])) {
            late = true;
            continue;
        }
        if (late)
            code = sl_unsupported(b->in, b->err, am_field(b, "messages[%zu].role", i),
                                  "%s has system prompts at the beginning only; it was put there",
                                  b->d->title);
        if (code == SL_OK)
            code = put_system_parts(b, i, &begun);
    }
    if (begun)
        sl_jw_array_end(&b->w);
    return code;
}

/* ---- user and tool ---- */

static enum sl_code put_user_part(struct am_build *b, const Sluice__V1__Part *part,
                                  struct am_place at)
{
    const char *block = block_of(b, part);

    if (block)
        return put_block(b, block, part, at);
    check_given_back(b, part, at);
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        if (am_is_blank(part->text))
            return SL_OK;
        am_open_turn(b, AM_TURN_USER);
        return put_text(b, part, at);
    case SLUICE__V1__PART__CONTENT_IMAGE:
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        return am_put_media(b, part, at);
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return am_unsupported_part(b, at, "sound");
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return am_unsupported_part(b, at, "video");
    default:
        return am_unsupported_part(b, at, "such a part");
    }
}

/* The tool results of a message, or everything else of it. */
static enum sl_code put_user_message(struct am_build *b, size_t index, bool results)
{
    const Sluice__V1__Message *m = b->request->messages[index];
    struct am_place at = {index, 0};
    enum sl_code code = results ? check_name(b, index) : SL_OK;

    for (; at.part < m->n_parts && code == SL_OK; at.part++) {
        const Sluice__V1__Part *part = m->parts[at.part];
        bool is_result = part->content_case == SLUICE__V1__PART__CONTENT_TOOL_RESULT;
        if (is_result && results)
            check_given_back(b, part, at);
        if (is_result && results)
            code = am_put_tool_result(b, part, at);
        else if (!is_result && !results)
            code = put_user_part(b, part, at);
    }
    return code;
}

/* The messages [from, to) of one side, system messages between them left out. */
static enum sl_code put_user_turn(struct am_build *b, size_t from, size_t to)
{
    enum sl_code code = SL_OK;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = from; i < to && code == SL_OK; i++)
            if (!is_system(b->request->messages[i]))
                code = put_user_message(b, i, pass == 0);
    return code;
}

static enum sl_code put_assistant_message(struct am_build *b, size_t index)
{
    const Sluice__V1__Message *m = b->request->messages[index];
    struct am_place at = {index, 0};
    enum sl_code code = check_name(b, index);

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = am_put_assistant_part(b, m->parts[at.part], at);
    return code;
}

/* ---- the whole ---- */

static size_t end_of_side(const struct am_build *b, size_t from)
{
    size_t to = from + 1;

    while (to < b->request->n_messages && !is_assistant(b->request->messages[to]))
        to++;
    return to;
}

/* The text at the very end, where it is the model's own. */
static void find_prefill(struct am_build *b)
{
    for (size_t i = b->request->n_messages; i-- > 0;) {
        const Sluice__V1__Message *m = b->request->messages[i];
        if (is_system(m))
            continue;
        const Sluice__V1__Part *last = m->n_parts ? m->parts[m->n_parts - 1] : NULL;
        if (is_assistant(m) && last && last->content_case == SLUICE__V1__PART__CONTENT_TEXT)
            b->prefill = last;
        return;
    }
}

static enum sl_code put_messages(struct am_build *b)
{
    enum sl_code code = SL_OK;
    bool any = false;

    sl_jw_key(&b->w, "messages");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK;) {
        size_t to = is_assistant(b->request->messages[i]) ? i + 1 : end_of_side(b, i);
        code = to == i + 1 && is_assistant(b->request->messages[i]) ? put_assistant_message(b, i)
                                                                    : put_user_turn(b, i, to);
        any = any || b->turn != AM_TURN_NONE;
        i = to;
    }
    close_turn(b);
    sl_jw_array_end(&b->w);
    if (code == SL_OK && !any)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "messages",
                            "%s needs a message of the user's that is not empty", b->d->title);
    return code;
}

enum sl_code am_build_conversation(struct am_build *b)
{
    enum sl_code code = put_system(b);

    find_prefill(b);
    return code == SL_OK ? put_messages(b) : code;
}
