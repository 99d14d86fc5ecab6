/* The rules of a diagnosis. */
#include "api/diagnose/rules.h"

#include <stdlib.h>

#include "registry/import/import.h"

enum {
    SOON_DAYS = 180,   /* providers announce an end three to six months ahead */
    LISTEN_MS = 10000, /* store/watch.c tries again after 5 s at the latest */
    CLOCKS_MS = 5000,  /* more than any round trip takes */
    BAD_GATEWAY =
        502, /* what gateways say of a server that is not there, as in RFC 9110, section 15.6 */
    GATEWAY_TIMEOUT = 504,
};

enum sl_finding sl_rule_life(const struct sl_rule_life *m)
{
    switch (m->status) {
    case SL_OUTDATED_RETIRED:
        return m->redirected ? SL_FINDING_MODEL_REDIRECTED : SL_FINDING_MODEL_RETIRED;
    case SL_OUTDATED_GONE:
        return SL_FINDING_MODEL_GONE;
    case SL_OUTDATED_DEPRECATED:
        return m->dated && m->days_left > SOON_DAYS ? SL_FINDING_MODEL_RETIRES_LATER
                                                    : SL_FINDING_MODEL_DEPRECATED;
    default:
        return SL_FINDING_MODEL_SERVED_AS;
    }
}

enum sl_finding sl_rule_address(const struct sl_rule_address *a, const char **why)
{
    *why = sl_import_proxy_by_looks(a->url);
    if (*why)
        return SL_FINDING_ADDRESS_IS_PROXY;
    *why = a->stored && !a->own_server ? sl_import_proxy(a->url) : NULL;
    return *why ? SL_FINDING_ADDRESS_INSIDE : SL_FINDING_ADDRESSES;
}

enum sl_finding sl_rule_endpoint(int status, const struct sl_err *err)
{
    if (status >= BAD_GATEWAY && status <= GATEWAY_TIMEOUT)
        return SL_FINDING_ENDPOINT_FAILING;
    if (status)
        return SL_FINDING_ENDPOINT;
    if (err->reason == SL_REASON_ADDRESS_FORBIDDEN)
        return SL_FINDING_ENDPOINT_FORBIDDEN;
    return SL_FINDING_ENDPOINT_UNREACHABLE;
}

bool sl_rule_notices_lost(bool listens, int64_t up_ms)
{
    return !listens && up_ms > LISTEN_MS;
}

bool sl_rule_clocks_differ(int64_t ahead_ms)
{
    return ahead_ms > CLOCKS_MS || ahead_ms < -CLOCKS_MS;
}

bool sl_rule_is_open(mode_t mode)
{
    return (mode & 077) != 0;
}
