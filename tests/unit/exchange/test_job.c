/* The life of a job against a scripted upstream and a scripted adapter: batches, pages, pictures, and one end. The
 * upstream's functions are defined here, so that a test decides which request ends when, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/tokens/tokens.h"
#include "base/alloc.h"
#include "exchange/job.h"
#include "registry/last_used.h"
#include "registry/lease.h"
#include "registry/outcome.h"

#define STRING(s) ((char *)(uintptr_t)(s))

/* ---- the scripted upstream ---- */

struct sl_transfer {
    struct sl_transfer_spec spec;
    char url[64];
    bool cancelled;
};

static struct sl_transfer transfers[32];
static size_t n_transfers, n_resumed;

struct sl_transfer *sl_transfer_start(struct sl_upstream *u, const struct sl_transfer_spec *spec)
{
    (void)u;
    assert_true(n_transfers < SL_ARRAY_LEN(transfers));
    struct sl_transfer *t = &transfers[n_transfers++];
    *t = (struct sl_transfer){.spec = *spec};
    sl_copy(t->url, sizeof(t->url), spec->url);
    return t;
}

void sl_transfer_cancel(struct sl_transfer *t)
{
    assert_false(t->cancelled);
    t->cancelled = true;
}

void sl_transfer_mark_token(struct sl_transfer *t)
{
    assert_non_null(t);
}

void sl_transfer_resume(struct sl_transfer *t)
{
    assert_non_null(t);
    n_resumed++;
}

struct sl_secret *sl_token_get(struct sl_token_source *s)
{
    (void)s;
    return NULL;
}

struct sl_token_wait *sl_token_wait_start(struct sl_token_source *s,
                                          const struct sl_token_wait_spec *spec)
{
    (void)spec;
    return (struct sl_token_wait *)(void *)s;
}

void sl_token_wait_cancel(struct sl_token_wait *w)
{
    (void)w;
}

void sl_token_source_unref(struct sl_token_source *s)
{
    (void)s;
}

static struct sl_registry registry;

struct sl_registry *sl_registry_ref(struct sl_registry *r)
{
    return r;
}

void sl_registry_unref(struct sl_registry *r)
{
    (void)r;
}

enum sl_code sl_lease_take(const struct sl_registry *r, const struct sl_model *m,
                           struct sl_arena *arena, int64_t now_us, struct sl_lease *out,
                           struct sl_err *err)
{
    (void)r;
    (void)arena;
    (void)now_us;
    if (m->adapter->key_required && !m->target.key && !m->tokens)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_KEY_MISSING,
                          "model %s has no key for provider %s: set %s", m->name, m->provider,
                          m->key_reference);
    *out = (struct sl_lease){.target = m->target, .endpoint = *m->endpoint, .tokens = m->tokens};
    return SL_OK;
}

void sl_lease_end(struct sl_lease *l)
{
    (void)l;
}

static int uses;

void sl_registry_note_use(const struct sl_model *m, int64_t now_ms)
{
    assert_true(now_ms > 0 && *m->name);
    uses++;
}

void sl_registry_note_outcome(const struct sl_model *m, bool failed, int64_t now_us)
{
    (void)m;
    (void)failed;
    (void)now_us;
}

const struct sl_catalogue *sl_registry_catalogue(const struct sl_registry *r)
{
    (void)r;
    return NULL;
}

bool sl_catalogue_site_hint(const struct sl_catalogue *c, const char *kind, const char *base_url,
                            char *text, size_t size)
{
    (void)c;
    (void)kind;
    (void)base_url;
    (void)text;
    (void)size;
    return false;
}

/* ---- the scripted adapter: a URL says which inputs are asked for ---- */

static size_t three(const struct sl_op_in *in)
{
    return in->n > 3 ? 3 : in->n;
}

