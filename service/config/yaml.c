/* From libyaml's events to a tree. Recursion is as deep as the document may be
 * (SL_YAML_MAX_DEPTH); an alias is the node it names, not a copy, and counts as much as that
 * node, so that a few lines cannot stand for millions. */
#include "config/yaml.h"

#include <stdint.h>
#include <string.h>
#include <yaml.h>

#include "base/utf8.h"
#include "config/json_text.h"

enum { ANCHOR_BUCKETS = 1024 };

struct anchor {
    const char *name;
    const struct sl_yaml *node;
    struct anchor *next;
};

struct builder {
    struct sl_arena *arena;
    struct sl_err *err;
    const char *name;
    yaml_parser_t parser;
    struct anchor *anchors[ANCHOR_BUCKETS]; /* the newest first: a name may be used again */
    unsigned n_anchors;
    size_t nodes;
};

static const struct sl_yaml *build_node(struct builder *b, yaml_event_t *event, unsigned depth);

static const struct sl_yaml *fail(struct builder *b, size_t line, const char *what)
{
    sl_err_set(b->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "%s:%zu: %s", b->name,
               line + 1, what);
    return NULL;
}

static bool next_event(struct builder *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event))
        return true;
    const char *problem = b->parser.problem ? b->parser.problem : "no YAML";
    size_t line = b->parser.problem_mark.line;
    if (b->parser.error == YAML_READER_ERROR)
        line = b->parser.mark.line;
    fail(b, line, problem);
    return false;
}

static struct sl_yaml *new_node(struct builder *b, enum sl_yaml_kind kind,
                                const yaml_event_t *event)
{
    struct sl_yaml *node = SL_ARENA_NEW(b->arena, struct sl_yaml);
    node->kind = kind;
    node->line = (unsigned)event->start_mark.line + 1;
    node->text = "";
    node->nodes = 1;
    node->height = 1;
    return node;
}

/* Adds a node's weight to its parent's, and the document's ceiling. */
static bool weigh(struct builder *b, struct sl_yaml *parent, const struct sl_yaml *child,
                  size_t line)
{
    parent->nodes += child->nodes;
    if (parent->nodes > SL_YAML_MAX_NODES)
        return fail(b, line, "more than 200000 values, aliases counted as what they stand for");
    if (child->height + 1 > parent->height)
        parent->height = child->height + 1;
    return true;
}

static struct anchor **bucket(struct builder *b, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return &b->anchors[hash % ANCHOR_BUCKETS];
}

static bool remember_anchor(struct builder *b, const yaml_char_t *name, const struct sl_yaml *node)
{
    if (!name)
        return true;
    if (++b->n_anchors > SL_YAML_MAX_ANCHORS)
        return fail(b, node->line - 1, "more than 16384 anchors");
    struct anchor *a = SL_ARENA_NEW(b->arena, struct anchor);
    a->name = sl_arena_strdup(b->arena, (const char *)name);
    a->node = node;
    struct anchor **head = bucket(b, a->name);
    a->next = *head;
    *head = a;
    return true;
}

static const struct sl_yaml *build_alias(struct builder *b, const yaml_event_t *event,
                                         unsigned depth)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (const struct anchor *a = *bucket(b, name); a; a = a->next) {
        if (strcmp(a->name, name))
            continue;
        if (depth + a->node->height > SL_YAML_MAX_DEPTH)
            return fail(b, event->start_mark.line, "nested deeper than 32 levels");
        return a->node;
    }
    return fail(b, event->start_mark.line, "an alias without its anchor above");
}

static bool tag_allowed(struct builder *b, const yaml_char_t *tag, const yaml_event_t *event)
{
    if (!tag || !strcmp((const char *)tag, YAML_STR_TAG))
        return true;
    return fail(b, event->start_mark.line, "tags are not understood here");
}

static const struct sl_yaml *build_text(struct builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    if (!tag_allowed(b, event->data.scalar.tag, event))
        return NULL;
    if (sl_utf8_check_text(value, n) != n)
        return fail(b, event->start_mark.line, "a text with a zero byte or ill-formed UTF-8");
    char *copy = sl_arena_try(b->arena, n + 1);
    if (!copy)
        return fail(b, event->start_mark.line, "too much text");
    memcpy(copy, value, n);
    copy[n] = '\0';
    struct sl_yaml *node = new_node(b, SL_YAML_TEXT, event);
    node->text = copy;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
    return remember_anchor(b, event->data.scalar.anchor, node) ? node : NULL;
}

