/* Bedrock's calls beside Converse. Embeddings are InvokeModel with the model's own body ("Amazon Titan Text Embeddings",
 * "Amazon Titan Multimodal Embeddings G1", "Cohere Embed" in the user guide): Titan takes one text, {"inputText",
 * "dimensions", "embeddingTypes"} -> {"embedding", "embeddingsByType", "inputTextTokenCount"}, its multimodal model a text,
 * a picture or both, {"inputText", "inputImage", "embeddingConfig"}; Cohere's takes what Cohere's own API takes. CountTokens
 * (API_runtime_CountTokens) takes a Converse request, of Claude only ("Monitor your token usage by counting tokens").
 * Models are listed by the control plane, https://bedrock.REGION.amazonaws.com/foundation-models. */
#include <string.h>

#include "adapters/bedrock/internal.h"
#include "adapters/calls/calls.h"
#include "adapters/cohere/embed.h"

static bool is_cohere(const struct sl_target *target)
{
    return strstr(target->model_id, "cohere.") != NULL;
}

static bool is_titan_image(const struct sl_target *target)
{
    return strstr(target->model_id, "titan-embed-image") != NULL;
}

static size_t batch(const struct sl_op_in *in)
{
    return is_cohere(in->build.target) ? sl_cohere_embed_batch(in) : 1;
}

/* ---- Titan ---- */

static enum sl_code put_text(struct nv_build *b, const char *text, bool *has)
{
    if (*has)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "inputs",
                            "the model takes one text and one picture together");
    *has = true;
    nv_put_string(b, "inputText", text);
    return SL_OK;
}

static enum sl_code put_image(struct nv_build *b, const struct sl_op_in *in,
                              const Sluice__V1__Image *image, bool *has)
{
    if (!is_titan_image(in->build.target) || *has ||
        image->source_case != SLUICE__V1__IMAGE__SOURCE_DATA)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "inputs[%zu]", in->first),
                            "the model takes no such picture here");
    *has = true;
    sl_jw_key(&b->w, "inputImage");
    sl_jw_string_begin(&b->w);
    sl_jw_string_base64(&b->w, image->data.data, image->data.len);
    sl_jw_string_end(&b->w);
    return SL_OK;
}

static enum sl_code put_part(struct nv_build *b, const struct sl_op_in *in,
                             const Sluice__V1__Part *part, bool *text, bool *image)
{
    return part->content_case == SLUICE__V1__PART__CONTENT_TEXT
               ? put_text(b, part->text, text)
               : put_image(b, in, part->image, image);
}

static enum sl_code put_input(struct nv_build *b, const struct sl_op_in *in)
{
    const Sluice__V1__EmbedInput *input = in->embed->inputs[in->first];
    bool text = false, image = false;
    enum sl_code code = SL_OK;

    if (input->title[0])
        code = sl_unsupported(b->in, b->err, nv_field(b, "inputs[%zu].title", in->first),
                              "the model takes no titles");
    if (code != SL_OK)
        return code;
    switch (input->content_case) {
    case SLUICE__V1__EMBED_INPUT__CONTENT_TEXT:
        return put_text(b, input->text, &text);
    case SLUICE__V1__EMBED_INPUT__CONTENT_IMAGE:
        return put_image(b, in, input->image, &image);
    case SLUICE__V1__EMBED_INPUT__CONTENT_PARTS:
        for (size_t i = 0; i < input->parts->n_parts && code == SL_OK; i++)
            code = put_part(b, in, input->parts->parts[i], &text, &image);
        return code;
    default:
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "inputs[%zu]", in->first), "the model takes no token ids");
    }
}

static void put_dimensions(struct nv_build *b, const struct sl_op_in *in)
{
    if (!in->embed->_dimensions_case)
        return;
    if (!is_titan_image(in->build.target)) {
        nv_put_int(b, "dimensions", in->embed->dimensions);
        return;
    }
    sl_jw_key(&b->w, "embeddingConfig");
    sl_jw_object(&b->w);
    nv_put_int(b, "outputEmbeddingLength", in->embed->dimensions);
    sl_jw_object_end(&b->w);
}

/* embeddingTypes: float and binary, which is a list of bits. */
static enum sl_code put_types(struct nv_build *b, const Sluice__V1__EmbedRequest *r)
{
    for (size_t i = 0; i < r->n_encodings; i++)
        if (r->encodings[i] != SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT)
            return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                                "encodings", "the model's vectors are given as floats only");
    return SL_OK;
}

static enum sl_code put_titan(struct nv_build *b, const struct sl_op_in *in)
{
    static const struct nv_owned owned[] = {
        {"inputText", "inputs"},         {"inputImage", "inputs"},
        {"dimensions", "dimensions"},    {"embeddingConfig", "dimensions"},
        {"embeddingTypes", "encodings"}, {NULL, NULL}};
    const Sluice__V1__EmbedRequest *r = in->embed;
    enum sl_code code = put_input(b, in);

