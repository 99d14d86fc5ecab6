/* See probe.h. */
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server.h"

/* ---- rig ---- */

struct create_args {
    struct rig *rig;
    const struct sl_upstream_options *options;
};

static void create_on_loop(void *arg)
{
    struct create_args *a = arg;
    struct sl_err err = {0};
    a->rig->u = sl_upstream_create(a->rig->loop, a->options, &err);
}

static void destroy_on_loop(void *arg)
{
    struct rig *r = arg;
    sl_upstream_destroy(r->u);
}

static void nothing(void *arg)
{
    (void)arg;
}

void rig_start(struct rig *r, const struct sl_upstream_options *options)
{
    struct sl_err err = {0};
    struct create_args args = {r, options};
    assert_int_equal(sl_upstream_global_init(&err), SL_OK);
    r->loop = sl_loop_create("test", &err);
    assert_non_null(r->loop);
    assert_int_equal(sl_loop_start(r->loop, &err), SL_OK);
    sl_loop_call(r->loop, create_on_loop, &args);
    assert_non_null(r->u);
}

void rig_stop(struct rig *r)
{
    sl_loop_call(r->loop, destroy_on_loop, r);
    for (int i = 0; i < 2; i++)
        sl_loop_call(r->loop, nothing, NULL); /* the turns in which handles close */
    sl_loop_stop(r->loop);
    sl_loop_destroy(r->loop);
}

struct stats_args {
    struct rig *rig;
    struct sl_upstream_stats stats;
};

static void stats_on_loop(void *arg)
{
    struct stats_args *a = arg;
    sl_upstream_stats(a->rig->u, &a->stats);
}

struct sl_upstream_stats rig_stats(struct rig *r)
{
    struct stats_args args = {.rig = r};
    sl_loop_call(r->loop, stats_on_loop, &args);
    return args.stats;
}

/* ---- callbacks, on the loop's thread ---- */

static void changed(struct probe *p)
{
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void cancel_now(struct probe *p)
{
    struct sl_transfer *t = p->t;
    p->t = NULL;
    sl_transfer_cancel(t);
}

static void on_head(void *owner, const struct sl_transfer_head *head)
{
    struct probe *p = owner;
    pthread_mutex_lock(&p->lock);
    p->heads++;
    p->status = head->status;
    for (const struct sl_transfer_header *h = head->headers; h; h = h->next) {
        if (!strcmp(h->name, "content-type"))
            snprintf(p->content_type, sizeof(p->content_type), "%s", h->value);
    }
    changed(p);
    if (p->cancel_in_head)
        cancel_now(p);
}

static void note_frame(struct probe *p, const struct sl_framer_frame *frame)
{
    size_t n = strlen(p->text);
    pthread_mutex_lock(&p->lock);
    p->frames++;
    p->frame_bytes += frame->n;
    snprintf(p->text + n, sizeof(p->text) - n, "%s;", frame->data);
    changed(p);
}

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct probe *p = owner;
    note_frame(p, frame);
    if (p->mark_token && p->frames == 1)
        sl_transfer_mark_token(p->t);
    if (p->resume_other && p->resume_other->t)
        sl_transfer_resume(p->resume_other->t);
    if (p->cancel_other && p->cancel_other->t)
        cancel_now(p->cancel_other);
    if (p->frames == p->cancel_at_frame)
        cancel_now(p);
    if (p->frames == p->refuse_at_frame)
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "refused by the test");
    return SL_OK;
}

static bool on_batch(void *owner)
{
    struct probe *p = owner;
    pthread_mutex_lock(&p->lock);
    unsigned batch = ++p->batches;
    changed(p);
    if (p->cancel_in_batch)
        cancel_now(p);
    return batch == p->pause_at;
}

