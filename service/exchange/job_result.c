/* What a job's parts come to: usage, checks, and the response of them all. */
#include "exchange/job_internal.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/account.h"

typedef Sluice__V1__EmbedRequest embed_t;
typedef Sluice__V1__GenerateImageRequest image_t;
typedef Sluice__V1__RerankRequest rerank_t;
typedef Sluice__V1__ModerateRequest moderate_t;

size_t sl_job_inputs(const struct sl_job_spec *spec)
{
    if (spec->operation == SL_EMBED)
        return ((const embed_t *)spec->request)->n_inputs;
    if (spec->operation == SL_MODERATE)
        return ((const moderate_t *)spec->request)->n_inputs;
    return 1;
}

#define COPY_COMMON(type)                                                                          \
    do {                                                                                           \
        const type *from = (const type *)job->spec.request;                                        \
        job->common.model = from->model;                                                           \
        job->common.on_unsupported = from->on_unsupported;                                         \
        job->common.provider_options_json = from->provider_options_json;                           \
    } while (0)

void sl_job_fill_common(struct sl_job *job)
{
    sluice__v1__complete_request__init(&job->common);
    switch (job->spec.operation) {
    case SL_EMBED:
        COPY_COMMON(embed_t);
        job->common.end_user = ((const embed_t *)job->spec.request)->end_user;
        break;
    case SL_GENERATE_IMAGE:
        COPY_COMMON(image_t);
        job->common.end_user = ((const image_t *)job->spec.request)->end_user;
        break;
    case SL_RERANK:
        COPY_COMMON(rerank_t);
        break;
    case SL_MODERATE:
        COPY_COMMON(moderate_t);
        break;
    case SL_COUNT_TOKENS:
        job->common = *(const Sluice__V1__CompleteRequest *)job->spec.request;
        break;
    case SL_LIST_MODELS:
        break;
    }
}

/* ---- usage ---- */

static int32_t sum(int32_t a, int32_t b)
{
    return b > INT32_MAX - a ? INT32_MAX : a + b;
}

static void add_usage(struct sl_job *job, const struct sl_answer_end *end)
{
    const Sluice__V1__TokenUsage *u = &end->usage;
    if (!end->has_usage)
        return;
    if (!job->has_usage)
        job->usage->provider_json = u->provider_json;
    job->has_usage = true;
    job->usage->input_tokens = sum(job->usage->input_tokens, u->input_tokens);
    job->usage->cache_read_tokens = sum(job->usage->cache_read_tokens, u->cache_read_tokens);
    job->usage->cache_write_tokens = sum(job->usage->cache_write_tokens, u->cache_write_tokens);
    job->usage->output_tokens = sum(job->usage->output_tokens, u->output_tokens);
    job->usage->reasoning_tokens = sum(job->usage->reasoning_tokens, u->reasoning_tokens);
}

static uint64_t parts_bytes(Sluice__V1__Part *const *parts, size_t n)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        if (parts[i]->content_case == SLUICE__V1__PART__CONTENT_TEXT)
            bytes += strlen(parts[i]->text);
    return bytes;
}

static uint64_t input_bytes(const Sluice__V1__EmbedInput *input)
{
    switch (input->content_case) {
    case SLUICE__V1__EMBED_INPUT__CONTENT_TEXT:
        return strlen(input->text);
    case SLUICE__V1__EMBED_INPUT__CONTENT_TOKENS:
        return input->tokens->n_ids * SL_BYTES_PER_TOKEN;
    case SLUICE__V1__EMBED_INPUT__CONTENT_PARTS:
        return parts_bytes(input->parts->parts, input->parts->n_parts);
    default:
        return 0;
    }
}

