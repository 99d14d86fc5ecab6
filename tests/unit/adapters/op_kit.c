/* The kit for calls beside chat. */
#include "op_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STRING(s) ((char *)(uintptr_t)(s))

static void on_image(void *owner, const struct sl_op_image *image)
{
    struct op_kit *k = owner;
    if (image->partial_index >= 0)
        assert_true(
            sl_buf_printf(&k->transcript, "partial %d.%d", image->index, image->partial_index));
    else
        assert_true(sl_buf_printf(&k->transcript, "image %d", image->index));
    if (image->media_type)
        assert_true(sl_buf_printf(&k->transcript, " %s", image->media_type));
    if (image->url)
        assert_true(sl_buf_printf(&k->transcript, " url=%s", image->url));
    else
        assert_true(sl_buf_printf(&k->transcript, " %zu bytes", image->n));
    if (image->revised_prompt)
        assert_true(sl_buf_printf(&k->transcript, " \"%s\"", image->revised_prompt));
    assert_true(sl_buf_add_char(&k->transcript, '\n'));
}

static void on_text(void *owner, char *text)
{
    struct op_kit *k = owner;
    assert_true(sl_buf_printf(&k->transcript, "text \"%s\"\n", text));
}

static void set_request(struct op_kit *k, enum sl_operation operation)
{
    sluice__v1__complete_request__init(&k->common);
    sluice__v1__embed_request__init(&k->embed);
    sluice__v1__generate_image_request__init(&k->image);
    sluice__v1__rerank_request__init(&k->rerank);
    sluice__v1__moderate_request__init(&k->moderate);
    if (operation == SL_EMBED)
        k->in.embed = &k->embed;
    else if (operation == SL_GENERATE_IMAGE)
        k->in.image = &k->image;
    else if (operation == SL_RERANK)
        k->in.rerank = &k->rerank;
    else if (operation == SL_MODERATE)
        k->in.moderate = &k->moderate;
}

void op_kit_init(struct op_kit *k, const char *kind, enum sl_operation operation, const char *api)
{
    const struct sl_adapter *adapter = sl_adapter_find(kind);
    memset(k, 0, sizeof(*k));
    sl_arena_init(&k->arena, SIZE_MAX);
    sl_json_parser_init(&k->parser);
    sl_buf_init(&k->transcript, 1 << 20);
    k->warnings.arena = &k->arena;
    k->key = sl_secret_create("sk-test-op", 10);
    k->target = (struct sl_target){.provider = kind,
                                   .base_url = "https://api.test/v1",
                                   .model_id = "m",
                                   .api = api,
                                   .api_version = "",
                                   .key = k->key,
                                   .organization = "",
                                   .project = "",
                                   .provider_options_json = ""};
    assert_non_null(adapter);
    k->in.adapter = adapter;
    k->in.api = sl_adapter_operation(adapter, operation, &k->target);
    assert_non_null(k->in.api);
    set_request(k, operation);
    k->in.build = (struct sl_build_in){.target = &k->target,
                                       .request = &k->common,
                                       .now_ms = 1700000000000,
                                       .arena = &k->arena,
                                       .warnings = &k->warnings};
}

void op_kit_fini(struct op_kit *k)
{
    sl_secret_unref(k->key);
    sl_buf_fini(&k->transcript);
    sl_json_parser_fini(&k->parser);
    sl_arena_fini(&k->arena);
}

static size_t inputs(const struct op_kit *k)
{
    if (k->in.api->operation == SL_EMBED)
        return k->embed.n_inputs;
    return k->in.api->operation == SL_MODERATE ? k->moderate.n_inputs : 1;
}

const char *op_kit_build(struct op_kit *k)
{
    struct sl_seg_reader r;
    size_t n = 0, got;
    k->in.n = inputs(k) - k->in.first;
    if (k->in.api->batch)
        k->in.n = k->in.api->batch(&k->in);
    k->err = (struct sl_err){0};
    if (k->in.api->build(&k->in, &k->http, &k->err) != SL_OK)
        return NULL;
    char *body = sl_arena_alloc(&k->arena, k->http.body.length + 1);
    sl_seg_reader_init(&r, &k->http.body);
    while ((got = sl_seg_read(&r, body + n, 7)))
        n += got;
    assert_int_equal(n, k->http.body.length);
    body[n] = '\0';
    return sl_arena_printf(&k->arena, "%s %s%s%s", k->http.method, k->http.url, n ? " " : "", body);
}

/* ---- answers ---- */

static void tell_embedding(struct op_kit *k, const Sluice__V1__Embedding *e)
{
    static const char *const names[] = {"?",     "float",  "base64", "int8",
                                        "uint8", "binary", "ubinary"};
    assert_true(sl_buf_printf(&k->transcript, "%d %s", e->index, names[e->encoding]));
    for (size_t i = 0; i < e->n_values; i++)
        assert_true(sl_buf_printf(&k->transcript, " %g", (double)e->values[i]));
    for (size_t i = 0; i < e->data.len; i++)
        assert_true(sl_buf_printf(&k->transcript, " %02x", e->data.data[i]));
}

static void tell_verdict(struct op_kit *k, const Sluice__V1__ModerateResult *v)
{
    assert_true(sl_buf_add_str(&k->transcript, v->flagged ? "flagged" : "fine"));
    for (size_t i = 0; i < v->n_categories; i++) {
        const Sluice__V1__ModerateCategory *c = v->categories[i];
        assert_true(sl_buf_printf(&k->transcript, " %s%s", c->name, c->flagged ? "!" : ""));
        if (c->_score_case)
            assert_true(sl_buf_printf(&k->transcript, "=%g", c->score));
    }
}

