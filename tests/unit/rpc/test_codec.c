/* The wire check: what passes, what is refused and under which path, and that unpacking survives a full arena. */
#include "rpc/codec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "every_type.pb-c.h"
#include "sluice/v1/completion.pb-c.h"

#define ROOM (64u * 1024 * 1024)

/* ---- bytes ---- */

struct bytes {
    uint8_t p[256 * 1024];
    size_t n;
};

static struct bytes scratch[3];

static void put_varint(struct bytes *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        b->p[b->n++] = (uint8_t)(v | 0x80);
    b->p[b->n++] = (uint8_t)v;
}

static void put_raw(struct bytes *b, const void *p, size_t n)
{
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void put_bytes(struct bytes *b, unsigned field, const void *p, size_t n)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, n);
    put_raw(b, p, n);
}

static void put_text(struct bytes *b, unsigned field, const char *s)
{
    put_bytes(b, field, s, strlen(s));
}

static enum sl_code check(const ProtobufCMessageDescriptor *type, const struct bytes *b,
                          struct sl_wire_notes *notes, struct sl_arena *arena, struct sl_err *err)
{
    /* a copy of the exact size, so that a sanitizer sees any byte read too far */
    uint8_t *copy = test_malloc(b->n ? b->n : 1);
    memcpy(copy, b->p, b->n);
    memset(err, 0, sizeof(*err));
    ProtobufCMessage *message = NULL;
    enum sl_code code = sl_wire_unpack(type, copy, b->n, arena, notes, &message, err);
    test_free(copy);
    assert_true((code == SL_OK) == (message != NULL));
    assert_int_equal(code, err->code);
    return code;
}

/* ---- what is refused ---- */

struct refusal {
    const char *what;
    const ProtobufCMessageDescriptor *type;
    const char *hex;
    const char *field;
    const char *text; /* part of the error's text */
};

#define REQUEST &sluice__v1__complete_request__descriptor
#define EVERY &sluice__test__every_type__descriptor

