/* For those who write an adapter. An adapter is a pure translator between Sluice's vocabulary (the generated
 * sluice.v1 messages) and one provider's wire format: a request in, an HTTP request out; frames in, events out. It knows
 * base/ and the generated messages: no I/O, no clock, no gRPC, no curl. Everything runs on one loop thread; nothing
 * here may block or keep a global.
 *
 * Life of one attempt: build -> (on_head) -> either on_body once (whole answers, and stream answers that are not framed)
 * or on_frame many times and on_eof once; or on_failure once for a status that is not 2xx. After an error return nothing
 * more is called. */
#ifndef SL_ADAPTERS_ADAPTER_H
#define SL_ADAPTERS_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/seg.h"
#include "base/str.h"
#include "sluice/v1/chat.pb-c.h"
#include "sluice/v1/completion.pb-c.h"

/* How a stream's bytes are cut into frames. */
enum sl_framing { SL_FRAMING_NONE, SL_FRAMING_SSE, SL_FRAMING_NDJSON, SL_FRAMING_AWS };

/* How the provider is shown the credential. */
enum sl_auth {
    SL_AUTH_DEFAULT, /* the adapter's own */
    SL_AUTH_BEARER,  /* authorization: Bearer KEY */
    SL_AUTH_HEADER,  /* auth_header: KEY */
    SL_AUTH_JWT,     /* authorization: Bearer TOKEN, which the adapter signs with the key */
    SL_AUTH_NONE,
};

struct sl_header {
    const char *name;
    const char *value;
    bool secret; /* never logged */
    struct sl_header *next;
};

/* The model as an adapter sees it: borrowed from the registry's snapshot, immutable. */
struct sl_target {
    const char *provider;    /* provider id, for messages */
    const char *base_url;    /* without a trailing '/'; never NULL */
    const char *model_id;    /* the id to send */
    const char *api;         /* "" : the adapter's default */
    const char *api_version; /* of that API, where an address has one; "" : the adapter's default */
    enum sl_auth auth;
    const char *auth_header;         /* name, with SL_AUTH_HEADER; NULL or "": x-api-key */
    const struct sl_secret *key;     /* or the token of this moment; NULL: none */
    const struct sl_header *headers; /* extra headers of model and provider */
    const char *organization;        /* "" : none */
    const char *project;             /* "" : none */
    const char *region;              /* "" : none */
    /* defaults of the registry entry, used where the request is silent */
    bool has_temperature, has_top_p, has_max_output_tokens;
    double temperature, top_p;
    int32_t max_output_tokens;
    /* quirks that the configuration may state for OpenAI-shaped servers */
    bool legacy_max_tokens;            /* send max_tokens instead of max_completion_tokens */
    bool no_stream_options;            /* the server refuses stream_options */
    bool no_developer_role;            /* send system instead of developer */
    const char *provider_options_json; /* "" or an object added under the request's own */
};

/* Collects warnings of a build or of a stream; the exchange owns it. */
struct sl_warnings {
    struct sl_arena *arena;
    Sluice__V1__Warning **list; /* in the arena */
    size_t count, cap;
};

/* Adds a warning (a second one of the same reason and field is dropped; at most 32). Strings are copied. */
void sl_warn(struct sl_warnings *w, const char *reason, const char *field, const char *fmt, ...)
    SL_PRINTF(4, 5);

struct sl_build_in {
    const struct sl_target *target;
    const Sluice__V1__CompleteRequest *request;
    bool stream;
    int64_t now_ms;         /* wall clock, milliseconds since 1970-01-01 UTC: for signatures */
    struct sl_arena *arena; /* lives as long as the attempt's request may be sent */
    struct sl_warnings *warnings;
};

/* The HTTP request. All of it lives in the arena, or is borrowed from request and target. */
struct sl_http_request {
    const char *method;        /* "POST" */
    const char *url;           /* absolute; never holds a key */
    struct sl_header *headers; /* content-type and authentication included */
    struct sl_segs body;
    enum sl_framing framing; /* of a 2xx answer; SL_FRAMING_NONE: whole body */
};

/* Adds a header at the end; strings are copied into the arena, a value up to its first line break. */
void sl_http_header(struct sl_http_request *h, struct sl_arena *arena, const char *name,
                    const char *value, bool secret);
/* Adds the authentication header for key by the target's (or the given default) mechanism, then the target's extra
 * headers; one of a name that is there already replaces it. */
void sl_http_auth(struct sl_http_request *h, struct sl_arena *arena, const struct sl_target *target,
                  enum sl_auth default_auth);
/* With SL_AUTH_JWT: adds `authorization` with a token that the key signs. False: the key is no ID.SECRET. */
bool sl_http_key_token(struct sl_http_request *h, struct sl_arena *arena,
                       const struct sl_target *target, int64_t now_ms);
/* A parameter that the target cannot express: a warning, or, where the request says ON_UNSUPPORTED_FAIL, an error
 * (SL_INVALID_ARGUMENT, UNSUPPORTED_PARAMETER, field). */
enum sl_code sl_unsupported(const struct sl_build_in *in, struct sl_err *err, const char *field,
                            const char *fmt, ...) SL_PRINTF(4, 5) SL_MUST_CHECK;
/* Whether gateways read a member of a body as other models to ask (`models`, `fallbacks`, ...). In a request's provider
 * options it would lead past the rights and prices of the model that was resolved, and is refused; a registry entry's
 * may hold it. */
bool sl_option_names_models(struct sl_str key);
/* What to use instead. */
#define SL_OPTIONS_OF_ENTRY "the options of the registry's entry"

/* One frame of a stream. data is writable, NUL-terminated and valid during the call only. */
struct sl_frame {
    const char *event; /* SSE event name, "" if none; "" for NDJSON */
    char *data;
    size_t n;
};

