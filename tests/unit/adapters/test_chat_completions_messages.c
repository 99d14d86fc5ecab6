/* The conversation in a request of chat completions: every role and every kind of part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"

#define USER SLUICE__V1__ROLE__ROLE_USER
#define SYSTEM SLUICE__V1__ROLE__ROLE_SYSTEM
#define ASSISTANT SLUICE__V1__ROLE__ROLE_ASSISTANT
#define TOOL SLUICE__V1__ROLE__ROLE_TOOL
#define KIND(name) SLUICE__V1__PART__CONTENT_##name

static const ProtobufCBinaryData bytes = {3, (uint8_t *)(uintptr_t) "abc"}; /* "YWJj" */

static void expect(struct kit *k, const char *messages)
{
    const char *body = kit_build(k, false, NULL);

    if (!body)
        fail_msg("refused: %s", k->err.text);
    assert_string_equal(
        body, sl_arena_printf(&k->arena, "{\"model\":\"model-1\",\"messages\":[%s]}", messages));
}

/* ---- parts, one a row, after a text in a user message ---- */

static Sluice__V1__Message *user(struct kit *k)
{
    Sluice__V1__Message *m = kit_message(k, USER);

    kit_part(k, m, KIND(TEXT))->text = (char *)"Look";
    return m;
}

static Sluice__V1__Image *add_image(struct kit *k, Sluice__V1__Image__SourceCase source)
{
    Sluice__V1__Image *image = SL_ARENA_NEW(&k->arena, Sluice__V1__Image);

    sluice__v1__image__init(image);
    image->source_case = source;
    kit_part(k, user(k), KIND(IMAGE))->image = image;
    return image;
}

static void image_data(struct kit *k)
{
    Sluice__V1__Image *image = add_image(k, SLUICE__V1__IMAGE__SOURCE_DATA);

    image->data = bytes;
    image->media_type = (char *)"image/png";
}

static void image_url(struct kit *k)
{
    Sluice__V1__Image *image = add_image(k, SLUICE__V1__IMAGE__SOURCE_URL);

    image->url = (char *)"https://x.test/a.png";
    image->detail = (char *)"low";
}

static void image_file(struct kit *k)
{
    add_image(k, SLUICE__V1__IMAGE__SOURCE_FILE_ID)->file_id = (char *)"file-1";
}

static Sluice__V1__Audio *add_audio(struct kit *k, Sluice__V1__Audio__SourceCase source,
                                    const char *type)
{
    Sluice__V1__Audio *audio = SL_ARENA_NEW(&k->arena, Sluice__V1__Audio);

    sluice__v1__audio__init(audio);
    audio->source_case = source;
    audio->media_type = (char *)(uintptr_t)type;
    if (source == SLUICE__V1__AUDIO__SOURCE_DATA)
        audio->data = bytes;
    kit_part(k, user(k), KIND(AUDIO))->audio = audio;
    return audio;
}

static void audio_wav(struct kit *k)
{
    add_audio(k, SLUICE__V1__AUDIO__SOURCE_DATA, "Audio/X-Wav");
}

static void audio_mp3(struct kit *k)
{
    add_audio(k, SLUICE__V1__AUDIO__SOURCE_DATA, "audio/mpeg");
}

static void audio_ogg(struct kit *k)
{
    add_audio(k, SLUICE__V1__AUDIO__SOURCE_DATA, "audio/ogg");
}

static void audio_unknown(struct kit *k)
{
    add_audio(k, SLUICE__V1__AUDIO__SOURCE_DATA, "application/x");
}

static void audio_url(struct kit *k)
{
    add_audio(k, SLUICE__V1__AUDIO__SOURCE_URL, "")->url = (char *)"https://x.test/a.wav";
}

static Sluice__V1__Document *add_document(struct kit *k, Sluice__V1__Document__SourceCase source)
{
    Sluice__V1__Document *doc = SL_ARENA_NEW(&k->arena, Sluice__V1__Document);

    sluice__v1__document__init(doc);
    doc->source_case = source;
    kit_part(k, user(k), KIND(DOCUMENT))->document = doc;
    return doc;
}

static void document_data(struct kit *k)
{
    Sluice__V1__Document *doc = add_document(k, SLUICE__V1__DOCUMENT__SOURCE_DATA);

    doc->data = bytes;
    doc->media_type = (char *)"application/pdf";
}

