/* A stream of chat completions: each line of the input is a frame; one that begins with '!' is named "error". */
#include "fuzz_openai.h"

static enum sl_code feed(struct fuzz_answer *f, const uint8_t *line, size_t n)
{
    bool named = n && line[0] == '!';
    char *data = fuzz_copy(line + named, n - named);
    struct sl_frame frame = {.event = named ? "error" : "", .data = data, .n = n - named};
    enum sl_code code = f->adapter->on_frame(&f->answer, &frame, &f->err);

    sl_free(data);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    enum sl_code code = SL_OK;

    fuzz_init(&f);
    for (size_t at = 0; at < size && code == SL_OK;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        code = feed(&f, data + at, n);
        at += n + 1;
    }
    if (code == SL_OK)
        code = f.adapter->on_eof(&f.answer, &f.err);
    fuzz_require((code == SL_OK) == f.answer.end.done);
    if (code != SL_OK)
        fuzz_error(&f);
    fuzz_fini(&f);
    return 0;
}
