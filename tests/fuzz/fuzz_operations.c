/* Any bytes as the answer of any call beside chat: what it gives can be packed, and keeps its promises. The first byte says
 * whose call it is. */
#include "adapters/adapters.h"

#include "fuzz_openai.h"

struct call {
    struct sl_arena arena;
    struct sl_json_parser parser;
    struct sl_warnings warnings;
    struct sl_target target;
    Sluice__V1__CompleteRequest common;
    Sluice__V1__EmbedRequest embed;
    Sluice__V1__EmbedInput input, *inputs[3];
    Sluice__V1__GenerateImageRequest image;
    Sluice__V1__RerankRequest rerank;
    char *documents[2];
    Sluice__V1__ModerateRequest moderate;
    struct sl_op_in in;
    struct sl_op_answer answer;
};

static void on_image(void *owner, const struct sl_op_image *image)
{
    (void)owner;
    fuzz_require(image->index >= 0 && (image->url != NULL) != (image->data != NULL));
    if (image->url)
        fuzz_text(image->url);
    if (image->media_type)
        fuzz_text(image->media_type);
    if (image->revised_prompt)
        fuzz_text(image->revised_prompt);
}

static void on_text(void *owner, char *text)
{
    (void)owner;
    fuzz_text(text);
}

static void set_request(struct call *c)
{
    switch (c->in.api->operation) {
    case SL_EMBED:
        c->in.embed = &c->embed;
        c->in.n = 3;
        break;
    case SL_GENERATE_IMAGE:
        c->in.image = &c->image;
        break;
    case SL_RERANK:
        c->in.rerank = &c->rerank;
        break;
    case SL_MODERATE:
        c->in.moderate = &c->moderate;
        break;
    default:
        break;
    }
}

static void init(struct call *c, const struct sl_adapter *adapter, const struct sl_op_api *api)
{
    static char document[] = "a";
    memset(c, 0, sizeof(*c));
    sl_arena_init(&c->arena, SIZE_MAX);
    sl_json_parser_init(&c->parser);
    c->warnings.arena = &c->arena;
    c->target.base_url = "https://api.test";
    c->target.model_id = "m";
    sluice__v1__complete_request__init(&c->common);
    sluice__v1__embed_request__init(&c->embed);
    sluice__v1__embed_input__init(&c->input);
    sluice__v1__generate_image_request__init(&c->image);
    sluice__v1__rerank_request__init(&c->rerank);
    sluice__v1__moderate_request__init(&c->moderate);
    for (size_t i = 0; i < 3; i++)
        c->inputs[i] = &c->input;
    c->embed.inputs = c->inputs;
    c->embed.n_inputs = 3;
    c->documents[0] = c->documents[1] = document;
    c->rerank.documents = c->documents;
    c->rerank.n_documents = 2;
    c->rerank.return_documents = true;
    c->in = (struct sl_op_in){.build = {.target = &c->target,
                                        .request = &c->common,
                                        .arena = &c->arena,
                                        .warnings = &c->warnings},
                              .adapter = adapter,
                              .api = api,
                              .n = 1};
    set_request(c);
    c->answer = (struct sl_op_answer){.a = {.target = &c->target,
                                            .request = &c->common,
                                            .arena = &c->arena,
                                            .parser = &c->parser,
                                            .warnings = &c->warnings},
                                      .in = &c->in,
                                      .out = {.tokens = -1},
                                      .images = {on_image, on_text, c}};
    sluice__v1__token_usage__init(&c->answer.a.end.usage);
}

static void check_results(const struct call *c)
{
    const struct sl_op_out *out = &c->answer.out;
    for (size_t i = 0; i < out->n; i++) {
        switch (c->in.api->operation) {
        case SL_EMBED:
            fuzz_require(out->embeddings[i]->index >= 0 && out->embeddings[i]->index < 3);
            fuzz_round_trip(&out->embeddings[i]->base);
            break;
        case SL_RERANK:
            fuzz_require(out->ranks[i]->index >= 0 && out->ranks[i]->index < 2);
            fuzz_round_trip(&out->ranks[i]->base);
            break;
        case SL_MODERATE:
            for (size_t k = 0; k < out->verdicts[i]->n_categories; k++)
                fuzz_text(out->verdicts[i]->categories[k]->name);
            break;
        default:
            fuzz_text(out->models[i]->id);
            fuzz_round_trip(&out->models[i]->base);
        }
    }
    if (out->next_page)
        fuzz_text(out->next_page);
    fuzz_text(c->answer.a.end.usage.provider_json);
}

/* The n-th call of all adapters, from the start again after the last. */
static const struct sl_op_api *choose(unsigned n, const struct sl_adapter **adapter)
{
    unsigned all = 0;
    for (int pass = 0; pass < 2; pass++) {
        unsigned at = 0;
        for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
            for (const struct sl_op_api *const *o = (*a)->operations; o && *o; o++, at++) {
                *adapter = *a;
                if (pass && at == n % all)
                    return *o;
            }
        }
        all = at;
    }
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sl_adapter *adapter;
    struct sl_err err = {0};
    struct call c;
    enum sl_code code;

    if (!size)
        return 0;
    const struct sl_op_api *api = choose(data[0], &adapter);
    char *copy = fuzz_copy(data + 1, size - 1);
    init(&c, adapter, api);
    if (api->on_frame && size > 1 && data[1] == ' ') {
        struct sl_frame frame = {.event = "", .data = copy, .n = size - 1};
        code = api->on_frame(&c.answer, &frame, &err);
    } else {
        code = api->on_body(&c.answer, copy, size - 1, &err);
    }
    fuzz_require(code == err.code);
    if (code == SL_OK)
        check_results(&c);
    else
        fuzz_text(err.text);
    sl_json_parser_fini(&c.parser);
    sl_arena_fini(&c.arena);
    sl_free(copy);
    return 0;
}
