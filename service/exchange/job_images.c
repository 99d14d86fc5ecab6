/* A job's pictures on their way to the client: numbered events, in pieces that a message can carry. */
#include "exchange/job_internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

enum { PIECE_MAX = 1024 * 1024 };

static void send_event(struct sl_job *job, Sluice__V1__ImageEvent *e)
{
    e->sequence = job->sequence++;
    if (job->spec.ops->on_event(job->spec.owner, e))
        job->full = true;
}

void sl_job_send_started(struct sl_job *job)
{
    Sluice__V1__Started started = SLUICE__V1__STARTED__INIT;
    Sluice__V1__ImageEvent e = SLUICE__V1__IMAGE_EVENT__INIT;
    if (job->started)
        return;
    job->started = true;
    started.model = sl_text(job->course.model->name);
    started.provider = sl_text(job->course.model->provider);
    started.attempt = job->first->attempt.requests;
    started.reason = sl_text(job->course.why);
    started.call_id = sl_text(job->spec.call_id);
    started.warnings = job->spec.warnings->list;
    started.n_warnings = job->spec.warnings->count;
    e.event_case = SLUICE__V1__IMAGE_EVENT__EVENT_STARTED;
    e.started = &started;
    send_event(job, &e);
}

static void send_chunk(struct sl_job *job, Sluice__V1__ImageChunk *chunk)
{
    Sluice__V1__ImageEvent e = SLUICE__V1__IMAGE_EVENT__INIT;
    e.event_case = SLUICE__V1__IMAGE_EVENT__EVENT_IMAGE;
    e.image = chunk;
    send_event(job, &e);
}

static void send_data(struct sl_job *job, Sluice__V1__ImageChunk *chunk,
                      const struct sl_op_image *image)
{
    const uint8_t *at = image->data;
    size_t left = image->n;
    chunk->source_case = SLUICE__V1__IMAGE_CHUNK__SOURCE_DATA;
    do {
        chunk->data.data = (uint8_t *)(uintptr_t)at;
        chunk->data.len = left < PIECE_MAX ? left : PIECE_MAX;
        at += chunk->data.len;
        left -= chunk->data.len;
        chunk->last = !left;
        send_chunk(job, chunk);
        chunk->media_type = chunk->revised_prompt = sl_text("");
    } while (left);
}

static void note_first(struct sl_job *job)
{
    if (job->course.first_token_us < 0)
        job->course.first_token_us = sl_now_us();
    sl_job_send_started(job);
}

void sl_job_on_image(void *owner, const struct sl_op_image *image)
{
    struct sl_job *job = owner;
    Sluice__V1__ImageChunk chunk = SLUICE__V1__IMAGE_CHUNK__INIT;
    note_first(job);
    chunk.index = image->index;
    chunk.partial = image->partial_index >= 0;
    chunk.partial_index = chunk.partial ? image->partial_index : 0;
    chunk.media_type = sl_text(image->media_type);
    chunk.revised_prompt = sl_text(image->revised_prompt);
    job->images += !chunk.partial;
    if (!image->url) {
        send_data(job, &chunk, image);
        return;
    }
    chunk.source_case = SLUICE__V1__IMAGE_CHUNK__SOURCE_URL;
    chunk.url = sl_text(image->url);
    chunk.last = true;
    send_chunk(job, &chunk);
}

void sl_job_on_text(void *owner, char *text)
{
    struct sl_job *job = owner;
    Sluice__V1__ImageEvent e = SLUICE__V1__IMAGE_EVENT__INIT;
    note_first(job);
    e.event_case = SLUICE__V1__IMAGE_EVENT__EVENT_TEXT;
    for (size_t left = strlen(text); left;) {
        size_t n = left > PIECE_MAX ? sl_utf8_cut(text, PIECE_MAX) : left;
        char kept = text[n];
        text[n] = '\0';
        e.text = text;
        send_event(job, &e);
        text[n] = kept;
        text += n;
        left -= n;
    }
}

void sl_job_send_finished(struct sl_job *job, Sluice__V1__ImageFinished *finished)
{
    Sluice__V1__ImageEvent e = SLUICE__V1__IMAGE_EVENT__INIT;
    sl_job_send_started(job);
    e.event_case = SLUICE__V1__IMAGE_EVENT__EVENT_FINISHED;
    e.finished = finished;
    send_event(job, &e);
}