static struct sl_yaml_item *append(struct builder *b, struct sl_yaml *parent,
                                   struct sl_yaml_item **tail)
{
    struct sl_yaml_item *item = SL_ARENA_NEW(b->arena, struct sl_yaml_item);
    if (*tail)
        (*tail)->next = item;
    else
        parent->items = item;
    *tail = item;
    parent->count++;
    return item;
}

/* The anchor's name of a list or mapping, copied: the event is gone when the node is whole. */
static char *copy_anchor(struct builder *b, const yaml_char_t *anchor)
{
    return anchor ? sl_arena_strdup(b->arena, (const char *)anchor) : NULL;
}

static const struct sl_yaml *build_list(struct builder *b, const yaml_event_t *start,
                                        unsigned depth)
{
    if (!tag_allowed(b, start->data.sequence_start.tag, start))
        return NULL;
    struct sl_yaml *node = new_node(b, SL_YAML_LIST, start);
    char *anchor = copy_anchor(b, start->data.sequence_start.anchor);
    struct sl_yaml_item *tail = NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return NULL;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        size_t line = event.start_mark.line;
        const struct sl_yaml *value = end ? NULL : build_node(b, &event, depth);
        yaml_event_delete(&event);
        if (end)
            break;
        if (!value || !weigh(b, node, value, line))
            return NULL;
        append(b, node, &tail)->value = value;
    }
    return remember_anchor(b, (const yaml_char_t *)anchor, node) ? node : NULL;
}

static const struct sl_yaml_item *find_key(const struct sl_yaml *map, const char *key)
{
    for (const struct sl_yaml_item *i = map->items; i; i = i->next) {
        if (!strcmp(i->key->text, key))
            return i;
    }
    return NULL;
}

/* Adds the pairs of another mapping whose keys are not there yet. */
static bool merge_map(struct builder *b, struct sl_yaml *into, struct sl_yaml_item **tail,
                      const struct sl_yaml *from, size_t line)
{
    if (from->kind != SL_YAML_MAP)
        return fail(b, line, "'<<' takes a mapping or a list of mappings");
    if (!weigh(b, into, from, line))
        return false;
    for (const struct sl_yaml_item *i = from->items; i; i = i->next) {
        if (find_key(into, i->key->text))
            continue;
        struct sl_yaml_item *item = append(b, into, tail);
        item->key = i->key;
        item->value = i->value;
    }
    if (into->count > SL_YAML_MAX_KEYS)
        return fail(b, line, "more than 1024 keys in one mapping");
    return true;
}

static bool merge(struct builder *b, struct sl_yaml *into, struct sl_yaml_item **tail,
                  const struct sl_yaml *what)
{
    if (what->kind != SL_YAML_LIST)
        return merge_map(b, into, tail, what, what->line - 1);
    for (const struct sl_yaml_item *i = what->items; i; i = i->next) {
        if (!merge_map(b, into, tail, i->value, what->line - 1))
            return false;
    }
    return true;
}

/* Reads the value that belongs to key, and puts the pair into the mapping; a merge key's is kept
 * in *merged until the mapping's own keys are known. */
static bool build_pair(struct builder *b, struct sl_yaml *node, struct sl_yaml_item **tail,
                       const struct sl_yaml *key, const struct sl_yaml **merged, unsigned depth)
{
    yaml_event_t event;
    size_t line = key->line - 1;
    if (key->kind != SL_YAML_TEXT)
        return fail(b, line, "a key has to be a text");
    if (strlen(key->text) > SL_YAML_MAX_KEY)
        return fail(b, line, "a key longer than 512 bytes");
    if (!next_event(b, &event))
        return false;
    const struct sl_yaml *value = build_node(b, &event, depth);
    yaml_event_delete(&event);
    if (!value)
        return false;
    if (key->plain && !strcmp(key->text, "<<")) {
        if (*merged)
            return fail(b, line, "the key '<<' twice in one mapping");
        *merged = value;
        return true;
    }
    const struct sl_yaml_item *twin = find_key(node, key->text);
    if (twin) {
        sl_err_set(b->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                   "%s:%zu: the key '%.80s' is already in line %u", b->name, line + 1, key->text,
                   twin->key->line);
        return false;
    }
    if (node->count >= SL_YAML_MAX_KEYS)
        return fail(b, line, "more than 1024 keys in one mapping");
    if (!weigh(b, node, value, line) || !weigh(b, node, key, line))
        return false;
    struct sl_yaml_item *item = append(b, node, tail);
    item->key = key;
    item->value = value;
    return true;
}