static const struct refusal refusals[] = {
    {"field number 0", REQUEST, "0000", "", "malformed field key"},
    {"field number 0 in two bytes", REQUEST, "820000", "", "malformed field key"},
    {"field number over 2^29 - 1", REQUEST, "f8ffffff1f00", "", "malformed field key"},
    {"key that does not end", REQUEST, "ffff", "", "malformed field key"},
    {"key of six bytes", REQUEST, "8a808080800000", "", "malformed field key"},
    {"group start", REQUEST, "0b0c", "model", "wire type"},
    {"unknown group", REQUEST, "a31fa41f", "", "group"},
    {"unknown wire type", REQUEST, "a61f", "", "malformed field"},
    {"unknown field cut off", REQUEST, "a21f05aa", "", "malformed field"},
    {"text as a number", REQUEST, "0801", "model", "wire type"},
    {"number as text", REQUEST, "320101", "max_output_tokens", "wire type"},
    {"double as 32 bits", REQUEST, "3d00000000", "temperature", "wire type"},
    {"text cut off", REQUEST, "0a05616263", "model", "longer than its message"},
    {"length of 2^64 - 1", REQUEST, "0affffffffffffffffff01", "model", "longer than its message"},
    {"length of six bytes", REQUEST, "0a838080808000616263", "model", "longer than its message"},
    {"number cut off", REQUEST, "30ff", "max_output_tokens", "malformed value"},
    {"number of eleven bytes", REQUEST, "30ffffffffffffffffffff01", "max_output_tokens",
     "malformed value"},
    {"number of 65 bits", REQUEST, "30ffffffffffffffffff02", "max_output_tokens",
     "malformed value"},
    {"double cut off", REQUEST, "3900000000000000", "temperature", "malformed value"},
    {"text that is not UTF-8", REQUEST, "0a02c328", "model", "UTF-8"},
    {"overlong UTF-8", REQUEST, "0a02c080", "model", "UTF-8"},
    {"surrogate", REQUEST, "0a03eda080", "model", "UTF-8"},
    {"U+0000", REQUEST, "0a03610062", "model", "U+0000"},
    {"second stop sequence", REQUEST, "6a01616a01ff", "stop[1]", "UTF-8"},
    {"map entry", REQUEST, "c201020000", "labels[0]", "malformed field key"},
    {"map key not UTF-8", REQUEST, "c201050a01ff1200", "labels[0].key", "UTF-8"},
    {"map value not UTF-8", REQUEST, "c201030a0161c201060a01621201ff", "labels[1].value", "UTF-8"},
    {"text of the third message's second part", REQUEST, "120012001209120012050a03610062",
     "messages[2].parts[1].text", "U+0000"},
    {"other fields between do not count", REQUEST, "12000a0161120a12001a0012040a02c328",
     "messages[1].parts[1].text", "UTF-8"},
    {"message longer than its parent", REQUEST, "120412050a00", "messages[0].parts[0]",
     "longer than its message"},
    {"packed number cut off", EVERY, "aa010201ff", "packed_int32", "packed value"},
    {"packed 32 bits of 5 bytes", EVERY, "b201050000000000", "packed_fixed32", "packed value"},
    {"packed doubles cut off", EVERY, "ba011000", "packed_double", "longer than its message"},
    {"repeated number of 64 bits", EVERY, "a9010000000000000000", "packed_int32", "wire type"},
    {"oneof text", EVERY, "c20201ff", "one_text", "UTF-8"},
    {"optional text", EVERY, "920301ff", "maybe_text", "UTF-8"},
    {"far field as bytes", EVERY, "82a4e80300", "far", "wire type"},
    {"fixed 64 cut off", EVERY, "5100", "a_fixed64", "malformed value"},
};

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void from_hex(const char *hex, struct bytes *b)
{
    for (b->n = 0; *hex; hex += 2)
        b->p[b->n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
}

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct bytes *b = &scratch[0];
        struct sl_arena arena;
        struct sl_wire_notes notes;
        struct sl_err err;
        sl_arena_init(&arena, ROOM);
        from_hex(r->hex, b);
        enum sl_code code = check(r->type, b, &notes, &arena, &err);
        if (code != SL_INVALID_ARGUMENT || strcmp(err.field, r->field) ||
            !strstr(err.text, r->text))
            fail_msg("%s: code %s, field '%s', text '%s'", r->what, sl_code_name(code), err.field,
                     err.text);
        assert_int_equal(err.reason, SL_REASON_INVALID_WIRE_FORMAT);
        sl_arena_fini(&arena);
    }
}

/* ---- what passes ---- */

static void fill_every_type(Sluice__Test__EveryType *m)
{
    static int32_t numbers[] = {0, -1, 300, INT32_MIN};
    static uint32_t fixed[] = {1, 0xffffffff};
    static double doubles[] = {0.5, -1e300};
    static Sluice__Test__EveryType__Colour colours[] = {1, 0, 77};
    static uint64_t wide[] = {UINT64_MAX, 0};
    static char *strings[] = {(char *)"", (char *)"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"};
    static ProtobufCBinaryData blobs[] = {{3, (uint8_t *)"a\0b"}, {0, NULL}};
    m->a_int32 = -5;
    m->a_sint32 = -6;
    m->a_sfixed32 = -7;
    m->a_int64 = INT64_MIN;
    m->a_sint64 = INT64_MIN;
    m->a_sfixed64 = -8;
    m->a_uint32 = UINT32_MAX;
    m->a_fixed32 = 9;
    m->a_uint64 = UINT64_MAX;
    m->a_fixed64 = 10;
    m->a_float = 1.5f;
    m->a_double = -2.5;
    m->a_bool = 1;
    m->a_enum = SLUICE__TEST__EVERY_TYPE__COLOUR__COLOUR_RED;
    m->a_string = (char *)"text";
    m->a_bytes = blobs[0];
    m->n_packed_int32 = 4, m->packed_int32 = numbers;
    m->n_packed_fixed32 = 2, m->packed_fixed32 = fixed;
    m->n_packed_double = 2, m->packed_double = doubles;
    m->n_packed_enum = 3, m->packed_enum = colours;
    m->n_loose_int32 = 4, m->loose_int32 = numbers;
    m->n_loose_fixed64 = 2, m->loose_fixed64 = wide;
    m->n_strings = 2, m->strings = strings;
    m->n_blobs = 2, m->blobs = blobs;
    m->choice_case = SLUICE__TEST__EVERY_TYPE__CHOICE_ONE_TEXT;
    m->one_text = (char *)"chosen";
    m->_maybe_text_case = SLUICE__TEST__EVERY_TYPE___MAYBE_TEXT_MAYBE_TEXT;
    m->maybe_text = (char *)"";
    m->far = 1;
}

