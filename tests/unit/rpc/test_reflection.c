/* Both versions of reflection: each question's answer, errors that do not end the stream, and the end of it. */
#include "rpc/reflection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "api/service.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "unit/rpc/fake_call.h"

const struct sl_method sl_methods[] = {
    {.path = "/sluice.v1.Completion/Complete"},
    {.path = "/sluice.v1.Completion/StreamComplete"},
    {.path = "/grpc.health.v1.Health/Check"},
    {.path = "/sluice.v1.CompletionExtra/Complete"}, /* begins like another */
    {.path = "/sluice.v1.Completion/Chat"},
    {.path = NULL},
};

typedef Grpc__Reflection__V1__ServerReflectionRequest request_v1;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_v1;

static struct fake_call call;

static int set_up(void **state)
{
    (void)state;
    fake_call_init(&call);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_call_fini(&call);
    return 0;
}

/* Asks, and gives the answer, which the caller frees. */
static response_v1 *ask(const request_v1 *request)
{
    sl_reflection_v1_message(&call.base, &request->base);
    assert_false(call.finished);
    return (response_v1 *)fake_call_get(
        &call, call.n_sent - 1, &grpc__reflection__v1__server_reflection_response__descriptor);
}

static void release(response_v1 *r)
{
    grpc__reflection__v1__server_reflection_response__free_unpacked(r, NULL);
}

static void test_list_services(void **state)
{
    (void)state;
    request_v1 request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.host = (char *)"example";
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = (char *)"*";
    response_v1 *r = ask(&request);
    static const char *const expected[] = {"sluice.v1.Completion", "grpc.health.v1.Health",
                                           "sluice.v1.CompletionExtra"};
    assert_int_equal(
        r->message_response_case,
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE);
    assert_int_equal(r->list_services_response->n_service, SL_ARRAY_LEN(expected));
    for (size_t i = 0; i < SL_ARRAY_LEN(expected); i++)
        assert_string_equal(r->list_services_response->service[i]->name, expected[i]);
    assert_string_equal(r->valid_host, "example");
    assert_string_equal(r->original_request->list_services, "*");
    release(r);
}

static void assert_file(const response_v1 *r, size_t i, const char *name)
{
    const Grpc__Reflection__V1__FileDescriptorResponse *files = r->file_descriptor_response;
    assert_int_equal(
        r->message_response_case,
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE);
    assert_true(i < files->n_file_descriptor_proto);
    const ProtobufCBinaryData *file = &files->file_descriptor_proto[i];
    assert_true(file->len > strlen(name) + 2);
    assert_memory_equal(file->data + 2, name, strlen(name));
}

static void test_file_by_filename(void **state)
{
    (void)state;
    request_v1 request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME;
    request.file_by_filename = (char *)"google/rpc/status.proto";
    response_v1 *r = ask(&request);
    assert_int_equal(r->file_descriptor_response->n_file_descriptor_proto, 2);
    assert_file(r, 0, "google/rpc/status.proto");
    assert_file(r, 1, "google/protobuf/any.proto");
    release(r);
}

static void test_file_containing_symbol(void **state)
{
    (void)state;
    request_v1 request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)"sluice.v1.Completion.StreamComplete";
    response_v1 *r = ask(&request);
    assert_file(r, 0, "sluice/v1/completion.proto");
    assert_int_equal(r->file_descriptor_response->n_file_descriptor_proto, 4);
    release(r);
}

static void test_extension_numbers(void **state)
{
    (void)state;
    request_v1 request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE;
    request.all_extension_numbers_of_type = (char *)"sluice.v1.Message";
    response_v1 *r = ask(&request);
    assert_int_equal(
        r->message_response_case,
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE);
    assert_string_equal(r->all_extension_numbers_response->base_type_name, "sluice.v1.Message");
    assert_int_equal(r->all_extension_numbers_response->n_extension_number, 0);
    release(r);
}

static void assert_error(const request_v1 *request, int code)
{
    response_v1 *r = ask(request);
    assert_int_equal(
        r->message_response_case,
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE);
    assert_int_equal(r->error_response->error_code, code);
    assert_true(r->error_response->error_message[0] != '\0');
    assert_true(strlen(r->error_response->error_message) < 300);
    assert_int_equal(r->original_request->message_request_case, request->message_request_case);
    release(r);
}

static void test_errors_do_not_end_the_stream(void **state)
{
    (void)state;
    char long_name[2000];
    memset(long_name, 'n', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    Grpc__Reflection__V1__ExtensionRequest extension =
        GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
    extension.containing_type = (char *)"sluice.v1.Message";
    extension.extension_number = 100;
    request_v1 request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    assert_error(&request, SL_INVALID_ARGUMENT);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME;
    request.file_by_filename = (char *)"no/such.proto";
    assert_error(&request, SL_NOT_FOUND);
    request.file_by_filename = long_name;
    assert_error(&request, SL_NOT_FOUND);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)"sluice.v1.Nothing";
    assert_error(&request, SL_NOT_FOUND);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION;
    request.file_containing_extension = &extension;
    assert_error(&request, SL_NOT_FOUND);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE;
    request.all_extension_numbers_of_type = (char *)"sluice.v1.Role"; /* an enum has none */
    assert_error(&request, SL_NOT_FOUND);
    assert_false(call.finished);
    sl_reflection_half_close(&call.base);
    assert_true(call.finished);
    assert_int_equal(call.code, SL_OK);
}

static void test_v1alpha_answers_the_same(void **state)
{
    (void)state;
    Grpc__Reflection__V1alpha__ServerReflectionRequest request =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)"sluice.v1.ROLE_USER";
    sl_reflection_v1alpha_message(&call.base, &request.base);
    Grpc__Reflection__V1alpha__ServerReflectionResponse *r =
        (Grpc__Reflection__V1alpha__ServerReflectionResponse *)fake_call_get(
            &call, 0, &grpc__reflection__v1alpha__server_reflection_response__descriptor);
    assert_int_equal(
        r->message_response_case,
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE);
    assert_int_equal(r->file_descriptor_response->n_file_descriptor_proto, 1);
    assert_string_equal(r->original_request->file_containing_symbol, "sluice.v1.ROLE_USER");
    grpc__reflection__v1alpha__server_reflection_response__free_unpacked(r, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list_services, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_by_filename, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_containing_symbol, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extension_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_do_not_end_the_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_v1alpha_answers_the_same, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
