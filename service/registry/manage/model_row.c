/* One table: field of the message, column of the row. */
#include "registry/manage/model_row.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/str.h"
#include "config/url.h"
#include "registry/manage/columns.h"

enum {
    MAX_NAME = 128,
    MAX_TEXT = 1024,
    MAX_LIST = 64,
    MAX_ALIASES = 16,
    MAX_LABELS = 32,
    MAX_OPTIONS = 64 * 1024,
    MS_A_DAY = 24 * 60 * 60 * 1000,
};

typedef const struct sl_model_row apply_t;

SL_PRINTF(3, 4)
static void wrong(apply_t *r, const char *field, const char *fmt, ...)
{
    char path[96], text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    snprintf(path, sizeof(path), "model.%s", field);
    sl_violate(r->violations, path, "%s", text);
}

/* ---- names and days ---- */

bool sl_model_name_check(const char *name, const char *field, struct sl_violations *v)
{
    static const char *const reserved[] = {"models/", "global/", "task:"};
    size_t before = v->count, n = strlen(name);
    if (!n || n > MAX_NAME)
        sl_violate(v, field, "must be 1 to %d bytes", MAX_NAME);
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 127 || *c == '*') {
            sl_violate(v, field, "may not hold spaces, '*' or control characters");
            break;
        }
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(reserved); i++) {
        if (sl_starts_with(name, reserved[i]))
            sl_violate(v, field, "may not begin with '%s'", reserved[i]);
    }
    return v->count == before;
}

bool sl_day_parse(const char *text, int64_t *ms)
{
    struct tm day = {0};
    if (!*text) {
        *ms = 0;
        return true;
    }
    if (strlen(text) != 10)
        return false;
    const char *end = strptime(text, "%Y-%m-%d", &day);
    if (!end || *end)
        return false;
    int mday = day.tm_mday, month = day.tm_mon;
    time_t at = timegm(&day);
    if (day.tm_mday != mday || day.tm_mon != month) /* 31 February */
        return false;
    *ms = (int64_t)at * 1000;
    return true;
}

void sl_day_format(int64_t ms, char out[11])
{
    time_t at = (time_t)(ms / 1000);
    struct tm day;
    out[0] = 0;
    if (ms && gmtime_r(&at, &day))
        strftime(out, 11, "%Y-%m-%d", &day);
}

/* ---- texts ---- */

static void check_url(apply_t *r, const char *field, const char *url)
{
    const char *problem = *url ? sl_url_problem(url, true) : NULL;
    if (problem)
        wrong(r, field, "%s", problem);
}

static void check_region(apply_t *r, const char *field, const char *region)
{
    if (!sl_url_is_label(region))
        wrong(r, field, "must be letters, digits, '-' and '.': it becomes a part of a host's name");
}

static void check_auth(apply_t *r, const char *field, const char *auth)
{
    static const char *const known[] = {"",     "bearer", "header", "query",
                                        "none", "aws",    "google", "entra"};
    for (size_t i = 0; i < SL_ARRAY_LEN(known); i++) {
        if (!strcmp(auth, known[i]))
            return;
    }
    wrong(r, field, "must be bearer, header, query, none, aws, google or entra");
}

static void check_header_name(apply_t *r, const char *field, const char *name)
{
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")])
        wrong(r, field, "must be a header's name");
}

struct text_field {
    const char *name;
    size_t offset;
    unsigned column;
    void (*check)(apply_t *r, const char *field, const char *text); /* NULL: any text */
};

#define TEXT(field, column, check)                                                                 \
    {                                                                                              \
#field, offsetof(Sluice__V1__Model, field), SL_MODELS_##column, check                      \
    }

static const struct text_field texts[] = {
    TEXT(description, DESCRIPTION, NULL),
    TEXT(provider, PROVIDER, NULL),
    TEXT(model_id, MODEL_ID, NULL),
    TEXT(base_url, BASE_URL, check_url),
    TEXT(api, API, NULL),
    TEXT(api_version, API_VERSION, NULL),
    TEXT(auth, AUTH, check_auth),
    TEXT(auth_header, AUTH_HEADER, check_header_name),
    TEXT(region, REGION, check_region),
    TEXT(successor, SUCCESSOR, NULL),
    TEXT(base_model, BASE_MODEL, NULL),
};

