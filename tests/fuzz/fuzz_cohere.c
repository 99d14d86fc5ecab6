/* Answers of Cohere's v2 and v1 chat: the first byte says which, and whether the rest is a body
 * ('B', 'b') or a frame each line. */
#include "fuzz_native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size)
        fuzz_native("cohere", data[0] >= 'a' ? "v1_chat" : "", data[0] == 'B' || data[0] == 'b',
                    data + 1, size - 1);
    return 0;
}
