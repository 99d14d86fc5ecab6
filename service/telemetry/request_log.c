/* The request log: fields in the order in which one reads them; what is not known is left out. */
#include "telemetry/request_log.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/log.h"

enum { MAX_FIELDS = 24, MAX_LABELS = 1000 };

struct line {
    struct sl_log_field fields[MAX_FIELDS];
    unsigned count;
};

/* NULL and "": left out. */
static void add_text(struct line *l, const char *name, const char *value)
{
    if (value && *value)
        l->fields[l->count++] = SL_F_STR(name, value);
}

static void add_number(struct line *l, const char *name, int64_t value)
{
    l->fields[l->count++] = SL_F_INT(name, value);
}

static void add_milliseconds(struct line *l, const char *name, int64_t us)
{
    l->fields[l->count++] = SL_F_DOUBLE(name, (double)us / 1000);
}

/* "key=value,key=value", cut at a whole label. */
static const char *join_labels(const char *const *labels, struct sl_buf *to)
{
    for (; labels && labels[0] && labels[1]; labels += 2) {
        if (!sl_buf_printf(to, "%s%s=%s", to->n ? "," : "", labels[0], labels[1]))
            break;
    }
    return to->n ? to->p : NULL;
}

static void add_choice(struct line *l, const struct sl_call_facts *f)
{
    add_text(l, "model_asked", f->model_asked);
    add_text(l, "task", f->task);
    add_text(l, "model", f->model);
    add_text(l, "provider", f->provider);
    add_text(l, "why", f->why);
    add_text(l, "provider_request_id", f->provider_request_id);
    if (f->attempts > 0)
        add_number(l, "attempts", f->attempts);
}

static void add_usage(struct line *l, const struct sl_call_facts *f)
{
    if (f->input_tokens >= 0)
        add_number(l, "input_tokens", f->input_tokens);
    if (f->output_tokens >= 0)
        add_number(l, "output_tokens", f->output_tokens);
    if (f->usage_estimated)
        l->fields[l->count++] = SL_F_BOOL("usage_estimated", true);
}

/* Whether an error's text may be the provider's own words, which like to repeat the prompt. The
 * reason and the provider's request id have to do then. */
static bool quotes_provider(enum sl_reason reason)
{
    switch (reason) {
    case SL_REASON_CONTEXT_TOO_LONG:
    case SL_REASON_CONTENT_REFUSED:
    case SL_REASON_PROVIDER_AUTH:
    case SL_REASON_PROVIDER_RATE_LIMIT:
    case SL_REASON_PROVIDER_QUOTA:
    case SL_REASON_PROVIDER_INVALID_REQUEST:
    case SL_REASON_PROVIDER_NOT_FOUND:
    case SL_REASON_PROVIDER_ERROR:
    case SL_REASON_PROVIDER_OVERLOADED:
    case SL_REASON_PROVIDER_UNSUPPORTED:
        return true;
    default:
        return false;
    }
}

void sl_request_log(const struct sl_request_line *line)
{
    const struct sl_call_facts *f = line->facts;
    struct sl_buf labels;
    struct line l = {.count = 0};
    if (!sl_log_enabled(SL_LOG_INFO))
        return;
    sl_buf_init(&labels, MAX_LABELS);
    add_text(&l, "id", line->id);
    add_text(&l, "method", line->method);
    add_text(&l, "principal", line->principal);
    add_text(&l, "acting", line->acting);
    add_text(&l, "peer", line->peer);
    if (f)
        add_choice(&l, f);
    add_text(&l, "status", sl_code_name(line->code));
    if (line->code != SL_OK)
        add_text(&l, "reason", sl_reason_name(line->reason));
    if (f && f->first_token_us >= 0)
        add_milliseconds(&l, "first_token_ms", f->first_token_us);
    add_milliseconds(&l, "total_ms", line->total_us);
    if (f) {
        add_usage(&l, f);
        add_text(&l, "conversation_id", f->conversation_id);
        add_text(&l, "message_id", f->message_id);
        add_text(&l, "labels", join_labels(f->labels, &labels));
    }
    if (line->code != SL_OK && !quotes_provider(line->reason))
        add_text(&l, "error", line->message);
    sl_log_gather(SL_LOG_INFO, "call", l.fields, l.count);
    sl_buf_fini(&labels);
}
