/* LiteLLM's config.yaml (docs.litellm.ai, "Overview of the proxy's config.yaml"): finds the
 * configuration, be it the file itself or inside a ConfigMap or Helm values, and reads its lists. */
#include "registry/import/litellm.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { MAX_DEPTH = 12, MAX_INCLUDES = 32 };

struct walk {
    struct sl_litellm l;
    bool found;    /* a configuration */
    bool operator; /* custom resources of an operator */
    unsigned includes, documents;
};

static void read_config(struct walk *w, struct sl_at config);

/* ---- include ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const struct sl_import_file *find_file(const struct walk *w, const char *name)
{
    const struct sl_import_in *in = w->l.r->in;
    for (size_t i = 1; i < in->n_files; i++) {
        if (!strcmp(base_name(in->files[i].name), base_name(name)))
            return &in->files[i];
    }
    return NULL;
}

static void read_include(struct walk *w, struct sl_at at)
{
    struct sl_import_reader *r = w->l.r;
    const char *name = sl_at_peek(at);
    const struct sl_import_file *file = *name ? find_file(w, name) : NULL;
    if (!file || ++w->includes > MAX_INCLUDES) {
        sl_at_note(r, SL_IMPORT_ERROR, at,
                   file ? "more than 32 files are included"
                        : "names a file that was not given along");
        return;
    }
    struct sl_import_doc *doc = SL_ARENA_NEW(&r->arena, struct sl_import_doc);
    doc->file = sl_arena_strdup(&r->plan->arena, file->name);
    doc->prefix = sl_arena_printf(&r->arena, "%s: ", base_name(file->name));
    struct sl_at root = {doc, NULL, doc->prefix};
    struct sl_err err = {0};
    if (sl_at_parse(r, doc, (struct sl_str){file->text, file->n}, &root, &err) != SL_OK) {
        sl_at_note(r, SL_IMPORT_ERROR, at, "%s", err.text);
        return;
    }
    if (sl_at_done(r, root)) {
        sl_at_note(r, SL_IMPORT_ERROR, at, "is included twice");
        return;
    }
    sl_at_carry(r, at);
    read_config(w, root);
    sl_at_rest(r, root);
}

/* ---- one configuration ---- */

static void read_config(struct walk *w, struct sl_at config)
{
    static const char *const settings[] = {"litellm_settings", "router_settings"};
    struct sl_litellm *l = &w->l;
    struct sl_import_reader *r = l->r;
    struct sl_at include = sl_at_get(r, config, "include"), outer = l->credentials;
    size_t i = 0;
    w->found = true;
    if (sl_at_is(include, SL_YAML_TEXT))
        read_include(w, include);
    for (const struct sl_yaml_item *f = sl_at_first(include); f; f = f->next)
        read_include(w, sl_at_item(r, include, f, i++));
    l->credentials = sl_at_get(r, config, "credential_list");
    if (sl_at_get(r, config, "environment_variables").node)
        r->environment = sl_at_get(r, config, "environment_variables");
    struct sl_at list = sl_at_get(r, config, "model_list");
    i = 0;
    for (const struct sl_yaml_item *m = sl_at_first(list); m; m = m->next)
        sl_litellm_model(l, sl_at_item(r, list, m, i++));
    for (size_t s = 0; s < SL_ARRAY_LEN(settings); s++)
        sl_litellm_routes(l, sl_at_get(r, config, settings[s]));
    l->credentials = outer;
}

static bool is_config(struct sl_import_reader *r, struct sl_at at)
{
    static const char *const keys[] = {"model_list", "litellm_settings", "router_settings",
                                       "include"};
    for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
        if (sl_at_get(r, at, keys[i]).node)
            return true;
    }
    return false;
}

/* ---- wrapped configurations ---- */

static void search(struct walk *w, struct sl_at at, unsigned depth);

