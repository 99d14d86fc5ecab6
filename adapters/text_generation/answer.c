/* Answers of Text Generation Inference. A body is {"generated_text", "details"}, or a list of one such; a stream's frames
 * are {"token": {"text", "special"}, "generated_text", "details"}, of which only the last has the latter two: it is the
 * end (recorded; there is no [DONE]). generated_text may differ from the tokens before it, so a stream's text is its
 * tokens that are not special. Errors inside a stream: {"error", "error_type"}.
 *
 * Sources: the server's openapi.json (GenerateResponse, Details, StreamResponse, StreamDetails, FinishReason,
 * ErrorResponse), and a recording. */
#include <string.h>

#include "adapters/text_generation/text_generation.h"

static const char title[] = "Text Generation Inference";

/* prefill is the list of the prompt's tokens, where decoder_input_details asked for it. */
static void read_usage(struct nv *c, int details)
{
    static const char *const keys[] = {"generated_tokens", "input_length"};
    char buffer[SL_ARRAY_LEN(keys) * 64];
    int prefill = sl_json_present(c->j, details, "prefill");
    struct nv_usage u = {.input = nv_count(c, details, "input_length"),
                         .cached = -1,
                         .output = nv_count(c, details, "generated_tokens"),
                         .reasoning = -1};
    if (u.input < 0 && sl_json_type(c->j, prefill) == SL_JSON_ARRAY)
        u.input = sl_json_size(c->j, prefill);
    if (u.output >= 0)
        nv_set_usage(c, &u, nv_usage_text(c, details, keys, SL_ARRAY_LEN(keys), buffer));
}

static void read_reason(struct nv *c, int value)
{
    const char *raw = value < 0 ? NULL : sl_json_string(c->j, value, NULL, NULL);
    Sluice__V1__FinishReason reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER;
    if (!raw || !*raw)
        return;
    if (!strcmp(raw, "eos_token") || !strcmp(raw, "stop_sequence"))
        reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP;
    else if (!strcmp(raw, "length"))
        reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH;
    c->a->end.finish_reason = reason;
    c->a->end.has_finish_reason = true;
    sl_end_set(c->a, &c->a->end.raw_finish_reason, raw);
}

static void read_details(struct nv *c, int details)
{
    if (sl_json_type(c->j, details) != SL_JSON_OBJECT)
        return;
    read_usage(c, details); /* before texts are decoded over it */
    read_reason(c, sl_json_present(c->j, details, "finish_reason"));
}

/* False: there is none. */
static bool read_error(struct nv *c, int root)
{
    int error = sl_json_present(c->j, root, "error");
    if (error < 0)
        return false;
    if (sl_json_type(c->j, error) == SL_JSON_OBJECT) { /* of a router in front */
        (void)!nv_read_error(c, error);
        return true;
    }
    const char *type = sl_json_string(c->j, sl_json_member(c->j, root, "error_type"), NULL, NULL);
    (void)!nv_error_in_answer(c, sl_json_string(c->j, error, NULL, NULL), type);
    return true;
}

static void read_token(struct nv *c, int token)
{
    bool special = false;
    if (sl_json_type(c->j, token) != SL_JSON_OBJECT)
        return;
    (void)sl_json_bool(c->j, sl_json_member(c->j, token, "special"), &special);
    if (!special)
        nv_read_text(c, sl_json_present(c->j, token, "text"), &c->s->text_part);
}

/* ---- slots ---- */

enum sl_code sl_tgi_on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    struct sl_tgi_state *s = a->state;
    struct sl_json j;
    struct nv c = {title, a, &s->nv, &j, err};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);
    if (code != SL_OK)
        return code;
    int root = sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_ARRAY ? sl_json_first(&j, SL_JSON_ROOT)
                                                               : SL_JSON_ROOT;
    if (sl_json_type(&j, root) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    if (read_error(&c, root))
        return err->code;
    int text = sl_json_present(&j, root, "generated_text");
    if (sl_json_type(&j, text) != SL_JSON_STRING)
        return nv_garbage(&c, "an answer without generated_text");
    read_details(&c, sl_json_present(&j, root, "details"));
    nv_read_text(&c, text, &s->nv.text_part);
    a->end.done = true;
    return SL_OK;
}

enum sl_code sl_tgi_on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_tgi_state *s = a->state;
    struct sl_json j;
    struct nv c = {title, a, &s->nv, &j, err};
    if (a->end.done || !frame->n)
        return SL_OK;
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) != SL_JSON_OBJECT)
        return nv_garbage(&c, "JSON that is no object");
    if (read_error(&c, SL_JSON_ROOT))
        return err->code;
    int details = sl_json_present(&j, SL_JSON_ROOT, "details");
    int text = sl_json_present(&j, SL_JSON_ROOT, "generated_text");
    read_details(&c, details);
    read_token(&c, sl_json_present(&j, SL_JSON_ROOT, "token"));
    a->end.done = details >= 0 || text >= 0;
    return SL_OK;
}

enum sl_code sl_tgi_on_eof(struct sl_answer *a, struct sl_err *err)
{
    struct sl_tgi_state *s = a->state;
    struct sl_json none = {0};
    struct nv c = {title, a, &s->nv, &none, err};
    return a->end.done ? SL_OK : nv_truncated(&c);
}
