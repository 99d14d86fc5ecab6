/* Answers of Bedrock's Converse and InvokeModel: the first byte says which, and whether the rest is
 * a body ('B', 'b') or a frame each line, the event's name before a blank. */
#include "fuzz_native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum sl_code frames(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    enum sl_code code = SL_OK;

    for (size_t at = 0; at < size && code == SL_OK;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        char *line = fuzz_copy(data + at, n);
        char *blank = strchr(line, ' ');
        struct sl_frame frame = {.event = "", .data = line, .n = n};
        if (blank) {
            *blank = '\0';
            frame = (struct sl_frame){line, blank + 1, n - (size_t)(blank + 1 - line)};
        }
        code = f->adapter->on_frame(&f->answer, &frame, &f->err);
        sl_free(line);
        at += n + 1;
    }
    return code == SL_OK ? f->adapter->on_eof(&f->answer, &f->err) : code;
}

static void run(const char *api, const uint8_t *data, size_t size)
{
    struct fuzz_answer f;

    fuzz_init(&f);
    f.target.api = api;
    f.target.base_url = "https://api.test";
    f.adapter = sl_adapter_for_api(sl_adapter_find("bedrock"), api);
    f.answer.state = sl_arena_zalloc(&f.arena, f.adapter->state_size);
    enum sl_code code = frames(&f, data, size);
    fuzz_require((code == SL_OK) == f.answer.end.done);
    if (code != SL_OK)
        fuzz_error(&f);
    fuzz_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *api = size && data[0] >= 'a' ? "invoke" : "";

    if (size && (data[0] == 'B' || data[0] == 'b'))
        fuzz_native("bedrock", api, true, data + 1, size - 1);
    else if (size)
        run(api, data + 1, size - 1);
    return 0;
}
