/* For tests of tokens: a scripted token endpoint, a clock of the test's, and a caller with a loop. Defines the upstream's
 * functions; everything else, the minting's thread included, is real. */
#ifndef SL_TESTS_ACCESS_TOKEN_KIT_H
#define SL_TESTS_ACCESS_TOKEN_KIT_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "access/tokens/internal.h"

/* The request of the minting under way; one at a time. */
struct sl_transfer {
    struct sl_transfer_spec spec;
    char method[8], url[1024], body[16384];
    char headers[4096]; /* "name: value\n" of each, but for the content's */
};

extern struct sl_transfer transfer;
extern atomic_uint n_started, n_cancelled;
extern sem_t started; /* posted for each request */
extern _Atomic int64_t now_ms;

enum { WAITS = 64 };

struct fixture {
    struct sl_tokens *tokens;
    struct sl_loop *loop;
    struct sl_token_source *source;
    struct sl_token_wait *waits[WAITS];
    size_t n_asked;
    sem_t ended;
    /* of the last one that ended */
    atomic_uint n_ended;
    char token[4096];
    struct sl_err err;
};

int token_setup(void **state);
int token_teardown(void **state);

struct sl_token_source *open_source(struct fixture *f, struct sl_token_spec spec);
/* Starts a wait, on the caller's loop: for sl_loop_call. timeout_ms of 5 in the second. */
void ask_here(void *arg);
void ask_briefly_here(void *arg);
void ask(struct fixture *f);
/* Waits for the request, and answers it. */
void answer(struct fixture *f, int status, const char *body);
void fail_to_connect(struct fixture *f);
void wait_ends(struct fixture *f, unsigned n);
/* Later; the minting's thread looks at the clock. */
void pass(struct fixture *f, int64_t ms);
/* "" : none */
const char *current(struct fixture *f);

#endif
