/* The conversation of a generateContent request. System messages become systemInstruction; the rest
 * becomes contents, whose roles are "user" (tools included) and "model" and have to take turns, so
 * neighbours of one role are one element. Empty texts and messages are left out: the API refuses
 * them.
 *
 * Sources: https://ai.google.dev/api/caching#Content and #Part, and
 * https://ai.google.dev/gemini-api/docs/thought-signatures. */
#include "adapters/gemini/internal.h"

#include <string.h>

const char *gm_part_field(struct gm_build *b, struct gm_place at, const char *rest)
{
    return gm_field(b, "messages[%zu].parts[%zu]%s", at.message, at.part, rest);
}

enum sl_code gm_unsupported_part(struct gm_build *b, struct gm_place at, const char *what)
{
    return sl_unsupported(b->in, b->err, gm_part_field(b, at, ""),
                          "%s takes no %s here; it was left out", b->d->title, what);
}

static enum sl_code wrong_place(struct gm_build *b, struct gm_place at, const char *what)
{
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                        gm_part_field(b, at, ""), "%s cannot stand in a message of this role",
                        what);
}

/* ---- elements and parts ---- */

static void end_content(struct gm_build *b)
{
    if (!b->role)
        return;
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
    b->role = NULL;
}

void gm_begin_part(struct gm_build *b, const char *role)
{
    if (!b->role || strcmp(b->role, role) != 0) {
        end_content(b);
        sl_jw_object(&b->w);
        gm_put_string(b, "role", role);
        sl_jw_key(&b->w, "parts");
        sl_jw_array(&b->w);
        b->role = role;
        b->has_call = false;
        b->has_content = true;
    }
    sl_jw_object(&b->w);
}

bool gm_is_own(const struct gm_build *b, const Sluice__V1__Part *part)
{
    return part->provider_state && !strcmp(part->provider_state->provider, b->d->kind);
}

/* The state of a user's part may be further members of it, an object: videoMetadata. */
static struct sl_str members_of(const struct gm_build *b, const Sluice__V1__Part *part)
{
    struct sl_err ignored = {0};

    if (!gm_is_own(b, part) || !part->provider_state->data.len ||
        !sl_json_check((const char *)part->provider_state->data.data,
                       part->provider_state->data.len, SL_JSON_OBJECT, &ignored))
        return (struct sl_str){"", 0};
    return (struct sl_str){(const char *)part->provider_state->data.data,
                           part->provider_state->data.len};
}

struct sl_str gm_signature(const struct gm_build *b, const Sluice__V1__Part *part)
{
    if (!gm_is_own(b, part) || members_of(b, part).n)
        return (struct sl_str){"", 0};
    return (struct sl_str){(const char *)part->provider_state->data.data,
                           part->provider_state->data.len};
}

void gm_end_part(struct gm_build *b, const Sluice__V1__Part *part)
{
    struct sl_str signature = gm_signature(b, part), members = members_of(b, part);

    sl_jw_members(&b->w, members.p, members.n);
    if (signature.n) {
        sl_jw_key(&b->w, "thoughtSignature");
        sl_jw_string_n(&b->w, signature.p, signature.n);
    }
    sl_jw_object_end(&b->w);
}

/* A signature is base64, as it was received. */
static enum sl_code check_signature(struct gm_build *b, const Sluice__V1__Part *part,
                                    struct gm_place at)
{
    struct sl_str s = gm_signature(b, part);

    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "+/=-_",
                               s.p[i]))
            return gm_invalid(b, gm_part_field(b, at, ".provider_state.data"),
                              "the state is not what a reply held");
    return SL_OK;
}

static bool is_system(const Sluice__V1__Message *m)
{
    return m->role == SLUICE__V1__ROLE__ROLE_SYSTEM || m->role == SLUICE__V1__ROLE__ROLE_DEVELOPER;
}

static enum sl_code check_part(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at)
{
    if (part->provider_state &&
        (!gm_is_own(b, part) || is_system(b->request->messages[at.message])))
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", gm_part_field(b, at, ".provider_state"),
                "the state belongs to %s and was not sent to %s", part->provider_state->provider,
                b->d->title);
    if (part->n_citations)
        sl_warn(b->in->warnings, "CITATIONS_DROPPED", gm_part_field(b, at, ".citations"),
                "%s takes no citations of earlier answers", b->d->title);
    if (part->cache_hint)
        return sl_unsupported(b->in, b->err, gm_part_field(b, at, ".cache_hint"),
                              "%s caches by itself and takes no hints", b->d->title);
    return check_signature(b, part, at);
}

static void put_text(struct gm_build *b, const Sluice__V1__Part *part, const char *text,
                     const char *role)
{
    if (!text[0] && !gm_signature(b, part).n)
        return;
    gm_begin_part(b, role);
    gm_put_string(b, "text", text);
    gm_end_part(b, part);
}

/* ---- user ---- */

static enum sl_code put_user_part(struct gm_build *b, const Sluice__V1__Part *part,
                                  struct gm_place at)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        put_text(b, part, part->text, "user");
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_IMAGE:
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
    case SLUICE__V1__PART__CONTENT_AUDIO:
    case SLUICE__V1__PART__CONTENT_VIDEO:
        return gm_put_media(b, part, at, "user");
    default:
        return wrong_place(b, at, "such a part");
    }
}

/* ---- model ---- */

/* Thoughts go back as they came: {"text", "thought": true}. Signatures of other kinds of providers
 * are not for this one. */
