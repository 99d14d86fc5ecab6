/* Provider options of Messages: members of a JSON object that are added to the body unchanged.
 * Those of the request go before those of the registry entry. A key that has a field of its own in
 * CompleteRequest is refused; `thinking` and `output_config` only where the request fills them by
 * its own fields, for the API's have more in them. `anthropic_beta` (a list, or a text with commas)
 * is no member but names betas: they join those of the model's header anthropic-beta. */
#include "adapters/anthropic/internal.h"

#include <strings.h>

/* Members that build writes, and the field to use instead. */
static const struct {
    const char *key, *field;
} owned[] = {
    {"model", "model"},
    {"messages", "messages"},
    {"system", "messages"},
    {"stream", "StreamComplete"},
    {"max_tokens", "max_output_tokens"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"stop_sequences", "stop"},
    {"tools", "tools"},
    {"tool_choice", "tool_choice"},
    {"metadata", "end_user"},
};

static bool fills_output_config(const struct am_build *b)
{
    const Sluice__V1__CompleteRequest *r = b->request;

    return (r->response_format &&
            r->response_format->type == SLUICE__V1__RESPONSE_FORMAT__TYPE__TYPE_JSON_SCHEMA) ||
           (r->reasoning && r->reasoning->effort);
}

/* The field that a key belongs to; NULL if it is free. */
static const char *owner_of(const struct am_build *b, const char *key)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(owned); i++)
        if (!strcmp(owned[i].key, key))
            return owned[i].field;
    if (strchr(key, '\\')) /* compared as written, so an escape could hide one of them */
        return "a key without escapes";
    if (!strcmp(key, "thinking"))
        return b->request->reasoning ? "reasoning" : NULL;
    if (!strcmp(key, "output_config") || !strcmp(key, "output_format"))
        return fills_output_config(b) ? "response_format and reasoning.effort" : NULL;
    return !strcmp(key, "anthropic_version") && b->d->body_version ? "the model's api" : NULL;
}

static bool is_blank(const char *s)
{
    return !s || am_is_blank(s);
}

/* ---- betas ---- */

static void add_beta(struct am_build *b, const char *beta, size_t n)
{
    while (n && (*beta == ' ' || *beta == '\t')) {
        beta++;
        n--;
    }
    while (n && (beta[n - 1] == ' ' || beta[n - 1] == '\t'))
        n--;
    for (size_t i = 0; i < b->n_betas; i++)
        if (strlen(b->betas[i]) == n && !memcmp(b->betas[i], beta, n))
            return;
    if (n && b->n_betas < AM_MAX_BETAS)
        b->betas[b->n_betas++] = sl_arena_strndup(b->in->arena, beta, n);
}

/* One, or several with commas between them. */
void am_add_beta(struct am_build *b, const char *beta)
{
    while (*beta) {
        size_t n = strcspn(beta, ",");
        add_beta(b, beta, n);
        beta += n + (beta[n] == ',');
    }
}

bool am_has_beta(const struct am_build *b, const char *part)
{
    for (size_t i = 0; i < b->n_betas; i++)
        if (strstr(b->betas[i], part))
            return true;
    return false;
}

static void read_betas(struct am_build *b, struct sl_json *j, int value)
{
    if (sl_json_type(j, value) == SL_JSON_STRING)
        am_add_beta(b, sl_json_string(j, value, NULL, NULL));
    if (sl_json_type(j, value) != SL_JSON_ARRAY)
        return;
    for (int v = sl_json_first(j, value); v >= 0; v = sl_json_next(j, value, v))
        if (sl_json_type(j, v) == SL_JSON_STRING)
            am_add_beta(b, sl_json_string(j, v, NULL, NULL));
}

static void read_header_betas(struct am_build *b)
{
    for (const struct sl_header *h = b->in->target->headers; h; h = h->next)
        if (!strcasecmp(h->name, "anthropic-beta"))
            am_add_beta(b, h->value);
}

/* ---- reading ---- */

static enum sl_code parse(struct am_build *b, const char *json, struct am_options *o)
{
    char *copy = sl_arena_strdup(b->in->arena, json);

