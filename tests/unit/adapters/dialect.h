/* For tests of providers that speak chat completions in words of their own: the words, and rows of requests, answers and
 * failures. A test file has its rows, and DIALECT_MAIN. */
#ifndef SL_TESTS_ADAPTERS_DIALECT_H
#define SL_TESTS_ADAPTERS_DIALECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

/* How dialect_ask_everything and dialect_ask_no_reasoning are said; what is NULL or false is the usual, or left out. */
struct dialect_words {
    const char *body;      /* the whole body of the first, for a form of its own */
    const char *system;    /* the role of instructions; NULL: system */
    const char *history;   /* member of an assistant's message for its reasoning */
    const char *limit;     /* member for the most tokens */
    const char *reasoning; /* members for the highest effort */
    const char *end_user;  /* member for the end user */
    const char *extra;     /* members at the end */
    bool top_k, no_logprobs, no_stream_options;
    const char *warned;      /* the fields that are warned about, with a blank behind each */
    const char *none;        /* members for no reasoning; NULL: not asked for */
    const char *none_warned; /* NULL: nothing */
};

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
    const struct dialect_words *words;
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

/* Reasoning in that member, then text, then usage in a chunk of its own. */
#define DIALECT_ANSWER(field)                                                                      \
    {                                                                                              \
        "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":\""     \
        "assistant\",\"content\":\"Yes.\",\"" field "\":\"Hm\"},\"finish_reason\":\"stop\"}],"     \
        "\"usage\":" DIALECT_USAGE "}",                                                            \
            {DIALECT_CHUNK("{\"role\":\"assistant\",\"content\":\"\",\"" field "\":\"Hm\"}",       \
                           "null"),                                                                \
             DIALECT_CHUNK("{\"content\":\"Yes\"}", "null"),                                       \
             DIALECT_CHUNK("{\"content\":\".\"}", "\"stop\""),                                     \
             "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[],\"usage\":" DIALECT_USAGE "}",      \
             "[DONE]"},                                                                            \
            "reasoning 0 \"Hm\"\ntext 1 \"Yes\"\ntext 1 \".\"\n", 9, 0, 0, 3, 1                    \
    }
#define DIALECT_CHUNK(delta, reason)                                                               \
    "{\"id\":\"a-1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":" delta                 \
    ",\"finish_reason\":" reason "}]}"
#define DIALECT_USAGE                                                                              \
    "{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13,\"completion_tokens_"        \
    "details\""                                                                                    \
    ":{\"reasoning_tokens\":1}}"

/* The asking one has an array `requests` besides. */
#define DIALECT_MAIN(kind, url, key_header) DIALECT_MAIN_OF(kind, url, key_header, NULL, 0)
#define DIALECT_MAIN_ASKING(kind, url, key_header)                                                 \
    DIALECT_MAIN_OF(kind, url, key_header, requests, SL_ARRAY_LEN(requests))
#define DIALECT_MAIN_OF(kind, url, key_header, requests, n_requests)                               \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct dialect d = {kind,       url,                                          \
                                         key_header, &words,                                       \
                                         requests,   n_requests,                                   \
                                         answers,    SL_ARRAY_LEN(answers),                        \
                                         failures,   SL_ARRAY_LEN(failures)};                      \
        return dialect_run(&d);                                                                    \
    }

#endif
