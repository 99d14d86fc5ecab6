/* The life of a job: its parts, a few at a time, and exactly one end. */
#include "exchange/job_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "registry/last_used.h"

static void job_free(struct sl_job *job)
{
    sl_registry_unref(job->spec.registry);
    sl_free(job);
}

/* ---- ending ---- */

static void note_attempts(struct sl_job *job)
{
    job->course.attempts = 0;
    for (struct sl_job_part *p = job->first; p; p = p->next) {
        job->course.attempts += p->attempt.requests;
        if (!job->course.provider_request_id)
            job->course.provider_request_id = p->attempt.provider_request_id;
    }
}

static void stop_parts(struct sl_job *job)
{
    for (struct sl_job_part *p = job->first; p; p = p->next) {
        if (p->running)
            sl_attempt_cancel(&p->attempt);
        p->running = false;
    }
    job->running = 0;
}

/* Facts of the answer: the first part's. */
static const struct sl_answer_end *end_of(const struct sl_job *job)
{
    static const struct sl_answer_end none;
    return job->first ? &job->first->answer.a.end : &none;
}

static void end_failed(struct sl_job *job, struct sl_err *err)
{
    Sluice__V1__FailureInfo info = SLUICE__V1__FAILURE_INFO__INIT;
    stop_parts(job);
    note_attempts(job);
    sl_course_failure(&job->course, err, end_of(job), sl_job_usage(job), &info);
    sl_course_facts(&job->course, info.usage);
    job->spec.ops->on_end(job->spec.owner, &(struct sl_job_end){.err = err, .failure = &info});
    job_free(job);
}

static void end_ok(struct sl_job *job)
{
    struct sl_job_end end = {.err = NULL};
    note_attempts(job);
    end.response = sl_job_response(job);
    sl_course_facts(&job->course, sl_job_usage(job));
    if (job->spec.operation == SL_GENERATE_IMAGE)
        sl_job_send_finished(job, end.finished);
    job->spec.ops->on_end(job->spec.owner, &end);
    job_free(job);
}

static void deliver_early(struct sl_mail *mail)
{
    struct sl_job *job = SL_CONTAINER_OF(mail, struct sl_job, early);
    if (job->cancelled)
        job_free(job);
    else if (job->early_err.code != SL_OK)
        end_failed(job, &job->early_err);
    else
        end_ok(job);
}

/* ---- parts ---- */

static enum sl_code build(void *owner, struct sl_http_request *http, struct sl_err *err)
{
    struct sl_job_part *p = owner;
    const struct sl_job_spec *spec = &p->job->spec;
    p->in.build.target = &p->attempt.target; /* with the key of this moment */
    p->in.build.now_ms = sl_wall_ms();
    p->answer = (struct sl_op_answer){
        .a = {.target = p->in.build.target,
              .request = p->in.build.request,
              .arena = spec->arena,
              .parser = spec->parser,
              .warnings = spec->warnings,
              .stream = p->in.build.stream},
        .in = &p->in,
        .out = {.tokens = -1},
        .images = {sl_job_on_image, sl_job_on_text, p->job},
    };
    sluice__v1__token_usage__init(&p->answer.a.end.usage);
    return p->job->api->build(&p->in, http, err);
}

/* What follows is the answer itself: the first-token clock has done its work. */
static void on_head(void *owner)
{
    struct sl_job_part *p = owner;
    sl_attempt_mark_token(&p->attempt);
    if (p->job->spec.operation == SL_GENERATE_IMAGE)
        sl_job_send_started(p->job);
}

static enum sl_code on_frame(void *owner, const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_job_part *p = owner;
    return p->job->api->on_frame(&p->answer, frame, err);
}

static enum sl_code on_body(void *owner, char *body, size_t n, struct sl_err *err)
{
    struct sl_job_part *p = owner;
    return p->job->api->on_body(&p->answer, body, n, err);
}

static enum sl_code on_eof(void *owner, struct sl_err *err)
{
    struct sl_job_part *p = owner;
    return p->job->api->on_eof(&p->answer, err);
}

static bool on_batch(void *owner)
{
    return ((struct sl_job_part *)owner)->job->full;
}

static enum sl_code start_parts(struct sl_job *job, struct sl_err *err);

static void on_part_end(void *owner, struct sl_err *err)
{
    struct sl_job_part *p = owner;
    struct sl_job *job = p->job;
    p->running = false;
    job->running--;
    if (err->code == SL_OK && sl_job_take(job, p, err) == SL_OK && start_parts(job, err) == SL_OK) {
        if (!job->running)
            end_ok(job);
        return;
    }
    end_failed(job, err);
}

static const struct sl_attempt_ops attempt_ops = {
    .build = build,
    .on_head = on_head,
    .on_frame = on_frame,
    .on_body = on_body,
    .on_eof = on_eof,
    .on_batch = on_batch,
    .on_end = on_part_end,
};