static void test_every_type_survives(void **state)
{
    (void)state;
    struct bytes *b = &scratch[0], *again = &scratch[1];
    Sluice__Test__EveryType m = SLUICE__TEST__EVERY_TYPE__INIT,
                            child = SLUICE__TEST__EVERY_TYPE__INIT;
    Sluice__Test__EveryType__LabelsEntry label = SLUICE__TEST__EVERY_TYPE__LABELS_ENTRY__INIT;
    Sluice__Test__EveryType__ChildrenEntry entry = SLUICE__TEST__EVERY_TYPE__CHILDREN_ENTRY__INIT;
    Sluice__Test__EveryType *children[] = {&child, &child};
    Sluice__Test__EveryType__LabelsEntry *labels[] = {&label};
    Sluice__Test__EveryType__ChildrenEntry *entries[] = {&entry};
    fill_every_type(&m);
    fill_every_type(&child);
    label.key = (char *)"k";
    entry.key = -3;
    entry.value = &child;
    m.a_message = &child;
    m.n_messages = 2, m.messages = children;
    m.n_labels = 1, m.labels = labels;
    m.n_children = 1, m.children = entries;
    b->n = sluice__test__every_type__pack(&m, b->p);

    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err = {0};
    ProtobufCMessage *out = NULL;
    sl_arena_init(&arena, ROOM);
    assert_int_equal(sl_wire_unpack(EVERY, b->p, b->n, &arena, &notes, &out, &err), SL_OK);
    assert_int_equal(notes.n_unknown, 0);
    again->n = protobuf_c_message_pack(out, again->p);
    assert_int_equal(again->n, b->n);
    assert_memory_equal(again->p, b->p, b->n);
    sl_arena_fini(&arena);
}

static void test_repeated_numbers_in_both_forms(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err = {0};
    ProtobufCMessage *out = NULL;
    sl_arena_init(&arena, ROOM);
    /* packed_int32 = 21 unpacked, then packed; loose_int32 = 25 packed */
    from_hex("a801ac02aa0103010203ca01020405", &scratch[0]);
    assert_int_equal(sl_wire_unpack(EVERY, scratch[0].p, scratch[0].n, &arena, &notes, &out, &err),
                     SL_OK);
    const Sluice__Test__EveryType *m = (const Sluice__Test__EveryType *)out;
    assert_int_equal(m->n_packed_int32, 4);
    assert_int_equal(m->packed_int32[0], 300);
    assert_int_equal(m->packed_int32[3], 3);
    assert_int_equal(m->n_loose_int32, 2);
    assert_int_equal(m->loose_int32[1], 5);
    sl_arena_fini(&arena);
}

static void test_an_empty_message_is_valid(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err = {0};
    ProtobufCMessage *out = NULL;
    sl_arena_init(&arena, ROOM);
    assert_int_equal(sl_wire_unpack(REQUEST, NULL, 0, &arena, &notes, &out, &err), SL_OK);
    assert_string_equal(((Sluice__V1__CompleteRequest *)out)->model, "");
    sl_arena_fini(&arena);
}

static void test_the_bytes_need_not_outlive_the_call(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err = {0};
    ProtobufCMessage *out = NULL;
    struct bytes *b = &scratch[0];
    sl_arena_init(&arena, ROOM);
    b->n = 0;
    put_text(b, 1, "gpt");
    put_text(b, 13, "stop");
    assert_int_equal(sl_wire_unpack(REQUEST, b->p, b->n, &arena, &notes, &out, &err), SL_OK);
    memset(b->p, 'x', b->n);
    const Sluice__V1__CompleteRequest *request = (const Sluice__V1__CompleteRequest *)out;
    assert_string_equal(request->model, "gpt");
    assert_string_equal(request->stop[0], "stop");
    sl_arena_fini(&arena);
}

