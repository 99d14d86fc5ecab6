/* Walking a configuration without losing anything: every value that is taken is remembered by its
 * path, every note too, and in the end whatever was neither taken nor noted gets its note. For
 * registry/import/ only. One thread. */
#ifndef SL_REGISTRY_IMPORT_SOURCE_H
#define SL_REGISTRY_IMPORT_SOURCE_H

#include "base/str.h"
#include "config/yaml.h"
#include "registry/import/import.h"

enum { SL_PATH_BUCKETS = 4096 };

struct sl_path_mark; /* in source.c */

/* One YAML or JSON text. */
struct sl_import_doc {
    const char *file;
    unsigned base;      /* lines before it in the file */
    const char *prefix; /* of its paths: "", "included.yaml: " */
};

/* A value and where it stands. node NULL: it is not there. */
struct sl_at {
    const struct sl_import_doc *doc;
    const struct sl_yaml *node;
    const char *path;
};

/* A reading under way. */
struct sl_import_reader {
    const struct sl_import_in *in;
    struct sl_import_plan *plan;
    struct sl_arena arena; /* of the trees; goes with the reading */
    struct sl_import_wipe *wipes;
    struct sl_path_mark *marks[SL_PATH_BUCKETS];
    struct sl_at environment; /* variables that the file sets itself; node NULL: none */
    struct sl_err *err;
};

void sl_reader_init(struct sl_import_reader *r, const struct sl_import_in *in,
                    struct sl_import_plan *plan, struct sl_err *err);
/* Wipes what was taken as a key. */
void sl_reader_fini(struct sl_import_reader *r);

/* Parses a text; *out's node is NULL where it is empty. Errors with file and line. */
enum sl_code sl_at_parse(struct sl_import_reader *r, const struct sl_import_doc *doc,
                         struct sl_str text, struct sl_at *out, struct sl_err *err) SL_MUST_CHECK;

/* The member; its node is NULL where there is none, or at is no mapping. */
struct sl_at sl_at_get(struct sl_import_reader *r, struct sl_at at, const char *key);
/* The pair or element that item is. */
struct sl_at sl_at_item(struct sl_import_reader *r, struct sl_at at,
                        const struct sl_yaml_item *item, size_t index);
/* Walks: for (item = sl_at_first(at), i = 0; item; item = item->next, i++). */
static inline const struct sl_yaml_item *sl_at_first(struct sl_at at)
{
    return at.node && at.node->kind != SL_YAML_TEXT ? at.node->items : NULL;
}
static inline bool sl_at_is(struct sl_at at, enum sl_yaml_kind kind)
{
    return at.node && at.node->kind == kind;
}
/* "config.yaml:12"; in the plan's arena. */
const char *sl_at_place(struct sl_import_reader *r, struct sl_at at);

/* The text, in the plan's arena, and remembered as carried; NULL where it is no text, or null. */
const char *sl_at_text(struct sl_import_reader *r, struct sl_at at);
/* The text as it stands, borrowed, nothing remembered; "" where there is none. */
const char *sl_at_peek(struct sl_at at);
/* The same of members. */
const char *sl_at_member(struct sl_import_reader *r, struct sl_at at, const char *key);
/* Numbers and switches; false, and a note, where it is something else. Nothing where it is not there. */
bool sl_at_number(struct sl_import_reader *r, struct sl_at at, double *out);
bool sl_at_bool(struct sl_import_reader *r, struct sl_at at, bool *out);
/* Remembers the value, and all below it, as carried. */
void sl_at_carry(struct sl_import_reader *r, struct sl_at at);
/* Whether it, or something above it, was carried or noted. */
bool sl_at_done(struct sl_import_reader *r, struct sl_at at);
/* A note about the value, which then counts as done, with all below it. INFO: it is carried besides. */
void sl_at_note(struct sl_import_reader *r, enum sl_import_level level, struct sl_at at,
                const char *fmt, ...) SL_PRINTF(4, 5);
/* A key of the file: a literal, or "os.environ/NAME" (also "${NAME}", "$NAME", "env:NAME"). Nothing where
 * it is empty. */
void sl_at_key(struct sl_import_reader *r, struct sl_at at, struct sl_import_key *out);
/* Whether the text names a variable; its name, in the plan's arena. */
const char *sl_import_variable(struct sl_import_plan *p, const char *text);
/* A text that may name a variable, with its value; NULL, and an error note, where that is not known. */
const char *sl_at_resolved(struct sl_import_reader *r, struct sl_at at);
/* Notes all that was neither carried nor noted; why as in sl_import_why. */
void sl_at_rest(struct sl_import_reader *r, struct sl_at root);

/* Why a setting is not carried: a sentence for people, never NULL. */
const char *sl_import_why(const char *path);

/* ---- the formats ---- */

typedef enum sl_code sl_import_parser(struct sl_import_reader *r);
enum sl_code sl_import_litellm(struct sl_import_reader *r) SL_MUST_CHECK;
enum sl_code sl_import_model_config(struct sl_import_reader *r) SL_MUST_CHECK;
enum sl_code sl_import_llm_models(struct sl_import_reader *r) SL_MUST_CHECK;
enum sl_code sl_import_env(struct sl_import_reader *r) SL_MUST_CHECK;

#endif