    if (code == SL_OK)
        code = put_types(b, r);
    if (code == SL_OK)
        code = sl_calls_put_word(b, NULL, "task", NULL, (int)r->task);
    if (code == SL_OK)
        code = sl_calls_put_word(b, NULL, "truncate", NULL, (int)r->truncate);
    if (code == SL_OK)
        code = sl_calls_put_string(b, NULL, "end_user", r->end_user);
    if (code != SL_OK)
        return code;
    put_dimensions(b, in);
    return sl_calls_close(b, owned);
}

static enum sl_code embed_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    struct nv_build b;
    enum sl_code code;

    *out = (struct sl_http_request){0};
    sl_calls_writer(&b, in, out, err);
    sl_jw_object(&b.w);
    if (is_cohere(in->build.target))
        code = sl_cohere_embed_members(&b, in, true);
    else
        code = put_titan(&b, in);
    return code == SL_OK ? br_address(&in->build, out, "invoke", err) : code;
}

static enum sl_code titan_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int64_t tokens = sl_op_count(&j, SL_JSON_ROOT, "inputTextTokenCount");
    if (tokens >= 0)
        sl_op_set_usage(o, tokens, -1,
                        sl_str(sl_arena_printf(o->a.arena, "{\"inputTextTokenCount\":%lld}",
                                               (long long)tokens)));
    return sl_op_read_vector(o, &j, sl_json_member(&j, SL_JSON_ROOT, "embedding"), 0,
                             sl_op_encoding(o->in->embed, 0), err);
}

static enum sl_code embed_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    return is_cohere(o->in->build.target) ? sl_cohere_embed_body(o, body, n, err)
                                          : titan_body(o, body, n, err);
}

/* ---- token counts ---- */

static bool is_counted(const struct sl_target *target)
{
    return strstr(target->model_id, "anthropic.") != NULL;
}

static enum sl_code put_converse(struct nv_build *b)
{
    enum sl_code code = br_put_messages(b);

    if (code == SL_OK)
        code = br_put_system(b);
    return code == SL_OK ? br_put_tools(b) : code;
}

static enum sl_code count_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    struct nv_build b;

    *out = (struct sl_http_request){0};
    sl_calls_writer(&b, in, out, err);
    sl_jw_object(&b.w);
    sl_jw_key(&b.w, "input");
    sl_jw_object(&b.w);
    sl_jw_key(&b.w, "converse");
    sl_jw_object(&b.w);
    enum sl_code code = put_converse(&b);
    if (code != SL_OK)
        return code;
    for (int i = 0; i < 3; i++)
        sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return br_address(&in->build, out, "count-tokens", err);
}

static enum sl_code count_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code == SL_OK)
        o->out.tokens = sl_op_count(&j, SL_JSON_ROOT, "inputTokens");
    return code;
}

/* ---- models ---- */

static enum sl_code models_build(const struct sl_op_in *in, struct sl_http_request *out,
                                 struct sl_err *err)
{
    static const char runtime[] = "bedrock-runtime";
    const char *base = in->build.target->base_url, *at = strstr(base, runtime);
    const char *url = at ? sl_arena_printf(in->build.arena, "%.*sbedrock%s/foundation-models",
                                           (int)(at - base), base, at + sizeof(runtime) - 1)
                         : sl_arena_printf(in->build.arena, "%s/foundation-models", base);

    *out = (struct sl_http_request){0};
    return br_send(&in->build, out, "GET", url, err);
}

/* {"modelSummaries": [{"modelId", "modelName", "providerName", "inputModalities", "outputModalities"}]} */
static enum sl_code models_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_member(&j, SL_JSON_ROOT, "modelSummaries");
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without a list of models");
    for (int k = sl_json_first(&j, list); k >= 0; k = sl_json_next(&j, list, k)) {
        char *id = sl_op_string(o, &j, k, "modelId"), *s;
        Sluice__V1__ProviderModel *m = id ? sl_op_add_model(o) : NULL;
        if (!id)
            return sl_op_garbage(o, err, "a model without an id");
        if (!m)
            return SL_OK;
        m->id = id;
        if ((s = sl_op_string(o, &j, k, "modelName")))
            m->display_name = s;
        if ((s = sl_op_string(o, &j, k, "providerName")))
            m->owned_by = s;
    }
    return SL_OK;
}

/* ---- the list ---- */

static const struct sl_op_api invoke_embed = {
    .operation = SL_EMBED,
    .name = "invoke_embed",
    .batch = batch,
    .build = embed_build,
    .on_body = embed_body,
};
static const struct sl_op_api count = {
    .operation = SL_COUNT_TOKENS,
    .name = "count_tokens",
    .fits = is_counted,
    .build = count_build,
    .on_body = count_body,
};
static const struct sl_op_api models = {
    .operation = SL_LIST_MODELS,
    .name = "models",
    .build = models_build,
    .on_body = models_body,
};

extern const struct sl_op_api *const sl_bedrock_operations[];
const struct sl_op_api *const sl_bedrock_operations[] = {&invoke_embed, &count, &models, NULL};
