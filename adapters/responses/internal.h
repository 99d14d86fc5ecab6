/* Shared by the files of the translator for the Responses API, and by nobody else. */
#ifndef SL_ADAPTERS_RESPONSES_INTERNAL_H
#define SL_ADAPTERS_RESPONSES_INTERNAL_H

#include "adapters/chat_completions/internal.h"
#include "adapters/responses/responses.h"

/* ---- request ---- */

/* Provider options, checked and parsed; j.tok is NULL where there are none. */
struct rs_options {
    struct sl_json_parser parser;
    struct sl_json j;
};

struct rs_build {
    struct cc_build b; /* first: what chat completions share */
    const struct sl_rs_dialect *d;
    struct rs_options request, target;
};

enum sl_code rs_options_open(struct rs_build *b) SL_MUST_CHECK;
void rs_options_close(struct rs_build *b);
/* The object (or array) that an option adds to a member which build writes too, as it was sent;
 * n is 0 where there is none. Of the request, else of the target. */
enum sl_code rs_option(struct rs_build *b, const char *key, enum sl_json_type type,
                       struct sl_str *raw) SL_MUST_CHECK;
/* Whether an option's object, as rs_option gave it, has the member. */
bool rs_option_has(struct rs_build *b, const char *key, const char *member);
/* All other options. */
enum sl_code rs_put_options(struct rs_build *b) SL_MUST_CHECK;

/* The member `input`. */
enum sl_code rs_put_input(struct rs_build *b) SL_MUST_CHECK;
enum sl_code rs_put_assistant(struct rs_build *b, const Sluice__V1__Message *m,
                              size_t index) SL_MUST_CHECK;
/* What any part may carry and the provider does not take; state that is its own is left alone. */
enum sl_code rs_check_part(struct rs_build *b, const Sluice__V1__Part *part,
                           struct cc_place at) SL_MUST_CHECK;
/* Parts of a user's message, and of a tool's answer. */
void rs_put_text_part(struct rs_build *b, const char *type, const char *text);
enum sl_code rs_put_image(struct rs_build *b, const Sluice__V1__Image *image,
                          const char *field) SL_MUST_CHECK;
enum sl_code rs_put_document(struct rs_build *b, const Sluice__V1__Document *doc,
                             const char *field) SL_MUST_CHECK;
/* The part's own state: a JSON object of this provider's Responses API; n is 0 where it has
 * none. */
struct sl_str rs_own_state(const struct rs_build *b, const Sluice__V1__Part *part);
/* tools, tool_choice, parallel_tool_calls */
enum sl_code rs_put_tools(struct rs_build *b) SL_MUST_CHECK;

/* ---- answer ---- */

enum rs_kind { RS_MESSAGE, RS_REASONING, RS_CALL, RS_CUSTOM, RS_OTHER };

/* A content part of a message that has begun. */
struct rs_slot {
    struct rs_slot *prev;
    int64_t index; /* content_index */
    int32_t part;
    bool refusal;
    int citations; /* that were sent */
};

/* An output item that has begun. */
struct rs_item {
    struct rs_item *prev;
    int64_t index; /* output_index */
    enum rs_kind kind;
    int32_t part;          /* of reasoning and calls; -1: not begun */
    int32_t call;          /* number of the call */
    bool summary, content; /* reasoning came as this */
    bool argued;           /* arguments came */
    bool done;
    struct rs_slot *slots; /* the youngest; a list by prev */
};

struct rs_state {
    struct rs_item *last; /* the youngest; a list by prev */
    int32_t next_part, next_call;
    unsigned items, slots;
};

/* One frame or body while it is read. */
struct rs {
    struct cc c; /* what chat completions share: parser, texts, probabilities */
    const struct sl_rs_dialect *d;
    struct rs_state *s;
    struct sl_arena *scratch; /* for what one item needs while it is read */
};

/* One event of a stream: its members, SL_JSON_ABSENT where they are not there. */
struct rs_event {
    int type, delta, item, response, output_index, content_index, annotation;
};

enum { RS_MAX_ITEM = 64 * 1024 * 1024 }; /* bytes that one item may need while it is read */

/* The item of that output_index; NULL if it has not begun. */
struct rs_item *rs_find_item(struct rs *r, int64_t index);
/* An item that begins, whole or not. */
enum sl_code rs_begin_item(struct rs *r, int64_t index, int item,
                           struct rs_item **out) SL_MUST_CHECK;
/* An item that is complete: what was not sent yet is, and its parts end. */
enum sl_code rs_finish_item(struct rs *r, int64_t index, int item) SL_MUST_CHECK;
/* A tool that ran at the provider, or whatever else an item may be. */
enum sl_code rs_finish_other(struct rs *r, int item, struct sl_str state) SL_MUST_CHECK;

/* The part of a message's content, begun if it has not. NULL: too many. */
struct rs_slot *rs_slot(struct rs *r, struct rs_item *it, int64_t index, bool refusal);
enum sl_code rs_add_text(struct rs *r, struct rs_item *it, int64_t index, int text,
                         bool refusal) SL_MUST_CHECK;
void rs_add_reasoning(struct rs *r, struct rs_item *it, int text, bool summary);
void rs_add_arguments(struct rs *r, struct rs_item *it, int text);
enum sl_code rs_add_citation(struct rs *r, struct rs_item *it, int64_t index,
                             int annotation) SL_MUST_CHECK;
enum sl_code rs_too_large(struct rs *r) SL_MUST_CHECK;

void rs_emit_done(struct rs *r, int32_t part, struct sl_str state);
/* A copy of a value as it was sent, well-formed and NUL-terminated, in scratch; n is 0 where it
 * does not fit. */
struct sl_str rs_copy_raw(struct rs *r, int value);

void rs_read_usage(struct rs *r, int usage);

#endif
