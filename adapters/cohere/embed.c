/* Cohere's embeddings: POST /v2/embed (docs.cohere.com/reference/embed) and the older /v1/embed (.../embed-v1). Texts go as
 * `texts`; where any input has a picture all go as `inputs`, lists of parts. v2 wants an input_type and the forms of the
 * numbers; unasked it is told search_document and float. Answers hold one list for each form, and `meta` with what is
 * billed. Recorded: errors as {"id", "message"}. */
#include "adapters/cohere/embed.h"

#include <string.h>

#include "adapters/cohere/internal.h"

enum { MAX_INPUTS = 96, MAX_FORMS = 6 };

static const char *const tasks[] = {
    NULL, "search_document", "search_query", "classification", "clustering", NULL, NULL, NULL, NULL,
};
static const char *const truncates[] = {NULL, "NONE", "START", "END"};
static const char *const forms[] = {"float", "float",  "base64", "int8",
                                    "uint8", "binary", "ubinary"};

size_t sl_cohere_embed_batch(const struct sl_op_in *in)
{
    return in->n > MAX_INPUTS ? MAX_INPUTS : in->n;
}

/* ---- the request ---- */

static bool all_texts(const struct sl_op_in *in)
{
    for (size_t i = in->first; i < in->first + in->n; i++)
        if (!sl_op_text(in->embed->inputs[i]))
            return false;
    return true;
}

static void put_text_part(struct nv_build *b, const char *text)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "text");
    nv_put_string(b, "text", text);
    sl_jw_object_end(&b->w);
}

static enum sl_code put_image_part(struct nv_build *b, const Sluice__V1__Image *image,
                                   const char *field)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "type", "image_url");
    sl_jw_key(&b->w, "image_url");
    sl_jw_object(&b->w);
    sl_jw_key(&b->w, "url");
    enum sl_code code = sl_calls_put_image(b, image, field);
    sl_jw_object_end(&b->w);
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_parts(struct nv_build *b, const Sluice__V1__EmbedInput *input,
                              const char *field)
{
    enum sl_code code = SL_OK;

    if (input->content_case == SLUICE__V1__EMBED_INPUT__CONTENT_TEXT)
        put_text_part(b, input->text);
    else if (input->content_case == SLUICE__V1__EMBED_INPUT__CONTENT_IMAGE)
        return put_image_part(b, input->image, field);
    else if (input->content_case != SLUICE__V1__EMBED_INPUT__CONTENT_PARTS)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field,
                            "%s takes no token ids", b->title);
    for (size_t i = 0; input->content_case == SLUICE__V1__EMBED_INPUT__CONTENT_PARTS &&
                       i < input->parts->n_parts && code == SL_OK;
         i++) {
        const Sluice__V1__Part *part = input->parts->parts[i];
        if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT)
            put_text_part(b, part->text);
        else
            code = put_image_part(b, part->image, field);
    }
    return code;
}

static enum sl_code put_inputs(struct nv_build *b, const struct sl_op_in *in)
{
    enum sl_code code = SL_OK;
    bool texts = all_texts(in);

    sl_jw_key(&b->w, texts ? "texts" : "inputs");
    sl_jw_array(&b->w);
    for (size_t i = in->first; i < in->first + in->n && code == SL_OK; i++) {
        const Sluice__V1__EmbedInput *input = in->embed->inputs[i];
        const char *field = nv_field(b, "inputs[%zu]", i);
        if (input->title[0])
            code = sl_unsupported(b->in, b->err, nv_field(b, "inputs[%zu].title", i),
                                  "%s takes no titles", b->title);
        if (code == SL_OK && texts) {
            sl_jw_string(&b->w, sl_op_text(input));
        } else if (code == SL_OK) {
            sl_jw_object(&b->w);
            sl_jw_key(&b->w, "content");
            sl_jw_array(&b->w);
            code = put_parts(b, input, field);
            sl_jw_array_end(&b->w);
            sl_jw_object_end(&b->w);
        }
    }
    sl_jw_array_end(&b->w);
    return code;
}

