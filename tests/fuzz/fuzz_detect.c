/* Names against the catalogue in the binary: lines of name, provider, base model, a pattern and its provider. What is
 * found is whole, and the same when asked again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "registry/catalogue/detect.h"

enum { LINES = 5 };

static const struct sl_catalogue *catalogue(void)
{
    static struct sl_catalogue *c;
    struct sl_err err = {0};
    if (!c && sl_catalogue_load(NULL, &c, &err))
        abort();
    return c;
}

static void split(char *text, const char *lines[LINES])
{
    for (int i = 0; i < LINES; i++) {
        char *end = strchr(text, '\n');
        lines[i] = text;
        if (!end) {
            text += strlen(text);
            continue;
        }
        *end = '\0';
        text = end + 1;
    }
}

static void check(const struct sl_detected *d)
{
    if (!d->provider_id || !d->kind || !d->model_id || !*d->model_id || !d->pattern)
        abort();
    if (d->score < 1 || d->score > 100 || (d->model && !d->base) || (d->base_prices && !d->base))
        abort();
    if (!*sl_detect_how_text(d->how))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sl_detect_provider providers[] = {{"gpu-box", "vllm"}, {"eu", "openai"}};
    char *text = sl_strndup((const char *)data, size);
    const char *line[LINES];
    struct sl_detected first, again;
    split(text, line);
    const struct sl_detect_pattern pattern = {line[3], line[4]};
    const struct sl_detect_in in = {.name = line[0],
                                    .provider = line[1],
                                    .base_model = line[2],
                                    .patterns = &pattern,
                                    .n_patterns = 1,
                                    .providers = providers,
                                    .n_providers = 2};
    if (sl_detect(catalogue(), &in, &first)) {
        check(&first);
        if (!sl_detect(catalogue(), &in, &again) || again.model != first.model ||
            again.base != first.base || again.how != first.how)
            abort();
    }
    sl_free(text);
    return 0;
}
