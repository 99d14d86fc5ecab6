/* See request.h. */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "files.h"

enum { REQUEST_FILE_MAX = 8 * 1024 * 1024 };

#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

/* Sets an optional field and its presence. */
#define SET(request, name, NAME, value)                                                            \
    ((request)->_##name##_case = SLUICE__V1__COMPLETE_REQUEST___##NAME##_##NAME,                   \
     (request)->name = (value))

static void set_sampling(Sluice__V1__CompleteRequest *r, const struct options *o)
{
    if (o->max_tokens.set)
        SET(r, max_output_tokens, MAX_OUTPUT_TOKENS, (int32_t)o->max_tokens.v);
    if (o->temperature.set)
        SET(r, temperature, TEMPERATURE, o->temperature.v);
    if (o->top_p.set)
        SET(r, top_p, TOP_P, o->top_p.v);
    if (o->top_k.set)
        SET(r, top_k, TOP_K, (int32_t)o->top_k.v);
    if (o->frequency_penalty.set)
        SET(r, frequency_penalty, FREQUENCY_PENALTY, o->frequency_penalty.v);
    if (o->presence_penalty.set)
        SET(r, presence_penalty, PRESENCE_PENALTY, o->presence_penalty.v);
    if (o->seed.set)
        SET(r, seed, SEED, o->seed.v);
    if (o->logprobs.set) {
        SET(r, logprobs, LOGPROBS, true);
        if (o->logprobs.v)
            SET(r, top_logprobs, TOP_LOGPROBS, (int32_t)o->logprobs.v);
    }
    if (o->no_parallel_tools)
        SET(r, parallel_tool_calls, PARALLEL_TOOL_CALLS, false);
    r->stop = (char **)o->stop.v;
    r->n_stop = o->stop.n;
}

static void set_reasoning(Sluice__V1__CompleteRequest *r, const struct options *o,
                          struct sl_arena *arena)
{
    /* the order of Effort, from NONE = 1 */
    static const char *const levels[] = {"none", "minimal", "low", "medium", "high", "xhigh"};

    if (!o->reasoning_effort && !o->reasoning_summary && !o->reasoning_budget.set)
        return;
    r->reasoning = SL_ARENA_NEW(arena, Sluice__V1__ReasoningOptions);
    sluice__v1__reasoning_options__init(r->reasoning);
    for (size_t i = 0; o->reasoning_effort && i < SL_ARRAY_LEN(levels); i++) {
        if (!strcmp(levels[i], o->reasoning_effort))
            r->reasoning->effort = (Sluice__V1__ReasoningOptions__Effort)(i + 1);
    }
    if (o->reasoning_summary)
        r->reasoning->summary = (char *)o->reasoning_summary;
    if (o->reasoning_budget.set) {
        r->reasoning->_budget_tokens_case =
            SLUICE__V1__REASONING_OPTIONS___BUDGET_TOKENS_BUDGET_TOKENS;
        r->reasoning->budget_tokens = (int32_t)o->reasoning_budget.v;
    }
}

static void set_tool_choice(Sluice__V1__CompleteRequest *r, const char *choice,
                            struct sl_arena *arena)
{
    if (!choice)
        return;
    r->tool_choice = SL_ARENA_NEW(arena, Sluice__V1__ToolChoice);
    sluice__v1__tool_choice__init(r->tool_choice);
    if (!strcmp(choice, "auto")) {
        r->tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_AUTO;
    } else if (!strcmp(choice, "none")) {
        r->tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_NONE;
    } else if (!strcmp(choice, "required")) {
        r->tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED;
    } else {
        r->tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_TOOL;
        r->tool_choice->name = (char *)choice;
    }
}

