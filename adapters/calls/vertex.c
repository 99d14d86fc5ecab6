/* Vertex AI's calls beside chat, at the addresses that adapters/vertex.c makes: text embeddings by predict, {"instances":
 * [{"content", "task_type", "title"}], "parameters"} -> {"predictions": [{"embeddings": {"values", "statistics":
 * {"token_count"}}}]} ("Text embeddings API": up to 250 inputs, gemini-embedding-001 one); pictures of Gemini's models and of
 * Imagen in the same form as the Gemini API's; countTokens, which takes the members of a request bare ("CountTokens"). */
#include <string.h>

#include "adapters/gemini/operations.h"
#include "adapters/vertex.h"

enum { MAX_INPUTS = 250 };

/* ---- addresses ---- */

/* An input with the whole base URL, and the dialect that goes with it. */
struct place {
    struct sl_target target;
    struct sl_op_api api;
    struct sl_op_in in;
};

static enum sl_code find_place(const struct sl_op_in *in, struct place *p, struct sl_err *err)
{
    enum sl_code code = sl_vertex_target(&in->build, &p->target, err);

    if (code != SL_OK)
        return code;
    p->api = *in->api;
    p->api.dialect = sl_vertex_dialect(&p->target);
    p->in = *in;
    p->in.api = &p->api;
    p->in.build.target = &p->target;
    return SL_OK;
}

/* ---- embeddings ---- */

static size_t batch(const struct sl_op_in *in)
{
    size_t max = strstr(in->build.target->model_id, "gemini-embedding") ? 1 : MAX_INPUTS;

    return in->n > max ? max : in->n;
}

static enum sl_code put_instance(struct nv_build *b, const struct sl_op_in *in, size_t i)
{
    const Sluice__V1__EmbedInput *input = in->embed->inputs[i];
    const char *text = sl_op_text(input);

    if (!text)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "inputs[%zu]", i), "%s takes texts only here", b->title);
    sl_jw_object(&b->w);
    nv_put_string(b, "content", text);
    enum sl_code code =
        sl_calls_put_word(b, "task_type", "task", gm_embed_tasks, (int)in->embed->task);
    if (input->title[0])
        nv_put_string(b, "title", input->title);
    sl_jw_object_end(&b->w);
    return code;
}

/* "autoTruncate: when set to true, input text will be truncated. When set to false, an error is returned" */
static enum sl_code put_parameters(struct nv_build *b, const struct sl_op_in *in)
{
    const Sluice__V1__EmbedRequest *r = in->embed;
    enum sl_code code = SL_OK;

    if (r->truncate == SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_START)
        code = sl_unsupported(b->in, b->err, "truncate", "%s cuts off the end only", b->title);
    if (code != SL_OK || (!r->truncate && !r->_dimensions_case))
        return code;
    sl_jw_key(&b->w, "parameters");
    sl_jw_object(&b->w);
    if (r->truncate && r->truncate != SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_START)
        nv_put_bool(b, "autoTruncate",
                    r->truncate == SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_END);
    if (r->_dimensions_case)
        nv_put_int(b, "outputDimensionality", r->dimensions);
    sl_jw_object_end(&b->w);
    return SL_OK;
}

static enum sl_code embed_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    static const struct nv_owned owned[] = {
        {"instances", "inputs"}, {"parameters", "dimensions and truncate"}, {NULL, NULL}};
    struct place p;
    struct nv_build b;
    enum sl_code code = find_place(in, &p, err);

    if (code != SL_OK)
        return code;
    gm_address(p.api.dialect, &p.in.build, out, "predict");
    sl_calls_writer(&b, in, out, err);
    sl_jw_object(&b.w);
    sl_jw_key(&b.w, "instances");
    sl_jw_array(&b.w);
    for (size_t i = in->first; i < in->first + in->n && code == SL_OK; i++)
        code = put_instance(&b, in, i);
    sl_jw_array_end(&b.w);
    if (code == SL_OK)
        code = put_parameters(&b, in);
    if (code == SL_OK)
        code = sl_calls_check_floats(&b, in->embed);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

static enum sl_code embed_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    int64_t index = 0, tokens = 0;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int list = sl_json_member(&j, SL_JSON_ROOT, "predictions");
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without vectors");
    for (int k = sl_json_first(&j, list); k >= 0 && code == SL_OK; k = sl_json_next(&j, list, k)) {
        int e = sl_json_type(&j, k) == SL_JSON_OBJECT ? sl_json_present(&j, k, "embeddings")
                                                      : SL_JSON_ABSENT;
        if (sl_json_type(&j, e) != SL_JSON_OBJECT)
            return sl_op_garbage(o, err, "a prediction without a vector");
        int64_t used = sl_op_count(&j, sl_json_member(&j, e, "statistics"), "token_count");
        tokens += used > 0 ? used : 0;
        code = sl_op_read_vector(o, &j, sl_json_member(&j, e, "values"), index++,
                                 sl_op_encoding(o->in->embed, 0), err);
    }
    if (tokens)
        sl_op_set_usage(o, tokens > INT32_MAX ? INT32_MAX : tokens, -1, (struct sl_str){"", 0});
    return code;
}

/* ---- pictures ---- */

static enum sl_code image_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    struct place p;
    enum sl_code code = find_place(in, &p, err);

    return code == SL_OK ? gm_image_build(&p.in, out, err) : code;
}

static enum sl_code imagen_build(const struct sl_op_in *in, struct sl_http_request *out,
                                 struct sl_err *err)
{
    struct place p;
    enum sl_code code = find_place(in, &p, err);

    return code == SL_OK ? gm_imagen_build(&p.in, out, err) : code;
}

/* ---- token counts ---- */

static bool is_counted(const struct sl_target *target)
{
    return strstr(target->model_id, "gemini") != NULL;
}

static enum sl_code count_build(const struct sl_op_in *in, struct sl_http_request *out,
                                struct sl_err *err)
{
    struct place p;
    enum sl_code code = find_place(in, &p, err);

    return code == SL_OK ? gm_build_bare_counting(p.api.dialect, &p.in.build, out, err) : code;
}

/* ---- the list ---- */

static const struct sl_op_api embed = {
    .operation = SL_EMBED,
    .name = "predict_embed",
    .batch = batch,
    .build = embed_build,
    .on_body = embed_body,
};
static const struct sl_op_api image = {
    .operation = SL_GENERATE_IMAGE,
    .name = "generate_content_image",
    .fits = gm_is_no_imagen,
    .build = image_build,
    .on_body = gm_image_body,
};
static const struct sl_op_api imagen = {
    .operation = SL_GENERATE_IMAGE,
    .name = "predict",
    .fits = gm_is_imagen,
    .build = imagen_build,
    .on_body = gm_imagen_body,
};
static const struct sl_op_api count = {
    .operation = SL_COUNT_TOKENS,
    .name = "countTokens",
    .fits = is_counted,
    .build = count_build,
    .on_body = gm_count_body,
};

extern const struct sl_op_api *const sl_vertex_operations[];
const struct sl_op_api *const sl_vertex_operations[] = {&embed, &image, &imagen, &count, NULL};
