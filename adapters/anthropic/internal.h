/* Shared by the files of the Messages translator; Bedrock asks it what a Claude takes (am_model_of). */
#ifndef SL_ADAPTERS_ANTHROPIC_INTERNAL_H
#define SL_ADAPTERS_ANTHROPIC_INTERNAL_H

#include "adapters/anthropic/messages.h"
#include "base/buf.h"

/* ---- models ---- */

/* What a model id says about the parameters that its model takes. */
struct am_model {
    int version;        /* major * 100 + minor, 405 for Claude 4.5; 0: not said */
    bool thinking;      /* takes the parameter thinking */
    bool adaptive;      /* takes thinking of type adaptive, and output_config.effort */
    bool budget;        /* takes thinking of type enabled, with budget_tokens */
    bool sampling;      /* takes temperature, top_p and top_k */
    bool one_sampling;  /* takes temperature or top_p, not both */
    int32_t max_tokens; /* sent where nobody says max_output_tokens */
};

struct am_model am_model_of(const char *id);

/* ---- request ---- */

/* provider_options_json of the request or of the target, checked and parsed. */
struct am_options {
    struct sl_json_parser parser;
    struct sl_json j; /* over a copy in the arena; tok is NULL where there are none */
};

enum { AM_MAX_BETAS = 32 };

/* Which turn of the conversation is open. */
enum am_turn { AM_TURN_NONE, AM_TURN_USER, AM_TURN_ASSISTANT };

struct am_build {
    const struct sl_am_dialect *d;
    const struct sl_build_in *in;
    const Sluice__V1__CompleteRequest *request;
    struct sl_json_writer w;
    struct sl_err *err;
    struct sl_json_parser scratch;
    struct am_model model;
    struct am_options of_request, of_target;
    const char *betas[AM_MAX_BETAS];
    size_t n_betas;
    /* thinking, decided before anything is written */
    const char *thinking; /* type; NULL: not mentioned */
    const char *effort;   /* NULL: not mentioned */
    const char *display;
    int64_t budget;
    int64_t max_tokens;
    size_t skip_hints;               /* cache hints that are left out, the first ones */
    const Sluice__V1__Part *prefill; /* text that the answer goes on from; NULL: none */
    enum am_turn turn;
    bool has_tools;         /* the body has a member tools */
    bool has_output_config; /* the body has a member output_config of Sluice's own */
};

/* Where an error or a warning points. */
struct am_place {
    size_t message, part;
};

const char *am_field(struct am_build *b, const char *fmt, ...) SL_PRINTF(2, 3);
const char *am_part_field(struct am_build *b, struct am_place at, const char *rest);
enum sl_code am_unsupported_part(struct am_build *b, struct am_place at,
                                 const char *what) SL_MUST_CHECK;
enum sl_code am_check_json(struct am_build *b, const char *json, enum sl_json_type type,
                           const char *field) SL_MUST_CHECK;
void am_put_string(struct am_build *b, const char *key, const char *v);
void am_put_bool(struct am_build *b, const char *key, bool v);
void am_put_int(struct am_build *b, const char *key, int64_t v);
/* {"type": type, and leaves it open */
void am_begin(struct am_build *b, const char *type);
/* Writes cache_control, where hint is not NULL. */
enum sl_code am_put_cache(struct am_build *b, const Sluice__V1__CacheHint *hint,
                          const char *field) SL_MUST_CHECK;
/* Whether a text is empty or white space only: a block of such is refused by the provider. */
bool am_is_blank(const char *text);
/* Makes that turn the open one. */
void am_open_turn(struct am_build *b, enum am_turn turn);
/* An id in the letters that the provider accepts. */
const char *am_tool_id(struct am_build *b, const char *id);
/* Whether the JSON text is an object with a member of that key, a string that ends with suffix. */
bool am_json_ends_with(struct am_build *b, const char *json, const char *key, const char *suffix);

void am_add_beta(struct am_build *b, const char *beta);
bool am_has_beta(const struct am_build *b, const char *part);
/* Reads both options: their betas; refuses keys that have a field. */
enum sl_code am_read_options(struct am_build *b) SL_MUST_CHECK;
void am_put_options(struct am_build *b);
bool am_option_given(const struct am_build *b, const char *key);

enum sl_code am_plan_thinking(struct am_build *b) SL_MUST_CHECK;
void am_put_thinking(struct am_build *b);
bool am_is_thinking(const struct am_build *b);

enum sl_code am_build_tools(struct am_build *b) SL_MUST_CHECK;
/* Whether tool_choice makes the model call a tool. */
bool am_is_forced(const struct am_build *b);
enum sl_code am_build_conversation(struct am_build *b) SL_MUST_CHECK;
enum sl_code am_put_assistant_part(struct am_build *b, const Sluice__V1__Part *part,
                                   struct am_place at) SL_MUST_CHECK;
