/* See render.h. */
#include "render.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "report.h"

/* Kept for a session, where a cancelled answer stays in the history. */
enum { RENDER_TEXT_MAX = 16 * 1024 * 1024, RENDER_CALL_MAX = 16 * 1024 * 1024 };

enum shown { SHOWN_NOTHING, SHOWN_TEXT, SHOWN_REASONING };

struct render_call {
    int part;
    bool custom;
    char *id, *name;
    struct sl_buf input; /* arguments, or a custom tool's text */
};

void render_init(struct render *r, struct cli *cli)
{
    *r = (struct render){.cli = cli, .part = -1};
    sl_buf_init(&r->text, RENDER_TEXT_MAX);
}

static void drop_calls(struct render *r)
{
    for (size_t i = 0; i < r->n_calls; i++) {
        sl_free(r->calls[i].id);
        sl_free(r->calls[i].name);
        sl_buf_fini(&r->calls[i].input);
    }
    sl_free(r->calls);
    r->calls = NULL;
    r->n_calls = 0;
}

void render_fini(struct render *r)
{
    drop_calls(r);
    sl_buf_fini(&r->text);
}

/* ---- pieces ---- */

/* Another kind, or another part, begins on a line of its own. Both streams may be the same terminal. */
static void begin(struct render *r, enum shown shown, int part)
{
    if (r->shown == (int)shown && r->part == part)
        return;
    term_end_line(&r->cli->out);
    term_flush(&r->cli->out);
    if (r->shown == SHOWN_REASONING)
        term_style(&r->cli->err, TERM_PLAIN);
    term_end_line(&r->cli->err);
    term_flush(&r->cli->err);
    r->shown = (int)shown;
    r->part = part;
}

static void show_text(struct render *r, int part, const char *text)
{
    size_t n = strlen(text);

    if (!n)
        return;
    begin(r, SHOWN_TEXT, part);
    term_text(&r->cli->out, text, n);
    term_flush(&r->cli->out);
    if (!sl_buf_add(&r->text, text, n))
        r->text.max = r->text.n; /* so that nothing is added after the gap */
}

static void show_reasoning(struct render *r, int part, const char *text)
{
    if (!*text || r->cli->o.no_reasoning || r->cli->o.quiet)
        return;
    begin(r, SHOWN_REASONING, part);
    term_style(&r->cli->err, TERM_DIM);
    term_text(&r->cli->err, text, strlen(text));
    term_flush(&r->cli->err);
}

static void show_note(struct render *r, const char *label, const char *text)
{
    if (r->cli->o.quiet)
        return;
    begin(r, SHOWN_NOTHING, -1);
    term_style(&r->cli->err, TERM_DIM);
    term_printf(&r->cli->err, "[%s%s%s]\n", label, *text ? " " : "", text);
    term_style(&r->cli->err, TERM_PLAIN);
    term_flush(&r->cli->err);
}

static void show_call(struct render *r, const char *name, const char *id, const char *input)
{
    begin(r, SHOWN_NOTHING, -1);
    term_style(&r->cli->out, TERM_CYAN);
    term_printf(&r->cli->out, "[tool call] %s ", name);
    term_text(&r->cli->out, input, strlen(input));
    term_style(&r->cli->out, TERM_DIM);
    term_printf(&r->cli->out, " (%s)", id);
    term_style(&r->cli->out, TERM_PLAIN);
    term_printf(&r->cli->out, "\n");
    term_flush(&r->cli->out);
}

static void show_media(struct render *r, const char *kind, const char *type, size_t bytes)
{
    char text[160];

    snprintf(text, sizeof(text), "%s, %zu bytes; --json prints it", *type ? type : "no type",
             bytes);
    show_note(r, kind, text);
}

static void show_provider_tool(struct render *r, const char *kind, const char *text)
{
    char label[80];

    snprintf(label, sizeof(label), "provider's %s", kind);
    show_note(r, label, text);
}

static void show_citation(struct render *r, const Sluice__V1__Citation *c)
{
    char label[32], text[1024];

    snprintf(label, sizeof(label), "source %zu:", ++r->n_citations);
    snprintf(text, sizeof(text), "%s%s%s", c->title, *c->title && *c->url ? ", " : "",
             *c->url ? c->url : c->file_id);
    show_note(r, label, text);
}