static enum sl_code fake_build(const struct sl_op_in *in, struct sl_http_request *out,
                               struct sl_err *err)
{
    if (in->api->operation == SL_EMBED && !strcmp(in->build.request->end_user, "nobody") &&
        in->first)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "inputs",
                            "not here");
    out->method = "POST";
    out->url = sl_arena_printf(in->build.arena, "%zu+%zu %s", in->first, in->n,
                               in->page_token ? in->page_token : "-");
    out->framing = in->build.stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    return SL_OK;
}

/* Each letter is a vector of as many floats as its place in the alphabet; capitals stand for the last input. */
static enum sl_code embed_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        bool last = body[i] >= 'A' && body[i] <= 'Z';
        size_t size = (size_t)(body[i] - (last ? 'A' : 'a')) + 1;
        float *at =
            sl_op_add_floats(o, last ? (int64_t)o->in->n - 1 : (int64_t)i, size * 1000, err);
        if (!at)
            return err->code;
        memset(at, 0, size * 1000 * sizeof(float));
    }
    sl_op_set_usage(o, (int64_t)n, -1, SL_STR("{\"n\":1}"));
    return SL_OK;
}

/* "1:3" and so on: a partial or finished picture of so many bytes. */
static enum sl_code image_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    static char pixels[3 * 1024 * 1024];
    struct sl_op_image image = {.index = o->n_images++, .partial_index = -1};
    (void)err;
    image.data = pixels;
    image.n = n == 1 && body[0] == 'L' ? 2 * 1024 * 1024 + 5 : n;
    image.media_type = "image/png";
    if (n)
        o->images.on_image(o->images.owner, &image);
    return SL_OK;
}

static enum sl_code image_frame(struct sl_op_answer *o, const struct sl_frame *frame,
                                struct sl_err *err)
{
    struct sl_op_image image = {.partial_index = 0, .data = frame->data, .n = frame->n};
    (void)err;
    o->images.on_image(o->images.owner, &image);
    return SL_OK;
}

static enum sl_code image_eof(struct sl_op_answer *o, struct sl_err *err)
{
    return image_body(o, STRING("xyz"), 3, err);
}

/* Letters are models; what follows a '>' is the next page. */
static enum sl_code models_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    (void)n;
    (void)err;
    char *next = strchr(body, '>');
    for (char *at = body; *at && at != next; at++)
        sl_op_add_model(o)->id = sl_arena_strndup(&*o->a.arena, at, 1);
    if (next)
        o->out.next_page = sl_arena_strdup(o->a.arena, next + 1);
    return SL_OK;
}

static enum sl_code rank_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (size_t i = 0; i < n && code == SL_OK; i++)
        code = sl_op_add_rank(o, body[i] - '0', (double)(9 - i), err);
    return code;
}

static void fake_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                         size_t n, struct sl_err *err)
{
    (void)a;
    (void)n;
    err->retryable = true;
    sl_err_set(err, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "status %d: %s",
               head->status, body);
}

static const struct sl_op_api embed_api = {.operation = SL_EMBED,
                                           .name = "embeddings",
                                           .batch = three,
                                           .build = fake_build,
                                           .on_body = embed_body};
static const struct sl_op_api image_api = {.operation = SL_GENERATE_IMAGE,
                                           .name = "images",
                                           .build = fake_build,
                                           .on_body = image_body,
                                           .on_frame = image_frame,
                                           .on_eof = image_eof};
static const struct sl_op_api rank_api = {
    .operation = SL_RERANK, .name = "rerank", .build = fake_build, .on_body = rank_body};
static const struct sl_op_api models_api = {
    .operation = SL_LIST_MODELS, .name = "models", .build = fake_build, .on_body = models_body};
static const struct sl_op_api *const operations[] = {&embed_api, &image_api, &rank_api, &models_api,
                                                     NULL};

static const struct sl_adapter fake_adapter = {
    .name = "fake",
    .api = "chat",
    .title = "Fake",
    .operations = operations,
    .key_required = true,
    .on_failure = fake_failure,
};

