/* What else a Responses answer holds: sources of texts, tools that ran at the provider (web
 * search, file search, code interpreter, MCP, pictures that were made, ...), and usage.
 *
 * Sources: OpenAI's API reference, "annotations" and "output" of the response object; the guide
 * "Image generation" for image_generation_call. */
#include "adapters/responses/internal.h"

#include <string.h>

enum {
    MAX_JSON = 1 << 20,        /* bytes of a tool's input or output */
    MAX_USAGE_JSON = 16 * 1024 /* bytes of the provider's usage object */
};

/* ---- sources ---- */

static void set_string(struct rs *r, int object, const char *key, char **slot)
{
    size_t n;
    int value = sl_json_member(r->c.j, object, key);
    char *text = value < 0 ? NULL : cc_text(&r->c, value, &n);

    if (text)
        *slot = text;
}

static bool get_index(struct rs *r, int object, const char *key, int32_t *out)
{
    int64_t v;

    if (!sl_json_int(r->c.j, sl_json_member(r->c.j, object, key), &v) || v < 0 || v > INT32_MAX)
        return false;
    *out = (int32_t)v;
    return true;
}

/* A source belongs to its text; one that comes before it begins it. */
static void begin_text(struct rs *r, const struct rs_slot *slot)
{
    Sluice__V1__TextDelta delta = SLUICE__V1__TEXT_DELTA__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    delta.part = slot->part;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA;
    event.text_delta = &delta;
    cc_emit(&r->c, &event);
}

/* {"type": "url_citation" | "file_citation" | "container_file_citation" | "file_path", ...} */
enum sl_code rs_add_citation(struct rs *r, struct rs_item *it, int64_t index, int annotation)
{
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;
    int32_t parts = r->s->next_part;

    if (sl_json_type(r->c.j, annotation) != SL_JSON_OBJECT)
        return SL_OK;
    struct sl_str raw = rs_copy_raw(r, annotation);
    struct rs_slot *slot = rs_slot(r, it, index, false);
    if (!slot)
        return rs_too_large(r);
    if (parts != r->s->next_part)
        begin_text(r, slot);
    slot->citations++;
    citation.part = slot->part;
    if (raw.n <= MAX_JSON)
        citation.provider_json = (char *)(uintptr_t)raw.p;
    set_string(r, annotation, "url", &citation.url);
    set_string(r, annotation, "filename", &citation.title);
    set_string(r, annotation, "title", &citation.title);
    set_string(r, annotation, "file_id", &citation.file_id);
    if (get_index(r, annotation, "start_index", &citation.start_index))
        citation._start_index_case = SLUICE__V1__CITATION___START_INDEX_START_INDEX;
    if (get_index(r, annotation, "end_index", &citation.end_index))
        citation._end_index_case = SLUICE__V1__CITATION___END_INDEX_END_INDEX;
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_CITATION;
    event.citation = &citation;
    cc_emit(&r->c, &event);
    return SL_OK;
}

/* ---- tools at the provider ---- */

enum member { MEMBER_OWN, MEMBER_INPUT, MEMBER_OUTPUT, MEMBER_PICTURE };

/* Which side of a tool a member of its item is about. */
static enum member member_of(const struct rs *r, struct sl_str key, bool picture)
{
    static const char *const own[] = {"id", "type", "status", "name"};
    static const char *const output[] = {"outputs", "results", "output",
                                         "error",   "result",  "tools"};

    (void)r;
    if (picture && CC_KEY_IS(key, "result"))
        return MEMBER_PICTURE;
    for (size_t i = 0; i < SL_ARRAY_LEN(own); i++)
        if (sl_str_eq(key, own[i]))
            return MEMBER_OWN;
    for (size_t i = 0; i < SL_ARRAY_LEN(output); i++)
        if (sl_str_eq(key, output[i]))
            return MEMBER_OUTPUT;
    return MEMBER_INPUT;
}

/* The members of one side as an object, without those that are null; NULL where there are none. To
 * be called before a string of the item is decoded. */
static struct sl_str pick(struct rs *r, int item, const bool *wanted, bool picture)
{
    struct sl_str whole = sl_json_raw(r->c.j, item);
    char *text = sl_arena_try(r->scratch, whole.n + 3);
    size_t n = 0;

