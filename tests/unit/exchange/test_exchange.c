/* The life of a call against a scripted upstream and a scripted adapter: one end, whatever happens. The upstream's
 * functions are defined here, so that a test decides when a head, a frame or the end comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "exchange/exchange.h"
#include "registry/last_used.h"
#include "registry/lease.h"
#include "registry/outcome.h"

#define STRING(s) ((char *)(uintptr_t)(s))

/* ---- the scripted upstream ---- */

struct sl_transfer {
    struct sl_transfer_spec spec;
};

static struct sl_transfer transfers[4];
static size_t n_transfers, n_cancelled, n_resumed, n_marked;

struct sl_transfer *sl_transfer_start(struct sl_upstream *u, const struct sl_transfer_spec *spec)
{
    (void)u;
    assert_true(n_transfers < SL_ARRAY_LEN(transfers));
    transfers[n_transfers].spec = *spec;
    return &transfers[n_transfers++];
}

void sl_transfer_cancel(struct sl_transfer *t)
{
    assert_non_null(t);
    n_cancelled++;
}

void sl_transfer_mark_token(struct sl_transfer *t)
{
    assert_non_null(t);
    n_marked++;
}

void sl_transfer_resume(struct sl_transfer *t)
{
    assert_non_null(t);
    n_resumed++;
}

/* ---- scripted tokens ---- */

static struct sl_secret *token_now; /* what is there; NULL: nothing */
static struct sl_token_wait_spec token_wait;
static unsigned n_waits, n_waits_cancelled;

struct sl_secret *sl_token_get(struct sl_token_source *s)
{
    (void)s;
    return sl_secret_ref(token_now);
}

struct sl_token_wait *sl_token_wait_start(struct sl_token_source *s,
                                          const struct sl_token_wait_spec *spec)
{
    token_wait = *spec;
    n_waits++;
    return (struct sl_token_wait *)(void *)s;
}

void sl_token_wait_cancel(struct sl_token_wait *w)
{
    n_waits_cancelled += w != NULL;
}

void sl_token_source_unref(struct sl_token_source *s)
{
    (void)s;
}

/* ---- the scripted adapter: a frame is a letter; T text, R reasoning, D end marker, U usage, E error ---- */

static enum sl_code fake_build(const struct sl_build_in *in, struct sl_http_request *out,
                               struct sl_err *err)
{
    if (!strcmp(in->target->model_id, "refused"))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, "top_k",
                            "not here");
    out->method = "POST";
    out->url = "http://127.0.0.1/";
    sl_http_auth(out, in->arena, in->target, SL_AUTH_BEARER);
    out->framing = in->stream ? SL_FRAMING_SSE : SL_FRAMING_NONE;
    return SL_OK;
}

static void emit_text(struct sl_answer *a, int32_t part, const char *s)
{
    Sluice__V1__TextDelta d = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent e = SLUICE__V1__STREAM_EVENT__INIT;
    d.part = part;
    d.text = STRING(s);
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    e.text_delta = &d;
    a->sink.on_event(a->sink.owner, &e);
}

static enum sl_code fake_frame(struct sl_answer *a, const struct sl_frame *frame,
                               struct sl_err *err)
{
    switch (frame->data[0]) {
    case 'T':
        emit_text(a, 0, frame->data + 1);
        return SL_OK;
    case 'S': /* skips a part */
        emit_text(a, 5, "x");
        return SL_OK;
    case 'U':
        a->end.has_usage = true;
        a->end.usage.input_tokens = 21;
        a->end.usage.output_tokens = 32;
        return SL_OK;
    case 'D':
        a->end.done = true;
        a->end.finish_reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP;
        sl_end_set(a, &a->end.raw_finish_reason, "stop");
        return SL_OK;
    default:
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "no such letter");
    }
}

static enum sl_code fake_eof(struct sl_answer *a, struct sl_err *err)
{
    if (a->end.done)
        return SL_OK;
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED, "cut off");
}

static enum sl_code fake_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    (void)n;
    (void)err;
    emit_text(a, 0, body);
    a->end.done = true;
    a->end.finish_reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH;
    return SL_OK;
}

static void fake_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                         size_t n, struct sl_err *err)
{
    (void)a;
    (void)n;
    err->retryable = true;
    err->has_retry_after = true;
    err->retry_after_ms = 1500;
    sl_err_set(err, SL_RESOURCE_EXHAUSTED, SL_REASON_PROVIDER_RATE_LIMIT, "status %d: %s",
               head->status, body);
}

