/* A whole answer of chat completions: any bytes. */
#include "fuzz_openai.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;
    char *body = fuzz_copy(data, size);

    fuzz_init(&f);
    if (f.adapter->on_body(&f.answer, body, size, &f.err) == SL_OK)
        fuzz_require(f.answer.end.done);
    else
        fuzz_error(&f);
    fuzz_fini(&f);
    sl_free(body);
    return 0;
}
