/* The decoders of Anthropic's Messages. The first line of the input says what follows: "body", "error" (with the status
 * 529), or "frames", one on a line. */
#include "fuzz_openai.h"

static void feed_frames(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    enum sl_code code = SL_OK;

    for (size_t at = 0; at < size && code == SL_OK;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        char *line = fuzz_copy(data + at, n);
        struct sl_frame frame = {.event = "", .data = line, .n = n};
        code = f->adapter->on_frame(&f->answer, &frame, &f->err);
        sl_free(line);
        at += n + 1;
    }
    if (code == SL_OK)
        code = f->adapter->on_eof(&f->answer, &f->err);
    fuzz_require((code == SL_OK) == f->answer.end.done);
    if (code != SL_OK)
        fuzz_error(f);
}

static void feed_body(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    char *body = fuzz_copy(data, size);

    if (f->adapter->on_body(&f->answer, body, size, &f->err) == SL_OK)
        fuzz_require(f->answer.end.done);
    else
        fuzz_error(f);
    sl_free(body);
}

static void feed_error(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    char *body = fuzz_copy(data, size);
    struct sl_http_head head = {.status = 529};

    f->adapter->on_failure(&f->answer, &head, body, size, &f->err);
    fuzz_error(f);
    sl_free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct fuzz_answer f;

    if (!end)
        return 0;
    size_t rest = size - (size_t)(end + 1 - data);
    fuzz_init(&f);
    f.adapter = sl_adapter_find("anthropic");
    f.answer.state = sl_arena_zalloc(&f.arena, f.adapter->state_size);
    if (data[0] == 'b')
        feed_body(&f, end + 1, rest);
    else if (data[0] == 'e')
        feed_error(&f, end + 1, rest);
    else
        feed_frames(&f, end + 1, rest);
    fuzz_fini(&f);
    return 0;
}
