/* Requests of Cohere's own APIs but for the conversation: sampling, format, thinking, tools,
 * options. Sources: docs.cohere.com, "Chat" of API v2 and v1; the types of Cohere's own clients
 * for the members of response_format (json_schema in v2, schema in v1). */
#include "adapters/cohere/internal.h"

#include <string.h>

enum { MAX_STOP = 5 }; /* "A list of up to 5 strings" (API reference, stop_sequences) */

static const struct nv_owned owned_v2[] = {
    {"model", "model"},
    {"messages", "messages"},
    {"stream", "StreamComplete"},
    {"temperature", "temperature"},
    {"p", "top_p"},
    {"k", "top_k"},
    {"max_tokens", "max_output_tokens"},
    {"seed", "seed"},
    {"stop_sequences", "stop"},
    {"frequency_penalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
    {"tools", "tools"},
    {"tool_choice", "tool_choice"},
    {"response_format", "response_format"},
    {NULL, NULL},
};

static const struct nv_owned owned_v1[] = {
    {"model", "model"},
    {"message", "messages"},
    {"chat_history", "messages"},
    {"stream", "StreamComplete"},
    {"temperature", "temperature"},
    {"p", "top_p"},
    {"k", "top_k"},
    {"max_tokens", "max_output_tokens"},
    {"seed", "seed"},
    {"stop_sequences", "stop"},
    {"frequency_penalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
    {"response_format", "response_format"},
    {NULL, NULL},
};

/* ---- both ---- */

static enum sl_code put_stop(struct nv_build *b)
{
    size_t n = b->request->n_stop;

    if (n > MAX_STOP) {
        enum sl_code code = sl_unsupported(
            b->in, b->err, "stop", "%s takes at most %d stop sequences; the rest was left out",
            b->title, MAX_STOP);
        if (code != SL_OK)
            return code;
        n = MAX_STOP;
    }
    if (n)
        nv_put_strings(b, "stop_sequences", b->request->stop, n);
    return SL_OK;
}

enum sl_code cohere_put_sampling(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    enum sl_code code = SL_OK;
    double v;
    int64_t n;

    if (nv_temperature(b, &v))
        code = nv_put_double(b, "temperature", "temperature", v);
    if (code == SL_OK && nv_top_p(b, &v))
        code = nv_put_double(b, "p", "top_p", v);
    if (code == SL_OK && r->_frequency_penalty_case)
        code = nv_put_double(b, "frequency_penalty", "frequency_penalty", r->frequency_penalty);
    if (code == SL_OK && r->_presence_penalty_case)
        code = nv_put_double(b, "presence_penalty", "presence_penalty", r->presence_penalty);
    if (r->_top_k_case)
        nv_put_int(b, "k", r->top_k);
    if (nv_max_output_tokens(b, &n))
        nv_put_int(b, "max_tokens", n);
    if (r->_seed_case)
        nv_put_int(b, "seed", r->seed);
    return code == SL_OK ? put_stop(b) : code;
}

enum sl_code cohere_check_rest(struct nv_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;
    enum sl_code code = SL_OK;

    if (r->end_user[0])
        code =
            sl_unsupported(b->in, b->err, "end_user", "%s takes no id of the end user", b->title);
    if (code == SL_OK && r->_parallel_tool_calls_case)
        code = sl_unsupported(b->in, b->err, "parallel_tool_calls",
                              "%s does not say how many tools a model may call at once", b->title);
    if (code == SL_OK && r->_top_logprobs_case)
        code = sl_unsupported(b->in, b->err, "top_logprobs", "%s has no probabilities of others",
                              b->title);
    if (code == SL_OK && r->_logprobs_case && r->logprobs)
        code = sl_unsupported(b->in, b->err, "logprobs",
                              "%s names no texts of tokens beside their probabilities", b->title);
    return code;
}

enum sl_code cohere_put_format(struct nv_build *b, const char *key)
{
    const Sluice__V1__ResponseFormat *format = b->request->response_format;
    enum sl_code code = SL_OK;

    if (!format || format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_UNSPECIFIED ||
        format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT)
        return SL_OK;
    sl_jw_key(&b->w, "response_format");
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "json_object");
    if (format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA) {
        code = nv_check_json(b, format->schema_json, SL_JSON_OBJECT, "response_format.schema_json");
        if (code == SL_OK)
            nv_put_raw(b, key, format->schema_json);
    }
    sl_jw_object_end(&b->w);
    if (format->schema_name[0])
        sl_warn(b->in->warnings, "SCHEMA_NAME_DROPPED", "response_format.schema_name",
                "%s has no name for a schema", b->title);
    if (code == SL_OK && format->description[0])
        code = sl_unsupported(b->in, b->err, "response_format.description",
                              "%s has no description of a schema", b->title);
    if (code == SL_OK && format->_strict_case && !format->strict)
        code = sl_unsupported(b->in, b->err, "response_format.strict",
                              "%s always holds the model to the schema", b->title);
    return code;
}

/* ---- v2: tools ---- */

struct strict {
    bool any_on, any_off, any_unset;
};

/* strict_tools is for all of them. */
static enum sl_code put_strict(struct nv_build *b, struct strict *s)
{
    for (size_t i = 0; i < b->request->n_tools; i++) {
        const Sluice__V1__Tool *tool = b->request->tools[i];
        if (tool->kind_case != SLUICE__V1__TOOL__KIND_FUNCTION)
            continue;
        s->any_unset = s->any_unset || !tool->function->_strict_case;
        s->any_on = s->any_on || (tool->function->_strict_case && tool->function->strict);
        s->any_off = s->any_off || (tool->function->_strict_case && !tool->function->strict);
    }
    if (s->any_on || s->any_off)
        nv_put_bool(b, "strict_tools", s->any_on);
    if (s->any_on && (s->any_off || s->any_unset))
        return sl_unsupported(b->in, b->err, "tools",
                              "%s holds all tools to their schemas, or none: all were sent as "
                              "strict",
                              b->title);
    return SL_OK;
}

/* A certain tool is required by offering no other. */
static enum sl_code put_choice(struct nv_build *b, size_t offered)
{
    const Sluice__V1__ToolChoice *choice = b->request->tool_choice;
    bool must_call = choice && (choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED ||
                                choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL);

    if (must_call && !offered)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "tool_choice",
                            "tool_choice requires a call, but no tool can be offered");
    if (must_call)
        nv_put_string(b, "tool_choice", "REQUIRED");
    else if (choice && offered && choice->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE)
        nv_put_string(b, "tool_choice", "NONE");
    return SL_OK;
}

