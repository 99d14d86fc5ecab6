/* The smallest questions that tell something. */
#include <string.h>

#include "exchange/probe/internal.h"

/* A square of 32 by 32 pixels, all red: some providers take no smaller pictures. */
static const uint8_t red_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x20, 0x08, 0x02, 0x00, 0x00, 0x00, 0xfc, 0x18, 0xed,
    0xa3, 0x00, 0x00, 0x00, 0x27, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0xed, 0xcd, 0xb1, 0x09, 0x00,
    0x00, 0x08, 0xc0, 0xb0, 0xfe, 0xff, 0xb4, 0x5e, 0xe1, 0x20, 0x04, 0xb2, 0xa7, 0xa9, 0x53, 0x09,
    0x04, 0x02, 0x81, 0x40, 0x20, 0x10, 0x08, 0x04, 0x82, 0x2f, 0xc1, 0x02, 0x32, 0xc3, 0xfc, 0x2e,
    0x70, 0xfd, 0x23, 0x3d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

static const char tool_parameters[] =
    "{\"type\":\"object\",\"properties\":{\"ready\":{\"type\":\"boolean\"}},"
    "\"required\":[\"ready\"],\"additionalProperties\":false}";

static const char answer_schema[] =
    "{\"type\":\"object\",\"properties\":{\"blue\":{\"type\":\"boolean\"}},"
    "\"required\":[\"blue\"],\"additionalProperties\":false}";

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

/* One token is enough to see that an answer comes. Some take no fewer than 16 (the Responses API:
 * https://platform.openai.com/docs/api-reference/responses/create, max_output_tokens), and what reasons first needs room
 * for that. */
int32_t sl_probe_tokens(enum sl_probe_step step, int rung)
{
    static const int32_t answers[SL_PROBE_RUNGS] = {1, 16, 1024};
    static const int32_t tests[SL_PROBE_RUNGS] = {64, 1024, 0};
    if (rung >= SL_PROBE_RUNGS)
        return 0;
    return step == SL_PROBE_COMPLETION || step == SL_PROBE_STREAMING ? answers[rung] : tests[rung];
}

/* ---- chat ---- */

static void add_part(struct sl_arena *arena, Sluice__V1__Message *m, Sluice__V1__Part **part)
{
    *part = SL_ARENA_NEW(arena, Sluice__V1__Part);
    sluice__v1__part__init(*part);
    m->parts[m->n_parts++] = *part;
}

static Sluice__V1__Message *question(struct sl_arena *arena, const char *words)
{
    enum { MAX_PARTS = 2 };
    Sluice__V1__Message *m = SL_ARENA_NEW(arena, Sluice__V1__Message);
    Sluice__V1__Part *part;
    sluice__v1__message__init(m);
    m->role = SLUICE__V1__ROLE__ROLE_USER;
    m->parts = sl_arena_zalloc(arena, MAX_PARTS * sizeof(Sluice__V1__Part *));
    add_part(arena, m, &part);
    part->content_case = SLUICE__V1__PART__CONTENT_TEXT;
    part->text = text(words);
    return m;
}

static void add_picture(struct sl_arena *arena, Sluice__V1__Message *m)
{
    Sluice__V1__Part *part;
    Sluice__V1__Image *image = SL_ARENA_NEW(arena, Sluice__V1__Image);
    sluice__v1__image__init(image);
    image->source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
    image->data.data = (uint8_t *)(uintptr_t)red_png;
    image->data.len = sizeof(red_png);
    image->media_type = text("image/png");
    add_part(arena, m, &part);
    part->content_case = SLUICE__V1__PART__CONTENT_IMAGE;
    part->image = image;
}

static void add_tool(struct sl_arena *arena, Sluice__V1__CompleteRequest *r)
{
    Sluice__V1__FunctionTool *function = SL_ARENA_NEW(arena, Sluice__V1__FunctionTool);
    sluice__v1__function_tool__init(function);
    function->name = text("report");
    function->description = text("Reports whether you are ready.");
    function->parameters_json = text(tool_parameters);
    r->tools = sl_arena_zalloc(arena, sizeof(Sluice__V1__Tool *));
    r->tools[0] = SL_ARENA_NEW(arena, Sluice__V1__Tool);
    sluice__v1__tool__init(r->tools[0]);
    r->tools[0]->kind_case = SLUICE__V1__TOOL__KIND_FUNCTION;
    r->tools[0]->function = function;
    r->n_tools = 1;
    r->tool_choice = SL_ARENA_NEW(arena, Sluice__V1__ToolChoice);
    sluice__v1__tool_choice__init(r->tool_choice);
    r->tool_choice->mode = SLUICE__V1__TOOL_CHOICE__MODE__MODE_REQUIRED;
}