/* ---- the fixture ---- */

struct fixture {
    struct sl_arena arena;
    struct sl_json_parser parser;
    struct sl_loop *loop;
    struct sl_model model;
    struct sl_endpoint endpoint;
    struct sl_clocks clocks;
    struct sl_transfer_caps caps;
    struct sl_warnings warnings;
    struct sl_call_facts facts;
    struct sl_job *job;
    /* what came out */
    char events[64]; /* S started, p partial, i a piece, I the last one, T text, F finished */
    int64_t next_sequence;
    size_t largest;
    bool full;
    unsigned ends;
    enum sl_code code;
    enum sl_reason reason;
    char text[512];
    ProtobufCMessage *response;
    Sluice__V1__CallReport *report;
    int32_t usage;
    bool estimated;
};

static bool on_event(void *owner, const Sluice__V1__ImageEvent *e)
{
    struct fixture *f = owner;
    char *at = f->events + strlen(f->events);
    assert_int_equal(e->sequence, f->next_sequence++);
    switch (e->event_case) {
    case SLUICE__V1__IMAGE_EVENT__EVENT_STARTED:
        *at = 'S';
        break;
    case SLUICE__V1__IMAGE_EVENT__EVENT_IMAGE:
        *at = e->image->partial ? 'p' : e->image->last ? 'I' : 'i';
        if (e->image->data.len > f->largest)
            f->largest = e->image->data.len;
        break;
    case SLUICE__V1__IMAGE_EVENT__EVENT_FINISHED:
        *at = 'F';
        break;
    default:
        *at = '?';
    }
    return f->full;
}

static void on_end(void *owner, const struct sl_job_end *end)
{
    struct fixture *f = owner;
    f->ends++;
    f->code = end->err ? end->err->code : SL_OK;
    f->reason = end->err ? end->err->reason : SL_REASON_NONE;
    f->response = end->err ? NULL : end->response;
    if (!end->err)
        return;
    sl_copy(f->text, sizeof(f->text), end->err->text);
    f->report = end->failure->report;
    f->usage = end->failure->usage->input_tokens;
    f->estimated = end->failure->usage->estimated;
}

static const struct sl_job_ops ops = {on_event, on_end};

static int setup(void **state)
{
    static struct fixture f;
    struct sl_err err = {0};
    memset(&f, 0, sizeof(f));
    n_transfers = n_resumed = 0;
    sl_arena_init(&f.arena, SIZE_MAX);
    sl_json_parser_init(&f.parser);
    f.loop = sl_loop_create("test", &err);
    f.model.name = "fast";
    f.model.provider = "fake";
    f.model.owner = "";
    f.model.source = "config";
    f.model.adapter = &fake_adapter;
    f.model.endpoint = &f.endpoint;
    f.model.clocks = &f.clocks;
    f.model.caps = &f.caps;
    f.model.target.model_id = "m";
    f.model.target.base_url = "http://127.0.0.1";
    f.model.target.api = "";
    f.model.target.key = sl_secret_create("sk-test-1234567890", 18);
    f.model.key_reference = "env:FAKE_API_KEY";
    f.model.prices = (struct sl_prices){true, 1000000, -1, -1, 0, -1};
    f.warnings.arena = &f.arena;
    *state = &f;
    return f.loop ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sl_secret_unref((struct sl_secret *)(uintptr_t)f->model.target.key);
    sl_loop_destroy(f->loop);
    sl_json_parser_fini(&f->parser);
    sl_arena_fini(&f->arena);
    return 0;
}

static void start(struct fixture *f, enum sl_operation operation, const ProtobufCMessage *request)
{
    f->job = sl_job_start(&(struct sl_job_spec){
        .operation = operation,
        .request = request,
        .arena = &f->arena,
        .parser = &f->parser,
        .loop = f->loop,
        .registry = &registry,
        .candidate = {&f->model, "asked by name"},
        .call_id = "id",
        .model_asked = "fast",
        .warnings = &f->warnings,
        .ops = &ops,
        .owner = f,
        .facts = &f->facts,
    });
    assert_int_equal(f->ends, 0);
}

