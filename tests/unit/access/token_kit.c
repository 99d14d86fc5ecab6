/* The scripted token endpoint: it answers when the test says so, on the minting's thread. */
#include "token_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"
#include "base/str.h"

/* ---- the scripted upstream: answers when the test says so, on the minting's thread ---- */

struct sl_transfer transfer;
atomic_uint n_started, n_cancelled;
sem_t started;

struct sl_upstream *sl_upstream_create(struct sl_loop *loop,
                                       const struct sl_upstream_options *options,
                                       struct sl_err *err)
{
    (void)options;
    (void)err;
    return (struct sl_upstream *)(void *)loop;
}

void sl_upstream_destroy(struct sl_upstream *u)
{
    (void)u;
}

static void add_header(const struct sl_transfer_header *h)
{
    size_t n = strlen(transfer.headers);
    int m =
        snprintf(transfer.headers + n, sizeof(transfer.headers) - n, "%s: %s\n", h->name, h->value);
    assert_true(m > 0 && n + (size_t)m < sizeof(transfer.headers));
}

struct sl_transfer *sl_transfer_start(struct sl_upstream *u, const struct sl_transfer_spec *spec)
{
    struct sl_seg_reader r;
    (void)u;
    memset(&transfer, 0, sizeof(transfer));
    transfer.spec = *spec;
    sl_copy(transfer.url, sizeof(transfer.url), spec->url);
    sl_copy(transfer.method, sizeof(transfer.method), spec->method);
    sl_seg_reader_init(&r, spec->body);
    transfer.body[sl_seg_read(&r, transfer.body, sizeof(transfer.body) - 1)] = '\0';
    for (const struct sl_transfer_header *h = spec->headers; h; h = h->next)
        if (!sl_starts_with(h->name, "content"))
            add_header(h);
    atomic_fetch_add(&n_started, 1);
    sem_post(&started);
    return &transfer;
}

void sl_transfer_cancel(struct sl_transfer *t)
{
    if (t)
        atomic_fetch_add(&n_cancelled, 1);
}

/* ---- the clock ---- */

_Atomic int64_t now_ms;

static int64_t fake_now(void)
{
    return atomic_load(&now_ms);
}

static int64_t fake_wall(void)
{
    return INT64_C(1767225600000) + atomic_load(&now_ms); /* 2026-01-01 */
}

/* ---- the fixture: a caller's loop ---- */

static const struct sl_tokens_clock clock_of_test = {fake_now, fake_wall};

int token_setup(void **state)
{
    static struct fixture f;
    struct sl_err err = {0};
    memset(&f, 0, sizeof(f));
    atomic_store(&n_started, 0);
    atomic_store(&n_cancelled, 0);
    atomic_store(&now_ms, 1000000);
    sem_init(&started, 0, 0);
    sem_init(&f.ended, 0, 0);
    f.tokens = sl_tokens_create(&clock_of_test);
    f.loop = sl_loop_create("caller", &err);
    *state = &f;
    return f.loop && sl_loop_start(f.loop, &err) == SL_OK ? 0 : -1;
}

int token_teardown(void **state)
{
    struct fixture *f = *state;
    sl_token_source_unref(f->source);
    sl_tokens_stop(f->tokens);
    sl_loop_stop(f->loop);
    sl_loop_destroy(f->loop);
    sl_tokens_destroy(f->tokens);
    sem_destroy(&started);
    sem_destroy(&f->ended);
    return 0;
}

struct sl_token_source *open_source(struct fixture *f, struct sl_token_spec spec)
{
    struct sl_token_source *s = NULL;
    struct sl_err err = {0};
    if (sl_token_source_open(f->tokens, &spec, &s, &err) != SL_OK)
        fail_msg("%s", err.text);
    return s;
}

static void on_token(void *owner, struct sl_secret *token, const struct sl_err *err)
{
    struct fixture *f = owner;
    assert_true((token != NULL) != (err != NULL));
    sl_copy(f->token, sizeof(f->token), token ? sl_secret_reveal(token) : "");
    f->err = err ? *err : (struct sl_err){0};
    atomic_fetch_add(&f->n_ended, 1);
    sem_post(&f->ended);
}

void ask_here(void *arg)
{
    struct fixture *f = arg;
    f->waits[f->n_asked++] = sl_token_wait_start(
        f->source, &(struct sl_token_wait_spec){.loop = f->loop, .on_token = on_token, .owner = f});
}

void ask(struct fixture *f)
{
    sl_loop_call(f->loop, ask_here, f);
}

void ask_briefly_here(void *arg)
{
    struct fixture *f = arg;
    f->waits[f->n_asked++] = sl_token_wait_start(
        f->source, &(struct sl_token_wait_spec){
                       .loop = f->loop, .timeout_ms = 5, .on_token = on_token, .owner = f});
}

struct answer {
    struct sl_transfer_result result;
    struct sl_transfer_head head;
    char body[4096];
};

static void answer_here(void *arg)
{
    struct answer *a = arg;
    transfer.spec.ops->on_done(transfer.spec.owner, &a->result);
}

/* Waits for the request, and answers it. */
void answer(struct fixture *f, int status, const char *body)
{
    static struct answer a;
    memset(&a, 0, sizeof(a));
    sl_copy(a.body, sizeof(a.body), body);
    a.head.status = status;
    a.result.head = &a.head;
    a.result.body = a.body;
    a.result.n = strlen(body);
    sem_wait(&started);
    sl_loop_call(f->tokens->loop, answer_here, &a);
}

void fail_to_connect(struct fixture *f)
{
    static struct answer a;
    memset(&a, 0, sizeof(a));
    sl_err_set(&a.result.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_UNREACHABLE, "refused");
    sem_wait(&started);
    sl_loop_call(f->tokens->loop, answer_here, &a);
}

void wait_ends(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        sem_wait(&f->ended);
}

static void tick_here(void *arg)
{
    tk_tick(arg);
}

/* Later; the minting's thread looks at the clock. */
void pass(struct fixture *f, int64_t ms)
{
    atomic_fetch_add(&now_ms, ms);
    sl_loop_call(f->tokens->loop, tick_here, f->tokens);
}

const char *current(struct fixture *f)
{
    static char text[4096];
    struct sl_secret *token = sl_token_get(f->source);
    sl_copy(text, sizeof(text), token ? sl_secret_reveal(token) : "");
    sl_secret_unref(token);
    return text;
}
