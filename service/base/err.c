/* Names of codes and reasons, and the two ways to fill an error. */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

const char *sl_code_name(enum sl_code code)
{
    switch (code) {
#define SL_CODE_NAME(name, number)                                                                 \
    case SL_##name:                                                                                \
        return #name;
        SL_CODES(SL_CODE_NAME)
#undef SL_CODE_NAME
    }
    return "?";
}

const char *sl_reason_name(enum sl_reason reason)
{
    switch (reason) {
#define SL_REASON_NAME(name)                                                                       \
    case SL_REASON_##name:                                                                         \
        return #name;
        SL_REASONS(SL_REASON_NAME)
#undef SL_REASON_NAME
    }
    return "?";
}

static SL_PRINTF(4, 0) enum sl_code fill(struct sl_err *err, enum sl_code code,
                                         enum sl_reason reason, const char *fmt, va_list args)
{
    int n = vsnprintf(err->text, sizeof(err->text), fmt, args);
    if (n >= (int)sizeof(err->text))
        err->text[sl_utf8_cut(err->text, sizeof(err->text) - 1)] = '\0';
    err->code = code;
    err->reason = reason;
    return code;
}

enum sl_code sl_err_set(struct sl_err *err, enum sl_code code, enum sl_reason reason,
                        const char *fmt, ...)
{
    assert(err && code != SL_OK);
    if (err->code != SL_OK)
        return err->code;
    va_list args;
    va_start(args, fmt);
    fill(err, code, reason, fmt, args);
    va_end(args);
    return code;
}

enum sl_code sl_err_field(struct sl_err *err, enum sl_code code, enum sl_reason reason,
                          const char *field, const char *fmt, ...)
{
    assert(err && code != SL_OK);
    if (err->code != SL_OK)
        return err->code;
    va_list args;
    va_start(args, fmt);
    fill(err, code, reason, fmt, args);
    va_end(args);
    sl_copy(err->field, sizeof(err->field), field);
    return code;
}