/* Head of an answer. Names are lower case. */
struct sl_http_head {
    int status;
    const struct sl_header *headers;
};

const char *sl_http_head_get(const struct sl_http_head *head,
                             const char *name); /* NULL if absent; name in lower case */

/* Where events go. The event is borrowed during the call; sequence is filled in by the exchange. Parts must be numbered
 * from 0 without a gap, in the order in which they begin; the exchange sends `started`, closes parts that the adapter
 * left open (PartDone), and makes `finished` from `end`. */
struct sl_event_sink {
    void (*on_event)(void *owner, Sluice__V1__StreamEvent *event);
    void *owner;
};

/* Facts of the answer that are no event, gathered while it arrives. Strings are copied into the arena with
 * sl_end_set_*; empty means not said. */
struct sl_answer_end {
    Sluice__V1__FinishReason finish_reason;
    bool has_finish_reason;
    const char *raw_finish_reason;
    bool done; /* the provider's own end marker was seen: the answer is whole */
    bool has_usage;
    Sluice__V1__TokenUsage usage; /* provider_json in the arena */
    const char *model;
    const char *response_id;
    const char *system_fingerprint;
    const char *service_tier;
    const char *stop_sequence;
};

/* What an adapter works with while an answer arrives. Made by the exchange, one an attempt. */
struct sl_answer {
    const struct sl_target *target;
    const Sluice__V1__CompleteRequest *request;
    struct sl_arena *arena;        /* of the call: small facts only, never per chunk */
    struct sl_json_parser *parser; /* shared by the loop's answers; free between calls */
    struct sl_warnings *warnings;
    struct sl_event_sink sink;
    struct sl_answer_end end;
    void *state; /* state_size bytes, zeroed; freed by release (may be NULL) and with the arena */
    bool stream;
};

/* Sets an answer_end string, copied when it changed. NULL and "" leave it as it is. */
void sl_end_set(struct sl_answer *a, const char **slot, const char *value);

struct sl_capabilities {
    bool chat, stream, tools, vision, json_schema, reasoning;
};

struct sl_op_api; /* adapters/operation.h */

/* One provider kind, speaking one of its APIs. Where a provider has several for chat, the adapter in the table speaks
 * the usual one, and others lists the rest: adapters of the same kind, chosen by a model's `api`. */
struct sl_adapter {
    const char *name; /* provider kind, for example "openai" */
    const char *api; /* the API it speaks, for example "chat_completions", "messages", "converse" */
    const struct sl_adapter *const *others; /* NULL, or NULL-terminated */
    /* Calls beside chat, NULL-terminated, of one operation the usual one first; NULL: none. Listed in the table's adapter
     * only, not in others. */
    const struct sl_op_api *const *operations;
    const char *title;            /* for people, "OpenAI" */
    const char *default_base_url; /* NULL: the configuration has to name one */
    const char
        *tokens; /* whose short-lived tokens it is asked with where the configuration names no
                         * other credential: "google", "aws"; NULL: nobody's */
    const char *const
        *key_variables; /* environment variables that usually hold its key, NULL-terminated */
    enum sl_auth auth;
    bool key_required;
    struct sl_capabilities capabilities;
    size_t state_size; /* of sl_answer.state */

    /* Fills out from in. Errors: SL_INVALID_ARGUMENT with the field, SL_FAILED_PRECONDITION. */
    enum sl_code (*build)(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err) SL_MUST_CHECK;
    /* The whole body of a 2xx answer that is not framed; writable, NUL-terminated, valid during the call. Emits events
     * and fills a->end, done included. What an event points to in the body stays as it is, its NUL included, unless the
     * same part goes on: the caller keeps the body, and may keep texts in it. */
    enum sl_code (*on_body)(struct sl_answer *a, char *body, size_t n,
                            struct sl_err *err) SL_MUST_CHECK;
    /* One frame of a 2xx stream. An error inside the stream is an error return. */
    enum sl_code (*on_frame)(struct sl_answer *a, const struct sl_frame *frame,
                             struct sl_err *err) SL_MUST_CHECK;
    /* The stream ended in good order at the HTTP level. An answer without the provider's end marker is an error
     * (SL_UNAVAILABLE, PROVIDER_TRUNCATED). */
    enum sl_code (*on_eof)(struct sl_answer *a, struct sl_err *err) SL_MUST_CHECK;
    /* An answer that is not 2xx, its body (possibly cut at the cap; writable, NUL-terminated) and headers: fills err,
     * always. The key in target is scrubbed by the exchange. */
    void (*on_failure)(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err);
    /* Frees what state holds outside the arena. NULL: nothing. */
    void (*release)(struct sl_answer *a);
};

/* ---- shared by adapters ---- */

/* What a provider's ids of tool calls look like: letters, digits and those of more; NULL: any characters. */
struct sl_call_id_rule {
    const char *more;
    size_t min, max; /* length */
};

/* The id as it is where it fits; else with '_' for other characters, or where that does not do, made from it: the same id
 * gives the same. In the arena, or id itself. */
const char *sl_call_id(struct sl_arena *arena, const char *id, const struct sl_call_id_rule *rule);

/* retry-after-ms, else retry-after in seconds or as an HTTP date, which counts from the answer's own Date header; for a
 * 429 without either, when the limits of x-ratelimit-reset-* and the like are renewed. At most a day. False where
 * nothing is said. */
bool sl_retry_after(const struct sl_http_head *head, int64_t *ms);
/* The provider's id of the HTTP request, from the headers that are used for it; NULL where there is none. */
const char *sl_http_request_id(const struct sl_http_head *head);
/* The usual meaning of an HTTP status: fills code, reason and retryable, unless a code is set. */
void sl_failure_from_status(struct sl_err *err, int status);

#endif