static uint64_t text_bytes(const struct sl_job *job)
{
    const ProtobufCMessage *r = job->spec.request;
    uint64_t n = 0;
    switch (job->spec.operation) {
    case SL_EMBED:
        for (size_t i = 0; i < ((const embed_t *)r)->n_inputs; i++)
            n += input_bytes(((const embed_t *)r)->inputs[i]);
        break;
    case SL_GENERATE_IMAGE:
        n = strlen(((const image_t *)r)->prompt);
        break;
    case SL_RERANK:
        n = strlen(((const rerank_t *)r)->query);
        for (size_t i = 0; i < ((const rerank_t *)r)->n_documents; i++)
            n += strlen(((const rerank_t *)r)->documents[i]);
        break;
    case SL_MODERATE:
        for (size_t i = 0; i < ((const moderate_t *)r)->n_inputs; i++)
            n += parts_bytes(((const moderate_t *)r)->inputs[i]->parts,
                             ((const moderate_t *)r)->inputs[i]->n_parts);
        break;
    case SL_COUNT_TOKENS:
        n = sl_request_text_bytes((const Sluice__V1__CompleteRequest *)r);
        break;
    case SL_LIST_MODELS:
        break;
    }
    return n;
}

/* Counting and listing use nothing. */
static bool is_free(enum sl_operation operation)
{
    return operation == SL_COUNT_TOKENS || operation == SL_LIST_MODELS;
}

Sluice__V1__TokenUsage *sl_job_usage(struct sl_job *job)
{
    if (!job->has_usage && !is_free(job->spec.operation))
        sl_estimate_usage(job->course.attempts ? text_bytes(job) : 0, 0, 0, job->usage);
    return job->usage;
}

/* ---- one part ---- */

static enum sl_code missing(const struct sl_job *job, struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "%s sent %s",
                      job->course.model->adapter->title, what);
}

static int by_index(const void *a, const void *b)
{
    const Sluice__V1__Embedding *x = *(Sluice__V1__Embedding *const *)a;
    const Sluice__V1__Embedding *y = *(Sluice__V1__Embedding *const *)b;
    return x->index < y->index ? -1 : x->index > y->index;
}

static bool is_sorted(const struct sl_op_out *out)
{
    for (size_t i = 1; i < out->n; i++)
        if (out->embeddings[i]->index < out->embeddings[i - 1]->index)
            return false;
    return true;
}

static enum sl_code too_many(const embed_t *r, size_t each, struct sl_err *err)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_MESSAGE_TOO_LARGE, "inputs",
                        "the vectors of %zu inputs do not fit into one reply (3 MiB): at most %zu "
                        "inputs do, at %zu bytes each",
                        r->n_inputs, SL_OP_MAX_BYTES / each, each);
}

enum sl_code sl_job_check(const struct sl_job *job, struct sl_err *err)
{
    const embed_t *r = (const embed_t *)job->spec.request;
    if (job->spec.operation != SL_EMBED || !r->_dimensions_case)
        return SL_OK;
    size_t each = 0;
    for (size_t i = 0; i < (r->n_encodings ? r->n_encodings : 1); i++)
        each += sl_op_encoding(r, i) == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT
                    ? (size_t)r->dimensions * sizeof(float)
                    : (size_t)r->dimensions / 8 + 1; /* bits are the least */
    return each * r->n_inputs > SL_OP_MAX_BYTES ? too_many(r, each, err) : SL_OK;
}

/* Each input's vectors, in order; and whether those of all inputs will fit. */
static enum sl_code take_embeddings(struct sl_job *job, struct sl_job_part *p, struct sl_err *err)
{
    struct sl_op_out *out = &p->answer.out;
    const embed_t *r = p->in.embed;
    size_t each = r->n_encodings ? r->n_encodings : 1;
    if (!is_sorted(out))
        qsort(out->embeddings, out->n, sizeof(*out->embeddings), by_index);
    if (out->n != p->in.n * each)
        return missing(job, err, "another number of vectors than of inputs");
    for (size_t i = 0; i < out->n; i++) {
        if ((size_t)out->embeddings[i]->index != i / each)
            return missing(job, err, "no vector for one of the inputs");
        out->embeddings[i]->index += (int32_t)p->in.first;
    }
    job->bytes += out->bytes;
    size_t vector = out->bytes / p->in.n;
    if (vector * r->n_inputs <= SL_OP_MAX_BYTES && job->bytes <= SL_OP_MAX_BYTES)
        return SL_OK;
    return too_many(r, vector, err);
}

