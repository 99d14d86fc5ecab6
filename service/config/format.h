/* Values of settings as texts. */
#ifndef SL_CONFIG_FORMAT_H
#define SL_CONFIG_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "config/settings.h"

/* Whether there is anything to write: false for tables, empty texts, prices that are not known,
 * capabilities nobody spoke of, clocks that are inherited. */
bool sl_format_is_set(const struct sl_setting *row, const void *base);
/* The value of row in base, as one would write it in YAML behind "key: " (flow style), secrets
 * masked. */
void sl_format_value(const struct sl_setting *row, const void *base, FILE *to);
/* A YAML text in double quotes, or plain where that is the same. */
void sl_format_text(const char *text, FILE *to);
/* The type in a word or two, for the help: "DURATION", "true|false". */
const char *sl_format_type(const struct sl_setting *row);
/* The default as the help shows it; "" : nothing to say. */
const char *sl_format_default(const struct sl_setting *row);

#endif
