/* Shows an answer as it comes: text, refusals and tool calls on standard output, everything else (reasoning, notes,
 * warnings, the summary) on standard error. With --json each event is a line instead. */
#ifndef SLUICE_CLI_RENDER_H
#define SLUICE_CLI_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli.h"
#include "sluice/v1/completion.pb-c.h"

struct render_call; /* a tool call being pieced together */

struct render {
    struct cli *cli;
    int shown; /* enum in render.c: what is on the open line */
    int part;
    bool finished;      /* the end marker came */
    struct sl_buf text; /* the visible answer so far */
    struct render_call *calls;
    size_t n_calls;
    size_t n_citations;
    size_t media_bytes; /* of the part that is coming */
    const char *media;
};

void render_init(struct render *r, struct cli *cli);
void render_fini(struct render *r);
void render_event(struct render *r, const Sluice__V1__StreamEvent *event);
void render_response(struct render *r, const Sluice__V1__CompleteResponse *response);
/* Ends open lines: after the last event, or after a failure. */
void render_end(struct render *r);

#endif