static const struct sl_adapter fake_adapter = {
    .name = "fake",
    .title = "Fake",
    .key_required = true,
    .state_size = 8,
    .build = fake_build,
    .on_body = fake_body,
    .on_frame = fake_frame,
    .on_eof = fake_eof,
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
    struct sl_candidates candidates;
    struct sl_warnings warnings;
    struct sl_call_facts facts;
    Sluice__V1__CompleteRequest request;
    struct sl_exchange *x;
    /* what came out */
    char events[4096]; /* a letter an event: S T D F, others '?' */
    char text[4096];
    int64_t next_sequence;
    size_t largest;
    bool full;
    unsigned ends;
    enum sl_code code;
    enum sl_reason reason;
    Sluice__V1__FinishReason finish_reason;
    bool complete, estimated, partial, retryable, has_cost;
    int64_t cost;
    int32_t input_tokens, output_tokens, attempts;
    int64_t retry_after_ms;
    char message_text[256], request_id[128];
};

static bool on_event(void *owner, const Sluice__V1__StreamEvent *e)
{
    struct fixture *f = owner;
    size_t n = strlen(f->events);
    assert_int_equal(e->sequence, f->next_sequence++);
    switch (e->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_STARTED:
        f->events[n] = 'S';
        assert_string_equal(e->started->model, "fast");
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        f->events[n] = 'T';
        if (strlen(e->text_delta->text) > f->largest)
            f->largest = strlen(e->text_delta->text);
        if (strlen(f->text) + strlen(e->text_delta->text) < sizeof(f->text))
            memcpy(f->text + strlen(f->text), e->text_delta->text, strlen(e->text_delta->text) + 1);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE:
        f->events[n] = 'D';
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_FINISHED:
        f->events[n] = 'F';
        break;
    default:
        f->events[n] = '?';
    }
    return f->full;
}

static void on_end(void *owner, const struct sl_exchange_end *end)
{
    struct fixture *f = owner;
    const Sluice__V1__TokenUsage *u = end->finished ? end->finished->usage : end->failure->usage;
    const Sluice__V1__CallReport *r = end->finished ? end->finished->report : end->failure->report;
    f->ends++;
    f->code = end->err ? end->err->code : SL_OK;
    f->reason = end->err ? end->err->reason : SL_REASON_NONE;
    f->input_tokens = u->input_tokens;
    f->output_tokens = u->output_tokens;
    f->estimated = u->estimated;
    f->attempts = r->attempts;
    f->has_cost = r->_cost_nanos_case != 0;
    f->cost = r->cost_nanos;
    sl_copy(f->request_id, sizeof(f->request_id), r->provider_request_id);
    if (end->finished) {
        f->finish_reason = end->finished->finish_reason;
        f->complete = end->finished->complete;
    } else {
        f->partial = end->failure->partial;
        f->retryable = end->failure->retryable;
        f->retry_after_ms = end->failure->retry_after_ms;
    }
    if (end->message && end->message->n_parts)
        sl_copy(f->message_text, sizeof(f->message_text), end->message->parts[0]->text);
}

static const struct sl_exchange_ops stream_ops = {on_event, on_end};
static const struct sl_exchange_ops whole_ops = {NULL, on_end};
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

