/* mongoexport of a model_config collection: one document a line, pretty-printed, or --jsonArray. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "registry/import/entry.h"

static void read_document(struct sl_import_reader *r, struct sl_at at)
{
    struct sl_import_entry e = {
        .name = "",
        .at = at,
        .model = sl_at_get(r, at, "model_name"),
        .provider = sl_at_get(r, at, "provider"),
        .url = sl_at_get(r, at, "model_url"),
        .key = sl_at_get(r, at, "api_key"),
    };
    bool is_default = false;
    struct sl_at id = sl_at_get(r, at, "_id");
    struct sl_import_model *m = sl_import_take_entry(r, &e);
    if (!m)
        return;
    if (id.node)
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, id, "is MongoDB's own; the model gets an id here");
    sl_import_common_fields(r, at, m);
    struct sl_at chosen = sl_at_get(r, at, "is_default");
    if (sl_at_bool(r, chosen, &is_default) && is_default && *r->plan->default_model)
        sl_at_note(r, SL_IMPORT_NOT_CARRIED, chosen, "'%s' is the default already",
                   r->plan->default_model);
    else if (sl_at_is(chosen, SL_YAML_TEXT) && is_default) {
        r->plan->default_model = m->m.name;
        r->plan->default_place = sl_at_place(r, chosen);
    }
}

static void read_value(struct sl_import_reader *r, struct sl_at root)
{
    size_t i = 0;
    if (sl_at_is(root, SL_YAML_MAP))
        read_document(r, root);
    else if (sl_at_is(root, SL_YAML_LIST)) {
        for (const struct sl_yaml_item *d = root.node->items; d; d = d->next)
            read_document(r, sl_at_item(r, root, d, i++));
    }
    sl_at_rest(r, root);
}

enum sl_code sl_import_model_config(struct sl_import_reader *r)
{
    const struct sl_import_file *f = &r->in->files[0];
    struct sl_str left = {f->text, f->n};
    const char *name = sl_arena_strdup(&r->plan->arena, f->name);
    unsigned line = 0, documents = 0;
    size_t start, n;
    while ((n = sl_import_next_json(left, &start)) > 0) {
        for (size_t i = 0; i < start; i++)
            line += left.p[i] == '\n';
        struct sl_import_doc *doc = SL_ARENA_NEW(&r->arena, struct sl_import_doc);
        struct sl_at root;
        doc->file = name;
        doc->base = line;
        doc->prefix = documents++ ? sl_arena_printf(&r->arena, "document %u: ", documents) : "";
        if (sl_at_parse(r, doc, (struct sl_str){left.p + start, n}, &root, r->err) != SL_OK)
            return r->err->code;
        if (sl_at_is(root, SL_YAML_TEXT))
            return sl_err_set(r->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                              "%s:%u: no JSON document", name, line + 1);
        read_value(r, root);
        for (size_t i = start; i < start + n; i++)
            line += left.p[i] == '\n';
        left = (struct sl_str){left.p + start + n, left.n - start - n};
        if (r->plan->n_notes > SL_IMPORT_MAX_NOTES)
            break;
    }
    if (!r->plan->n_models) {
        const struct sl_import_about about = {
            SL_IMPORT_ERROR, sl_arena_printf(&r->plan->arena, "%s:1", name), "model_name"};
        sl_import_note(r->plan, &about, "the file holds no model that can be carried");
    }
    return SL_OK;
}
