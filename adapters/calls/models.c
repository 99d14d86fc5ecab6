/* GET /models: {"data": [{"id", "created", "owned_by"}]}, with the further facts that providers add: Groq and xAI
 * context_length or context_window, vLLM max_model_len, OpenRouter context_length and supported_parameters, Mistral
 * max_context_length and an object capabilities, Anthropic max_input_tokens and an object of objects, Cohere names and
 * endpoints, Gemini names behind "models/" and inputTokenLimit. A page is followed by another where the answer says
 * has_more or names a token. */
#include "adapters/calls/calls.h"

#include <string.h>

static const struct sl_calls_models usual = {.path = "/models"};

const struct sl_op_api sl_calls_models_api = SL_CALLS_MODELS(usual);

enum sl_code sl_calls_models_build(const struct sl_op_in *in, struct sl_http_request *out,
                                   struct sl_err *err)
{
    const struct sl_calls_models *d = in->api->dialect;
    const char *path = d->path;

    (void)err;
    if (in->page_token)
        path = sl_arena_printf(in->build.arena, "%s%c%s=%s", path, strchr(path, '?') ? '&' : '?',
                               d->page_key ? d->page_key : "after_id",
                               sl_op_segment(in->build.arena, in->page_token));
    (d->address ? d->address : sl_calls_begin)(in, out, "GET", path);
    return SL_OK;
}

/* ---- times ---- */

