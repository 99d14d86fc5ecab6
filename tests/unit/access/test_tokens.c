/* Tokens against a scripted token endpoint and a clock of the test's: who asks, how often, what is renewed when, and
 * what a failure does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"
#include "token_kit.h"

/* The simplest of all: one GET, and the answer is the token. */
static void open_metadata(struct fixture *f)
{
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_GOOGLE_METADATA});
}

#define HOUR "{\"access_token\":\"tok-1\",\"expires_in\":3600,\"token_type\":\"Bearer\"}"

/* ---- tests ---- */

static void many_waits_make_one_request(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    assert_string_equal(current(f), "");
    for (size_t i = 0; i < WAITS; i++)
        ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, WAITS);
    assert_int_equal(atomic_load(&n_started), 1);
    assert_string_equal(f->token, "tok-1");
    assert_string_equal(current(f), "tok-1");
}

static void a_token_that_is_used_is_renewed_ahead(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    pass(f, 3600000 - 226000);
    assert_int_equal(atomic_load(&n_started), 1);
    assert_string_equal(current(f), "tok-1");
    pass(f, 1000);
    answer(f, 200, "{\"access_token\":\"tok-2\",\"expires_in\":\"3600\"}");
    assert_string_equal(current(f), "tok-2");
    assert_int_equal(atomic_load(&n_started), 2);
}

static void a_token_that_nobody_uses_expires(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    answer(f, 200, HOUR); /* used: the one who waited */
    wait_ends(f, 1);
    pass(f, 3600000 - 225000);
    answer(f, 200, HOUR); /* not used since */
    pass(f, 3600000 - 200000);
    assert_int_equal(atomic_load(&n_started), 2);
    pass(f, 200000);
    assert_string_equal(current(f), "");
    assert_int_equal(atomic_load(&n_started), 2);
    ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    assert_string_equal(f->token, "tok-1");
}

static void a_refusal_is_told_with_its_words_and_stands_a_while(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    answer(f, 400, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad sk-test-12345678\"}");
    wait_ends(f, 1);
    assert_int_equal(f->err.code, SL_FAILED_PRECONDITION);
    assert_int_equal(f->err.reason, SL_REASON_PROVIDER_AUTH);
    assert_non_null(strstr(f->err.text, "invalid_grant: Bad sk-***"));
    assert_null(strstr(f->err.text, "12345678"));
    ask(f);
    wait_ends(f, 1);
    assert_int_equal(f->err.reason, SL_REASON_PROVIDER_AUTH);
    assert_int_equal(atomic_load(&n_started), 1); /* not asked again */
    pass(f, 1000);
    ask(f);
    answer(f, 400, "{\"error\":\"invalid_grant\"}");
    wait_ends(f, 1);
    pass(f, 1500); /* twice as long now */
    ask(f);
    wait_ends(f, 1);
    assert_int_equal(atomic_load(&n_started), 2);
    pass(f, 500);
    ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    assert_string_equal(f->token, "tok-1");
}

static void an_endpoint_that_is_away_may_be_tried_again(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    fail_to_connect(f);
    wait_ends(f, 1);
    assert_int_equal(f->err.code, SL_UNAVAILABLE);
    assert_int_equal(f->err.reason, SL_REASON_PROVIDER_UNREACHABLE);
    assert_true(f->err.retryable);
    pass(f, 400);
    ask(f);
    wait_ends(f, 1);
    assert_true(f->err.has_retry_after);
    assert_int_equal(f->err.retry_after_ms, 600);
    pass(f, 600);
    ask(f);
    answer(f, 503, "busy");
    wait_ends(f, 1);
    assert_int_equal(f->err.code, SL_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "(status 503): busy"));
}

static void a_failed_renewal_leaves_the_token(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    pass(f, 3600000 - 225000);
    answer(f, 500, "oops");
    assert_string_equal(current(f), "tok-1");
    pass(f, 999);
    assert_int_equal(atomic_load(&n_started), 2);
    assert_string_equal(current(f), "tok-1");
    pass(f, 1);
    answer(f, 200, "{\"access_token\":\"tok-3\",\"expires_in\":60}");
    assert_string_equal(current(f), "tok-3");
}

