/* OpenAI's completions, the API before chat: a text is gone on with. Spoken by OpenAI's base
 * models, Azure, vLLM, Ollama and others; and Mistral's FIM completions, which have another path
 * and answer in the form of chat completions.
 *
 * The prompt is the one text part of the one user message. Anything else in `messages` is refused,
 * since there is no template to write a conversation with. The text after a gap is
 * {"suffix": "..."} in provider_options_json; so are token ids or several prompts,
 * {"prompt": [...]}, beside an empty text. */
#ifndef SL_ADAPTERS_COMPLETIONS_H
#define SL_ADAPTERS_COMPLETIONS_H

#include "adapters/chat_completions/chat_completions.h"

struct sl_tc_dialect {
    /* kind, title, key_variable, auth, end_user_key, seed_key, max_stop, top_k,
     * no_stream_options; legacy_max_tokens is true: max_tokens is the only name here */
    struct sl_cc_dialect words;
    const char *path; /* behind the base URL */
    /* Request. What is false here is warned about where a request asks for it. */
    bool penalties;
    bool logprobs;
    bool chat_messages; /* what is no single text is sent as `messages` (Ollama, recorded) */
};

/* sl_adapter.state_size of every adapter that uses the translator. */
enum { SL_TC_STATE_SIZE = SL_CC_STATE_SIZE + 16 };

enum sl_code sl_tc_build(const struct sl_tc_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tc_on_body(const struct sl_tc_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tc_on_frame(const struct sl_tc_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tc_on_eof(const struct sl_tc_dialect *d, struct sl_answer *a,
                          struct sl_err *err) SL_MUST_CHECK;

/* The slots of an adapter, as static functions of its file, bound to its dialect. */
#define SL_TC_SLOTS(dialect)                                                                       \
    static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,           \
                              struct sl_err *err)                                                  \
    {                                                                                              \
        return sl_tc_build(&(dialect), in, out, err);                                              \
    }                                                                                              \
    static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)     \
    {                                                                                              \
        return sl_tc_on_body(&(dialect), a, body, n, err);                                         \
    }                                                                                              \
    static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame,                \
                                 struct sl_err *err)                                               \
    {                                                                                              \
        return sl_tc_on_frame(&(dialect), a, frame, err);                                          \
    }                                                                                              \
    static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)                            \
    {                                                                                              \
        return sl_tc_on_eof(&(dialect), a, err);                                                   \
    }                                                                                              \
    static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body, \
                           size_t n, struct sl_err *err)                                           \
    {                                                                                              \
        sl_cc_on_failure(&(dialect).words, a, head, body, n, err);                                 \
    }

#endif
