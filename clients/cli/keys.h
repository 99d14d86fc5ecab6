/* When a key ends, as the command line says it. */
#ifndef SLUICE_CLI_KEYS_H
#define SLUICE_CLI_KEYS_H

#include <stdbool.h>
#include <stdint.h>

/* "90d", "12h", "30m" from now, or "2026-12-31" (its beginning, UTC). Milliseconds since 1970. False for anything else. */
bool keys_parse_expiry(const char *text, int64_t now_ms, int64_t *out);

#endif