static void answers_without_a_token_are_errors(void **state)
{
    static const char *const rows[] = {"",
                                       "not json",
                                       "[]",
                                       "{}",
                                       "{\"access_token\":7}",
                                       "{\"access_token\":\"\"}",
                                       "{\"access_token\":\"a\\nb\",\"expires_in\":3600}",
                                       "{\"access_token\":null}"};
    struct fixture *f = *state;
    open_metadata(f);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        ask(f);
        answer(f, 200, rows[i]);
        wait_ends(f, 1);
        assert_int_equal(f->err.code, SL_UNAVAILABLE);
        assert_int_equal(f->err.reason, SL_REASON_PROVIDER_GARBAGE);
        pass(f, 60000);
    }
}

static void cancel_here(void *arg)
{
    struct fixture *f = arg;
    sl_token_wait_cancel(f->waits[0]);
}

static void a_wait_may_be_cancelled(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    ask(f);
    sl_loop_call(f->loop, cancel_here, f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    assert_int_equal(atomic_load(&f->n_ended), 1);
}

/* On the caller's loop, so that the letter of the failure that still stands is under way. */
static void ask_and_cancel_here(void *arg)
{
    struct fixture *f = arg;
    ask_here(f);
    sl_token_wait_cancel(f->waits[f->n_asked - 1]);
}

static void a_wait_may_be_cancelled_while_its_letter_is_under_way(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    sl_loop_call(f->loop, ask_and_cancel_here, f);
    ask(f);
    wait_ends(f, 1);
    assert_int_equal(atomic_load(&f->n_ended), 2);
}

static void a_wait_ends_by_its_clock(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    sl_loop_call(f->loop, ask_briefly_here, f);
    wait_ends(f, 1);
    assert_int_equal(f->err.code, SL_DEADLINE_EXCEEDED);
    answer(f, 200, HOUR); /* the minting goes on */
    assert_string_equal(current(f), "tok-1");
}

static void the_end_of_the_service_ends_waits(void **state)
{
    struct fixture *f = *state;
    open_metadata(f);
    ask(f);
    sem_wait(&started);
    sl_tokens_stop(f->tokens);
    wait_ends(f, 1);
    assert_int_equal(f->err.reason, SL_REASON_SHUTTING_DOWN);
    assert_int_equal(atomic_load(&n_cancelled), 1);
    ask(f);
    wait_ends(f, 1);
    assert_int_equal(f->err.reason, SL_REASON_SHUTTING_DOWN);
}

static void equal_credentials_share_a_source(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *secret = sl_secret_create("sk-test-secret", 14);
    struct sl_token_spec spec = {
        .from = SL_TOKEN_ENTRA_SECRET, .secret = secret, .tenant = "tenant-1", .client_id = "app"};
    struct sl_token_source *a = open_source(f, spec), *b = open_source(f, spec);
    spec.client_id = "other";
    struct sl_token_source *c = open_source(f, spec);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    sl_token_source_unref(a);
    sl_token_source_unref(b);
    sl_token_source_unref(c);
    sl_secret_unref(secret);
}

/* ---- secrets that are kept elsewhere ---- */

static struct {
    struct sl_token_keeper base;
    const char *secret; /* NULL: it cannot be opened */
    atomic_int opened, unrefs;
} keeper;

static enum sl_code open_kept(struct sl_token_keeper *k, struct sl_secret **out, struct sl_err *err)
{
    assert_ptr_equal(k, &keeper.base);
    atomic_fetch_add(&keeper.opened, 1);
    if (!keeper.secret)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_SECRET_UNREADABLE, "no such key");
    *out = sl_secret_create(keeper.secret, strlen(keeper.secret));
    return SL_OK;
}

static void unref_kept(struct sl_token_keeper *k)
{
    assert_ptr_equal(k, &keeper.base);
    atomic_fetch_add(&keeper.unrefs, 1);
}

