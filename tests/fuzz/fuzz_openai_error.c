/* An answer that is not 2xx: two bytes choose the status, a first line is the value of its headers, the rest is the body. */
#include "fuzz_openai.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer f;

    if (size < 2)
        return 0;
    const uint8_t *end = memchr(data + 2, '\n', size - 2);
    size_t n = end ? (size_t)(end - data) - 2 : 0;
    char *value = fuzz_copy(data + 2, n);
    const uint8_t *rest = end ? end + 1 : data + 2;
    size_t length = size - (size_t)(rest - data);
    char *body = fuzz_copy(rest, length);
    struct sl_header id = {"x-request-id", value, false, NULL};
    struct sl_header date = {"date", "Sun, 06 Nov 1994 08:49:37 GMT", false, &id};
    struct sl_header retry = {"retry-after", value, false, &date};
    struct sl_http_head head = {.status = (data[0] << 8 | data[1]) % 1000, .headers = &retry};

    fuzz_init(&f);
    f.adapter->on_failure(&f.answer, &head, body, length, &f.err);
    fuzz_error(&f);
    fuzz_require(!f.err.has_retry_after || f.err.retry_after_ms >= 0);
    fuzz_fini(&f);
    sl_free(body);
    sl_free(value);
    return 0;
}
