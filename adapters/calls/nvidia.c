/* NVIDIA NIM: embeddings (https://docs.nvidia.com/nim/nemo-retriever/text-embedding/latest/reference.html) with input_type
 * "query" or "passage" and truncate; ranking at /ranking (.../text-reranking/latest/using-reranking.html): query and
 * passages are objects with a text, results are {"index", "logit"}, at most 512 passages. */
#include "adapters/calls/calls.h"

static const char *const tasks[] = {NULL, "passage", "query", NULL, NULL, NULL, NULL, NULL, NULL};
static const char *const truncates[] = {NULL, "NONE", "START", "END"};

static const struct sl_calls_embeddings embeddings = {
    .path = "/embeddings",
    .dimensions_key = "dimensions",
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
    .task_key = "input_type",
    .tasks = tasks,
    .truncate_key = "truncate",
    .truncates = truncates,
    .end_user_key = "user",
};

static void put_text(struct nv_build *b, const char *text)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

static enum sl_code build_ranking(const struct sl_op_in *in, struct sl_http_request *out,
                                  struct sl_err *err)
{
    static const struct nv_owned owned[] = {
        {"model", "model"}, {"query", "query"}, {"passages", "documents"}, {NULL, NULL}};
    const Sluice__V1__RerankRequest *r = in->rerank;
    struct nv_build b;

    sl_calls_begin(in, out, "POST", "/ranking");
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    sl_jw_key(&b.w, "query");
    put_text(&b, r->query);
    sl_jw_key(&b.w, "passages");
    sl_jw_array(&b.w);
    for (size_t i = 0; i < r->n_documents; i++)
        put_text(&b, r->documents[i]);
    sl_jw_array_end(&b.w);
    enum sl_code code =
        sl_calls_put_int(&b, NULL, "max_tokens_per_document", r->_max_tokens_per_document_case,
                         r->max_tokens_per_document);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

static const struct sl_op_api embeddings_api = SL_CALLS_EMBEDDINGS(embeddings);
static const struct sl_op_api ranking_api = {
    .operation = SL_RERANK,
    .name = "ranking",
    .build = build_ranking,
    .on_body = sl_calls_rerank_body,
};

extern const struct sl_op_api *const sl_nvidia_operations[];
const struct sl_op_api *const sl_nvidia_operations[] = {&embeddings_api, &ranking_api,
                                                        &sl_calls_models_api, NULL};