/* ---- tool calls ---- */

static struct render_call *find_call(struct render *r, int part)
{
    for (size_t i = 0; i < r->n_calls; i++) {
        if (r->calls[i].part == part)
            return &r->calls[i];
    }
    r->calls = sl_realloc(r->calls, (r->n_calls + 1) * sizeof(*r->calls));
    r->calls[r->n_calls] = (struct render_call){.part = part};
    sl_buf_init(&r->calls[r->n_calls].input, RENDER_CALL_MAX);
    return &r->calls[r->n_calls++];
}

static void set_once(char **field, const char *value)
{
    if (!*field && *value)
        *field = sl_strdup(value);
}

static void on_tool_call_delta(struct render *r, const Sluice__V1__ToolCallDelta *d)
{
    struct render_call *call = find_call(r, d->part);
    const char *piece =
        d->_custom_input_fragment_case ? d->custom_input_fragment : d->arguments_fragment;

    set_once(&call->id, d->id);
    set_once(&call->name, d->name);
    if (!sl_buf_add_str(&call->input, piece))
        r->cli->out.error = EFBIG;
}

/* Shows the calls of a part that is complete; part -1: of all. */
static void show_calls(struct render *r, int part)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->n_calls; i++) {
        struct render_call *call = &r->calls[i];

        if (part >= 0 && call->part != part) {
            r->calls[kept++] = *call;
            continue;
        }
        show_call(r, call->name ? call->name : "?", call->id ? call->id : "?",
                  call->input.p ? call->input.p : "");
        sl_free(call->id);
        sl_free(call->name);
        sl_buf_fini(&call->input);
    }
    r->n_calls = kept;
}

/* ---- events ---- */

static void on_media_delta(struct render *r, const char *kind, size_t n)
{
    r->media = kind;
    r->media_bytes += n;
}

