/* Reads the files: those in the binary as JSON, the operator's as YAML whose nodes know their line, row by row through
 * the same tables. */
#include "registry/catalogue/internal.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/str.h"
#include "config/yaml.h"

/* Of one row of an operator's file as JSON, and of the tree of all rows. */
enum { MAX_ROW = 256 * 1024, MAX_TREE = 256 * 1024 * 1024, MAX_LINE = 8 * 1024 };

/* ---- those in the binary ---- */

static enum sl_code built_in_error(const struct sl_catalogue_loading *l, const char *section,
                                   int row, const char *why)
{
    return sl_err_set(l->err, SL_INTERNAL, SL_REASON_INTERNAL, "%s: %s[%d]: %s", l->file, section,
                      row, why);
}

static enum sl_code read_order(struct sl_catalogue_loading *l, struct sl_fact_reader *r, int value)
{
    size_t n = (size_t)sl_json_size(r->json, value), i = 0;
    const char **list = sl_arena_zalloc(l->arena, (n + 1) * sizeof(*list));
    for (int k = sl_json_first(r->json, value); k >= 0; k = sl_json_next(r->json, value, k)) {
        const char *id = sl_json_string(r->json, k, NULL, NULL);
        if (!id)
            return built_in_error(l, "order", (int)i, "has to be a text");
        list[i++] = sl_fact_copy(r, id);
    }
    l->order = list;
    return SL_OK;
}

static enum sl_code read_section(struct sl_catalogue_loading *l, struct sl_fact_reader *r,
                                 const char *section, int rows)
{
    int i = 0;
    for (int k = sl_json_first(r->json, rows); k >= 0; k = sl_json_next(r->json, rows, k), i++) {
        if (!sl_catalogue_take(l, section, r, k))
            return built_in_error(l, section, i, r->why);
    }
    return SL_OK;
}

static enum sl_code read_sections(struct sl_catalogue_loading *l, struct sl_fact_reader *r)
{
    struct sl_json *j = r->json;
    enum sl_code code = SL_OK;
    for (int k = sl_json_first(j, SL_JSON_ROOT); k >= 0 && !code;
         k = sl_json_next(j, SL_JSON_ROOT, k)) {
        const char *section = sl_json_string(j, k, NULL, NULL);
        if (!strcmp(section, "order"))
            code = read_order(l, r, k + 1);
        else if (sl_json_type(j, k + 1) == SL_JSON_ARRAY)
            code = read_section(l, r, section, k + 1);
        else if (strcmp(section, "about"))
            code = built_in_error(l, section, 0, "is not known");
    }
    return code;
}

static void begin(struct sl_catalogue_loading *l, const struct sl_catalogue_file *file)
{
    l->file = file->name;
    l->line = 0;
    l->foreign = false;
}

/* text is NUL-terminated, and changed by decoding. */
static enum sl_code read_document(struct sl_catalogue_loading *l, struct sl_json_parser *parser,
                                  char *text, size_t n)
{
    struct sl_json json;
    struct sl_fact_reader r = {.json = &json, .arena = l->arena};
    enum sl_code code = sl_json_parse(parser, text, n, &json, l->err);
    return code ? code : read_sections(l, &r);
}

enum sl_code sl_catalogue_read_facts(struct sl_catalogue_loading *l,
                                     const struct sl_catalogue_file *file)
{
    struct sl_json_parser parser;
    size_t n = *file->size;
    char *text = sl_strndup((const char *)file->bytes, n);
    begin(l, file);
    sl_json_parser_init(&parser);
    enum sl_code code = read_document(l, &parser, text, n);
    sl_json_parser_fini(&parser);
    sl_free(text);
    return code;
}

static enum sl_code read_line(struct sl_catalogue_loading *l, struct sl_json_parser *parser,
                              const char *line, size_t n)
{
    char text[MAX_LINE];
    struct sl_json json;
    struct sl_fact_reader r = {.json = &json, .arena = l->arena, .brief = true};
    l->line++;
    if (!sl_copy_n(text, sizeof(text), line, n))
        return built_in_error(l, "line", (int)l->line, "is too long");
    enum sl_code code = sl_json_parse(parser, text, n, &json, l->err);
    if (!code && !sl_catalogue_take(l, "listing", &r, SL_JSON_ROOT))
        code = built_in_error(l, "line", (int)l->line, r.why);
    return code;
}

/* Line by line: 1,800 models at once would need 2 MiB for their tokens, which malloc keeps. */
enum sl_code sl_catalogue_read_list(struct sl_catalogue_loading *l,
                                    const struct sl_catalogue_file *file)
{
    struct sl_json_parser parser;
    const char *at = (const char *)file->bytes, *end = at + *file->size;
    enum sl_code code = SL_OK;
    begin(l, file);
    sl_json_parser_init(&parser);
    while (at < end && !code) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            stop = end;
        code = read_line(l, &parser, at, (size_t)(stop - at));
        at = stop + 1;
    }
    sl_json_parser_fini(&parser);
    return code;
}

