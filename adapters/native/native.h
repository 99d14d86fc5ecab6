/* For translators of formats that are a provider's own (Ollama's /api/chat, Cohere's chat):
 * writing a request's members, provider options, tools, and giving an answer's events. A
 * provider's folder includes this header; nobody else does. */
#ifndef SL_ADAPTERS_NATIVE_H
#define SL_ADAPTERS_NATIVE_H

#include "adapters/adapter.h"

/* ---- request ---- */

struct nv_build {
    const struct sl_build_in *in;
    const Sluice__V1__CompleteRequest *request;
    const char *title; /* for messages to people */
    struct sl_json_writer w;
    struct sl_err *err;
};

/* Begins a POST to base_url + path: headers, authentication, the writer. */
void nv_begin(struct nv_build *b, const struct sl_build_in *in, struct sl_http_request *out,
              const char *path);

/* A field name in the arena. */
const char *nv_field(struct nv_build *b, const char *fmt, ...) SL_PRINTF(2, 3);
void nv_put_string(struct nv_build *b, const char *key, const char *v);
void nv_put_int(struct nv_build *b, const char *key, int64_t v);
void nv_put_bool(struct nv_build *b, const char *key, bool v);
void nv_put_raw(struct nv_build *b, const char *key, const char *json);
/* field names the value in the error for what is no number. */
enum sl_code nv_put_double(struct nv_build *b, const char *key, const char *field,
                           double v) SL_MUST_CHECK;
void nv_put_strings(struct nv_build *b, const char *key, char *const *list, size_t n);
/* Checks that json is of that type: SL_INVALID_ARGUMENT, naming the field. */
enum sl_code nv_check_json(struct nv_build *b, const char *json, enum sl_json_type type,
                           const char *field) SL_MUST_CHECK;
/* A chosen temperature, top_p or limit: the request's, else the registry entry's. */
bool nv_temperature(const struct nv_build *b, double *v);
bool nv_top_p(const struct nv_build *b, double *v);
bool nv_max_output_tokens(const struct nv_build *b, int64_t *v);

/* Where an error or a warning points. */
struct nv_place {
    size_t message, part;
};

/* "messages[0].parts[1]" and what follows. */
const char *nv_part_field(struct nv_build *b, struct nv_place at, const char *rest);
enum sl_code nv_wrong_place(struct nv_build *b, struct nv_place at, const char *what) SL_MUST_CHECK;
enum sl_code nv_unsupported_part(struct nv_build *b, struct nv_place at,
                                 const char *what) SL_MUST_CHECK;
/* Warns about what any part may carry and the provider does not take: citations, cache hints,
 * and state, unless it is of the kind own ("": none is). */
enum sl_code nv_check_part(struct nv_build *b, const Sluice__V1__Part *part, struct nv_place at,
                           const char *own) SL_MUST_CHECK;
/* Name, and whether it is a text message's list of parts at all. */
enum sl_code nv_check_name(struct nv_build *b, const Sluice__V1__Message *m,
                           size_t index) SL_MUST_CHECK;
/* What a tool's answer may say beside its texts and documents. */
enum sl_code nv_check_result(struct nv_build *b, const Sluice__V1__ToolResult *result,
                             struct nv_place at, bool documents) SL_MUST_CHECK;
/* A call's arguments, which have to be an object: what an answer that was cut off left is put into
 * one, with a warning; blank is {}. */
void nv_put_arguments(struct nv_build *b, const char *key, const char *json, struct nv_place at);
/* The name of the call that a result answers, where the result does not say it; "" if unknown. */
const char *nv_result_name(const struct nv_build *b, const Sluice__V1__ToolResult *result);
void nv_put_data_url(struct nv_build *b, const char *media_type, const ProtobufCBinaryData *data);

/* Tools: [{"type": "function", "function": {name, description, parameters}}], those that
 * tool_choice leaves over. Custom tools, the provider's own, and cache hints are warned about.
 * hide: MODE_NONE offers no tool, for providers that have no word for it. *n: how many. */
enum sl_code nv_put_tools(struct nv_build *b, bool hide, size_t *n) SL_MUST_CHECK;
bool nv_is_offered(const struct nv_build *b, const char *name, bool hide);
/* Names of tool_choice have to be tools of the request. */
enum sl_code nv_check_choice(struct nv_build *b) SL_MUST_CHECK;

/* ---- provider options ---- */

/* A member that build writes itself, and the field to use instead. */
struct nv_owned {
    const char *key, *field;
};

struct nv_document {
    bool there;
    struct sl_json_parser parser;
    struct sl_json j;
};

