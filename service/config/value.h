/* Texts of settings into values, and back. Each parser takes a whole text and returns NULL, or
 * what is wrong with it, as the end of a sentence that begins with the setting's name; *out is
 * set on success only. */
#ifndef SL_CONFIG_VALUE_H
#define SL_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* "true" or "false". */
const char *sl_value_bool(const char *text, bool *out) SL_MUST_CHECK;
const char *sl_value_int(const char *text, int64_t *out) SL_MUST_CHECK;
/* A finite decimal number, "." as point whatever the locale. */
const char *sl_value_number(const char *text, double *out) SL_MUST_CHECK;
/* "500ms", "10s", "2m", "1h", "7d", "1.5s", "1m30s", and "0", in milliseconds. */
const char *sl_value_duration(const char *text, int64_t *ms) SL_MUST_CHECK;
/* "4096", "64KiB", "16MiB", "1GiB", in bytes. */
const char *sl_value_size(const char *text, int64_t *bytes) SL_MUST_CHECK;
/* Dollars, "2.50", in millionths; at most six decimals. */
const char *sl_value_price(const char *text, int64_t *micros) SL_MUST_CHECK;
/* One of "a|b|c". */
const char *sl_value_choice(const char *text, const char *choices) SL_MUST_CHECK;

/* The shortest text that reads back as the value. */
void sl_value_print_duration(char *dst, size_t size, int64_t ms);
void sl_value_print_size(char *dst, size_t size, int64_t bytes);
void sl_value_print_price(char *dst, size_t size, int64_t micros);

#endif
