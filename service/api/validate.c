/* What a completion request has to look like, whatever model it is for. Each check names the field by its path. */
#include "api/validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/checks.h"
#include "api/request_ids.h"
#include "base/json.h"
#include "base/str.h"

enum {
    MAX_NAME = 64,
    MAX_STOP = 16,
    MAX_TOOLS = 512,
    MAX_TOP_LOGPROBS = 20,
    PATH_MAX_BYTES = 96,   /* of a part */
    FIELD_MAX_BYTES = 192, /* of a field of it */
};

typedef Sluice__V1__CompleteRequest request_t;

static bool is_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return n && !s[n] && n <= MAX_NAME;
}

/* Tool names: providers that allow dots and colons (MCP servers) exist; the provider has the last word. */
static void check_tool_name(struct sl_violations *v, const char *field, const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/");
    if (!n || name[n] || n > 2 * MAX_NAME)
        sl_violate(v, field, "must be 1 to %d letters, digits, '_', '-', '.', ':' or '/'",
                   2 * MAX_NAME);
}

void sl_check_json_object(struct sl_violations *v, const char *field, const char *text)
{
    struct sl_err err = {0};
    if (text[0] && !sl_json_check(text, strlen(text), SL_JSON_OBJECT, &err))
        sl_violate(v, field, "must be a JSON object: %s", err.text);
}

void sl_check_range(struct sl_violations *v, const char *field, double x, double low, double high)
{
    if (!(x >= low && x <= high)) /* NaN is outside of every range */
        sl_violate(v, field, "must be between %g and %g", low, high);
}

static void check_source(struct sl_violations *v, const char *path, const char *what,
                         int source_case, const char *media_type, const char *url)
{
    char field[FIELD_MAX_BYTES];
    snprintf(field, sizeof(field), "%s.%s", path, what);
    if (!source_case) {
        sl_violate(v, field, "has no source: set data, url or file_id");
    } else if (source_case == SLUICE__V1__IMAGE__SOURCE_DATA && !media_type[0]) {
        snprintf(field, sizeof(field), "%s.%s.media_type", path, what);
        sl_violate(v, field, "is required with data");
    } else if (url && !sl_starts_with(url, "http://") && !sl_starts_with(url, "https://") &&
               !sl_starts_with(url, "data:") && !sl_starts_with(url, "gs://") &&
               !sl_starts_with(url, "s3://")) {
        snprintf(field, sizeof(field), "%s.%s.url", path, what);
        sl_violate(v, field, "must be an absolute URL");
    }
}

void sl_check_image(struct sl_violations *v, const char *path, const Sluice__V1__Image *m)
{
    check_source(v, path, "image", (int)m->source_case, m->media_type,
                 m->source_case == SLUICE__V1__IMAGE__SOURCE_URL ? m->url : NULL);
}

static void check_document(struct sl_violations *v, const char *path, const Sluice__V1__Document *m)
{
    check_source(v, path, "document", (int)m->source_case, m->media_type,
                 m->source_case == SLUICE__V1__DOCUMENT__SOURCE_URL ? m->url : NULL);
}

static void check_tool_result(struct sl_violations *v, const char *path,
                              const Sluice__V1__ToolResult *m)
{
    char field[FIELD_MAX_BYTES];
    if (!m->tool_call_id[0]) {
        snprintf(field, sizeof(field), "%s.tool_result.tool_call_id", path);
        sl_violate(v, field, "is required");
    }
    for (size_t i = 0; i < m->n_parts; i++) {
        const Sluice__V1__ToolResultPart *p = m->parts[i];
        snprintf(field, sizeof(field), "%s.tool_result.parts[%zu]", path, i);
        if (p->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT__NOT_SET)
            sl_violate(v, field, "has no content");
        else if (p->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE)
            sl_check_image(v, field, p->image);
        else if (p->content_case == SLUICE__V1__TOOL_RESULT_PART__CONTENT_DOCUMENT)
            check_document(v, field, p->document);
    }
}

static bool role_allows(Sluice__V1__Role role, Sluice__V1__Part__ContentCase kind)
{
    switch (kind) {
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        return role == SLUICE__V1__ROLE__ROLE_TOOL || role == SLUICE__V1__ROLE__ROLE_USER;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
    case SLUICE__V1__PART__CONTENT_REASONING:
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        return role == SLUICE__V1__ROLE__ROLE_ASSISTANT;
    default:
        return role != SLUICE__V1__ROLE__ROLE_TOOL;
    }
}