static enum sl_code set_labels(Sluice__V1__CompleteRequest *r, const struct options *o,
                               struct sl_arena *arena, struct sl_err *err)
{
    if (!o->label.n)
        return SL_OK;
    r->labels =
        sl_arena_zalloc(arena, o->label.n * sizeof(Sluice__V1__CompleteRequest__LabelsEntry *));
    for (size_t i = 0; i < o->label.n; i++) {
        const char *equals = strchr(o->label.v[i], '=');
        Sluice__V1__CompleteRequest__LabelsEntry *entry =
            SL_ARENA_NEW(arena, Sluice__V1__CompleteRequest__LabelsEntry);

        if (!equals || equals == o->label.v[i])
            return BAD(err, "--label takes NAME=VALUE, not '%s'", o->label.v[i]);
        sluice__v1__complete_request__labels_entry__init(entry);
        entry->key = sl_arena_strndup(arena, o->label.v[i], (size_t)(equals - o->label.v[i]));
        entry->value = (char *)equals + 1;
        r->labels[r->n_labels++] = entry;
    }
    return SL_OK;
}

static void set_identity(Sluice__V1__CompleteRequest *r, const struct options *o)
{
    if (o->model)
        r->model = (char *)o->model;
    if (o->for_task)
        r->task = (char *)o->for_task;
    if (o->provider_options)
        r->provider_options_json = (char *)o->provider_options;
    if (o->request_id)
        r->request_id = (char *)o->request_id;
    if (o->conversation)
        r->conversation_id = (char *)o->conversation;
    if (o->end_user)
        r->end_user = (char *)o->end_user;
    if (o->strict)
        r->on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
}

typedef enum sl_code (*parse_file)(char *text, size_t n, struct sl_arena *arena,
                                   Sluice__V1__CompleteRequest *request, struct sl_err *err);

static enum sl_code use_file(const char *path, parse_file parse, struct sl_arena *arena,
                             Sluice__V1__CompleteRequest *request, struct sl_err *err)
{
    struct sl_buf text;
    struct sl_err inner = {0};
    enum sl_code code;

    if (!path)
        return SL_OK;
    sl_buf_init(&text, REQUEST_FILE_MAX);
    code = files_read(path, &text, err);
    if (code == SL_OK &&
        parse(text.p ? text.p : (char[1]){0}, text.n, arena, request, &inner) != SL_OK)
        code = BAD(err, "%s: %s", path, inner.text);
    sl_buf_fini(&text);
    return code;
}

static void set_format(Sluice__V1__CompleteRequest *r, const char *format, struct sl_arena *arena)
{
    if (!format || r->response_format)
        return;
    r->response_format = SL_ARENA_NEW(arena, Sluice__V1__ResponseFormat);
    sluice__v1__response_format__init(r->response_format);
    r->response_format->type = strcmp(format, "json")
                                   ? SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_TEXT
                                   : SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON;
}

enum sl_code request_prepare(Sluice__V1__CompleteRequest *request, const struct options *o,
                             struct sl_arena *arena, struct sl_err *err)
{
    enum sl_code code = SL_OK;

    sluice__v1__complete_request__init(request);
    set_identity(request, o);
    set_sampling(request, o);
    set_reasoning(request, o, arena);
    set_tool_choice(request, o->tool_choice, arena);
    if (o->top_p.set && o->top_p.v <= 0)
        code = BAD(err, "--top-p takes more than 0, at most 1");
    if (o->schema && o->format)
        code = BAD(err, "--schema and --format do not go together");
    if (code == SL_OK && o->provider_options) {
        struct sl_err inner = {0};

        if (!sl_json_check(o->provider_options, strlen(o->provider_options), SL_JSON_OBJECT,
                           &inner))
            code = BAD(err, "--provider-options takes a JSON object: %s", inner.text);
    }
    if (code == SL_OK)
        code = set_labels(request, o, arena, err);
    if (code == SL_OK)
        code = use_file(o->tools, tools_parse, arena, request, err);
    if (code == SL_OK)
        code = use_file(o->schema, schema_parse, arena, request, err);
    set_format(request, o->format, arena);
    return code;
}