static void document_named(struct kit *k)
{
    document_data(k);
    k->request.messages[0]->parts[1]->document->filename = (char *)"a \"b\".pdf";
}

static void document_file(struct kit *k)
{
    add_document(k, SLUICE__V1__DOCUMENT__SOURCE_FILE_ID)->file_id = (char *)"file-1";
}

static void document_text(struct kit *k)
{
    add_document(k, SLUICE__V1__DOCUMENT__SOURCE_TEXT)->text = (char *)"Words";
}

static void document_url(struct kit *k)
{
    add_document(k, SLUICE__V1__DOCUMENT__SOURCE_URL)->url = (char *)"https://x.test/a.pdf";
}

static void document_title(struct kit *k)
{
    document_text(k);
    k->request.messages[0]->parts[1]->document->title = (char *)"T";
}

static void document_context(struct kit *k)
{
    document_text(k);
    k->request.messages[0]->parts[1]->document->context = (char *)"C";
}

static void document_citations(struct kit *k)
{
    document_text(k);
    k->request.messages[0]->parts[1]->document->citations = true;
}

static Sluice__V1__Video *add_video(struct kit *k, Sluice__V1__Video__SourceCase source)
{
    Sluice__V1__Video *video = SL_ARENA_NEW(&k->arena, Sluice__V1__Video);

    sluice__v1__video__init(video);
    video->source_case = source;
    video->media_type = (char *)"video/mp4";
    kit_part(k, user(k), KIND(VIDEO))->video = video;
    return video;
}

static void video_data(struct kit *k)
{
    add_video(k, SLUICE__V1__VIDEO__SOURCE_DATA)->data = bytes;
}

static void video_url(struct kit *k)
{
    add_video(k, SLUICE__V1__VIDEO__SOURCE_URL)->url = (char *)"https://x.test/a.mp4";
}

static void cache_hint(struct kit *k)
{
    static Sluice__V1__CacheHint hint = SLUICE__V1__CACHE_HINT__INIT;

    document_text(k);
    k->request.messages[0]->parts[1]->cache_hint = &hint;
}

#define P "messages[0].parts[1]"

static const struct {
    const char *kind;
    void (*set)(struct kit *k);
    const char *part;   /* as sent; NULL: left out */
    const char *warned; /* field; NULL: no warning */
} rows[] = {
    {"openai", image_data,
     "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,YWJj\"}}", NULL},
    {"openai", image_url,
     "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.test/a.png\",\"detail\":\"low\"}}",
     NULL},
    {"openai", image_file, NULL, P},
    {"openai", audio_wav,
     "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"YWJj\",\"format\":\"wav\"}}", NULL},
    {"openai", audio_mp3,
     "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"YWJj\",\"format\":\"mp3\"}}", NULL},
    {"openai", audio_ogg, NULL, P},
    {"custom", audio_ogg,
     "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"YWJj\",\"format\":\"ogg\"}}", NULL},
    {"custom", audio_unknown, NULL, P},
    {"openai", audio_url, NULL, P},
    {"custom", audio_url,
     "{\"type\":\"audio_url\",\"audio_url\":{\"url\":\"https://x.test/a.wav\"}}", NULL},
    {"openai", document_data,
     "{\"type\":\"file\",\"file\":{\"filename\":\"document.pdf\",\"file_data\":\"data:application/"
     "pdf;base64,YWJj\"}}",
     NULL},
    {"openai", document_named,
     "{\"type\":\"file\",\"file\":{\"filename\":\"a "
     "\\\"b\\\".pdf\",\"file_data\":\"data:application/"
     "pdf;base64,YWJj\"}}",
     NULL},
    {"openai", document_file, "{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}", NULL},
    {"openai", document_text, "{\"type\":\"text\",\"text\":\"Words\"}", NULL},
    {"openai", document_url, NULL, P},
    {"openai", document_title, "{\"type\":\"text\",\"text\":\"Words\"}", P ".document.title"},
    {"openai", document_context, "{\"type\":\"text\",\"text\":\"Words\"}", P ".document.context"},
    {"openai", document_citations, "{\"type\":\"text\",\"text\":\"Words\"}",
     P ".document.citations"},
    {"openai", video_url, NULL, P},
    {"custom", video_url,
     "{\"type\":\"video_url\",\"video_url\":{\"url\":\"https://x.test/a.mp4\"}}", NULL},
    {"custom", video_data,
     "{\"type\":\"video_url\",\"video_url\":{\"url\":\"data:video/mp4;base64,YWJj\"}}", NULL},
    {"openai", cache_hint, "{\"type\":\"text\",\"text\":\"Words\"}", P ".cache_hint"},
};

