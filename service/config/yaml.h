/* A YAML (so JSON too) text as a tree of nodes that know their line. One document; anchors,
 * aliases and merge keys ("<<") are followed, with ceilings on depth and on the size after
 * expansion; tags other than !!str are refused. */
#ifndef SL_CONFIG_YAML_H
#define SL_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum {
    SL_YAML_MAX_BYTES = 4 * 1024 * 1024,
    SL_YAML_MAX_DEPTH = 32,
    SL_YAML_MAX_NODES = 200000, /* with every alias counted as what it stands for */
    SL_YAML_MAX_KEYS = 1024,    /* of one mapping */
    SL_YAML_MAX_KEY = 512,      /* bytes of a key */
    SL_YAML_MAX_ANCHORS = 16384,
};

enum sl_yaml_kind { SL_YAML_TEXT, SL_YAML_LIST, SL_YAML_MAP };

struct sl_yaml;

/* An element of a list, or a pair of a mapping. */
struct sl_yaml_item {
    const struct sl_yaml *key; /* NULL in a list */
    const struct sl_yaml *value;
    struct sl_yaml_item *next;
};

struct sl_yaml {
    enum sl_yaml_kind kind;
    unsigned line;    /* from 1 */
    bool plain;       /* a text without quotes */
    const char *text; /* of SL_YAML_TEXT; holds no NUL */
    struct sl_yaml_item *items;
    size_t count;    /* of items */
    size_t nodes;    /* this one and all below, aliases expanded */
    unsigned height; /* 1: nothing below */
};

/* Parses text, at most SL_YAML_MAX_BYTES. name is the file's, for errors. *root is NULL for an
 * empty document. All of it lives in the arena. Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID,
 * "NAME:LINE: what". */
enum sl_code sl_yaml_parse(struct sl_arena *arena, const char *name, const char *text, size_t n,
                           const struct sl_yaml **root, struct sl_err *err) SL_MUST_CHECK;
/* A plain null, ~ or nothing at all: "not set". */
bool sl_yaml_is_null(const struct sl_yaml *node);
/* The value as JSON: plain null, true, false and numbers as such, all other texts as strings. In
 * the arena; NULL past its ceiling. */
const char *sl_yaml_to_json(const struct sl_yaml *node, struct sl_arena *arena);
/* The code point at s (well-formed UTF-8, ended by NUL), where a YAML text has to write it as
 * \uXXXX: controls, line separators, and what YAML 1.1 section 5.1 does not call printable;
 * *length is its bytes. Else 0. */
unsigned sl_yaml_unprintable(const char *s, size_t *length);

#endif
