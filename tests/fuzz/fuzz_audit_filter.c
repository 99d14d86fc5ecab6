/* Any text as a filter of the audit log: it is taken, or refused with a place inside it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/access/audit_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const event[SL_AUDIT_TIME] = {"a", "b", "c", "d", "e"};
    struct sl_arena arena;
    struct sl_audit_filter f;
    struct sl_err err = {0};
    sl_arena_init(&arena, SIZE_MAX);
    const char *text = sl_arena_strndup(&arena, (const char *)data, size);
    if (sl_audit_filter_parse(text, &arena, &f, &err) == SL_OK) {
        require(f.n <= SL_AUDIT_CONDITIONS && f.from_ms >= 0 && f.to_ms >= 0);
        for (size_t i = 0; i < f.n; i++)
            require(f.list[i].value && f.list[i].field < SL_AUDIT_TIME);
        (void)sl_audit_filter_allows(&f, event);
    } else {
        require(err.code == SL_INVALID_ARGUMENT && !strcmp(err.field, "filter"));
    }
    sl_arena_fini(&arena);
    return 0;
}
