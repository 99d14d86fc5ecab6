/* Answers of Text Generation Inference: the first byte says whether the rest is a body ('B') or frames. */
#include "fuzz_native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size)
        fuzz_native("huggingface", "text_generation", data[0] == 'B', data + 1, size - 1);
    return 0;
}