    if (!text)
        return (struct sl_str){NULL, 0};
    for (int k = sl_json_first(r->c.j, item); k >= 0; k = sl_json_next(r->c.j, item, k)) {
        struct sl_str key = sl_json_raw(r->c.j, k), value = sl_json_raw(r->c.j, k + 1);
        if (!wanted[member_of(r, cc_key(&r->c, k), picture)] ||
            sl_json_type(r->c.j, k + 1) == SL_JSON_NULL)
            continue;
        text[n] = n ? ',' : '{';
        n++;
        size_t length = (size_t)(value.p + value.n - key.p);
        memcpy(text + n, key.p, length);
        n += length;
    }
    if (!n)
        return (struct sl_str){NULL, 0};
    text[n++] = '}';
    text[n] = '\0';
    cc_repair(&r->c, text, n);
    return (struct sl_str){text, n};
}

enum { KIND_SIZE = 64 };

/* The item's type without "_call" is what the tool is called in a request. */
static char *kind_of(struct rs *r, int item, char *kind)
{
    static const char suffix[] = "_call";
    size_t n;
    int value = sl_json_member(r->c.j, item, "type");
    const char *type = value < 0 ? NULL : cc_text(&r->c, value, &n);

    sl_copy(kind, KIND_SIZE, type ? type : "unknown");
    n = strlen(kind);
    if (n > sizeof(suffix) - 1 && !strcmp(kind + n - (sizeof(suffix) - 1), suffix))
        kind[n - (sizeof(suffix) - 1)] = '\0';
    return kind;
}

static void emit_part(struct rs *r, Sluice__V1__PartDelta *delta)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA;
    event.part_delta = delta;
    cc_emit(&r->c, &event);
}

static void too_large(struct rs *r, const char *kind)
{
    sl_warn(r->c.a->warnings, "PROVIDER_TOOL_DROPPED", "",
            "what %s's tool %s said is too large to be passed on", r->d->words.title, kind);
}

static int32_t emit_call(struct rs *r, Sluice__V1__ProviderToolCall *call, struct sl_str input)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;

    if (input.n > MAX_JSON)
        too_large(r, call->kind);
    else if (input.n)
        call->input_json = (char *)(uintptr_t)input.p;
    delta.part = r->s->next_part++;
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_CALL;
    delta.provider_tool_call = call;
    emit_part(r, &delta);
    return delta.part;
}

static int32_t emit_result(struct rs *r, const Sluice__V1__ProviderToolCall *call,
                           struct sl_str output)
{
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__ProviderToolResult result = SLUICE__V1__PROVIDER_TOOL_RESULT__INIT;

    result.id = call->id;
    result.kind = call->kind;
    result.status = call->status;
    if (output.n > MAX_JSON)
        too_large(r, call->kind);
    else
        result.output_json = (char *)(uintptr_t)output.p;
    delta.part = r->s->next_part++;
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_PROVIDER_TOOL_RESULT;
    delta.provider_tool_result = &result;
    emit_part(r, &delta);
    return delta.part;
}

/* ---- pictures ---- */

static int base64_value(unsigned char ch)
{
    if (ch >= 'A' && ch <= 'Z')
        return ch - 'A';
    if (ch >= 'a' && ch <= 'z')
        return ch - 'a' + 26;
    if (ch >= '0' && ch <= '9')
        return ch - '0' + 52;
    if (ch == '+' || ch == '-')
        return 62;
    return ch == '/' || ch == '_' ? 63 : -1;
}

/* Decodes text over itself, other characters are skipped. Returns the bytes. */
static size_t base64_decode(char *text, size_t n)
{
    uint8_t *out = (uint8_t *)text;
    unsigned bits = 0, count = 0;
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        int value = base64_value((unsigned char)text[i]);
        if (value < 0)
            continue;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[used++] = (uint8_t)(bits >> count);
        }
    }
    return used;
}

static const char *picture_type(struct rs *r, int item)
{
    int format = sl_json_member(r->c.j, item, "output_format");

    if (sl_json_string_is(r->c.j, format, "jpeg"))
        return "image/jpeg";
    return sl_json_string_is(r->c.j, format, "webp") ? "image/webp" : "image/png";
}