static Sluice__V1__EmbedRequest *texts(struct fixture *f, size_t n)
{
    Sluice__V1__EmbedRequest *r = SL_ARENA_NEW(&f->arena, Sluice__V1__EmbedRequest);
    sluice__v1__embed_request__init(r);
    r->inputs = sl_arena_alloc(&f->arena, n * sizeof(*r->inputs));
    for (; r->n_inputs < n; r->n_inputs++) {
        Sluice__V1__EmbedInput *input = SL_ARENA_NEW(&f->arena, Sluice__V1__EmbedInput);
        sluice__v1__embed_input__init(input);
        input->content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TEXT;
        input->text = STRING("word");
        r->inputs[r->n_inputs] = input;
    }
    return r;
}

static void answer(size_t i, int status, const char *body)
{
    char *copy = sl_malloc(strlen(body) + 1);
    struct sl_transfer_head head = {.status = status};
    memcpy(copy, body, strlen(body) + 1);
    struct sl_transfer_result r = {
        .head = &head, .body = copy, .n = strlen(body), .request_sent = true};
    assert_false(transfers[i].cancelled);
    if (status == 200 && transfers[i].spec.ops->on_head)
        transfers[i].spec.ops->on_head(transfers[i].spec.owner, &head);
    transfers[i].spec.ops->on_done(transfers[i].spec.owner, &r);
    sl_free(copy);
}

/* Delivers what was posted. */
static void turn(struct fixture *f)
{
    struct sl_err err = {0};
    assert_int_equal(sl_loop_start(f->loop, &err), SL_OK);
    sl_loop_stop(f->loop);
}

/* ---- batches ---- */

static void runs_batches_a_few_at_a_time(void **state)
{
    struct fixture *f = *state;
    uses = 0;
    start(f, SL_EMBED, &texts(f, 14)->base);
    assert_int_equal(n_transfers, SL_JOB_PARALLEL);
    assert_string_equal(transfers[0].url, "0+3 -");
    assert_string_equal(transfers[3].url, "9+3 -");
    answer(2, 200, "aaa");
    assert_int_equal(n_transfers, 5);
    assert_string_equal(transfers[4].url, "12+2 -");
    answer(4, 200, "ba");
    answer(0, 200, "aba");
    answer(3, 200, "aaa");
    assert_int_equal(f->ends, 0);
    answer(1, 200, "aaa");
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_OK);
    Sluice__V1__EmbedResponse *r = (Sluice__V1__EmbedResponse *)f->response;
    assert_int_equal(r->n_embeddings, 14);
    for (size_t i = 0; i < 14; i++) {
        assert_int_equal(r->embeddings[i]->index, i);
        assert_int_equal(r->embeddings[i]->n_values, i == 1 || i == 12 ? 2000 : 1000);
    }
    assert_int_equal(r->usage->input_tokens, 14);
    assert_string_equal(r->usage->provider_json, "{\"n\":1}");
    assert_int_equal(r->report->attempts, 5);
    assert_int_equal(r->report->cost_nanos, 14000);
    assert_int_equal(f->facts.input_tokens, 14);
    assert_int_equal(uses, 5);
}

static void one_error_fails_all(void **state)
{
    struct fixture *f = *state;
    start(f, SL_EMBED, &texts(f, 14)->base);
    answer(1, 200, "aaa");
    answer(2, 429, "slow down sk-test-1234567890");
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_RESOURCE_EXHAUSTED);
    assert_null(strstr(f->text, "1234567890"));
    assert_true(transfers[0].cancelled && transfers[3].cancelled && transfers[4].cancelled);
    assert_int_equal(f->usage, 3);
    assert_int_equal(f->report->attempts, 5);
}

