/* Text Generation Inference's own API, https://huggingface.co/docs/text-generation-inference/reference/api_reference
 * ("Generate", and its openapi.json): a text is gone on with. For a provider's file that offers it as one of its APIs.
 *
 * The prompt is the one text part of the one user message. What the API has and Sluice has no field for (typical_p,
 * watermark, repetition_penalty, truncate, grammar, ...) is {"parameters": {...}} in provider_options_json. */
#ifndef SL_ADAPTERS_TEXT_GENERATION_H
#define SL_ADAPTERS_TEXT_GENERATION_H

#include "adapters/native/native.h"

#define SL_TGI_API "text_generation"

struct sl_tgi_state {
    struct nv_state nv;
};

/* Where requests go, by the base URL: one that ends in /models gets the model's id behind it (Hugging Face's router); one
 * that ends in /generate is that path, or generate_stream for streams; any other is the server's root, a /v1 at its end
 * left out. */
enum sl_code sl_tgi_build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tgi_on_body(struct sl_answer *a, char *body, size_t n,
                            struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tgi_on_frame(struct sl_answer *a, const struct sl_frame *frame,
                             struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_tgi_on_eof(struct sl_answer *a, struct sl_err *err) SL_MUST_CHECK;

#endif
