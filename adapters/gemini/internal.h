/* Shared by the files of the Gemini translator, and by nobody else. */
#ifndef SL_ADAPTERS_GEMINI_INTERNAL_H
#define SL_ADAPTERS_GEMINI_INTERNAL_H

#include "adapters/gemini/gemini.h"

/* ---- request ---- */

/* provider_options_json of the request and of its target, parsed. */
struct gm_options {
    struct sl_json_parser parser;
    struct sl_json j;
    bool there;
};

struct gm_build {
    const struct sl_gemini_dialect *d;
    const struct sl_build_in *in;
    const Sluice__V1__CompleteRequest *request;
    struct sl_json_writer w;
    struct sl_err *err;
    struct gm_options request_options, target_options;
    const char *object; /* the member that is an open object (generationConfig, toolConfig) */
    const char *role;   /* of the open element of contents; NULL: none is open */
    size_t turn;        /* index of the first message of the current turn */
    bool has_call;      /* the open element holds a function call */
    bool has_content;
};

/* Models up to 2.5 take a budget of thinking tokens, later ones a level. */
bool gm_has_levels(const struct gm_build *b);
/* A field name in the arena. */
const char *gm_field(struct gm_build *b, const char *fmt, ...) SL_PRINTF(2, 3);
enum sl_code gm_invalid(struct gm_build *b, const char *field, const char *text) SL_MUST_CHECK;
/* Checks that json is of that type: SL_INVALID_ARGUMENT, naming the field. */
enum sl_code gm_check_json(struct gm_build *b, const char *json, enum sl_json_type type,
                           const char *field) SL_MUST_CHECK;
void gm_put_string(struct gm_build *b, const char *key, const char *v);
void gm_put_raw(struct gm_build *b, const char *key, const char *json);
/* Opens the member of that name, an object, before its first member; gm_end_object closes it where
 * it is open. */
void gm_begin_object(struct gm_build *b, const char *name);
void gm_end_object(struct gm_build *b);
/* Whether a schema is written in Google's own form, whose types are upper case. */
bool gm_is_google_schema(struct gm_build *b, const char *schema);

/* systemInstruction and contents */
enum sl_code gm_build_contents(struct gm_build *b) SL_MUST_CHECK;
/* tools and toolConfig */
enum sl_code gm_build_tools(struct gm_build *b) SL_MUST_CHECK;
enum sl_code gm_build_config(struct gm_build *b) SL_MUST_CHECK;