static void a_request_that_cannot_be_built_fails_all(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__EmbedRequest *r = texts(f, 5);
    r->end_user = STRING("nobody");
    start(f, SL_EMBED, &r->base);
    assert_true(transfers[0].cancelled);
    turn(f);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_INVALID_ARGUMENT);
}

static void cancels_all(void **state)
{
    struct fixture *f = *state;
    start(f, SL_EMBED, &texts(f, 7)->base);
    sl_job_cancel(f->job);
    for (size_t i = 0; i < 3; i++)
        assert_true(transfers[i].cancelled);
    turn(f);
    assert_int_equal(f->ends, 0);
}

static void counts_vectors(void **state)
{
    static const char *const bodies[] = {"a", "aaa", "Aa", "aA", ""};
    struct fixture *f = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(bodies); i++) {
        n_transfers = 0;
        f->ends = 0;
        start(f, SL_EMBED, &texts(f, 2)->base);
        answer(0, 200, bodies[i]);
        assert_int_equal(f->ends, 1);
        /* "Aa" gives the last one first: put in order it is whole; "aA" is whole as it is */
        assert_int_equal(f->code, i == 3 ? SL_OK : SL_UNAVAILABLE);
        if (i != 3)
            assert_int_equal(f->reason, SL_REASON_PROVIDER_GARBAGE);
    }
}

/* 26,000 floats are 104 KB each: 30 of them do not fit, and the first three show it. */
static void names_the_limit_of_a_reply(void **state)
{
    struct fixture *f = *state;
    start(f, SL_EMBED, &texts(f, 40)->base);
    answer(0, 200, "zzz");
    assert_int_equal(f->code, SL_INVALID_ARGUMENT);
    assert_int_equal(f->reason, SL_REASON_MESSAGE_TOO_LARGE);
    assert_non_null(strstr(f->text, "at most 29"));
    assert_int_equal(n_transfers, SL_JOB_PARALLEL);
}

static void refuses_what_cannot_fit_before_it_asks(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__EmbedRequest *r = texts(f, 800);
    r->dimensions = 1000;
    r->_dimensions_case = SLUICE__V1__EMBED_REQUEST___DIMENSIONS_DIMENSIONS;
    start(f, SL_EMBED, &r->base);
    turn(f);
    assert_int_equal(f->code, SL_INVALID_ARGUMENT);
    assert_non_null(strstr(f->text, "at most 770"));
    assert_int_equal(n_transfers, 0);
}

/* ---- pages ---- */

static void follows_pages(void **state)
{
    struct fixture *f = *state;
    uses = 0;
    start(f, SL_LIST_MODELS, NULL);
    assert_int_equal(n_transfers, 1);
    answer(0, 200, "ab>two");
    assert_string_equal(transfers[1].url, "0+1 two");
    answer(1, 200, "c");
    assert_int_equal(f->ends, 1);
    Sluice__V1__DiscoverModelsResponse *r = (Sluice__V1__DiscoverModelsResponse *)f->response;
    assert_int_equal(r->n_models, 3);
    assert_string_equal(r->models[2]->id, "c");
    assert_int_equal(uses, 0); /* who looks at a provider does not use the model */
    assert_false(r->truncated);
}

static void ends_a_listing_that_goes_in_a_circle(void **state)
{
    struct fixture *f = *state;
    start(f, SL_LIST_MODELS, NULL);
    answer(0, 200, "ab>two");
    answer(1, 200, "ab>two");
    assert_int_equal(f->ends, 1);
    Sluice__V1__DiscoverModelsResponse *r = (Sluice__V1__DiscoverModelsResponse *)f->response;
    assert_int_equal(r->n_models, 2);
    assert_true(r->truncated);
}

/* ---- pictures ---- */

