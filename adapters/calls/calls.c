/* What OpenAI's calls beside chat have in common: the head of a request, members that a provider may lack, usage. */
#include "adapters/calls/calls.h"

#include <string.h>

void sl_calls_begin(const struct sl_op_in *in, struct sl_http_request *out, const char *method,
                    const char *path)
{
    const struct sl_target *t = in->build.target;

    sl_op_begin(in, out, method, path);
    if (t->organization && t->organization[0])
        sl_http_header(out, in->build.arena, "openai-organization", t->organization, false);
    if (t->project && t->project[0])
        sl_http_header(out, in->build.arena, "openai-project", t->project, false);
}

void sl_calls_writer(struct nv_build *b, const struct sl_op_in *in, struct sl_http_request *out,
                     struct sl_err *err)
{
    *b = (struct nv_build){
        .in = &in->build, .request = in->build.request, .title = in->adapter->title, .err = err};
    sl_jw_init(&b->w, in->build.arena, &out->body);
}

void sl_calls_open(struct nv_build *b)
{
    sl_jw_object(&b->w);
    nv_put_string(b, "model", b->in->target->model_id);
}

enum sl_code sl_calls_close(struct nv_build *b, const struct nv_owned *owned)
{
    struct nv_options options = {0};
    enum sl_code code = nv_options_open(b, &options);

    if (code == SL_OK)
        code = nv_options_put(b, &options, NULL, NULL, owned);
    nv_options_close(&options);
    if (code != SL_OK)
        return code;
    sl_jw_object_end(&b->w);
    sl_jw_finish(&b->w);
    return SL_OK;
}

/* ---- members ---- */

static enum sl_code unsupported(struct nv_build *b, const char *field)
{
    return sl_unsupported(b->in, b->err, field, "%s has no %s here", b->title, field);
}

enum sl_code sl_calls_put_string(struct nv_build *b, const char *key, const char *field,
                                 const char *word)
{
    if (!word[0])
        return SL_OK;
    if (!key)
        return unsupported(b, field);
    nv_put_string(b, key, word);
    return SL_OK;
}

enum sl_code sl_calls_put_int(struct nv_build *b, const char *key, const char *field, bool has,
                              int64_t v)
{
    if (!has)
        return SL_OK;
    if (!key)
        return unsupported(b, field);
    nv_put_int(b, key, v);
    return SL_OK;
}

enum sl_code sl_calls_put_word(struct nv_build *b, const char *key, const char *field,
                               const char *const *words, int number)
{
    if (!number)
        return SL_OK;
    if (!key || !words[number])
        return unsupported(b, field);
    nv_put_string(b, key, words[number]);
    return SL_OK;
}

enum sl_code sl_calls_put_image(struct nv_build *b, const Sluice__V1__Image *image,
                                const char *field)
{
    if (image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        nv_put_data_url(b, image->media_type, &image->data);
    else if (image->source_case == SLUICE__V1__IMAGE__SOURCE_URL)
        sl_jw_string(&b->w, image->url);
    else
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field,
                            "%s takes no stored files here", b->title);
    return SL_OK;
}

/* ---- inputs of Embed ---- */

enum sl_code sl_calls_put_text_input(struct nv_build *b, const struct sl_op_in *in, size_t i)
{
    const Sluice__V1__EmbedInput *input = in->embed->inputs[i];
    const char *text = sl_op_text(input);

    if (!text)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "inputs[%zu]", i), "%s takes texts only here", b->title);
    sl_jw_string(&b->w, text);
    if (!input->title[0])
        return SL_OK;
    return sl_unsupported(b->in, b->err, nv_field(b, "inputs[%zu].title", i), "%s takes no titles",
                          b->title);
}

enum sl_code sl_calls_check_floats(struct nv_build *b, const Sluice__V1__EmbedRequest *r)
{
    for (size_t i = 0; i < r->n_encodings; i++)
        if (sl_op_encoding(r, i) != SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT)
            return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                                "encodings", "%s gives floats only", b->title);
    return sl_calls_put_string(b, NULL, "end_user", r->end_user);
}

/* ---- answers ---- */

static int64_t either(const struct sl_json *j, int object, const char *key, const char *other)
{
    int64_t v = sl_op_count(j, object, key);

    return v >= 0 ? v : sl_op_count(j, object, other);
}

void sl_calls_usage(struct sl_op_answer *o, struct sl_json *j, int usage)
{
    if (sl_json_type(j, usage) != SL_JSON_OBJECT)
        return;
    int64_t input = either(j, usage, "prompt_tokens", "input_tokens");
    int64_t output = either(j, usage, "completion_tokens", "output_tokens");
    if (input < 0 && output < 0) /* Jina's rerankers say the total only */
        input = sl_op_count(j, usage, "total_tokens");
    sl_op_set_usage(o, input, output, sl_json_raw(j, usage));
}

void sl_calls_facts(struct sl_op_answer *o, struct sl_json *j)
{
    sl_calls_usage(o, j, sl_json_member(j, SL_JSON_ROOT, "usage"));
    sl_end_set(&o->a, &o->a.end.model, sl_op_string(o, j, SL_JSON_ROOT, "model"));
    sl_end_set(&o->a, &o->a.end.response_id, sl_op_string(o, j, SL_JSON_ROOT, "id"));
}