    return sl_json_parse(&o->parser, copy, strlen(copy), &o->j, b->err);
}

/* Keys of the texts are compared undecoded: all of ours are plain. */
static const char *key_of(struct am_build *b, struct sl_json *j, int key)
{
    struct sl_str raw = sl_json_raw(j, key);

    return sl_arena_strndup(b->in->arena, raw.p + 1, raw.n - 2);
}

static const char *find_owned(struct am_build *b, struct sl_json *j, bool of_request,
                              const char **owner)
{
    for (int k = sl_json_first(j, SL_JSON_ROOT); k >= 0; k = sl_json_next(j, SL_JSON_ROOT, k)) {
        const char *key = key_of(b, j, k);
        *owner = owner_of(b, key);
        if (!*owner && of_request && sl_option_names_models(sl_str(key)))
            *owner = SL_OPTIONS_OF_ENTRY;
        if (*owner)
            return key;
    }
    return NULL;
}

static enum sl_code read_request(struct am_build *b)
{
    const char *json = b->request->provider_options_json, *owner;
    enum sl_code code = am_check_json(b, json, SL_JSON_OBJECT, "provider_options_json");

    if (code == SL_OK)
        code = parse(b, json, &b->of_request);
    if (code != SL_OK)
        return code;
    const char *key = find_owned(b, &b->of_request.j, true, &owner);
    if (key)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json",
                            "provider_options_json may not hold \"%s\"; use %s", key, owner);
    return SL_OK;
}

static enum sl_code read_target(struct am_build *b)
{
    const char *json = b->in->target->provider_options_json, *owner;
    struct sl_err why = {0};

    if (!sl_json_check(json, strlen(json), SL_JSON_OBJECT, &why))
        return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "the model's provider options are no JSON object: %s", why.text);
    enum sl_code code = parse(b, json, &b->of_target);
    if (code != SL_OK)
        return code;
    const char *key = find_owned(b, &b->of_target.j, false, &owner);
    /* A default that the request fills itself gives way. */
    if (key && strcmp(key, "thinking") != 0 && strcmp(key, "output_config") != 0 &&
        strcmp(key, "output_format") != 0)
        return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "the model's provider options may not hold \"%s\"", key);
    return SL_OK;
}

enum sl_code am_read_options(struct am_build *b)
{
    enum sl_code code = SL_OK;

    read_header_betas(b);
    if (!is_blank(b->request->provider_options_json))
        code = read_request(b);
    if (code == SL_OK && !is_blank(b->in->target->provider_options_json))
        code = read_target(b);
    if (code != SL_OK)
        return code;
    struct am_options *const both[] = {&b->of_request, &b->of_target};
    for (size_t i = 0; i < SL_ARRAY_LEN(both); i++)
        if (both[i]->j.tok)
            read_betas(b, &both[i]->j, sl_json_member(&both[i]->j, SL_JSON_ROOT, "anthropic_beta"));
    return SL_OK;
}

bool am_option_given(const struct am_build *b, const char *key)
{
    return b->of_request.j.tok && sl_json_member(&b->of_request.j, SL_JSON_ROOT, key) >= 0;
}

/* ---- writing ---- */

static void put_members(struct am_build *b, struct sl_json *j, bool of_target)
{
    for (int k = sl_json_first(j, SL_JSON_ROOT); k >= 0; k = sl_json_next(j, SL_JSON_ROOT, k)) {
        const char *key = key_of(b, j, k);
        if (!strcmp(key, "anthropic_beta") || (of_target && am_option_given(b, key)) ||
            (of_target && owner_of(b, key)))
            continue;
        struct sl_str value = sl_json_raw(j, k + 1);
        sl_jw_key(&b->w, key);
        sl_jw_raw(&b->w, value.p, value.n);
    }
}

void am_put_options(struct am_build *b)
{
    if (b->of_request.j.tok)
        put_members(b, &b->of_request.j, false);
    if (b->of_target.j.tok)
        put_members(b, &b->of_target.j, true);
}
