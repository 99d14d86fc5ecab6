/* Columns that follow the catalogue, and columns that stay. */
#include "registry/upgrade/model_row.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

struct facts {
    const struct sl_catalogue_model *was, *is; /* NULL: not known */
};

static void say(struct sl_upgrade_row *u, const char *text)
{
    if (u->n_says < SL_UPGRADE_SAYS)
        u->says[u->n_says++] = text;
}

/* "8192", "not known". */
static const char *number(const struct sl_upgrade_row *u, int64_t n)
{
    return n > 0 ? sl_arena_printf(u->arena, "%lld", (long long)n) : "not known";
}

/* ---- limits and speed ---- */

static void follow_number(struct sl_upgrade_row *u, unsigned column, int64_t was, int64_t is)
{
    const char *name = sl_table_info(SL_TABLE_MODELS)->columns[column].name;
    int64_t said = sl_row_int(u->before, column);
    if (said && (said != was || !is)) {
        say(u, sl_arena_printf(u->arena, "%s: stays %lld, as the entry says; the catalogue: %s",
                               name, (long long)said, number(u, is)));
        return;
    }
    if (said)
        sl_row_set_int(u->patch, column, 0);
    if (was != is)
        say(u, sl_arena_printf(u->arena, "%s, by the catalogue: %s -> %s", name, number(u, was),
                               number(u, is)));
}

static void follow_speed(struct sl_upgrade_row *u, const struct facts *f)
{
    double said = sl_row_real(u->before, SL_MODELS_SPEED);
    double was = f->was ? f->was->speed_tokens_per_second : 0;
    bool copied = said > 0 && said <= was && said >= was;
    if (copied)
        sl_row_set_real(u->patch, SL_MODELS_SPEED, 0);
    else if (said > 0)
        say(u,
            sl_arena_printf(u->arena, "speed: stays %g tokens a second, as the entry says", said));
}

/* ---- prices ---- */

struct bucket {
    const char *name;
    int64_t was, is; /* -1: not known */
};

enum { BUCKETS = 5 };

static void list_buckets(const struct facts *f, struct bucket list[BUCKETS])
{
    static const struct sl_catalogue_prices unknown = {-1, -1, -1, -1, -1, -1, -1};
    const struct sl_catalogue_prices *was = f->was ? &f->was->prices : &unknown;
    const struct sl_catalogue_prices *is = f->is ? &f->is->prices : &unknown;
    const struct bucket all[BUCKETS] = {
        {"input", was->input, is->input},
        {"cache_read", was->cache_read, is->cache_read},
        {"cache_write", was->cache_write, is->cache_write},
        {"output", was->output, is->output},
        {"reasoning", was->reasoning, is->reasoning},
    };
    memcpy(list, all, sizeof(all));
}

static const char *dollars(const struct sl_upgrade_row *u, int64_t micros)
{
    return micros < 0 ? "not known" : sl_arena_printf(u->arena, "%.10g", (double)micros / 1e6);
}

static void say_prices(struct sl_upgrade_row *u, const struct bucket *list)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        if (list[i].was != list[i].is)
            say(u, sl_arena_printf(u->arena, "%s price, by the catalogue: $%s -> $%s per M tokens",
                                   list[i].name, dollars(u, list[i].was), dollars(u, list[i].is)));
    }
}

static bool is_integer(const json_t *v, int64_t n)
{
    return json_is_integer(v) && json_integer_value(v) == n;
}

static void follow_prices(struct sl_upgrade_row *u, const struct facts *f)
{
    struct bucket list[BUCKETS];
    json_t *said = json_loads(sl_row_text(u->before, SL_MODELS_PRICES), 0, NULL);
    bool copied = true;
    list_buckets(f, list);
    for (size_t i = 0; i < BUCKETS; i++) {
        const json_t *v = json_object_get(said, list[i].name);
        copied = copied && (!v || is_integer(v, list[i].was));
    }
    bool known = f->is && f->is->prices.input >= 0 && f->is->prices.output >= 0;
    if (json_object_size(said) && (!copied || !known)) {
        say(u, "prices: stay as the entry says: look whether they hold for the successor");
    } else {
        if (json_object_size(said))
            sl_row_set_text(u->patch, SL_MODELS_PRICES, "");
        say_prices(u, list);
    }
    json_decref(said);
}

/* ---- capabilities ---- */

struct ability {
    const char *name;
    int8_t was, is; /* -1: not known */
};

enum { ABILITIES = 7 };

static void list_abilities(const struct facts *f, struct ability list[ABILITIES])
{
#define ABILITY(field)                                                                             \
    {                                                                                              \
#field, f->was ? f->was->field : -1, f->is ? f->is->field : -1                             \
    }
    const struct ability all[ABILITIES] = {
        ABILITY(streaming), ABILITY(tools),      ABILITY(vision), ABILITY(json_schema),
        ABILITY(reasoning), ABILITY(embeddings), ABILITY(images),
    };
#undef ABILITY
    memcpy(list, all, sizeof(all));
}

static const char *word(int8_t flag)
{
    return flag < 0 ? "not known" : flag ? "yes" : "no";
}

