/* POST /embeddings: {"model", "input": [...], ...} -> {"data": [{"index", "embedding"}], "model", "usage"}. Inputs always go
 * as a list. Vectors come as lists of numbers or, asked for, as base64 of little-endian floats. */
#include "adapters/calls/calls.h"

#include <string.h>

const char *const sl_calls_float_base64[] = {NULL, "float", "base64", NULL, NULL, NULL, NULL};

static const struct sl_calls_embeddings *dialect_of(const struct sl_op_in *in)
{
    return in->api->dialect;
}

size_t sl_calls_embeddings_batch(const struct sl_op_in *in)
{
    size_t max = dialect_of(in)->max_inputs;

    return max && in->n > max ? max : in->n;
}

/* ---- the request ---- */

static enum sl_code put_tokens(struct nv_build *b, const Sluice__V1__TokenIds *t)
{
    sl_jw_array(&b->w);
    for (size_t i = 0; i < t->n_ids; i++)
        sl_jw_int(&b->w, t->ids[i]);
    sl_jw_array_end(&b->w);
    return SL_OK;
}

static enum sl_code put_input(struct nv_build *b, const struct sl_op_in *in, size_t i)
{
    const Sluice__V1__EmbedInput *input = in->embed->inputs[i];
    const char *text = sl_op_text(input);
    bool tokens = input->content_case == SLUICE__V1__EMBED_INPUT__CONTENT_TOKENS;

    if (input->title[0]) {
        enum sl_code code = sl_unsupported(b->in, b->err, nv_field(b, "inputs[%zu].title", i),
                                           "%s takes no titles", b->title);
        if (code != SL_OK)
            return code;
    }
    if (tokens && dialect_of(in)->tokens)
        return put_tokens(b, input->tokens);
    if (!text)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "inputs[%zu]", i), "%s takes no %s here", b->title,
                            tokens ? "token ids" : "pictures");
    sl_jw_string(&b->w, text);
    return SL_OK;
}

static enum sl_code put_inputs(struct nv_build *b, const struct sl_op_in *in)
{
    enum sl_code code = SL_OK;

    sl_jw_key(&b->w, "input");
    sl_jw_array(&b->w);
    for (size_t i = in->first; i < in->first + in->n && code == SL_OK; i++)
        code = put_input(b, in, i);
    sl_jw_array_end(&b->w);
    return code;
}

/* One form at a time; the two members that may say it are for different forms. */
static enum sl_code put_encoding(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_embeddings *d = dialect_of(in);
    const Sluice__V1__EmbedRequest *r = in->embed;

    if (!r->n_encodings)
        return SL_OK;
    if (r->n_encodings > 1)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            "encodings", "%s gives one encoding at a time", b->title);
    if (d->encoding_key && d->encodings[r->encodings[0]])
        return sl_calls_put_word(b, d->encoding_key, "encodings", d->encodings,
                                 (int)r->encodings[0]);
    if (d->type_key && d->types[r->encodings[0]])
        return sl_calls_put_word(b, d->type_key, "encodings", d->types, (int)r->encodings[0]);
    /* floats in another wrapping are the same floats; other forms cannot be made up */
    if (!d->usual &&
        sl_op_encoding(r, 0) == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT)
        return sl_unsupported(b->in, b->err, "encodings", "%s sends floats as lists only",
                              b->title);
    return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "encodings",
                        "%s does not give vectors of that encoding", b->title);
}

static enum sl_code put_options(struct nv_build *b, const struct sl_op_in *in)
{
    const struct sl_calls_embeddings *d = dialect_of(in);
    const struct nv_owned owned[] = {
        {"model", "model"},
        {"input", "inputs"},
        {SL_CALLS_OWNED(d->encoding_key), "encodings"},
        {SL_CALLS_OWNED(d->type_key), "encodings"},
        {SL_CALLS_OWNED(d->dimensions_key), "dimensions"},
        {SL_CALLS_OWNED(d->end_user_key), "end_user"},
        {SL_CALLS_OWNED(d->task_key), "task"},
        {SL_CALLS_OWNED(d->truncate_key), "truncate"},
        {NULL, NULL},
    };

    return sl_calls_close(b, owned);
}

enum sl_code sl_calls_embeddings_build(const struct sl_op_in *in, struct sl_http_request *out,
                                       struct sl_err *err)
{
    const struct sl_calls_embeddings *d = dialect_of(in);
    const Sluice__V1__EmbedRequest *r = in->embed;
    struct nv_build b;

    (d->address ? d->address : sl_calls_begin)(in, out, "POST", d->path);
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    enum sl_code code = put_inputs(&b, in);
    if (code == SL_OK)
        code = sl_calls_put_int(&b, d->dimensions_key, "dimensions", r->_dimensions_case,
                                r->dimensions);
    if (code == SL_OK)
        code = put_encoding(&b, in);
    if (code == SL_OK)
        code = sl_calls_put_word(&b, d->task_key, "task", d->tasks, (int)r->task);
    if (code == SL_OK)
        code = sl_calls_put_word(&b, d->truncate_key, "truncate", d->truncates, (int)r->truncate);
    if (code == SL_OK)
        code = sl_calls_put_string(&b, d->end_user_key, "end_user", r->end_user);
    return code == SL_OK ? put_options(&b, in) : code;
}

/* ---- the answer ---- */

enum sl_code sl_calls_embeddings_body(struct sl_op_answer *o, char *body, size_t n,
                                      struct sl_err *err)
{
    const struct sl_calls_embeddings *d = dialect_of(o->in);
    Sluice__V1__EmbeddingEncoding encoding = sl_op_encoding(o->in->embed, 0);
    struct sl_json j;
    int64_t at = 0, index;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    if (!o->in->embed->n_encodings && d->usual)
        encoding = d->usual;
    int data = sl_json_member(&j, SL_JSON_ROOT, "data");
    if (sl_json_type(&j, data) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without a list of vectors");
    sl_calls_facts(o, &j);
    for (int k = sl_json_first(&j, data); k >= 0 && code == SL_OK;
         k = sl_json_next(&j, data, k), at++) {
        if (sl_json_type(&j, k) != SL_JSON_OBJECT)
            return sl_op_garbage(o, err, "a list of something else than vectors");
        if (!sl_json_int(&j, sl_json_member(&j, k, "index"), &index))
            index = at;
        code = sl_op_read_vector(o, &j, sl_json_member(&j, k, "embedding"), index, encoding, err);
    }
    return code;
}
