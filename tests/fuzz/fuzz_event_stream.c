/* An AWS event stream from a provider. */
#include "fuzz_framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_framer(SL_FRAMER_AWS, data, size);
}