/* ---- the operator's ---- */

static enum sl_code file_error(const struct sl_catalogue_loading *l, unsigned line,
                               const char *section, long row, const char *why)
{
    if (row < 0)
        return sl_err_field(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "catalogue.file",
                            "%.200s:%u: %.60s %s", l->file, line, section, why);
    return sl_err_field(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "catalogue.file",
                        "%.200s:%u: %.60s[%ld]: %s", l->file, line, section, row, why);
}

/* The line of the row's field, else of the row. */
static unsigned line_of(const struct sl_yaml *row, const char *key)
{
    for (const struct sl_yaml_item *i = row->kind == SL_YAML_MAP ? row->items : NULL; i;
         i = i->next) {
        if (i->key && i->key->text && !strcmp(i->key->text, key))
            return i->key->line;
    }
    return row->line;
}

static enum sl_code read_row(struct sl_catalogue_loading *l, struct sl_json_parser *parser,
                             const char *section, const struct sl_yaml *row, long number)
{
    struct sl_arena scratch;
    struct sl_json json;
    struct sl_err bad = {0};
    struct sl_fact_reader r = {.json = &json, .arena = l->arena};
    enum sl_code code = SL_OK;
    sl_arena_init(&scratch, MAX_ROW);
    l->line = row->line;
    const char *text = sl_yaml_to_json(row, &scratch);
    if (!text || sl_json_parse(parser, (char *)(uintptr_t)text, strlen(text), &json, &bad))
        code = file_error(l, row->line, section, number, text ? bad.text : "is too long");
    else if (!sl_catalogue_take(l, section, &r, SL_JSON_ROOT))
        code = file_error(l, line_of(row, r.key), section, number, r.why);
    sl_arena_fini(&scratch);
    return code;
}

static enum sl_code read_file_order(struct sl_catalogue_loading *l, const struct sl_yaml *list)
{
    size_t n = 0;
    const char **order = sl_arena_zalloc(l->arena, (list->count + 1) * sizeof(*order));
    for (const struct sl_yaml_item *i = list->items; i; i = i->next) {
        if (i->value->kind != SL_YAML_TEXT || !sl_catalogue_raw_provider(l, i->value->text))
            return file_error(l, i->value->line, "order", (long)n, "is no provider that is known");
        order[n++] = sl_catalogue_raw_provider(l, i->value->text)->p.id;
    }
    l->order = order;
    return SL_OK;
}

static enum sl_code read_file_section(struct sl_catalogue_loading *l, struct sl_json_parser *parser,
                                      const struct sl_yaml_item *section)
{
    const char *name = section->key->text;
    bool order = !strcmp(name, "order");
    enum sl_code code = SL_OK;
    long number = 0;
    if (!order && !sl_catalogue_has_section(name))
        return file_error(l, section->key->line, name, -1,
                          "is not known: there are providers, models, lineups, patterns and order");
    if (sl_yaml_is_null(section->value))
        return SL_OK;
    if (section->value->kind != SL_YAML_LIST)
        return file_error(l, section->key->line, name, -1, "has to be a list");
    if (order)
        return read_file_order(l, section->value);
    for (const struct sl_yaml_item *i = section->value->items; i && !code; i = i->next)
        code = read_row(l, parser, name, i->value, number++);
    return code;
}

/* Sections in the order in which rows refer to each other, whatever the file's is. */
static enum sl_code read_file_sections(struct sl_catalogue_loading *l, const struct sl_yaml *root)
{
    static const char *const first[] = {"providers", "models"};
    struct sl_json_parser parser;
    enum sl_code code = SL_OK;
    sl_json_parser_init(&parser);
    for (size_t pass = 0; pass <= SL_ARRAY_LEN(first) && !code; pass++) {
        for (const struct sl_yaml_item *i = root->items; i && !code; i = i->next) {
            const char *key = i->key->text ? i->key->text : "";
            size_t due = !strcmp(key, first[0]) ? 0 : !strcmp(key, first[1]) ? 1 : 2;
            if (due == pass)
                code = read_file_section(l, &parser, i);
        }
    }
    sl_json_parser_fini(&parser);
    return code;
}

enum sl_code sl_catalogue_read_file(struct sl_catalogue_loading *l, const char *text, size_t n)
{
    struct sl_arena tree;
    const struct sl_yaml *root = NULL;
    l->foreign = true;
    sl_arena_init(&tree, MAX_TREE);
    enum sl_code code = sl_yaml_parse(&tree, l->file, text, n, &root, l->err);
    if (!code && root && root->kind != SL_YAML_MAP)
        code = sl_err_field(l->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "catalogue.file",
                            "%.200s:%u: has to be a mapping of sections", l->file, root->line);
    else if (!code && root)
        code = read_file_sections(l, root);
    sl_arena_fini(&tree);
    return code;
}
