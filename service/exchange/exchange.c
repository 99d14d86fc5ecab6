/* The life of one client call: an attempt at a model, its events numbered and passed on at once, and exactly one end. */
#include "exchange/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "exchange/account.h"
#include "registry/last_used.h"

enum {
    MESSAGE_MAX = 3 * 1024 * 1024 - 65536, /* a message that `finished` can carry */
};

static void exchange_free(struct sl_exchange *x)
{
    if (x->answer.state && x->course.model->adapter->release)
        x->course.model->adapter->release(&x->answer);
    sl_assembler_fini(&x->assembler);
    sl_registry_unref(x->spec.registry);
    sl_free(x);
}

/* ---- ending ---- */

static void set_message(struct sl_exchange *x, Sluice__V1__Finished *f, struct sl_exchange_end *end)
{
    end->message = sl_assembler_message(&x->assembler);
    end->logprobs = x->assembler.logprobs;
    end->n_logprobs = x->assembler.n_logprobs;
    end->refusal_logprobs = x->assembler.refusal_logprobs;
    end->n_refusal_logprobs = x->assembler.n_refusal_logprobs;
    if (!x->spec.stream)
        return;
    if (sluice__v1__message__get_packed_size(end->message) > MESSAGE_MAX)
        sl_warn(x->spec.warnings, "MESSAGE_TOO_LARGE", "include_message",
                "the assembled message is larger than a reply may be; join the deltas instead");
    else
        f->message = end->message;
}

/* The provider's figures, else an estimate. */
static Sluice__V1__TokenUsage *usage_of(struct sl_exchange *x)
{
    if (!x->answer.end.has_usage)
        sl_estimate_usage(x->attempt.requests ? sl_request_text_bytes(x->spec.request) : 0,
                          x->answer_bytes, x->reasoning_bytes, &x->answer.end.usage);
    return &x->answer.end.usage;
}

static void note_attempt(struct sl_exchange *x)
{
    x->course.attempts = x->attempt.requests;
    if (!x->course.provider_request_id)
        x->course.provider_request_id = x->attempt.provider_request_id;
}

static void end_ok(struct sl_exchange *x)
{
    const struct sl_answer_end *a = &x->answer.end;
    Sluice__V1__Finished f = SLUICE__V1__FINISHED__INIT;
    struct sl_exchange_end end = {.finished = &f};
    if (!x->started)
        sl_exchange_send_started(x);
    if (x->spec.ops->on_event)
        sl_exchange_send_parts_done(x);
    f.finish_reason = a->finish_reason;
    f.raw_finish_reason = sl_text(a->raw_finish_reason);
    f.complete = a->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP ||
                 a->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS;
    f.stop_sequence = sl_text(a->stop_sequence);
    f.usage = usage_of(x);
    f.report = sl_course_report(&x->course, a, f.usage);
    if (x->spec.assemble)
        set_message(x, &f, &end);
    f.warnings = x->spec.warnings->list;
    f.n_warnings = x->spec.warnings->count;
    sl_course_facts(&x->course, f.usage);
    if (x->spec.ops->on_event) {
        event_t e = SLUICE__V1__STREAM_EVENT__INIT;
        e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_FINISHED;
        e.finished = &f;
        sl_exchange_send(x, &e);
    }
    x->spec.ops->on_end(x->spec.owner, &end);
    exchange_free(x);
}

static void end_failed(struct sl_exchange *x, struct sl_err *err)
{
    Sluice__V1__FailureInfo info = SLUICE__V1__FAILURE_INFO__INIT;
    sl_course_failure(&x->course, err, &x->answer.end, usage_of(x), &info);
    sl_course_facts(&x->course, info.usage);
    x->spec.ops->on_end(x->spec.owner, &(struct sl_exchange_end){.err = err, .failure = &info});
    exchange_free(x);
}

static void deliver_early_failure(struct sl_mail *mail)
{
    struct sl_exchange *x = SL_CONTAINER_OF(mail, struct sl_exchange, early);
    if (x->cancelled)
        exchange_free(x);
    else
        end_failed(x, &x->early_err);
}

/* ---- the attempt ---- */

static void init_answer(struct sl_exchange *x)
{
    const struct sl_adapter *adapter = x->course.model->adapter;
    if (x->answer.state && adapter->release)
        adapter->release(&x->answer);
    x->answer = (struct sl_answer){
        .target = &x->attempt.target,
        .request = x->spec.request,
        .arena = x->spec.arena,
        .parser = x->spec.parser,
        .warnings = x->spec.warnings,
        .sink = {sl_exchange_on_event, x},
        .state = sl_arena_zalloc(x->spec.arena, adapter->state_size + 1),
        .stream = x->spec.stream,
    };
    sluice__v1__token_usage__init(&x->answer.end.usage);
}

