/* Anthropic's Messages, https://platform.claude.com/docs/en/api/messages: one translator, shared by
 * Anthropic's own API and by those that carry the same bodies elsewhere (Bedrock's InvokeModel,
 * Vertex AI's rawPredict). What differs is the envelope, which is a const dialect. */
#ifndef SL_ADAPTERS_ANTHROPIC_MESSAGES_H
#define SL_ADAPTERS_ANTHROPIC_MESSAGES_H

#include "adapters/adapter.h"

struct sl_am_dialect {
    const char *kind;         /* the adapter's name; marks provider_state */
    const char *title;        /* for messages to people */
    const char *key_variable; /* named where a required key is missing */
    const char *body_version; /* member anthropic_version; NULL: it goes into a header */
    bool body_model;          /* member model; false: the URL says it */
    bool body_stream;         /* member stream; false: the URL says it */
    bool counting;            /* for count_tokens: neither limits and sampling nor who asks */
    bool body_betas;          /* member anthropic_beta; false: they go into a header */
};

/* sl_adapter.state_size of every adapter that uses the translator. */
enum { SL_AM_STATE_SIZE = 2048 };

/* SL_FAILED_PRECONDITION where the target has no key and needs one. */
enum sl_code sl_am_check_key(const struct sl_am_dialect *d, const struct sl_target *target,
                             struct sl_err *err) SL_MUST_CHECK;
/* Writes the body. *betas: the value of the header anthropic-beta, in the arena; NULL: none, or in
 * the body. */
enum sl_code sl_am_body(const struct sl_am_dialect *d, const struct sl_build_in *in,
                        struct sl_segs *out, const char **betas, struct sl_err *err) SL_MUST_CHECK;

/* Method, headers and body, for those who show their key as Anthropic does: all but the address. */
enum sl_code sl_am_build(const struct sl_am_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;

/* Claude on Vertex AI: the dialect, which keeps the kind "anthropic" because signatures of reasoning
 * are good on both ("Extended thinking"), and the request, below a base URL that ends in /models. */
#define SL_AM_RAW_PREDICT_API "raw_predict"
extern const struct sl_am_dialect sl_am_raw_predict;
enum sl_code sl_am_build_raw_predict(const struct sl_build_in *in, struct sl_http_request *out,
                                     struct sl_err *err) SL_MUST_CHECK;
/* Sets the header to what sl_am_body said; NULL: nothing. */
void sl_am_set_betas(struct sl_http_request *out, struct sl_arena *arena, const char *betas);

/* Events are told apart by their member `type`, so the frame's event name may be empty. */
enum sl_code sl_am_on_body(const struct sl_am_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_am_on_frame(const struct sl_am_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_am_on_eof(const struct sl_am_dialect *d, struct sl_answer *a,
                          struct sl_err *err) SL_MUST_CHECK;
void sl_am_on_failure(const struct sl_am_dialect *d, const struct sl_answer *a,
                      const struct sl_http_head *head, char *body, size_t n, struct sl_err *err);
/* sl_adapter.release of every adapter that uses the translator. */
void sl_am_release(struct sl_answer *a);

#endif
