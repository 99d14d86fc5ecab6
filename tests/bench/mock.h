/* What the mock provider answers, made once at the start and sent as it is. */
#ifndef SLUICE_BENCH_MOCK_H
#define SLUICE_BENCH_MOCK_H

#include <stddef.h>

/* HTTP responses, or pieces of one, ready for the socket. */
struct mock_text {
    char *p;
    size_t n;
};

struct mock_answers {
    struct mock_text whole;  /* one JSON completion, head included */
    struct mock_text first;  /* of a stream: head and the event with the role */
    struct mock_text piece;  /* one event with a word */
    struct mock_text last;   /* finish reason, usage, [DONE], end of the chunked body */
    struct mock_text stream; /* first, all pieces and last in one */
};

/* pieces: events with a word in a stream. */
void mock_answers_init(struct mock_answers *a, unsigned pieces);
void mock_answers_fini(struct mock_answers *a);

#endif