static Sluice__V1__GenerateImageRequest *picture(struct fixture *f, int partial)
{
    Sluice__V1__GenerateImageRequest *r = SL_ARENA_NEW(&f->arena, Sluice__V1__GenerateImageRequest);
    sluice__v1__generate_image_request__init(r);
    r->prompt = STRING("a hat");
    r->partial_images = partial;
    r->_partial_images_case = partial > 0;
    return r;
}

static void sends_pictures_in_pieces(void **state)
{
    struct fixture *f = *state;
    start(f, SL_GENERATE_IMAGE, &picture(f, 0)->base);
    assert_false(transfers[0].spec.framed);
    answer(0, 200, "L");
    assert_string_equal(f->events, "SiiIF");
    assert_int_equal(f->largest, 1024 * 1024);
    assert_int_equal(f->code, SL_OK);
    Sluice__V1__ImageFinished *r = (Sluice__V1__ImageFinished *)f->response;
    assert_int_equal(r->images, 1);
    assert_true(r->usage->estimated);
    assert_int_equal(r->usage->input_tokens, 2);
}

static void streams_unfinished_pictures(void **state)
{
    struct fixture *f = *state;
    char data[] = "x";
    struct sl_transfer_head head = {.status = 200};
    struct sl_framer_frame frame = {.event = "", .data = data, .n = 1};
    struct sl_err err = {0};
    start(f, SL_GENERATE_IMAGE, &picture(f, 2)->base);
    struct sl_transfer *t = &transfers[0];
    assert_true(t->spec.framed);
    t->spec.ops->on_head(t->spec.owner, &head);
    assert_int_equal(t->spec.ops->on_frame(t->spec.owner, &frame, &err), SL_OK);
    f->full = true;
    assert_int_equal(t->spec.ops->on_frame(t->spec.owner, &frame, &err), SL_OK);
    assert_true(t->spec.ops->on_batch(t->spec.owner));
    f->full = false;
    sl_job_writable(f->job);
    assert_int_equal(n_resumed, 1);
    assert_false(t->spec.ops->on_batch(t->spec.owner));
    t->spec.ops->on_done(t->spec.owner, &(struct sl_transfer_result){.head = &head});
    assert_string_equal(f->events, "SppIF");
    assert_int_equal(f->code, SL_OK);
}

static void no_picture_is_an_error(void **state)
{
    struct fixture *f = *state;
    start(f, SL_GENERATE_IMAGE, &picture(f, 0)->base);
    answer(0, 200, "");
    assert_string_equal(f->events, "S");
    assert_int_equal(f->reason, SL_REASON_PROVIDER_GARBAGE);
}

/* ---- the others ---- */

static void keeps_the_best(void **state)
{
    struct fixture *f = *state;
    static char *documents[] = {STRING("a"), STRING("b"), STRING("c")};
    Sluice__V1__RerankRequest r = SLUICE__V1__RERANK_REQUEST__INIT;
    r.query = STRING("q");
    r.documents = documents;
    r.n_documents = 3;
    r.top_n = 2;
    r._top_n_case = SLUICE__V1__RERANK_REQUEST___TOP_N_TOP_N;
    r.return_documents = true;
    start(f, SL_RERANK, &r.base);
    answer(0, 200, "201");
    Sluice__V1__RerankResponse *got = (Sluice__V1__RerankResponse *)f->response;
    assert_int_equal(got->n_results, 2);
    assert_int_equal(got->results[0]->index, 2);
    assert_string_equal(got->results[0]->document, "c");
}

static void a_document_that_was_not_sent(void **state)
{
    struct fixture *f = *state;
    static char *documents[] = {STRING("a")};
    Sluice__V1__RerankRequest r = SLUICE__V1__RERANK_REQUEST__INIT;
    r.documents = documents;
    r.n_documents = 1;
    start(f, SL_RERANK, &r.base);
    answer(0, 200, "1");
    assert_int_equal(f->reason, SL_REASON_PROVIDER_GARBAGE);
}

