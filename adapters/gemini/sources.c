/* Sources of an answer: groundingMetadata, citationMetadata and urlContextMetadata of the candidate.
 * Each source is a citation; the first of an object carries the whole object, as it was sent.
 * Places are counted in bytes, as Google counts them.
 *
 * Sources: https://ai.google.dev/api/generate-content#GroundingMetadata, #CitationMetadata,
 * #UrlContextMetadata. Vertex AI's list is `citations` instead of `citationSources`. */
#include "adapters/gemini/internal.h"

#include <string.h>

enum { MAX_OBJECT = 1024 * 1024 };

/* One object of sources while it is read. */
struct sources {
    struct gm *g;
    char *json; /* {"name": object}, for the first citation; NULL: told, or too large */
    struct sl_arena scratch;
};

/* The strings inside are decoded in place, so the object is copied first. */
static void begin(struct sources *s, struct gm *g, const char *name, int value)
{
    struct sl_str raw = sl_json_raw(g->j, value);

    s->g = g;
    s->json = NULL;
    sl_arena_init(&s->scratch, MAX_OBJECT * 2);
    if (raw.n <= MAX_OBJECT) {
        s->json = sl_arena_printf(&s->scratch, "{\"%s\":%.*s}", name, (int)raw.n, raw.p);
        gm_repair(g, s->json, strlen(s->json));
    } else {
        sl_warn(g->a->warnings, "CITATION_TOO_LARGE", "",
                "%s sent an object of sources that is too large to be passed on", g->d->title);
    }
}

static void emit(struct sources *s, Sluice__V1__Citation *citation)
{
    Sluice__V1__StreamEvent event = SLUICE__V1__STREAM_EVENT__INIT;

    if (s->json)
        citation->provider_json = s->json;
    s->json = NULL;
    citation->part = gm_text_part(s->g);
    event.event_case = SLUICE__V1__STREAM_EVENT__EVENT_CITATION;
    event.citation = citation;
    gm_emit(s->g, &event);
}

/* An object without sources is told, too. */
static void end(struct sources *s)
{
    Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;

    if (s->json)
        emit(s, &citation);
    sl_arena_fini(&s->scratch);
}

static void set_string(struct gm *g, int object, const char *key, char **slot)
{
    size_t n;
    char *text = gm_text(g, gm_member(g, object, key), &n);

    if (text)
        *slot = text;
}

static bool get_index(struct gm *g, int object, const char *key, int32_t *out)
{
    int64_t v;

    if (!sl_json_int(g->j, gm_member(g, object, key), &v) || v < 0 || v > INT32_MAX)
        return false;
    *out = (int32_t)v;
    return true;
}

/* A start of 0 is left out on the wire. */
static void set_range(struct gm *g, int object, Sluice__V1__Citation *citation)
{
    bool has_start = get_index(g, object, "startIndex", &citation->start_index);
    bool has_end = get_index(g, object, "endIndex", &citation->end_index);

    if (has_start || has_end)
        citation->_start_index_case = SLUICE__V1__CITATION___START_INDEX_START_INDEX;
    if (has_end)
        citation->_end_index_case = SLUICE__V1__CITATION___END_INDEX_END_INDEX;
}

/* ---- grounding ---- */

/* web {uri, title}, retrievedContext {uri, title, text, fileSearchStore}, maps {uri, title}, image
 * {sourceUri, title}. */
static void set_chunk(struct gm *g, int chunk, Sluice__V1__Citation *citation)
{
    static const char *const kinds[] = {"web", "retrievedContext", "maps", "image"};

    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++) {
        int inner = gm_member(g, chunk, kinds[i]);
        set_string(g, inner, "sourceUri", &citation->url);
        set_string(g, inner, "uri", &citation->url);
        set_string(g, inner, "title", &citation->title);
        set_string(g, inner, "fileSearchStore", &citation->file_id);
    }
}

static int chunk_at(struct gm *g, int chunks, int64_t index)
{
    int v = sl_json_type(g->j, chunks) == SL_JSON_ARRAY ? sl_json_first(g->j, chunks) : -1;

    for (; v >= 0 && index > 0; index--)
        v = sl_json_next(g->j, chunks, v);
    return v;
}

/* A piece of the answer, and the chunks that it rests on. */
static void read_support(struct sources *s, int support, int chunks)
{
    struct gm *g = s->g;
    int segment = gm_member(g, support, "segment");
    int indices = gm_member(g, support, "groundingChunkIndices");

    if (sl_json_type(g->j, indices) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(g->j, indices); v >= 0; v = sl_json_next(g->j, indices, v)) {
        Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
        int64_t index;
        if (!sl_json_int(g->j, v, &index) || index < 0 || index >= sl_json_size(g->j, chunks))
            continue;
        set_string(g, segment, "text", &citation.cited_text);
        set_range(g, segment, &citation);
        set_chunk(g, chunk_at(g, chunks, index), &citation);
        emit(s, &citation);
    }
}

/* Chunks without supports are sources of the whole answer. */
static void read_chunks(struct sources *s, int chunks)
{
    struct gm *g = s->g;

    for (int v = sl_json_first(g->j, chunks); v >= 0; v = sl_json_next(g->j, chunks, v)) {
        Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
        set_chunk(g, v, &citation);
        emit(s, &citation);
    }
}

void gm_read_grounding(struct gm *g, int object)
{
    struct sources s;
    int chunks = gm_member(g, object, "groundingChunks");
    int supports = gm_member(g, object, "groundingSupports");

    if (sl_json_type(g->j, object) != SL_JSON_OBJECT || !sl_json_size(g->j, object))
        return;
    begin(&s, g, "groundingMetadata", object);
    if (sl_json_type(g->j, chunks) == SL_JSON_ARRAY) {
        if (sl_json_type(g->j, supports) == SL_JSON_ARRAY && sl_json_size(g->j, supports))
            for (int v = sl_json_first(g->j, supports); v >= 0; v = sl_json_next(g->j, supports, v))
                read_support(&s, v, chunks);
        else
            read_chunks(&s, chunks);
    }
    end(&s);
}

/* ---- citations ---- */

void gm_read_citations(struct gm *g, int object)
{
    struct sources s;
    int list = gm_member(g, object, "citationSources");

    if (sl_json_type(g->j, object) != SL_JSON_OBJECT || !sl_json_size(g->j, object))
        return;
    if (list < 0)
        list = gm_member(g, object, "citations");
    begin(&s, g, "citationMetadata", object);
    if (sl_json_type(g->j, list) == SL_JSON_ARRAY)
        for (int v = sl_json_first(g->j, list); v >= 0; v = sl_json_next(g->j, list, v)) {
            Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
            set_string(g, v, "uri", &citation.url);
            set_string(g, v, "title", &citation.title);
            set_range(g, v, &citation);
            emit(&s, &citation);
        }
    end(&s);
}

/* Pages that the model read: urlMetadata [{retrievedUrl, urlRetrievalStatus}]. */
void gm_read_urls(struct gm *g, int object)
{
    struct sources s;
    int list = gm_member(g, object, "urlMetadata");

    if (sl_json_type(g->j, list) != SL_JSON_ARRAY || !sl_json_size(g->j, list))
        return;
    begin(&s, g, "urlContextMetadata", object);
    for (int v = sl_json_first(g->j, list); v >= 0; v = sl_json_next(g->j, list, v)) {
        Sluice__V1__Citation citation = SLUICE__V1__CITATION__INIT;
        set_string(g, v, "retrievedUrl", &citation.url);
        emit(&s, &citation);
    }
    end(&s);
}