static const struct sl_yaml *build_map(struct builder *b, const yaml_event_t *start, unsigned depth)
{
    if (!tag_allowed(b, start->data.mapping_start.tag, start))
        return NULL;
    struct sl_yaml *node = new_node(b, SL_YAML_MAP, start);
    char *anchor = copy_anchor(b, start->data.mapping_start.anchor);
    struct sl_yaml_item *tail = NULL;
    const struct sl_yaml *merged = NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return NULL;
        bool end = event.type == YAML_MAPPING_END_EVENT;
        const struct sl_yaml *key = end ? NULL : build_node(b, &event, depth);
        yaml_event_delete(&event);
        if (end)
            break;
        if (!key || !build_pair(b, node, &tail, key, &merged, depth))
            return NULL;
    }
    if (merged && !merge(b, node, &tail, merged))
        return NULL;
    return remember_anchor(b, (const yaml_char_t *)anchor, node) ? node : NULL;
}

/* The node that begins with event, at depth (the root's is 0). NULL with err filled. */
static const struct sl_yaml *build_node(struct builder *b, yaml_event_t *event, unsigned depth)
{
    if (depth >= SL_YAML_MAX_DEPTH)
        return fail(b, event->start_mark.line, "nested deeper than 32 levels");
    if (++b->nodes > SL_YAML_MAX_NODES)
        return fail(b, event->start_mark.line, "more than 200000 values");
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return build_text(b, event);
    case YAML_ALIAS_EVENT:
        return build_alias(b, event, depth);
    case YAML_SEQUENCE_START_EVENT:
        return build_list(b, event, depth + 1);
    case YAML_MAPPING_START_EVENT:
        return build_map(b, event, depth + 1);
    default:
        return fail(b, event->start_mark.line, "a value was expected");
    }
}

/* Takes events up to the end of the stream: at most one document. */
static bool build_stream(struct builder *b, const struct sl_yaml **root)
{
    bool seen = false;
    for (;;) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return false;
        bool ok = true, end = event.type == YAML_STREAM_END_EVENT;
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
        case YAML_STREAM_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            ok = !seen || fail(b, event.start_mark.line, "a second document");
            seen = true;
            break;
        default:
            *root = build_node(b, &event, 0);
            ok = *root != NULL;
        }
        yaml_event_delete(&event);
        if (!ok || end)
            return ok;
    }
}

enum sl_code sl_yaml_parse(struct sl_arena *arena, const char *name, const char *text, size_t n,
                           const struct sl_yaml **root, struct sl_err *err)
{
    struct builder b = {.arena = arena, .err = err, .name = name};
    const struct sl_yaml *top = NULL;
    if (n > SL_YAML_MAX_BYTES)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID,
                          "%s: longer than 4 MiB", name);
    text = sl_json_join_surrogates(arena, text, &n);
    if (!text)
        return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "%s: too long", name);
    if (!yaml_parser_initialize(&b.parser))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "%s: no YAML parser", name);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, n);
    bool ok = build_stream(&b, &top);
    yaml_parser_delete(&b.parser);
    if (!ok)
        return err->code;
    *root = top && sl_yaml_is_null(top) ? NULL : top;
    return SL_OK;
}

bool sl_yaml_is_null(const struct sl_yaml *node)
{
    if (node->kind != SL_YAML_TEXT || !node->plain)
        return false;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < SL_ARRAY_LEN(nulls); i++) {
        if (!strcmp(node->text, nulls[i]))
            return true;
    }
    return false;
}
