/* Answers of generateContent. The first byte chooses: '[' or '{' a whole body, '!' an error body, anything else a stream
 * whose frames are the lines behind it. */
#include "fuzz_openai.h"

static void begin(struct fuzz_answer *f)
{
    fuzz_init(f);
    f->adapter = sl_adapter_find("gemini");
    f->answer.state = sl_arena_zalloc(&f->arena, f->adapter->state_size);
}

/* A blocked prompt ends without a reason of its own: only what holds for every answer is required. */
static void end(struct fuzz_answer *f, enum sl_code code)
{
    fuzz_require((code == SL_OK) == f->answer.end.done);
    if (code != SL_OK)
        fuzz_error(f);
    if (f->answer.end.has_usage)
        fuzz_require(f->answer.end.usage.input_tokens >= 0);
    sl_json_parser_fini(&f->parser);
    sl_arena_fini(&f->arena);
}

static void feed_error(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    struct sl_http_head head = {.status = 400};
    char *body = fuzz_copy(data, size);

    begin(&f);
    f.adapter->on_failure(&f.answer, &head, body, size, &f.err);
    fuzz_error(&f);
    sl_free(body);
    sl_json_parser_fini(&f.parser);
    sl_arena_fini(&f.arena);
}

static void feed_body(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    char *body = fuzz_copy(data, size);

    begin(&f);
    end(&f, f.adapter->on_body(&f.answer, body, size, &f.err));
    sl_free(body);
}

static void feed_stream(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    enum sl_code code = SL_OK;

    begin(&f);
    for (size_t at = 0; at < size && code == SL_OK;) {
        const uint8_t *stop = memchr(data + at, '\n', size - at);
        size_t n = stop ? (size_t)(stop - data) - at : size - at;
        char *line = fuzz_copy(data + at, n);
        struct sl_frame frame = {.event = "", .data = line, .n = n};
        code = f.adapter->on_frame(&f.answer, &frame, &f.err);
        sl_free(line);
        at += n + 1;
    }
    if (code == SL_OK)
        code = f.adapter->on_eof(&f.answer, &f.err);
    end(&f, code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == '!')
        feed_error(data + 1, size - 1);
    else if (size && (data[0] == '{' || data[0] == '['))
        feed_body(data, size);
    else if (size)
        feed_stream(data + 1, size - 1);
    return 0;
}
