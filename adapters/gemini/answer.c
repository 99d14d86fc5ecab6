/* Answers of generateContent: one GenerateContentResponse, or a stream of them, each with the next
 * parts of the candidate. Both are read by the same code and give the same events. A stream that
 * was asked for without alt=sse is one JSON array of responses (recorded). One pass over each
 * object's members, because this runs for every chunk.
 *
 * Source: https://ai.google.dev/api/generate-content#generatecontentresponse, and recordings where
 * a comment says so. */
#include "adapters/gemini/internal.h"

#include <string.h>

#include "base/utf8.h"

_Static_assert(sizeof(struct gm_state) <= SL_GEMINI_STATE_SIZE,
               "SL_GEMINI_STATE_SIZE is too small");

enum { MAX_LOGPROBS_BYTES = 64 * 1024 * 1024 };

/* The members that matter; SL_JSON_ABSENT where they are not there. */
struct root {
    int candidates, usage, model, id, feedback, error;
};

struct candidate {
    int index, parts, finish_reason, finish_message, ratings;
    int grounding, citations, urls, logprobs;
};

void gm_emit(struct gm *g, Sluice__V1__StreamEvent *event)
{
    g->a->sink.on_event(g->a->sink.owner, event);
}

static void warn_replaced(struct gm *g)
{
    sl_warn(g->a->warnings, "INVALID_TEXT_REPLACED", "",
            "%s sent bytes that are no text; they were replaced", g->d->title);
}

char *gm_text(struct gm *g, int value, size_t *n)
{
    bool repaired = false;
    char *text = value < 0 ? NULL : sl_json_string(g->j, value, n, &repaired);

    if (SL_UNLIKELY(repaired))
        warn_replaced(g);
    return text && *n ? text : NULL;
}

void gm_repair(struct gm *g, char *json, size_t n)
{
    size_t at = sl_utf8_check_text(json, n);

    if (at < n)
        warn_replaced(g);
    for (; at < n; at += sl_utf8_check_text(json + at, n - at))
        json[at] = '?';
}

int gm_member(const struct gm *g, int object, const char *key)
{
    if (sl_json_type(g->j, object) != SL_JSON_OBJECT)
        return SL_JSON_ABSENT;
    return sl_json_present(g->j, object, key);
}

/* ---- members ---- */

static struct root read_root(const struct gm *g, int object)
{
    struct root r = {-1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(g->j, object); key >= 0; key = sl_json_next(g->j, object, key)) {
        struct sl_str k = gm_key(g, key);
        if (GM_KEY_IS(k, "candidates"))
            r.candidates = key + 1;
        else if (GM_KEY_IS(k, "usageMetadata"))
            r.usage = key + 1;
        else if (GM_KEY_IS(k, "modelVersion"))
            r.model = key + 1;
        else if (GM_KEY_IS(k, "responseId"))
            r.id = key + 1;
        else if (GM_KEY_IS(k, "promptFeedback"))
            r.feedback = key + 1;
        else if (GM_KEY_IS(k, "error"))
            r.error = key + 1;
    }
    return r;
}

static void read_rare_member(struct candidate *c, struct sl_str k, int value)
{
    if (GM_KEY_IS(k, "groundingMetadata"))
        c->grounding = value;
    else if (GM_KEY_IS(k, "citationMetadata"))
        c->citations = value;
    else if (GM_KEY_IS(k, "urlContextMetadata"))
        c->urls = value;
    else if (GM_KEY_IS(k, "logprobsResult"))
        c->logprobs = value;
    else if (GM_KEY_IS(k, "finishMessage"))
        c->finish_message = value;
    else if (GM_KEY_IS(k, "safetyRatings"))
        c->ratings = value;
}

static struct candidate read_candidate_members(const struct gm *g, int object)
{
    struct candidate c = {-1, -1, -1, -1, -1, -1, -1, -1, -1};

    for (int key = sl_json_first(g->j, object); key >= 0; key = sl_json_next(g->j, object, key)) {
        struct sl_str k = gm_key(g, key);
        if (GM_KEY_IS(k, "content"))
            c.parts = gm_member(g, key + 1, "parts");
        else if (GM_KEY_IS(k, "finishReason"))
            c.finish_reason = key + 1;
        else if (GM_KEY_IS(k, "index"))
            c.index = key + 1;
        else
            read_rare_member(&c, k, key + 1);
    }
    return c;
}

/* Compares before it decodes: the same strings come with every chunk. */
static void read_fact(struct gm *g, int value, const char **slot)
{
    if (value < 0 || (*slot && sl_json_string_is(g->j, value, *slot)))
        return;
    sl_end_set(g->a, slot, sl_json_string(g->j, value, NULL, NULL));
}

