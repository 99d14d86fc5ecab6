/* Any text as an API key: what is taken is the key itself, in its one spelling. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/api_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sl_str text = {(const char *)data, size};
    struct sl_api_key key, again;
    if (!sl_api_key_parse(text, &key))
        return 0;
    require(sl_api_key_looks_like(text));
    require(strlen(key.text) == size && !memcmp(key.text, data, size));
    require(*key.id && strlen(key.id) <= SL_API_KEY_ID_MAX);
    require(!strncmp(key.text + 3, key.id, strlen(key.id)));
    require(sl_api_key_parse(sl_str(key.text), &again));
    require(!memcmp(key.sha256, again.sha256, sizeof(key.sha256)));
    return 0;
}