static void each_part_is_sent_or_warned_about(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct kit k;
        const char *part = rows[i].part;
        kit_init(&k, rows[i].kind);
        rows[i].set(&k);
        expect(&k, sl_arena_printf(&k.arena,
                                   "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                                   "\"Look\"}%s%s]}",
                                   part ? "," : "", part ? part : ""));
        assert_int_equal(k.warnings.count, rows[i].warned != NULL);
        if (rows[i].warned)
            assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", rows[i].warned));
        k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
        assert_int_equal(kit_build(&k, false, NULL) == NULL, rows[i].warned != NULL);
        if (rows[i].warned)
            assert_string_equal(k.err.field, rows[i].warned);
        kit_fini(&k);
    }
}

/* ---- roles ---- */

static void roles_and_names(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    kit_text(&k, SYSTEM, "a");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_DEVELOPER, "b");
    kit_text(&k, USER, "c\n\"\xc3\xa9");
    k.request.messages[2]->name = (char *)"ann";
    kit_text(&k, ASSISTANT, "d");
    expect(&k, "{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"developer\",\"content\":\"b\"},"
               "{\"role\":\"user\",\"name\":\"ann\",\"content\":\"c\\n\\\"\xc3\xa9\"},"
               "{\"role\":\"assistant\",\"content\":\"d\"}");
    k.request.n_messages = 2;
    k.target.no_developer_role = true;
    expect(&k, "{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"b\"}");
    kit_fini(&k);

    kit_init(&k, "custom");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_DEVELOPER, "b");
    expect(&k, "{\"role\":\"system\",\"content\":\"b\"}");
    kit_fini(&k);
}

static void no_role_is_refused(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    kit_text(&k, USER, "a");
    kit_text(&k, SLUICE__V1__ROLE__ROLE_UNSPECIFIED, "b");
    assert_null(kit_build(&k, false, NULL));
    assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
    assert_string_equal(k.err.field, "messages[1].role");
    kit_fini(&k);
}

static void system_messages_hold_text_only(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    image_url(&k);
    k.request.messages[0]->role = SYSTEM;
    expect(&k, "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"Look\"}]}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", P));
    kit_fini(&k);
}

static const struct {
    Sluice__V1__Role role;
    Sluice__V1__Part__ContentCase kind;
} misplaced[] = {
    {USER, KIND(TOOL_CALL)},
    {USER, KIND(TOOL_RESULT)},
    {USER, KIND(REASONING)},
    {USER, KIND(REFUSAL)},
    {USER, SLUICE__V1__PART__CONTENT__NOT_SET},
    {ASSISTANT, KIND(TOOL_RESULT)},
    {TOOL, KIND(TEXT)},
};

static void parts_in_the_wrong_place_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(misplaced); i++) {
        struct kit k;
        kit_init(&k, "openai");
        kit_part(&k, kit_message(&k, misplaced[i].role), misplaced[i].kind)->text = (char *)"x";
        assert_null(kit_build(&k, false, NULL));
        assert_int_equal(k.err.code, SL_INVALID_ARGUMENT);
        assert_string_equal(k.err.field, "messages[0].parts[0]");
        kit_fini(&k);
    }
}

/* ---- assistant ---- */

static Sluice__V1__ToolCall *add_call(struct kit *k, Sluice__V1__Message *m, const char *id,
                                      const char *arguments)
{
    Sluice__V1__ToolCall *call = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolCall);

    sluice__v1__tool_call__init(call);
    call->id = (char *)(uintptr_t)id;
    call->name = (char *)"f";
    call->arguments_json = (char *)(uintptr_t)arguments;
    kit_part(k, m, KIND(TOOL_CALL))->tool_call = call;
    return call;
}

