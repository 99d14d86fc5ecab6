/* What the commands about callers print alike. */
#include "access_print.h"

#include <inttypes.h>
#include <string.h>

#include "table.h"
#include "verbs.h"

enum { NANOS = 1000000000 };

void access_format_cost(char *dst, size_t size, int64_t nanos)
{
    snprintf(dst, size, "%.10g", (double)nanos / NANOS);
}

int64_t access_nanos(double dollars)
{
    return (int64_t)(dollars * NANOS + 0.5); /* not negative */
}

static void print_number(struct term *out, const char *name, int64_t value)
{
    char text[24];

    if (!value)
        return;
    snprintf(text, sizeof(text), "%" PRId64, value);
    table_field(out, name, text);
}

void access_print_limits(struct term *out, const Sluice__V1__TierLimits *limits)
{
    char cost[32], text[48];

    if (!limits)
        return;
    print_number(out, "requests/min", limits->requests_per_minute);
    print_number(out, "tokens/min", limits->tokens_per_minute);
    print_number(out, "at a time", limits->concurrent_requests);
    if (!limits->monthly_cost_nanos)
        return;
    access_format_cost(cost, sizeof(cost), limits->monthly_cost_nanos);
    snprintf(text, sizeof(text), "$%s a month", cost);
    table_field(out, "cost", text);
}

void access_mask(char *mask, size_t size, const char *field)
{
    size_t n = strlen(mask);

    snprintf(mask + n, size - n, "%s%s", n ? "," : "", field);
}

void access_show_key(struct cli *cli, const char *key)
{
    if (cli->o.json || !*key)
        return;
    term_printf(&cli->out, "%s\n", key);
    term_flush(&cli->out);
    verbs_say(cli, "This is the whole key, shown this once: keep it.");
}