static void estimates_a_count(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__CompleteRequest r = SLUICE__V1__COMPLETE_REQUEST__INIT;
    Sluice__V1__Message m = SLUICE__V1__MESSAGE__INIT, *messages[] = {&m};
    Sluice__V1__Part p = SLUICE__V1__PART__INIT, *parts[] = {&p};
    p.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    p.text = STRING("nine char");
    m.parts = parts;
    m.n_parts = 1;
    r.messages = messages;
    r.n_messages = 1;
    start(f, SL_COUNT_TOKENS, &r.base);
    turn(f);
    assert_int_equal(f->ends, 1);
    Sluice__V1__CountTokensResponse *got = (Sluice__V1__CountTokensResponse *)f->response;
    assert_int_equal(got->input_tokens, 3);
    assert_true(got->estimated);
    assert_int_equal(n_transfers, 0);
}

static void says_what_a_provider_does_not_offer(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__ModerateRequest r = SLUICE__V1__MODERATE_REQUEST__INIT;
    start(f, SL_MODERATE, &r.base);
    turn(f);
    assert_int_equal(f->code, SL_FAILED_PRECONDITION);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_UNSUPPORTED);
    assert_non_null(strstr(f->text, "no moderation"));
}

static void another_operation_s_api(void **state)
{
    struct fixture *f = *state;
    f->model.target.api = "rerank";
    start(f, SL_EMBED, &texts(f, 1)->base);
    turn(f);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_UNSUPPORTED);
    assert_non_null(strstr(f->text, "rerank"));
}

static void a_missing_key(void **state)
{
    struct fixture *f = *state;
    sl_secret_unref((struct sl_secret *)(uintptr_t)f->model.target.key);
    f->model.target.key = NULL;
    start(f, SL_EMBED, &texts(f, 1)->base);
    turn(f);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_KEY_MISSING);
    assert_int_equal(n_transfers, 0);
}

static void a_cancel_before_the_early_end(void **state)
{
    struct fixture *f = *state;
    Sluice__V1__ModerateRequest r = SLUICE__V1__MODERATE_REQUEST__INIT;
    start(f, SL_MODERATE, &r.base);
    sl_job_cancel(f->job);
    turn(f);
    assert_int_equal(f->ends, 0);
    sl_job_cancel(NULL);
}

static void a_stale_connection_is_repeated_once(void **state)
{
    struct fixture *f = *state;
    struct sl_transfer_result stale = {.stale_connection = true, .request_sent = true};
    stale.err.code = SL_UNAVAILABLE;
    start(f, SL_EMBED, &texts(f, 1)->base);
    transfers[0].spec.ops->on_done(transfers[0].spec.owner, &stale);
    assert_int_equal(n_transfers, 2);
    assert_true(transfers[1].spec.fresh_connection);
    answer(1, 200, "a");
    assert_int_equal(f->code, SL_OK);
    assert_int_equal(((Sluice__V1__EmbedResponse *)f->response)->report->attempts, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_batches_a_few_at_a_time),
        TEST(one_error_fails_all),
        TEST(a_request_that_cannot_be_built_fails_all),
        TEST(cancels_all),
        TEST(counts_vectors),
        TEST(names_the_limit_of_a_reply),
        TEST(refuses_what_cannot_fit_before_it_asks),
        TEST(follows_pages),
        TEST(ends_a_listing_that_goes_in_a_circle),
        TEST(sends_pictures_in_pieces),
        TEST(streams_unfinished_pictures),
        TEST(no_picture_is_an_error),
        TEST(keeps_the_best),
        TEST(a_document_that_was_not_sent),
        TEST(estimates_a_count),
        TEST(says_what_a_provider_does_not_offer),
        TEST(another_operation_s_api),
        TEST(a_missing_key),
        TEST(a_cancel_before_the_early_end),
        TEST(a_stale_connection_is_repeated_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
