/* Messages, their parts, and files in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "conversation.h"

static int set_up(void **state)
{
    static struct conversation c;

    conversation_init(&c);
    *state = &c;
    return 0;
}

static int tear_down(void **state)
{
    conversation_fini(*state);
    return 0;
}

static void test_fill(void **state)
{
    struct conversation *c = *state;
    Sluice__V1__CompleteRequest request = SLUICE__V1__COMPLETE_REQUEST__INIT;

    conversation_add_text(c, SLUICE__V1__ROLE__ROLE_USER, "one");
    conversation_set_system(c, "be brief");
    conversation_add_text(c, SLUICE__V1__ROLE__ROLE_ASSISTANT, "two");
    conversation_fill(c, &request);
    assert_int_equal(request.n_messages, 3);
    assert_int_equal(request.messages[0]->role, SLUICE__V1__ROLE__ROLE_SYSTEM);
    assert_string_equal(request.messages[0]->parts[0]->text, "be brief");
    assert_string_equal(request.messages[2]->parts[0]->text, "two");
    conversation_set_system(c, "");
    conversation_cut(c, 1);
    conversation_fill(c, &request);
    assert_int_equal(request.n_messages, 1);
}

static void test_clear_keeps_instructions(void **state)
{
    struct conversation *c = *state;
    Sluice__V1__CompleteRequest request = SLUICE__V1__COMPLETE_REQUEST__INIT;

    conversation_set_system(c, "be brief");
    for (int i = 0; i < 40; i++)
        conversation_add_text(c, SLUICE__V1__ROLE__ROLE_USER, "x");
    conversation_clear(c);
    conversation_fill(c, &request);
    assert_int_equal(request.n_messages, 1);
    assert_string_equal(request.messages[0]->parts[0]->text, "be brief");
}

static void test_copy_is_deep(void **state)
{
    struct conversation *c = *state;
    Sluice__V1__Message source = SLUICE__V1__MESSAGE__INIT;
    Sluice__V1__Part part = SLUICE__V1__PART__INIT, *parts[] = {&part};
    Sluice__V1__ProviderState provider_state = SLUICE__V1__PROVIDER_STATE__INIT;
    char text[] = "answer";

    source.role = SLUICE__V1__ROLE__ROLE_ASSISTANT;
    source.parts = parts;
    source.n_parts = 1;
    part.content_case = SLUICE__V1__PART__CONTENT_TEXT;
    part.text = text;
    part.provider_state = &provider_state;
    provider_state.data = (ProtobufCBinaryData){.data = (uint8_t *)text, .len = 6};
    assert_true(conversation_add_copy(c, &source));
    memset(text, 'x', 6);
    assert_string_equal(c->list[0]->parts[0]->text, "answer");
    assert_memory_equal(c->list[0]->parts[0]->provider_state->data.data, "answer", 6);
}

static void test_tool_results(void **state)
{
    struct conversation *c = *state;
    Sluice__V1__ToolCall call = SLUICE__V1__TOOL_CALL__INIT;
    Sluice__V1__Message *m = conversation_add(c, SLUICE__V1__ROLE__ROLE_TOOL);

    call.id = (char *)"call_1";
    call.name = (char *)"weather";
    message_add_tool_result(c, m, &call, "sunny");
    message_add_tool_result(c, m, &call, "");
    assert_int_equal(m->n_parts, 2);
    assert_string_equal(m->parts[0]->tool_result->tool_call_id, "call_1");
    assert_string_equal(m->parts[0]->tool_result->name, "weather");
    assert_string_equal(m->parts[0]->tool_result->parts[0]->text, "sunny");
    assert_int_equal(m->parts[1]->tool_result->n_parts, 0);
}

/* What the file is named, what it holds, and the part that is to come of it. */
static void test_attached_files(void **state)
{
    static const struct {
        const char *suffix, *bytes;
        size_t n;
        int content;
        const char *type;
    } rows[] = {
        {".bin", "\x89PNG\r\n\x1a\n", 8, SLUICE__V1__PART__CONTENT_IMAGE, "image/png"},
        {".wav", "RIFF....WAVE", 12, SLUICE__V1__PART__CONTENT_AUDIO, "audio/wav"},
        {".mp4", "....ftypisom", 12, SLUICE__V1__PART__CONTENT_VIDEO, "video/mp4"},
        {".pdf", "%PDF-1.7", 8, SLUICE__V1__PART__CONTENT_DOCUMENT, "application/pdf"},
        {".txt", "hello", 5, SLUICE__V1__PART__CONTENT_DOCUMENT, "text/plain"},
        {".dat", "\x01\xff", 2, SLUICE__V1__PART__CONTENT_DOCUMENT, "application/octet-stream"},
    };
    struct conversation *c = *state;

    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        Sluice__V1__Message *m = conversation_add(c, SLUICE__V1__ROLE__ROLE_USER);
        char path[64];
        struct sl_err err = {0};
        FILE *f;

        snprintf(path, sizeof(path), "/tmp/sluice-attach-%d%s", (int)getpid(), rows[i].suffix);
        f = fopen(path, "w");
        assert_int_equal(fwrite(rows[i].bytes, 1, rows[i].n, f), rows[i].n);
        fclose(f);
        assert_int_equal(message_attach(c, m, path, false, &err), SL_OK);
        unlink(path);
        assert_int_equal(m->parts[0]->content_case, rows[i].content);
        if (rows[i].content == SLUICE__V1__PART__CONTENT_IMAGE) {
            assert_string_equal(m->parts[0]->image->media_type, rows[i].type);
            assert_int_equal(m->parts[0]->image->data.len, rows[i].n);
            assert_memory_equal(m->parts[0]->image->data.data, rows[i].bytes, rows[i].n);
        } else if (rows[i].content == SLUICE__V1__PART__CONTENT_DOCUMENT) {
            assert_string_equal(m->parts[0]->document->media_type, rows[i].type);
            assert_string_equal(m->parts[0]->document->filename, strrchr(path, '/') + 1);
        }
    }
}

