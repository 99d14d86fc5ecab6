/* The question that the load generator asks, as a gRPC message for Sluice and as an HTTP request for the provider. */
#include "load.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "sluice/v1/completion.pb-c.h"

struct load_request load_request_grpc(const struct load_options *o)
{
    Sluice__V1__Part text = SLUICE__V1__PART__INIT;
    text.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    text.text = (char *)(uintptr_t)o->prompt; /* not changed: it is only packed */
    Sluice__V1__Part *parts[] = {&text};
    Sluice__V1__Message user = SLUICE__V1__MESSAGE__INIT;
    user.role = SLUICE__V1__ROLE__ROLE_USER;
    user.parts = parts;
    user.n_parts = 1;
    Sluice__V1__Message *messages[] = {&user};
    Sluice__V1__CompleteRequest request = SLUICE__V1__COMPLETE_REQUEST__INIT;
    request.model = (char *)(uintptr_t)o->model;
    request.messages = messages;
    request.n_messages = 1;

    struct load_request out = {.n = sluice__v1__complete_request__get_packed_size(&request)};
    out.p = sl_malloc(out.n + 1);
    sluice__v1__complete_request__pack(&request, out.p);
    return out;
}

struct load_request load_request_http(const struct load_options *o)
{
    struct sl_buf body, all;
    sl_buf_init(&body, 1 << 20);
    sl_buf_init(&all, 2 << 20);
    const char *stream =
        o->stream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "";
    bool fits = sl_buf_printf(
        &body, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}",
        o->model, o->prompt, stream);
    fits =
        fits &&
        sl_buf_printf(
            &all,
            "POST /v1/chat/completions HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
            "authorization: Bearer %s\r\naccept: */*\r\ncontent-length: %zu\r\n\r\n%s",
            o->address, o->api_key, body.n, body.p);
    sl_buf_fini(&body);
    struct load_request out = {(uint8_t *)all.p, fits ? all.n : 0};
    return out;
}