static int setup(void **state)
{
    static struct fixture f;
    struct sl_err err = {0};
    memset(&f, 0, sizeof(f));
    n_transfers = n_cancelled = n_resumed = n_marked = 0;
    n_waits = n_waits_cancelled = uses = 0;
    token_now = NULL;
    sl_arena_init(&f.arena, 1 << 26);
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
    f.model.target.key = sl_secret_create("sk-test-1234567890", 18);
    f.model.key_reference = "env:FAKE_API_KEY";
    f.model.prices = (struct sl_prices){true, 2500000, -1, -1, 10000000, -1};
    f.candidates.count = 1;
    f.candidates.list[0] = (struct sl_candidate){&f.model, "asked by name"};
    f.warnings.arena = &f.arena;
    sluice__v1__complete_request__init(&f.request);
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

static void start(struct fixture *f, bool stream, bool assemble)
{
    f->x = sl_exchange_start(&(struct sl_exchange_spec){
        .arena = &f->arena,
        .parser = &f->parser,
        .loop = f->loop,
        .registry = &registry,
        .request = &f->request,
        .candidates = &f->candidates,
        .call_id = "id",
        .model_asked = "fast",
        .stream = stream,
        .assemble = assemble,
        .warnings = &f->warnings,
        .ops = stream ? &stream_ops : &whole_ops,
        .owner = f,
        .facts = &f->facts,
    });
}

static enum sl_code frame(struct sl_transfer *t, const char *text, struct sl_err *err)
{
    char data[256];
    sl_copy(data, sizeof(data), text);
    struct sl_framer_frame fr = {"", data, strlen(data)};
    return t->spec.ops->on_frame(t->spec.owner, &fr, err);
}

static void frames(struct sl_transfer *t, const char *const *list)
{
    struct sl_err err = {0};
    for (; *list; list++)
        assert_int_equal(frame(t, *list, &err), SL_OK);
}

static void done(struct sl_transfer *t, struct sl_transfer_result *r)
{
    t->spec.ops->on_done(t->spec.owner, r);
}

static struct sl_transfer_header request_id_header = {"x-request-id", "req-7", NULL};
static struct sl_transfer_head ok_head = {200, 11, &request_id_header};

/* ---- tests ---- */

static void test_a_stream_ends_with_finished(void **state)
{
    struct fixture *f = *state;
    start(f, true, false);
    transfers[0].spec.ops->on_head(transfers[0].spec.owner, &ok_head);
    frames(&transfers[0], (const char *const[]){"THel", "Tlo", "U", "D", NULL});
    done(&transfers[0], &(struct sl_transfer_result){.head = &ok_head});
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_OK);
    assert_string_equal(f->events, "STTDF");
    assert_string_equal(f->text, "Hello");
    assert_true(f->complete);
    assert_false(f->estimated);
    assert_int_equal(f->input_tokens, 21);
    assert_true(f->has_cost);
    assert_int_equal(f->cost, 372500);
    assert_int_equal(f->attempts, 1);
    assert_int_equal(n_marked, 1);
    assert_string_equal(f->request_id, "req-7");
    assert_int_equal(f->facts.output_tokens, 32);
    assert_string_equal(f->facts.model, "fast");
    assert_int_equal(uses, 1);
}

static void test_an_answer_without_its_end_marker_is_an_error(void **state)
{
    struct fixture *f = *state;
    start(f, true, false);
    frames(&transfers[0], (const char *const[]){"THello", NULL});
    done(&transfers[0], &(struct sl_transfer_result){.head = &ok_head});
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_UNAVAILABLE);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_TRUNCATED);
    assert_string_equal(f->events, "ST");
    assert_true(f->partial);
    assert_true(f->estimated);
    assert_int_equal(f->output_tokens, 2);
}

static void test_a_bad_frame_ends_the_transfer_with_its_error(void **state)
{
    struct fixture *f = *state;
    struct sl_transfer_result r = {.head = &ok_head};
    start(f, true, false);
    assert_int_equal(frame(&transfers[0], "?", &r.err), SL_UNAVAILABLE);
    done(&transfers[0], &r);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_GARBAGE);
    assert_false(f->partial);
}

static void test_an_event_that_skips_a_part_is_garbage(void **state)
{
    struct fixture *f = *state;
    struct sl_transfer_result r = {.head = &ok_head};
    start(f, true, false);
    assert_int_equal(frame(&transfers[0], "S", &r.err), SL_UNAVAILABLE);
    done(&transfers[0], &r);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_GARBAGE);
    assert_string_equal(f->events, "");
}

static void test_a_whole_answer_is_assembled(void **state)
{
    struct fixture *f = *state;
    char body[] = "Hello";
    start(f, false, true);
    done(&transfers[0], &(struct sl_transfer_result){.head = &ok_head, .body = body, .n = 5});
    assert_int_equal(f->code, SL_OK);
    assert_string_equal(f->message_text, "Hello");
    assert_int_equal(f->finish_reason, SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH);
    assert_false(f->complete);
}

static void test_a_stream_that_is_answered_by_a_body(void **state)
{
    struct fixture *f = *state;
    char body[] = "Hello";
    start(f, true, true);
    done(&transfers[0], &(struct sl_transfer_result){.head = &ok_head, .body = body, .n = 5});
    assert_int_equal(f->code, SL_OK);
    assert_string_equal(f->events, "STDF");
    assert_string_equal(f->message_text, "Hello");
}

