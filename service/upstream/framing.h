/* Framers: bytes in, frames out, pure functions. The same code serves the loop, the tests and the fuzzers. */
#ifndef SL_UPSTREAM_FRAMING_H
#define SL_UPSTREAM_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum sl_framer_kind { SL_FRAMER_SSE, SL_FRAMER_NDJSON, SL_FRAMER_AWS };

/* Ceilings, in bytes. */
struct sl_framer_caps {
    size_t line;  /* one line */
    size_t event; /* data of one event, all its lines; a whole message of an AWS event stream */
};

/* A frame. data is writable, NUL-terminated, valid during the callback. */
struct sl_framer_frame {
    const char *
        event; /* SSE "event:" field, "" if none; AWS :event-type, or "exception:" and the exception's type */
    char *data; /* SSE "data:" lines joined by \n; the NDJSON line; the AWS message's payload */
    size_t n;
};

/* Returning anything but SL_OK ends the feed, which returns that code. */
typedef enum sl_code (*sl_framer_fn)(void *owner, const struct sl_framer_frame *frame,
                                     struct sl_err *err);

/* State of one stream. SSE as the WHATWG HTML standard, section 9.2.6 has it: CR, LF and CRLF end lines, a leading BOM
 * is skipped, comments are counted and dropped, data lines are joined, `retry` is remembered, an event without data is
 * dropped; with one difference: an event that the end of the body cuts short of its blank line is delivered by finish
 * (some recorders and servers lose the last blank line). NDJSON: one frame a line that is not blank; a last line without
 * its newline is delivered by finish.
 *
 * AWS event streams (application/vnd.amazon.eventstream, "Event Stream Encoding" in the Smithy specification): both
 * checksums of a message are checked; one of :message-type "exception" is named "exception:" and its :exception-type,
 * one of "error" "exception:" and its :error-code, its data being the :error-message where the payload is empty. A
 * message that the end of the body cuts is an error of finish. */
struct sl_framer {
    enum sl_framer_kind kind;
    struct sl_framer_caps caps;
    struct sl_buf line; /* a line that the feed before cut */
    struct sl_buf data;
    char name[64]; /* event name, cut to fit */
    bool has_data;
    bool saw_cr;      /* the last byte was CR: a LF that follows belongs to it */
    bool started;     /* a BOM can no longer come */
    uint8_t bom;      /* bytes of a BOM seen */
    int64_t retry_ms; /* last `retry:`, -1 if none */
    uint64_t frames, comments;
};

void sl_framer_init(struct sl_framer *f, enum sl_framer_kind kind, struct sl_framer_caps caps);
void sl_framer_fini(struct sl_framer *f);
/* Errors: SL_UNAVAILABLE, PROVIDER_TOO_LARGE past a cap, PROVIDER_GARBAGE for an AWS message that is none; or what fn
 * returned. */
enum sl_code sl_framer_feed(struct sl_framer *f, const char *p, size_t n, sl_framer_fn fn,
                            void *owner, struct sl_err *err) SL_MUST_CHECK;
/* The body ended in good order. Error: SL_UNAVAILABLE, PROVIDER_TRUNCATED within an AWS message. */
enum sl_code sl_framer_finish(struct sl_framer *f, sl_framer_fn fn, void *owner,
                              struct sl_err *err) SL_MUST_CHECK;

#endif
