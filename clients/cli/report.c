/* See report.h. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

/* "FINISH_REASON_TOOL_CALLS" as "tool calls". */
static void reason_words(char *dst, size_t size, const struct report *r)
{
    static const char prefix[] = "FINISH_REASON_";
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(
        &sluice__v1__finish_reason__descriptor, (int)r->finish_reason);
    const char *name = row ? row->name + sizeof(prefix) - 1 : "?";
    size_t n = 0;

    if (r->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER &&
        *r->raw_finish_reason) {
        snprintf(dst, size, "%s", r->raw_finish_reason);
        return;
    }
    for (; name[n] && n + 1 < size; n++)
        dst[n] = name[n] == '_' ? ' '
                                : (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
    dst[n] = 0;
}

void report_warnings(struct term *err, Sluice__V1__Warning **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const Sluice__V1__Warning *w = list[i];

        term_style(err, TERM_YELLOW);
        term_printf(err, "sluice: warning: ");
        term_style(err, TERM_PLAIN);
        if (*w->field)
            term_printf(err, "%s: ", w->field);
        term_printf(err, "%s [%s]\n", w->message, w->reason);
    }
    term_flush(err);
}

void report_cut_off(struct term *err, const struct report *r)
{
    if (r->complete)
        return;
    term_style(err, TERM_YELLOW);
    term_printf(err, "sluice: warning: ");
    term_style(err, TERM_PLAIN);
    if (r->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH)
        term_printf(err, "the answer was cut off by a token limit\n");
    else if (r->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER)
        term_printf(err, "the answer was cut off by the provider's policy\n");
    else
        term_printf(err, "the answer was cut off\n");
    term_flush(err);
}

static void print_usage(struct term *err, const Sluice__V1__TokenUsage *u)
{
    term_printf(err, ", %" PRId32 " tokens in",
                u->input_tokens + u->cache_read_tokens + u->cache_write_tokens);
    if (u->cache_read_tokens || u->cache_write_tokens)
        term_printf(err, " (cache: %" PRId32 " read, %" PRId32 " written)", u->cache_read_tokens,
                    u->cache_write_tokens);
    term_printf(err, ", %" PRId32 " out", u->output_tokens + u->reasoning_tokens);
    if (u->reasoning_tokens)
        term_printf(err, " (%" PRId32 " reasoning)", u->reasoning_tokens);
    if (u->estimated)
        term_printf(err, ", estimated");
}

static void print_call(struct term *err, const Sluice__V1__CallReport *c)
{
    if (c->_first_token_ms_case)
        term_printf(err, ", first token %.0f ms", c->first_token_ms);
    term_printf(err, ", total %.0f ms", c->total_ms);
    if (c->tokens_per_second > 0)
        term_printf(err, ", %.1f tokens/s", c->tokens_per_second);
    if (c->_cost_nanos_case)
        term_printf(err, ", $%.6f", (double)c->cost_nanos / 1e9);
    if (c->attempts > 1)
        term_printf(err, ", %" PRId32 " attempts", c->attempts);
}

void report_summary(struct term *err, const struct report *r)
{
    char reason[48];

    reason_words(reason, sizeof(reason), r);
    term_style(err, TERM_DIM);
    if (r->report) {
        term_printf(err, "%s (%s", r->report->model, r->report->provider);
        if (*r->report->provider_model)
            term_printf(err, ", %s", r->report->provider_model);
        term_printf(err, "), ");
    }
    term_printf(err, "ended: %s", reason);
    if (r->usage)
        print_usage(err, r->usage);
    if (r->report)
        print_call(err, r->report);
    if (r->report && *r->report->reason)
        term_printf(err, ", %s", r->report->reason);
    term_printf(err, "\n");
    term_style(err, TERM_PLAIN);
    term_flush(err);
}