static void tell_model(struct op_kit *k, const Sluice__V1__ProviderModel *m)
{
    assert_true(sl_buf_printf(&k->transcript, "%s", m->id));
    if (m->display_name[0])
        assert_true(sl_buf_printf(&k->transcript, " \"%s\"", m->display_name));
    if (m->created)
        assert_true(sl_buf_printf(&k->transcript, " %lld", (long long)m->created));
    if (m->context_tokens)
        assert_true(sl_buf_printf(&k->transcript, " ctx=%d", m->context_tokens));
    if (m->max_output_tokens)
        assert_true(sl_buf_printf(&k->transcript, " out=%d", m->max_output_tokens));
    for (size_t i = 0; i < m->n_capabilities; i++)
        assert_true(sl_buf_printf(&k->transcript, " +%s", m->capabilities[i]));
}

static void tell_item(struct op_kit *k, size_t i)
{
    const struct sl_op_out *out = &k->answer.out;
    switch (k->in.api->operation) {
    case SL_EMBED:
        tell_embedding(k, out->embeddings[i]);
        break;
    case SL_RERANK:
        assert_true(sl_buf_printf(&k->transcript, "%d %g", out->ranks[i]->index,
                                  out->ranks[i]->relevance_score));
        if (out->ranks[i]->document[0])
            assert_true(sl_buf_printf(&k->transcript, " \"%s\"", out->ranks[i]->document));
        break;
    case SL_MODERATE:
        tell_verdict(k, out->verdicts[i]);
        break;
    default:
        tell_model(k, out->models[i]);
    }
    assert_true(sl_buf_add_char(&k->transcript, '\n'));
}

static void tell(struct op_kit *k)
{
    const struct sl_op_out *out = &k->answer.out;
    for (size_t i = 0; i < out->n; i++)
        tell_item(k, i);
    if (out->tokens >= 0)
        assert_true(sl_buf_printf(&k->transcript, "%lld cached %lld\n", (long long)out->tokens,
                                  (long long)out->cached));
    if (out->next_page)
        assert_true(sl_buf_printf(&k->transcript, "next %s\n", out->next_page));
    if (k->answer.a.end.has_usage)
        assert_true(sl_buf_printf(
            &k->transcript, "usage %d %d %s\n", k->answer.a.end.usage.input_tokens,
            k->answer.a.end.usage.output_tokens, k->answer.a.end.usage.provider_json));
}

static void begin_answer(struct op_kit *k)
{
    if (!k->in.n)
        k->in.n = inputs(k);
    k->answer = (struct sl_op_answer){
        .a = {.target = &k->target,
              .request = &k->common,
              .arena = &k->arena,
              .parser = &k->parser,
              .warnings = &k->warnings},
        .in = &k->in,
        .out = {.tokens = -1},
        .images = {on_image, on_text, k},
    };
    k->err = (struct sl_err){0};
    sl_buf_reset(&k->transcript, 4096);
}

/* The body's last byte is the last of its allocation. */
const char *op_kit_answer(struct op_kit *k, const char *body)
{
    size_t n = strlen(body);
    char *copy = malloc(n + 1);
    begin_answer(k);
    memcpy(copy, body, n + 1);
    enum sl_code code = k->in.api->on_body(&k->answer, copy, n, &k->err);
    assert_int_equal(code, k->err.code);
    if (code == SL_OK)
        tell(k);
    free(copy);
    return code == SL_OK ? k->transcript.p ? k->transcript.p : "" : NULL;
}

const char *op_kit_frame(struct op_kit *k, const char *data)
{
    size_t n = strlen(data);
    char *copy = malloc(n + 1);
    if (!k->answer.in)
        begin_answer(k);
    memcpy(copy, data, n + 1);
    struct sl_frame frame = {.event = "", .data = copy, .n = n};
    enum sl_code code = k->in.api->on_frame(&k->answer, &frame, &k->err);
    free(copy);
    return code == SL_OK ? k->transcript.p ? k->transcript.p : "" : NULL;
}

const char *op_kit_header(const struct op_kit *k, const char *name)
{
    for (const struct sl_header *h = k->http.headers; h; h = h->next)
        if (!strcmp(h->name, name))
            return h->value;
    return NULL;
}

bool op_kit_warned(const struct op_kit *k, const char *field)
{
    for (size_t i = 0; i < k->warnings.count; i++)
        if (!strcmp(k->warnings.list[i]->field, field))
            return true;
    return false;
}

void op_kit_add_text(struct op_kit *k, const char *text)
{
    Sluice__V1__EmbedInput *input = SL_ARENA_NEW(&k->arena, Sluice__V1__EmbedInput);
    Sluice__V1__EmbedInput **list =
        sl_arena_alloc(&k->arena, (k->embed.n_inputs + 1) * sizeof(*list));
    sluice__v1__embed_input__init(input);
    input->content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TEXT;
    input->text = STRING(text);
    if (k->embed.n_inputs)
        memcpy(list, k->embed.inputs, k->embed.n_inputs * sizeof(*list));
    list[k->embed.n_inputs++] = input;
    k->embed.inputs = list;
}

Sluice__V1__Image *op_kit_image(struct op_kit *k, const char *data)
{
    Sluice__V1__Image *image = SL_ARENA_NEW(&k->arena, Sluice__V1__Image);
    sluice__v1__image__init(image);
    image->source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
    image->data.data = (uint8_t *)STRING(data);
    image->data.len = strlen(data);
    image->media_type = STRING("image/png");
    return image;
}
