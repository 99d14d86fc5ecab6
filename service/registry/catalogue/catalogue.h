/* What is known of providers and models before anybody configures anything: addresses, key variables, prices, limits,
 * capabilities, life cycles, line-ups. Built from the bytes in the binary and, over them, the file of the setting
 * catalogue.file; immutable and reference-counted from then on: any thread may read, and whatever is found lives as
 * long as the catalogue. Strings are never NULL ("": not known), lists of strings end with NULL.
 *
 * Names are compared without regard to ASCII case, those of models also with a space as good as a '-' ("GPT-5 Pro").
 * Dates are days since 1970-01-01 UTC, 0: not known; a month alone
 * counts as its first day. Prices are micro-dollars per million tokens, -1: not known. */
#ifndef SL_REGISTRY_CATALOGUE_CATALOGUE_H
#define SL_REGISTRY_CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- providers ---- */

/* Where an account lives, for providers with two separate ones: a key of one is not taken by the other. */
enum sl_catalogue_site {
    SL_SITE_ONLY,
    SL_SITE_INTERNATIONAL,
    SL_SITE_CHINA,
};

struct sl_catalogue_provider {
    const char *id;   /* "togetherai" */
    const char *name; /* for people, "Together AI" */
    const char
        *kind; /* adapter, "together"; "custom": OpenAI-shaped; "": no adapter speaks its wire */
    bool kind_default;             /* the provider that is meant where only its kind is said */
    const char *base_url;          /* "": the kind's own, or it depends on the account */
    const char *base_url_template; /* with ${VARIABLE} where it depends on the account, else "" */
    const char *base_url_variable; /* "MOONSHOT_BASE_URL" */
    const char *const
        *key_variables;          /* environment variables that hold its key, the usual one first */
    const char *const *settings; /* other variables users set: region, project, resource */
    const char *const *aliases;  /* other words for it in provider/model */
    const char *doc;             /* its page on models */
    const char *key_page;        /* where a key is made */
    enum sl_catalogue_site site;
    const struct sl_catalogue_provider *other_site; /* NULL: there is one site */
    const struct sl_catalogue_model *const *models; /* by id */
    size_t n_models;
    unsigned
        rank; /* of bare names that several providers serve the lowest wins: see docs/catalogue.md */
};

/* ---- models ---- */

enum sl_catalogue_status {
    SL_STATUS_ACTIVE,
    SL_STATUS_ALPHA,
    SL_STATUS_BETA,
    SL_STATUS_DEPRECATED, /* still served; an end is announced, or the provider advises against it */
    SL_STATUS_RETIRED,    /* no longer served under this name */
};

struct sl_catalogue_prices {
    int64_t input, cache_read, cache_write, output, reasoning, input_audio, output_audio;
};

/* Prices of a request whose input is at least from_tokens. Buckets that a tier does not change are repeated. */
struct sl_catalogue_tier {
    int32_t from_tokens;
    struct sl_catalogue_prices prices;
};

/* Bits of input and output. */
enum {
    SL_MEDIA_TEXT = 1,
    SL_MEDIA_IMAGE = 2,
    SL_MEDIA_PDF = 4,
    SL_MEDIA_AUDIO = 8,
    SL_MEDIA_VIDEO = 16,
};

/* What a model is good for. */
struct sl_catalogue_task {
    const char
        *task; /* chat, code, reasoning, research, vision, long_context, high_volume, agents, ... */
    const char *
        params_json; /* "" or an object of request parameters that its provider advises for the task */
    const char *source; /* page */
};

struct sl_catalogue_score {
    const char *benchmark; /* "SWE-bench Verified" */
    double value;          /* in the benchmark's own unit, mostly per cent */
    const char *source;    /* page that published it */
};

struct sl_catalogue_model {
    const struct sl_catalogue_provider *provider;
    const char *id; /* as it is named here; sent as send_id says */
    const char *name, *family;
    const char *const *aliases;
    const char
        *api; /* API the provider wants it asked by, "responses"; "": the adapter's default */

    /* life */
    enum sl_catalogue_status status; /* as recorded; sl_catalogue_status_at says as of a moment */
    int32_t released, announced, retires; /* announced: when its end was made public */
    const char *successor; /* id at the same provider, or provider/id; "": none named */
    const char *served_as; /* id that the provider serves under this name today; "": itself */
    const char *lifecycle_source;

    /* limits in tokens, 0: not known */
    int32_t context_tokens, max_input_tokens, max_output_tokens;
    int32_t embedding_dimensions;

    struct sl_catalogue_prices prices;
    const struct sl_catalogue_tier *tiers; /* by from_tokens */
    size_t n_tiers;

    /* capabilities: -1 not known, 0 no, 1 yes */
    int8_t chat, streaming, tools, vision, json_schema, reasoning, embeddings, images, rerank;
    int8_t temperature;    /* whether it takes one */
    int8_t attachments;    /* files beside text */
    int8_t open_weights;   /* whether they are published */
    uint8_t input, output; /* SL_MEDIA_*, 0: not known */

    /* how reasoning is asked for */
    bool reasoning_toggle;               /* may be switched on and off */
    const char *const *reasoning_levels; /* efforts it takes: "low", "high"; none: not known */
    int32_t reasoning_budget_min,
        reasoning_budget_max;    /* tokens; 0: not known, budget_min > 0: takes a budget */
    const char *reasoning_field; /* where an OpenAI-shaped answer carries it */

