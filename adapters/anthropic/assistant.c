/* An assistant's message of a Messages request: what an earlier answer said, given back as it came.
 * Reasoning needs its signature, and tools of the provider's need its ids; parts of another
 * provider's that lack them are left out with a warning.
 *
 * Sources: "Extended thinking" (preserving thinking blocks), "Web search tool" (citations and
 * encrypted content are passed back), "Programmatic tool calling" (caller), "MCP connector". */
#include "adapters/anthropic/internal.h"

/* ---- helpers ---- */

/* The API's pattern for tool_use ids, ^[a-zA-Z0-9_-]+$. Ids of other providers may have more, Kimi's
 * "functions.f:0" for example. */
const char *am_tool_id(struct am_build *b, const char *id)
{
    static const struct sl_call_id_rule rule = {"_-", 1, SIZE_MAX};

    return sl_call_id(b->in->arena, id, &rule);
}

bool am_json_ends_with(struct am_build *b, const char *json, const char *key, const char *suffix)
{
    struct sl_err ignored = {0};
    struct sl_json j;
    size_t n, end = strlen(suffix);
    char *copy = sl_arena_strdup(b->in->arena, json);

    if (sl_json_parse(&b->scratch, copy, strlen(copy), &j, &ignored) != SL_OK ||
        sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return false;
    const char *value = sl_json_string(&j, sl_json_member(&j, SL_JSON_ROOT, key), &n, NULL);
    return value && n >= end && !strcmp(value + n - end, suffix);
}

static void warn_dropped(struct am_build *b, struct am_place at, const char *what)
{
    sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", am_part_field(b, at, ""),
            "%s is not %s's own and was left out", what, b->d->title);
}

/* Members that came with the block and have no field: those of tools; NULL where there are none. */
static const char *state_of(struct am_build *b, const Sluice__V1__Part *part)
{
    const Sluice__V1__ProviderState *state = part->provider_state;
    bool tool = part->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL ||
                part->content_case == SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL ||
                part->content_case == SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT;

    if (!state || !tool || strcmp(state->provider, b->d->kind) != 0)
        return NULL;
    const char *json =
        sl_arena_strndup(b->in->arena, (const char *)state->data.data, state->data.len);
    return sl_json_check(json, strlen(json), SL_JSON_OBJECT, &(struct sl_err){0}) ? json : NULL;
}

static void put_state(struct am_build *b, const Sluice__V1__Part *part)
{
    const char *json = state_of(b, part);

    if (json)
        sl_jw_members(&b->w, json, strlen(json));
}

static bool starts_with_any(const char *id, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (sl_starts_with(id, *prefixes))
            return true;
    return false;
}

/* Ids of tools that ran at the provider ("Web search tool", "MCP connector"). */
static bool is_own_id(const char *id)
{
    static const char *const prefixes[] = {"srvtoolu_", "mcptoolu_", NULL};

    return starts_with_any(id, prefixes);
}

static enum sl_code end_block(struct am_build *b, const Sluice__V1__Part *part, struct am_place at)
{
    enum sl_code code = am_put_cache(b, part->cache_hint, am_part_field(b, at, ".cache_hint"));

    sl_jw_object_end(&b->w);
    return code;
}

/* ---- text ---- */

/* Citations of this API are objects whose type ends in "_location". */
static void put_citations(struct am_build *b, const Sluice__V1__Part *part, struct am_place at)
{
    bool begun = false;

    for (size_t i = 0; i < part->n_citations; i++) {
        const char *json = part->citations[i]->provider_json;
        if (!am_json_ends_with(b, json, "type", "_location")) {
            warn_dropped(b, at, "a citation");
            continue;
        }
        if (!begun) {
            sl_jw_key(&b->w, "citations");
            sl_jw_array(&b->w);
            begun = true;
        }
        sl_jw_raw(&b->w, json, strlen(json));
    }
    if (begun)
        sl_jw_array_end(&b->w);
}

static enum sl_code put_text(struct am_build *b, const Sluice__V1__Part *part, const char *text,
                             struct am_place at)
{
    size_t n = strlen(text);

    if (am_is_blank(text))
        return SL_OK;
    if (part == b->prefill)
        while (n && strchr(" \t\r\n", text[n - 1]))
            n--;
    am_open_turn(b, AM_TURN_ASSISTANT);
    am_begin(b, "text");
    sl_jw_key(&b->w, "text");
    sl_jw_string_n(&b->w, text, n);
    put_citations(b, part, at);
    return end_block(b, part, at);
}

/* ---- reasoning ---- */

static enum sl_code put_reasoning(struct am_build *b, const Sluice__V1__Part *part,
                                  struct am_place at)
{
    const Sluice__V1__Reasoning *r = part->reasoning;

    if (!r->redacted_data.len && !r->signature[0]) {
        warn_dropped(b, at, "reasoning without a signature");
        return SL_OK;
    }
    am_open_turn(b, AM_TURN_ASSISTANT);
    if (r->redacted_data.len) {
        am_begin(b, "redacted_thinking");
        sl_jw_key(&b->w, "data");
        sl_jw_string_n(&b->w, (const char *)r->redacted_data.data, r->redacted_data.len);
    } else {
        am_begin(b, "thinking");
        am_put_string(b, "thinking", r->text);
        am_put_string(b, "signature", r->signature);
    }
    sl_jw_object_end(&b->w);
    if (!part->cache_hint)
        return SL_OK;
    if (b->skip_hints)
        b->skip_hints--;
    return sl_unsupported(b->in, b->err, am_part_field(b, at, ".cache_hint"),
                          "%s takes no cache hint on reasoning", b->d->title);
}

