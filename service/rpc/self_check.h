/* Whether the service's own port answers: the core's listener can end for good while its socket lives on (CVE-2023-4785 and
 * what may follow), and nothing inside the process hears of it. */
#ifndef SL_RPC_SELF_CHECK_H
#define SL_RPC_SELF_CHECK_H

#include <stdbool.h>

#include "base/compiler.h"

/* Connects to an address as sl_server_addresses has it and greets; true where anything comes back, if only an end. Blocks for
 * timeout_ms at most. */
bool sl_self_check(const char *address, int timeout_ms) SL_MUST_CHECK;

#endif
