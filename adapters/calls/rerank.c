/* POST /rerank in the form that Jina made and Cohere's differs from little: {"model", "query", "documents", "top_n"} ->
 * {"results": [{"index", "relevance_score"}]}. */
#include "adapters/calls/calls.h"

#include <string.h>

static const struct sl_calls_rerank *dialect_of(const struct sl_op_in *in)
{
    return in->api->dialect;
}

static enum sl_code put_options(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_rerank *d = dialect_of(in);
    const struct nv_owned owned[] = {
        {"model", "model"},
        {"query", "query"},
        {d->documents_key ? d->documents_key : "documents", "documents"},
        {SL_CALLS_OWNED(d->top_n_key), "top_n"},
        {SL_CALLS_OWNED(d->return_key), "return_documents"},
        {SL_CALLS_OWNED(d->max_tokens_key), "max_tokens_per_document"},
        {NULL, NULL},
    };

    return sl_calls_close(b, owned);
}

enum sl_code sl_calls_rerank_build(const struct sl_op_in *in, struct sl_http_request *out,
                                   struct sl_err *err)
{
    const struct sl_calls_rerank *d = dialect_of(in);
    const Sluice__V1__RerankRequest *r = in->rerank;
    struct nv_build b;

    (d->address ? d->address : sl_calls_begin)(in, out, "POST", d->path);
    sl_calls_writer(&b, in, out, err);
    sl_jw_object(&b.w);
    if (!d->no_model)
        nv_put_string(&b, "model", in->build.target->model_id);
    nv_put_string(&b, "query", r->query);
    nv_put_strings(&b, d->documents_key ? d->documents_key : "documents", r->documents,
                   r->n_documents);
    if (d->top_n_key && r->_top_n_case)
        nv_put_int(&b, d->top_n_key, r->top_n);
    if (d->return_key && r->return_documents)
        nv_put_bool(&b, d->return_key, true);
    enum sl_code code =
        sl_calls_put_int(&b, d->max_tokens_key, "max_tokens_per_document",
                         r->_max_tokens_per_document_case, r->max_tokens_per_document);
    return code == SL_OK ? put_options(&b, in) : code;
}

/* ---- the answer ---- */

static bool read_score(const struct sl_json *j, int result, double *score)
{
    static const char *const keys[] = {"relevance_score", "score", "logit"};

    for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++)
        if (sl_json_double(j, sl_json_member(j, result, keys[i]), score))
            return true;
    return false;
}

enum sl_code sl_calls_read_ranks(struct sl_op_answer *o, struct sl_json *j, int list,
                                 struct sl_err *err)
{
    enum sl_code code = SL_OK;

    if (sl_json_type(j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without results");
    for (int k = sl_json_first(j, list); k >= 0 && code == SL_OK; k = sl_json_next(j, list, k)) {
        int64_t index;
        double score;
        if (sl_json_type(j, k) != SL_JSON_OBJECT ||
            !sl_json_int(j, sl_json_member(j, k, "index"), &index) || !read_score(j, k, &score))
            return sl_op_garbage(o, err, "a result without index and score");
        code = sl_op_add_rank(o, index, score, err);
    }
    return code;
}

/* Jina's and vLLM's usage is `usage`, SiliconFlow's `tokens`, Cohere's `meta`, with tokens or with search_units in
 * billed_units. */
static void read_usage(struct sl_op_answer *o, struct sl_json *j)
{
    int meta = sl_json_present(j, SL_JSON_ROOT, "meta");
    int said = sl_json_present(j, SL_JSON_ROOT, "tokens"), tokens = said;

    sl_calls_facts(o, j);
    if (sl_json_type(j, meta) == SL_JSON_OBJECT) {
        said = meta;
        tokens = sl_json_present(j, meta, "tokens");
    }
    if (sl_json_type(j, said) == SL_JSON_OBJECT && !o->a.end.has_usage)
        sl_op_set_usage(o, sl_op_count(j, tokens, "input_tokens"),
                        sl_op_count(j, tokens, "output_tokens"), sl_json_raw(j, said));
}

enum sl_code sl_calls_rerank_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    static const char *const keys[] = {"results", "data", "rankings"};
    struct sl_json j;
    enum sl_code code = sl_json_parse(o->a.parser, body, n, &j, err);
    int list = SL_JSON_ROOT;

    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_OBJECT) {
        list = SL_JSON_ABSENT;
        for (size_t i = 0; i < SL_ARRAY_LEN(keys) && list < 0; i++)
            list = sl_json_present(&j, SL_JSON_ROOT, keys[i]);
        read_usage(o, &j);
    }
    return sl_calls_read_ranks(o, &j, list, err);
}
