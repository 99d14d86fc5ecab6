/* Ollama's embeddings (docs.ollama.com/api/embed): POST /api/embed with a list of inputs, and the older /api/embeddings
 * with one prompt; models of GET /api/tags. A base URL that ends in /v1 speaks OpenAI's calls ("OpenAI compatibility").
 * The count of tokens is prompt_eval_count (recorded). */
#include <string.h>

#include "adapters/calls/calls.h"

static bool is_v1(const struct sl_target *target)
{
    return sl_op_base_ends(target, "/v1");
}

static bool is_native(const struct sl_target *target)
{
    return !is_v1(target);
}

/* ---- requests ---- */

/* "truncate: truncates the end of each input; false: an error" */
static enum sl_code put_truncate(struct nv_build *b, const Sluice__V1__EmbedRequest *r)
{
    if (r->truncate == SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_START)
        return sl_unsupported(b->in, b->err, "truncate", "%s cuts off the end only", b->title);
    if (r->truncate)
        nv_put_bool(b, "truncate", r->truncate == SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_END);
    return SL_OK;
}

static enum sl_code check_rest(struct nv_build *b, const Sluice__V1__EmbedRequest *r)
{
    enum sl_code code = sl_calls_put_word(b, NULL, "task", NULL, (int)r->task);

    return code == SL_OK ? sl_calls_check_floats(b, r) : code;
}

static enum sl_code build_embed(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    static const struct nv_owned owned[] = {{"model", "model"},
                                            {"input", "inputs"},
                                            {"truncate", "truncate"},
                                            {"dimensions", "dimensions"},
                                            {NULL, NULL}};
    const Sluice__V1__EmbedRequest *r = in->embed;
    enum sl_code code = SL_OK;
    struct nv_build b;

    sl_op_begin(in, out, "POST", "/api/embed");
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    sl_jw_key(&b.w, "input");
    sl_jw_array(&b.w);
    for (size_t i = in->first; i < in->first + in->n && code == SL_OK; i++)
        code = sl_calls_put_text_input(&b, in, i);
    sl_jw_array_end(&b.w);
    if (code == SL_OK)
        code = put_truncate(&b, r);
    if (code == SL_OK)
        code = sl_calls_put_int(&b, "dimensions", "dimensions", r->_dimensions_case, r->dimensions);
    if (code == SL_OK)
        code = check_rest(&b, r);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

static enum sl_code build_embeddings(const struct sl_op_in *in, struct sl_http_request *out,
                                     struct sl_err *err)
{
    static const struct nv_owned owned[] = {{"model", "model"}, {"prompt", "inputs"}, {NULL, NULL}};
    const Sluice__V1__EmbedRequest *r = in->embed;
    struct nv_build b;

    sl_op_begin(in, out, "POST", "/api/embeddings");
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    sl_jw_key(&b.w, "prompt");
    enum sl_code code = sl_calls_put_text_input(&b, in, in->first);
    if (code == SL_OK && r->truncate)
        code = sl_unsupported(b.in, err, "truncate", "%s has no truncate here", b.title);
    if (code == SL_OK)
        code = sl_calls_put_int(&b, NULL, "dimensions", r->_dimensions_case, r->dimensions);
    if (code == SL_OK)
        code = check_rest(&b, r);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

static size_t one(const struct sl_op_in *in)
{
    (void)in;
    return 1;
}

/* ---- answers ---- */

static void read_usage(struct sl_op_answer *o, struct sl_json *j)
{
    int64_t input = sl_op_count(j, SL_JSON_ROOT, "prompt_eval_count");

    sl_end_set(&o->a, &o->a.end.model, sl_op_string(o, j, SL_JSON_ROOT, "model"));
    if (input >= 0)
        sl_op_set_usage(
            o, input, -1,
            sl_str(sl_arena_printf(o->a.arena, "{\"prompt_eval_count\":%lld}", (long long)input)));
}

static enum sl_code embed_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    int64_t index = 0;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_member(&j, SL_JSON_ROOT, "embeddings");
    int single = sl_json_member(&j, SL_JSON_ROOT, "embedding");
    read_usage(o, &j);
    if (single >= 0)
        return sl_op_read_vector(o, &j, single, 0, sl_op_encoding(o->in->embed, 0), err);
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without vectors");
    for (int k = sl_json_first(&j, list); k >= 0 && code == SL_OK; k = sl_json_next(&j, list, k))
        code = sl_op_read_vector(o, &j, k, index++, sl_op_encoding(o->in->embed, 0), err);
    return code;
}

/* {"models": [{"name", "modified_at", "details": {...}}]} (docs.ollama.com/api/tags) */
static enum sl_code tags_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_member(&j, SL_JSON_ROOT, "models");
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without a list of models");
    for (int k = sl_json_first(&j, list); k >= 0; k = sl_json_next(&j, list, k)) {
        char *name = sl_op_string(o, &j, k, "name");
        if (!name)
            return sl_op_garbage(o, err, "a model without a name");
        Sluice__V1__ProviderModel *m = sl_op_add_model(o);
        if (!m)
            return SL_OK;
        m->id = name;
        m->created = sl_calls_seconds(sl_op_string(o, &j, k, "modified_at"));
    }
    return SL_OK;
}

/* ---- the list ---- */

static const struct sl_calls_embeddings compatible = {
    SL_CALLS_OPENAI_EMBEDDINGS,
};
static const struct sl_calls_models tags = {.path = "/api/tags"};
static const struct sl_calls_models models = {.path = "/models"};

static const struct sl_op_api api_embed = {
    .operation = SL_EMBED,
    .name = "api_embed",
    .fits = is_native,
    .build = build_embed,
    .on_body = embed_body,
};
static const struct sl_op_api api_embeddings = {
    .operation = SL_EMBED,
    .name = "api_embeddings",
    .fits = is_native,
    .batch = one,
    .build = build_embeddings,
    .on_body = embed_body,
};
static const struct sl_op_api embeddings = SL_CALLS_EMBEDDINGS(compatible);
static const struct sl_op_api models_v1 = {
    .operation = SL_LIST_MODELS,
    .name = "models",
    .dialect = &models,
    .fits = is_v1,
    .build = sl_calls_models_build,
    .on_body = sl_calls_models_body,
};
static const struct sl_op_api api_tags = {
    .operation = SL_LIST_MODELS,
    .name = "api_tags",
    .dialect = &tags,
    .fits = is_native,
    .build = sl_calls_models_build,
    .on_body = tags_body,
};

extern const struct sl_op_api *const sl_ollama_operations[];
const struct sl_op_api *const sl_ollama_operations[] = {
    &api_embed, &api_embeddings, &embeddings, &api_tags, &models_v1, NULL,
};