/* Options of the request, which go before those of the registry entry. */
struct nv_options {
    struct nv_document request, target;
};

/* Checks and parses both; close has to follow, whatever was returned. */
enum sl_code nv_options_open(struct nv_build *b, struct nv_options *o) SL_MUST_CHECK;
void nv_options_close(struct nv_options *o);
/* Adds members to the open object unchanged: of the options themselves (object is NULL; the
 * member inner, an object that is written elsewhere, is left out), or of their member object. An
 * owned key is refused. owned ends with a NULL key. */
enum sl_code nv_options_put(struct nv_build *b, struct nv_options *o, const char *object,
                            const char *inner, const struct nv_owned *owned) SL_MUST_CHECK;
/* Whether either has such a member; of the member object, if that is not NULL. */
bool nv_options_has(const struct nv_options *o, const char *object, const char *key);

/* ---- answer ---- */

/* Part numbers are kept plus one: 0 means that the part has not begun. */
struct nv_state {
    int32_t next_part, next_call, text_part, reasoning_part;
    char *usage_json;
    size_t usage_cap;
};

/* One frame or body while it is read. */
struct nv {
    const char *title;
    struct sl_answer *a;
    struct nv_state *s;
    struct sl_json *j;
    struct sl_err *err;
};

/* The key of a member, without its quotes, escapes as they are. */
static inline struct sl_str nv_key(const struct nv *c, int key)
{
    struct sl_str raw = sl_json_raw(c->j, key);
    return raw.n >= 2 ? (struct sl_str){raw.p + 1, raw.n - 2} : (struct sl_str){"", 0};
}

#define NV_KEY_IS(key, literal)                                                                    \
    ((key).n == sizeof(literal) - 1 && !memcmp((key).p, literal, sizeof(literal) - 1))

/* The part's number, taken now if it has not begun. */
int32_t nv_part(struct nv *c, int32_t *slot);
/* Decodes a string; warns where bytes had to be replaced. NULL where it is none, or is empty. */
char *nv_text(struct nv *c, int value, size_t *n);
/* The next piece of visible text or of reasoning, in events of bounded size. */
void nv_emit_text(struct nv *c, int32_t part, char *text, size_t n);
void nv_emit_reasoning(struct nv *c, int32_t part, char *text, size_t n);
/* A string value as text or reasoning of the part in slot. */
void nv_read_text(struct nv *c, int value, int32_t *slot);
void nv_read_reasoning(struct nv *c, int value, int32_t *slot);

/* A tool call of the answer. */
struct nv_call {
    int32_t part, index;
};

/* The next call; id is made up where it is NULL or empty. */
void nv_begin_call(struct nv *c, struct nv_call *call, char *id, char *name);
void nv_emit_arguments(struct nv *c, const struct nv_call *call, char *text, size_t n);
/* A JSON value as it was sent, for a call's arguments: well-formed, with a NUL behind it. Nothing
 * may be read from around it afterwards. */
char *nv_raw_text(struct nv *c, int value, size_t *n);

void nv_emit_citation(struct nv *c, Sluice__V1__Citation *citation);
/* Ends a part, with opaque bytes of the provider kind. */
void nv_end_part(struct nv *c, int32_t part, const char *kind, const char *state);

/* Compares before it decodes. */
void nv_fact(struct nv *c, int value, const char **slot);
/* A count of tokens; -1 where there is none. */
int64_t nv_count(const struct nv *c, int object, const char *key);
/* Buckets from what the provider counts: cached ones are part of the input, reasoning of the
 * output. -1: not said. json is copied. */
struct nv_usage {
    int64_t input, cached, output, reasoning;
};
void nv_set_usage(struct nv *c, const struct nv_usage *u, struct sl_str json);
/* For json, where the provider has no object of its own: {"key": N, ...} of those keys of the object that hold a number.
 * buffer has 64 bytes for each key. */
struct sl_str nv_usage_text(const struct nv *c, int object, const char *const *keys, size_t n_keys,
                            char *buffer);

enum sl_code nv_truncated(struct nv *c) SL_MUST_CHECK;
enum sl_code nv_garbage(struct nv *c, const char *what) SL_MUST_CHECK;

/* An error inside an answer of 200: by its member `error`, a text or an object with message and
 * type; or by its text, which may be NULL. */
enum sl_code nv_read_error(struct nv *c, int error) SL_MUST_CHECK;
enum sl_code nv_error_in_answer(struct nv *c, const char *text, const char *type) SL_MUST_CHECK;

#endif