static enum sl_code put_tools(struct nv_build *b, struct strict *s)
{
    size_t offered;
    enum sl_code code = nv_put_tools(b, false, &offered);

    if (code == SL_OK)
        code = put_choice(b, offered);
    return code == SL_OK && offered ? put_strict(b, s) : code;
}

/* ---- v2: thinking ---- */

static bool writes_thinking(const struct nv_build *b)
{
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;

    return r && (r->effort || r->_budget_tokens_case);
}

/* thinking: {"type": "enabled" or "disabled", "token_budget"} ("Reasoning" guide); no levels. */
static enum sl_code put_thinking(struct nv_build *b)
{
    const Sluice__V1__ReasoningOptions *r = b->request->reasoning;
    enum sl_code code = SL_OK;

    if (writes_thinking(b)) {
        bool off = r->effort == SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_NONE;
        if ((unsigned)r->effort > SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH)
            return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                                "reasoning.effort", "reasoning.effort has no such level");
        sl_jw_key(&b->w, "thinking");
        sl_jw_object(&b->w);
        nv_put_string(b, "type", off ? "disabled" : "enabled");
        if (r->_budget_tokens_case && !off)
            nv_put_int(b, "token_budget", r->budget_tokens);
        sl_jw_object_end(&b->w);
        if (off && r->_budget_tokens_case)
            code = sl_unsupported(b->in, b->err, "reasoning.budget_tokens",
                                  "a budget says nothing without reasoning");
        else if (!off && r->effort)
            code = sl_unsupported(b->in, b->err, "reasoning.effort",
                                  "%s has no levels of reasoning; it was switched on", b->title);
    }
    if (code == SL_OK && r && r->summary[0])
        code =
            sl_unsupported(b->in, b->err, "reasoning.summary", "%s sums up no reasoning", b->title);
    return code;
}

