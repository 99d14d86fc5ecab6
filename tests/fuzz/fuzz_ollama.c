/* Answers of Ollama's own APIs: the first byte says whether the rest is a body ('B') or lines. */
#include "fuzz_native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size)
        fuzz_native("ollama", "", data[0] == 'B', data + 1, size - 1);
    return 0;
}