/* A listing that leads in a circle ends there. */
static void take_models(struct sl_job *job, struct sl_job_part *p)
{
    struct sl_op_out *out = &p->answer.out;
    size_t n = 0;
    if (out->next_page && p->in.page_token && !strcmp(out->next_page, p->in.page_token)) {
        job->truncated = true;
        out->n = 0;
        out->next_page = NULL;
    }
    for (const struct sl_job_part *q = job->first; q; q = q->next)
        n += q->answer.out.n;
    if (n >= SL_OP_MAX_MODELS && out->next_page) {
        job->truncated = true;
        out->next_page = NULL;
    }
}

enum sl_code sl_job_take(struct sl_job *job, struct sl_job_part *p, struct sl_err *err)
{
    const struct sl_op_out *out = &p->answer.out;
    add_usage(job, &p->answer.a.end);
    switch (job->spec.operation) {
    case SL_EMBED:
        return take_embeddings(job, p, err);
    case SL_GENERATE_IMAGE:
        return job->images ? SL_OK : missing(job, err, "no picture");
    case SL_MODERATE:
        return out->n == p->in.n ? SL_OK
                                 : missing(job, err, "another number of verdicts than of inputs");
    case SL_COUNT_TOKENS:
        return out->tokens >= 0 ? SL_OK : missing(job, err, "no number of tokens");
    case SL_LIST_MODELS:
        take_models(job, p);
        return SL_OK;
    case SL_RERANK:
        return SL_OK;
    }
    return SL_OK;
}

/* ---- the response ---- */

/* The lists of all parts, one after the other; they are pointers whatever they point to. */
static void **join(struct sl_job *job, size_t *count)
{
    size_t n = 0, at = 0;
    for (const struct sl_job_part *p = job->first; p; p = p->next)
        n += p->answer.out.n;
    void **list = sl_arena_alloc(job->spec.arena, (n + 1) * sizeof(*list));
    for (const struct sl_job_part *p = job->first; p; p = p->next) {
        const struct sl_op_out *out = &p->answer.out;
        void *const *from = NULL;
        switch (job->spec.operation) {
        case SL_EMBED:
            from = (void *const *)out->embeddings;
            break;
        case SL_RERANK:
            from = (void *const *)out->ranks;
            break;
        case SL_MODERATE:
            from = (void *const *)out->verdicts;
            break;
        default:
            from = (void *const *)out->models;
            break;
        }
        if (out->n)
            memcpy(list + at, from, out->n * sizeof(*list));
        at += out->n;
    }
    *count = n;
    return list;
}

/* What four of the responses have in common. */
#define FINISH(r)                                                                                  \
    do {                                                                                           \
        (r)->usage = sl_job_usage(job);                                                            \
        (r)->report = report;                                                                      \
        (r)->warnings = job->spec.warnings->list;                                                  \
        (r)->n_warnings = job->spec.warnings->count;                                               \
    } while (0)

static ProtobufCMessage *embed_response(struct sl_job *job, Sluice__V1__CallReport *report)
{
    Sluice__V1__EmbedResponse *r = SL_ARENA_NEW(job->spec.arena, Sluice__V1__EmbedResponse);
    sluice__v1__embed_response__init(r);
    r->embeddings = (Sluice__V1__Embedding **)join(job, &r->n_embeddings);
    FINISH(r);
    return &r->base;
}