/* ---- options ---- */

static enum sl_code put_options(struct nv_build *b, const struct nv_owned *owned)
{
    struct nv_options o = {0};
    enum sl_code code = nv_options_open(b, &o);

    if (code == SL_OK)
        code = nv_options_put(b, &o, NULL, NULL, owned);
    nv_options_close(&o);
    return code;
}

/* documents, strict_tools and thinking are free where no field of the request writes them. */
static enum sl_code put_options_v2(struct nv_build *b, const struct strict *s)
{
    struct nv_owned owned[SL_ARRAY_LEN(owned_v2) + 3];
    size_t n = SL_ARRAY_LEN(owned_v2) - 1;

    memcpy(owned, owned_v2, sizeof(owned_v2));
    if (cohere_has_documents(b))
        owned[n++] = (struct nv_owned){"documents", "messages"};
    if (s->any_on || s->any_off)
        owned[n++] = (struct nv_owned){"strict_tools", "tools"};
    if (writes_thinking(b))
        owned[n++] = (struct nv_owned){"thinking", "reasoning"};
    owned[n] = (struct nv_owned){NULL, NULL};
    return put_options(b, owned);
}

enum sl_code cohere_build_v2(const struct sl_build_in *in, struct sl_http_request *out,
                             struct sl_err *err)
{
    struct nv_build b = {.title = cohere_title, .err = err};
    struct strict strict = {0};
    enum sl_code code;

    nv_begin(&b, in, out, "/v2/chat");
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    sl_jw_object(&b.w);
    nv_put_string(&b, "model", in->target->model_id);
    nv_put_bool(&b, "stream", in->stream);
    code = cohere_check_target(in, err);
    if (code == SL_OK)
        code = cohere_put_messages(&b);
    if (code == SL_OK) {
        cohere_put_documents(&b, false);
        code = put_tools(&b, &strict);
    }
    if (code == SL_OK)
        code = cohere_put_sampling(&b);
    if (code == SL_OK)
        code = cohere_put_format(&b, "json_schema");
    if (code == SL_OK)
        code = put_thinking(&b);
    if (code == SL_OK)
        code = cohere_check_rest(&b);
    if (code == SL_OK)
        code = put_options_v2(&b, &strict);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return SL_OK;
}

/* ---- v1 ---- */

static bool is_text(const Sluice__V1__Part *part)
{
    return part->content_case == SLUICE__V1__PART__CONTENT_TEXT ||
           part->content_case == SLUICE__V1__PART__CONTENT_REFUSAL;
}

static enum sl_code check_v1_part(struct nv_build *b, const Sluice__V1__Part *part,
                                  struct nv_place at, bool user)
{
    enum sl_code code = nv_check_part(b, part, at, "");

    if (code != SL_OK || is_text(part) || (user && cohere_is_document(part)))
        return code;
    if (part->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL ||
        part->content_case == SLUICE__V1__PART__CONTENT_TOOL_RESULT)
        return sl_err_field(
            b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, nv_part_field(b, at, ""),
            "tools are not offered with %s's v1 chat; the api \"v2_chat\" has them", b->title);
    if (part->content_case == SLUICE__V1__PART__CONTENT_REASONING) {
        sl_warn(b->in->warnings, "REASONING_DROPPED", nv_part_field(b, at, ""),
                "%s's v1 chat takes no earlier reasoning", b->title);
        return SL_OK;
    }
    return nv_unsupported_part(b, at, "part but text");
}

static enum sl_code check_v1_message(struct nv_build *b, size_t index)
{
    const Sluice__V1__Message *m = b->request->messages[index];
    enum sl_code code = nv_check_name(b, m, index);
    struct nv_place at = {index, 0};

    for (; at.part < m->n_parts && code == SL_OK; at.part++)
        code = check_v1_part(b, m->parts[at.part], at, m->role == SLUICE__V1__ROLE__ROLE_USER);
    return code;
}