static void check_part(struct sl_violations *v, const char *path, Sluice__V1__Role role,
                       const Sluice__V1__Part *p)
{
    char field[FIELD_MAX_BYTES];
    if (p->content_case == SLUICE__V1__PART__CONTENT__NOT_SET) {
        sl_violate(v, path, "has no content");
        return;
    }
    if (!role_allows(role, p->content_case)) {
        sl_violate(v, path, "is a part that a message of this role cannot have");
        return;
    }
    switch (p->content_case) {
    case SLUICE__V1__PART__CONTENT_IMAGE:
        sl_check_image(v, path, p->image);
        break;
    case SLUICE__V1__PART__CONTENT_DOCUMENT:
        check_document(v, path, p->document);
        break;
    case SLUICE__V1__PART__CONTENT_AUDIO:
        check_source(v, path, "audio", (int)p->audio->source_case, p->audio->media_type,
                     p->audio->source_case == SLUICE__V1__AUDIO__SOURCE_URL ? p->audio->url : NULL);
        break;
    case SLUICE__V1__PART__CONTENT_VIDEO:
        check_source(v, path, "video", (int)p->video->source_case, p->video->media_type,
                     p->video->source_case == SLUICE__V1__VIDEO__SOURCE_URL ? p->video->url : NULL);
        break;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        if (!p->tool_call->name[0]) {
            snprintf(field, sizeof(field), "%s.tool_call.name", path);
            sl_violate(v, field, "is required");
        }
        break;
    case SLUICE__V1__PART__CONTENT_TOOL_RESULT:
        check_tool_result(v, path, p->tool_result);
        break;
    default:
        break;
    }
}

static void check_messages(struct sl_violations *v, const request_t *r)
{
    if (!r->n_messages)
        sl_violate(v, "messages", "must hold at least one message");
    for (size_t i = 0; i < r->n_messages; i++) {
        const Sluice__V1__Message *m = r->messages[i];
        char path[PATH_MAX_BYTES];
        if (m->role <= SLUICE__V1__ROLE__ROLE_UNSPECIFIED ||
            m->role > SLUICE__V1__ROLE__ROLE_TOOL) {
            snprintf(path, sizeof(path), "messages[%zu].role", i);
            sl_violate(v, path, "is required and must be a known role");
            continue;
        }
        if (!m->n_parts && m->role != SLUICE__V1__ROLE__ROLE_ASSISTANT) {
            snprintf(path, sizeof(path), "messages[%zu].parts", i);
            sl_violate(v, path, "must hold at least one part");
        }
        for (size_t k = 0; k < m->n_parts; k++) {
            snprintf(path, sizeof(path), "messages[%zu].parts[%zu]", i, k);
            check_part(v, path, m->role, m->parts[k]);
        }
    }
}

static const char *tool_name(const Sluice__V1__Tool *t)
{
    if (t->kind_case == SLUICE__V1__TOOL__KIND_FUNCTION)
        return t->function->name;
    return t->kind_case == SLUICE__V1__TOOL__KIND_CUSTOM ? t->custom->name : NULL;
}

static bool is_offered(const request_t *r, const char *name)
{
    for (size_t i = 0; i < r->n_tools; i++) {
        const char *offered = tool_name(r->tools[i]);
        /* a tool of the provider's is named by its kind, or in its configuration */
        if (!offered || !strcmp(offered, name))
            return true;
    }
    return false;
}

static void check_tool(struct sl_violations *v, size_t i, const Sluice__V1__Tool *t)
{
    char field[FIELD_MAX_BYTES];
    switch (t->kind_case) {
    case SLUICE__V1__TOOL__KIND_FUNCTION:
        snprintf(field, sizeof(field), "tools[%zu].function.name", i);
        check_tool_name(v, field, t->function->name);
        snprintf(field, sizeof(field), "tools[%zu].function.parameters_json", i);
        sl_check_json_object(v, field, t->function->parameters_json);
        break;
    case SLUICE__V1__TOOL__KIND_PROVIDER:
        snprintf(field, sizeof(field), "tools[%zu].provider.kind", i);
        if (!t->provider->kind[0])
            sl_violate(v, field, "is required");
        snprintf(field, sizeof(field), "tools[%zu].provider.configuration_json", i);
        sl_check_json_object(v, field, t->provider->configuration_json);
        break;
    case SLUICE__V1__TOOL__KIND_CUSTOM:
        snprintf(field, sizeof(field), "tools[%zu].custom.name", i);
        check_tool_name(v, field, t->custom->name);
        snprintf(field, sizeof(field), "tools[%zu].custom.format_json", i);
        sl_check_json_object(v, field, t->custom->format_json);
        break;
    default:
        snprintf(field, sizeof(field), "tools[%zu]", i);
        sl_violate(v, field, "has no kind: set function, provider or custom");
    }
}

