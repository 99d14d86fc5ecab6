/* What the operators' HTTP port answers: /metrics, /healthz, /readyz. Main thread. */
#ifndef SL_OPERATOR_PORT_H
#define SL_OPERATOR_PORT_H

#include "config/config.h"
#include "rpc/server.h"
#include "telemetry/http.h"

/* Opens it where metrics.address says, and announces it in the log. *out is NULL where it is off, or where another program has
 * the default address, which is logged; an address that somebody chose has to be free. server is borrowed until the port is
 * stopped. */
enum sl_code sl_operator_port_start(const struct sl_config *config, const struct sl_server *server,
                                    struct sl_http **out, struct sl_err *err) SL_MUST_CHECK;

#endif