/* ---- tools ---- */

/* input is an object. Arguments that are none, because the answer was cut off, are wrapped as
 * "Fine-grained tool streaming" says for invalid JSON; so is the text of a custom tool. */
static void put_input(struct am_build *b, const Sluice__V1__ToolCall *call, struct am_place at)
{
    const char *json = call->arguments_json;
    bool custom = call->_custom_input_case != 0;
    struct sl_err ignored = {0};

    sl_jw_key(&b->w, "input");
    if (!custom && am_is_blank(json)) {
        sl_jw_raw(&b->w, "{}", 2);
        return;
    }
    if (!custom && sl_json_check(json, strlen(json), SL_JSON_OBJECT, &ignored)) {
        sl_jw_raw(&b->w, json, strlen(json));
        return;
    }
    sl_warn(b->in->warnings, "ARGUMENTS_WRAPPED", am_part_field(b, at, ".tool_call"),
            "%s takes objects as arguments; the text was put into one", b->d->title);
    sl_jw_object(&b->w);
    am_put_string(b, custom ? "input" : "INVALID_JSON", custom ? call->custom_input : json);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_tool_call(struct am_build *b, const Sluice__V1__Part *part,
                                  struct am_place at)
{
    const Sluice__V1__ToolCall *call = part->tool_call;

    if (!call->id[0])
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            am_part_field(b, at, ".tool_call.id"), "%s needs the id of a tool call",
                            b->d->title);
    am_open_turn(b, AM_TURN_ASSISTANT);
    am_begin(b, "tool_use");
    am_put_string(b, "id", am_tool_id(b, call->id));
    am_put_string(b, "name", call->name);
    put_input(b, call, at);
    put_state(b, part);
    return end_block(b, part, at);
}

static enum sl_code put_provider_call(struct am_build *b, const Sluice__V1__Part *part,
                                      struct am_place at)
{
    const Sluice__V1__ProviderToolCall *call = part->provider_tool_call;
    bool mcp = !strcmp(call->kind, "mcp");
    const char *input = call->input_json[0] ? call->input_json : "{}";

    if (!is_own_id(call->id)) {
        warn_dropped(b, at, "the call of a provider's tool");
        return SL_OK;
    }
    enum sl_code code = am_check_json(b, input, SL_JSON_OBJECT,
                                      am_part_field(b, at, ".provider_tool_call.input_json"));
    if (code != SL_OK)
        return code;
    am_open_turn(b, AM_TURN_ASSISTANT);
    am_begin(b, mcp ? "mcp_tool_use" : "server_tool_use");
    am_put_string(b, "id", call->id);
    am_put_string(b, "name", call->name[0] ? call->name : call->kind);
    sl_jw_key(&b->w, "input");
    sl_jw_raw(&b->w, input, strlen(input));
    put_state(b, part);
    return end_block(b, part, at);
}

/* A block of a kind that Sluice does not know travels whole in output_json. */
static bool is_whole_block(struct am_build *b, const Sluice__V1__ProviderToolResult *result)
{
    return am_json_ends_with(b, result->output_json, "type", result->kind) &&
           !sl_starts_with(result->id, "srvtoolu_") && !sl_starts_with(result->id, "mcptoolu_");
}

static enum sl_code put_provider_result(struct am_build *b, const Sluice__V1__Part *part,
                                        struct am_place at)
{
    const Sluice__V1__ProviderToolResult *result = part->provider_tool_result;
    const char *output = result->output_json;

    if (!is_own_id(result->id) && !is_whole_block(b, result)) {
        warn_dropped(b, at, "the result of a provider's tool");
        return SL_OK;
    }
    enum sl_code code = am_check_json(b, output, SL_JSON_NONE,
                                      am_part_field(b, at, ".provider_tool_result.output_json"));
    if (code != SL_OK)
        return code;
    am_open_turn(b, AM_TURN_ASSISTANT);
    if (!is_own_id(result->id)) {
        sl_jw_raw(&b->w, output, strlen(output));
        return SL_OK;
    }
    am_begin(b, am_field(b, "%s_tool_result", result->kind));
    am_put_string(b, "tool_use_id", result->id);
    sl_jw_key(&b->w, "content");
    sl_jw_raw(&b->w, output, strlen(output));
    if (!strcmp(result->kind, "mcp"))
        am_put_bool(b, "is_error", !strcmp(result->status, "error"));
    put_state(b, part);
    return end_block(b, part, at);
}

/* ---- parts ---- */

enum sl_code am_put_assistant_part(struct am_build *b, const Sluice__V1__Part *part,
                                   struct am_place at)
{
    bool text = part->content_case == SLUICE__V1__PART__CONTENT_TEXT ||
                part->content_case == SLUICE__V1__PART__CONTENT_REFUSAL;

    if (part->provider_state && !state_of(b, part)) {
        warn_dropped(b, at, "the provider's state");
        if (part->content_case == SLUICE__V1__PART__CONTENT_REASONING &&
            strcmp(part->provider_state->provider, b->d->kind) != 0)
            return SL_OK;
    }
    if (part->n_citations && !text)
        sl_warn(b->in->warnings, "CITATIONS_DROPPED", am_part_field(b, at, ".citations"),
                "%s takes citations of texts only", b->d->title);
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        return put_text(b, part, part->text, at);
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        return put_text(b, part, part->refusal, at);
    case SLUICE__V1__PART__CONTENT_REASONING:
        return put_reasoning(b, part, at);
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        return put_tool_call(b, part, at);
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
        return put_provider_call(b, part, at);
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        return put_provider_result(b, part, at);
    default:
        return am_unsupported_part(b, at, "such a part of an answer");
    }
}
