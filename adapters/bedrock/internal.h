/* Shared by the files of the Bedrock adapter, and by nobody else. */
#ifndef SL_ADAPTERS_BEDROCK_INTERNAL_H
#define SL_ADAPTERS_BEDROCK_INTERNAL_H

#include "adapters/anthropic/messages.h"
#include "adapters/native/native.h"
#include "base/buf.h"

extern const char br_title[];
extern const char br_kind[];
/* Claude's own bodies, as InvokeModel takes them. */
extern const struct sl_am_dialect br_invoke;

/* ---- requests ---- */

/* {"role", "content": [...]} of each turn, and system. */
enum sl_code br_put_messages(struct nv_build *b) SL_MUST_CHECK;
enum sl_code br_put_system(struct nv_build *b) SL_MUST_CHECK;
/* {"image": {...}}, {"document": {...}}, {"video": {...}}, {"audio": {...}} */
enum sl_code br_put_image(struct nv_build *b, const Sluice__V1__Image *image,
                          const char *field) SL_MUST_CHECK;
enum sl_code br_put_document(struct nv_build *b, const Sluice__V1__Document *document,
                             const char *field) SL_MUST_CHECK;
enum sl_code br_put_video(struct nv_build *b, const Sluice__V1__Video *video,
                          const char *field) SL_MUST_CHECK;
enum sl_code br_put_audio(struct nv_build *b, const Sluice__V1__Audio *audio,
                          const char *field) SL_MUST_CHECK;
/* {"cachePoint": {...}} behind what the hint stands at; nothing where there is none. */
enum sl_code br_put_cache(struct nv_build *b, const Sluice__V1__CacheHint *hint,
                          const char *field) SL_MUST_CHECK;
enum sl_code br_put_tools(struct nv_build *b) SL_MUST_CHECK;
bool br_is_claude(const struct nv_build *b);

enum sl_code br_build_converse(const struct sl_build_in *in, struct sl_http_request *out,
                               struct sl_err *err) SL_MUST_CHECK;

/* The base URL; the usual one stands for the region's own host. */
const char *br_base(struct sl_arena *arena, const struct sl_target *target);
/* The request once the body is whole: headers, the credential or the signature. */
enum sl_code br_send(const struct sl_build_in *in, struct sl_http_request *out, const char *method,
                     const char *url, struct sl_err *err) SL_MUST_CHECK;
/* base_url/model/ID/action, and the headers, once the body is whole. */
enum sl_code br_address(const struct sl_build_in *in, struct sl_http_request *out,
                        const char *action, struct sl_err *err) SL_MUST_CHECK;

/* ---- answers ---- */

enum br_block_kind { BR_NONE, BR_TEXT, BR_REASONING, BR_TOOL, BR_SERVER_TOOL, BR_SERVER_RESULT };

enum { BR_MAX_OPEN = 16, BR_MAX_NAME = 512, BR_MAX_JSON = 1024 * 1024 };

/* A content block. part is kept plus one: 0 means that it has not begun. */
struct br_block {
    bool open;
    enum br_block_kind kind;
    int64_t index; /* on the wire */
    int32_t part;
    struct nv_call call;
    /* of a provider's tool, until it is whole */
    struct sl_buf id, name, json;
    char status[32];
};

struct br_state {
    struct nv_state nv;
    struct br_block block[BR_MAX_OPEN];
};

enum sl_code br_on_body(struct sl_answer *a, char *body, size_t n,
                        struct sl_err *err) SL_MUST_CHECK;
enum sl_code br_on_frame(struct sl_answer *a, const struct sl_frame *frame,
                         struct sl_err *err) SL_MUST_CHECK;
enum sl_code br_on_eof(struct sl_answer *a, struct sl_err *err) SL_MUST_CHECK;
void br_release(struct sl_answer *a);

void br_on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body, size_t n,
                   struct sl_err *err);
/* The exception that a frame is; SL_OK where it is none. */
enum sl_code br_exception(const struct sl_answer *a, const struct sl_frame *frame,
                          struct sl_err *err) SL_MUST_CHECK;

static inline struct br_state *br_state_of(const struct nv *c)
{
    return c->a->state;
}

#endif
