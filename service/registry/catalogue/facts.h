/* One row of a catalogue file, read by a table of its fields: for registry/catalogue only. */
#ifndef SL_REGISTRY_CATALOGUE_FACTS_H
#define SL_REGISTRY_CATALOGUE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"

enum sl_fact_type {
    SL_FACT_TEXT,    /* const char * */
    SL_FACT_ID,      /* const char *: 1 to 200 printable bytes without a space */
    SL_FACT_TEXTS,   /* const char *const *, NULL-terminated */
    SL_FACT_DATE,    /* int32_t: "2026-02-27" or "2026-02", as days since 1970 */
    SL_FACT_COUNT,   /* int32_t, 0 or more */
    SL_FACT_NUMBER,  /* double, 0 or more */
    SL_FACT_DOLLARS, /* int64_t: dollars, kept as millionths */
    SL_FACT_FLAG,    /* int8_t: 0 or 1 */
    SL_FACT_BOOL,    /* bool */
    SL_FACT_WORD,    /* an enum: the place of the word in words */
    SL_FACT_MEDIA,   /* uint8_t of SL_MEDIA_* */
    SL_FACT_JSON,    /* const char *: an object as written */
    SL_FACT_ROW,     /* an embedded struct, by a table of its own */
    SL_FACT_ROWS,    /* an array of structs and, at count_offset, a size_t */
};

struct sl_fact_table;

struct sl_fact_field {
    const char *name;  /* in files of people */
    const char *brief; /* in catalogue.jsonl; NULL: not there */
    enum sl_fact_type type;
    size_t offset, count_offset;
    const struct sl_fact_table *table; /* of SL_FACT_ROW and SL_FACT_ROWS */
    const char *const *words;          /* of SL_FACT_WORD, NULL-terminated, by the enum's number */
};

struct sl_fact_table {
    const struct sl_fact_field *fields;
    size_t n_fields;
    size_t size;        /* of the struct */
    const void *preset; /* what a new element begins as; NULL: zeros */
};

struct sl_fact_reader {
    struct sl_json *json;
    struct sl_arena *arena; /* strings and arrays */
    bool brief;             /* the brief names, and 0 and 1 for truth values */
    /* of an error */
    char key[128]; /* field of the row's first level, as written */
    char why[256]; /* end of a sentence: "model prices.inptu is not known" */
};

/* Sets the fields that the object names in *to and leaves the others. False: reader->key and why say what is wrong, and
 * to may be half changed. */
bool sl_fact_read(struct sl_fact_reader *r, int object, const struct sl_fact_table *table,
                  void *to);
/* A copy that lives in the arena. */
const char *sl_fact_copy(struct sl_fact_reader *r, const char *s);
/* "" as the start for every text and an empty list for every list of texts that is NULL. */
void sl_fact_fill(const struct sl_fact_table *table, void *row);

#endif