static void test_text_document(void **state)
{
    struct conversation *c = *state;
    Sluice__V1__Message *m = conversation_add(c, SLUICE__V1__ROLE__ROLE_USER);
    struct sl_err err = {0};
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/tmp/sluice-attach-%d.md", (int)getpid());
    f = fopen(path, "w");
    fputs("# Title\n", f);
    fclose(f);
    assert_int_equal(message_attach(c, m, path, false, &err), SL_OK);
    assert_int_equal(message_attach(c, m, path, true, &err), SL_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "is no picture"));
    unlink(path);
    assert_int_equal(m->n_parts, 1);
    assert_int_equal(m->parts[0]->document->source_case, SLUICE__V1__DOCUMENT__SOURCE_TEXT);
    assert_string_equal(m->parts[0]->document->text, "# Title\n");
}

static void test_addresses(void **state)
{
    struct conversation *c = *state;
    Sluice__V1__Message *m = conversation_add(c, SLUICE__V1__ROLE__ROLE_USER);
    struct sl_err err = {0};

    assert_int_equal(message_attach(c, m, "https://example.com/x", true, &err), SL_OK);
    assert_string_equal(m->parts[0]->image->url, "https://example.com/x");
    assert_int_equal(message_attach(c, m, "https://example.com/a.pdf?v=2", false, &err), SL_OK);
    assert_int_equal(m->parts[1]->document->source_case, SLUICE__V1__DOCUMENT__SOURCE_URL);
    assert_string_equal(m->parts[1]->document->filename, "a.pdf");
    assert_string_equal(m->parts[1]->document->media_type, "application/pdf");
    assert_int_equal(message_attach(c, m, "/nonexistent", false, &err), SL_INVALID_ARGUMENT);
    assert_int_equal(m->n_parts, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clear_keeps_instructions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_copy_is_deep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tool_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_attached_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text_document, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
