/* Amazon Bedrock, https://docs.aws.amazon.com/bedrock/latest/APIReference/. The API "converse" is
 * the usual one: Converse and ConverseStream, one form for every model. "invoke" sends Claude's own
 * bodies to InvokeModel ("Anthropic Claude Messages API" in the user guide: anthropic_version in the
 * body, model and stream in the path); its stream wraps each event in {"bytes": base64}.
 *
 * The key is a Bedrock API key (sent as bearer), or an access key, which signs the request: the
 * text "ACCESS_KEY_ID:SECRET_ACCESS_KEY" or "ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN"; AWS's
 * usual credentials come in that form (see service/docs/cloud-credentials.md). The region is the one
 * in base_url (https://bedrock-runtime.REGION.amazonaws.com); for addresses without one, the setting
 * region says it, and chooses the host where no base_url is set.
 *
 * Recorded: ':' in ids goes as %3A; a padding member p in each event, of no meaning. */
#include "adapters/bedrock/internal.h"

#include <string.h>

#include "adapters/operation.h"
#include "base/base64.h"
#include "base/sigv4.h"

#define DEFAULT_BASE "https://bedrock-runtime.us-east-1.amazonaws.com"

const char br_title[] = "Amazon Bedrock";
const char br_kind[] = "bedrock";

const struct sl_am_dialect br_invoke = {
    .kind = "bedrock",
    .title = "Amazon Bedrock",
    .key_variable = "AWS_BEARER_TOKEN_BEDROCK",
    .body_version = "bedrock-2023-05-31",
    .body_betas = true,
};

/* ---- requests ---- */

/* SL_FAILED_PRECONDITION where nobody says the region. */
static enum sl_code sign(const struct sl_build_in *in, struct sl_http_request *out,
                         const struct sl_aws_key *credentials, struct sl_err *err)
{
    const struct sl_target *target = in->target;
    bool said = target->region && *target->region;
    struct sl_str region = sl_str(said ? target->region : target->project ? target->project : "");

    if (!sl_aws_region(out->url, &region) && !region.n)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "the address of %s names no region, and neither does the setting region",
                          br_title);
    struct sl_sigv4 s = {
        .key = credentials,
        .region = region,
        .service = "bedrock",
        .method = out->method,
        .url = out->url,
        .body = &out->body,
        .now_ms = in->now_ms,
    };
    sl_sigv4_sign(&s, in->arena);
    sl_http_header(out, in->arena, "x-amz-date", s.date, false);
    if (s.token)
        sl_http_header(out, in->arena, "x-amz-security-token", s.token, true);
    sl_http_header(out, in->arena, "authorization", s.authorization, true);
    return SL_OK;
}

/* The usual base URL stands for the region's own host. */
const char *br_base(struct sl_arena *arena, const struct sl_target *target)
{
    if (!target->region || !*target->region || strcmp(target->base_url, DEFAULT_BASE) != 0)
        return target->base_url;
    return sl_arena_printf(arena, "https://bedrock-runtime.%s.amazonaws.com", target->region);
}

enum sl_code br_send(const struct sl_build_in *in, struct sl_http_request *out, const char *method,
                     const char *url, struct sl_err *err)
{
    struct sl_aws_key credentials;
    struct sl_target target = *in->target;
    const char *key = sl_secret_reveal(target.key);
    bool signs = key && target.auth == SL_AUTH_DEFAULT && sl_aws_key_read(key, &credentials);

    out->method = method;
    out->url = url;
    if (strcmp(method, "GET") != 0)
        sl_http_header(out, in->arena, "content-type", "application/json", false);
    if (!signs) {
        sl_http_auth(out, in->arena, &target, SL_AUTH_BEARER);
        return SL_OK;
    }
    enum sl_code code = sign(in, out, &credentials, err);
    target.auth = SL_AUTH_NONE;
    sl_http_auth(out, in->arena, &target, SL_AUTH_NONE);
    return code;
}

/* Ids are one segment of the path: names with ':', or ARNs with '/'. */
enum sl_code br_address(const struct sl_build_in *in, struct sl_http_request *out,
                        const char *action, struct sl_err *err)
{
    const char *url = sl_arena_printf(in->arena, "%s/model/%s/%s", br_base(in->arena, in->target),
                                      sl_op_segment(in->arena, in->target->model_id), action);

    out->framing = in->stream ? SL_FRAMING_AWS : SL_FRAMING_NONE;
    return br_send(in, out, "POST", url, err);
}

static enum sl_code build_invoke(const struct sl_build_in *in, struct sl_http_request *out,
                                 struct sl_err *err)
{
    const char *betas = NULL;
    enum sl_code code = sl_am_check_key(&br_invoke, in->target, err);

    *out = (struct sl_http_request){0};
    if (code == SL_OK)
        code = sl_am_body(&br_invoke, in, &out->body, &betas, err);
    if (code != SL_OK)
        return code;
    return br_address(in, out, in->stream ? "invoke-with-response-stream" : "invoke", err);
}

/* ---- answers of InvokeModel ---- */

static enum sl_code invoke_on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_am_on_body(&br_invoke, a, body, n, err);
}

/* {"bytes": "...", "p": "..."} */
static enum sl_code invoke_on_frame(struct sl_answer *a, const struct sl_frame *frame,
                                    struct sl_err *err)
{
    struct sl_frame event = {.event = ""};
    struct sl_json j;
    bool repaired = false;
    enum sl_code code;

    if (a->end.done)
        return SL_OK;
    code = br_exception(a, frame, err);
    if (code == SL_OK)
        code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code != SL_OK)
        return code;
    int bytes = sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_OBJECT
                    ? sl_json_present(&j, SL_JSON_ROOT, "bytes")
                    : SL_JSON_ABSENT;
    event.data = bytes < 0 ? NULL : sl_json_string(&j, bytes, &event.n, &repaired);
    if (!event.data || repaired || !sl_base64_decode_in_place(event.data, &event.n))
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent a chunk without an event in it", br_title);
    return sl_am_on_frame(&br_invoke, a, &event, err);
}

static enum sl_code invoke_on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_am_on_eof(&br_invoke, a, err);
}

/* ---- adapters ---- */

static const char *const key_variables[] = {"AWS_BEARER_TOKEN_BEDROCK", NULL};

#define SHARED                                                                                     \
    .name = "bedrock", .title = "Amazon Bedrock", .default_base_url = DEFAULT_BASE,                \
    .key_variables = key_variables, .auth = SL_AUTH_BEARER, .key_required = true, .tokens = "aws", \
    .on_failure = br_on_failure,                                                                   \
    .capabilities = {.chat = true,                                                                 \
                     .stream = true,                                                               \
                     .tools = true,                                                                \
                     .vision = true,                                                               \
                     .json_schema = true,                                                          \
                     .reasoning = true}

static const struct sl_adapter invoke = {
    SHARED,
    .api = "invoke",
    .state_size = SL_AM_STATE_SIZE,
    .build = build_invoke,
    .on_body = invoke_on_body,
    .on_frame = invoke_on_frame,
    .on_eof = invoke_on_eof,
    .release = sl_am_release,
};

static const struct sl_adapter *const others[] = {&invoke, NULL};

extern const struct sl_op_api *const sl_bedrock_operations[];

const struct sl_adapter sl_adapter_bedrock = {
    SHARED,
    .api = "converse",
    .others = others,
    .operations = sl_bedrock_operations,
    .state_size = sizeof(struct br_state),
    .build = br_build_converse,
    .on_body = br_on_body,
    .on_frame = br_on_frame,
    .on_eof = br_on_eof,
    .release = br_release,
};
