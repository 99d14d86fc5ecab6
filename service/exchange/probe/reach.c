/* The way to the provider: name, connection, TLS, by the times that curl took of a request that nobody needs to answer well.
 * The key is not shown. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "exchange/probe/internal.h"

enum { HEAD_MS = 5000 }; /* an answer is not waited for longer: the connection is what counts */

typedef const struct sl_transfer_result result_t;

/* ---- where ---- */

/* What the adapter would call: some make the host from a region. NULL: it cannot say. */
static const char *url_of_request(struct sl_probe *p)
{
    struct sl_http_request http = {0};
    struct sl_err err = {0};
    const struct sl_build_in in = {
        .target = &p->lease.target,
        .request = sl_probe_ask(p->spec.arena, SL_PROBE_COMPLETION, 1),
        .now_ms = sl_wall_ms(),
        .arena = p->spec.arena,
        .warnings = &p->warnings,
    };
    if (!p->leased || !p->lease.target.key || p->plan.kind != SL_PROBE_CHAT)
        return NULL;
    return p->spec.model->adapter->build(&in, &http, &err) == SL_OK ? http.url : NULL;
}

/* Scheme, host and port, and the path "/". */
static const char *origin(struct sl_arena *arena, const char *url)
{
    const char *host = strstr(url, "://");
    size_t n = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : strlen(url);
    return sl_arena_printf(arena, "%.*s/", (int)n, url);
}

/* ---- what came of it ---- */

static double ms(int64_t us)
{
    return (double)us / 1000;
}

/* Where TLS failed, curl 7.88 does not tell when TCP was there. */
static void pass_address(struct sl_probe *p, probe_step_t *s, result_t *r)
{
    const struct sl_transfer_timing *t = &r->timing;
    s->result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED;
    s->elapsed_ms = ms(t->reached >= 0 ? t->reached : t->resolved >= 0 ? t->resolved : 0);
    if (t->resolved >= 0) {
        s->resolve_ms = ms(t->resolved);
        s->_resolve_ms_case = SLUICE__V1__TEST_MODEL_STEP___RESOLVE_MS_RESOLVE_MS;
    }
    if (t->reached >= 0)
        s->detail = sl_arena_printf(p->spec.arena, "name %.1f ms, connection %.1f ms",
                                    s->resolve_ms, s->elapsed_ms - s->resolve_ms);
}

static void pass_tls(const struct sl_probe *p, probe_step_t *s, result_t *r)
{
    s->result = SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED;
    if (r->timing.secured > r->timing.reached)
        s->elapsed_ms = ms(r->timing.secured - r->timing.reached);
    s->detail =
        (char *)(uintptr_t)(p->spec.model->endpoint->insecure ? "the certificate is not checked"
                                                              : "the certificate is good");
}

static void tell_both(struct sl_probe *p, const probe_step_t *address, const probe_step_t *tls)
{
    if (p->plan.steps & SL_PROBE_BIT(ADDRESS))
        sl_probe_tell(p, address);
    if (p->plan.steps & SL_PROBE_BIT(TLS))
        sl_probe_tell(p, tls);
    p->at = SL_PROBE_TLS;
    sl_probe_next(p);
}

static void judge(struct sl_probe *p, result_t *r, bool https)
{
    const Sluice__V1__TestModelStep__Result skipped =
        SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED;
    probe_step_t *address = sl_probe_step_new(p, SL_PROBE_ADDRESS, skipped, NULL);
    probe_step_t *tls = sl_probe_step_new(p, SL_PROBE_TLS, skipped, "the address is plain HTTP");
    bool connected = r->timing.connected >= 0;
    if (connected || (https && r->err.reason == SL_REASON_PROVIDER_TLS)) {
        pass_address(p, address, r);
    } else {
        address->elapsed_ms = ms(sl_loop_now_us(p->spec.loop) - p->step_us);
        sl_probe_set_error(p, address, &r->err);
        tls->detail = (char *)(uintptr_t)(p->stop = "the address is not reached");
        tell_both(p, address, tls);
        return;
    }
    address->attempts = connected;
    if (https && connected) {
        pass_tls(p, tls, r);
    } else if (https) {
        tls->elapsed_ms = ms(sl_loop_now_us(p->spec.loop) - p->step_us) - address->elapsed_ms;
        sl_probe_set_error(p, tls, &r->err);
        p->stop = "there is no TLS connection";
    }
    tell_both(p, address, tls);
}

static void on_done(void *owner, result_t *r)
{
    struct sl_probe *p = owner;
    p->transfer = NULL;
    judge(p, r, p->https);
}

void sl_probe_reach_late(struct sl_probe *p)
{
    struct sl_transfer_result r = {.timing = {-1, -1, -1, -1, -1, false, -1, -1, -1}};
    sl_transfer_cancel(p->transfer);
    p->transfer = NULL;
    sl_err_set(&r.err, SL_DEADLINE_EXCEEDED, SL_REASON_CONNECT_TIMEOUT, "no connection in time");
    judge(p, &r, p->https);
}

static const struct sl_transfer_ops transfer_ops = {.on_done = on_done};

/* Within the step, and before its own clock: a connection that is there is a good end, answered or not. */
static int64_t head_ms(const struct sl_model *m, int64_t left)
{
    int64_t wanted = m->clocks->connect_ms + HEAD_MS, most = left - left / 10;
    return wanted < most ? wanted : most;
}

void sl_probe_reach(struct sl_probe *p)
{
    const struct sl_model *m = p->spec.model;
    const char *url = url_of_request(p);
    int64_t left = sl_probe_time_left(p);
    url = origin(p->spec.arena, url ? url : m->target.base_url);
    p->https = !strncmp(url, "https:", 6);
    p->transfer = sl_transfer_start(
        p->spec.upstream,
        &(struct sl_transfer_spec){
            .endpoint = p->leased ? &p->lease.endpoint : m->endpoint,
            .method = "HEAD",
            .url = url,
            .clocks = {.connect_ms = m->clocks->connect_ms, .first_byte_ms = head_ms(m, left)},
            .caps = *m->caps,
            .fresh_connection = true,
            .ops = &transfer_ops,
            .owner = p,
        });
}
