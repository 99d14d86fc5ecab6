/* The state is one atomic; watchers are a list on the control thread. A change is one letter, whoever sends it: letters
 * that were not delivered yet coalesce, so that a watcher may miss a state that passed, but never the last one. */
#include "rpc/health.h"

#include <stdatomic.h>
#include <string.h>

#include "api/service.h"
#include "grpc/health/v1/health.pb-c.h"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

struct watcher {
    struct sl_call *call;
    serving_status told;
    struct watcher *next, **link; /* link: what points to this one */
};

static struct {
    struct sl_loop *control;
    atomic_bool serving;
    atomic_bool posted; /* the letter is on its way */
    struct sl_mail letter;
    struct watcher *watchers; /* of known services; control thread */
} health;

static serving_status state_now(void)
{
    return atomic_load(&health.serving)
               ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
               : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
}

/* "" is the server; every other name is that of a service in the method table. */
static bool is_known(const char *service)
{
    size_t n = strlen(service);
    if (n == 0)
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
    make_response(&response, state_now());
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

void sl_health_watch(struct sl_call *call, const ProtobufCMessage *message)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)message;
    struct watcher *w = SL_ARENA_NEW(call->arena, struct watcher);
    w->call = call;
    if (!is_known(request->service)) { /* may be known to the next release: the stream stays open */
        tell(w, GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN);
        return;
    }
    w->next = health.watchers;
    w->link = &health.watchers;
    if (w->next)
        w->next->link = &w->next;
    health.watchers = w;
    call->state = w;
    tell(w, state_now());
}

void sl_health_watch_cancel(struct sl_call *call)
{
    struct watcher *w = call->state;
    if (!w)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    call->state = NULL;
}

static void on_letter(struct sl_mail *letter)
{
    (void)letter;
    atomic_store(&health.posted, false); /* first: a change from here on posts again */
    serving_status status = state_now();
    for (struct watcher *w = health.watchers, *next; w; w = next) {
        next = w->next;
        if (w->told != status)
            tell(w, status);
    }
}

void sl_health_init(struct sl_loop *control)
{
    health.control = control;
    health.letter.deliver = on_letter;
    health.watchers = NULL;
    atomic_store(&health.serving, false);
    atomic_store(&health.posted, false);
}

void sl_health_set(bool serving)
{
    atomic_store(&health.serving, serving);
    if (!atomic_exchange(&health.posted, true))
        sl_loop_post(health.control, &health.letter);
}
