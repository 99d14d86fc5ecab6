/* Vertex AI, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference: Gemini's wire at addresses
 * that name project and location, with a Google token as bearer (see service/docs/cloud-credentials.md).
 *
 *   generate_content   .../publishers/google/models/MODEL:generateContent, :streamGenerateContent?alt=sse
 *   raw_predict        .../publishers/anthropic/models/MODEL:rawPredict, :streamRawPredict
 *                      ("Request predictions with Claude models")
 *   chat_completions   .../endpoints/openapi/chat/completions, for google/MODEL, meta/MODEL and others
 *                      ("OpenAI compatibility")
 *
 * The usual base URL stands for the location's own host: REGION-aiplatform.googleapis.com, aiplatform.googleapis.com for
 * `global`, aiplatform.REGION.rep.googleapis.com for `us` and `eu` ("Locations"). Behind a base URL's version come project
 * and location; one that names a project, or a publisher, is used as it is. With a key in a header instead of a token
 * ("Vertex AI in express mode") an address has neither. Model ids: a name, publishers/X/models/Y, endpoints/N for a tuned
 * model, or a whole resource name. */
#include "adapters/vertex.h"

#include <string.h>

#include "adapters/anthropic/messages.h"
#include "adapters/chat_completions/chat_completions.h"
#include "adapters/gemini/gemini.h"

#define HOST "aiplatform.googleapis.com"
#define DEFAULT_BASE "https://" HOST "/v1"
#define LOCATION "global"

static const char title[] = "Vertex AI";

/* The same state, and the same words, as the Gemini API's; ids of files are gs:// addresses. */
static const struct sl_gemini_dialect google = {
    .kind = "vertex",
    .title = "Vertex AI",
    .key_variable = "GOOGLE_APPLICATION_CREDENTIALS",
    .auth = SL_AUTH_BEARER,
    .key_header = "x-goog-api-key",
    .models_path = "publishers/google/models",
};

/* For a base URL that ends in the publisher. */
static const struct sl_gemini_dialect publisher = {
    .kind = "vertex",
    .title = "Vertex AI",
    .key_variable = "GOOGLE_APPLICATION_CREDENTIALS",
    .auth = SL_AUTH_BEARER,
    .key_header = "x-goog-api-key",
    .models_path = "models",
};

static const struct sl_cc_dialect openapi = {
    .kind = "vertex",
    .title = "Vertex AI",
    .key_variable = "GOOGLE_APPLICATION_CREDENTIALS",
    .auth = SL_AUTH_BEARER,
    .reasoning_history = "reasoning_content",
    .legacy_max_tokens = true,
    .null_content = true,
};

/* ---- addresses ---- */

static const char *region_of(const struct sl_target *target)
{
    return target->region && *target->region ? target->region : LOCATION;
}

/* With the host of the location. */
static const char *host_base(struct sl_arena *arena, const struct sl_target *target)
{
    const char *region = region_of(target);

    if (strcmp(target->base_url, DEFAULT_BASE) != 0 || !strcmp(region, LOCATION))
        return target->base_url;
    if (!strcmp(region, "us") || !strcmp(region, "eu"))
        return sl_arena_printf(arena, "https://aiplatform.%s.rep.googleapis.com/v1", region);
    return sl_arena_printf(arena, "https://%s-" HOST "/v1", region);
}

/* Whether the base URL says by itself what its models belong to. */
static bool is_whole(const char *base)
{
    return strstr(base, "/projects/") || strstr(base, "/publishers/");
}

/* SL_FAILED_PRECONDITION where nobody says the project. */
static enum sl_code make_base(const struct sl_build_in *in, const char **out, struct sl_err *err)
{
    const struct sl_target *target = in->target;
    const char *base = host_base(in->arena, target), *id = target->model_id;
    bool project = target->project && *target->project;

    if (is_whole(base) || sl_starts_with(id, "projects/") ||
        (target->auth == SL_AUTH_HEADER && !project)) {
        *out = base;
        return SL_OK;
    }
    if (!project)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "%s needs to know the project: set project of the provider %s, or "
                          "GOOGLE_CLOUD_PROJECT",
                          title, target->provider ? target->provider : "");
    *out = sl_arena_printf(in->arena, "%s/projects/%s/locations/%s", base, target->project,
                           region_of(target));
    return SL_OK;
}

/* The target with its whole base URL; the project is in there, so no header has to say it. */
enum sl_code sl_vertex_target(const struct sl_build_in *in, struct sl_target *out,
                              struct sl_err *err)
{
    *out = *in->target;
    out->project = "";
    return make_base(in, &out->base_url, err);
}

/* ---- Gemini ---- */

const struct sl_gemini_dialect *sl_vertex_dialect(const struct sl_target *target)
{
    return sl_ends_with(target->base_url, "/publishers/google") ? &publisher : &google;
}

static enum sl_code build(const struct sl_build_in *in, struct sl_http_request *out,
                          struct sl_err *err)
{
    struct sl_target target;
    struct sl_build_in own = *in;
    enum sl_code code = sl_vertex_target(in, &target, err);

    if (code != SL_OK)
        return code;
    own.target = &target;
    return sl_gemini_build(sl_vertex_dialect(&target), &own, out, err);
}

