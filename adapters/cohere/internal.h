/* Shared by the files of the Cohere adapter, and by nobody else. */
#ifndef SL_ADAPTERS_COHERE_INTERNAL_H
#define SL_ADAPTERS_COHERE_INTERNAL_H

#include "adapters/native/native.h"

extern const char cohere_title[];
extern const char cohere_kind[];
/* provider_state of a reasoning part that is a tool_plan */
extern const char cohere_plan[];

enum { COHERE_BLOCKS = 8, COHERE_MAX_CALLS = 1024, COHERE_MAX_NAME = 512 };

struct cohere_call {
    struct cohere_call *prev;
    int64_t wire_index;
    struct nv_call call;
};

/* Part numbers are kept plus one: 0 means that the part has not begun. */
struct cohere_state {
    struct nv_state nv;
    struct cohere_call *last;     /* of v2's streams; a list by prev */
    int32_t plan_part;            /* tool_plan */
    int32_t block[COHERE_BLOCKS]; /* parts of v2's content blocks, by their index */
    bool plan_ended, called, cited;
};

enum sl_code cohere_build_v2(const struct sl_build_in *in, struct sl_http_request *out,
                             struct sl_err *err) SL_MUST_CHECK;
enum sl_code cohere_build_v1(const struct sl_build_in *in, struct sl_http_request *out,
                             struct sl_err *err) SL_MUST_CHECK;
/* v2: messages: [...] */
enum sl_code cohere_put_messages(struct nv_build *b) SL_MUST_CHECK;
/* Documents of users with their text, as the request's own list; none where there is none.
 * flat: v1's form, in which the texts are not in an object of their own. */
void cohere_put_documents(struct nv_build *b, bool flat);
bool cohere_has_documents(const struct nv_build *b);
bool cohere_is_document(const Sluice__V1__Part *part);
/* Members of both APIs: temperature, p, k, limits, seed, penalties, stop_sequences. */
enum sl_code cohere_put_sampling(struct nv_build *b) SL_MUST_CHECK;
/* What neither API has a word for: end_user, parallel calls, probabilities. */
enum sl_code cohere_check_rest(struct nv_build *b) SL_MUST_CHECK;
/* response_format, whose schema is called key. */
enum sl_code cohere_put_format(struct nv_build *b, const char *key) SL_MUST_CHECK;
enum sl_code cohere_check_target(const struct sl_build_in *in, struct sl_err *err) SL_MUST_CHECK;

enum sl_code cohere_on_body_v2(struct sl_answer *a, char *body, size_t n,
                               struct sl_err *err) SL_MUST_CHECK;
enum sl_code cohere_on_frame_v2(struct sl_answer *a, const struct sl_frame *frame,
                                struct sl_err *err) SL_MUST_CHECK;
enum sl_code cohere_on_body_v1(struct sl_answer *a, char *body, size_t n,
                               struct sl_err *err) SL_MUST_CHECK;
enum sl_code cohere_on_frame_v1(struct sl_answer *a, const struct sl_frame *frame,
                                struct sl_err *err) SL_MUST_CHECK;
enum sl_code cohere_on_eof(struct sl_answer *a, struct sl_err *err) SL_MUST_CHECK;

/* tokens, else billed_units; cached_tokens. */
void cohere_read_usage(struct nv *c, int usage);
/* The finish reason; a call turns COMPLETE into a reason of its own. */
void cohere_read_reason(struct nv *c, int value);
/* One source of the part. */
void cohere_read_citation(struct nv *c, int citation, int32_t part);

static inline struct cohere_state *cohere_state_of(const struct nv *c)
{
    return c->a->state;
}

#endif