/* A text that holds a configuration, as the data of a ConfigMap does; it may turn out to be a text again. */
static void read_inside(struct walk *w, struct sl_at at, unsigned depth)
{
    struct sl_import_reader *r = w->l.r;
    struct sl_import_doc *doc = SL_ARENA_NEW(&r->arena, struct sl_import_doc);
    const char *text = at.node->text;
    doc->file = at.doc->file;
    doc->base = at.doc->base + at.node->line; /* a literal block begins in the next line */
    doc->prefix = sl_arena_printf(&r->arena, "%s: ", at.path);
    struct sl_at root = {doc, NULL, doc->prefix};
    struct sl_err err = {0};
    if (sl_at_parse(r, doc, sl_str(text), &root, &err) != SL_OK) {
        sl_at_note(r, SL_IMPORT_ERROR, at, "%s", err.text);
        return;
    }
    sl_at_carry(r, at);
    search(w, root, depth + 1);
    sl_at_rest(r, root);
}

static void search(struct walk *w, struct sl_at at, unsigned depth)
{
    struct sl_import_reader *r = w->l.r;
    size_t i = 0;
    if (!at.node || depth > MAX_DEPTH)
        return;
    if (at.node->kind == SL_YAML_TEXT) {
        if (strstr(at.node->text, "model_list:"))
            read_inside(w, at, depth);
        return;
    }
    if (sl_at_is(at, SL_YAML_MAP) && is_config(r, at)) {
        read_config(w, at);
        return;
    }
    if (sl_glob_match("*litellm*", sl_at_peek(sl_at_get(r, at, "kind"))))
        w->operator= true;
    for (const struct sl_yaml_item *item = at.node->items; item; item = item->next)
        search(w, sl_at_item(r, at, item, i++), depth + 1);
}

/* ---- documents ---- */

static bool is_template(struct sl_str text)
{
    return memmem(text.p, text.n, "{{", 2) != NULL;
}

static enum sl_code read_document(struct walk *w, struct sl_str text, unsigned base)
{
    struct sl_import_reader *r = w->l.r;
    struct sl_import_doc *doc = SL_ARENA_NEW(&r->arena, struct sl_import_doc);
    struct sl_at root;
    struct sl_err err = {0};
    doc->file = sl_arena_strdup(&r->plan->arena, r->in->files[0].name);
    doc->base = base;
    doc->prefix = w->documents++ ? sl_arena_printf(&r->arena, "document %u: ", w->documents) : "";
    if (sl_at_parse(r, doc, text, &root, &err) == SL_OK) {
        search(w, root, 0);
        sl_at_rest(r, root);
        return SL_OK;
    }
    if (is_template(text))
        return sl_err_set(r->err, err.code, err.reason,
                          "%s (a template with {{ }} is no YAML yet: render it first, for example "
                          "with helm template)",
                          err.text);
    *r->err = err;
    return err.code;
}

/* Documents begin with a line "---"; a block's text is indented, so that no other line looks so. */
static enum sl_code read_documents(struct walk *w, struct sl_str text)
{
    size_t from = 0;
    unsigned base = 0, line = 0;
    for (size_t i = 0; i <= text.n; i++) {
        bool start = !i || text.p[i - 1] == '\n';
        if (i < text.n && start)
            line++;
        bool mark = start && i + 3 <= text.n && !memcmp(text.p + i, "---", 3) &&
                    (i + 3 == text.n || strchr(" \t\r\n", text.p[i + 3]));
        if (!mark && i < text.n)
            continue;
        if (i > from && read_document(w, (struct sl_str){text.p + from, i - from}, base) != SL_OK)
            return w->l.r->err->code;
        from = i;
        base = line ? line - 1 : 0;
    }
    return SL_OK;
}

static void nothing_found(struct walk *w)
{
    struct sl_import_reader *r = w->l.r;
    const char *place = sl_arena_printf(&r->plan->arena, "%s:1", r->in->files[0].name);
    const struct sl_import_about about = {SL_IMPORT_ERROR, place, "model_list"};
    if (w->operator)
        sl_import_note(r->plan, &about,
                       "the file holds custom resources of an operator, no configuration with a "
                       "model_list: import the config.yaml that the operator makes of them");
    else
        sl_import_note(r->plan, &about, "the file holds no model: there is no model_list in it");
}

enum sl_code sl_import_litellm(struct sl_import_reader *r)
{
    struct walk w = {.l = {.r = r}};
    w.l.groups_end = &w.l.groups;
    const struct sl_import_file *f = &r->in->files[0];
    enum sl_code code = read_documents(&w, (struct sl_str){f->text, f->n});
    if (code == SL_OK && !w.l.models_seen)
        nothing_found(&w);
    return code;
}
