/* Google's generateContent and streamGenerateContent, the wire of the Gemini API and of Vertex AI:
 * one translator, shared by the providers that speak it. What differs (address, credential, name)
 * is a member of the dialect. */
#ifndef SL_ADAPTERS_GEMINI_GEMINI_H
#define SL_ADAPTERS_GEMINI_GEMINI_H

#include "adapters/adapter.h"

struct sl_gemini_dialect {
    const char *kind;         /* the adapter's name; marks provider_state */
    const char *title;        /* for messages to people */
    const char *key_variable; /* named where a required key is missing; NULL: no key is needed */
    enum sl_auth auth;        /* how the key is shown, unless the target says otherwise */
    const char *key_header;   /* with SL_AUTH_HEADER */
    const char *models_path;  /* between the base URL and the model's id, for example "models" */
    const char *files_path;   /* of a stored file below the base URL; NULL: ids are whole URIs */
};

/* The Gemini API's own. */
extern const struct sl_gemini_dialect sl_gemini_dialect;

/* sl_adapter.api and sl_adapter.state_size of every adapter that uses the translator. */
#define SL_GEMINI_API "generate_content"
enum { SL_GEMINI_STATE_SIZE = 64 };

enum sl_code sl_gemini_build(const struct sl_gemini_dialect *d, const struct sl_build_in *in,
                             struct sl_http_request *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_gemini_on_body(const struct sl_gemini_dialect *d, struct sl_answer *a, char *body,
                               size_t n, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_gemini_on_frame(const struct sl_gemini_dialect *d, struct sl_answer *a,
                                const struct sl_frame *frame, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_gemini_on_eof(const struct sl_gemini_dialect *d, struct sl_answer *a,
                              struct sl_err *err) SL_MUST_CHECK;
void sl_gemini_on_failure(const struct sl_gemini_dialect *d, const struct sl_answer *a,
                          const struct sl_http_head *head, char *body, size_t n,
                          struct sl_err *err);

#endif