static void follow_abilities(struct sl_upgrade_row *u, const struct facts *f)
{
    struct ability list[ABILITIES];
    json_t *said = json_loads(sl_row_text(u->before, SL_MODELS_CAPABILITIES), 0, NULL);
    bool copied = true;
    list_abilities(f, list);
    for (size_t i = 0; i < ABILITIES; i++) {
        const json_t *v = json_object_get(said, list[i].name);
        copied = copied && (!v || (json_is_boolean(v) && list[i].was == (int8_t)json_is_true(v)));
    }
    if (json_object_size(said) && (!copied || !f->is)) {
        say(u, "capabilities: stay as the entry says: sluice models test finds out what holds");
    } else {
        if (json_object_size(said))
            sl_row_set_text(u->patch, SL_MODELS_CAPABILITIES, "");
        for (size_t i = 0; i < ABILITIES; i++) {
            if (list[i].was != list[i].is)
                say(u, sl_arena_printf(u->arena, "%s, by the catalogue: %s -> %s", list[i].name,
                                       word(list[i].was), word(list[i].is)));
        }
    }
    json_decref(said);
}

/* ---- how it is asked ---- */

static void follow_api(struct sl_upgrade_row *u, const struct facts *f)
{
    const char *said = sl_row_text(u->before, SL_MODELS_API);
    const char *is = f->is ? f->is->api : "";
    if (!*said)
        return;
    if (f->is && !strcmp(said, f->was ? f->was->api : ""))
        sl_row_set_text(u->patch, SL_MODELS_API, "");
    else if (strcmp(said, is) != 0)
        say(u, sl_arena_printf(u->arena, "api: stays %s, as the entry says; the catalogue: %s",
                               said, *is ? is : "the usual one"));
}

static void look_at_defaults(struct sl_upgrade_row *u, const struct facts *f)
{
    int64_t most = sl_row_int(u->before, SL_MODELS_DEFAULT_MAX_OUTPUT_TOKENS);
    if (!f->is)
        return;
    if (!sl_row_is_null(u->before, SL_MODELS_TEMPERATURE) && f->is->temperature == 0)
        say(u, "temperature: stays set, and the successor takes none: unset it");
    if (f->is->max_output_tokens && most > f->is->max_output_tokens)
        say(u,
            sl_arena_printf(
                u->arena, "default_max_output_tokens: stays %lld, more than the successor can: %d",
                (long long)most, f->is->max_output_tokens));
}

/* ---- the rest ---- */

static void rename_row(struct sl_upgrade_row *u)
{
    const char *old = sl_row_text(u->before, SL_COL_NAME);
    json_t *aliases = json_loads(sl_row_text(u->before, SL_MODELS_ALIASES), 0, NULL), *kept;
    json_t *alias;
    size_t i;
    kept = json_array();
    json_array_foreach(aliases, i, alias)
    {
        const char *text = json_string_value(alias);
        if (text && strcmp(text, old) != 0 && strcmp(text, u->new_name) != 0)
            json_array_append(kept, alias);
    }
    json_array_append_new(kept, json_string(old));
    size_t n = json_dumpb(kept, NULL, 0, JSON_COMPACT);
    char *text = sl_arena_zalloc(u->arena, n + 1);
    json_dumpb(kept, text, n, JSON_COMPACT);
    json_decref(kept);
    json_decref(aliases);
    sl_row_set_text(u->patch, SL_COL_NAME, u->new_name);
    sl_row_set_text(u->patch, SL_MODELS_ALIASES, text);
    say(u, sl_arena_printf(u->arena, "name: %s -> %s; %s stays an alias", old, u->new_name, old));
}

/* Whether the entry goes on with the facts of another model. */
static bool keeps_base_model(struct sl_upgrade_row *u)
{
    const char *base = sl_row_text(u->before, SL_MODELS_BASE_MODEL);
    if (!*base)
        return false;
    if (!strcasecmp(base, sl_row_text(u->before, SL_MODELS_MODEL_ID)) ||
        (u->model->known && !strcasecmp(base, u->model->known->id)))
        sl_row_set_text(u->patch, SL_MODELS_BASE_MODEL, "");
    else
        say(u, sl_arena_printf(u->arena, "base_model: stays %s, as the entry says, with its facts",
                               base));
    return !sl_row_is_set(u->patch, SL_MODELS_BASE_MODEL);
}

static void forget_the_end(struct sl_upgrade_row *u)
{
    if (sl_row_int(u->before, SL_MODELS_DEPRECATED_AT_MS))
        sl_row_set_int(u->patch, SL_MODELS_DEPRECATED_AT_MS, 0);
    if (sl_row_int(u->before, SL_MODELS_RETIRES_AT_MS))
        sl_row_set_int(u->patch, SL_MODELS_RETIRES_AT_MS, 0);
    if (*sl_row_text(u->before, SL_MODELS_SUCCESSOR))
        sl_row_set_text(u->patch, SL_MODELS_SUCCESSOR, "");
}

void sl_upgrade_row(struct sl_upgrade_row *u)
{
    const struct facts f = {u->model->facts, u->successor->known};
    u->n_says = 0;
    u->patch = sl_row_create(u->arena, SL_TABLE_MODELS);
    sl_row_set_text(u->patch, SL_COL_ID, sl_row_text(u->before, SL_COL_ID));
    sl_row_set_text(u->patch, SL_MODELS_MODEL_ID, u->successor->id);
    if (u->new_name)
        rename_row(u);
    forget_the_end(u);
    if (keeps_base_model(u))
        return;
    if (!f.is)
        say(u, "nothing is known of the successor: prices, limits and capabilities count where "
               "the entry says them");
    follow_number(u, SL_MODELS_CONTEXT_TOKENS, f.was ? f.was->context_tokens : 0,
                  f.is ? f.is->context_tokens : 0);
    follow_number(u, SL_MODELS_MAX_OUTPUT_TOKENS, f.was ? f.was->max_output_tokens : 0,
                  f.is ? f.is->max_output_tokens : 0);
    follow_speed(u, &f);
    follow_prices(u, &f);
    follow_abilities(u, &f);
    follow_api(u, &f);
    look_at_defaults(u, &f);
}