static void tool_calls_without_text_have_no_content(void **state)
{
    struct kit k;
    Sluice__V1__ToolCall *custom;

    (void)state;
    kit_init(&k, "openai");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    add_call(&k, m, "c1", "{\"a\": \"\xc3\xa9\"}");
    add_call(&k, m, "c2", "");
    custom = add_call(&k, m, "c3", "");
    custom->_custom_input_case = SLUICE__V1__TOOL_CALL___CUSTOM_INPUT_CUSTOM_INPUT;
    custom->custom_input = (char *)"SELECT 1";
    expect(
        &k,
        "{\"role\":\"assistant\",\"tool_calls\":["
        "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
        "\"{\\\"a\\\": \\\"\xc3\xa9\\\"}\"}},"
        "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
        "{\"id\":\"c3\",\"type\":\"custom\",\"custom\":{\"name\":\"f\",\"input\":\"SELECT 1\"}}]}");
    kit_fini(&k);

    kit_init(&k, "custom");
    add_call(&k, kit_message(&k, ASSISTANT), "c1", "{}");
    expect(&k, "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
               "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{"
               "}\"}}]}");
    kit_fini(&k);
}

static void an_empty_answer_is_an_empty_string(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    kit_message(&k, ASSISTANT);
    expect(&k, "{\"role\":\"assistant\",\"content\":\"\"}");
    kit_fini(&k);
}

static void several_texts_are_a_list(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    kit_part(&k, m, KIND(TEXT))->text = (char *)"a";
    add_call(&k, m, "c1", "{}");
    kit_part(&k, m, KIND(TEXT))->text = (char *)"b";
    expect(&k, "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
               "{\"type\":\"text\",\"text\":\"b\"}],\"tool_calls\":[{\"id\":\"c1\",\"type\":"
               "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}");
    kit_fini(&k);
}

#define TEXT_A "{\"role\":\"assistant\",\"content\":\"a\""
#define JSON_OBJECT SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON
#define JSON_SCHEMA SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA

static const struct {
    const char *kind, *base_url; /* NULL: the kit's */
    Sluice__V1__ResponseFormat__Type format;
    const char *message;
} prefixes[] = {
    {"openai", NULL, 0, TEXT_A "}"},
    {"custom", "https://api.test/beta", 0, TEXT_A "}"},
    {"mistral", NULL, 0, TEXT_A ",\"prefix\":true}"},
    {"mistral", NULL, JSON_OBJECT, TEXT_A ",\"prefix\":true}"},
    {"moonshot", NULL, 0, TEXT_A ",\"partial\":true}"},
    {"moonshot", NULL, JSON_SCHEMA, TEXT_A ",\"partial\":true}"},
    {"moonshot", NULL, JSON_OBJECT, TEXT_A "}"},
    {"deepseek", NULL, 0, TEXT_A "}"},
    {"deepseek", "https://api.deepseek.com/v1", 0, TEXT_A "}"},
    {"deepseek", "https://api.deepseek.com/beta", 0, TEXT_A ",\"prefix\":true}"},
    {"deepseek", "eta", 0, TEXT_A "}"},
};

static void an_answer_goes_on_where_the_provider_is_told_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(prefixes); i++) {
        struct kit k;
        Sluice__V1__ResponseFormat format = SLUICE__V1__RESPONSE_FORMAT__INIT;
        kit_init(&k, prefixes[i].kind);
        kit_text(&k, ASSISTANT, "b");
        kit_text(&k, USER, "c");
        kit_text(&k, ASSISTANT, "a");
        if (prefixes[i].base_url)
            k.target.base_url = prefixes[i].base_url;
        format.type = prefixes[i].format;
        format.schema_json = (char *)"{}";
        k.request.response_format = &format;
        const char *start = sl_arena_printf(
            &k.arena,
            "{\"model\":\"model-1\",\"messages\":[{\"role\":\"assistant\",\"content\":\"b\"},"
            "{\"role\":\"user\",\"content\":\"c\"},%s]",
            prefixes[i].message);
        const char *body = kit_build(&k, false, NULL);
        assert_non_null(body);
        assert_memory_equal(body, start, strlen(start));
        kit_fini(&k);
    }
}