/* ---- limits ---- */

/* depth messages, one in the other; the root is the first. */
static void nest(unsigned depth, struct bytes *b)
{
    b->n = 0;
    for (unsigned i = 1; i < depth; i++) {
        struct bytes *inner = &scratch[2];
        memcpy(inner->p, b->p, b->n);
        inner->n = b->n;
        b->n = 0;
        put_bytes(b, 17, inner->p, inner->n);
    }
}

static void test_depth(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err;
    sl_arena_init(&arena, ROOM);
    nest(SL_WIRE_MAX_DEPTH, &scratch[0]);
    assert_int_equal(check(EVERY, &scratch[0], &notes, &arena, &err), SL_OK);
    nest(SL_WIRE_MAX_DEPTH + 1, &scratch[0]);
    assert_int_equal(check(EVERY, &scratch[0], &notes, &arena, &err), SL_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "too deep"));
    nest(4000, &scratch[0]);
    assert_int_equal(check(EVERY, &scratch[0], &notes, &arena, &err), SL_INVALID_ARGUMENT);
    sl_arena_fini(&arena);
}

struct flood {
    const char *what;
    const ProtobufCMessageDescriptor *type;
    const char *hex; /* one element */
    unsigned elements;
    size_t times_that_pass;
};

static const struct flood floods[] = {
    {"empty messages", REQUEST, "1200", 1, SL_WIRE_MAX_ELEMENTS},
    {"a message with an empty part", REQUEST, "12021200", 2, SL_WIRE_MAX_ELEMENTS / 2},
    {"empty strings", REQUEST, "6a00", 1, SL_WIRE_MAX_ELEMENTS},
    {"map entries", REQUEST, "c20100", 1, SL_WIRE_MAX_ELEMENTS},
    {"unknown fields", REQUEST, "a01f00", 1, SL_WIRE_MAX_ELEMENTS},
    {"packed numbers", EVERY, "aa010400010203", 4, SL_WIRE_MAX_ELEMENTS / 4},
    {"packed 32 bits", EVERY, "b2010400000000", 1, SL_WIRE_MAX_ELEMENTS},
    /* the first is the field itself */
    {"one number again and again", REQUEST, "3001", 1, SL_WIRE_MAX_ELEMENTS + 1},
    {"one text again and again", REQUEST, "0a00", 1, SL_WIRE_MAX_ELEMENTS + 1},
};

static void test_floods(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(floods); i++) {
        const struct flood *f = &floods[i];
        struct bytes *b = &scratch[0];
        struct sl_wire_notes notes;
        for (unsigned too_many = 0; too_many < 2; too_many++) {
            struct sl_arena arena;
            struct sl_err err = {0};
            sl_arena_init(&arena, ROOM);
            from_hex(f->hex, &scratch[1]);
            b->n = 0;
            for (size_t k = 0; k < f->times_that_pass + too_many; k++)
                put_raw(b, scratch[1].p, scratch[1].n);
            enum sl_code code = sl_wire_check(f->type, b->p, b->n, &arena, &notes, &err);
            if (code != (too_many ? SL_INVALID_ARGUMENT : SL_OK))
                fail_msg("%s: %s %s", f->what, sl_code_name(code), err.text);
            assert_true(!too_many || strstr(err.text, "too many"));
            sl_arena_fini(&arena);
        }
    }
}

static void test_merging_stays_in_the_arena(void **state)
{
    (void)state;
    struct bytes *b = &scratch[0];
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err;
    /* tool_choice.allowed, one more in each tool_choice: protobuf-c copies the list at every merge */
    for (b->n = 0; b->n < 10000 * 4;)
        put_raw(b, "\x22\x02\x1a\x00", 4);
    sl_arena_init(&arena, 1024 * 1024);
    assert_int_equal(check(REQUEST, b, &notes, &arena, &err), SL_RESOURCE_EXHAUSTED);
    assert_int_equal(err.reason, SL_REASON_MESSAGE_TOO_LARGE);
    sl_arena_fini(&arena);
}