static enum sl_code on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_gemini_on_body(&google, a, body, n, err);
}

static enum sl_code on_frame(struct sl_answer *a, const struct sl_frame *frame, struct sl_err *err)
{
    return sl_gemini_on_frame(&google, a, frame, err);
}

static enum sl_code on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_gemini_on_eof(&google, a, err);
}

static void on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                       size_t n, struct sl_err *err)
{
    sl_gemini_on_failure(&google, a, head, body, n, err);
}

/* ---- Claude ---- */

static enum sl_code build_raw_predict(const struct sl_build_in *in, struct sl_http_request *out,
                                      struct sl_err *err)
{
    struct sl_target target;
    struct sl_build_in own = *in;
    enum sl_code code = sl_vertex_target(in, &target, err);

    if (code != SL_OK)
        return code;
    if (!sl_ends_with(target.base_url, "/models") && !strchr(target.model_id, '/'))
        target.base_url = sl_arena_printf(in->arena, "%s%s", target.base_url,
                                          sl_ends_with(target.base_url, "/publishers/anthropic")
                                              ? "/models"
                                              : "/publishers/anthropic/models");
    own.target = &target;
    return sl_am_build_raw_predict(&own, out, err);
}

static enum sl_code raw_on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_am_on_body(&sl_am_raw_predict, a, body, n, err);
}

static enum sl_code raw_on_frame(struct sl_answer *a, const struct sl_frame *frame,
                                 struct sl_err *err)
{
    return sl_am_on_frame(&sl_am_raw_predict, a, frame, err);
}

static enum sl_code raw_on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_am_on_eof(&sl_am_raw_predict, a, err);
}

static void raw_on_failure(const struct sl_answer *a, const struct sl_http_head *head, char *body,
                           size_t n, struct sl_err *err)
{
    sl_am_on_failure(&sl_am_raw_predict, a, head, body, n, err);
}

/* ---- OpenAI's chat completions ---- */

static enum sl_code build_openapi(const struct sl_build_in *in, struct sl_http_request *out,
                                  struct sl_err *err)
{
    struct sl_target target;
    struct sl_build_in own = *in;
    enum sl_code code = sl_vertex_target(in, &target, err);

    if (code != SL_OK)
        return code;
    if (!strstr(target.base_url, "/endpoints/"))
        target.base_url = sl_arena_printf(in->arena, "%s/endpoints/openapi", target.base_url);
    own.target = &target;
    return sl_cc_build(&openapi, &own, out, err);
}

static enum sl_code openapi_on_body(struct sl_answer *a, char *body, size_t n, struct sl_err *err)
{
    return sl_cc_on_body(&openapi, a, body, n, err);
}

static enum sl_code openapi_on_frame(struct sl_answer *a, const struct sl_frame *frame,
                                     struct sl_err *err)
{
    return sl_cc_on_frame(&openapi, a, frame, err);
}

static enum sl_code openapi_on_eof(struct sl_answer *a, struct sl_err *err)
{
    return sl_cc_on_eof(&openapi, a, err);
}

static void openapi_on_failure(const struct sl_answer *a, const struct sl_http_head *head,
                               char *body, size_t n, struct sl_err *err)
{
    sl_cc_on_failure(&openapi, a, head, body, n, err);
}

/* ---- entries ---- */

static const char *const key_variables[] = {"GOOGLE_APPLICATION_CREDENTIALS", NULL};

#define SHARED                                                                                     \
    .name = "vertex", .title = "Vertex AI", .default_base_url = DEFAULT_BASE, .tokens = "google",  \
    .key_variables = key_variables, .auth = SL_AUTH_BEARER, .key_required = true,                  \
    .capabilities = {.chat = true,                                                                 \
                     .stream = true,                                                               \
                     .tools = true,                                                                \
                     .vision = true,                                                               \
                     .json_schema = true,                                                          \
                     .reasoning = true}

static const struct sl_adapter raw_predict = {
    SHARED,
    .api = SL_AM_RAW_PREDICT_API,
    .state_size = SL_AM_STATE_SIZE,
    .build = build_raw_predict,
    .on_body = raw_on_body,
    .on_frame = raw_on_frame,
    .on_eof = raw_on_eof,
    .on_failure = raw_on_failure,
    .release = sl_am_release,
};

static const struct sl_adapter chat_completions = {
    SHARED,
    .api = "chat_completions",
    .state_size = SL_CC_STATE_SIZE,
    .build = build_openapi,
    .on_body = openapi_on_body,
    .on_frame = openapi_on_frame,
    .on_eof = openapi_on_eof,
    .on_failure = openapi_on_failure,
};

static const struct sl_adapter *const others[] = {&raw_predict, &chat_completions, NULL};

extern const struct sl_op_api *const sl_vertex_operations[];

const struct sl_adapter sl_adapter_vertex = {
    SHARED,
    .api = SL_GEMINI_API,
    .others = others,
    .operations = sl_vertex_operations,
    .state_size = SL_GEMINI_STATE_SIZE,
    .build = build,
    .on_body = on_body,
    .on_frame = on_frame,
    .on_eof = on_eof,
    .on_failure = on_failure,
};
