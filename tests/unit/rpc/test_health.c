/* Health: states of the server and its services, watchers that are told of changes only, and that go away. */
#include "rpc/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "api/service.h"
#include "grpc/health/v1/health.pb-c.h"
#include "unit/rpc/fake_call.h"

const struct sl_method sl_methods[] = {
    {.path = "/sluice.v1.Completion/Complete"},
    {.path = "/grpc.health.v1.Health/Check"},
    {.path = NULL},
};

#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

static struct sl_loop *loop;

static int set_up(void **state)
{
    (void)state;
    struct sl_err err = {0};
    loop = sl_loop_create("control", &err);
    assert_non_null(loop);
    sl_health_init(loop);
    assert_int_equal(sl_loop_start(loop, &err), SL_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sl_loop_stop(loop);
    sl_loop_destroy(loop);
    return 0;
}

/* What runs on the control thread, where the handlers belong. */
struct visit {
    void (*fn)(struct sl_call *call, const ProtobufCMessage *message);
    struct fake_call *call;
    const char *service;
};

static void visit(void *arg)
{
    struct visit *v = arg;
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = (char *)v->service;
    v->fn(&v->call->base, &request.base);
}

static void cancel(void *arg)
{
    sl_health_watch_cancel(&((struct fake_call *)arg)->base);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void start(void (*fn)(struct sl_call *, const ProtobufCMessage *), struct fake_call *f,
                  const char *service)
{
    struct visit v = {fn, f, service};
    fake_call_init(f);
    sl_loop_call(loop, visit, &v);
}

/* Sets, and waits until the control thread has heard of it. */
static void set(bool serving)
{
    sl_health_set(serving);
    sl_loop_call(loop, nothing, NULL);
}

static void assert_sent(const struct fake_call *f, size_t i, int status)
{
    Grpc__Health__V1__HealthCheckResponse *r =
        (Grpc__Health__V1__HealthCheckResponse *)fake_call_get(
            f, i, &grpc__health__v1__health_check_response__descriptor);
    assert_int_equal(r->status, status);
    grpc__health__v1__health_check_response__free_unpacked(r, NULL);
}

static const struct {
    const char *service;
    bool is_known;
} names[] = {
    {"", true},
    {"sluice.v1.Completion", true},
    {"grpc.health.v1.Health", true},
    {"sluice.v1.Complet", false},
    {"sluice.v1.Completion/", false},
    {"sluice.v1.Completion/Complete", false},
    {"sluice.v1.Nothing", false},
    {"/", false},
};

static void test_check(void **state)
{
    (void)state;
    for (int serving = 0; serving < 2; serving++) {
        set(serving);
        for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
            struct fake_call f;
            start(sl_health_check, &f, names[i].service);
            assert_true(f.finished);
            assert_int_equal(f.code, names[i].is_known ? SL_OK : SL_NOT_FOUND);
            assert_int_equal(f.n_sent, names[i].is_known);
            if (names[i].is_known)
                assert_sent(&f, 0, serving ? STATUS(SERVING) : STATUS(NOT_SERVING));
            fake_call_fini(&f);
        }
    }
}

static void test_watch_tells_changes(void **state)
{
    (void)state;
    struct fake_call server, service;
    start(sl_health_watch, &server, "");
    assert_int_equal(server.n_sent, 1);
    assert_sent(&server, 0, STATUS(NOT_SERVING));
    set(true);
    start(sl_health_watch, &service, "sluice.v1.Completion");
    set(true);
    assert_int_equal(server.n_sent, 2);
    assert_sent(&server, 1, STATUS(SERVING));
    assert_int_equal(service.n_sent, 1);
    assert_sent(&service, 0, STATUS(SERVING));
    set(false);
    assert_int_equal(server.n_sent, 3);
    assert_sent(&service, 1, STATUS(NOT_SERVING));
    assert_false(server.finished || service.finished);
    sl_loop_call(loop, cancel, &server);
    sl_loop_call(loop, cancel, &service);
    fake_call_fini(&server);
    fake_call_fini(&service);
}

static void test_watch_of_an_unknown_service_stays_open(void **state)
{
    (void)state;
    struct fake_call f;
    start(sl_health_watch, &f, "sluice.v1.Nothing");
    set(true);
    assert_int_equal(f.n_sent, 1);
    assert_sent(&f, 0, STATUS(SERVICE_UNKNOWN));
    assert_false(f.finished);
    sl_loop_call(loop, cancel, &f);
    fake_call_fini(&f);
}

/* In every order: first, middle and last of the list. */
static void test_cancelled_watchers_hear_nothing(void **state)
{
    (void)state;
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};
    for (size_t i = 0; i < SL_ARRAY_LEN(orders); i++) {
        struct fake_call f[3];
        set(false);
        for (int k = 0; k < 3; k++)
            start(sl_health_watch, &f[k], "");
        bool serving = false;
        for (int gone = 0; gone < 3; gone++) {
            sl_loop_call(loop, cancel, &f[orders[i][gone]]);
            set(serving = !serving);
            for (int k = 0; k < 3; k++) /* one message at the start, one for each change it heard */
                assert_int_equal(f[orders[i][k]].n_sent, 1 + (k <= gone ? k : gone + 1));
        }
        for (int k = 0; k < 3; k++)
            fake_call_fini(&f[k]);
    }
}

static void test_cancel_without_watch(void **state)
{
    (void)state;
    struct fake_call f; /* the client left before its message came */
    fake_call_init(&f);
    sl_loop_call(loop, cancel, &f);
    fake_call_fini(&f);
}

/* Letters coalesce: what a watcher heard last is the last state that was set. */
static void test_the_last_state_wins(void **state)
{
    (void)state;
    struct fake_call f;
    start(sl_health_watch, &f, "");
    for (int i = 0; i < 7; i++)
        sl_health_set(i % 2 == 0);
    sl_loop_call(loop, nothing, NULL);
    assert_sent(&f, f.n_sent - 1, STATUS(SERVING));
    sl_loop_call(loop, cancel, &f);
    fake_call_fini(&f);
}

static void test_the_end_ends_every_watch(void **state)
{
    (void)state;
    struct fake_call known, unknown, late;
    set(true);
    start(sl_health_watch, &known, "");
    start(sl_health_watch, &unknown, "sluice.v1.Nothing");
    sl_health_set(false);
    sl_health_end();
    sl_loop_call(loop, nothing, NULL);
    assert_sent(&known, known.n_sent - 1, STATUS(NOT_SERVING)); /* told before it ended */
    start(sl_health_watch, &late, "");
    struct fake_call *all[] = {&known, &unknown, &late};
    for (size_t i = 0; i < SL_ARRAY_LEN(all); i++) {
        assert_true(all[i]->finished);
        assert_int_equal(all[i]->code, SL_UNAVAILABLE);
        fake_call_fini(all[i]);
    }
    struct fake_call f; /* a check is still answered */
    start(sl_health_check, &f, "");
    assert_sent(&f, 0, STATUS(NOT_SERVING));
    fake_call_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch_tells_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch_of_an_unknown_service_stays_open, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cancelled_watchers_hear_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel_without_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_last_state_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_end_ends_every_watch, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