static struct sl_token_spec kept_spec(const struct sl_secret *secret, const char *tenant)
{
    keeper.base = (struct sl_token_keeper){open_kept, unref_kept, "01920000-0000@7"};
    return (struct sl_token_spec){.from = SL_TOKEN_ENTRA_SECRET,
                                  .secret = secret,
                                  .keeper = &keeper.base,
                                  .tenant = tenant,
                                  .client_id = "app"};
}

static void nothing_here(void *arg)
{
    (void)arg;
}

/* For each minting, and nothing of it stays. */
static void a_kept_secret_is_asked_for_each_time(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *secret = sl_secret_create("one", 3);
    atomic_store(&keeper.opened, 0);
    atomic_store(&keeper.unrefs, 0);
    keeper.secret = "two";
    f->source = open_source(f, kept_spec(secret, "t"));
    sl_secret_unref(secret);
    assert_null(f->source->credential.secret);
    ask(f);
    answer(f, 200, HOUR);
    wait_ends(f, 1);
    assert_non_null(strstr(transfer.body, "client_secret=two"));
    assert_string_equal(transfer.url, "https://login.microsoftonline.com/t/oauth2/v2.0/token");
    assert_null(f->source->credential.secret);
    keeper.secret = "three";
    pass(f, 3600000 - 225000);
    answer(f, 200, "{\"access_token\":\"tok-2\",\"expires_in\":3600}");
    assert_non_null(strstr(transfer.body, "client_secret=three"));
    assert_string_equal(current(f), "tok-2");
    assert_int_equal(atomic_load(&keeper.opened), 2);
    keeper.secret = NULL;
    pass(f, 3600000);
    ask(f);
    wait_ends(f, 1);
    assert_string_equal(f->err.text, "no such key");
    assert_int_equal(atomic_load(&n_started), 2);
    pass(f, 0); /* the minting has let go of it, and the wait */
    sl_loop_call(f->loop, nothing_here, NULL);
    sl_token_source_unref(f->source);
    f->source = NULL;
    assert_int_equal(atomic_load(&keeper.unrefs), 1);
}

static void equal_keepers_share_a_source(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *secret = sl_secret_create("one", 3);
    struct sl_token_source *same = NULL, *none = NULL;
    struct sl_err err = {0};
    atomic_store(&keeper.unrefs, 0);
    f->source = open_source(f, kept_spec(secret, "t"));
    struct sl_token_spec spec = kept_spec(secret, "t"), bad = kept_spec(secret, "a/b");
    assert_int_equal(sl_token_source_open(f->tokens, &spec, &same, &err), SL_OK);
    assert_ptr_equal(same, f->source);
    assert_int_equal(atomic_load(&keeper.unrefs), 1); /* the one that was not needed */
    assert_int_equal(sl_token_source_open(f->tokens, &bad, &none, &err), SL_INVALID_ARGUMENT);
    assert_int_equal(atomic_load(&keeper.unrefs), 2);
    struct sl_token_source *other = open_source(f, kept_spec(secret, "u"));
    assert_ptr_not_equal(other, f->source);
    sl_token_source_unref(other);
    sl_token_source_unref(same);
    assert_int_equal(atomic_load(&keeper.unrefs), 3);
    sl_secret_unref(secret);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, token_setup, token_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_waits_make_one_request),
        TEST(a_token_that_is_used_is_renewed_ahead),
        TEST(a_token_that_nobody_uses_expires),
        TEST(a_refusal_is_told_with_its_words_and_stands_a_while),
        TEST(an_endpoint_that_is_away_may_be_tried_again),
        TEST(a_failed_renewal_leaves_the_token),
        TEST(answers_without_a_token_are_errors),
        TEST(a_wait_may_be_cancelled),
        TEST(a_wait_may_be_cancelled_while_its_letter_is_under_way),
        TEST(a_wait_ends_by_its_clock),
        TEST(the_end_of_the_service_ends_waits),
        TEST(a_kept_secret_is_asked_for_each_time),
        TEST(equal_keepers_share_a_source),
        TEST(equal_credentials_share_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