static void on_part_delta(struct render *r, const Sluice__V1__PartDelta *d)
{
    switch (d->delta_case) {
    case SLUICE__V1__PART_DELTA__DELTA_REFUSAL:
        show_text(r, d->part, d->refusal);
        break;
    case SLUICE__V1__PART_DELTA__DELTA_AUDIO:
        if (d->audio->source_case == SLUICE__V1__AUDIO__SOURCE_DATA)
            on_media_delta(r, "audio", d->audio->data.len);
        show_text(r, d->part, d->audio->transcript);
        break;
    case SLUICE__V1__PART_DELTA__DELTA_IMAGE:
        if (d->image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
            on_media_delta(r, "image", d->image->data.len);
        else if (d->image->source_case == SLUICE__V1__IMAGE__SOURCE_URL)
            show_note(r, "image", d->image->url);
        break;
    case SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL:
        show_provider_tool(r, d->provider_tool_call->kind, d->provider_tool_call->input_json);
        break;
    case SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT:
        show_provider_tool(r, d->provider_tool_result->kind, d->provider_tool_result->status);
        break;
    default:
        break;
    }
}

static void on_part_done(struct render *r, int part)
{
    show_calls(r, part);
    if (r->media)
        show_media(r, r->media, "", r->media_bytes);
    r->media = NULL;
    r->media_bytes = 0;
}

static void on_restarted(struct render *r, const Sluice__V1__Restarted *e)
{
    char text[512];

    snprintf(text, sizeof(text), "%s (%s)%s", e->model, e->reason,
             e->continued ? " goes on" : " begins anew: forget what came before");
    show_note(r, "restarted:", text);
    if (e->continued)
        return;
    sl_buf_reset(&r->text, 0);
    drop_calls(r);
    r->n_citations = 0;
}

static void on_warnings(struct render *r, Sluice__V1__Warning **list, size_t n)
{
    if (!n || r->cli->o.quiet)
        return;
    begin(r, SHOWN_NOTHING, -1);
    report_warnings(&r->cli->err, list, n);
}

static void on_end(struct render *r, const struct report *report)
{
    show_calls(r, -1);
    render_end(r);
    r->finished = true;
    if (!r->cli->o.quiet)
        report_cut_off(&r->cli->err, report);
    if (r->cli->o.verbose)
        report_summary(&r->cli->err, report);
}

static void on_finished(struct render *r, const Sluice__V1__Finished *e)
{
    const struct report report = {
        .finish_reason = e->finish_reason,
        .raw_finish_reason = e->raw_finish_reason,
        .complete = e->complete,
        .usage = e->usage,
        .report = e->report,
    };

    on_warnings(r, e->warnings, e->n_warnings);
    on_end(r, &report);
}

static void show_event(struct render *r, const Sluice__V1__StreamEvent *event)
{
    switch (event->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_STARTED:
        on_warnings(r, event->started->warnings, event->started->n_warnings);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        show_text(r, event->text_delta->part, event->text_delta->text);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA:
        show_reasoning(r, event->reasoning_delta->part, event->reasoning_delta->text);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA:
        on_tool_call_delta(r, event->tool_call_delta);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA:
        on_part_delta(r, event->part_delta);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_CITATION:
        show_citation(r, event->citation);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE:
        on_part_done(r, event->part_done->part);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_RESTARTED:
        on_restarted(r, event->restarted);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_FINISHED:
        on_finished(r, event->finished);
        break;
    default: /* heartbeats, and events of newer services */
        break;
    }
}

void render_event(struct render *r, const Sluice__V1__StreamEvent *event)
{
    if (!r->cli->o.json) {
        show_event(r, event);
        return;
    }
    cli_print_json(r->cli, &event->base);
    if (event->event_case == SLUICE__V1__STREAM_EVENT__EVENT_FINISHED)
        r->finished = true;
}

/* ---- a whole answer ---- */

static void show_part(struct render *r, int index, const Sluice__V1__Part *part)
{
    switch (part->content_case) {
    case SLUICE__V1__PART__CONTENT_TEXT:
        show_text(r, index, part->text);
        break;
    case SLUICE__V1__PART__CONTENT_REFUSAL:
        show_text(r, index, part->refusal);
        break;
    case SLUICE__V1__PART__CONTENT_REASONING:
        show_reasoning(r, index, part->reasoning->text);
        break;
    case SLUICE__V1__PART__CONTENT_TOOL_CALL:
        show_call(r, part->tool_call->name, part->tool_call->id,
                  part->tool_call->_custom_input_case ? part->tool_call->custom_input
                                                      : part->tool_call->arguments_json);
        break;
    case SLUICE__V1__PART__CONTENT_AUDIO:
        show_text(r, index, part->audio->transcript);
        if (part->audio->source_case == SLUICE__V1__AUDIO__SOURCE_DATA)
            show_media(r, "audio", part->audio->media_type, part->audio->data.len);
        break;
    case SLUICE__V1__PART__CONTENT_IMAGE:
        if (part->image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
            show_media(r, "image", part->image->media_type, part->image->data.len);
        break;
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_CALL:
        show_provider_tool(r, part->provider_tool_call->kind, part->provider_tool_call->input_json);
        break;
    case SLUICE__V1__PART__CONTENT_PROVIDER_TOOL_RESULT:
        show_provider_tool(r, part->provider_tool_result->kind, part->provider_tool_result->status);
        break;
    default:
        break;
    }
    for (size_t i = 0; i < part->n_citations; i++)
        show_citation(r, part->citations[i]);
}

void render_response(struct render *r, const Sluice__V1__CompleteResponse *response)
{
    const struct report report = {
        .finish_reason = response->finish_reason,
        .raw_finish_reason = response->raw_finish_reason,
        .complete =
            response->finish_reason != SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH &&
            response->finish_reason != SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER,
        .usage = response->usage,
        .report = response->report,
    };

    if (r->cli->o.json) {
        cli_print_json(r->cli, &response->base);
        r->finished = true;
        return;
    }
    for (size_t i = 0; response->message && i < response->message->n_parts; i++)
        show_part(r, (int)i, response->message->parts[i]);
    on_warnings(r, response->warnings, response->n_warnings);
    on_end(r, &report);
}

void render_end(struct render *r)
{
    begin(r, SHOWN_NOTHING, -1);
}
