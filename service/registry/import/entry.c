/* From name, address and key to a model. */
#include "registry/import/entry.h"

#include <string.h>

#include "base/str.h"

/* Kinds that run inside one's own network: their address may well be there. */
static bool is_local_kind(const char *kind)
{
    static const char *const kinds[] = {"ollama", "vllm", "lmstudio"};
    for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++) {
        if (!strcmp(kind, kinds[i]))
            return true;
    }
    return false;
}

static void not_carried(struct sl_import_reader *r, const struct sl_import_entry *e,
                        const char *why)
{
    sl_at_note(r, SL_IMPORT_NOT_CARRIED, e->at, "the model '%.100s' is not carried: %s",
               *e->name ? e->name : sl_at_peek(e->model), why);
}

/* Whose the model is when it is asked directly: by its name alone. */
static bool find_direct(struct sl_import_reader *r, const struct sl_import_entry *e,
                        struct sl_import_whose *out)
{
    const struct sl_import_what what = {sl_arena_strdup(&r->plan->arena, sl_at_peek(e->model)),
                                        sl_at_peek(e->provider), ""};
    sl_import_find_whose(r, &what, out);
    return out->provider && strcmp(out->kind, "custom") != 0;
}

static void rewrite(struct sl_import_reader *r, const struct sl_import_entry *e,
                    const struct sl_import_whose *whose, const char *why)
{
    if (e->url.node && *sl_at_peek(e->url))
        sl_at_note(r, SL_IMPORT_INFO, e->url,
                   "the address %s: requests go to %s itself, with its key from the environment",
                   why, whose->provider);
    if (*sl_at_peek(e->url) && *sl_at_peek(e->key))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, e->key, "is the key of the proxy, not of %s",
                   whose->provider);
}

static struct sl_import_model *add(struct sl_import_reader *r, const struct sl_import_entry *e,
                                   const struct sl_import_whose *whose)
{
    const char *name = *e->name ? e->name : sl_at_peek(e->model);
    struct sl_import_model *m = sl_import_add_model(r->plan, name, sl_at_place(r, e->at));
    if (!m) {
        not_carried(r, e, "the file holds more than 5000 models");
        return NULL;
    }
    if (strcmp(m->m.name, name) != 0)
        sl_at_note(r, SL_IMPORT_INFO, e->model,
                   "became '%s', for its name cannot be one here or is taken", m->m.name);
    m->m.provider = sl_arena_strdup(&r->plan->arena, whose->provider);
    m->m.model_id = sl_arena_strdup(&r->plan->arena, whose->model_id);
    sl_at_carry(r, e->model);
    if (*sl_at_peek(e->provider))
        sl_at_carry(r, e->provider);
    return m;
}

struct sl_import_model *sl_import_take_entry(struct sl_import_reader *r,
                                             const struct sl_import_entry *e)
{
    struct sl_import_whose direct, asked;
    if (!*sl_at_peek(e->model)) {
        not_carried(r, e, "it says no model");
        return NULL;
    }
    bool is_known = find_direct(r, e, &direct);
    const char *url = *sl_at_peek(e->url) ? sl_at_resolved(r, e->url) : "";
    const char *why = sl_import_proxy(url ? url : "");
    if (why && is_known && !(*sl_at_peek(e->url) && is_local_kind(direct.kind))) {
        rewrite(r, e, &direct, why);
        struct sl_import_model *m = add(r, e, &direct);
        bool own = m && !*sl_at_peek(e->url); /* no address: the key is the provider's */
        if (own && !sl_at_done(r, e->key))
            sl_import_take_key(r, e->key, &m->key);
        if (m)
            sl_import_settle_key(m, &direct);
        return m;
    }
    if (!url || !*url || (why && strstr(why, "proxy"))) {
        not_carried(r, e,
                    direct.why ? direct.why
                               : "its name leads to no provider, and its address to a proxy");
        return NULL;
    }
    if (strncmp(url, "http", 4) != 0) {
        not_carried(r, e, "its name leads to no provider, and its address is none");
        return NULL;
    }
    const struct sl_import_what what = {sl_arena_strdup(&r->plan->arena, sl_at_peek(e->model)),
                                        sl_at_peek(e->provider), url};
    sl_import_find_whose(r, &what, &asked);
    if (!asked.provider) {
        not_carried(r, e, asked.why);
        return NULL;
    }
    struct sl_import_model *m = add(r, e, &asked);
    if (!m)
        return NULL;
    m->m.base_url = (char *)(uintptr_t)sl_import_base_url(r, &asked, url);
    sl_import_note_path(r, e->url, &asked, url);
    sl_import_take_key(r, e->key, &m->key);
    sl_import_settle_key(m, &asked);
    return m;
}

