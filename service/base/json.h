/* JSON for the request path: strict tokens over the received bytes, strings decoded in place, raw
 * values copied unchanged; and a writer into segments. (Configuration and the control plane use
 * jansson.)
 *
 * A document borrows its text, which it changes: decoding a string writes the decoded bytes and a
 * NUL over the source. Take raw slices of a value before decoding strings inside it. Not
 * thread-safe; one parser a thread. */
#ifndef SL_BASE_JSON_H
#define SL_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/seg.h"
#include "base/str.h"

enum { SL_JSON_MAX_DEPTH = 64, SL_JSON_MAX_TOKENS = 4 * 1024 * 1024 };

enum sl_json_type {
    SL_JSON_NONE,
    SL_JSON_NULL,
    SL_JSON_BOOL,
    SL_JSON_NUMBER,
    SL_JSON_STRING,
    SL_JSON_ARRAY,
    SL_JSON_OBJECT
};

struct sl_json_tok; /* in json.c */

/* The token pool, reused from parse to parse. */
struct sl_json_parser {
    struct sl_json_tok *tok;
    unsigned cap;
    unsigned sides;
    char **side; /* decoded strings that grew past their place: repaired ones */
};

void sl_json_parser_init(struct sl_json_parser *p);
void sl_json_parser_fini(struct sl_json_parser *p);

/* A parsed text; valid until the parser's next parse, and as long as the text. */
struct sl_json {
    char *text;
    struct sl_json_tok *tok;
    int count;
    struct sl_json_parser *parser;
};

/* A value is named by its token's index; the root is 0, -1 is "not there", and every function
 * accepts -1. */
enum { SL_JSON_ROOT = 0, SL_JSON_ABSENT = -1 };

/* Parses text[0..n), which it does not change. Exactly one value, white space around it allowed.
 * Checked: strict JSON grammar (RFC 8259), depth, token count. Error: SL_UNAVAILABLE,
 * PROVIDER_GARBAGE, with the offset. */
enum sl_code sl_json_parse(struct sl_json_parser *p, char *text, size_t n, struct sl_json *out,
                           struct sl_err *err) SL_MUST_CHECK;

enum sl_json_type sl_json_type(const struct sl_json *j, int value);
/* The member's value, or SL_JSON_ABSENT; the first of equal keys. Key escapes are not decoded. */
int sl_json_member(const struct sl_json *j, int object, const char *key);
/* As sl_json_member, and SL_JSON_ABSENT too where the value is null. */
int sl_json_present(const struct sl_json *j, int object, const char *key);
/* Walks an array's elements or an object's keys (the value of key k is k + 1):
 *     for (int k = sl_json_first(j, v); k >= 0; k = sl_json_next(j, v, k)) */
int sl_json_first(const struct sl_json *j, int container);
int sl_json_next(const struct sl_json *j, int container, int child);
/* Number of elements or members. */
int sl_json_size(const struct sl_json *j, int container);

/* Strings: decoded in place, NUL-terminated, always well-formed UTF-8 without NUL (U+0000, lone
 * surrogates and ill-formed bytes become U+FFFD; *repaired, if not NULL, is then set to true, never
 * to false). NULL where the value is not a string. Calling it again gives the same. *len may be
 * NULL. */
char *sl_json_string(struct sl_json *j, int value, size_t *len, bool *repaired);
/* Whether the string's decoded bytes equal s, without decoding (escapes never match). */
bool sl_json_string_is(const struct sl_json *j, int value, const char *s);
/* False where the value is not such; fractions and exponents are accepted for integers when they
 * are whole numbers. */
bool sl_json_int(const struct sl_json *j, int value, int64_t *out);
bool sl_json_double(const struct sl_json *j, int value, double *out);
bool sl_json_bool(const struct sl_json *j, int value, bool *out);
/* The value's bytes as received, quotes included; maybe not UTF-8 where a provider sent such
 * (sl_json_check tells). */
struct sl_str sl_json_raw(const struct sl_json *j, int value);

/* Whether text is one strict JSON value of that type (SL_JSON_NONE: of any type), within the depth
 * and token limits, and well-formed UTF-8. Does not change the text. Error: SL_INVALID_ARGUMENT,
 * INVALID_REQUEST, with the offset. */
bool sl_json_check(const char *text, size_t n, enum sl_json_type type, struct sl_err *err);

/* ---- writer ---- */

/* Writes one JSON text into segments. Commas and colons are its business. Long strings that need no
 * escape, raw JSON and base64 data are borrowed, not copied: they must outlive the segments. */
struct sl_json_writer {
    struct sl_arena *arena;
    struct sl_segs *out;
    char *chunk; /* open text chunk */
    size_t used, size;
    uint8_t depth;
    uint64_t comma; /* bit d: a comma is due at depth d */
    bool after_key;
};

void sl_jw_init(struct sl_json_writer *w, struct sl_arena *arena, struct sl_segs *out);
/* Ends the text: the open chunk goes into the segments. */
void sl_jw_finish(struct sl_json_writer *w);
void sl_jw_object(struct sl_json_writer *w);
void sl_jw_object_end(struct sl_json_writer *w);
void sl_jw_array(struct sl_json_writer *w);
void sl_jw_array_end(struct sl_json_writer *w);
/* A literal that needs no escape. */
void sl_jw_key(struct sl_json_writer *w, const char *key);
void sl_jw_string(struct sl_json_writer *w, const char *s);
void sl_jw_string_n(struct sl_json_writer *w, const char *s, size_t n);
void sl_jw_int(struct sl_json_writer *w, int64_t v);
/* The shortest text that reads back as the same double; NaN and infinities are a programmer's
 * error. */
void sl_jw_double(struct sl_json_writer *w, double v);
void sl_jw_bool(struct sl_json_writer *w, bool v);
void sl_jw_null(struct sl_json_writer *w);
/* A JSON value as text, unchanged (borrowed when long). */
void sl_jw_raw(struct sl_json_writer *w, const char *json, size_t n);
/* The members of a JSON object, given as text, added to the open object unchanged. An empty or
 * blank text adds none. */
void sl_jw_members(struct sl_json_writer *w, const char *object_json, size_t n);
/* A string in pieces: begin, any of text (escaped) and base64 (borrowed), end. */
void sl_jw_string_begin(struct sl_json_writer *w);
void sl_jw_string_text(struct sl_json_writer *w, const char *s, size_t n);
void sl_jw_string_base64(struct sl_json_writer *w, const void *data, size_t n);
void sl_jw_string_end(struct sl_json_writer *w);

#endif
