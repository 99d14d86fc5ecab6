/* Look-ups in the embedded descriptor set: every kind of symbol, near misses, imports. */
#include "rpc/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/wire.h"

/* field 1 of a FileDescriptorProto */
static const char *file_name(struct sl_str file, char dst[128])
{
    if (!file.n)
        return "none";
    size_t n = (unsigned char)file.p[1];
    assert_true(file.p[0] == 0x0a && n < 0x80);
    memcpy(dst, file.p + 2, n);
    dst[n] = '\0';
    return dst;
}

struct symbol {
    const char *name;
    enum sl_symbol_kind kind;
    const char *file;
};

#define CHAT "sluice/v1/chat.proto"
#define COMPLETION "sluice/v1/completion.proto"

static const struct symbol symbols[] = {
    {"sluice.v1.Completion", SL_SYMBOL_OTHER, COMPLETION},
    {"sluice.v1.Completion.StreamComplete", SL_SYMBOL_OTHER, COMPLETION},
    {"sluice.v1.CompleteRequest", SL_SYMBOL_MESSAGE, COMPLETION},
    {"sluice.v1.CompleteRequest.labels", SL_SYMBOL_OTHER, COMPLETION},
    {"sluice.v1.CompleteRequest.LabelsEntry", SL_SYMBOL_MESSAGE, COMPLETION},
    {"sluice.v1.CompleteRequest.LabelsEntry.key", SL_SYMBOL_OTHER, COMPLETION},
    {"sluice.v1.Message", SL_SYMBOL_MESSAGE, CHAT},
    {"sluice.v1.Message.role", SL_SYMBOL_OTHER, CHAT},
    {"sluice.v1.Part.content", SL_SYMBOL_OTHER, CHAT}, /* a oneof */
    {"sluice.v1.Role", SL_SYMBOL_OTHER, CHAT},
    {"sluice.v1.ROLE_USER", SL_SYMBOL_OTHER, CHAT},
    {"sluice.v1.ToolChoice.Mode", SL_SYMBOL_OTHER, CHAT},
    {"sluice.v1.ToolChoice.MODE_AUTO", SL_SYMBOL_OTHER, CHAT},
    {"google.rpc.BadRequest.FieldViolation.field", SL_SYMBOL_OTHER,
     "google/rpc/error_details.proto"},
    {"google.protobuf.Any", SL_SYMBOL_MESSAGE, "google/protobuf/any.proto"},
    {"grpc.health.v1.Health", SL_SYMBOL_OTHER, "grpc/health/v1/health.proto"},
    {"grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo", SL_SYMBOL_OTHER,
     "grpc/reflection/v1alpha/reflection.proto"},

    {"", SL_SYMBOL_NONE, "none"},
    {".", SL_SYMBOL_NONE, "none"},
    {"sluice", SL_SYMBOL_NONE, "none"},
    {"sluice.v1", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.", SL_SYMBOL_NONE, "none"},
    {".sluice.v1.Message", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.Messag", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.Messages", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.Message.", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.Message.role.x", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.Role.ROLE_USER", SL_SYMBOL_NONE, "none"}, /* beside the enum, not below */
    {"sluice.v1.Completion.Nothing", SL_SYMBOL_NONE, "none"},
    {"sluice.v1.Completion.Complete.x", SL_SYMBOL_NONE, "none"},
    {"sluice.v2.Message", SL_SYMBOL_NONE, "none"},
    {"Message", SL_SYMBOL_NONE, "none"},
};

static void test_symbols(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(symbols); i++) {
        enum sl_symbol_kind kind;
        char name[128];
        struct sl_str file = sl_descriptor_symbol(sl_str(symbols[i].name), &kind);
        if (kind != symbols[i].kind || strcmp(file_name(file, name), symbols[i].file) != 0)
            fail_msg("%s: kind %d in %s", symbols[i].name, kind, file_name(file, name));
    }
}

static void test_files(void **state)
{
    (void)state;
    char name[128];
    size_t n = 0;
    for (struct sl_str file = {NULL, 0}; sl_descriptor_next_file(&file); n++) {
        struct sl_str found = sl_descriptor_file(sl_str(file_name(file, name)));
        assert_ptr_equal(found.p, file.p);
        assert_int_equal(found.n, file.n);
    }
    assert_true(n >= 10);
    static const char *const missing[] = {"", "chat.proto", "sluice/v1/chat.prot",
                                          "sluice/v1/chat.protox"};
    for (size_t i = 0; i < SL_ARRAY_LEN(missing); i++)
        assert_int_equal(sl_descriptor_file(sl_str(missing[i])).n, 0);
}

static void test_closure(void **state)
{
    (void)state;
    struct sl_str files[16];
    char name[128];
    struct sl_str file = sl_descriptor_file(sl_str(COMPLETION));
    size_t n = sl_descriptor_closure(file, files, SL_ARRAY_LEN(files));
    static const char *const expected[] = {COMPLETION, "google/rpc/status.proto", CHAT,
                                           "google/protobuf/any.proto"};
    assert_int_equal(n, SL_ARRAY_LEN(expected));
    for (size_t i = 0; i < n; i++)
        assert_string_equal(file_name(files[i], name), expected[i]);
    assert_int_equal(sl_descriptor_closure(file, files, 2), 2);
    assert_int_equal(sl_descriptor_closure(file, files, 0), 0);
}

/* Reflection says that nothing is extended. FileDescriptorProto.extension = 7, DescriptorProto.extension = 6; and an
 * extension range (5 of a message) would let others extend. */
static void assert_no_extension(struct sl_str bytes, uint32_t message_field, bool is_file)
{
    struct sl_wire in = {(const uint8_t *)bytes.p, (const uint8_t *)bytes.p + bytes.n};
    while (!sl_wire_at_end(&in)) {
        uint32_t id = 0;
        unsigned type = 0;
        struct sl_str value = {NULL, 0};
        assert_true(sl_wire_key(&in, &id, &type));
        if (type != SL_WIRE_BYTES) {
            assert_true(sl_wire_skip(&in, type));
            continue;
        }
        assert_true(sl_wire_bytes(&in, &value));
        assert_false(is_file ? id == 7 : id == 6 || id == 5);
        if (id == message_field)
            assert_no_extension(value, 3, false);
    }
}

static void test_nothing_is_extended(void **state)
{
    (void)state;
    for (struct sl_str file = {NULL, 0}; sl_descriptor_next_file(&file);)
        assert_no_extension(file, 4, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_closure),
        cmocka_unit_test(test_nothing_is_extended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