static struct sl_job_part *add_part(struct sl_job *job)
{
    const struct sl_job_spec *spec = &job->spec;
    const struct sl_model *model = job->course.model;
    struct sl_job_part *p = SL_ARENA_NEW(spec->arena, struct sl_job_part);
    p->job = job;
    p->attempt = (struct sl_attempt){
        .ops = &attempt_ops,
        .owner = p,
        .upstream = spec->upstream,
        .loop = spec->loop,
        .arena = spec->arena,
        .registry = spec->registry,
        .model = model,
        .answer = &p->answer.a,
    };
    p->in = (struct sl_op_in){
        .build = {.target = &model->target,
                  .request = &job->common,
                  .arena = spec->arena,
                  .warnings = spec->warnings},
        .adapter = model->adapter,
        .api = job->api,
        .request = spec->request,
    };
    if (job->last)
        job->last->next = p;
    else
        job->first = p;
    job->last = p;
    return p;
}

static bool wants_stream(const struct sl_job *job)
{
    return job->spec.operation == SL_GENERATE_IMAGE && job->api->on_frame &&
           ((const Sluice__V1__GenerateImageRequest *)job->spec.request)->partial_images > 0;
}

/* The next batch of inputs, or the next page. NULL: nothing is left. */
static struct sl_job_part *next_part(struct sl_job *job)
{
    size_t all = sl_job_inputs(&job->spec);
    char *page = job->last ? job->last->answer.out.next_page : NULL;
    if (job->taken == all && (job->spec.operation != SL_LIST_MODELS || !page))
        return NULL;
    struct sl_job_part *p = add_part(job);
    p->in.page_token = page;
    p->in.build.stream = wants_stream(job);
    p->in.first = job->taken == all ? 0 : job->taken;
    p->in.n = all - p->in.first;
    if (job->api->batch)
        p->in.n = job->api->batch(&p->in);
    job->taken = p->in.first + p->in.n;
    return p;
}

static enum sl_code start_parts(struct sl_job *job, struct sl_err *err)
{
    while (job->running < SL_JOB_PARALLEL) {
        struct sl_job_part *p = next_part(job);
        if (!p)
            break;
        enum sl_code code = sl_attempt_start(&p->attempt, err);
        if (code != SL_OK)
            return code;
        if (job->spec.operation != SL_LIST_MODELS)
            sl_registry_note_use(job->course.model, sl_wall_ms());
        p->running = true;
        job->running++;
        if (job->spec.operation == SL_LIST_MODELS)
            break; /* the next page is known when this one is there */
    }
    return SL_OK;
}

/* ---- starting ---- */

static const char *noun_of(enum sl_operation operation)
{
    static const char *const nouns[] = {"embeddings", "pictures",     "ranking",
                                        "moderation", "token counts", "listing of models"};
    return nouns[operation];
}

/* SL_COUNT_TOKENS can do without the provider: the answer is an estimate. */
static enum sl_code begin(struct sl_job *job, struct sl_err *err)
{
    const struct sl_model *m = job->course.model;
    if (sl_job_check(job, err) != SL_OK)
        return err->code;
    if (job->api)
        return start_parts(job, err);
    job->waiting = true;
    if (job->spec.operation == SL_COUNT_TOKENS)
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_UNSUPPORTED,
                      "model %s has no %s: provider %s offers none%s%s", m->name,
                      noun_of(job->spec.operation), m->provider,
                      m->target.api[0] ? " with the api " : "", m->target.api);
}

struct sl_job *sl_job_start(const struct sl_job_spec *spec)
{
    struct sl_job *job = SL_NEW(struct sl_job);
    const struct sl_model *model = spec->candidate.model;
    job->spec = *spec;
    job->spec.registry = sl_registry_ref(spec->registry);
    job->course = (struct sl_course){
        .arena = spec->arena,
        .model = model,
        .why = spec->candidate.reason,
        .call_id = spec->call_id,
        .model_asked = spec->model_asked,
        .arrived_us = spec->arrived_us,
        .first_token_us = -1,
        .facts = spec->facts,
    };
    job->usage = SL_ARENA_NEW(spec->arena, Sluice__V1__TokenUsage);
    sluice__v1__token_usage__init(job->usage);
    sl_job_fill_common(job);
    job->api = sl_adapter_operation(model->adapter, spec->operation, &model->target);
    if (begin(job, &job->early_err) != SL_OK || job->waiting) {
        stop_parts(job); /* the letter is the only one that may end it now */
        job->waiting = true;
        job->early.deliver = deliver_early;
        sl_loop_post(spec->loop, &job->early);
    }
    return job;
}

void sl_job_writable(struct sl_job *job)
{
    job->full = false;
    for (struct sl_job_part *p = job->first; p; p = p->next)
        if (p->running)
            sl_attempt_resume(&p->attempt);
}

void sl_job_cancel(struct sl_job *job)
{
    if (!job)
        return;
    note_attempts(job);
    sl_course_facts(&job->course, sl_job_usage(job));
    stop_parts(job);
    if (job->waiting)
        job->cancelled = true; /* the letter frees it */
    else
        job_free(job);
}
