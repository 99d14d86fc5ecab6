/* From what a row says to the hosts that its secret may have been sealed for. */
#include "registry/rotate/places.h"

#include <jansson.h>
#include <string.h>

#include "adapters/adapters.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "registry/vault/vault.h"

struct provider {
    const char *name, *base_url;
    struct provider *next;
};

struct sl_places {
    const struct sl_registry *registry;
    struct sl_arena arena;
    struct provider *providers;
};

/* ---- providers ---- */

/* What headers without a base URL of their own are sealed for. */
static const char *usual_url(const char *kind)
{
    const struct sl_adapter *a = sl_adapter_find(kind);
    return a && a->default_base_url ? a->default_base_url : "";
}

static enum sl_code on_provider(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct sl_places *p = owner;
    struct provider *made = SL_ARENA_NEW(&p->arena, struct provider);
    const char *url = sl_row_text(row, SL_PROVIDERS_BASE_URL);
    (void)err;
    made->name = sl_arena_strdup(&p->arena, sl_row_text(row, SL_COL_NAME));
    made->base_url =
        sl_arena_strdup(&p->arena, *url ? url : usual_url(sl_row_text(row, SL_PROVIDERS_KIND)));
    made->next = p->providers;
    p->providers = made;
    return SL_OK;
}

enum sl_code sl_places_create(struct sl_store *s, const struct sl_registry *registry,
                              struct sl_places **out, struct sl_err *err)
{
    const struct sl_store_session session = {.role = SL_STORE_SYNC};
    const struct sl_query query = {
        .table = SL_TABLE_PROVIDERS, .rows = SL_ROWS_ALL, .order = SL_UNORDERED};
    struct sl_places *p = SL_NEW(struct sl_places);
    struct sl_tx *tx = NULL;
    p->registry = registry;
    sl_arena_init(&p->arena, SIZE_MAX);
    enum sl_code code = sl_store_begin(s, &session, false, &tx, err);
    if (!code) {
        code = sl_tx_each(tx, &query, on_provider, p, err);
        code = sl_tx_end(tx, code, NULL, err);
    }
    if (code)
        sl_places_destroy(p);
    else
        *out = p;
    return code;
}

void sl_places_destroy(struct sl_places *p)
{
    if (!p)
        return;
    sl_arena_fini(&p->arena);
    sl_free(p);
}

/* ---- bindings ---- */

static void add(struct sl_place_list *list, const char *binding)
{
    size_t i = 0;
    while (i < list->n && strcmp(list->bindings[i], binding) != 0)
        i++;
    if (i == list->n && i < SL_PLACES_MAX)
        sl_copy(list->bindings[list->n++], SL_PLACE_BINDING, binding);
}

static void add_url(struct sl_place_list *list, const char *url)
{
    char binding[SL_PLACE_BINDING];
    if (sl_vault_bind(url, binding, sizeof(binding)))
        add(list, binding);
}

/* One of the store hides one of the configuration, as for the service. */
static void add_provider(struct sl_place_list *list, const struct sl_places *places,
                         const char *name)
{
    for (const struct provider *p = places->providers; p; p = p->next) {
        if (!strcmp(p->name, name))
            add_url(list, p->base_url);
    }
    const struct sl_provider *fixed =
        places->registry ? sl_registry_provider(places->registry, name) : NULL;
    if (fixed)
        add_url(list, fixed->base_url);
}

/* What a row says, or its image. hints: as of sl_secret_column. */
static void read_row(const struct sl_places *p, const char *table, const char *const hints[2],
                     struct sl_place_list *out)
{
    out->purpose = strcmp(table, "credentials") ? "headers" : "credential";
    if (!strcmp(table, "credentials"))
        add(out, hints[0]);
    else if (*hints[1])
        add_url(out, hints[1]);
    else if (!strcmp(table, "models"))
        add_provider(out, p, hints[0]);
    else
        add_url(out, usual_url(hints[0]));
}

static const char *text_of(const json_t *image, const char *column)
{
    const char *text = column ? json_string_value(json_object_get(image, column)) : NULL;
    return text ? text : "";
}

static void read_image(const struct sl_places *p, const char *table, const char *text,
                       struct sl_place_list *out)
{
    json_t *image = json_loads(text, 0, NULL);
    size_t n = 0;
    const struct sl_secret_column *columns = sl_secret_columns(&n);
    for (size_t i = 0; i < n; i++) {
        const char *const *named = columns[i].hints;
        if (strcmp(columns[i].table, table) != 0)
            continue;
        const char *const hints[] = {text_of(image, named[0]), text_of(image, named[1])};
        read_row(p, table, hints, out);
    }
    json_decref(image);
}

void sl_places_find(const struct sl_places *p, const struct sl_secret_column *column,
                    const struct sl_stored_secret *secret, struct sl_place_list *out)
{
    out->purpose = "";
    out->n = 0;
    if (strcmp(column->table, "import_changes") != 0)
        read_row(p, column->table, secret->hints, out);
    else
        read_image(p, secret->hints[0], secret->hints[1], out);
}
