/* OpenAI's Responses API, spoken by OpenAI, Azure, xAI, DeepSeek and OpenRouter: one translator,
 * shared by every provider whose differences fit into a const dialect.
 *
 * What is the provider's own stays with the parts of an answer: a part's provider_state is the
 * JSON of its output item (reasoning with encrypted_content, tools that the provider ran), or what
 * of it the part does not say (id, phase and status of a message, id of a call). Parts of one item
 * carry the same state; given back unchanged, they become that item again.
 *
 * `store` is not sent, so that the provider's default holds (OpenAI: stored for 30 days); an
 * organisation that wants none says {"store": false} in provider_options_json, of the request or
 * of the model, and {"include": ["reasoning.encrypted_content"]} for models that reason. */
#ifndef SL_ADAPTERS_RESPONSES_H
#define SL_ADAPTERS_RESPONSES_H

#include "adapters/chat_completions/chat_completions.h"

struct sl_rs_dialect {
    /* kind, title, key_variable, auth, end_user_key */
    struct sl_cc_dialect words;
    /* Request. What is false here is warned about where a request asks for it. */
    bool penalties;        /* frequency_penalty, presence_penalty */
    bool top_k;            /* top_k */
    bool reasoning_budget; /* reasoning.max_tokens */
    bool logprobs_member;  /* logprobs: true; false: include message.output_text.logprobs */
    bool plain_reasoning;  /* reasoning items of text only, without an id */
};

/* sl_adapter.state_size of every adapter that uses the translator. */
enum { SL_RS_STATE_SIZE = 64 };

enum sl_code sl_rs_build(const struct sl_rs_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_rs_on_body(const struct sl_rs_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_rs_on_frame(const struct sl_rs_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_rs_on_eof(const struct sl_rs_dialect *d, struct sl_answer *a,
                          struct sl_err *err) SL_MUST_CHECK;

/* The five slots of an adapter, as static functions of its file, bound to its dialect. */
#define SL_RS_SLOTS(dialect)                                                                       \
    static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,           \
                              struct sl_err *err)                                                  \
    {                                                                                              \
        return sl_rs_build(&(dialect), in, out, err);                                              \
    }                                                                                              \
    static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)     \
    {                                                                                              \
        return sl_rs_on_body(&(dialect), a, body, n, err);                                         \
    }                                                                                              \
    static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame,                \
                                 struct sl_err *err)                                               \
    {                                                                                              \
        return sl_rs_on_frame(&(dialect), a, frame, err);                                          \
    }                                                                                              \
    static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)                            \
    {                                                                                              \
        return sl_rs_on_eof(&(dialect), a, err);                                                   \
    }                                                                                              \
    static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body, \
                           size_t n, struct sl_err *err)                                           \
    {                                                                                              \
        sl_cc_on_failure(&(dialect).words, a, head, body, n, err);                                 \
    }

#endif
