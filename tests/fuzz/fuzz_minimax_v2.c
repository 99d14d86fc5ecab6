/* Answers of MiniMax's chatcompletion_v2: the first byte says whether the rest is a body ('B') or frames. */
#include "fuzz_openai.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    enum sl_code code = SL_OK;

    if (!size)
        return 0;
    fuzz_init(&f);
    f.adapter = sl_adapter_for_api(sl_adapter_find("minimax"), "chatcompletion_v2");
    f.answer.state = sl_arena_zalloc(&f.arena, f.adapter->state_size);
    f.answer.stream = data[0] != 'B';
    for (size_t at = 1; at < size && code == SL_OK;) {
        const uint8_t *end = f.answer.stream ? memchr(data + at, '\n', size - at) : NULL;
        size_t n = end ? (size_t)(end - data) - at : size - at;
        char *text = fuzz_copy(data + at, n);
        struct sl_frame frame = {.event = "", .data = text, .n = n};
        code = f.answer.stream ? f.adapter->on_frame(&f.answer, &frame, &f.err)
                               : f.adapter->on_body(&f.answer, text, n, &f.err);
        sl_free(text);
        at += n + 1;
    }
    if (code == SL_OK && f.answer.stream)
        code = f.adapter->on_eof(&f.answer, &f.err);
    if (code != SL_OK)
        fuzz_error(&f);
    fuzz_fini(&f);
    return 0;
}