static void test_a_failure_of_the_provider_keeps_its_facts(void **state)
{
    struct fixture *f = *state;
    struct sl_transfer_head head = {429, 11, NULL};
    char body[] = "slow down, sk-test-1234567890";
    start(f, true, false);
    done(&transfers[0],
         &(struct sl_transfer_result){.head = &head, .body = body, .n = sizeof(body) - 1});
    assert_int_equal(f->code, SL_RESOURCE_EXHAUSTED);
    assert_true(f->retryable);
    assert_int_equal(f->retry_after_ms, 1500);
    assert_string_equal(f->events, "");
}

static void test_a_stale_connection_is_repeated_once(void **state)
{
    struct fixture *f = *state;
    struct sl_transfer_result stale = {.stale_connection = true, .request_sent = true};
    sl_err_set(&stale.err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED, "closed");
    start(f, true, false);
    done(&transfers[0], &stale);
    assert_int_equal(f->ends, 0);
    assert_int_equal(n_transfers, 2);
    assert_true(transfers[1].spec.fresh_connection);
    done(&transfers[1], &stale);
    assert_int_equal(n_transfers, 2);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_UNAVAILABLE);
    assert_int_equal(f->attempts, 2);
}

static void test_a_full_client_pauses_the_provider(void **state)
{
    struct fixture *f = *state;
    start(f, true, false);
    frames(&transfers[0], (const char *const[]){"Ta", NULL});
    assert_false(transfers[0].spec.ops->on_batch(transfers[0].spec.owner));
    f->full = true;
    frames(&transfers[0], (const char *const[]){"Tb", NULL});
    assert_true(transfers[0].spec.ops->on_batch(transfers[0].spec.owner));
    f->full = false;
    sl_exchange_writable(f->x);
    assert_int_equal(n_resumed, 1);
    assert_false(transfers[0].spec.ops->on_batch(transfers[0].spec.owner));
    sl_exchange_cancel(f->x);
}

static void test_a_cancel_tears_down_and_tells_the_facts(void **state)
{
    struct fixture *f = *state;
    start(f, true, false);
    frames(&transfers[0], (const char *const[]){"THello", NULL});
    sl_exchange_cancel(f->x);
    assert_int_equal(n_cancelled, 1);
    assert_int_equal(f->ends, 0);
    assert_int_equal(f->facts.attempts, 1);
    assert_true(f->facts.usage_estimated);
    assert_true(f->facts.first_token_us >= 0);
}

/* An early failure travels by letter: the loop has to run for it. */
static void run_letters(struct fixture *f)
{
    struct sl_err err = {0};
    assert_int_equal(sl_loop_start(f->loop, &err), SL_OK);
    sl_loop_stop(f->loop);
}

static void test_a_missing_key_is_told_before_anything_is_sent(void **state)
{
    struct fixture *f = *state;
    sl_secret_unref((struct sl_secret *)(uintptr_t)f->model.target.key);
    f->model.target.key = NULL;
    start(f, true, false);
    assert_int_equal(f->ends, 0);
    run_letters(f);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_FAILED_PRECONDITION);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_KEY_MISSING);
    assert_int_equal(n_transfers, 0);
    assert_int_equal(f->attempts, 0);
    assert_false(f->has_cost);
    assert_int_equal(uses, 0);
}

static void test_a_request_that_cannot_be_built(void **state)
{
    struct fixture *f = *state;
    f->model.target.model_id = "refused";
    start(f, true, false);
    run_letters(f);
    assert_int_equal(f->code, SL_INVALID_ARGUMENT);
    assert_int_equal(n_transfers, 0);
}

static void test_a_cancel_before_the_early_failure_arrives(void **state)
{
    struct fixture *f = *state;
    f->model.target.model_id = "refused";
    start(f, true, false);
    sl_exchange_cancel(f->x);
    run_letters(f);
    assert_int_equal(f->ends, 0);
}

static void test_a_large_delta_goes_out_in_pieces(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 3 * 1024 * 1024 };
    char *body = sl_malloc(SIZE + 1);
    memset(body, 'x', SIZE);
    body[SIZE] = 0;
    start(f, true, false);
    done(&transfers[0], &(struct sl_transfer_result){.head = &ok_head, .body = body, .n = SIZE});
    assert_int_equal(f->code, SL_OK);
    assert_string_equal(f->events, "STTTDF");
    assert_int_equal(f->largest, 1024 * 1024);
    sl_free(body);
}