static ProtobufCMessage *image_response(struct sl_job *job, Sluice__V1__CallReport *report)
{
    const image_t *asked = (const image_t *)job->spec.request;
    Sluice__V1__ImageFinished *r = SL_ARENA_NEW(job->spec.arena, Sluice__V1__ImageFinished);
    sluice__v1__image_finished__init(r);
    r->images = job->images;
    if (asked->_n_case && job->images < asked->n)
        sl_warn(job->spec.warnings, "FEWER_IMAGES", "n", "%d pictures were made, not %d",
                job->images, asked->n);
    FINISH(r);
    return &r->base;
}

/* The best top_n, also where a provider gives all. */
static ProtobufCMessage *rerank_response(struct sl_job *job, Sluice__V1__CallReport *report)
{
    const rerank_t *asked = (const rerank_t *)job->spec.request;
    Sluice__V1__RerankResponse *r = SL_ARENA_NEW(job->spec.arena, Sluice__V1__RerankResponse);
    sluice__v1__rerank_response__init(r);
    r->results = (Sluice__V1__RerankResult **)join(job, &r->n_results);
    if (asked->_top_n_case && r->n_results > (size_t)asked->top_n)
        r->n_results = (size_t)asked->top_n;
    FINISH(r);
    return &r->base;
}

static ProtobufCMessage *moderate_response(struct sl_job *job, Sluice__V1__CallReport *report)
{
    Sluice__V1__ModerateResponse *r = SL_ARENA_NEW(job->spec.arena, Sluice__V1__ModerateResponse);
    sluice__v1__moderate_response__init(r);
    r->results = (Sluice__V1__ModerateResult **)join(job, &r->n_results);
    FINISH(r);
    return &r->base;
}

static ProtobufCMessage *count_response(struct sl_job *job, Sluice__V1__CallReport *report)
{
    Sluice__V1__TokenUsage estimate;
    Sluice__V1__CountTokensResponse *r =
        SL_ARENA_NEW(job->spec.arena, Sluice__V1__CountTokensResponse);
    sluice__v1__count_tokens_response__init(r);
    r->report = report;
    if (job->first) {
        r->input_tokens = (int32_t)job->first->answer.out.tokens;
        r->cached_tokens = (int32_t)job->first->answer.out.cached;
    } else {
        sl_estimate_usage(text_bytes(job), 0, 0, &estimate);
        r->input_tokens = estimate.input_tokens;
        r->estimated = true;
    }
    r->warnings = job->spec.warnings->list;
    r->n_warnings = job->spec.warnings->count;
    return &r->base;
}

/* What does not fit into a reply is left out, and said. */
static ProtobufCMessage *models_response(struct sl_job *job)
{
    size_t bytes = 0, n = 0;
    Sluice__V1__DiscoverModelsResponse *r =
        SL_ARENA_NEW(job->spec.arena, Sluice__V1__DiscoverModelsResponse);
    sluice__v1__discover_models_response__init(r);
    r->models = (Sluice__V1__ProviderModel **)join(job, &n);
    while (r->n_models < n && r->n_models < SL_OP_MAX_MODELS && bytes < SL_OP_MAX_BYTES / 2)
        bytes += sluice__v1__provider_model__get_packed_size(r->models[r->n_models++]) + 8;
    r->truncated = job->truncated || r->n_models < n;
    return &r->base;
}

ProtobufCMessage *sl_job_response(struct sl_job *job)
{
    if (job->spec.operation == SL_LIST_MODELS)
        return models_response(job);
    const struct sl_answer_end none = {.model = NULL};
    Sluice__V1__CallReport *report = sl_course_report(
        &job->course, job->first ? &job->first->answer.a.end : &none, sl_job_usage(job));
    switch (job->spec.operation) {
    case SL_EMBED:
        return embed_response(job, report);
    case SL_GENERATE_IMAGE:
        return image_response(job, report);
    case SL_RERANK:
        return rerank_response(job, report);
    case SL_MODERATE:
        return moderate_response(job, report);
    default:
        return count_response(job, report);
    }
}