static void keep_body(struct probe *p, const struct sl_transfer_result *result)
{
    p->answer_n = result->n;
    if (!result->body)
        return;
    assert_int_equal(result->body[result->n], '\0');
    p->answer = malloc(result->n + 1);
    memcpy(p->answer, result->body, result->n + 1);
}

static void start_on_loop(void *probe)
{
    struct probe *p = probe;
    p->t = sl_transfer_start(p->rig->u, &p->spec);
}

static void on_done(void *owner, const struct sl_transfer_result *result)
{
    struct probe *p = owner;
    if (p->cancel_in_done)
        sl_transfer_cancel(p->t);
    if (p->then_start)
        start_on_loop(p->then_start);
    pthread_mutex_lock(&p->lock);
    p->t = NULL;
    p->dones++;
    p->done_at_us = now_us();
    p->result = *result;
    p->result.head = NULL;
    p->result.body = NULL;
    p->result_status = result->head ? result->head->status : 0;
    keep_body(p, result);
    changed(p);
}

static const struct sl_transfer_ops ops = {on_head, on_frame, on_batch, on_done};

/* ---- the test's side ---- */

void probe_init(struct probe *p, struct rig *r, const char *url, const char *body)
{
    memset(p, 0, sizeof(*p));
    p->rig = r;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    sl_arena_init(&p->arena, 1 << 20);
    p->endpoint = (struct sl_endpoint){.pool_key = 1,
                                       .ca_file = "",
                                       .client_cert = "",
                                       .client_key = "",
                                       .proxy = "",
                                       .unix_socket = "",
                                       .connect_to = ""};
    if (body)
        sl_segs_add(&p->body, &p->arena, SL_SEG_RAW, body, strlen(body));
    p->spec = (struct sl_transfer_spec){.endpoint = &p->endpoint,
                                        .method = "POST",
                                        .url = url,
                                        .body = &p->body,
                                        .framed = true,
                                        .framer = SL_FRAMER_SSE,
                                        .ops = &ops,
                                        .owner = p};
}

void probe_fini(struct probe *p)
{
    free(p->answer);
    sl_arena_fini(&p->arena);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
}

void probe_start(struct probe *p)
{
    sl_loop_call(p->rig->loop, start_on_loop, p);
}

static void cancel_on_loop(void *probe)
{
    struct probe *p = probe;
    if (p->t)
        cancel_now(p);
}

void probe_cancel(struct probe *p)
{
    sl_loop_call(p->rig->loop, cancel_on_loop, p);
}

static void resume_on_loop(void *probe)
{
    struct probe *p = probe;
    if (p->t)
        sl_transfer_resume(p->t);
}

void probe_resume(struct probe *p)
{
    sl_loop_call(p->rig->loop, resume_on_loop, p);
}

static void wait_until(struct probe *p, const unsigned *what, unsigned least)
{
    struct timespec end;
    int timed_out = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&p->lock);
    while (*what < least && !timed_out)
        timed_out = pthread_cond_timedwait(&p->changed, &p->lock, &end);
    pthread_mutex_unlock(&p->lock);
    assert_int_equal(timed_out, 0);
}

void probe_wait(struct probe *p)
{
    wait_until(p, &p->dones, 1);
    if (p->result.err.code)
        print_message("    %s\n", p->result.err.text);
}

void probe_wait_frames(struct probe *p, unsigned frames)
{
    wait_until(p, &p->frames, frames);
}

void probe_wait_batches(struct probe *p, unsigned batches)
{
    wait_until(p, &p->batches, batches);
}

void probe_run(struct probe *p)
{
    probe_start(p);
    probe_wait(p);
}

void probe_header(struct probe *p, const char *name, const char *value)
{
    struct sl_transfer_header *h = SL_ARENA_NEW(&p->arena, struct sl_transfer_header);
    *h = (struct sl_transfer_header){name, value, p->spec.headers};
    p->spec.headers = h;
}

bool probe_says(const struct probe *p, const char *text)
{
    return strstr(p->result.err.text, text) != NULL;
}