/* The id as a path below the base URL, for example "models/gemini-2.5-pro". */
char *gm_model_path(const struct sl_gemini_dialect *d, const struct sl_build_in *in);
/* A POST to base_url/MODEL:action, with its headers. */
void gm_address(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                struct sl_http_request *out, const char *action);
/* countTokens of contents and tools, as members of the body itself (Vertex AI). */
enum sl_code gm_build_bare_counting(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                                    struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;
/* countTokens of the whole request. */
enum sl_code gm_build_counting(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                               struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;

/* Where an error or a warning points. */
struct gm_place {
    size_t message, part;
};

const char *gm_part_field(struct gm_build *b, struct gm_place at, const char *rest);
enum sl_code gm_unsupported_part(struct gm_build *b, struct gm_place at,
                                 const char *what) SL_MUST_CHECK;
/* The signature that a part of this provider's carries; n is 0 where there is none. */
struct sl_str gm_signature(const struct gm_build *b, const Sluice__V1__Part *part);
bool gm_is_own(const struct gm_build *b, const Sluice__V1__Part *part);
/* A part of an element of contents: begin, its members, end. */
void gm_begin_part(struct gm_build *b, const char *role);
void gm_end_part(struct gm_build *b, const Sluice__V1__Part *part);
enum sl_code gm_put_media(struct gm_build *b, const Sluice__V1__Part *part, struct gm_place at,
                          const char *role) SL_MUST_CHECK;
/* Warns about what a document or a picture may say and the API has no place for. */
enum sl_code gm_check_document(struct gm_build *b, const Sluice__V1__Document *m,
                               const char *field) SL_MUST_CHECK;
enum sl_code gm_check_image(struct gm_build *b, const Sluice__V1__Image *m,
                            const char *field) SL_MUST_CHECK;
void gm_put_inline(struct gm_build *b, const char *media_type, const ProtobufCBinaryData *data);
enum sl_code gm_put_call(struct gm_build *b, const Sluice__V1__Part *part,
                         struct gm_place at) SL_MUST_CHECK;
enum sl_code gm_put_result(struct gm_build *b, const Sluice__V1__Part *part,
                           struct gm_place at) SL_MUST_CHECK;

/* Parses and checks both texts; close in any case. */
enum sl_code gm_open_options(struct gm_build *b) SL_MUST_CHECK;
void gm_close_options(struct gm_build *b);
/* The options that belong into the body itself, or (level "generationConfig", "toolConfig") into
 * the member that Sluice writes, which is opened where it is needed. */
void gm_put_options(struct gm_build *b, const char *level);

/* ---- answer ---- */

enum gm_open { GM_NONE, GM_TEXT, GM_REASONING };

struct gm_state {
    int32_t next_part, next_call, next_item;
    int32_t open_part;
    enum gm_open open;  /* what the next piece may go on with */
    int32_t text_part;  /* the last, plus one; 0: none yet */
    const char *run_id; /* of the last code that was run */
    char *usage_json;
    size_t usage_cap;
    bool is_answer; /* a candidate, or the reason why there is none, has come */
};

/* One frame or body while it is read. */
struct gm {
    const struct sl_gemini_dialect *d;
    struct sl_answer *a;
    struct gm_state *s;
    struct sl_json *j;
    struct sl_err *err;
    char *signature; /* of the open part, still to be told */
    size_t signature_n;
    Sluice__V1__TokenLogprob **logprobs; /* for the next text */
    size_t n_logprobs;
};

/* The key of a member, without its quotes, escapes as they are. */
static inline struct sl_str gm_key(const struct gm *g, int key)
{
    struct sl_str raw = sl_json_raw(g->j, key);
    return raw.n >= 2 ? (struct sl_str){raw.p + 1, raw.n - 2} : (struct sl_str){"", 0};
}

#define GM_KEY_IS(key, literal)                                                                    \
    ((key).n == sizeof(literal) - 1 && !memcmp((key).p, literal, sizeof(literal) - 1))

void gm_emit(struct gm *g, Sluice__V1__StreamEvent *event);
/* Decodes a string; warns where bytes had to be replaced. NULL where it is none, or is empty. */
char *gm_text(struct gm *g, int value, size_t *n);
/* Makes JSON that is passed on as it was sent well-formed: '?' for each ill-formed byte. */
void gm_repair(struct gm *g, char *json, size_t n);
/* A member's value; absent too where object is none. */
int gm_member(const struct gm *g, int object, const char *key);
/* Begins a part of another kind: the open one ends. Returns its number. */
int32_t gm_begin(struct gm *g);
/* Ends the open part, with its signature where it has one. */
void gm_end(struct gm *g);
/* The last text; one is begun where there is none. */
int32_t gm_text_part(struct gm *g);
void gm_emit_text(struct gm *g, char *text);

enum sl_code gm_read_parts(struct gm *g, int parts) SL_MUST_CHECK;
/* inlineData and fileData */
void gm_read_inline(struct gm *g, int object);
void gm_read_file(struct gm *g, int object);
/* functionCall */
enum sl_code gm_read_call(struct gm *g, int object) SL_MUST_CHECK;
/* Things that the provider ran itself. name is the member's, value its object. */
void gm_read_server_item(struct gm *g, struct sl_str name, int value);
void gm_read_grounding(struct gm *g, int object);
void gm_read_citations(struct gm *g, int object);
void gm_read_urls(struct gm *g, int object);
/* logprobsResult into g->logprobs, in scratch. */
enum sl_code gm_read_logprobs(struct gm *g, int object, struct sl_arena *scratch) SL_MUST_CHECK;
void gm_read_usage(struct gm *g, int usage);

/* ---- failures ---- */

/* Fills err from the document's error; status 0: inside an answer of 200. Returns its code. */
enum sl_code gm_failure(const struct sl_gemini_dialect *d, struct sl_json *j, int value, int status,
                        struct sl_err *err);

#endif
