/* Clocks. Deadlines and durations use the monotonic one, in microseconds. */
#ifndef SL_BASE_CLOCK_H
#define SL_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC, in microseconds. */
int64_t sl_now_us(void);
/* Wall clock, in milliseconds since 1970-01-01 UTC. */
int64_t sl_wall_ms(void);
/* "2026-01-31T12:34:56.789Z"; size of at least 25. */
void sl_format_time(char *dst, size_t size, int64_t wall_ms);
/* A new UUIDv7 (RFC 9562) in its text form, 36 characters and a NUL. Any thread. */
void sl_uuid7(char dst[37]);

#endif
