/* embedContent and batchEmbedContents (https://ai.google.dev/api/embeddings): {"content": {"parts"}, "taskType", "title",
 * "outputDimensionality"}, one or a list of up to 100 ("at most 100 requests can be in one batch"), each of which names the
 * model again. Answers are {"embedding": {"values"}} or {"embeddings": [{"values"}]}. */
#include <string.h>

#include "adapters/gemini/operations.h"

enum { MAX_BATCH = 100 };

const char *const gm_embed_tasks[] = {
    NULL,
    "RETRIEVAL_DOCUMENT",
    "RETRIEVAL_QUERY",
    "CLASSIFICATION",
    "CLUSTERING",
    "SEMANTIC_SIMILARITY",
    "CODE_RETRIEVAL_QUERY",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
};

size_t gm_embed_one(const struct sl_op_in *in)
{
    (void)in;
    return 1;
}

size_t gm_embed_batch(const struct sl_op_in *in)
{
    return in->n > MAX_BATCH ? MAX_BATCH : in->n;
}

/* ---- requests ---- */

static void put_text(struct nv_build *b, const char *text)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_image(struct nv_build *b, const Sluice__V1__Image *image, const char *field)
{
    if (image->source_case != SLUICE__V1__IMAGE__SOURCE_DATA)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field,
                            "%s takes pictures as bytes here", b->title);
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "inlineData");
    sl_jw_object(&b->w);
    nv_put_string(b, "mimeType", image->media_type);
    sl_jw_key(&b->w, "data");
    sl_jw_string_begin(&b->w);
    sl_jw_string_base64(&b->w, image->data.data, image->data.len);
    sl_jw_string_end(&b->w);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code put_parts(struct nv_build *b, const Sluice__V1__EmbedInput *input,
                              const char *field)
{
    enum sl_code code = SL_OK;

    switch (input->content_case) {
    case SLUICE__V1__EMBED_INPUT__CONTENT_TEXT:
        put_text(b, input->text);
        return SL_OK;
    case SLUICE__V1__EMBED_INPUT__CONTENT_IMAGE:
        return put_image(b, input->image, field);
    case SLUICE__V1__EMBED_INPUT__CONTENT_PARTS:
        for (size_t i = 0; i < input->parts->n_parts && code == SL_OK; i++) {
            const Sluice__V1__Part *part = input->parts->parts[i];
            if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT)
                put_text(b, part->text);
            else
                code = put_image(b, part->image, field);
        }
        return code;
    default:
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field,
                            "%s takes no token ids", b->title);
    }
}

static enum sl_code put_input(struct nv_build *b, const struct sl_op_in *in, size_t i)
{
    const Sluice__V1__EmbedRequest *r = in->embed;

    sl_jw_key(&b->w, "content");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "parts");
    sl_jw_array(&b->w);
    enum sl_code code = put_parts(b, r->inputs[i], nv_field(b, "inputs[%zu]", i));
    sl_jw_array_end(&b->w);
    sl_jw_object_end(&b->w);
    if (code == SL_OK)
        code = sl_calls_put_word(b, "taskType", "task", gm_embed_tasks, (int)r->task);
    if (r->inputs[i]->title[0])
        nv_put_string(b, "title", r->inputs[i]->title);
    if (r->_dimensions_case)
        nv_put_int(b, "outputDimensionality", r->dimensions);
    return code;
}

static enum sl_code check_rest(struct nv_build *b, const Sluice__V1__EmbedRequest *r)
{
    enum sl_code code = sl_calls_put_word(b, NULL, "truncate", NULL, (int)r->truncate);

    return code == SL_OK ? sl_calls_check_floats(b, r) : code;
}

static const struct nv_owned owned[] = {
    {"model", "model"},
    {"content", "inputs"},
    {"taskType", "task"},
    {"title", "inputs"},
    {"outputDimensionality", "dimensions"},
    {NULL, NULL},
};

enum sl_code gm_embed_build(const struct sl_op_in *in, struct sl_http_request *out,
                            struct sl_err *err)
{
    struct nv_build b;

    gm_address(in->api->dialect, &in->build, out, "embedContent");
    sl_calls_writer(&b, in, out, err);
    sl_jw_object(&b.w);
    enum sl_code code = check_rest(&b, in->embed);
    if (code == SL_OK)
        code = put_input(&b, in, in->first);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

static enum sl_code put_request(struct nv_build *b, const struct sl_op_in *in,
                                struct nv_options *options, size_t i)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "model", gm_model_path(in->api->dialect, &in->build));
    enum sl_code code = put_input(b, in, i);
    if (code == SL_OK)
        code = nv_options_put(b, options, NULL, NULL, owned);
    sl_jw_object_end(&b->w);
    return code;
}

/* Options stand in each of the requests. */
enum sl_code gm_batch_build(const struct sl_op_in *in, struct sl_http_request *out,
                            struct sl_err *err)
{
    struct nv_options options = {0};
    struct nv_build b;

    gm_address(in->api->dialect, &in->build, out, "batchEmbedContents");
    sl_calls_writer(&b, in, out, err);
    enum sl_code code = check_rest(&b, in->embed);
    if (code != SL_OK)
        return code;
    code = nv_options_open(&b, &options);
    sl_jw_object(&b.w);
    sl_jw_key(&b.w, "requests");
    sl_jw_array(&b.w);
    for (size_t i = in->first; i < in->first + in->n && code == SL_OK; i++)
        code = put_request(&b, in, &options, i);
    nv_options_close(&options);
    if (code != SL_OK)
        return code;
    sl_jw_array_end(&b.w);
    sl_jw_object_end(&b.w);
    sl_jw_finish(&b.w);
    return SL_OK;
}

/* ---- the answer ---- */

static enum sl_code read_values(struct sl_op_answer *o, struct sl_json *j, int embedding,
                                int64_t index, struct sl_err *err)
{
    int values = sl_json_type(j, embedding) == SL_JSON_OBJECT
                     ? sl_json_member(j, embedding, "values")
                     : SL_JSON_ABSENT;

    return sl_op_read_vector(o, j, values, index, sl_op_encoding(o->in->embed, 0), err);
}

enum sl_code gm_embed_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    int64_t index = 0;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int one = sl_json_member(&j, SL_JSON_ROOT, "embedding");
    int list = sl_json_member(&j, SL_JSON_ROOT, "embeddings");
    int usage = sl_json_present(&j, SL_JSON_ROOT, "usageMetadata");
    if (usage >= 0)
        sl_op_set_usage(o, sl_op_count(&j, usage, "promptTokenCount"), -1, sl_json_raw(&j, usage));
    if (one >= 0)
        return read_values(o, &j, one, 0, err);
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without vectors");
    for (int k = sl_json_first(&j, list); k >= 0 && code == SL_OK; k = sl_json_next(&j, list, k))
        code = read_values(o, &j, k, index++, err);
    return code;
}
