/* Earlier answers in a Responses request: each becomes the output items that it was. Successive
 * parts with the same state of this provider were one item and become one again; without such a
 * state, texts become a message and calls become calls.
 *
 * Sources: OpenAI's API reference, "Input item list" (output message, function tool call,
 * reasoning, ...) and the guide "Reasoning models": items are given back as they came. Recorded:
 * messages and calls are taken without an id, too. */
#include "adapters/responses/internal.h"

#include <string.h>

static bool is_same(struct sl_str a, struct sl_str b)
{
    return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

/* ---- messages ---- */

/* The members that a state adds to an item, of those that it may have. */
static bool put_from_state(struct rs_build *b, struct sl_str state, const char *const *keys)
{
    struct sl_json_parser parser;
    struct sl_json j;
    struct sl_err ignored = {0};
    bool has_id = false;
    char *copy = sl_arena_strndup(b->b.in->arena, state.p ? state.p : "", state.n);

    sl_json_parser_init(&parser);
    if (state.n && sl_json_parse(&parser, copy, state.n, &j, &ignored) == SL_OK)
        for (; *keys; keys++) {
            int value = sl_json_member(&j, SL_JSON_ROOT, *keys);
            if (sl_json_type(&j, value) != SL_JSON_STRING)
                continue;
            has_id = has_id || !strcmp(*keys, "id");
            struct sl_str raw = sl_json_raw(&j, value);
            sl_jw_key(&b->b.w, *keys);
            sl_jw_raw(&b->b.w, raw.p, raw.n);
        }
    sl_json_parser_fini(&parser);
    return has_id;
}

static void put_annotations(struct rs_build *b, const Sluice__V1__Part *part)
{
    sl_jw_key(&b->b.w, "annotations");
    sl_jw_array(&b->b.w);
    for (size_t i = 0; i < part->n_citations; i++) {
        struct sl_err ignored = {0};
        const char *json = part->citations[i]->provider_json;
        if (json[0] && sl_json_check(json, strlen(json), SL_JSON_OBJECT, &ignored))
            sl_jw_raw(&b->b.w, json, strlen(json));
    }
    sl_jw_array_end(&b->b.w);
}

static void put_content_part(struct rs_build *b, const Sluice__V1__Part *part, bool has_id)
{
    if (part->content_case == SLUICE__V1__PART__CONTENT_REFUSAL) {
        sl_jw_object(&b->b.w);
        cc_put_string(&b->b, "type", "refusal");
        cc_put_string(&b->b, "refusal", part->refusal);
        sl_jw_object_end(&b->b.w);
        return;
    }
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", "output_text");
    cc_put_string(&b->b, "text", part->text);
    if (has_id)
        put_annotations(b, part);
    sl_jw_object_end(&b->b.w);
}

static void put_message(struct rs_build *b, Sluice__V1__Part **parts, size_t n, struct sl_str state)
{
    static const char *const keys[] = {"id", "status", "phase", NULL};

    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", "message");
    cc_put_string(&b->b, "role", "assistant");
    bool has_id = put_from_state(b, state, keys);
    sl_jw_key(&b->b.w, "content");
    if (!has_id && n == 1 && parts[0]->content_case == SLUICE__V1__PART__CONTENT_TEXT) {
        sl_jw_string(&b->b.w, parts[0]->text);
    } else {
        sl_jw_array(&b->b.w);
        for (size_t i = 0; i < n; i++)
            put_content_part(b, parts[i], has_id);
        sl_jw_array_end(&b->b.w);
    }
    sl_jw_object_end(&b->b.w);
}

static bool is_content(const Sluice__V1__Part *part)
{
    return part->content_case == SLUICE__V1__PART__CONTENT_TEXT ||
           part->content_case == SLUICE__V1__PART__CONTENT_REFUSAL;
}

/* ---- other items ---- */

static void put_call(struct rs_build *b, const Sluice__V1__ToolCall *call, struct sl_str state)
{
    static const char *const keys[] = {"id", NULL};
    const char *arguments = call->arguments_json[0] ? call->arguments_json : "{}";
    bool custom = call->_custom_input_case != 0;

    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", custom ? "custom_tool_call" : "function_call");
    (void)put_from_state(b, state, keys);
    cc_put_string(&b->b, "call_id", call->id);
    cc_put_string(&b->b, "name", call->name);
    cc_put_string(&b->b, custom ? "input" : "arguments", custom ? call->custom_input : arguments);
    sl_jw_object_end(&b->b.w);
}

/* Reasoning comes with replies and is given back without being asked about: it is never refused.
 * Where an id is needed (OpenAI), text alone is of no use. */
static void put_reasoning(struct rs_build *b, const Sluice__V1__Part *part, struct cc_place at)
{
    const Sluice__V1__Reasoning *reasoning = part->reasoning;

    if (reasoning->signature[0] || reasoning->redacted_data.len)
        sl_warn(b->b.in->warnings, "PROVIDER_STATE_DROPPED", cc_part_field(&b->b, at, ".reasoning"),
                "%s takes no signed or encrypted reasoning of others", b->d->words.title);
    if (!reasoning->text[0])
        return;
    if (!b->d->plain_reasoning) {
        sl_warn(b->b.in->warnings, "REASONING_DROPPED", cc_part_field(&b->b, at, ""),
                "%s takes its own reasoning only", b->d->words.title);
        return;
    }
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", "reasoning");
    sl_jw_key(&b->b.w, "summary");
    sl_jw_array(&b->b.w);
    sl_jw_array_end(&b->b.w);
    sl_jw_key(&b->b.w, "content");
    sl_jw_array(&b->b.w);
    rs_put_text_part(b, "reasoning_text", reasoning->text);
    sl_jw_array_end(&b->b.w);
    sl_jw_object_end(&b->b.w);
}

/* Items that the caller answers an item of the provider's with: a result whose kind is the item's
 * type and whose output_json holds its other members. */
static bool is_callers_item(const char *kind)
{
    static const char *const kinds[] = {"computer_call_output", "local_shell_call_output",
                                        "shell_call_output", "apply_patch_call_output",
                                        "mcp_approval_response"};

    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++)
        if (!strcmp(kinds[i], kind))
            return true;
    return false;
}

