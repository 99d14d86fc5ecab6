/* Answers each question on its own, in order; a question without an answer gets an ErrorResponse and the stream goes on.
 * v1 and v1alpha are the same messages under two names: both are handled as v1, and only the descriptors that travel
 * along differ. */
#include "rpc/reflection.h"

#include <stddef.h>
#include <string.h>

#include "api/service.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/descriptors.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_v1;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_v1;
typedef Grpc__Reflection__V1alpha__ServerReflectionRequest request_v1alpha;

#define SAME_MEMBER(member)                                                                        \
    _Static_assert(offsetof(request_v1, member) == offsetof(request_v1alpha, member),              \
                   "v1 and v1alpha are laid out alike")
_Static_assert(sizeof(request_v1) == sizeof(request_v1alpha), "v1 and v1alpha are laid out alike");
SAME_MEMBER(host);
SAME_MEMBER(message_request_case);
SAME_MEMBER(file_by_filename);

enum { MAX_FILES = 256, ANSWER_MAX = 1024 * 1024 };

/* An answer being made; what it points to lives in the arena. */
struct answer {
    response_v1 response;
    struct sl_arena *arena;
};

static void set_error(struct answer *a, enum sl_code code, const char *what, const char *name)
{
    Grpc__Reflection__V1__ErrorResponse *error =
        SL_ARENA_NEW(a->arena, Grpc__Reflection__V1__ErrorResponse);
    char shown[200];
    sl_copy(shown, sizeof(shown), name);
    grpc__reflection__v1__error_response__init(error);
    error->error_code = (int32_t)code; /* sl_code's numbers are gRPC's */
    error->error_message = sl_arena_printf(a->arena, "%s%s", what, shown);
    a->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    a->response.error_response = error;
}

static void set_files(struct answer *a, struct sl_str file)
{
    struct sl_str files[MAX_FILES];
    size_t n = sl_descriptor_closure(file, files, MAX_FILES);
    Grpc__Reflection__V1__FileDescriptorResponse *answer =
        SL_ARENA_NEW(a->arena, Grpc__Reflection__V1__FileDescriptorResponse);
    grpc__reflection__v1__file_descriptor_response__init(answer);
    answer->n_file_descriptor_proto = n;
    answer->file_descriptor_proto =
        sl_arena_zalloc(a->arena, n * sizeof(*answer->file_descriptor_proto));
    for (size_t i = 0; i < n; i++)
        answer->file_descriptor_proto[i] =
            (ProtobufCBinaryData){files[i].n, (uint8_t *)(uintptr_t)files[i].p};
    a->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    a->response.file_descriptor_response = answer;
}

static void answer_filename(struct answer *a, const char *name)
{
    struct sl_str file = sl_descriptor_file(sl_str(name));
    if (file.n)
        set_files(a, file);
    else
        set_error(a, SL_NOT_FOUND, "no such file: ", name);
}

static void answer_symbol(struct answer *a, const char *name)
{
    enum sl_symbol_kind kind;
    struct sl_str file = sl_descriptor_symbol(sl_str(name), &kind);
    if (kind != SL_SYMBOL_NONE)
        set_files(a, file);
    else
        set_error(a, SL_NOT_FOUND, "no such symbol: ", name);
}

/* Our protos are proto3 without extensions (a test looks), so that no number is ever found. */
static void answer_extension(struct answer *a, const Grpc__Reflection__V1__ExtensionRequest *asked)
{
    set_error(a, SL_NOT_FOUND, "no such extension of ", asked->containing_type);
}

static void answer_extension_numbers(struct answer *a, const char *name)
{
    enum sl_symbol_kind kind;
    sl_descriptor_symbol(sl_str(name), &kind);
    if (kind != SL_SYMBOL_MESSAGE) {
        set_error(a, SL_NOT_FOUND, "no such message: ", name);
        return;
    }
    Grpc__Reflection__V1__ExtensionNumberResponse *answer =
        SL_ARENA_NEW(a->arena, Grpc__Reflection__V1__ExtensionNumberResponse);
    grpc__reflection__v1__extension_number_response__init(answer);
    answer->base_type_name = (char *)(uintptr_t)name;
    a->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
    a->response.all_extension_numbers_response = answer;
}

/* The length of the service's name in "/service/Method". */
static size_t service_length(const struct sl_method *m)
{
    return strcspn(m->path + 1, "/");
}

static bool is_first_of_service(const struct sl_method *m)
{
    size_t n = service_length(m) + 2; /* with both slashes */
    for (const struct sl_method *before = sl_methods; before < m; before++)
        if (!strncmp(before->path, m->path, n))
            return false;
    return true;
}

static void answer_services(struct answer *a)
{
    size_t rows = 0;
    while (sl_methods[rows].path)
        rows++;
    Grpc__Reflection__V1__ListServiceResponse *answer =
        SL_ARENA_NEW(a->arena, Grpc__Reflection__V1__ListServiceResponse);
    grpc__reflection__v1__list_service_response__init(answer);
    answer->service = sl_arena_zalloc(a->arena, (rows + 1) * sizeof(*answer->service));
    for (const struct sl_method *m = sl_methods; m->path; m++) {
        if (!is_first_of_service(m))
            continue;
        Grpc__Reflection__V1__ServiceResponse *service =
            SL_ARENA_NEW(a->arena, Grpc__Reflection__V1__ServiceResponse);
        grpc__reflection__v1__service_response__init(service);
        service->name = sl_arena_strndup(a->arena, m->path + 1, service_length(m));
        answer->service[answer->n_service++] = service;
    }
    a->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    a->response.list_services_response = answer;
}

static void answer_question(struct answer *a, const request_v1 *q)
{
    switch (q->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        answer_filename(a, q->file_by_filename);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        answer_symbol(a, q->file_containing_symbol);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
        answer_extension(a, q->file_containing_extension);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
        answer_extension_numbers(a, q->all_extension_numbers_of_type);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        answer_services(a);
        break;
    default:
        set_error(a, SL_INVALID_ARGUMENT, "the request asks nothing", "");
    }
}

static void answer_message(struct sl_call *call, const ProtobufCMessage *message)
{
    const request_v1 *question = (const request_v1 *)message;
    struct sl_arena arena; /* not the call's, which lives as long as the stream */
    sl_arena_init(&arena, ANSWER_MAX);
    struct answer a = {.arena = &arena};
    grpc__reflection__v1__server_reflection_response__init(&a.response);
    a.response.valid_host = question->host;
    a.response.original_request = (request_v1 *)(uintptr_t)question;
    answer_question(&a, question);
    sl_call_emit(call, &a.response.base);
    sl_arena_fini(&arena);
}

void sl_reflection_v1_message(struct sl_call *call, const ProtobufCMessage *message)
{
    answer_message(call, message);
}

void sl_reflection_v1alpha_message(struct sl_call *call, const ProtobufCMessage *message)
{
    answer_message(call, message);
}

void sl_reflection_half_close(struct sl_call *call)
{
    struct sl_status status = {.code = SL_OK};
    sl_call_finish(call, &status);
}