/* ---- fields ---- */

/* mongoexport writes numbers as {"$numberInt": "5"} in its canonical form. */
static struct sl_at plain(struct sl_import_reader *r, struct sl_at at)
{
    static const char *const forms[] = {"$numberInt", "$numberLong", "$numberDouble",
                                        "$numberDecimal"};
    for (size_t i = 0; i < SL_ARRAY_LEN(forms); i++) {
        struct sl_at inside = sl_at_get(r, at, forms[i]);
        if (inside.node)
            return inside;
    }
    return at;
}

static bool read_count(struct sl_import_reader *r, struct sl_at at, int32_t *out)
{
    double v;
    at = plain(r, at);
    if (!sl_at_number(r, at, &v))
        return false;
    if (v < 1 || v > INT32_MAX || v != (double)(int32_t)v) {
        sl_at_note(r, SL_IMPORT_ERROR, at, "is no number of tokens");
        return false;
    }
    *out = (int32_t)v;
    return true;
}

static void read_numbers(struct sl_import_reader *r, struct sl_at at, Sluice__V1__Model *m)
{
    struct sl_at temperature = plain(r, sl_at_get(r, at, "temperature"));
    double v;
    int32_t n;
    if (sl_at_number(r, temperature, &v)) {
        if (v >= 0 && v <= 2) {
            m->default_temperature = v;
            m->_default_temperature_case =
                SLUICE__V1__MODEL___DEFAULT_TEMPERATURE_DEFAULT_TEMPERATURE;
        } else {
            sl_at_note(r, SL_IMPORT_ERROR, temperature, "is not between 0 and 2");
        }
    }
    if (read_count(r, sl_at_get(r, at, "max_tokens"), &n)) {
        m->default_max_output_tokens = n;
        m->_default_max_output_tokens_case =
            SLUICE__V1__MODEL___DEFAULT_MAX_OUTPUT_TOKENS_DEFAULT_MAX_OUTPUT_TOKENS;
    }
    if (read_count(r, sl_at_get(r, at, "context_window"), &n) ||
        read_count(r, sl_at_get(r, at, "context_length"), &n))
        m->context_tokens = n;
    if (read_count(r, sl_at_get(r, at, "max_output_tokens"), &n))
        m->max_output_tokens = n;
}

void sl_import_common_fields(struct sl_import_reader *r, struct sl_at at, struct sl_import_model *m)
{
    static const char *const switches[] = {"enabled", "is_active", "active"};
    const char *description = sl_at_member(r, at, "description");
    struct sl_at shown = sl_at_get(r, at, "display_name");
    const char *title = sl_at_text(r, shown);
    const char *version = sl_at_member(r, at, "api_version");
    bool on;
    read_numbers(r, at, &m->m);
    if (description)
        m->m.description = (char *)(uintptr_t)description;
    else if (title)
        m->m.description = (char *)(uintptr_t)title;
    if (description && title && !sl_import_add_label(r->plan, &m->m, "display-name", title))
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, shown, "is longer than the 128 bytes of a label");
    if (version)
        m->m.api_version = (char *)(uintptr_t)version;
    for (size_t i = 0; i < SL_ARRAY_LEN(switches); i++) {
        if (sl_at_bool(r, sl_at_get(r, at, switches[i]), &on)) {
            m->m.enabled = on;
            m->m._enabled_case = SLUICE__V1__MODEL___ENABLED_ENABLED;
        }
    }
}

/* ---- JSON, one value after the other ---- */

size_t sl_import_next_json(struct sl_str text, size_t *start)
{
    size_t i = 0, depth = 0;
    bool inside = false;
    if (text.n >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3))
        i = 3;
    while (i < text.n && text.p[i] && strchr(" \t\r\n,", text.p[i]))
        i++;
    *start = i;
    for (; i < text.n; i++) {
        char c = text.p[i];
        if (inside) {
            if (c == '\\')
                i++;
            else if (c == '"')
                inside = false;
        } else if (c == '"') {
            inside = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && (depth <= 1)) {
            return i + 1 - *start;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return text.n > *start ? text.n - *start : 0;
}