/* An image_generation_call's result, base64. -1: there is none. */
static int32_t emit_picture(struct rs *r, int item)
{
    enum { PIECE = 512 * 1024 };
    Sluice__V1__PartDelta delta = SLUICE__V1__PART_DELTA__INIT;
    Sluice__V1__Image image = SLUICE__V1__IMAGE__INIT;
    const char *type = picture_type(r, item);
    size_t n = 0;
    char *data = sl_json_string(r->c.j, sl_json_member(r->c.j, item, "result"), &n, NULL);

    n = data ? base64_decode(data, n) : 0;
    if (!n)
        return -1;
    delta.part = r->s->next_part++;
    delta.delta_case = SLUICE__V1__PART_DELTA__DELTA_IMAGE;
    delta.image = &image;
    image.media_type = (char *)(uintptr_t)type;
    for (size_t at = 0; at < n; at += PIECE) {
        image.source_case = SLUICE__V1__IMAGE__SOURCE_DATA;
        image.data = (ProtobufCBinaryData){n - at < PIECE ? n - at : PIECE, (uint8_t *)data + at};
        emit_part(r, &delta);
        sluice__v1__image__init(&image);
    }
    return delta.part;
}

/* ---- the item ---- */

/* One item becomes a call, a result where it has one, and a picture; all with the same state, by
 * which they become one item again. A picture's bytes are not part of it: its id is enough. */
enum sl_code rs_finish_other(struct rs *r, int item, struct sl_str state)
{
    static const bool input_wanted[] = {[MEMBER_INPUT] = true, [MEMBER_PICTURE] = false};
    static const bool output_wanted[] = {[MEMBER_OUTPUT] = true, [MEMBER_PICTURE] = false};
    static const bool all_but_picture[] = {true, true, true, false};
    Sluice__V1__ProviderToolCall call = SLUICE__V1__PROVIDER_TOOL_CALL__INIT;
    bool picture =
        sl_json_string_is(r->c.j, sl_json_member(r->c.j, item, "type"), "image_generation_call");
    int32_t parts[3] = {-1, -1, -1};
    char kind[KIND_SIZE];

    if (picture)
        state = pick(r, item, all_but_picture, true);
    struct sl_str input = pick(r, item, input_wanted, picture);
    struct sl_str output = pick(r, item, output_wanted, picture);
    call.kind = kind_of(r, item, kind);
    set_string(r, item, "id", &call.id);
    set_string(r, item, "name", &call.name);
    set_string(r, item, "status", &call.status);
    parts[0] = emit_call(r, &call, input);
    if (output.n)
        parts[1] = emit_result(r, &call, output);
    if (picture)
        parts[2] = emit_picture(r, item);
    for (size_t i = 0; i < SL_ARRAY_LEN(parts); i++)
        if (parts[i] >= 0)
            rs_emit_done(r, parts[i], state);
    return SL_OK;
}

/* ---- usage ---- */

static int64_t count(const struct rs *r, int object, const char *key)
{
    int64_t v;
    int value = sl_json_type(r->c.j, object) == SL_JSON_OBJECT ? sl_json_member(r->c.j, object, key)
                                                               : SL_JSON_ABSENT;

    if (!sl_json_int(r->c.j, value, &v) || v < 0)
        return 0;
    return v > INT32_MAX ? INT32_MAX : v;
}

static int64_t at_most(int64_t v, int64_t max)
{
    return v < max ? v : max;
}

/* Cached and written tokens are part of the input, reasoning of the output. */
void rs_read_usage(struct rs *r, int usage)
{
    Sluice__V1__TokenUsage *to = &r->c.a->end.usage;

    if (sl_json_type(r->c.j, usage) != SL_JSON_OBJECT)
        return;
    int in = sl_json_member(r->c.j, usage, "input_tokens_details");
    int out = sl_json_member(r->c.j, usage, "output_tokens_details");
    int64_t input = count(r, usage, "input_tokens"), output = count(r, usage, "output_tokens");
    int64_t cached = at_most(count(r, in, "cached_tokens"), input);
    int64_t written = at_most(count(r, in, "cache_write_tokens"), input - cached);
    int64_t reasoning = at_most(count(r, out, "reasoning_tokens"), output);
    struct sl_str raw = rs_copy_raw(r, usage);

    sluice__v1__token_usage__init(to);
    r->c.a->end.has_usage = true;
    to->input_tokens = (int32_t)(input - cached - written);
    to->cache_read_tokens = (int32_t)cached;
    to->cache_write_tokens = (int32_t)written;
    to->output_tokens = (int32_t)(output - reasoning);
    to->reasoning_tokens = (int32_t)reasoning;
    char *json = raw.n && raw.n <= MAX_USAGE_JSON ? sl_arena_try(r->c.a->arena, raw.n + 1) : NULL;
    if (json)
        to->provider_json = memcpy(json, raw.p, raw.n + 1);
}