static void put_forms(struct nv_build *b, const Sluice__V1__EmbedRequest *r, bool v2)
{
    if (!r->n_encodings && !v2)
        return;
    sl_jw_key(&b->w, "embedding_types");
    sl_jw_array(&b->w);
    for (size_t i = 0; i < r->n_encodings; i++)
        sl_jw_string(&b->w, forms[r->encodings[i]]);
    if (!r->n_encodings)
        sl_jw_string(&b->w, "float");
    sl_jw_array_end(&b->w);
}

/* "input_type: required for embedding models v3 and higher"; provider options may say it ("image"). */
static enum sl_code put_task(struct nv_build *b, const struct sl_op_in *in,
                             const struct nv_options *options, bool v2)
{
    if (in->embed->task)
        return sl_calls_put_word(b, "input_type", "task", tasks, (int)in->embed->task);
    if (!v2 || nv_options_has(options, NULL, "input_type"))
        return SL_OK;
    nv_put_string(b, "input_type", "search_document");
    return SL_OK;
}

static enum sl_code put_members(struct nv_build *b, const struct sl_op_in *in,
                                struct nv_options *options, bool v2)
{
    const struct nv_owned owned[] = {
        {"model", "model"},
        {"texts", "inputs"},
        {"inputs", "inputs"},
        {"images", "inputs"},
        {"embedding_types", "encodings"},
        {"truncate", "truncate"},
        {"output_dimension", "dimensions"},
        {in->embed->task ? "input_type" : "model", "task"},
        {NULL, NULL},
    };
    const Sluice__V1__EmbedRequest *r = in->embed;
    enum sl_code code = put_inputs(b, in);

    if (code == SL_OK)
        code = put_task(b, in, options, v2);
    if (code == SL_OK)
        code = sl_calls_put_word(b, "truncate", "truncate", truncates, (int)r->truncate);
    if (code == SL_OK)
        code = sl_calls_put_int(b, v2 ? "output_dimension" : NULL, "dimensions",
                                r->_dimensions_case, r->dimensions);
    if (code == SL_OK)
        code = sl_calls_put_string(b, NULL, "end_user", r->end_user);
    if (code != SL_OK)
        return code;
    put_forms(b, r, v2);
    return nv_options_put(b, options, NULL, NULL, owned);
}

enum sl_code sl_cohere_embed_members(struct nv_build *b, const struct sl_op_in *in, bool v2)
{
    struct nv_options options = {0};
    enum sl_code code = nv_options_open(b, &options);

    if (code == SL_OK)
        code = put_members(b, in, &options, v2);
    nv_options_close(&options);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

static enum sl_code build(const struct sl_op_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    bool v2 = !strcmp(in->api->name, "v2_embed");
    struct nv_build b;

    sl_op_begin(in, out, "POST", v2 ? "/v2/embed" : "/v1/embed");
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    return sl_cohere_embed_members(&b, in, v2);
}

/* ---- the answer ---- */

/* One list; forms beside each other are walked together, so that an input's vectors stay together. */
static enum sl_code read_lists(struct sl_op_answer *o, struct sl_json *j, const int *lists,
                               size_t n, struct sl_err *err)
{
    int at[MAX_FORMS];
    int64_t index = 0;
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < n; i++) {
        if (sl_json_type(j, lists[i]) != SL_JSON_ARRAY)
            return sl_op_garbage(o, err, "an answer without one of the encodings");
        at[i] = sl_json_first(j, lists[i]);
    }
    for (; at[0] >= 0 && code == SL_OK; index++) {
        for (size_t i = 0; i < n && code == SL_OK; i++) {
            if (at[i] < 0)
                return sl_op_garbage(o, err, "fewer vectors of one encoding than of another");
            code = sl_op_read_vector(o, j, at[i], index, sl_op_encoding(o->in->embed, i), err);
            at[i] = sl_json_next(j, lists[i], at[i]);
        }
    }
    return code;
}