static void only_a_text_at_the_end_is_gone_on_from(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "mistral");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    expect(&k, "{\"role\":\"assistant\",\"content\":\"\"}");
    kit_part(&k, m, KIND(TEXT))->text = (char *)"";
    expect(&k, "{\"role\":\"assistant\",\"content\":\"\"}");
    m->parts[0]->text = (char *)"a";
    add_call(&k, m, "D681PevKs", "{}");
    expect(&k, TEXT_A ",\"tool_calls\":[{\"id\":\"D681PevKs\",\"type\":\"function\",\"function\":{"
                      "\"name\":\"f\",\"arguments\":\"{}\"}}]}");
    m->parts[1]->content_case = KIND(REFUSAL);
    m->parts[1]->refusal = (char *)"No.";
    expect(&k, "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
               "{\"type\":\"text\",\"text\":\"No.\"}]}");
    kit_fini(&k);

    kit_init(&k, "deepseek");
    k.target.base_url = "https://api.deepseek.com/beta";
    m = kit_message(&k, ASSISTANT);
    Sluice__V1__Reasoning *reasoning = SL_ARENA_NEW(&k.arena, Sluice__V1__Reasoning);
    sluice__v1__reasoning__init(reasoning);
    reasoning->text = (char *)"Hm";
    kit_part(&k, m, KIND(REASONING))->reasoning = reasoning;
    kit_part(&k, m, KIND(TEXT))->text = (char *)"a";
    expect(&k, TEXT_A ",\"reasoning_content\":\"Hm\",\"prefix\":true}");
    kit_fini(&k);
}

static void refusals_go_into_their_member(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    kit_part(&k, m, KIND(REFUSAL))->refusal = (char *)"No.";
    expect(&k, "{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]}");
    kit_part(&k, m, KIND(TEXT))->text = (char *)"But";
    kit_part(&k, m, KIND(REFUSAL))->refusal = (char *)" Never.";
    expect(&k, "{\"role\":\"assistant\",\"content\":\"But\",\"refusal\":\"No. Never.\"}");
    kit_fini(&k);

    kit_init(&k, "custom");
    kit_part(&k, kit_message(&k, ASSISTANT), KIND(REFUSAL))->refusal = (char *)"No.";
    expect(&k, "{\"role\":\"assistant\",\"content\":\"No.\"}");
    kit_fini(&k);
}

static Sluice__V1__Reasoning *add_reasoning(struct kit *k, Sluice__V1__Message *m, const char *text)
{
    Sluice__V1__Reasoning *reasoning = SL_ARENA_NEW(&k->arena, Sluice__V1__Reasoning);

    sluice__v1__reasoning__init(reasoning);
    reasoning->text = (char *)(uintptr_t)text;
    kit_part(k, m, KIND(REASONING))->reasoning = reasoning;
    return reasoning;
}

static void reasoning_is_sent_where_there_is_a_place(void **state)
{
    struct kit k;
    static const char *const kinds[] = {"openai", "custom"};
    static const char *const members[] = {
        "{\"role\":\"assistant\",\"content\":\"Yes\"}",
        "{\"role\":\"assistant\",\"content\":\"Yes\",\"reasoning_content\":\"Hm. So.\"}"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        kit_init(&k, kinds[i]);
        /* Reasoning comes with every reply: it is never a reason to refuse. */
        k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
        Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
        add_reasoning(&k, m, "Hm.");
        kit_part(&k, m, KIND(TEXT))->text = (char *)"Yes";
        add_reasoning(&k, m, " So.")->signature = (char *)"sig";
        expect(&k, members[i]);
        assert_int_equal(kit_warning(&k, "REASONING_DROPPED", "messages[0].parts[0]") != NULL,
                         i == 0);
        assert_non_null(
            kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[0].parts[2].reasoning"));
        kit_fini(&k);
    }
}

static Sluice__V1__Part *spoken(struct kit *k, const char *provider, const char *id)
{
    Sluice__V1__Audio *audio = SL_ARENA_NEW(&k->arena, Sluice__V1__Audio);
    Sluice__V1__Message *m =
        k->request.n_messages ? k->request.messages[0] : kit_message(k, ASSISTANT);
    Sluice__V1__Part *part = kit_part(k, m, KIND(AUDIO));

    sluice__v1__audio__init(audio);
    audio->transcript = (char *)"Words.";
    part->audio = audio;
    if (provider) {
        part->provider_state = SL_ARENA_NEW(&k->arena, Sluice__V1__ProviderState);
        sluice__v1__provider_state__init(part->provider_state);
        part->provider_state->provider = (char *)(uintptr_t)provider;
        part->provider_state->data = (ProtobufCBinaryData){strlen(id), (uint8_t *)(uintptr_t)id};
    }
    return part;
}

static void spoken_answers_go_back_by_their_id(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    spoken(&k, "openai", "audio_1");
    expect(&k, "{\"role\":\"assistant\",\"audio\":{\"id\":\"audio_1\"}}");
    assert_int_equal(k.warnings.count, 0);
    kit_fini(&k);

    kit_init(&k, "openai");
    Sluice__V1__Part *part = spoken(&k, NULL, NULL);
    part->audio->source_case = SLUICE__V1__AUDIO__SOURCE_FILE_ID;
    part->audio->file_id = (char *)"audio_2";
    spoken(&k, "openai", "audio_3");
    expect(&k, "{\"role\":\"assistant\",\"audio\":{\"id\":\"audio_2\"}}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[1]"));
    kit_fini(&k);
}

