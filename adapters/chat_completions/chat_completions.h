/* OpenAI's chat completions, the format that most providers speak: one translator, shared by
 * every provider whose differences fit into a const dialect. A provider has its own file with
 * its dialect, its notes and its entry. */
#ifndef SL_ADAPTERS_CHAT_COMPLETIONS_H
#define SL_ADAPTERS_CHAT_COMPLETIONS_H

#include "adapters/adapter.h"

/* How reasoning.effort and reasoning.budget_tokens are said. */
enum sl_cc_reasoning {
    SL_CC_REASONING_EFFORT,   /* reasoning_effort: WORD */
    SL_CC_REASONING_OBJECT,   /* reasoning: {effort: WORD, max_tokens: N} */
    SL_CC_REASONING_THINKING, /* none: thinking: {type: disabled}; else reasoning_effort */
    SL_CC_REASONING_SWITCH,   /* enable_thinking, thinking_budget: no levels */
    SL_CC_REASONING_TEMPLATE, /* none: chat_template_kwargs: {enable_thinking: false}; else
                                 reasoning_effort */
};

/* What one provider's error code or type means, whatever the HTTP status. */
struct sl_cc_word {
    const char *text;
    enum sl_code code;
    enum sl_reason reason;
};

struct sl_cc_dialect {
    const char *kind;         /* the adapter's name; marks provider_state */
    const char *title;        /* for messages to people */
    const char *key_variable; /* named where a required key is missing; NULL: no key is needed */
    enum sl_auth auth;        /* how the key is shown, unless the target says otherwise */

    /* Request. What is false or NULL here is warned about, or refused, where a request asks for
     * it. */
    const char *end_user_key;      /* member for end_user */
    const char *reasoning_history; /* member of an assistant message for its earlier reasoning */
    const char *prefix_key;        /* member, true, of a last message of the assistant's that the
                                      answer goes on from; NULL: none is needed, or none known */
    const char *prefix_base;       /* how a base URL ends that takes it; NULL: any does */
    const char *seed_key;          /* NULL: seed */
    const char *required_word;     /* tool_choice that demands a call; NULL: required */
    const char *max_effort;        /* word for the highest effort; NULL: xhigh */
    const char *extra_key;         /* a member that is sent unless provider options have it, */
    const char *extra_json;        /* and its value */
    const char *const *provider_tools; /* kinds sent as {"type": KIND, configuration}; NULL: none */
    const struct sl_call_id_rule *call_ids; /* NULL: any will do */
    enum sl_cc_reasoning reasoning;
    unsigned max_stop;      /* stop sequences taken; 0: no limit known */
    bool legacy_max_tokens; /* max_tokens, not max_completion_tokens */
    bool developer_role;    /* false: system */
    bool top_k;             /* member top_k */
    bool allowed_tools; /* tool_choice of type allowed_tools; false: only those tools are offered */
    bool web_search_options; /* the provider tool web_search */
    bool refusal_history;    /* refusals as such; false: as text */
    bool null_content;       /* assistant messages without text say "content": null */
    bool any_audio_format;   /* input_audio takes more than wav and mp3 */
    bool media_urls;         /* parts audio_url and video_url, as vLLM has them */
    bool no_stream_options;  /* usage comes unasked, and stream_options is refused */
    bool no_prefix_json;     /* prefix_key does not go with response_format json_object */
    bool no_logprobs;        /* neither logprobs nor top_logprobs */
    bool cache_control;      /* cache hints of text parts of system and user */
    bool file_urls;          /* file_data may be an address */
    bool mistral_parts;      /* document_url, input_audio as text, file with its id beside it */
    bool tool_names;         /* messages of tools may say which tool they are of */
    bool thinking_parts;     /* earlier reasoning is a part of the content, of type thinking */
    bool reasoning_details;  /* reasoning_details come with answers and go back as they came */

    /* Answer. */
    bool reasoning_beside; /* reasoning tokens are not part of completion_tokens */
    bool base_resp;        /* errors of a 200 stand in base_resp: {status_code, status_msg} */
    const struct sl_cc_word *words; /* up to an entry without text; NULL: none of its own */
};

/* sl_adapter.state_size of every adapter that uses the translator. */
enum { SL_CC_STATE_SIZE = 160 };

enum sl_code sl_cc_build(const struct sl_cc_dialect *d, const struct sl_build_in *in,
                         struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_cc_on_body(const struct sl_cc_dialect *d, struct sl_answer *a, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_cc_on_frame(const struct sl_cc_dialect *d, struct sl_answer *a,
                            const struct sl_frame *frame, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_cc_on_eof(const struct sl_cc_dialect *d, struct sl_answer *a,
                          struct sl_err *err) SL_MUST_CHECK;
void sl_cc_on_failure(const struct sl_cc_dialect *d, const struct sl_answer *a,
                      const struct sl_http_head *head, char *body, size_t n, struct sl_err *err);

/* Only adapters whose dialect has reasoning_details hold something outside the arena. */
void sl_cc_release(struct sl_answer *a);

/* The five slots of an adapter, as static functions of its file, bound to its dialect. */
#define SL_CC_SLOTS(dialect)                                                                       \
    static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,           \
                              struct sl_err *err)                                                  \
    {                                                                                              \
        return sl_cc_build(&(dialect), in, out, err);                                              \
    }                                                                                              \
    static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)     \
    {                                                                                              \
        return sl_cc_on_body(&(dialect), a, body, n, err);                                         \
    }                                                                                              \
    static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame,                \
                                 struct sl_err *err)                                               \
    {                                                                                              \
        return sl_cc_on_frame(&(dialect), a, frame, err);                                          \
    }                                                                                              \
    static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)                            \
    {                                                                                              \
        return sl_cc_on_eof(&(dialect), a, err);                                                   \
    }                                                                                              \
    static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body, \
                           size_t n, struct sl_err *err)                                           \
    {                                                                                              \
        sl_cc_on_failure(&(dialect), a, head, body, n, err);                                       \
    }

/* The members of an adapter's entry that name them. */
#define SL_CC_ENTRY                                                                                \
    .state_size = SL_CC_STATE_SIZE, .build = build, .on_body = on_body, .on_frame = on_frame,      \
    .on_eof = on_eof, .on_failure = on_failure

#endif
