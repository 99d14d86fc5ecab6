/* Shared by the files of the chat-completions translator, and by its relatives in responses/ and completions/. */
#ifndef SL_ADAPTERS_CHAT_COMPLETIONS_INTERNAL_H
#define SL_ADAPTERS_CHAT_COMPLETIONS_INTERNAL_H

#include "adapters/chat_completions/chat_completions.h"

/* ---- request ---- */

struct cc_build {
    const struct sl_cc_dialect *d;
    const struct sl_build_in *in;
    const Sluice__V1__CompleteRequest *request;
    struct sl_json_writer w;
    struct sl_err *err;
    bool has_tools; /* the body has a member tools */
    bool has_web_search;
    const char *reasoning_keys[2]; /* members that reasoning was written as, besides its effort */
};

enum sl_code cc_build_messages(struct cc_build *b) SL_MUST_CHECK;
/* reasoning, as the dialect says it */
enum sl_code cc_build_reasoning(struct cc_build *b) SL_MUST_CHECK;
/* tools, tool_choice, parallel_tool_calls, web_search_options */
enum sl_code cc_build_tools(struct cc_build *b) SL_MUST_CHECK;
/* stream_options, and the members of provider_options_json, of the request and then of the
 * target. */
enum sl_code cc_build_options(struct cc_build *b) SL_MUST_CHECK;
/* Checks that json is of that type: SL_INVALID_ARGUMENT, naming the field. */
enum sl_code cc_check_json(struct cc_build *b, const char *json, enum sl_json_type type,
                           const char *field) SL_MUST_CHECK;
/* A field name in the arena. */
const char *cc_field(struct cc_build *b, const char *fmt, ...) SL_PRINTF(2, 3);

/* The id of a tool call as the dialect takes it. */
const char *cc_call_id(struct cc_build *b, const char *id);
void cc_put_string(struct cc_build *b, const char *key, const char *v);

/* Where an error or a warning points. */
struct cc_place {
    size_t message, part;
};

/* "messages[0].parts[1]" and what follows. */
const char *cc_part_field(struct cc_build *b, struct cc_place at, const char *rest);
enum sl_code cc_wrong_place(struct cc_build *b, struct cc_place at, const char *what) SL_MUST_CHECK;
enum sl_code cc_unsupported_part(struct cc_build *b, struct cc_place at,
                                 const char *what) SL_MUST_CHECK;
/* Warns about what any part may carry and the provider does not take: state, citations, cache
 * hints. */
enum sl_code cc_check_part(struct cc_build *b, const Sluice__V1__Part *part,
                           struct cc_place at) SL_MUST_CHECK;
/* The same, but for cache hints. */
void cc_check_state(struct cc_build *b, const Sluice__V1__Part *part, struct cc_place at);
/* Whether its provider_state is this provider's: the id of a spoken answer, details of reasoning. */
bool cc_is_own_state(const struct cc_build *b, const Sluice__V1__Part *part);
void cc_put_text_part(struct cc_build *b, const char *text);
/* Members of a message: content, and for an assistant what stands beside it. */
enum sl_code cc_put_input(struct cc_build *b, const Sluice__V1__Message *m, size_t index,
                          bool text_only) SL_MUST_CHECK;
enum sl_code cc_put_assistant(struct cc_build *b, const Sluice__V1__Message *m,
                              size_t index) SL_MUST_CHECK;

/* ---- answer ---- */

/* A tool call of the answer. */
struct cc_call {
    struct cc_call *prev;
    int64_t wire_index; /* -1: none was sent */
    const char *id;     /* as sent; NULL: not yet, or never */
    int32_t part, index;
    bool legacy; /* came as function_call */
    bool custom;
    bool announced; /* its first delta, with id and name, was sent */
    bool named;     /* a name was sent to the client */
};

struct cc_details;

enum cc_reasoning_field { CC_REASONING_UNKNOWN, CC_REASONING_CONTENT, CC_REASONING_PLAIN };

