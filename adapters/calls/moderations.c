/* POST /moderations: {"model", "input"} -> {"results": [{"flagged", "categories", "category_scores"}]}. Inputs of one text
 * each go together as a list of strings; an input with a picture, or with several parts, goes alone as a list of parts,
 * and has one verdict (OpenAI, "Create moderation"). */
#include "adapters/calls/calls.h"

#include <string.h>

static const struct sl_calls_moderations *dialect_of(const struct sl_op_in *in)
{
    return in->api->dialect;
}

/* The one text of an input; NULL: it is something else. */
static const char *text_of(const Sluice__V1__ModerateInput *input)
{
    return input->n_parts == 1 && input->parts[0]->content_case == SLUICE__V1__PART__CONTENT_TEXT
               ? input->parts[0]->text
               : NULL;
}

size_t sl_calls_moderations_batch(const struct sl_op_in *in)
{
    size_t n = 0, max = dialect_of(in)->max_inputs;

    while (n < in->n && (!max || n < max) && text_of(in->moderate->inputs[in->first + n]))
        n++;
    return n ? n : 1;
}

/* ---- the request ---- */

static enum sl_code put_part(struct nv_build *b, const struct sl_op_in *in, size_t i)
{
    const Sluice__V1__Part *part = in->moderate->inputs[in->first]->parts[i];
    const char *field = nv_field(b, "inputs[%zu].parts[%zu]", in->first, i);
    enum sl_code code = SL_OK;

    sl_jw_object(&b->w);
    if (part->content_case == SLUICE__V1__PART__CONTENT_TEXT) {
        nv_put_string(b, "type", "text");
        nv_put_string(b, "text", part->text);
    } else {
        nv_put_string(b, "type", "image_url");
        sl_jw_key(&b->w, "image_url");
        sl_jw_object(&b->w);
        sl_jw_key(&b->w, "url");
        code = sl_calls_put_image(b, part->image, field);
        sl_jw_object_end(&b->w);
    }
    sl_jw_object_end(&b->w);
    return code;
}

static enum sl_code put_parts(struct nv_build *b, const struct sl_op_in *in)
{
    const Sluice__V1__ModerateInput *input = in->moderate->inputs[in->first];
    enum sl_code code = SL_OK;

    if (!dialect_of(in)->images)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER,
                            nv_field(b, "inputs[%zu]", in->first),
                            "%s takes inputs of one text each", b->title);
    sl_jw_array(&b->w);
    for (size_t i = 0; i < input->n_parts && code == SL_OK; i++)
        code = put_part(b, in, i);
    sl_jw_array_end(&b->w);
    return code;
}

static enum sl_code put_input(struct nv_build *b, const struct sl_op_in *in)
{
    sl_jw_key(&b->w, "input");
    if (in->n == 1 && !text_of(in->moderate->inputs[in->first]))
        return put_parts(b, in);
    sl_jw_array(&b->w);
    for (size_t i = in->first; i < in->first + in->n; i++)
        sl_jw_string(&b->w, text_of(in->moderate->inputs[i]));
    sl_jw_array_end(&b->w);
    return SL_OK;
}

enum sl_code sl_calls_moderations_build(const struct sl_op_in *in, struct sl_http_request *out,
                                        struct sl_err *err)
{
    static const struct nv_owned owned[] = {{"model", "model"}, {"input", "inputs"}, {NULL, NULL}};
    const struct sl_calls_moderations *d = dialect_of(in);
    struct nv_build b;

    (d->address ? d->address : sl_calls_begin)(in, out, "POST", d->path);
    sl_calls_writer(&b, in, out, err);
    sl_calls_open(&b);
    enum sl_code code = put_input(&b, in);
    return code == SL_OK ? sl_calls_close(&b, owned) : code;
}

/* ---- the answer ---- */

static void read_category(struct sl_op_answer *o, struct sl_json *j, int key, int scores,
                          Sluice__V1__ModerateResult *v)
{
    Sluice__V1__ModerateCategory *c = SL_ARENA_NEW(o->a.arena, Sluice__V1__ModerateCategory);
    struct sl_str raw = sl_json_raw(j, key);
    bool flagged = false;

    sluice__v1__moderate_category__init(c);
    const char *key_as_sent = sl_arena_strndup(o->a.arena, raw.p + 1, raw.n - 2);
    if (sl_json_bool(j, key + 1, &flagged))
        c->flagged = flagged;
    int score = sl_json_type(j, scores) == SL_JSON_OBJECT ? sl_json_member(j, scores, key_as_sent)
                                                          : SL_JSON_ABSENT;
    if (sl_json_double(j, score, &c->score))
        c->_score_case = SLUICE__V1__MODERATE_CATEGORY___SCORE_SCORE;
    c->name = sl_arena_strdup(o->a.arena, sl_json_string(j, key, NULL, NULL));
    v->flagged |= flagged;
    v->categories[v->n_categories++] = c;
}

/* Mistral says no `flagged`: any category is a verdict (recorded). */
static enum sl_code read_verdict(struct sl_op_answer *o, struct sl_json *j, int result,
                                 struct sl_err *err)
{
    enum { MAX_CATEGORIES = 256 };
    bool object = sl_json_type(j, result) == SL_JSON_OBJECT, flagged;
    int categories = object ? sl_json_member(j, result, "categories") : SL_JSON_ABSENT;
    int scores = object ? sl_json_member(j, result, "category_scores") : SL_JSON_ABSENT;

    if (sl_json_type(j, categories) != SL_JSON_OBJECT ||
        sl_json_size(j, categories) > MAX_CATEGORIES)
        return sl_op_garbage(o, err, "a verdict without categories");
    Sluice__V1__ModerateResult *v = sl_op_add_verdict(o);
    v->categories = sl_arena_alloc(o->a.arena, ((size_t)sl_json_size(j, categories) + 1) *
                                                   sizeof(*v->categories));
    for (int k = sl_json_first(j, categories); k >= 0; k = sl_json_next(j, categories, k))
        read_category(o, j, k, scores, v);
    if (sl_json_bool(j, sl_json_member(j, result, "flagged"), &flagged))
        v->flagged = flagged;
    return SL_OK;
}

enum sl_code sl_calls_moderations_body(struct sl_op_answer *o, char *body, size_t n,
                                       struct sl_err *err)
{
    struct sl_json j;
    enum sl_code code = sl_op_parse(o, body, n, SL_JSON_OBJECT, &j, err);

    if (code != SL_OK)
        return code;
    int results = sl_json_member(&j, SL_JSON_ROOT, "results");
    if (sl_json_type(&j, results) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without results");
    sl_calls_facts(o, &j);
    for (int k = sl_json_first(&j, results); k >= 0 && code == SL_OK;
         k = sl_json_next(&j, results, k))
        code = read_verdict(o, &j, k, err);
    return code;
}
