/* What a catalogue holds besides its public part, and what it is while it is read: for registry/catalogue only. */
#ifndef SL_REGISTRY_CATALOGUE_INTERNAL_H
#define SL_REGISTRY_CATALOGUE_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "registry/catalogue/catalogue.h"
#include "registry/catalogue/facts.h"

/* ---- names to models ---- */

struct sl_catalogue_entry {
    const char *name;
    const struct sl_catalogue_model *model;
    bool alias;
    struct sl_catalogue_entry *next; /* of the same bucket */
};

enum { SL_CATALOGUE_BUCKETS = 4096 };

struct sl_catalogue_index {
    struct sl_arena arena; /* of everything */
    atomic_uint refs;
    struct sl_catalogue_entry *buckets[SL_CATALOGUE_BUCKETS];
};

/* Whether two names of models are the same: "GPT-5 Pro" and "gpt-5-pro" are. */
bool sl_catalogue_same_name(const char *a, const char *b);
void sl_catalogue_index_add(struct sl_catalogue_index *index, const char *name,
                            const struct sl_catalogue_model *model, bool alias);
/* The first entry of the bucket where the name would be; look at all of them. */
const struct sl_catalogue_entry *sl_catalogue_index_bucket(const struct sl_catalogue_index *index,
                                                           const char *name);
/* The entry of lowest rank, and whether an alias; NULL if there is none. */
const struct sl_catalogue_entry *sl_catalogue_entry(const struct sl_catalogue *c, const char *name);
/* The same among the models of one provider. */
const struct sl_catalogue_entry *sl_catalogue_entry_of(const struct sl_catalogue *c,
                                                       const struct sl_catalogue_provider *provider,
                                                       const char *name);

/* ---- while it is read ---- */

struct sl_raw_provider {
    struct sl_catalogue_provider p;
    const char *other_site;
    struct sl_raw_model *models; /* newest first */
    size_t n_models;
    struct sl_raw_provider *next;
};

struct sl_raw_model {
    struct sl_catalogue_model m;
    const char *provider; /* as the row says */
    struct sl_raw_model *next;
};

struct sl_raw_entry {
    const char *role, *purpose;
    const char *model, *fallback; /* provider/id */
    double speed_tokens_per_second;
};

struct sl_raw_lineup {
    const char *id, *title, *about;
    bool is_default;
    const struct sl_raw_entry *entries;
    size_t n_entries;
    unsigned line;
    const char *file;
    struct sl_raw_lineup *next;
};

struct sl_raw_pattern {
    const char *pattern, *provider;
    unsigned line;
    const char *file;
    struct sl_raw_pattern *next;
};

/* The lists are in the order of the rows. */
struct sl_catalogue_loading {
    struct sl_catalogue *c;
    struct sl_arena *arena;
    struct sl_raw_provider *providers, **last_provider;
    struct sl_raw_lineup *lineups, **last_lineup;
    struct sl_raw_pattern *patterns, **last_pattern;
    const char *const *order; /* provider ids, first rank first */
    struct sl_err *err;
    /* the row that is being read */
    const char *file;
    unsigned line;
    bool foreign;                   /* from a file of the operator */
    struct sl_raw_provider *lister; /* whose models the lines of the listing are */
};

extern const struct sl_fact_table sl_catalogue_provider_row, sl_catalogue_model_row,
    sl_catalogue_lineup_row, sl_catalogue_pattern_row;

/* Takes one row of the section ("models"; "listing" for a line of catalogue.jsonl). False: the reader's why says what is wrong; reader->key is "" where it is
 * about the whole row. */
bool sl_catalogue_take(struct sl_catalogue_loading *l, const char *section,
                       struct sl_fact_reader *r, int row);
/* Whether there is a section of that name. */
bool sl_catalogue_has_section(const char *section);
/* By id, alias or kind, among those read so far. */
struct sl_raw_provider *sl_catalogue_raw_provider(const struct sl_catalogue_loading *l,
                                                  const char *name);
/* Fills in the public part from what was read. */
enum sl_code sl_catalogue_finish(struct sl_catalogue_loading *l) SL_MUST_CHECK;

/* sl_catalogue_parse, with or without what is in the binary. */
enum sl_code sl_catalogue_make(bool built_in, const char *name, struct sl_str text,
                               struct sl_catalogue **out, struct sl_err *err) SL_MUST_CHECK;

/* A file in the binary. */
struct sl_catalogue_file {
    const char *name;
    const unsigned char *bytes;
    const size_t *size;
};
extern const struct sl_catalogue_file sl_catalogue_list;    /* catalogue.jsonl, read first */
extern const struct sl_catalogue_file sl_catalogue_files[]; /* those of facts/, in their order */
extern const size_t sl_catalogue_n_files;
enum sl_code sl_catalogue_read_list(struct sl_catalogue_loading *l,
                                    const struct sl_catalogue_file *file) SL_MUST_CHECK;
enum sl_code sl_catalogue_read_facts(struct sl_catalogue_loading *l,
                                     const struct sl_catalogue_file *file) SL_MUST_CHECK;
/* Reads the operator's. */
enum sl_code sl_catalogue_read_file(struct sl_catalogue_loading *l, const char *text,
                                    size_t n) SL_MUST_CHECK;

#endif
