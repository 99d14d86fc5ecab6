/* Guessing at keys, made slow. Each peer address (an IPv6 network of 64 bits counts as one) may fail
 * twenty times; each failure after that opens a pause, of a second at first, doubled each time, at
 * most a minute. A failure is forgotten every ten seconds.
 *
 * In a pause, what can be guessed is not looked at: texts of the configuration's keys, which people
 * chose. Everything else goes on: keys of 256 random bits, signed tokens and certificates cannot be
 * guessed, and a text that was right before stays right. So nobody with a good key waits for his
 * neighbour behind the same address; only the first use of a chosen text may.
 *
 * One a process, of fixed size (360 KiB), reference-counted; any thread, under short locks that are
 * only taken on failures, in pauses, and for chosen texts. */
#ifndef SL_ACCESS_THROTTLE_H
#define SL_ACCESS_THROTTLE_H

#include <stdint.h>

#include "access/access.h"

struct sl_throttle;

struct sl_throttle *sl_throttle_create(void) SL_MUST_CHECK;
struct sl_throttle *sl_throttle_ref(struct sl_throttle *t);
/* Accepts NULL. */
void sl_throttle_unref(struct sl_throttle *t);

/* Before the credentials are looked at; now_us: sl_now_us. Error: SL_RESOURCE_EXHAUSTED,
 * TOO_MANY_FAILURES, with the rest of the pause as retry-after. */
enum sl_code sl_throttle_admit(struct sl_throttle *t, const struct sl_credentials *c,
                               int64_t now_us, struct sl_err *err) SL_MUST_CHECK;
/* The credentials were wrong; err says so, and hears when to come again where there is a pause. */
void sl_throttle_failed(struct sl_throttle *t, const struct sl_credentials *c, int64_t now_us,
                        struct sl_err *err);
/* They were right. */
void sl_throttle_passed(struct sl_throttle *t, const struct sl_credentials *c);

struct sl_throttle_stats {
    uint64_t failures; /* wrong credentials */
    uint64_t refused;  /* not looked at */
    uint64_t pauses;   /* opened */
};

void sl_throttle_stats(const struct sl_throttle *t, struct sl_throttle_stats *out);

#endif
