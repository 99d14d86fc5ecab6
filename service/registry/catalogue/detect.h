/* From a name to its provider, the id to send and the facts that hold for it. Pure: reads a catalogue and what it is
 * given, keeps nothing. Any thread. */
#ifndef SL_REGISTRY_CATALOGUE_DETECT_H
#define SL_REGISTRY_CATALOGUE_DETECT_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/catalogue/catalogue.h"

/* A pattern of the configuration or the registry. */
struct sl_detect_pattern {
    const char *pattern;  /* '*' is any run of characters; case does not count */
    const char *provider; /* id of a configured provider, of the catalogue, or a kind */
};

/* A provider of the configuration or the registry, for the form provider/model. */
struct sl_detect_provider {
    const char *id;
    const char *kind;
};

struct sl_detect_in {
    const char *name;       /* what is looked for */
    const char *provider;   /* id or kind where it is known already; NULL or "": find it */
    const char *base_model; /* whose facts to inherit, as said; NULL or "": find it */
    const struct sl_detect_pattern *patterns;
    size_t n_patterns;
    const struct sl_detect_provider
        *providers; /* they come before the catalogue's of the same id */
    size_t n_providers;
};

enum sl_detect_how {
    SL_DETECT_PROVIDER,   /* the provider was given */
    SL_DETECT_PREFIX,     /* provider/model */
    SL_DETECT_CATALOGUE,  /* the catalogue's id */
    SL_DETECT_ALIAS,      /* the catalogue's alias */
    SL_DETECT_FINE_TUNED, /* ft:BASE:... */
    SL_DETECT_DATED,      /* a known model's name with a date or a version behind it */
    SL_DETECT_CUSTOM,     /* a pattern of the configuration */
    SL_DETECT_PATTERN,    /* a built-in pattern */
};

struct sl_detected {
    const char *provider_id;                      /* of the configuration or the catalogue */
    const char *kind;                             /* adapter; "": no adapter speaks its wire */
    const struct sl_catalogue_provider *provider; /* NULL: of the configuration alone */
    const char *model_id;                   /* to send: a part of in->name, or the catalogue's */
    const struct sl_catalogue_model *model; /* its own entry; NULL: it has none */
    const struct sl_catalogue_model
        *base; /* whose facts hold: model, or what it derives from; NULL: not known */
    bool
        base_prices; /* whether base's prices hold, too: not where another provider runs the model */
    enum sl_detect_how how;
    const char *pattern; /* that matched, "" if none did */
    int score;           /* 0-100: how sure; an exact name 100, a pattern at most 60 */
};

/* The order: the given provider; provider/model; ids and aliases of the catalogue; patterns of the caller; fine-tuned
 * ids; known names with a date; built-in patterns. Of patterns the one with most characters that are no '*' wins, of
 * equals the first. False where nothing is known of the name; the registry then asks its default provider, unless the name has a '/'.
 * *out is set on success only. */
bool sl_detect(const struct sl_catalogue *c, const struct sl_detect_in *in,
               struct sl_detected *out) SL_MUST_CHECK;

/* "a catalogue alias", for people. */
const char *sl_detect_how_text(enum sl_detect_how how);

#endif
