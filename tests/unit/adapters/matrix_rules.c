/* See matrix_rules.h. */
#include "matrix_rules.h"

#include <stdio.h>
#include <string.h>

/* ---- what need not be sent ---- */

/* Fields that are Sluice's own, and not the provider's business. */
static const char *const consumed[] = {
    "model",      "on_unsupported",  "include_message", "provider_options_json",
    "request_id", "conversation_id", "message_id",      "labels",
    "task",
};

/* Fields that say nothing where they stand, so that leaving them out loses nothing. */
static const struct {
    const char *kind; /* of one provider only; NULL: of any */
    const char *name; /* the end of matrix_name(), a choice behind its '|' as well or left out */
    const char *why;
} idle[] = {
    {NULL, "media_type|url", "the provider sees the type when it fetches the file"},
    {NULL, "media_type|file_id", "the provider knows the type of a file that it stores"},
    {NULL, "media_type|text", "the text is in the request, whatever it is called"},
    {NULL, "tool_result.name", "for providers that name the tool instead of the call"},
    {NULL, "document.filename|file_id", "the provider knows the name of a file that it stores"},
    {NULL, "audio.expires_at", "when the provider forgets a file; a fact, no wish"},
    {NULL, "audio.transcript|file_id", "the provider knows what it said"},
    {"bedrock", "provider_tool_call.status", "a call that is given back is over"},
    {"cohere", "document.citations", "documents are cited unasked"},
    {"mistral", "audio.media_type|data", "told from the bytes"},
    {"ollama", "image.media_type|data", "told from the bytes"},
};

/* Values of enums that mean "as if not set" (chat.proto). */
static const char *const defaults[] = {"MODE_AUTO", "TYPE_TEXT"};

/* Values that ask for what comes without asking. */
static const struct {
    const char *kind; /* NULL: any */
    const char *field;
    int value; /* of bools 1 is true, 2 false */
} standing[] = {
    {NULL, "logprobs", 2},
    {"anthropic", "reasoning.effort", 1}, /* none; models before 4.6 reason when told to */
    {"anthropic", "response_format.strict", 1},
    {"bedrock", "response_format.strict", 1},
    {"cohere", "response_format.strict", 1},
    {"gemini", "response_format.strict", 1},
    {"bedrock", "parallel_tool_calls", 1},
    {"gemini", "parallel_tool_calls", 1},
    {"huggingface", "response_format.strict", 1}, /* text_generation */
    {"ollama", "response_format.strict", 1},
    {"vertex", "response_format.strict", 1},
    {"vertex", "parallel_tool_calls", 1},
    {"vertex", "tools.function.strict", 2},
    {"gemini", "tools.function.strict", 2},
    {"ollama", "tools.function.strict", 2},
};

/* Messages that are as good as absent while nothing in them is set. */
static const char *const empty[] = {"tool_choice", "response_format", "reasoning"};

/* Warnings about things that a reply brought and the caller gives back unasked: they never become refusals. */
static const char *const given_back[] = {
    "PROVIDER_STATE_DROPPED", "REASONING_DROPPED", "CITATIONS_DROPPED",
    "TRANSCRIPT_DROPPED",     "ARGUMENTS_WRAPPED", /* a call that was cut off must not end the conversation */
    "SCHEMA_NAME_DROPPED",                         /* a label, which changes no answer */
};

bool matrix_is_consumed(const struct matrix_path *path)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(consumed); i++)
        if (!strcmp(path->step[0].field->name, consumed[i]))
            return true;
    return false;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), length = strlen(end);
    return n >= length && !strcmp(s + n - length, end);
}

bool matrix_is_empty(const struct matrix_path *path)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(empty) && path->n == 1; i++)
        if (!strcmp(path->step[0].field->name, empty[i]))
            return true;
    return false;
}

bool matrix_is_idle(const char *kind, const struct matrix_path *path)
{
    char name[MATRIX_NAME];

    matrix_name(path, name);
    for (size_t i = 0; i < SL_ARRAY_LEN(idle); i++) {
        if (idle[i].kind && strcmp(idle[i].kind, kind) != 0)
            continue;
        bool any = !strchr(idle[i].name, '|') && strrchr(name, '|') > strrchr(name, '.');
        if (any)
            *strrchr(name, '|') = '\0';
        if (ends_with(name, idle[i].name))
            return true;
        if (any)
            matrix_name(path, name);
    }
    return false;
}

bool matrix_is_default(const char *kind, const struct matrix_path *path, int value)
{
    const ProtobufCFieldDescriptor *f = path->step[path->n - 1].field;
    char name[MATRIX_NAME];

    matrix_name(path, name);
    for (size_t i = 0; i < SL_ARRAY_LEN(standing); i++)
        if (!strcmp(standing[i].field, name) && standing[i].value == value &&
            (!standing[i].kind || !strcmp(standing[i].kind, kind)))
            return true;
    if (f->type != PROTOBUF_C_TYPE_ENUM)
        return false;
    const char *word = ((const ProtobufCEnumDescriptor *)f->descriptor)->values[value].name;
    for (size_t i = 0; i < SL_ARRAY_LEN(defaults); i++)
        if (!strcmp(word, defaults[i]))
            return true;
    return false;
}

/* ---- one build ---- */

static const char *everything(struct kit *k, const struct sl_http_request *http, const char *body)
{
    const char *out = sl_arena_printf(&k->arena, "%s\n", http->url);

    for (const struct sl_header *h = http->headers; h; h = h->next)
        if (strcmp(h->name, "authorization") != 0)
            out = sl_arena_printf(&k->arena, "%s%s: %s\n", out, h->name, h->value);
    return sl_arena_printf(&k->arena, "%s%s", out, body);
}