static bool read_digits(const char *s, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

int64_t sl_calls_seconds(const char *s)
{
    int y, mo, d, h = 0, mi = 0, sec = 0;

    if (!s || strlen(s) < 10 || !read_digits(s, 4, &y) || s[4] != '-' ||
        !read_digits(s + 5, 2, &mo) || s[7] != '-' || !read_digits(s + 8, 2, &d) || y < 1970 ||
        mo < 1 || mo > 12 || d < 1 || d > 31)
        return 0;
    if (strlen(s) >= 19 && (!read_digits(s + 11, 2, &h) || !read_digits(s + 14, 2, &mi) ||
                            !read_digits(s + 17, 2, &sec)))
        return 0;
    /* days of the Gregorian calendar since 0000-03-01, by 400-year eras */
    int64_t year = mo <= 2 ? y - 1 : y, era = year / 400, of_era = year - era * 400;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
                   (153 * (mo + (mo > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
    return days * 86400 + h * 3600 + mi * 60 + sec;
}

/* ---- the answer ---- */

static int64_t first_count(const struct sl_json *j, int object, const char *const *keys)
{
    for (; *keys; keys++) {
        int64_t v = sl_op_count(j, object, *keys);
        if (v > 0)
            return v;
    }
    return 0;
}

static void add_name(struct sl_op_answer *o, struct sl_json *j, int string,
                     Sluice__V1__ProviderModel *m)
{
    const char *s = sl_json_string(j, string, NULL, NULL);

    if (s && s[0])
        sl_op_add_capability(o, m, s);
}

/* {"tools": true} and Anthropic's {"image_input": {"supported": true}} name what is true; lists name all. */
static void read_capabilities(struct sl_op_answer *o, struct sl_json *j, int value,
                              Sluice__V1__ProviderModel *m)
{
    if (sl_json_type(j, value) == SL_JSON_ARRAY)
        for (int k = sl_json_first(j, value); k >= 0; k = sl_json_next(j, value, k))
            add_name(o, j, k, m);
    if (sl_json_type(j, value) != SL_JSON_OBJECT)
        return;
    for (int k = sl_json_first(j, value); k >= 0; k = sl_json_next(j, value, k)) {
        bool yes = false;
        int said = sl_json_type(j, k + 1) == SL_JSON_OBJECT ? sl_json_member(j, k + 1, "supported")
                                                            : k + 1;
        if (sl_json_bool(j, said, &yes) && yes)
            add_name(o, j, k, m);
    }
}

static void read_created(struct sl_op_answer *o, struct sl_json *j, int model,
                         Sluice__V1__ProviderModel *m)
{
    int64_t seconds;

    if (sl_json_int(j, sl_json_member(j, model, "created"), &seconds) && seconds > 0)
        m->created = seconds;
    else if (sl_json_int(j, sl_json_member(j, model, "created_at"), &seconds) && seconds > 0)
        m->created = seconds;
    else
        m->created = sl_calls_seconds(sl_op_string(o, j, model, "created_at"));
}

static void set_string(char **slot, char *s)
{
    if (s)
        *slot = s;
}

static enum sl_code read_model(struct sl_op_answer *o, struct sl_json *j, int model,
                               struct sl_err *err)
{
    static const char *const contexts[] = {"context_length",
                                           "context_window",
                                           "max_model_len",
                                           "max_context_length",
                                           "max_input_tokens",
                                           "inputTokenLimit",
                                           NULL};
    static const char *const outputs[] = {"max_completion_tokens", "max_output_length",
                                          "max_output_tokens",     "max_tokens",
                                          "outputTokenLimit",      NULL};
    static const char *const lists[] = {
        "capabilities",     "supported_features", "supported_parameters",
        "input_modalities", "endpoints",          "supportedGenerationMethods"};
    char *id = sl_op_string(o, j, model, "id"), *name = sl_op_string(o, j, model, "name");

    if (!id && !name)
        return sl_op_garbage(o, err, "a model without an id");
    Sluice__V1__ProviderModel *m = sl_op_add_model(o);
    if (!m)
        return SL_OK;
    m->id = id ? id : sl_starts_with(name, "models/") ? name + strlen("models/") : name;
    if (id)
        set_string(&m->display_name, name);
    set_string(&m->display_name, sl_op_string(o, j, model, "display_name"));
    set_string(&m->display_name, sl_op_string(o, j, model, "displayName"));
    set_string(&m->owned_by, sl_op_string(o, j, model, "owned_by"));
    m->context_tokens = (int32_t)first_count(j, model, contexts);
    m->max_output_tokens = (int32_t)first_count(j, model, outputs);
    read_created(o, j, model, m);
    for (size_t i = 0; i < SL_ARRAY_LEN(lists); i++)
        read_capabilities(o, j, sl_json_member(j, model, lists[i]), m);
    return SL_OK;
}

enum sl_code sl_calls_models_body(struct sl_op_answer *o, char *body, size_t n, struct sl_err *err)
{
    static const char *const tokens[] = {"next_page_token", "nextPageToken"};
    struct sl_json j;
    bool more = false;
    int list = SL_JSON_ROOT;
    enum sl_code code = sl_json_parse(o->a.parser, body, n, &j, err);

    if (code != SL_OK)
        return code;
    if (sl_json_type(&j, SL_JSON_ROOT) == SL_JSON_OBJECT) {
        list = sl_json_present(&j, SL_JSON_ROOT, "data");
        if (list < 0)
            list = sl_json_present(&j, SL_JSON_ROOT, "models");
    }
    if (sl_json_type(&j, list) != SL_JSON_ARRAY)
        return sl_op_garbage(o, err, "an answer without a list of models");
    for (int k = sl_json_first(&j, list); k >= 0 && code == SL_OK; k = sl_json_next(&j, list, k))
        code = read_model(o, &j, k, err);
    if (list != SL_JSON_ROOT &&
        sl_json_bool(&j, sl_json_member(&j, SL_JSON_ROOT, "has_more"), &more) && more)
        o->out.next_page = sl_op_string(o, &j, SL_JSON_ROOT, "last_id");
    for (size_t i = 0; i < SL_ARRAY_LEN(tokens) && list != SL_JSON_ROOT && !o->out.next_page; i++)
        o->out.next_page = sl_op_string(o, &j, SL_JSON_ROOT, tokens[i]);
    return code;
}
