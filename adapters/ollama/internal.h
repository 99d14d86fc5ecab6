/* Shared by the files of the Ollama adapter, and by nobody else. */
#ifndef SL_ADAPTERS_OLLAMA_INTERNAL_H
#define SL_ADAPTERS_OLLAMA_INTERNAL_H

#include "adapters/native/native.h"

extern const char ollama_title[];

struct ollama_state {
    struct nv_state nv;
    bool called; /* the answer holds a tool call */
};

enum sl_code ollama_build_chat(const struct sl_build_in *in, struct sl_http_request *out,
                               struct sl_err *err) SL_MUST_CHECK;
enum sl_code ollama_build_generate(const struct sl_build_in *in, struct sl_http_request *out,
                                   struct sl_err *err) SL_MUST_CHECK;
/* messages: [...] */
enum sl_code ollama_put_messages(struct nv_build *b) SL_MUST_CHECK;
/* prompt, system and images, from a request of one question. */
enum sl_code ollama_put_prompt(struct nv_build *b) SL_MUST_CHECK;

enum sl_code ollama_on_body(struct sl_answer *a, char *body, size_t n,
                            struct sl_err *err) SL_MUST_CHECK;
enum sl_code ollama_on_frame(struct sl_answer *a, const struct sl_frame *frame,
                             struct sl_err *err) SL_MUST_CHECK;
enum sl_code ollama_on_eof(struct sl_answer *a, struct sl_err *err) SL_MUST_CHECK;

#endif