/* ---- tokens ---- */

static const char *authorization(const struct sl_transfer *t)
{
    for (const struct sl_transfer_header *h = t->spec.headers; h; h = h->next)
        if (!strcmp(h->name, "authorization"))
            return h->value;
    return "";
}

static void start_with_tokens(struct fixture *f)
{
    f->model.tokens = (struct sl_token_source *)(void *)&f->model;
    f->clocks.first_byte_ms = 9000;
    f->clocks.total_ms = 5000;
    start(f, true, false);
}

static void test_the_token_of_the_moment_is_sent(void **state)
{
    struct fixture *f = *state;
    token_now = sl_secret_create("sk-test-token-1", 15);
    start_with_tokens(f);
    assert_int_equal(n_waits, 0);
    assert_string_equal(authorization(&transfers[0]), "Bearer sk-test-token-1");
    done(&transfers[0], &(struct sl_transfer_result){.err = {.code = SL_UNAVAILABLE,
                                                             .reason = SL_REASON_PROVIDER_GARBAGE,
                                                             .text = "sk-test-token-1 said"}});
    assert_int_equal(f->ends, 1);
    sl_secret_unref(token_now);
}

static void test_a_call_waits_for_a_token(void **state)
{
    struct fixture *f = *state;
    start_with_tokens(f);
    assert_int_equal(n_waits, 1);
    assert_int_equal(n_transfers, 0);
    assert_int_equal(token_wait.timeout_ms, 5000); /* the first clock that would end it */
    struct sl_secret *token = sl_secret_create("sk-test-token-2", 15);
    token_wait.on_token(token_wait.owner, token, NULL);
    sl_secret_unref(token);
    assert_int_equal(n_transfers, 1);
    assert_string_equal(authorization(&transfers[0]), "Bearer sk-test-token-2");
    done(&transfers[0], &(struct sl_transfer_result){.stale_connection = true});
    assert_int_equal(n_transfers, 2); /* once more, with the token it has */
    assert_string_equal(authorization(&transfers[1]), "Bearer sk-test-token-2");
    frames(&transfers[1], (const char *const[]){"Thi", "D", NULL});
    done(&transfers[1], &(struct sl_transfer_result){.head = &ok_head});
    assert_int_equal(f->code, SL_OK);
}

static void test_no_token_ends_the_call(void **state)
{
    struct fixture *f = *state;
    struct sl_err err = {0};
    start_with_tokens(f);
    sl_err_set(&err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_AUTH, "invalid_grant");
    token_wait.on_token(token_wait.owner, NULL, &err);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->code, SL_FAILED_PRECONDITION);
    assert_int_equal(f->reason, SL_REASON_PROVIDER_AUTH);
    assert_int_equal(f->attempts, 0);
    assert_int_equal(n_transfers, 0);
}

static void test_a_cancel_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    start_with_tokens(f);
    sl_exchange_cancel(f->x);
    assert_int_equal(n_waits_cancelled, 1);
    assert_int_equal(f->ends, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_stream_ends_with_finished),
        TEST(test_an_answer_without_its_end_marker_is_an_error),
        TEST(test_a_bad_frame_ends_the_transfer_with_its_error),
        TEST(test_an_event_that_skips_a_part_is_garbage),
        TEST(test_a_whole_answer_is_assembled),
        TEST(test_a_stream_that_is_answered_by_a_body),
        TEST(test_a_failure_of_the_provider_keeps_its_facts),
        TEST(test_a_stale_connection_is_repeated_once),
        TEST(test_a_full_client_pauses_the_provider),
        TEST(test_a_cancel_tears_down_and_tells_the_facts),
        TEST(test_a_missing_key_is_told_before_anything_is_sent),
        TEST(test_a_request_that_cannot_be_built),
        TEST(test_a_cancel_before_the_early_failure_arrives),
        TEST(test_a_large_delta_goes_out_in_pieces),
        TEST(test_the_token_of_the_moment_is_sent),
        TEST(test_a_call_waits_for_a_token),
        TEST(test_no_token_ends_the_call),
        TEST(test_a_cancel_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