void matrix_build(struct kit *k, const struct matrix_case *c, bool fail, struct matrix_outcome *out)
{
    size_t index;

    k->request = *matrix_request(&k->arena, c, &index);
    if (fail)
        k->request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    matrix_build_request(k, out);
    out->index = index;
}

void matrix_build_request(struct kit *k, struct matrix_outcome *out)
{
    struct sl_http_request http;

    *out = (struct matrix_outcome){.refused = {.arena = &k->arena}};
    k->warnings = (struct sl_warnings){.arena = &k->arena};
    if (!sl_validate_complete(&k->request, &out->refused))
        return;
    const char *body = kit_build(k, false, &http);
    out->warnings = k->warnings;
    out->err = k->err;
    out->built = body != NULL;
    out->sent = body ? everything(k, &http, body) : NULL;
}

/* ---- names ---- */

/* Whether one is the other, or holds it: "tools[0]" and "tools[0].function.name". */
static bool is_about(const char *said, const char *field)
{
    size_t n = strlen(said), length = strlen(field);
    size_t less = n < length ? n : length;
    const char *rest = n < length ? field + less : said + less;

    return n && !strncmp(said, field, less) && (!*rest || *rest == '.' || *rest == '[') &&
           strcmp(said, "messages") != 0;
}

static bool warns_of(const struct matrix_outcome *o, const char *field)
{
    for (size_t i = 0; i < o->warnings.count; i++)
        if (is_about(o->warnings.list[i]->field, field))
            return true;
    return false;
}

/* A part or tool that is left out is named by what it holds: "tools[0].custom". */
bool matrix_warns_about(const struct matrix_outcome *o, const struct matrix_path *path)
{
    char field[MATRIX_NAME], choice[MATRIX_NAME];
    struct matrix_path at = *path;

    matrix_field(path, o->index, field);
    if (warns_of(o, field))
        return true;
    for (at.n = 1; at.n <= path->n; at.n++) {
        struct matrix_path of_choice = at;
        if (!at.step[at.n - 1].choice)
            continue;
        of_choice.step[at.n - 1].field = at.step[at.n - 1].choice;
        matrix_field(&of_choice, o->index, choice);
        for (size_t i = 0; i < o->warnings.count; i++)
            if (!strcmp(o->warnings.list[i]->field, choice))
                return true;
    }
    return false;
}

bool matrix_refuses(const struct matrix_outcome *o, const char *field)
{
    for (size_t i = 0; i < o->refused.count; i++)
        if (is_about(o->refused.list[i].field, field))
            return true;
    /* What is refused may be another message, that this one belongs to, or the whole. */
    return is_about(o->err.field, field) ||
           (sl_starts_with(o->err.field, "messages") && sl_starts_with(field, "messages"));
}

/* What has to be refused where the caller wishes it. */
const Sluice__V1__Warning *matrix_first_wish(const struct matrix_outcome *o)
{
    for (size_t i = 0; i < o->warnings.count; i++) {
        bool back = false;
        for (size_t k = 0; k < SL_ARRAY_LEN(given_back); k++)
            back = back || !strcmp(o->warnings.list[i]->reason, given_back[k]);
        if (!back)
            return o->warnings.list[i];
    }
    return NULL;
}

/* ---- adapters ---- */

/* Models whose requests differ; other kinds have one. */
static const struct {
    const char *kind, *model_id;
} models[] = {
    {"anthropic", "claude-3-5-haiku-20241022"},
    {"anthropic", "claude-sonnet-4-20250514"},
    {"anthropic", "claude-opus-4-6"},
    {"anthropic", "claude-opus-4-7"},
    {"bedrock", "anthropic.claude-sonnet-4-20250514-v1:0"},
    {"bedrock", "amazon.nova-2-lite-v1:0"},
    {"bedrock", "openai.gpt-oss-120b-1:0"},
    {"bedrock", "meta.llama3-70b-instruct-v1:0"},
    {"gemini", "gemini-2.0-flash"},
    {"gemini", "gemini-2.5-flash"},
    {"gemini", "gemini-3-pro-preview"},
    {"vertex", "gemini-3-pro-preview"},
};

static void visit_adapter(void (*visit)(void *owner, const struct sl_adapter *, const char *),
                          void *owner, const struct sl_adapter *adapter)
{
    bool listed = false;

    for (size_t i = 0; i < SL_ARRAY_LEN(models); i++) {
        if (strcmp(models[i].kind, adapter->name) != 0)
            continue;
        listed = true;
        visit(owner, adapter, models[i].model_id);
    }
    if (!listed)
        visit(owner, adapter, "model-1");
}

void matrix_visit_models(void (*visit)(void *owner, const struct sl_adapter *, const char *),
                         void *owner)
{
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        visit_adapter(visit, owner, *a);
        for (const struct sl_adapter *const *o = (*a)->others; o && *o; o++)
            visit_adapter(visit, owner, *o);
    }
}

void matrix_open_kit(struct kit *k, const struct sl_adapter *adapter, const char *model_id)
{
    kit_init(k, adapter->name);
    k->adapter = adapter;
    k->target.model_id = model_id;
    k->target.project = strcmp(adapter->name, "vertex") ? k->target.project : "project-1";
    k->target.api = adapter->api;
    kit_restart(k);
}