static void spoken_answers_of_others_become_their_words(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    spoken(&k, "gemini", "x");
    expect(&k, "{\"role\":\"assistant\",\"content\":\"Words.\"}");
    assert_non_null(
        kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[0].parts[0].provider_state"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0].audio"));
    k.request.messages[0]->parts[0]->audio->transcript = (char *)"";
    expect(&k, "{\"role\":\"assistant\",\"content\":\"\"}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0]"));
    kit_fini(&k);
}

static void state_of_another_provider_is_dropped_with_a_warning(void **state)
{
    struct kit k;
    Sluice__V1__ProviderState other = SLUICE__V1__PROVIDER_STATE__INIT;
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
    Sluice__V1__Citation *citations[] = {&citation};

    (void)state;
    other.provider = (char *)"anthropic";
    kit_init(&k, "openai");
    k.request.on_unsupported = SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL;
    kit_text(&k, ASSISTANT, "Yes");
    k.request.messages[0]->parts[0]->provider_state = &other;
    k.request.messages[0]->parts[0]->citations = citations;
    k.request.messages[0]->parts[0]->n_citations = 1;
    expect(&k, "{\"role\":\"assistant\",\"content\":\"Yes\"}");
    assert_non_null(
        kit_warning(&k, "PROVIDER_STATE_DROPPED", "messages[0].parts[0].provider_state"));
    assert_non_null(kit_warning(&k, "CITATIONS_DROPPED", "messages[0].parts[0].citations"));
    kit_fini(&k);
}

static void history_of_provider_tools_is_left_out(void **state)
{
    struct kit k;
    Sluice__V1__ProviderToolCall call = SLUICE__V1__PROVIDER_TOOL_CALL__INIT;
    Sluice__V1__ProviderToolResult result = SLUICE__V1__PROVIDER_TOOL_RESULT__INIT;

    (void)state;
    kit_init(&k, "openai");
    Sluice__V1__Message *m = kit_message(&k, ASSISTANT);
    kit_part(&k, m, KIND(PROVIDER_TOOL_CALL))->provider_tool_call = &call;
    kit_part(&k, m, KIND(PROVIDER_TOOL_RESULT))->provider_tool_result = &result;
    kit_part(&k, m, KIND(TEXT))->text = (char *)"Found.";
    expect(&k, "{\"role\":\"assistant\",\"content\":\"Found.\"}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0]"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[1]"));
    kit_fini(&k);
}

/* ---- tool ---- */

static Sluice__V1__ToolResult *add_result(struct kit *k, Sluice__V1__Message *m, const char *id)
{
    Sluice__V1__ToolResult *result = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResult);

    sluice__v1__tool_result__init(result);
    result->tool_call_id = (char *)(uintptr_t)id;
    result->name = (char *)"f";
    kit_part(k, m, KIND(TOOL_RESULT))->tool_result = result;
    return result;
}

static Sluice__V1__ToolResultPart *add_result_part(struct kit *k, Sluice__V1__ToolResult *result,
                                                   const char *text)
{
    Sluice__V1__ToolResultPart *part = SL_ARENA_NEW(&k->arena, Sluice__V1__ToolResultPart);
    Sluice__V1__ToolResultPart **list =
        sl_arena_zalloc(&k->arena, (result->n_parts + 1) * sizeof(list[0]));

    sluice__v1__tool_result_part__init(part);
    part->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_TEXT;
    part->text = (char *)(uintptr_t)text;
    for (size_t i = 0; i < result->n_parts; i++)
        list[i] = result->parts[i];
    list[result->n_parts++] = part;
    result->parts = list;
    return part;
}

