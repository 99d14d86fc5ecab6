/* The Responses API and completions: the first byte says which of them, and whether the rest is a body or a stream with a
 * frame in each line. */
#include "fuzz_openai.h"

static enum sl_code feed(struct fuzz_answer *f, const uint8_t *data, size_t n)
{
    char *text = fuzz_copy(data, n);
    struct sl_frame frame = {.event = "", .data = text, .n = n};
    enum sl_code code = f->adapter->on_frame(&f->answer, &frame, &f->err);

    sl_free(text);
    return code;
}

static enum sl_code feed_lines(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    enum sl_code code = SL_OK;

    for (size_t at = 0; at < size && code == SL_OK;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        code = feed(f, data + at, n);
        at += n + 1;
    }
    return code == SL_OK ? f->adapter->on_eof(&f->answer, &f->err) : code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    enum sl_code code;

    if (!size)
        return 0;
    fuzz_init(&f);
    f.adapter = sl_adapter_for_api(f.adapter, data[0] & 2 ? "completions" : "responses");
    f.answer.state = sl_arena_zalloc(&f.arena, f.adapter->state_size);
    if (data[0] & 1) {
        code = feed_lines(&f, data + 1, size - 1);
    } else {
        char *text = fuzz_copy(data + 1, size - 1);
        code = f.adapter->on_body(&f.answer, text, size - 1, &f.err);
        sl_free(text);
    }
    fuzz_require((code == SL_OK) == f.answer.end.done);
    if (code != SL_OK)
        fuzz_error(&f);
    fuzz_fini(&f);
    return 0;
}