static enum sl_code build(void *owner, struct sl_http_request *http, struct sl_err *err)
{
    struct sl_exchange *x = owner;
    init_answer(x);
    struct sl_build_in in = {
        .target = &x->attempt.target,
        .request = x->spec.request,
        .stream = x->spec.stream,
        .now_ms = sl_wall_ms(),
        .arena = x->spec.arena,
        .warnings = x->spec.warnings,
    };
    return x->course.model->adapter->build(&in, http, err);
}

static void on_head(void *owner)
{
    struct sl_exchange *x = owner;
    if (!x->started)
        sl_exchange_send_started(x);
}

/* An event that could not be passed on is the call's error. */
static enum sl_code with_event_err(const struct sl_exchange *x, enum sl_code code,
                                   struct sl_err *err)
{
    if (code == SL_OK && x->event_err.code != SL_OK)
        *err = x->event_err;
    return code == SL_OK ? x->event_err.code : code;
}

static enum sl_code on_frame(void *owner, const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_exchange *x = owner;
    return with_event_err(x, x->course.model->adapter->on_frame(&x->answer, frame, err), err);
}

static enum sl_code on_body(void *owner, char *body, size_t n, struct sl_err *err)
{
    struct sl_exchange *x = owner;
    x->assembler.keep_from = body;
    x->assembler.keep_to = body + n;
    return with_event_err(x, x->course.model->adapter->on_body(&x->answer, body, n, err), err);
}

static enum sl_code on_eof(void *owner, struct sl_err *err)
{
    struct sl_exchange *x = owner;
    return with_event_err(x, x->course.model->adapter->on_eof(&x->answer, err), err);
}

static bool on_batch(void *owner)
{
    return ((struct sl_exchange *)owner)->full;
}

static void on_attempt_end(void *owner, struct sl_err *err)
{
    struct sl_exchange *x = owner;
    note_attempt(x);
    if (err->code == SL_OK)
        end_ok(x);
    else
        end_failed(x, err);
}

static const struct sl_attempt_ops attempt_ops = {
    .build = build,
    .on_head = on_head,
    .on_frame = on_frame,
    .on_body = on_body,
    .on_eof = on_eof,
    .on_batch = on_batch,
    .on_end = on_attempt_end,
};

/* A model that is configured for an operation's API has no chat. */
static enum sl_code check_api(const struct sl_model *m, struct sl_err *err)
{
    if (!m->target.api || !m->target.api[0] || !strcmp(m->target.api, m->adapter->api))
        return SL_OK;
    return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_UNSUPPORTED,
                      "model %s speaks the api %s, which is not for completions", m->name,
                      m->target.api);
}

static enum sl_code start_attempt(struct sl_exchange *x, struct sl_err *err)
{
    enum sl_code code = check_api(x->course.model, err);
    if (code == SL_OK)
        code = sl_attempt_start(&x->attempt, err);
    if (code == SL_OK)
        sl_registry_note_use(x->attempt.model, sl_wall_ms());
    return code;
}

static void init_course(struct sl_exchange *x)
{
    const struct sl_exchange_spec *spec = &x->spec;
    x->course = (struct sl_course){
        .arena = spec->arena,
        .model = x->candidates.list[0].model,
        .why = x->candidates.list[0].reason,
        .call_id = spec->call_id,
        .model_asked = spec->model_asked,
        .arrived_us = spec->arrived_us,
        .first_token_us = -1,
        .stream = spec->stream,
        .facts = spec->facts,
    };
    x->attempt = (struct sl_attempt){
        .ops = &attempt_ops,
        .owner = x,
        .upstream = spec->upstream,
        .loop = spec->loop,
        .arena = spec->arena,
        .registry = x->spec.registry,
        .model = x->course.model,
        .answer = &x->answer,
    };
}

struct sl_exchange *sl_exchange_start(const struct sl_exchange_spec *spec)
{
    struct sl_exchange *x = SL_NEW(struct sl_exchange);
    x->spec = *spec;
    x->spec.registry = sl_registry_ref(spec->registry);
    x->candidates = *spec->candidates;
    x->spec.candidates = &x->candidates;
    sl_candidates_warn(&x->candidates, spec->warnings);
    init_course(x);
    sl_assembler_init(&x->assembler, spec->arena);
    if (start_attempt(x, &x->early_err) != SL_OK) {
        x->early.deliver = deliver_early_failure;
        sl_loop_post(spec->loop, &x->early);
    }
    return x;
}

void sl_exchange_writable(struct sl_exchange *x)
{
    x->full = false;
    sl_attempt_resume(&x->attempt);
}

void sl_exchange_cancel(struct sl_exchange *x)
{
    if (!x)
        return;
    note_attempt(x);
    sl_course_facts(&x->course, usage_of(x));
    if (x->early_err.code != SL_OK) {
        x->cancelled = true; /* the letter frees it */
        return;
    }
    sl_attempt_cancel(&x->attempt);
    exchange_free(x);
}