/* Part numbers are kept plus one: 0 means that the part has not begun. */
struct cc_state {
    int32_t next_part, next_call;
    int32_t text_part, reasoning_part, refusal_part, audio_part;
    enum cc_reasoning_field reasoning_field;
    struct cc_call *last; /* the youngest; a list by prev */
    unsigned calls;
    unsigned pending;       /* calls that are not announced */
    unsigned urls;          /* entries of the list `citations` that were sent */
    unsigned audio_bits;    /* base64 bits that wait for the next piece */
    unsigned audio_waiting; /* how many */
    const char *audio_id;
    bool audio_closed;
    bool answered; /* a message or delta of choice 0 was there */
    char *usage_json;
    size_t usage_cap;
    struct cc_details *details; /* on the heap; NULL: none */
};

/* One frame or body while it is read. */
struct cc {
    const struct sl_cc_dialect *d;
    struct sl_answer *a;
    struct cc_state *s;
    struct sl_json *j;
    struct sl_err *err;
    bool whole; /* a body, not a frame */
};

/* The key of a member, without its quotes, escapes as they are. */
static inline struct sl_str cc_key(const struct cc *c, int key)
{
    struct sl_str raw = sl_json_raw(c->j, key);
    return raw.n >= 2 ? (struct sl_str){raw.p + 1, raw.n - 2} : (struct sl_str){"", 0};
}

#define CC_KEY_IS(key, literal)                                                                    \
    ((key).n == sizeof(literal) - 1 && !memcmp((key).p, literal, sizeof(literal) - 1))

/* Gives an event to the sink. */
void cc_emit(struct cc *c, Sluice__V1__StreamEvent *event);
/* Decodes a string; warns where bytes had to be replaced. NULL where it is none, or is empty. */
char *cc_text(struct cc *c, int value, size_t *n);
/* Makes JSON that is passed on as it was sent well-formed: '?' for each ill-formed byte, and the
 * same warning. */
void cc_repair(struct cc *c, char *json, size_t n);
/* The part's number, taken now if it has not begun. */
int32_t cc_part(struct cc *c, int32_t *slot);

/* message or delta: content, reasoning, refusal, tool calls, audio, images, annotations.
 * logprobs may be absent. */
enum sl_code cc_read_message(struct cc *c, int message, int logprobs) SL_MUST_CHECK;

enum sl_code cc_read_tool_calls(struct cc *c, int list) SL_MUST_CHECK;
enum sl_code cc_read_function_call(struct cc *c, int call) SL_MUST_CHECK;
/* Announces the calls that still wait for their name. */
void cc_flush_calls(struct cc *c);

enum sl_code cc_read_audio(struct cc *c, int audio) SL_MUST_CHECK;
/* Ends the audio part; its id goes into its provider_state. */
void cc_close_audio(struct cc *c);
void cc_read_images(struct cc *c, int list);
void cc_read_image(struct cc *c, int image_url);
void cc_read_annotations(struct cc *c, int list);
/* A list of addresses beside the choices, repeated in every chunk. */
void cc_read_citation_urls(struct cc *c, int list);

/* An array of {token, logprob, bytes, top_logprobs} into scratch; *list is NULL where there are
 * none. */
enum sl_code cc_read_logprobs(struct cc *c, int array, struct sl_arena *scratch,
                              Sluice__V1__TokenLogprob ***list, size_t *n) SL_MUST_CHECK;

void cc_read_usage(struct cc *c, int usage);

/* reasoning_details: gathered, and at the end put into the reasoning part's provider_state. */
void cc_read_details(struct cc *c, int list);
void cc_close_details(struct cc *c);

/* ---- failures ---- */

/* Fills err from an error document (value) that came with a status; 0: inside an answer of 200.
 * Returns its code. */
enum sl_code cc_failure(const struct sl_cc_dialect *d, struct sl_json *j, int value, int status,
                        struct sl_err *err);

#endif
