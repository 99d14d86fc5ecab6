/* Gathering what is wrong with a request. */
#include "base/violations.h"

#include <stdarg.h>
#include <stdio.h>

void sl_violate(struct sl_violations *v, const char *field, const char *fmt, ...)
{
    if (v->count == SL_MAX_VIOLATIONS)
        return;
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    v->list[v->count++] = (struct sl_field_violation){
        sl_arena_strdup(v->arena, field),
        sl_arena_strdup(v->arena, text),
    };
}

enum sl_code sl_violations_err(const struct sl_violations *v, struct sl_err *err)
{
    if (!v->count)
        return SL_OK;
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, v->list[0].field,
                        "%s %s%s", v->list[0].field, v->list[0].description,
                        v->count > 1 ? " (and more, see the details)" : "");
}