/* ---- the end ---- */

/* FinishReason. The numbers are those of the protocol buffer, which come with enum-encoding=int. */
static const struct {
    const char *word;
    int number;
    Sluice__V1__FinishReason reason;
} reasons[] = {
    {"STOP", 1, SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP},
    {"MAX_TOKENS", 2, SLUICE__V1__FINISH_REASON__FINISH_REASON_LENGTH},
    {"SAFETY", 3, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"RECITATION", 4, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"BLOCKLIST", 7, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"PROHIBITED_CONTENT", 8, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"SPII", 9, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"IMAGE_SAFETY", 11, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"IMAGE_PROHIBITED_CONTENT", -1, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"IMAGE_RECITATION", -1, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
    {"MODEL_ARMOR", -1, SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER},
};

static Sluice__V1__FinishReason finish_reason(const char **word, int64_t number)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++)
        if (*word ? !strcmp(reasons[i].word, *word) : reasons[i].number == number) {
            *word = reasons[i].word;
            return reasons[i].reason;
        }
    return SLUICE__V1__FINISH_REASON__FINISH_REASON_OTHER;
}

/* What says more than the reason: why an answer was stopped. */
static void warn_finish(struct gm *g, const struct candidate *c)
{
    size_t n;
    char *message = gm_text(g, c->finish_message, &n);

    if (message)
        sl_warn(g->a->warnings, "FINISH_MESSAGE", "", "%s", message);
    if (sl_json_type(g->j, c->ratings) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(g->j, c->ratings); v >= 0; v = sl_json_next(g->j, c->ratings, v)) {
        bool blocked = false;
        char *category = NULL;
        if (sl_json_bool(g->j, gm_member(g, v, "blocked"), &blocked) && blocked)
            category = gm_text(g, gm_member(g, v, "category"), &n);
        if (category)
            sl_warn(g->a->warnings, "CONTENT_BLOCKED", "", "%s stopped the answer for %s",
                    g->d->title, category);
    }
}

/* The last counts. Gemini says STOP where it called functions. */
static void read_finish(struct gm *g, const struct candidate *c)
{
    struct sl_answer_end *end = &g->a->end;
    const char *word = sl_json_string(g->j, c->finish_reason, NULL, NULL);
    int64_t number = -1;

    if ((!word && !sl_json_int(g->j, c->finish_reason, &number)) || (word && !*word))
        return;
    end->finish_reason = finish_reason(&word, number);
    end->has_finish_reason = true;
    sl_end_set(g->a, &end->raw_finish_reason, word ? word : "FINISH_REASON_UNKNOWN");
    if (end->finish_reason != SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP)
        warn_finish(g, c);
}

/* A prompt that was refused: there are no candidates, and no finish reason. */
static void read_feedback(struct gm *g, int feedback)
{
    struct sl_answer_end *end = &g->a->end;
    int value = gm_member(g, feedback, "blockReason");
    size_t n;
    char *why = gm_text(g, value, &n);

    if (value < 0)
        return;
    g->s->is_answer = true;
    end->finish_reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_CONTENT_FILTER;
    end->has_finish_reason = true;
    sl_warn(g->a->warnings, "PROMPT_BLOCKED", "", "%s blocked the prompt: %s", g->d->title,
            why ? why : "no reason was given");
    why = gm_text(g, gm_member(g, feedback, "blockReasonMessage"), &n);
    if (why)
        sl_warn(g->a->warnings, "PROMPT_BLOCKED", "promptFeedback", "%s", why);
}

/* ---- candidates ---- */

static enum sl_code read_candidate(struct gm *g, const struct candidate *c)
{
    enum sl_code code = SL_OK;

    g->s->is_answer = true;
    if (sl_json_type(g->j, c->parts) == SL_JSON_ARRAY)
        code = gm_read_parts(g, c->parts);
    if (code != SL_OK)
        return code;
    if (SL_UNLIKELY(c->grounding >= 0))
        gm_read_grounding(g, c->grounding);
    if (SL_UNLIKELY(c->citations >= 0))
        gm_read_citations(g, c->citations);
    if (SL_UNLIKELY(c->urls >= 0))
        gm_read_urls(g, c->urls);
    if (g->signature)
        gm_end(g);
    if (c->finish_reason >= 0)
        read_finish(g, c);
    return SL_OK;
}

static enum sl_code read_with_logprobs(struct gm *g, const struct candidate *c)
{
    struct sl_arena scratch;
    enum sl_code code;

    sl_arena_init(&scratch, MAX_LOGPROBS_BYTES);
    code = gm_read_logprobs(g, c->logprobs, &scratch);
    if (code == SL_OK)
        code = read_candidate(g, c);
    sl_arena_fini(&scratch);
    g->logprobs = NULL;
    g->n_logprobs = 0;
    return code;
}

