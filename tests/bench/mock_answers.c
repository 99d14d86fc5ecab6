/* The mock provider's answers, in the shapes of https://platform.openai.com/docs/api-reference/chat: the objects
 * chat.completion and chat.completion.chunk. A stream holds an event with the role, the pieces, the finish reason, the
 * usage and [DONE]: pieces + 4 events. */
#include "mock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"

enum { MAX_ANSWER = 64 << 20 };

#define CHUNK_HEAD                                                                                 \
    "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,"       \
    "\"model\":\"mock-1\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\","
#define USAGE                                                                                      \
    "{\"prompt_tokens\":12,\"completion_tokens\":%u,\"total_tokens\":%u,"                          \
    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"                          \
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0}}"

static void add(struct sl_buf *b, const char *p, size_t n)
{
    if (!sl_buf_add(b, p, n)) {
        fprintf(stderr, "bench_mock: the answer is longer than %d bytes\n", MAX_ANSWER);
        exit(1);
    }
}

static struct mock_text take(struct sl_buf *b)
{
    return (struct mock_text){b->p, b->n};
}

/* Adds one event as one chunk of the transfer encoding. */
static void add_event(struct sl_buf *out, const char *fmt, ...) SL_PRINTF(2, 3);

static void add_event(struct sl_buf *out, const char *fmt, ...)
{
    char event[1024], size[16];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(event, sizeof(event), fmt, args);
    va_end(args);
    int digits = snprintf(size, sizeof(size), "%x\r\n", (unsigned)n + 8);
    add(out, size, (size_t)digits);
    add(out, "data: ", 6);
    add(out, event, (size_t)n);
    add(out, "\n\n\r\n", 4);
}

static struct mock_text make_whole(unsigned pieces)
{
    struct sl_buf body, out;
    sl_buf_init(&body, MAX_ANSWER);
    sl_buf_init(&out, MAX_ANSWER);
    static const char before[] =
        "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":"
        "\"mock-1\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"";
    static const char after[] = "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,"
                                "\"finish_reason\":\"stop\"}],\"usage\":";
    add(&body, before, sizeof(before) - 1);
    for (unsigned i = 0; i < pieces; i++)
        add(&body, " token", 6);
    add(&body, after, sizeof(after) - 1);
    char text[512];
    int n = snprintf(text, sizeof(text), USAGE "}", pieces, pieces + 12);
    add(&body, text, (size_t)n);
    n = snprintf(text, sizeof(text),
                 "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_mock\r\n"
                 "content-length: %zu\r\n\r\n",
                 body.n);
    add(&out, text, (size_t)n);
    add(&out, body.p, body.n);
    sl_buf_fini(&body);
    return take(&out);
}

static struct mock_text make_first(void)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_mock\r\n"
        "transfer-encoding: chunked\r\n\r\n";
    struct sl_buf out;
    sl_buf_init(&out, MAX_ANSWER);
    add(&out, head, sizeof(head) - 1);
    add_event(&out, CHUNK_HEAD
              "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\","
              "\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}]}");
    return take(&out);
}

static struct mock_text make_piece(void)
{
    struct sl_buf out;
    sl_buf_init(&out, MAX_ANSWER);
    add_event(&out, CHUNK_HEAD
              "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"logprobs\":null,"
              "\"finish_reason\":null}],\"obfuscation\":\"x7Yd0\"}");
    return take(&out);
}

static struct mock_text make_last(unsigned pieces)
{
    struct sl_buf out;
    sl_buf_init(&out, MAX_ANSWER);
    add_event(
        &out, CHUNK_HEAD
        "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}");
    add_event(&out, CHUNK_HEAD "\"choices\":[],\"usage\":" USAGE "}", pieces, pieces + 12);
    add_event(&out, "[DONE]");
    add(&out, "0\r\n\r\n", 5);
    return take(&out);
}

void mock_answers_init(struct mock_answers *a, unsigned pieces)
{
    a->whole = make_whole(pieces);
    a->first = make_first();
    a->piece = make_piece();
    a->last = make_last(pieces);
    struct sl_buf all;
    sl_buf_init(&all, MAX_ANSWER);
    add(&all, a->first.p, a->first.n);
    for (unsigned i = 0; i < pieces; i++)
        add(&all, a->piece.p, a->piece.n);
    add(&all, a->last.p, a->last.n);
    a->stream = take(&all);
}

void mock_answers_fini(struct mock_answers *a)
{
    struct mock_text *all[] = {&a->whole, &a->first, &a->piece, &a->last, &a->stream};
    for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)
        sl_free(all[i]->p);
}