static void add_schema(struct sl_arena *arena, Sluice__V1__CompleteRequest *r)
{
    Sluice__V1__ResponseFormat *f = SL_ARENA_NEW(arena, Sluice__V1__ResponseFormat);
    sluice__v1__response_format__init(f);
    f->type = SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA;
    f->schema_name = text("answer");
    f->schema_json = text(answer_schema);
    f->strict = true;
    f->_strict_case = SLUICE__V1__RESPONSE_FORMAT___STRICT_STRICT;
    r->response_format = f;
}

Sluice__V1__CompleteRequest *sl_probe_ask(struct sl_arena *arena, enum sl_probe_step step,
                                          int32_t tokens)
{
    Sluice__V1__CompleteRequest *r = SL_ARENA_NEW(arena, Sluice__V1__CompleteRequest);
    const char *words = "Say yes.";
    sluice__v1__complete_request__init(r);
    r->max_output_tokens = tokens;
    r->_max_output_tokens_case = SLUICE__V1__COMPLETE_REQUEST___MAX_OUTPUT_TOKENS_MAX_OUTPUT_TOKENS;
    if (step == SL_PROBE_TOOLS)
        words = "Call the tool report: you are ready.";
    else if (step == SL_PROBE_VISION)
        words = "Which colour is this picture? Answer with one English word.";
    else if (step == SL_PROBE_JSON)
        words = "Is a cloudless sky at noon blue?";
    r->messages = sl_arena_zalloc(arena, sizeof(Sluice__V1__Message *));
    r->messages[0] = question(arena, words);
    r->n_messages = 1;
    if (step == SL_PROBE_TOOLS)
        add_tool(arena, r);
    else if (step == SL_PROBE_VISION)
        add_picture(arena, r->messages[0]);
    else if (step == SL_PROBE_JSON)
        add_schema(arena, r);
    return r;
}

/* ---- the rest ---- */

static ProtobufCMessage *ask_embedding(struct sl_arena *arena)
{
    Sluice__V1__EmbedRequest *r = SL_ARENA_NEW(arena, Sluice__V1__EmbedRequest);
    Sluice__V1__EmbedInput *input = SL_ARENA_NEW(arena, Sluice__V1__EmbedInput);
    sluice__v1__embed_request__init(r);
    sluice__v1__embed_input__init(input);
    input->content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TEXT;
    input->text = text("yes");
    r->inputs = sl_arena_zalloc(arena, sizeof(*r->inputs));
    r->inputs[0] = input;
    r->n_inputs = 1;
    return &r->base;
}

static ProtobufCMessage *ask_ranking(struct sl_arena *arena)
{
    Sluice__V1__RerankRequest *r = SL_ARENA_NEW(arena, Sluice__V1__RerankRequest);
    sluice__v1__rerank_request__init(r);
    r->query = text("sky");
    r->documents = sl_arena_zalloc(arena, 2 * sizeof(*r->documents));
    r->documents[0] = text("The sky is blue.");
    r->documents[1] = text("Grass is green.");
    r->n_documents = 2;
    return &r->base;
}

static ProtobufCMessage *ask_moderation(struct sl_arena *arena)
{
    Sluice__V1__ModerateRequest *r = SL_ARENA_NEW(arena, Sluice__V1__ModerateRequest);
    Sluice__V1__ModerateInput *input = SL_ARENA_NEW(arena, Sluice__V1__ModerateInput);
    sluice__v1__moderate_request__init(r);
    sluice__v1__moderate_input__init(input);
    Sluice__V1__Message *m = question(arena, "The sky is blue.");
    input->parts = m->parts;
    input->n_parts = m->n_parts;
    r->inputs = sl_arena_zalloc(arena, sizeof(*r->inputs));
    r->inputs[0] = input;
    r->n_inputs = 1;
    return &r->base;
}

static ProtobufCMessage *ask_picture(struct sl_arena *arena)
{
    Sluice__V1__GenerateImageRequest *r = SL_ARENA_NEW(arena, Sluice__V1__GenerateImageRequest);
    sluice__v1__generate_image_request__init(r);
    r->prompt = text("A red dot on white");
    return &r->base;
}

ProtobufCMessage *sl_probe_ask_operation(struct sl_arena *arena, enum sl_probe_step step,
                                         enum sl_operation *operation)
{
    switch (step) {
    case SL_PROBE_EMBEDDING:
        *operation = SL_EMBED;
        return ask_embedding(arena);
    case SL_PROBE_RERANK:
        *operation = SL_RERANK;
        return ask_ranking(arena);
    case SL_PROBE_MODERATION:
        *operation = SL_MODERATE;
        return ask_moderation(arena);
    case SL_PROBE_IMAGE:
        *operation = SL_GENERATE_IMAGE;
        return ask_picture(arena);
    default:
        *operation = SL_LIST_MODELS;
        return NULL;
    }
}
