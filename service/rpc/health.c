/* The state is one atomic; watchers are a list on the control thread. A change is one letter, whoever sends it: letters
 * that were not delivered yet coalesce, so that a watcher may miss a state that passed, but never the last one. */
#include "rpc/health.h"

#include <stdatomic.h>
#include <string.h>

#include "api/service.h"
#include "grpc/health/v1/health.pb-c.h"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

#define STATUS_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

struct watcher {
    struct sl_call *call;
    bool of_store;
    serving_status told;
    struct watcher *next, **link; /* link: what points to this one */
};

static struct {
    struct sl_loop *control;
    atomic_bool serving;
    atomic_bool store_is_up;
    atomic_bool ended;
    atomic_bool posted; /* the letter is on its way */
    struct sl_mail letter;
    struct watcher *watchers; /* control thread */
} health;

/* A name of its own for the database: callers are served without it, only changes are refused. */
static const char store_service[] = "sluice.store";

static serving_status state_now(bool of_store)
{
    return atomic_load(&health.serving) && (!of_store || atomic_load(&health.store_is_up))
               ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
               : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
}

/* "" is the server; every other name is that of a service in the method table. */
static bool is_known(const char *service)
{
    size_t n = strlen(service);
    if (n == 0 || !strcmp(service, store_service))
        return true;
    for (const struct sl_method *m = sl_methods; m->path; m++)
        if (!strncmp(m->path + 1, service, n) && m->path[1 + n] == '/')
            return true;
    return false;
}

static void make_response(Grpc__Health__V1__HealthCheckResponse *response, serving_status status)
{
    grpc__health__v1__health_check_response__init(response);
    response->status = status;
}

void sl_health_check(struct sl_call *call, const ProtobufCMessage *message)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)message;
    if (!is_known(request->service)) {
        struct sl_status status = {
            .code = SL_NOT_FOUND,
            .message = "the server has no service of this name",
        };
        sl_call_finish(call, &status);
        return;
    }
    Grpc__Health__V1__HealthCheckResponse response;
    make_response(&response, state_now(!strcmp(request->service, store_service)));
    sl_call_reply(call, &response.base);
}

static void tell(struct watcher *w, serving_status status)
{
    Grpc__Health__V1__HealthCheckResponse response;
    make_response(&response, status);
    w->told = status;
    sl_call_emit(w->call,
                 &response.base); /* a few bytes, and only on a change: no need to heed `full` */
}

static void unlink_watcher(struct watcher *w)
{
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->call->state = NULL;
}

static void end(struct sl_call *call)
{
    struct sl_status status = {
        .code = SL_UNAVAILABLE,
        .reason = SL_REASON_SHUTTING_DOWN,
        .message = "the server is shutting down",
    };
    sl_call_finish(call, &status);
}

void sl_health_watch(struct sl_call *call, const ProtobufCMessage *message)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)message;
    if (atomic_load(&health.ended)) {
        end(call);
        return;
    }
    struct watcher *w = SL_ARENA_NEW(call->arena, struct watcher);
    w->call = call;
    w->next = health.watchers;
    w->link = &health.watchers;
    if (w->next)
        w->next->link = &w->next;
    health.watchers = w;
    call->state = w;
    /* a service that is not known may be known to the next release: the stream stays open */
    w->of_store = !strcmp(request->service, store_service);
    tell(w, is_known(request->service) ? state_now(w->of_store) : STATUS_UNKNOWN);
}

void sl_health_watch_cancel(struct sl_call *call)
{
    if (call->state)
        unlink_watcher(call->state);
}

static void on_letter(struct sl_mail *letter)
{
    (void)letter;
    atomic_store(&health.posted, false); /* first: a change from here on posts again */
    bool ended = atomic_load(&health.ended);
    for (struct watcher *w = health.watchers, *next; w; w = next) {
        serving_status status = state_now(w->of_store);
        next = w->next;
        if (w->told != status && w->told != STATUS_UNKNOWN)
            tell(w, status);
        if (!ended)
            continue;
        unlink_watcher(w);
        end(w->call);
    }
}

static void post(void)
{
    if (!atomic_exchange(&health.posted, true))
        sl_loop_post(health.control, &health.letter);
}

void sl_health_init(struct sl_loop *control)
{
    health.control = control;
    health.letter.deliver = on_letter;
    health.watchers = NULL;
    atomic_store(&health.serving, false);
    atomic_store(&health.store_is_up, true);
    atomic_store(&health.ended, false);
    atomic_store(&health.posted, false);
}

void sl_health_set(bool serving)
{
    atomic_store(&health.serving, serving);
    post();
}

bool sl_health_is_serving(void)
{
    return atomic_load(&health.serving);
}

void sl_health_set_store(bool up)
{
    atomic_store(&health.store_is_up, up);
    post();
}

void sl_health_end(void)
{
    atomic_store(&health.ended, true);
    post();
}
