/* What comes back: the head, line by line, and the body, framed or gathered. Runs inside curl's callbacks, so an end is
 * only noted here (sl_transfer_fail) and happens in settle. */
#include "internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"

enum {
    /* Frames that may pass in one go of curl before the owner is asked whether it can take more. */
    BATCH_BYTES = 64 * 1024,
    /* The shortest header line, three bytes, takes 32 of the arena; blocks are half used at worst. */
    HEAD_ARENA_FACTOR = 24,
};

static bool is_over(const struct sl_transfer *t)
{
    return t->ended || t->cancelled;
}

static size_t refuse(struct sl_transfer *t)
{
    sl_transfer_forbid_reuse(t);
    return 0;
}

static void fail(struct sl_transfer *t, enum sl_reason reason, const char *what)
{
    struct sl_err err = {0};
    char host[SL_HOST_MAX];
    sl_outcome_host(t, host, sizeof(host));
    sl_err_set(&err, SL_UNAVAILABLE, reason, "%s %s", host, what);
    err.http_status = t->head.head.status;
    sl_transfer_fail(t, &err);
}

static void fail_too_large(struct sl_transfer *t, const char *what, size_t cap)
{
    char text[96];
    snprintf(text, sizeof(text), "sent %s of more than %zu bytes", what, cap);
    fail(t, SL_REASON_PROVIDER_TOO_LARGE, text);
}

/* ---- head ---- */

static void begin_head(struct sl_transfer *t, const char *p, size_t n)
{
    struct sl_head_state *h = &t->head;
    const char *space = memchr(p, ' ', n);
    const char *end = p + n;
    sl_arena_fini(&h->arena);
    sl_arena_init(&h->arena, t->caps.header * HEAD_ARENA_FACTOR + 4096);
    h->head = (struct sl_transfer_head){.http_version = n > 5 && p[5] == '2' ? 20 : 11};
    h->last = NULL;
    if (n > 7 && p[5] == '1' && p[7] == '0')
        h->head.http_version = 10;
    for (p = space ? space + 1 : end; p < end && *p >= '0' && *p <= '9' && h->head.status < 1000;
         p++)
        h->head.status = h->head.status * 10 + (*p - '0');
}

static void add_header(struct sl_transfer *t, const char *p, size_t n)
{
    struct sl_head_state *h = &t->head;
    const char *colon = memchr(p, ':', n);
    if (!colon || colon == p)
        return;
    const char *value = colon + 1, *end = p + n;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (unsigned char)end[-1] <= ' ')
        end--;
    size_t name_n = (size_t)(colon - p), value_n = (size_t)(end - value);
    struct sl_transfer_header *x = sl_arena_try(&h->arena, sizeof(*x) + name_n + value_n + 2);
    if (!x)
        return; /* cannot be: the arena holds what the cap lets in */
    char *text = (char *)(x + 1);
    for (size_t i = 0; i < name_n; i++)
        text[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
    text[name_n] = '\0';
    memcpy(text + name_n + 1, value, value_n);
    text[name_n + 1 + value_n] = '\0';
    *x = (struct sl_transfer_header){text, text + name_n + 1, NULL};
    if (h->last)
        h->last->next = x;
    else
        h->head.headers = x;
    h->last = x;
}

static const char *find_header(const struct sl_transfer_head *head, const char *name)
{
    const struct sl_transfer_header *h = head->headers;
    while (h && strcmp(h->name, name))
        h = h->next;
    return h ? h->value : NULL;
}

static bool is_type(const char *type, const char *name)
{
    size_t n = strlen(name);
    return type && !strncasecmp(type, name, n) && (!type[n] || strchr("; \t", type[n]));
}

/* One document, whatever was asked for: an error inside a 200, or the page of a proxy on the way. */
static bool is_document(const char *type)
{
    return is_type(type, "application/json") || is_type(type, "text/html");
}

static void choose_mode(struct sl_transfer *t)
{
    const struct sl_transfer_head *head = &t->head.head;
    if (head->status / 100 != 2) {
        t->mode = SL_BODY_FAILURE;
        sl_buf_init(&t->body, t->caps.failure);
    } else if (t->framed && !is_document(find_header(head, "content-type"))) {
        struct sl_framer_caps caps = {t->caps.line, t->caps.event};
        t->mode = SL_BODY_FRAMES;
        sl_framer_init(&t->framer, t->framer_kind, caps);
    } else {
        t->mode = SL_BODY_WHOLE;
        sl_buf_init(&t->body, t->caps.body);
    }
}

static void end_head(struct sl_transfer *t)
{
    int status = t->head.head.status;
    if (status < 200)
        return; /* an interim answer; the next status line begins anew */
    t->head.done = true;
    t->timing.head = sl_upstream_now(t->u) - t->started_us;
    sl_request_release(t);
    choose_mode(t);
    if (status / 100 == 3) {
        fail(t, SL_REASON_PROVIDER_REDIRECT, "answered with a redirect, which is not followed");
        return;
    }
    sl_clock_update(t);
    if (status / 100 == 2 && t->ops->on_head)
        t->ops->on_head(t->owner, &t->head.head);
}