/* Candidate 0; one without an index is the first. */
static enum sl_code read_candidates(struct gm *g, int list)
{
    enum sl_code code = SL_OK;
    bool first = true;

    for (int v = sl_json_first(g->j, list); v >= 0 && code == SL_OK;
         v = sl_json_next(g->j, list, v)) {
        if (sl_json_type(g->j, v) != SL_JSON_OBJECT)
            continue;
        struct candidate c = read_candidate_members(g, v);
        int64_t index = first ? 0 : 1;
        (void)sl_json_int(g->j, c.index, &index);
        first = false;
        if (index != 0)
            sl_warn(g->a->warnings, "CHOICES_DROPPED", "provider_options_json",
                    "%s sent several answers; only the first is passed on", g->d->title);
        else if (SL_UNLIKELY(c.logprobs >= 0))
            code = read_with_logprobs(g, &c);
        else
            code = read_candidate(g, &c);
    }
    return code;
}

static enum sl_code read_response(struct gm *g, int object)
{
    if (sl_json_type(g->j, object) != SL_JSON_OBJECT)
        return sl_err_set(g->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent JSON that is no response", g->d->title);
    struct root r = read_root(g, object);
    read_fact(g, r.model, &g->a->end.model);
    read_fact(g, r.id, &g->a->end.response_id);
    if (SL_UNLIKELY(sl_json_type(g->j, r.error) == SL_JSON_OBJECT))
        return gm_failure(g->d, g->j, object, 0, g->err);
    if (r.usage >= 0)
        gm_read_usage(g, r.usage);
    if (SL_UNLIKELY(sl_json_type(g->j, r.feedback) == SL_JSON_OBJECT))
        read_feedback(g, r.feedback);
    if (sl_json_type(g->j, r.candidates) == SL_JSON_ARRAY)
        return read_candidates(g, r.candidates);
    return SL_OK;
}

/* ---- slots ---- */

static void end_answer(struct gm *g)
{
    struct sl_answer_end *end = &g->a->end;

    gm_end(g);
    if (end->finish_reason == SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP && g->s->next_call)
        end->finish_reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_TOOL_CALLS;
    end->done = true;
}

static enum sl_code truncated(struct gm *g)
{
    sl_err_set(g->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TRUNCATED,
               "%s broke off its answer before the end", g->d->title);
    g->err->retryable = true;
    return g->err->code;
}

static enum sl_code read_array(struct gm *g)
{
    enum sl_code code = SL_OK;

    for (int v = sl_json_first(g->j, SL_JSON_ROOT); v >= 0 && code == SL_OK;
         v = sl_json_next(g->j, SL_JSON_ROOT, v))
        code = read_response(g, v);
    return code;
}

enum sl_code sl_gemini_on_body(const struct sl_gemini_dialect *d, struct sl_answer *a, char *body,
                               size_t n, struct sl_err *err)
{
    struct sl_json j;
    struct gm g = {.d = d, .a = a, .s = a->state, .j = &j, .err = err};
    enum sl_code code = sl_json_parse(a->parser, body, n, &j, err);

    if (code != SL_OK)
        return code;
    bool array = sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_ARRAY;
    code = array ? read_array(&g) : read_response(&g, SL_JSON_ROOT);
    if (code != SL_OK)
        return code;
    if ((array || a->stream) && !a->end.has_finish_reason)
        return truncated(&g);
    if (!g.s->is_answer)
        return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE,
                          "%s sent an answer without candidates", d->title);
    end_answer(&g);
    return SL_OK;
}

enum sl_code sl_gemini_on_frame(const struct sl_gemini_dialect *d, struct sl_answer *a,
                                const struct sl_frame *frame, struct sl_err *err)
{
    struct sl_json j;
    struct gm g = {.d = d, .a = a, .s = a->state, .j = &j, .err = err};

    if (!frame->n)
        return SL_OK;
    enum sl_code code = sl_json_parse(a->parser, frame->data, frame->n, &j, err);
    if (code == SL_OK)
        code = read_response(&g, SL_JSON_ROOT);
    return code;
}

/* There is no end marker: the finish reason, or the reason of a block, is the end. */
enum sl_code sl_gemini_on_eof(const struct sl_gemini_dialect *d, struct sl_answer *a,
                              struct sl_err *err)
{
    struct sl_json none = {0};
    struct gm g = {.d = d, .a = a, .s = a->state, .j = &none, .err = err};

    if (!a->end.has_finish_reason)
        return truncated(&g);
    end_answer(&g);
    return SL_OK;
}