static void apply_texts(apply_t *r)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        const struct text_field *f = &texts[i];
        if (!sl_field_mask_has(r->mask, f->name))
            continue;
        const void *at = (const char *)r->model + f->offset;
        const char *text = *(char *const *)at;
        if (strlen(text) > MAX_TEXT)
            wrong(r, f->name, "is longer than %d bytes", MAX_TEXT);
        else if (f->check)
            f->check(r, f->name, text);
        sl_row_set_text(r->row, f->column, text);
    }
}

/* ---- numbers ---- */

static void apply_count(apply_t *r, const char *field, int32_t value, unsigned column)
{
    if (!sl_field_mask_has(r->mask, field))
        return;
    if (value < 0)
        wrong(r, field, "must not be negative");
    sl_row_set_int(r->row, column, value);
}

struct sampling {
    const char *field;
    bool present;
    double value, high;
    unsigned column;
};

static void apply_sampling(apply_t *r, const struct sampling *s)
{
    if (!sl_field_mask_has(r->mask, s->field))
        return;
    if (!s->present) {
        sl_row_set_null(r->row, s->column);
        return;
    }
    if (!(s->value >= 0 && s->value <= s->high))
        wrong(r, s->field, "must be between 0 and %g", s->high);
    else
        sl_row_set_real(r->row, s->column, s->value);
}

static void apply_numbers(apply_t *r)
{
    const Sluice__V1__Model *m = r->model;
    apply_count(r, "context_tokens", m->context_tokens, SL_MODELS_CONTEXT_TOKENS);
    apply_count(r, "max_output_tokens", m->max_output_tokens, SL_MODELS_MAX_OUTPUT_TOKENS);
    apply_count(r, "default_max_output_tokens",
                m->_default_max_output_tokens_case ? m->default_max_output_tokens : 0,
                SL_MODELS_DEFAULT_MAX_OUTPUT_TOKENS);
    const struct sampling temperature = {"default_temperature", m->_default_temperature_case != 0,
                                         m->default_temperature, 2, SL_MODELS_TEMPERATURE};
    const struct sampling top_p = {"default_top_p", m->_default_top_p_case != 0, m->default_top_p,
                                   1, SL_MODELS_TOP_P};
    apply_sampling(r, &temperature);
    apply_sampling(r, &top_p);
    if (sl_field_mask_has(r->mask, "speed_tokens_per_second")) {
        if (!(m->speed_tokens_per_second >= 0 && isfinite(m->speed_tokens_per_second)))
            wrong(r, "speed_tokens_per_second", "must not be negative");
        else
            sl_row_set_real(r->row, SL_MODELS_SPEED, m->speed_tokens_per_second);
    }
    if (sl_field_mask_has(r->mask, "enabled"))
        sl_row_set_bool(r->row, SL_MODELS_ENABLED, !m->_enabled_case || m->enabled);
}

/* ---- lists ---- */

struct list_field {
    const char *name;
    char *const *list;
    size_t n, max;
    unsigned column;
};

static void apply_list(apply_t *r, const struct list_field *f)
{
    if (!sl_field_mask_has(r->mask, f->name))
        return;
    if (f->n > f->max)
        wrong(r, f->name, "has more than %zu entries", f->max);
    for (size_t i = 0; i < f->n; i++) {
        if (!f->list[i][0] || strlen(f->list[i]) > MAX_NAME)
            wrong(r, f->name, "must hold texts of 1 to %d bytes", MAX_NAME);
    }
    sl_row_set_text(r->row, f->column, sl_column_strings(r->row->arena, f->list, f->n));
}

static void check_aliases(apply_t *r)
{
    if (!sl_field_mask_has(r->mask, "aliases"))
        return;
    for (size_t i = 0; i < r->model->n_aliases && i < MAX_ALIASES; i++) {
        if (!sl_model_name_check(r->model->aliases[i], "model.aliases", r->violations))
            return;
    }
}

