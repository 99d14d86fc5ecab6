/* For tests of providers that speak chat completions in words of their own: rows of requests, answers and failures. A
 * test file has its rows, and DIALECT_MAIN. */
#ifndef SL_TESTS_ADAPTERS_DIALECT_H
#define SL_TESTS_ADAPTERS_DIALECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

/* What is asked for, the whole body that is sent, and the fields that are warned about, with a blank behind each. */
struct dialect_request {
    void (*ask)(struct kit *k);
    bool stream;
    const char *body;
    const char *warned;
};

/* An answer as a body (NULL: none) and as a stream, and the stream's events. The stream is cut behind each frame, too:
 * before the first frame with a finish reason that is an error. */
struct dialect_answer {
    const char *body;
    const char *frames[8];
    const char *events;
    int32_t input, cached, written, output, reasoning;
};

/* status 200: an error in a stream whose only frame it is. */
struct dialect_failure {
    int status;
    const char *body;
    enum sl_code code;
    enum sl_reason reason;
    const char *provider_code, *text;
};

struct dialect {
    const char *kind, *url, *key_header; /* the header as name: value with the key sk-test-1 */
    const struct dialect_request *requests;
    size_t n_requests;
    const struct dialect_answer *answers;
    size_t n_answers;
    const struct dialect_failure *failures;
    size_t n_failures;
};

/* Instructions, a question, an answer with reasoning and a call, its result, a tool that has to be called; temperature,
 * top_k, seed, stop, a limit, the highest effort, an end user. */
void dialect_ask_everything(struct kit *k);
/* Without reasoning, and nothing else. */
void dialect_ask_no_reasoning(struct kit *k);
/* A budget of 512 tokens of reasoning. */
void dialect_ask_budget(struct kit *k);
/* A question and nothing else. */
void dialect_ask_plain(struct kit *k);

int dialect_run(const struct dialect *d);

#define DIALECT_MAIN(kind, url, key_header)                                                        \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct dialect d = {kind,                                                     \
                                         url,                                                      \
                                         key_header,                                               \
                                         requests,                                                 \
                                         SL_ARRAY_LEN(requests),                                   \
                                         answers,                                                  \
                                         SL_ARRAY_LEN(answers),                                    \
                                         failures,                                                 \
                                         SL_ARRAY_LEN(failures)};                                  \
        return dialect_run(&d);                                                                    \
    }

#endif
