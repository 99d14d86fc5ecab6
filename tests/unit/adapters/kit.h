/* For tests of adapters: an answer with everything it needs, a sink that writes down what it was given, and requests
 * built to text. */
#ifndef SL_TESTS_ADAPTERS_KIT_H
#define SL_TESTS_ADAPTERS_KIT_H

#include "adapters/adapters.h"
#include "base/buf.h"

/* An answer of one adapter, with a transcript of its events, one a line:
 *
 *   text 0 "Hello" logprobs=2        reasoning 1 "Hm"        refusal 0 "No"
 *   call 1 #0 id=call_1 name=f "{}"  custom 2 #1 id=c "SELECT"
 *   audio 0 type=audio/wav 3 bytes "words" expires=7
 *   image 1 type=image/png 3 bytes   image 1 url=https://...
 *   citation 0 url=... title=... 3..9 json
 *   done 0 state=openai:audio_1
 */
struct kit {
    const struct sl_adapter *adapter;
    struct sl_arena arena;
    struct sl_json_parser parser;
    struct sl_warnings warnings;
    struct sl_target target;
    Sluice__V1__CompleteRequest request;
    struct sl_answer answer;
    struct sl_err err;
    struct sl_buf transcript;
    /* the whole answer, put together from the deltas */
    struct sl_buf text, reasoning, refusal, calls, media;
    int next_part; /* checks that parts begin in order */
};

void kit_init(struct kit *k, const char *kind);
/* The same for another API of it. */
void kit_init_api(struct kit *k, const char *kind, const char *api, const char *base_url);
void kit_fini(struct kit *k);
/* Begins another answer of the same adapter. */
void kit_restart(struct kit *k);
/* Each works on a copy of the text, whose last byte is the last of its allocation. */
enum sl_code kit_body(struct kit *k, const char *body);
enum sl_code kit_body_n(struct kit *k, const char *body, size_t n);
enum sl_code kit_frame(struct kit *k, const char *data);
enum sl_code kit_frame_n(struct kit *k, const char *event, const char *data, size_t n);
enum sl_code kit_eof(struct kit *k);
/* Frames until NULL, then the end. Stops at the first error. */
enum sl_code kit_stream(struct kit *k, const char *const *frames);
void kit_failure(struct kit *k, int status, const struct sl_header *headers, const char *body);
/* The transcript so far. */
const char *kit_events(struct kit *k);
/* The whole answer as one text: what must be equal for a body and a stream. */
const char *kit_whole(struct kit *k);
/* The first warning of that reason; NULL if there is none. */
const Sluice__V1__Warning *kit_warning(const struct kit *k, const char *reason, const char *field);

/* Builds the request; the body as text in the arena, NULL with k->err filled. */
const char *kit_build(struct kit *k, bool stream, struct sl_http_request *http);
/* A header's value; NULL if it is not there. */
const char *kit_header(const struct sl_http_request *http, const char *name);

/* Request parts, in the arena. */
Sluice__V1__Message *kit_message(struct kit *k, Sluice__V1__Role role);
/* With an empty message of its kind. */
Sluice__V1__Part *kit_part(struct kit *k, Sluice__V1__Message *m,
                           Sluice__V1__Part__ContentCase kind);
void kit_text(struct kit *k, Sluice__V1__Role role, const char *text);
Sluice__V1__Tool *kit_function(struct kit *k, const char *name, const char *parameters);

#endif