    int32_t knowledge;              /* cut-off */
    double speed_tokens_per_second; /* a start value until own measurements exist; 0: not known */
    const char *speed_source;
    const struct sl_catalogue_task *tasks;
    size_t n_tasks;
    const char *const *strengths; /* short phrases */
    const struct sl_catalogue_score *scores;
    size_t n_scores;
    const char *source; /* page of facts that were added by hand; "": the listing */
};

/* ---- line-ups ---- */

struct sl_lineup_entry {
    const char *role;    /* "default", "flagship", "code" */
    const char *purpose; /* a sentence */
    const struct sl_catalogue_model *model;
    const struct sl_catalogue_model *fallback; /* NULL: none */
    double speed_tokens_per_second;            /* as the line-up states it; 0: not stated */
};

struct sl_lineup {
    const char *id;    /* "january-2026" */
    const char *title; /* "January 2026" */
    const char *about;
    bool is_default;
    const struct sl_lineup_entry *entries;
    size_t n_entries;
};

/* A name that begins like a provider's models: "gpt-*". */
struct sl_catalogue_pattern {
    const char *pattern; /* '*' is any run of characters */
    const struct sl_catalogue_provider *provider;
};

struct sl_catalogue_index; /* in internal.h */

struct sl_catalogue {
    const char *taken;                                    /* day of the listing, "2026-07-02" */
    const struct sl_catalogue_provider *const *providers; /* by rank */
    size_t n_providers;
    size_t n_models;
    const struct sl_lineup *lineups;
    size_t n_lineups;
    const struct sl_catalogue_pattern *patterns;
    size_t n_patterns;
    /* private from here on */
    struct sl_catalogue_index *index;
};

/* ---- life ---- */

/* The built-in catalogue, and over it the file (YAML or JSON; NULL or "": none). Reads a file: not on a loop.
 * Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID, with file and line; *out is set on success only. */
enum sl_code sl_catalogue_load(const char *file, struct sl_catalogue **out,
                               struct sl_err *err) SL_MUST_CHECK;
/* The same with the file's text; name is the file's, for errors. text may be NULL: none. */
enum sl_code sl_catalogue_parse(const char *name, const char *text, size_t n,
                                struct sl_catalogue **out, struct sl_err *err) SL_MUST_CHECK;
/* Any thread. */
struct sl_catalogue *sl_catalogue_ref(struct sl_catalogue *c);
/* Any thread. Accepts NULL. */
void sl_catalogue_unref(struct sl_catalogue *c);
/* Bytes that the catalogue keeps on the heap. */
size_t sl_catalogue_memory(const struct sl_catalogue *c);

/* ---- look-ups; NULL where there is none ---- */

/* By id, alias, or kind (of several with that kind, the kind's default). */
const struct sl_catalogue_provider *sl_catalogue_provider(const struct sl_catalogue *c,
                                                          const char *name);
/* The one that is meant by the kind alone; NULL for kinds without a default (custom) too. */
const struct sl_catalogue_provider *sl_catalogue_provider_by_kind(const struct sl_catalogue *c,
                                                                  const char *kind);
/* The provider of that kind whose base URL leads to the same scheme, host and port. */
const struct sl_catalogue_provider *sl_catalogue_provider_at(const struct sl_catalogue *c,
                                                             const char *kind,
                                                             const char *base_url);
/* By provider id and the model's id or alias; provider may be an alias or a kind, too: then all
 * providers of the kind are looked through. */
const struct sl_catalogue_model *sl_catalogue_model(const struct sl_catalogue *c,
                                                    const char *provider, const char *id);
/* By id or alias alone: of several providers the one with the lowest rank. */
const struct sl_catalogue_model *sl_catalogue_find(const struct sl_catalogue *c, const char *name);
/* By id or title; NULL or "": the default one. */
const struct sl_lineup *sl_catalogue_lineup(const struct sl_catalogue *c, const char *name);

/* ---- facts ---- */

/* The id to put on the wire: served_as where the provider serves the name by another model. */
const char *sl_catalogue_send_id(const struct sl_catalogue_model *m);
/* Prices of a request with that many input tokens. */
const struct sl_catalogue_prices *sl_catalogue_prices_at(const struct sl_catalogue_model *m,
                                                         int64_t input_tokens);
/* The status at a moment (milliseconds since 1970): a retirement date that has come makes it RETIRED, one that has
 * been announced by then DEPRECATED. */
enum sl_catalogue_status sl_catalogue_status_at(const struct sl_catalogue_model *m, int64_t now_ms);
/* Whole days until it retires, 0 or less from that day on; false where no date is known. */
bool sl_catalogue_days_left(const struct sl_catalogue_model *m, int64_t now_ms, int64_t *days);
/* The successor, followed until one is not retired at that moment; NULL where none is named or known. */
const struct sl_catalogue_model *sl_catalogue_successor(const struct sl_catalogue *c,
                                                        const struct sl_catalogue_model *m,
                                                        int64_t now_ms);
/* "active", "deprecated", ... */
const char *sl_catalogue_status_name(enum sl_catalogue_status status);
/* "2026-02-27", "" for 0. */
void sl_catalogue_date_text(int32_t date, char out[11]);

/* For an error about a refused key: where the kind has two sites, one sentence that names the other one, its base URL
 * and the variable that chooses it. "" (and false) where the kind has one site or base_url is neither. */
bool sl_catalogue_site_hint(const struct sl_catalogue *c, const char *kind, const char *base_url,
                            char *text, size_t size);

#endif