static void check_tools(struct sl_violations *v, const request_t *r)
{
    if (r->n_tools > MAX_TOOLS)
        sl_violate(v, "tools", "may hold at most %d tools", MAX_TOOLS);
    for (size_t i = 0; i < r->n_tools && i < MAX_TOOLS; i++)
        check_tool(v, i, r->tools[i]);
    const Sluice__V1__ToolChoice *c = r->tool_choice;
    if (!c)
        return;
    if (c->mode < 0 || c->mode > SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL)
        sl_violate(v, "tool_choice.mode", "is not a known mode");
    if (c->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL && !is_offered(r, c->name))
        sl_violate(v, "tool_choice.name", "must be the name of one of the tools");
    if (c->mode != SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL && c->name[0])
        sl_violate(v, "tool_choice.name", "is for MODE_TOOL only");
    if (!r->n_tools && (c->mode == SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED))
        sl_violate(v, "tool_choice.mode", "requires a tool, but there are no tools");
    for (size_t i = 0; i < c->n_allowed; i++) {
        char field[FIELD_MAX_BYTES];
        snprintf(field, sizeof(field), "tool_choice.allowed[%zu]", i);
        if (!is_offered(r, c->allowed[i]))
            sl_violate(v, field, "must be the name of one of the tools");
    }
}

static void check_sampling(struct sl_violations *v, const request_t *r)
{
    if (r->_max_output_tokens_case && r->max_output_tokens < 1)
        sl_violate(v, "max_output_tokens", "must be at least 1");
    if (r->_temperature_case)
        sl_check_range(v, "temperature", r->temperature, 0, 2);
    if (r->_top_p_case)
        sl_check_range(v, "top_p", r->top_p, 0, 1);
    if (r->_top_k_case && r->top_k < 1)
        sl_violate(v, "top_k", "must be at least 1");
    if (r->_frequency_penalty_case)
        sl_check_range(v, "frequency_penalty", r->frequency_penalty, -2, 2);
    if (r->_presence_penalty_case)
        sl_check_range(v, "presence_penalty", r->presence_penalty, -2, 2);
    if (r->_top_logprobs_case)
        sl_check_range(v, "top_logprobs", r->top_logprobs, 0, MAX_TOP_LOGPROBS);
    if (r->n_stop > MAX_STOP)
        sl_violate(v, "stop", "may hold at most %d sequences", MAX_STOP);
    for (size_t i = 0; i < r->n_stop && i < MAX_STOP; i++)
        if (!r->stop[i][0])
            sl_violate(v, "stop", "may not hold an empty sequence");
}

static void check_format(struct sl_violations *v, const request_t *r)
{
    const Sluice__V1__ResponseFormat *f = r->response_format;
    if (f) {
        bool schema = f->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
        if (f->type < 0 || f->type > SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA)
            sl_violate(v, "response_format.type", "is not a known type");
        if (schema && !f->schema_json[0])
            sl_violate(v, "response_format.schema_json", "is required with TYPE_JSON_SCHEMA");
        if (!schema && f->schema_json[0])
            sl_violate(v, "response_format.schema_json", "is for TYPE_JSON_SCHEMA only");
        sl_check_json_object(v, "response_format.schema_json", f->schema_json);
        if (f->schema_name[0] && !is_name(f->schema_name))
            sl_violate(v, "response_format.schema_name",
                       "must be 1 to %d letters, digits, '_' or '-'", MAX_NAME);
    }
    const Sluice__V1__ReasoningOptions *o = r->reasoning;
    if (o) {
        if (o->effort < 0 || o->effort > SLUICE__V1__REASONING_OPTIONS__EFFORT__EFFORT_XHIGH)
            sl_violate(v, "reasoning.effort", "is not a known level");
        if (o->_budget_tokens_case && o->budget_tokens < 0)
            sl_violate(v, "reasoning.budget_tokens", "may not be negative");
    }
}

void sl_check_length(struct sl_violations *v, const char *field, const char *s, size_t max)
{
    if (strlen(s) > max)
        sl_violate(v, field, "may be at most %zu bytes long", max);
}

void sl_check_task(struct sl_violations *v, const char *field, const char *task)
{
    if (*task && !is_name(task))
        sl_violate(v, field, "must be at most %d letters, digits, '_' and '-'", MAX_NAME);
}

static void check_marks(struct sl_violations *v, const request_t *r)
{
    SL_CHECK_MARKS(v, r);
    sl_check_task(v, "task", r->task);
    sl_check_length(v, "conversation_id", r->conversation_id, SL_REQUEST_ID_MAX);
    sl_check_length(v, "message_id", r->message_id, SL_REQUEST_ID_MAX);
    sl_check_length(v, "end_user", r->end_user, SL_END_USER_MAX);
}

bool sl_validate_complete(const request_t *request, struct sl_violations *out)
{
    check_messages(out, request);
    check_tools(out, request);
    check_sampling(out, request);
    check_format(out, request);
    check_marks(out, request);
    return out->count == 0;
}