/* Every ceiling from nothing to enough: the allocation that fails is another one each time. */
static void test_a_full_arena_is_an_error(void **state)
{
    (void)state;
    Sluice__Test__EveryType m = SLUICE__TEST__EVERY_TYPE__INIT,
                            child = SLUICE__TEST__EVERY_TYPE__INIT;
    Sluice__Test__EveryType *children[] = {&child, &child, &child};
    fill_every_type(&m);
    fill_every_type(&child);
    m.n_messages = 3, m.messages = children;
    m.choice_case = SLUICE__TEST__EVERY_TYPE__CHOICE_ONE_MESSAGE;
    m.one_message = &child;
    struct bytes *b = &scratch[0];
    b->n = sluice__test__every_type__pack(&m, b->p);
    b->n += sluice__test__every_type__pack(&m, b->p + b->n); /* twice: merged */
    bool done = false;
    for (size_t max = 0; !done; max += 64) {
        struct sl_arena arena;
        struct sl_wire_notes notes;
        struct sl_err err;
        sl_arena_init(&arena, max);
        enum sl_code code = check(EVERY, b, &notes, &arena, &err);
        assert_true(code == SL_OK || code == SL_RESOURCE_EXHAUSTED);
        done = code == SL_OK;
        sl_arena_fini(&arena);
        assert_true(max < 1024 * 1024);
    }
}

/* ---- unknown fields ---- */

static void test_unknown_fields_are_named_once(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err;
    struct bytes *b = &scratch[0];
    sl_arena_init(&arena, ROOM);
    from_hex("a01f01"             /* #500 */
             "1200"               /* messages[0] */
             "1206a01f00a01f01"   /* messages[1]: #500 twice */
             "120712059a06027878" /* messages[2].parts[0]: #99 */
             "a01f02",            /* #500 again */
             b);
    assert_int_equal(check(REQUEST, b, &notes, &arena, &err), SL_OK);
    assert_int_equal(notes.n_unknown, 3);
    assert_string_equal(notes.unknown[0], "#500");
    assert_string_equal(notes.unknown[1], "messages[1].#500");
    assert_string_equal(notes.unknown[2], "messages[2].parts[0].#99");
    sl_arena_fini(&arena);
}

static void test_unknown_fields_are_named_up_to_a_limit(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err;
    struct bytes *b = &scratch[0];
    sl_arena_init(&arena, ROOM);
    b->n = 0;
    for (unsigned i = 0; i < 100; i++)
        put_text(b, 500 + i, "new");
    assert_int_equal(check(REQUEST, b, &notes, &arena, &err), SL_OK);
    assert_int_equal(notes.n_unknown, SL_WIRE_MAX_UNKNOWN);
    assert_string_equal(notes.unknown[7], "#507");
    sl_arena_fini(&arena);
}

static void test_long_paths_are_cut(void **state)
{
    (void)state;
    struct sl_arena arena;
    struct sl_wire_notes notes;
    struct sl_err err;
    struct bytes *b = &scratch[0];
    sl_arena_init(&arena, ROOM);
    from_hex("7a01ff", b);
    for (unsigned i = 1; i < SL_WIRE_MAX_DEPTH; i++) {
        memcpy(scratch[2].p, b->p, b->n);
        scratch[2].n = b->n;
        b->n = 0;
        put_bytes(b, 29, "", 0);
        put_bytes(b, 29, scratch[2].p, scratch[2].n);
    }
    assert_int_equal(check(EVERY, b, &notes, &arena, &err), SL_INVALID_ARGUMENT);
    assert_int_equal(strlen(err.field), sizeof(err.field) - 1);
    assert_int_equal(strncmp(err.field, "messages[1].messages[1].", 24), 0);
    sl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_every_type_survives),
        cmocka_unit_test(test_repeated_numbers_in_both_forms),
        cmocka_unit_test(test_an_empty_message_is_valid),
        cmocka_unit_test(test_the_bytes_need_not_outlive_the_call),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_merging_stays_in_the_arena),
        cmocka_unit_test(test_a_full_arena_is_an_error),
        cmocka_unit_test(test_unknown_fields_are_named_once),
        cmocka_unit_test(test_unknown_fields_are_named_up_to_a_limit),
        cmocka_unit_test(test_long_paths_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