static void read_meta(struct sl_op_answer *o, struct sl_json *j)
{
    int meta = sl_json_present(j, SL_JSON_ROOT, "meta");

    sl_end_set(&o->a, &o->a.end.response_id, sl_op_string(o, j, SL_JSON_ROOT, "id"));
    if (sl_json_type(j, meta) != SL_JSON_OBJECT)
        return;
    int64_t input = sl_op_count(j, sl_json_member(j, meta, "tokens"), "input_tokens");
    if (input < 0)
        input = sl_op_count(j, sl_json_member(j, meta, "billed_units"), "input_tokens");
    sl_op_set_usage(o, input, -1, sl_json_raw(j, meta));
}

enum sl_code sl_cohere_embed_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    const Sluice__V1__EmbedRequest *r = o->in->embed;
    size_t count = r->n_encodings ? r->n_encodings : 1;
    int lists[MAX_FORMS] = {SL_JSON_ABSENT};
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int embeddings = sl_json_member(&j, SL_JSON_ROOT, "embeddings");
    read_meta(o, &j);
    if (sl_json_type(&j, embeddings) == SL_JSON_ARRAY) {
        lists[0] = embeddings;
        count = 1;
    } else if (sl_json_type(&j, embeddings) == SL_JSON_OBJECT && count <= MAX_FORMS) {
        for (size_t i = 0; i < count; i++)
            lists[i] = sl_json_member(&j, embeddings, forms[r->n_encodings ? r->encodings[i] : 0]);
    }
    return read_lists(o, &j, lists, count, err);
}

/* ---- the list ---- */

static const char compatibility[] = "/compatibility/v1";

static bool is_compatible(const struct sl_target *target)
{
    return sl_op_base_ends(target, compatibility);
}

static bool is_native(const struct sl_target *target)
{
    return !is_compatible(target);
}

/* docs.cohere.com/docs/compatibility-api#embeddings */
static const struct sl_calls_embeddings compatible = {
    .path = "/embeddings",
    .max_inputs = MAX_INPUTS,
    .encoding_key = "encoding_format",
    .encodings = sl_calls_float_base64,
};

/* docs.cohere.com/reference/rerank; .../rerank-v1 still gives texts back. */
static const struct sl_calls_rerank rerank_v2 = {
    .path = "/v2/rerank",
    .top_n_key = "top_n",
    .max_tokens_key = "max_tokens_per_doc",
};
static const struct sl_calls_rerank rerank_v1 = {
    .path = "/v1/rerank",
    .top_n_key = "top_n",
    .return_key = "return_documents",
};

/* docs.cohere.com/reference/list-models */
static const struct sl_calls_models models = {
    .path = "/v1/models?page_size=1000",
    .page_key = "page_token",
};

static const struct sl_op_api v2_embed = {
    .operation = SL_EMBED,
    .name = "v2_embed",
    .fits = is_native,
    .batch = sl_cohere_embed_batch,
    .build = build,
    .on_body = sl_cohere_embed_body,
};
static const struct sl_op_api v1_embed = {
    .operation = SL_EMBED,
    .name = "v1_embed",
    .fits = is_native,
    .batch = sl_cohere_embed_batch,
    .build = build,
    .on_body = sl_cohere_embed_body,
};
static const struct sl_op_api embeddings = SL_CALLS_EMBEDDINGS(compatible);
static const struct sl_op_api v2_rerank = SL_CALLS_RERANK("v2_rerank", rerank_v2);
static const struct sl_op_api v1_rerank = SL_CALLS_RERANK("v1_rerank", rerank_v1);
static const struct sl_op_api models_api = {
    .operation = SL_LIST_MODELS,
    .name = "models",
    .dialect = &models,
    .fits = is_native,
    .build = sl_calls_models_build,
    .on_body = sl_calls_models_body,
};

extern const struct sl_op_api *const sl_cohere_operations[];
const struct sl_op_api *const sl_cohere_operations[] = {
    &v2_embed, &v1_embed, &embeddings, &v2_rerank, &v1_rerank, &models_api, NULL,
};