size_t sl_answer_on_header(char *p, size_t size, size_t count, void *handle)
{
    struct sl_transfer *t = ((struct sl_handle *)handle)->t;
    size_t n = size * count;
    if (is_over(t))
        return refuse(t);
    t->activity_us = sl_upstream_now(t->u);
    t->head.bytes += n;
    if (t->head.bytes > t->caps.header)
        fail_too_large(t, "headers", t->caps.header);
    else if (t->head.done)
        return n; /* a trailer */
    else if (n >= 5 && !memcmp(p, "HTTP/", 5))
        begin_head(t, p, n);
    else if (*p == '\r' || *p == '\n')
        end_head(t);
    else
        add_header(t, p, n);
    return is_over(t) ? refuse(t) : n;
}

/* ---- body ---- */

/* SL_CANCELLED: the owner cancelled inside its callback. */
static enum sl_code on_frame(void *transfer, const struct sl_framer_frame *frame,
                             struct sl_err *err)
{
    struct sl_transfer *t = transfer;
    enum sl_code code = t->ops->on_frame(t->owner, frame, err);
    return t->cancelled ? SL_CANCELLED : code;
}

/* Takes what a frame callback or the framer left in the loop's scratch error. */
static void take_error(struct sl_transfer *t, enum sl_code code)
{
    struct sl_err *err = &t->u->scratch;
    if (code && !t->cancelled) {
        sl_err_set(err, code, SL_REASON_INTERNAL, "a frame was refused without a word");
        sl_transfer_fail(t, err);
    }
    if (err->code)
        memset(err, 0, sizeof(*err));
}

void sl_answer_batch(struct sl_transfer *t)
{
    t->batch_bytes = 0;
    if (t->mode != SL_BODY_FRAMES || t->framer.frames == t->frames_seen)
        return;
    t->frames_seen = t->framer.frames;
    if (!t->ops->on_batch || !t->ops->on_batch(t->owner) || is_over(t))
        return;
    t->paused = true;
    t->paused_us = sl_upstream_now(t->u);
    sl_clock_update(t);
}

static void add_frames(struct sl_transfer *t, const char *p, size_t n)
{
    enum sl_code code = sl_framer_feed(&t->framer, p, n, on_frame, t, &t->u->scratch);
    if (code || t->u->scratch.code)
        take_error(t, code);
    t->batch_bytes += n;
    if (is_over(t) || t->framer.frames == t->frames_seen)
        return;
    if (t->batch_bytes >= BATCH_BYTES) {
        sl_answer_batch(t);
    } else if (!t->batch) {
        t->batch = true;
        sl_upstream_queue(t);
    }
}

static void add_whole(struct sl_transfer *t, const char *p, size_t n)
{
    if (!sl_buf_add(&t->body, p, n))
        fail_too_large(t, "an answer", t->caps.body);
}

/* Past its cap the rest of a failure is of no use: it ends here, in good order. */
static void add_failure(struct sl_transfer *t, const char *p, size_t n)
{
    size_t room = t->caps.failure - t->body.n;
    if (n > room) {
        n = room;
        t->body_cut = true;
    }
    if (!sl_buf_add(&t->body, p, n))
        t->body_cut = true;
    if (t->body_cut) {
        t->ended = true;
        sl_upstream_queue(t);
    }
}

size_t sl_answer_on_write(char *p, size_t size, size_t count, void *handle)
{
    struct sl_transfer *t = ((struct sl_handle *)handle)->t;
    size_t n = size * count;
    if (is_over(t))
        return refuse(t);
    if (t->paused) {
        t->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    t->activity_us = sl_upstream_now(t->u);
    t->timing.last_byte = t->activity_us - t->started_us;
    if (t->timing.first_byte < 0)
        t->timing.first_byte = t->timing.last_byte;
    if (t->mode == SL_BODY_FRAMES)
        add_frames(t, p, n);
    else if (t->mode == SL_BODY_WHOLE)
        add_whole(t, p, n);
    else if (t->mode == SL_BODY_FAILURE)
        add_failure(t, p, n);
    else
        fail(t, SL_REASON_PROVIDER_GARBAGE, "sent a body without a head");
    return is_over(t) ? refuse(t) : n;
}

void sl_answer_finish(struct sl_transfer *t)
{
    if (t->mode != SL_BODY_FRAMES)
        return;
    enum sl_code code = sl_framer_finish(&t->framer, on_frame, t, &t->u->scratch);
    if (code || t->u->scratch.code)
        take_error(t, code);
}

void sl_answer_release(struct sl_transfer *t)
{
    if (t->mode == SL_BODY_FRAMES)
        sl_framer_fini(&t->framer);
    else if (t->mode != SL_BODY_UNKNOWN)
        sl_buf_fini(&t->body);
    sl_arena_fini(&t->head.arena);
}
