/* The decoders of providers that speak chat completions in words of their own. The first line of the input names the
 * provider and what follows: "openrouter frames", "minimax body", "xai error"; frames stand one on a line. */
#include "fuzz_openai.h"

static bool is_dialect(const struct sl_adapter *a)
{
    return !strcmp(a->api, "chat_completions") &&
           a->state_size == sl_adapter_find("openai")->state_size;
}

/* The provider of that name; any other is OpenRouter, which has most words of its own. */
static const struct sl_adapter *find(const char *name, size_t n)
{
    for (const struct sl_adapter *const *at = sl_adapters(); *at; at++)
        if (is_dialect(*at) && strlen((*at)->name) == n && !memcmp((*at)->name, name, n))
            return *at;
    return sl_adapter_find("openrouter");
}

static void feed_frames(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    enum sl_code code = SL_OK;

    for (size_t at = 0; at < size && code == SL_OK;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        char *text = fuzz_copy(data + at, n);
        struct sl_frame frame = {.event = "", .data = text, .n = n};
        code = f->adapter->on_frame(&f->answer, &frame, &f->err);
        sl_free(text);
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
    char *text = fuzz_copy(data, size);

    f->answer.stream = false;
    if (f->adapter->on_body(&f->answer, text, size, &f->err) != SL_OK)
        fuzz_error(f);
    sl_free(text);
}

static void feed_error(struct fuzz_answer *f, const uint8_t *data, size_t size)
{
    struct sl_http_head head = {.status = 400};
    char *text = fuzz_copy(data, size);

    f->adapter->on_failure(&f->answer, &head, text, size, &f->err);
    fuzz_error(f);
    sl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    const uint8_t *end = memchr(data, '\n', size);
    size_t line = end ? (size_t)(end - data) : size;
    const uint8_t *blank = line ? memchr(data, ' ', line) : NULL;
    size_t name = blank ? (size_t)(blank - data) : line;
    uint8_t what = blank && name + 1 < line ? blank[1] : 'f';
    size_t rest = end ? line + 1 : line;

    fuzz_init(&f);
    f.adapter = find((const char *)data, name);
    if (what == 'b')
        feed_body(&f, data + rest, size - rest);
    else if (what == 'e')
        feed_error(&f, data + rest, size - rest);
    else
        feed_frames(&f, data + rest, size - rest);
    fuzz_fini(&f);
    return 0;
}
