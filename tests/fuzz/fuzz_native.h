/* Shared by the fuzz targets of translators with a format of their own: any bytes as a body, or
 * as frames, to one API of one provider. */
#ifndef SL_TESTS_FUZZ_NATIVE_H
#define SL_TESTS_FUZZ_NATIVE_H

#include "fuzz_openai.h"

static inline enum sl_code fuzz_native_frames(struct fuzz_answer *f, const uint8_t *data,
                                              size_t size)
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
    return code == SL_OK ? f->adapter->on_eof(&f->answer, &f->err) : code;
}

static inline void fuzz_native(const char *kind, const char *api, bool body, const uint8_t *data,
                               size_t size)
{
    struct fuzz_answer f;
    char *copy = body ? fuzz_copy(data, size) : NULL;

    fuzz_init(&f);
    f.target.api = api;
    f.target.base_url = "https://api.test";
    f.adapter = sl_adapter_for_api(sl_adapter_find(kind), api);
    f.answer.state = sl_arena_zalloc(&f.arena, f.adapter->state_size);
    enum sl_code code = body ? f.adapter->on_body(&f.answer, copy, size, &f.err)
                             : fuzz_native_frames(&f, data, size);
    fuzz_require((code == SL_OK) == f.answer.end.done);
    if (code != SL_OK)
        fuzz_error(&f);
    fuzz_fini(&f);
    sl_free(copy);
}

#endif
