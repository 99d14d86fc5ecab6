/* Hugging Face: feature extraction (https://huggingface.co/docs/inference-providers/tasks/feature-extraction, and Text
 * Embeddings Inference, whose clients send at most 32 inputs at once): {"inputs": [...]} -> [[...], ...], one vector an input;
 * models that give a vector for each token are refused. The address is the router's .../hf-inference/models/MODEL/pipeline/
 * feature-extraction for a base URL that ends in /v1; MODEL below one that ends in /pipeline/feature-extraction (the older
 * form, recorded); and any other base URL itself, which is an endpoint of one's own. Ranking is TEI's POST /rerank
 * {"query", "texts"} -> [{"index", "score"}] (huggingface.github.io/text-embeddings-inference). */
#include <string.h>

#include "adapters/calls/calls.h"

enum { MAX_INPUTS = 32 };

static const char pipeline[] = "/pipeline/feature-extraction";

static size_t batch(const struct sl_op_in *in)
{
    return in->n > MAX_INPUTS ? MAX_INPUTS : in->n;
}

/* ---- the request ---- */

static const char *url_of(const struct sl_op_in *in)
{
    const struct sl_target *t = in->build.target;
    const char *model = sl_op_path(in->build.arena, t->model_id);
    size_t n = strlen(t->base_url);

    if (sl_op_base_ends(t, pipeline) && !strstr(t->base_url, "/models/"))
        return sl_arena_printf(in->build.arena, "%s/%s", t->base_url, model);
    if (!sl_op_base_ends(t, "/v1"))
        return t->base_url;
    return sl_arena_printf(in->build.arena, "%.*s/hf-inference/models/%s%s", (int)(n - 3),
                           t->base_url, model, pipeline);
}

/* "truncate", and "truncation_direction": "Left" or "Right" */
static void put_truncate(struct nv_build *b, Sluice__V1__EmbedTruncate truncate)
{
    if (!truncate)
        return;
    nv_put_bool(b, "truncate", truncate != SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_NONE);
    if (truncate == SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_START)
        nv_put_string(b, "truncation_direction", "Left");
    else if (truncate == SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_END)
        nv_put_string(b, "truncation_direction", "Right");
}

static enum sl_code put_inputs(struct nv_build *b, const struct sl_op_in *in)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->w, "inputs");
    sl_jw_array(&b->w);
    for (size_t i = in->first; i < in->first + in->n && code == SL_OK; i++)
        code = sl_calls_put_text_input(b, in, i);
    sl_jw_array_end(&b->w);
    return code;
}

static enum sl_code check_rest(struct nv_build *b, const Sluice__V1__EmbedRequest *r)
{
    enum sl_code code = sl_calls_put_int(b, NULL, "dimensions", r->_dimensions_case, r->dimensions);

    if (code == SL_OK)
        code = sl_calls_put_word(b, NULL, "task", NULL, (int)r->task);
    return code == SL_OK ? sl_calls_check_floats(b, r) : code;
}

static enum sl_code build(const struct sl_op_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    static const struct nv_owned owned[] = {{"inputs", "inputs"},
                                            {"truncate", "truncate"},
                                            {"truncation_direction", "truncate"},
                                            {NULL, NULL}};
    struct nv_build b;

    sl_op_begin(in, out, "POST", "");
    out->url = url_of(in);
    sl_calls_writer(&b, in, out, err);
    sl_jw_object(&b.w);
    enum sl_code code = put_inputs(&b, in);
    if (code != SL_OK)
        return code;
    put_truncate(&b, in->embed->truncate);
    code = check_rest(&b, in->embed);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

/* ---- the answer ---- */

static enum sl_code body_of(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    int64_t index = 0;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_ARRAY, &j, err);

    if (code != SL_OK)
        return code;
    int first = sl_json_first(&j, SL_JSON_ROOT);
    if (sl_json_type(&j, first) == SL_JSON_NUMBER) /* one input, without a list around it */
        return sl_op_read_vector(o, &j, SL_JSON_ROOT, 0, sl_op_encoding(o->in->embed, 0), err);
    if (sl_json_type(&j, sl_json_first(&j, first)) == SL_JSON_ARRAY)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_UNSUPPORTED,
                          "the model gives a vector for each token, none for the whole text");
    for (int k = first; k >= 0 && code == SL_OK; k = sl_json_next(&j, SL_JSON_ROOT, k))
        code = sl_op_read_vector(o, &j, k, index++, sl_op_encoding(o->in->embed, 0), err);
    return code;
}

static const struct sl_calls_rerank rerank = {
    .path = "/rerank",
    .documents_key = "texts",
    .return_key = "return_text",
    .no_model = true,
};

static const struct sl_op_api feature_extraction = {
    .operation = SL_EMBED,
    .name = "feature_extraction",
    .batch = batch,
    .build = build,
    .on_body = body_of,
};
static const struct sl_op_api rerank_api = SL_CALLS_RERANK("rerank", rerank);

extern const struct sl_op_api *const sl_huggingface_operations[];
const struct sl_op_api *const sl_huggingface_operations[] = {&feature_extraction, &rerank_api,
                                                             &sl_calls_models_api, NULL};