static void put_reasoning(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at)
{
    const Sluice__V1__Reasoning *r = part->reasoning;

    if (r->signature[0] || r->redacted_data.len)
        sl_warn(b->in->warnings, "PROVIDER_STATE_DROPPED", gm_part_field(b, at, ".reasoning"),
                "%s takes no reasoning that another provider signed or encrypted", b->d->title);
    if (!r->text[0] && !gm_signature(b, part).n)
        return;
    gm_begin_part(b, "model");
    gm_put_string(b, "text", r->text);
    sl_jw_key(&b->w, "thought");
    sl_jw_bool(&b->w, true);
    gm_end_part(b, part);
}

/* Code that ran at the provider, and other tools of its own, go back as the objects that came. */
static enum sl_code put_server_item(struct gm_build *b, const Sluice__V1__Part *part,
                                    struct gm_place at)
{
    bool call = part->content_case == SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL;
    const char *json =
        call ? part->provider_tool_call->input_json : part->provider_tool_result->output_json;
    const char *kind = call ? part->provider_tool_call->kind : part->provider_tool_result->kind;
    bool code = !strcmp(kind, "code_execution");

    if (!gm_is_own(b, part))
        return sl_unsupported(b->in, b->err, gm_part_field(b, at, ""),
                              "%s takes no history of another provider's tools", b->d->title);
    enum sl_code checked = gm_check_json(b, json, SL_JSON_OBJECT,
                                         gm_part_field(b, at,
                                                       call ? ".provider_tool_call.input_json"
                                                            : ".provider_tool_result.output_json"));
    if (checked != SL_OK)
        return checked;
    gm_begin_part(b, "model");
    if (call)
        gm_put_raw(b, code ? "executableCode" : "toolCall", json);
    else
        gm_put_raw(b, code ? "codeExecutionResult" : "toolResponse", json);
    gm_end_part(b, part);
    return SL_OK;
}

static enum sl_code put_model_part(struct gm_build *b, const Sluice__V1__Part *part,
                                   struct gm_place at)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        put_text(b, part, part->text, "model");
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        put_text(b, part, part->refusal, "model");
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_REASONING:
        put_reasoning(b, part, at);
        return SL_OK;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        return gm_put_call(b, part, at);
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        return put_server_item(b, part, at);
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return wrong_place(b, at, "a tool result");
    default:
        return gm_put_media(b, part, at, "model");
    }
}

/* ---- messages ---- */

static enum sl_code put_part(struct gm_build *b, const Sluice__V1__Message *m, struct gm_place at)
{
    const Sluice__V1__Part *part = m->parts[at.part];
    enum sl_code code = check_part(b, part, at);

    if (code != SL_OK)
        return code;
    switch (m->role) {
    case SLUICE__V1__ROLE__ROLE_USER:
        return put_user_part(b, part, at);
    case SLUICE__V1__ROLE__ROLE_ASSISTANT:
        return put_model_part(b, part, at);
    case SLUICE__V1__ROLE__ROLE_TOOL:
        if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_RESULT)
            return wrong_place(b, at, "a part that is no tool result");
        return gm_put_result(b, part, at);
    default:
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            gm_field(b, "messages[%zu].role", at.message), "a message has no role");
    }
}

static enum sl_code put_message(struct gm_build *b, const Sluice__V1__Message *m, size_t index)
{
    enum sl_code code = SL_OK;
    struct gm_place at = {index, 0};

    if (m->name[0])
        code = sl_unsupported(b->in, b->err, gm_field(b, "messages[%zu].name", index),
                              "%s knows no names of participants", b->d->title);
    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = put_part(b, m, at);
    return code;
}

static enum sl_code put_system_message(struct gm_build *b, const Sluice__V1__Message *m,
                                       size_t index, bool *open)
{
    enum sl_code code = SL_OK;
    struct gm_place at = {index, 0};

    if (m->name[0])
        code = sl_unsupported(b->in, b->err, gm_field(b, "messages[%zu].name", index),
                              "%s knows no names of participants", b->d->title);
    for (; at.part < m->n_parts && code == SL_OK; at.part++) {
        const Sluice__V1__Part *part = m->parts[at.part];
        code = check_part(b, part, at);
        if (code == SL_OK && part->content_case != SLUICE__V1__PART__CONTENT_TEXT)
            code = gm_unsupported_part(b, at, "part but text in system messages");
        else if (code == SL_OK && part->text[0]) {
            if (!*open) {
                sl_jw_key(&b->w, "systemInstruction");
                sl_jw_object(&b->w);
                sl_jw_key(&b->w, "parts");
                sl_jw_array(&b->w);
            }
            *open = true;
            sl_jw_object(&b->w);
            gm_put_string(b, "text", part->text);
            sl_jw_object_end(&b->w);
        }
    }
    return code;
}

static enum sl_code put_system(struct gm_build *b)
{
    enum sl_code code = SL_OK;
    bool open = false;

    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++)
        if (is_system(b->request->messages[i]))
            code = put_system_message(b, b->request->messages[i], i, &open);
    if (open) {
        sl_jw_array_end(&b->w);
        sl_jw_object_end(&b->w);
    }
    return code;
}

/* The current turn begins with the last message that a person wrote. */
static size_t find_turn(const struct gm_build *b)
{
    size_t turn = 0;

    for (size_t i = 0; i < b->request->n_messages; i++)
        if (b->request->messages[i]->role == SLUICE__V1__ROLE__ROLE_USER)
            turn = i;
    return turn;
}

enum sl_code gm_build_contents(struct gm_build *b)
{
    enum sl_code code = put_system(b);

    if (code != SL_OK)
        return code;
    b->turn = find_turn(b);
    sl_jw_key(&b->w, "contents");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < b->request->n_messages && code == SL_OK; i++)
        if (!is_system(b->request->messages[i]))
            code = put_message(b, b->request->messages[i], i);
    end_content(b);
    sl_jw_array_end(&b->w);
    if (code == SL_OK && !b->has_content)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "messages",
                            "%s needs a message that is not a system message", b->d->title);
    return code;
}
