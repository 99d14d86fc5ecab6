/* Filters and page tokens of ListModels, as a client may send them: the first byte chooses. */
#include <stdint.h>
#include <string.h>

#include "api/filter.h"
#include "api/page_token.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void match(const struct sl_model_filter *f)
{
    static const struct sl_adapter adapter = {.name = "openai", .api = "chat"};
    static const char *const none[] = {NULL};
    const struct sl_model m = {.name = "m",
                               .provider = "p",
                               .adapter = &adapter,
                               .target = {.model_id = "id", .api = ""},
                               .tasks = none,
                               .source = "config"};
    const struct sl_filter_subject s = {&m, "", "healthy"};
    (void)sl_model_filter_matches(f, &s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sl_arena arena;
    struct sl_model_filter f;
    struct sl_page_place place;
    struct sl_err err = {0};
    if (!n)
        return 0;
    char *text = sl_strndup((const char *)data + 1, n - 1);
    sl_arena_init(&arena, SIZE_MAX);
    if (*data % 2) {
        if (sl_page_token_read(&arena, text, sl_page_query("", "", ""), &place))
            (void)sl_page_token_write(&arena, &place);
    } else if (sl_model_filter_parse(text, &arena, &f, &err) == SL_OK) {
        match(&f);
    }
    sl_arena_fini(&arena);
    sl_free(text);
    return 0;
}
