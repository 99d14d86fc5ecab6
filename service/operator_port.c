/* The routes of the operators' port. */
#include "operator_port.h"

#include <string.h>

#include "base/log.h"
#include "rpc/health.h"
#include "rpc/self_check.h"
#include "telemetry/exposition.h"
#include "telemetry/metrics.h"

enum { SELF_CHECK_MS = 1000 };

static const struct sl_server *checked;

static void say(struct sl_http_answer *out, unsigned status, const char *text)
{
    out->status = status;
    (void)!sl_buf_printf(out->body, "%s\n", text);
}

static void answer_metrics(void *owner, struct sl_http_answer *out)
{
    (void)owner;
    out->type = SL_EXPOSITION_TYPE;
    if (sl_metrics_write(out->body))
        return;
    sl_buf_reset(out->body, 0);
    out->type = "text/plain; charset=utf-8";
    say(out, 500, "there is more to tell than an answer may hold");
}

static void answer_ready(void *owner, struct sl_http_answer *out)
{
    (void)owner;
    bool ready = sl_health_is_serving();
    say(out, ready ? 200 : 503, ready ? "ready" : "not serving");
}

/* A process that is starting or draining is alive without it. */
static void answer_health(void *owner, struct sl_http_answer *out)
{
    (void)owner;
    const char *const *a = sl_server_addresses(checked);
    for (; *a && sl_health_is_serving(); a++) {
        if (sl_self_check(*a, SELF_CHECK_MS) || !sl_health_is_serving())
            continue;
        out->status = 503;
        (void)!sl_buf_printf(out->body, "%s does not answer\n", *a);
        return;
    }
    say(out, 200, "alive");
}

static const struct sl_http_route routes[] = {
    {.path = "/metrics", .answer = answer_metrics},
    {.path = "/healthz", .answer = answer_health},
    {.path = "/readyz", .answer = answer_ready},
    {.path = NULL},
};

static enum sl_code refuse(const struct sl_config *config, const struct sl_err *why,
                           struct sl_err *err)
{
    if (sl_config_is_said(config, "metrics.address"))
        return sl_err_field(err, why->code, SL_REASON_CONFIG_INVALID, "metrics.address",
                            "metrics.address: %s", why->text);
    sl_log(SL_LOG_WARN, "there are no metrics: set metrics.address to a free address, or to off",
           SL_F_STR("error", why->text));
    return SL_OK;
}

enum sl_code sl_operator_port_start(const struct sl_config *config, const struct sl_server *server,
                                    struct sl_http **out, struct sl_err *err)
{
    const struct sl_http_options options = {.listen = config->metrics_address, .routes = routes};
    struct sl_err why = {0};
    struct sl_http *http = NULL;
    if (!strcmp(config->metrics_address, "off"))
        return SL_OK;
    checked = server;
    if (sl_http_start(&options, &http, &why) != SL_OK)
        return refuse(config, &why, err);
    sl_log(SL_LOG_INFO, "metrics", SL_F_STR("address", sl_http_address(http)));
    *out = http;
    return SL_OK;
}
