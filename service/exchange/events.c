/* The way of an adapter's events to the client: checked, counted, assembled where the whole message is wanted, numbered, and
 * passed on at once. */
#include "exchange/internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

enum {
    PIECE_MAX = 1024 * 1024, /* bytes of one delta: a reply message stays below 3 MiB */
};

static int32_t part_of(const event_t *e)
{
    switch (e->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        return e->text_delta->part;
    case SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA:
        return e->reasoning_delta->part;
    case SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA:
        return e->tool_call_delta->part;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA:
        return e->part_delta->part;
    case SLUICE__V1__STREAM_EVENT__EVENT_CITATION:
        return e->citation->part;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE:
        return e->part_done->part;
    default:
        return -1;
    }
}

static void count_bytes(struct sl_exchange *x, const event_t *e)
{
    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA)
        x->answer_bytes += strlen(e->text_delta->text);
    else if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA)
        x->reasoning_bytes += strlen(e->reasoning_delta->text);
    else if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA)
        x->answer_bytes +=
            strlen(e->tool_call_delta->name) + strlen(e->tool_call_delta->arguments_fragment);
}

void sl_exchange_send(struct sl_exchange *x, event_t *e)
{
    e->sequence = x->sequence++;
    if (x->spec.ops->on_event(x->spec.owner, e))
        x->full = true;
}

/* The string that a large delta consists of, which may be cut; NULL: none. */
static char **cuttable(event_t *e)
{
    switch (e->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        return &e->text_delta->text;
    case SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA:
        return &e->reasoning_delta->text;
    case SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA:
        return e->tool_call_delta->_custom_input_fragment_case
                   ? &e->tool_call_delta->custom_input_fragment
                   : &e->tool_call_delta->arguments_fragment;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA:
        return e->part_delta->delta_case == SLUICE__V1__PART_DELTA__DELTA_REFUSAL
                   ? &e->part_delta->refusal
                   : NULL;
    default:
        return NULL;
    }
}

static ProtobufCBinaryData *cuttable_data(event_t *e)
{
    if (e->event_case != SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA)
        return NULL;
    Sluice__V1__PartDelta *d = e->part_delta;
    if (d->delta_case == SLUICE__V1__PART_DELTA__DELTA_AUDIO &&
        d->audio->source_case == SLUICE__V1__AUDIO__SOURCE_DATA)
        return &d->audio->data;
    if (d->delta_case == SLUICE__V1__PART_DELTA__DELTA_IMAGE &&
        d->image->source_case == SLUICE__V1__IMAGE__SOURCE_DATA)
        return &d->image->data;
    return NULL;
}

/* A delta of more than PIECE_MAX bytes goes out as several. */
static void send_in_pieces(struct sl_exchange *x, event_t *e)
{
    char **string = cuttable(e);
    size_t n = string ? strlen(*string) : 0;
    while (n > PIECE_MAX) {
        char *rest = sl_arena_try(x->spec.arena, PIECE_MAX + 1);
        size_t cut = sl_utf8_cut(*string, PIECE_MAX);
        char *whole = *string;
        if (!rest) {
            sl_err_set(&x->event_err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                       "the answer is too large");
            return;
        }
        memcpy(rest, whole, cut);
        rest[cut] = 0;
        *string = rest;
        sl_exchange_send(x, e);
        *string = whole + cut;
        n -= cut;
    }
    ProtobufCBinaryData *data = cuttable_data(e);
    while (data && data->len > PIECE_MAX) {
        ProtobufCBinaryData whole = *data;
        data->len = PIECE_MAX;
        sl_exchange_send(x, e);
        *data = (ProtobufCBinaryData){whole.len - PIECE_MAX, whole.data + PIECE_MAX};
    }
    sl_exchange_send(x, e);
}

void sl_exchange_send_started(struct sl_exchange *x)
{
    x->started = true;
    if (!x->spec.ops->on_event)
        return;
    Sluice__V1__Started started = SLUICE__V1__STARTED__INIT;
    event_t e = SLUICE__V1__STREAM_EVENT__INIT;
    started.model = sl_text(x->course.model->name);
    started.provider = sl_text(x->course.model->provider);
    started.attempt = x->attempt.requests;
    started.reason = sl_text(x->course.why);
    started.call_id = sl_text(x->spec.call_id);
    started.warnings = x->spec.warnings->list;
    started.n_warnings = x->spec.warnings->count;
    e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_STARTED;
    e.started = &started;
    sl_exchange_send(x, &e);
}

static bool note_part(struct sl_exchange *x, const event_t *e)
{
    int32_t part = part_of(e);
    if (part < 0)
        return true;
    if (part > x->n_parts || part >= SL_ANSWER_MAX_PARTS) {
        sl_err_set(&x->event_err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                   "the answer has too many parts");
        return false;
    }
    if (part == x->n_parts)
        x->n_parts++;
    if (e->event_case == SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE) {
        if (!x->parts_done)
            x->parts_done = sl_arena_zalloc(x->spec.arena, SL_ANSWER_MAX_PARTS / 8);
        x->parts_done[part / 8] |= (uint8_t)(1 << part % 8);
    }
    return true;
}

void sl_exchange_on_event(void *owner, event_t *e)
{
    struct sl_exchange *x = owner;
    if (x->event_err.code != SL_OK || !note_part(x, e))
        return;
    if (!x->started)
        sl_exchange_send_started(x);
    if (x->course.first_token_us < 0) {
        x->course.first_token_us = sl_now_us();
        sl_attempt_mark_token(&x->attempt);
    }
    if (!x->answer.end.has_usage)
        count_bytes(x, e);
    if (x->spec.assemble && sl_assembler_add(&x->assembler, e, &x->event_err) != SL_OK)
        return;
    if (x->spec.ops->on_event)
        send_in_pieces(x, e);
}

void sl_exchange_send_parts_done(struct sl_exchange *x)
{
    for (int32_t i = 0; i < x->n_parts; i++) {
        if (x->parts_done && x->parts_done[i / 8] & 1 << i % 8)
            continue;
        Sluice__V1__PartDone done = SLUICE__V1__PART_DONE__INIT;
        event_t e = SLUICE__V1__STREAM_EVENT__INIT;
        done.part = i;
        e.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE;
        e.part_done = &done;
        sl_exchange_send(x, &e);
    }
}