static void each_result_is_a_message(void **state)
{
    struct kit k;

    (void)state;
    kit_init(&k, "openai");
    Sluice__V1__Message *m = kit_message(&k, TOOL);
    add_result_part(&k, add_result(&k, m, "c1"), "{\"t\": 1}");
    add_result(&k, m, "c2");
    Sluice__V1__ToolResult *two = add_result(&k, m, "c3");
    add_result_part(&k, two, "a");
    add_result_part(&k, two, "b");
    expect(&k,
           "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"{\\\"t\\\": 1}\"},"
           "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"\"},"
           "{\"role\":\"tool\",\"tool_call_id\":\"c3\",\"content\":[{\"type\":\"text\",\"text\":"
           "\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}");
    assert_int_equal(k.warnings.count, 0);
    kit_fini(&k);
}

static void results_are_text(void **state)
{
    struct kit k;
    Sluice__V1__CacheHint hint = SLUICE__V1__CACHE_HINT__INIT;
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;

    (void)state;
    kit_init(&k, "openai");
    Sluice__V1__Message *m = kit_message(&k, TOOL);
    m->name = (char *)"n";
    Sluice__V1__ToolResult *result = add_result(&k, m, "c1");
    result->is_error = true;
    add_result_part(&k, result, "Sorry")->cache_hint = &hint;
    Sluice__V1__ToolResultPart *part = add_result_part(&k, result, "");
    part->content_case = SLUICE__V1__TOOL_RESULT_PART__CONTENT_IMAGE;
    part->image = &image;
    expect(&k, "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"Sorry\"}");
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].name"));
    assert_non_null(
        kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0].tool_result.is_error"));
    assert_non_null(
        kit_warning(&k, "UNSUPPORTED_PARAMETER", "messages[0].parts[0].tool_result.parts[1]"));
    assert_non_null(kit_warning(&k, "UNSUPPORTED_PARAMETER",
                                "messages[0].parts[0].tool_result.parts[0].cache_hint"));
    kit_fini(&k);
}

/* ---- size ---- */

static void large_media_are_borrowed(void **state)
{
    enum { SIZE = 8 * 1024 * 1024 };
    struct kit k;
    struct sl_http_request http;
    uint8_t *data = calloc(1, SIZE);

    (void)state;
    assert_non_null(data);
    kit_init(&k, "openai");
    image_data(&k);
    k.request.messages[0]->parts[1]->image->data = (ProtobufCBinaryData){SIZE, data};
    struct sl_build_in in = {
        .target = &k.target, .request = &k.request, .arena = &k.arena, .warnings = &k.warnings};
    size_t before = k.arena.used;
    assert_int_equal(k.adapter->build(&in, &http, &k.err), SL_OK);
    assert_true(k.arena.used - before < 16 * 1024);
    assert_true(http.body.length > SIZE / 3 * 4);
    kit_fini(&k);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_is_sent_or_warned_about),
        cmocka_unit_test(roles_and_names),
        cmocka_unit_test(no_role_is_refused),
        cmocka_unit_test(system_messages_hold_text_only),
        cmocka_unit_test(parts_in_the_wrong_place_are_refused),
        cmocka_unit_test(tool_calls_without_text_have_no_content),
        cmocka_unit_test(an_empty_answer_is_an_empty_string),
        cmocka_unit_test(several_texts_are_a_list),
        cmocka_unit_test(an_answer_goes_on_where_the_provider_is_told_so),
        cmocka_unit_test(only_a_text_at_the_end_is_gone_on_from),
        cmocka_unit_test(refusals_go_into_their_member),
        cmocka_unit_test(reasoning_is_sent_where_there_is_a_place),
        cmocka_unit_test(spoken_answers_go_back_by_their_id),
        cmocka_unit_test(spoken_answers_of_others_become_their_words),
        cmocka_unit_test(state_of_another_provider_is_dropped_with_a_warning),
        cmocka_unit_test(history_of_provider_tools_is_left_out),
        cmocka_unit_test(each_result_is_a_message),
        cmocka_unit_test(results_are_text),
        cmocka_unit_test(large_media_are_borrowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