static void apply_labels(apply_t *r)
{
    const Sluice__V1__Model *m = r->model;
    if (!sl_field_mask_has(r->mask, "labels"))
        return;
    if (m->n_labels > MAX_LABELS)
        wrong(r, "labels", "has more than %d entries", MAX_LABELS);
    for (size_t i = 0; i < m->n_labels; i++) {
        if (!m->labels[i]->key[0] || strlen(m->labels[i]->key) > MAX_NAME ||
            strlen(m->labels[i]->value) > MAX_NAME)
            wrong(r, "labels", "must hold keys of 1 and values of up to %d bytes", MAX_NAME);
    }
    sl_row_set_text(r->row, SL_MODELS_LABELS,
                    sl_column_pairs(r->row->arena, m->labels, m->n_labels));
}

static void apply_lists(apply_t *r)
{
    const Sluice__V1__Model *m = r->model;
    const struct list_field lists[] = {
        {"aliases", m->aliases, m->n_aliases, MAX_ALIASES, SL_MODELS_ALIASES},
        {"allowed_tiers", m->allowed_tiers, m->n_allowed_tiers, MAX_LIST, SL_MODELS_TIERS},
        {"fallback_models", m->fallback_models, m->n_fallback_models, MAX_LIST,
         SL_MODELS_FALLBACKS},
        {"tasks", m->tasks, m->n_tasks, MAX_LIST, SL_MODELS_TASKS},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(lists); i++)
        apply_list(r, &lists[i]);
    check_aliases(r);
    apply_labels(r);
}

/* ---- the rest ---- */

static void check_prices(apply_t *r)
{
    const Sluice__V1__ModelPrices *p = r->model->prices;
    if (p && (p->input_price_micros_per_mtok < 0 || p->output_price_micros_per_mtok < 0 ||
              p->cache_read_price_micros_per_mtok < 0 || p->cache_write_price_micros_per_mtok < 0 ||
              p->reasoning_price_micros_per_mtok < 0))
        wrong(r, "prices", "must not be negative");
}

static void apply_facts(apply_t *r)
{
    struct sl_arena *arena = r->row->arena;
    if (sl_field_mask_has(r->mask, "capabilities"))
        sl_row_set_text(r->row, SL_MODELS_CAPABILITIES,
                        sl_column_capabilities(arena, r->model->capabilities));
    if (sl_field_mask_has(r->mask, "prices")) {
        check_prices(r);
        sl_row_set_text(r->row, SL_MODELS_PRICES, sl_column_prices(arena, r->model->prices));
    }
}

static void apply_options(apply_t *r)
{
    static const Sluice__V1__ModelQuirks none = SLUICE__V1__MODEL_QUIRKS__INIT;
    bool quirks = sl_field_mask_has(r->mask, "quirks");
    bool provider = sl_field_mask_has(r->mask, "provider_options_json");
    const char *json = r->model->provider_options_json;
    struct sl_err why = {0};
    if (!quirks && !provider)
        return;
    if (provider && strlen(json) > MAX_OPTIONS)
        wrong(r, "provider_options_json", "is longer than %d bytes", MAX_OPTIONS);
    else if (provider && *json && !sl_json_check(json, strlen(json), SL_JSON_OBJECT, &why))
        wrong(r, "provider_options_json", "must be a JSON object: %s", why.text);
    const struct sl_column_options options = {
        .quirks = !quirks            ? NULL
                  : r->model->quirks ? r->model->quirks
                                     : &none,
        .provider_options_json = provider ? json : NULL,
        .before = r->before ? sl_row_text(r->before, SL_MODELS_OPTIONS) : "",
    };
    sl_row_set_text(r->row, SL_MODELS_OPTIONS, sl_column_options(r->row->arena, &options));
}

static void apply_day(apply_t *r, const char *field, const char *text, unsigned column)
{
    int64_t ms;
    if (!sl_field_mask_has(r->mask, field))
        return;
    if (!sl_day_parse(text, &ms))
        wrong(r, field, "must be a day such as 2026-03-31");
    else
        sl_row_set_int(r->row, column, ms);
}

void sl_model_row_apply(const struct sl_model_row *r)
{
    apply_texts(r);
    apply_numbers(r);
    apply_lists(r);
    apply_facts(r);
    apply_options(r);
    apply_day(r, "deprecation_date", r->model->deprecation_date, SL_MODELS_DEPRECATED_AT_MS);
    apply_day(r, "retirement_date", r->model->retirement_date, SL_MODELS_RETIRES_AT_MS);
}