/* Several texts of one message are set apart by an empty line. */
static void put_v1_text(struct nv_build *b, const Sluice__V1__Message *m)
{
    bool some = false;

    sl_jw_key(&b->w, "message");
    sl_jw_string_begin(&b->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__Part *part = m->parts[i];
        if (!is_text(part))
            continue;
        const char *text =
            part->content_case == SLUICE__V1__PART__CONTENT_TEXT ? part->text : part->refusal;
        if (some && m->role != SLUICE__V1__ROLE__ROLE_ASSISTANT)
            sl_jw_string_text(&b->w, "\n\n", 2);
        sl_jw_string_text(&b->w, text, strlen(text));
        some = true;
    }
    sl_jw_string_end(&b->w);
}

static const char *v1_role(Sluice__V1__Role role)
{
    switch (role) {
    case SLUICE__V1__ROLE__ROLE_SYSTEM:
    case SLUICE__V1__ROLE__ROLE_DEVELOPER:
        return "SYSTEM";
    case SLUICE__V1__ROLE__ROLE_USER:
        return "USER";
    default:
        return "CHATBOT";
    }
}

/* message is the last turn, which has to be the user's; chat_history what came before. */
static enum sl_code put_v1_messages(struct nv_build *b)
{
    size_t n = b->request->n_messages;
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < n && code == SL_OK; i++)
        code = check_v1_message(b, i);
    if (code != SL_OK)
        return code;
    if (!n || b->request->messages[n - 1]->role != SLUICE__V1__ROLE__ROLE_USER)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "messages",
                            "%s's v1 chat needs a user's message at the end", b->title);
    put_v1_text(b, b->request->messages[n - 1]);
    if (n == 1)
        return SL_OK;
    sl_jw_key(&b->w, "chat_history");
    sl_jw_array(&b->w);
    for (size_t i = 0; i + 1 < n; i++) {
        sl_jw_object(&b->w);
        nv_put_string(b, "role", v1_role(b->request->messages[i]->role));
        put_v1_text(b, b->request->messages[i]);
        sl_jw_object_end(&b->w);
    }
    sl_jw_array_end(&b->w);
    return SL_OK;
}

static enum sl_code check_v1(struct nv_build *b)
{
    enum sl_code code = cohere_check_rest(b);

    if (code == SL_OK && b->request->n_tools)
        code = sl_unsupported(b->in, b->err, "tools",
                              "tools are not offered with %s's v1 chat; the api \"v2_chat\" has "
                              "them",
                              b->title);
    if (code == SL_OK && b->request->tool_choice)
        code = sl_unsupported(b->in, b->err, "tool_choice",
                              "tools are not offered with %s's v1 chat", b->title);
    if (code == SL_OK && b->request->reasoning)
        code = sl_unsupported(b->in, b->err, "reasoning", "%s's v1 chat does not reason", b->title);
    return code;
}

static enum sl_code put_options_v1(struct nv_build *b)
{
    struct nv_owned owned[SL_ARRAY_LEN(owned_v1) + 1];
    size_t n = SL_ARRAY_LEN(owned_v1) - 1;

    memcpy(owned, owned_v1, sizeof(owned_v1));
    if (cohere_has_documents(b))
        owned[n++] = (struct nv_owned){"documents", "messages"};
    owned[n] = (struct nv_owned){NULL, NULL};
    return put_options(b, owned);
}

/* Streams of v1 are lines of JSON unless server-sent events are asked for ("Accepts"). */
enum sl_code cohere_build_v1(const struct sl_build_in *in, struct sl_http_request *out,
                             struct sl_err *err)
{
    struct nv_build b = {.title = cohere_title, .err = err};
    enum sl_code code;

    nv_begin(&b, in, out, "/v1/chat");
    out->framing = in->stream ? SL_FRAMING_NDJSON : SL_FRAMING_NONE;
    sl_jw_object(&b.w);
    nv_put_string(&b, "model", in->target->model_id);
    nv_put_bool(&b, "stream", in->stream);
    code = cohere_check_target(in, err);
    if (code == SL_OK)
        code = put_v1_messages(&b);
    if (code == SL_OK) {
        cohere_put_documents(&b, true);
        code = cohere_put_sampling(&b);
    }
    if (code == SL_OK)
        code = cohere_put_format(&b, "schema");
    if (code == SL_OK)
        code = check_v1(&b);
    if (code == SL_OK)
        code = put_options_v1(&b);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return SL_OK;
}
