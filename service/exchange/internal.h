/* What the files of exchange/ share. Private to it; one loop's thread. */
#ifndef SL_EXCHANGE_INTERNAL_H
#define SL_EXCHANGE_INTERNAL_H

#include "base/loop.h"
#include "exchange/assemble.h"
#include "exchange/attempt.h"
#include "exchange/exchange.h"
#include "exchange/report.h"

typedef Sluice__V1__StreamEvent event_t;

struct sl_exchange {
    struct sl_exchange_spec spec;
    struct sl_candidates candidates;
    struct sl_course course;
    bool cancelled; /* while the letter of an early failure was under way */
    bool full;      /* the client has enough for now */
    bool started;   /* `started` was sent */
    struct sl_attempt attempt;
    struct sl_answer answer;
    struct sl_assembler assembler;
    struct sl_err event_err; /* of an event that could not be passed on */
    int64_t sequence;
    int32_t n_parts;
    uint8_t *parts_done; /* bits of parts whose end the adapter told; NULL: none */
    uint64_t answer_bytes, reasoning_bytes;
    struct sl_mail early; /* carries a failure before anything was sent */
    struct sl_err early_err;
};

/* ---- events.c: from the adapter to the client ---- */

/* The sink of the adapter's events; an event that cannot be passed on sets x->event_err. */
void sl_exchange_on_event(void *owner, event_t *e);
/* Numbers an event and passes it on. */
void sl_exchange_send(struct sl_exchange *x, event_t *e);
/* Once, before everything else. */
void sl_exchange_send_started(struct sl_exchange *x);
/* The ends that the adapter did not tell. */
void sl_exchange_send_parts_done(struct sl_exchange *x);

#endif