enum sl_code am_put_tool_result(struct am_build *b, const Sluice__V1__Part *part,
                                struct am_place at) SL_MUST_CHECK;
/* A picture or document of a user's message. */
enum sl_code am_put_media(struct am_build *b, const Sluice__V1__Part *part,
                          struct am_place at) SL_MUST_CHECK;

/* ---- answer ---- */

enum am_kind {
    AM_TEXT,
    AM_THINKING,
    AM_REDACTED,
    AM_TOOL,
    AM_SERVER_TOOL, /* server_tool_use, mcp_tool_use */
    AM_SERVER_RESULT,
    AM_OTHER,
};

/* A content block that is open. Blocks are used again: an answer of many blocks takes the memory
 * of one. */
struct am_block {
    struct am_block *next;
    int64_t index; /* on the wire */
    enum am_kind kind;
    int32_t part, call; /* part: -1 until it begins */
    bool got_input;
    bool mcp;
    struct sl_buf input; /* of a provider's tool, until it is whole */
    struct sl_buf id, name;
    struct sl_buf extra; /* members that have no field, as JSON; goes into provider_state */
};

/* extra: bytes of members without a field. */
enum { AM_MAX_EXTRA = 4096, AM_MAX_OPEN = 64, AM_MAX_USAGE = 32, AM_MAX_USAGE_JSON = 16 * 1024 };

/* A member of the usage object, both texts in the arena. */
struct am_usage_member {
    char *key, *value;
    size_t cap; /* of value, its NUL included */
};

struct am_state {
    int32_t next_part, next_call;
    struct am_block *open, *spare;
    unsigned n_open;
    struct sl_buf scratch;
    unsigned n_usage;
    struct am_usage_member usage[AM_MAX_USAGE];
    char *usage_json;
    size_t usage_cap;
};

/* One frame or body while it is read. */
struct am {
    const struct sl_am_dialect *d;
    struct sl_answer *a;
    struct am_state *s;
    struct sl_json *j;
    struct sl_err *err;
};

/* The key of a member, without its quotes, escapes as they are. */
static inline struct sl_str am_key(const struct am *c, int key)
{
    struct sl_str raw = sl_json_raw(c->j, key);
    return raw.n >= 2 ? (struct sl_str){raw.p + 1, raw.n - 2} : (struct sl_str){"", 0};
}

#define AM_IS(key, literal)                                                                        \
    ((key).n == sizeof(literal) - 1 && !memcmp((key).p, literal, sizeof(literal) - 1))

/* Decodes a string; warns where bytes had to be replaced. NULL where it is none, or is empty. */
char *am_text(struct am *c, int value, size_t *n);
/* The value's bytes as received, made well-formed, with a NUL in place of the byte behind them. */
char *am_raw(struct am *c, int value, size_t *n);

void am_emit(struct am *c, Sluice__V1__StreamEvent *event);
/* The block's part, numbered now if it has not begun. */
int32_t am_part_of(struct am *c, struct am_block *b);

typedef void (*am_emit_fn)(struct am *c, struct am_block *b, char *text);

void am_emit_text(struct am *c, struct am_block *b, char *text);
void am_emit_reasoning(struct am *c, struct am_block *b, char *text);
void am_emit_arguments(struct am *c, struct am_block *b, char *text);
/* A text in pieces that fit into a reply. */
void am_emit_pieces(struct am *c, struct am_block *b, char *text, size_t n, am_emit_fn emit_one);
/* The same for a string value; nothing where it is none, or is empty. */
void am_read_pieces(struct am *c, struct am_block *b, int value, am_emit_fn emit_one);
/* A signature, or encrypted reasoning. */
void am_emit_proof(struct am *c, struct am_block *b, int value, bool redacted);
/* The first delta of a client's tool call. */
void am_announce_call(struct am *c, struct am_block *b, char *id, char *name);
void am_emit_citation(struct am *c, struct am_block *b, int citation);
void am_read_citations(struct am *c, struct am_block *b, int list);
/* PartDone, with what is in b->extra as the part's state. */
void am_emit_done(struct am *c, struct am_block *b);

/* A block of a body or of content_block_start begins; value is the block. NULL with err filled. */
struct am_block *am_block_start(struct am *c, int64_t index, int value) SL_MUST_CHECK;
/* Events of what the block brought along. */
enum sl_code am_block_read(struct am *c, struct am_block *block, int value) SL_MUST_CHECK;
enum sl_code am_block_delta(struct am *c, int64_t index, int delta) SL_MUST_CHECK;
void am_block_stop(struct am *c, struct am_block *block);
void am_block_stop_index(struct am *c, int64_t index);

/* Lays a usage object over what was said before. first: nulls count too. */
void am_read_usage(struct am *c, int usage, bool first);

/* An error object in an answer of 200: {"type": "error", "error": {...}}. Returns its code. */
enum sl_code am_failure_inside(struct am *c, int root);

#endif