static enum sl_code put_result(struct rs_build *b, const Sluice__V1__ProviderToolResult *result,
                               struct cc_place at)
{
    if (!is_callers_item(result->kind))
        return cc_unsupported_part(&b->b, at, "history of another provider's tools");
    enum sl_code code =
        cc_check_json(&b->b, result->output_json, SL_JSON_OBJECT,
                      cc_part_field(&b->b, at, ".provider_tool_result.output_json"));
    if (code != SL_OK)
        return code;
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "type", result->kind);
    sl_jw_members(&b->b.w, result->output_json, strlen(result->output_json));
    sl_jw_object_end(&b->b.w);
    return SL_OK;
}

static enum sl_code put_audio(struct rs_build *b, Sluice__V1__Part *part, struct cc_place at)
{
    const char *words = part->audio->transcript;
    Sluice__V1__Part text = SLUICE__V1__PART__INIT;
    Sluice__V1__Part *parts[] = {&text};

    if (!words[0])
        return cc_unsupported_part(&b->b, at, "sound in an assistant message");
    text.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    text.text = part->audio->transcript;
    put_message(b, parts, 1, (struct sl_str){NULL, 0});
    return sl_unsupported(b->b.in, b->b.err, cc_part_field(&b->b, at, ".audio"),
                          "%s does not take earlier sound; its transcript was sent",
                          b->d->words.title);
}

/* A part without a state that makes it an item as it stands. */
static enum sl_code put_plain(struct rs_build *b, Sluice__V1__Part *part, struct cc_place at)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_REASONING:
        put_reasoning(b, part, at);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        return put_result(b, part->provider_tool_result, at);
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
        return cc_unsupported_part(&b->b, at, "history of another provider's tools");
    case SLUICE__V1__PART__CONTENT_AUDIO:
        return put_audio(b, part, at);
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return cc_wrong_place(&b->b, at, "a tool result");
    default:
        return cc_unsupported_part(&b->b, at, "such a part of an assistant");
    }
}

/* Whether a state is a whole item: reasoning, or a tool of the provider's. */
static bool is_whole_item(const Sluice__V1__Part *part)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_REASONING:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
    case SLUICE__V1__PART__CONTENT_IMAGE:
        return true;
    default:
        return false;
    }
}

/* How many parts, from the one at, are of its item. */
static size_t run_length(const struct rs_build *b, const Sluice__V1__Message *m, size_t at)
{
    struct sl_str state = rs_own_state(b, m->parts[at]);
    bool content = is_content(m->parts[at]);
    size_t n = 1;

    if (!content && (!state.n || !is_whole_item(m->parts[at])))
        return 1;
    while (at + n < m->n_parts && is_content(m->parts[at + n]) == content &&
           (content || is_whole_item(m->parts[at + n])) &&
           is_same(state, rs_own_state(b, m->parts[at + n])))
        n++;
    return n;
}

static enum sl_code put_item(struct rs_build *b, const Sluice__V1__Message *m, struct cc_place at,
                             size_t n)
{
    Sluice__V1__Part *part = m->parts[at.part];
    struct sl_str state = rs_own_state(b, part);

    if (is_content(part))
        put_message(b, &m->parts[at.part], n, state);
    else if (part->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL)
        put_call(b, part->tool_call, state);
    else if (state.n && is_whole_item(part))
        sl_jw_raw(&b->b.w, state.p, state.n);
    else
        return put_plain(b, part, at);
    return SL_OK;
}

static void put_nothing(struct rs_build *b)
{
    sl_jw_object(&b->b.w);
    cc_put_string(&b->b, "role", "assistant");
    cc_put_string(&b->b, "content", "");
    sl_jw_object_end(&b->b.w);
}

enum sl_code rs_put_assistant(struct rs_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = SL_OK;
    struct cc_place at = {index, 0};

    if (!m->n_parts)
        put_nothing(b);
    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = rs_check_part(b, m->parts[at.part], at);
    for (at.part = 0; at.part < m->n_parts && code == SL_OK;) {
        size_t n = run_length(b, m, at.part);
        code = put_item(b, m, at, n);
        at.part += n;
    }
    return code;
}
