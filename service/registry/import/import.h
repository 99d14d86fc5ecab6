/* Configurations of other programs, read into a plan: LiteLLM's config.yaml, mongoexport's lines
 * of model_config documents, llm_models.json, .env files. Pure: reads the bytes it is given, keeps
 * nothing, calls nobody. Any thread. */
#ifndef SL_REGISTRY_IMPORT_IMPORT_H
#define SL_REGISTRY_IMPORT_IMPORT_H

#include "registry/catalogue/catalogue.h"
#include "registry/import/plan.h"

struct sl_import_file {
    const char *name; /* for places, and for files that include each other */
    const char *text; /* not NUL-terminated */
    size_t n;
};

struct sl_import_in {
    const struct sl_import_file *files; /* the first is read; others are what it includes */
    size_t n_files;
    enum sl_import_format format; /* SL_IMPORT_UNKNOWN: found from the content */
    const struct sl_catalogue *catalogue;
    /* The value of a variable that is no secret (an address, a region), NULL where it is not known.
     * May be NULL. The result is borrowed until the reading ends. */
    const char *(*variable)(void *owner, const char *name);
    void *owner;
};

/* Fills a plan that was initialised. Every value of the file is either in the plan or has a note.
 * Errors: SL_INVALID_ARGUMENT, CONFIG_INVALID: no YAML or JSON ("NAME:LINE: what"), too long, of
 * no format that is known, more notes or models than the ceilings. */
enum sl_code sl_import_read(const struct sl_import_in *in, struct sl_import_plan *plan,
                            struct sl_err *err) SL_MUST_CHECK;

/* What the text looks like; never SL_IMPORT_UNKNOWN: what is nothing else is a .env file where it
 * has a line NAME=VALUE, and YAML where it has not. */
enum sl_import_format sl_import_detect(const char *name, const char *text, size_t n);
/* "litellm", "model_config", "llm_models", "env", "". */
const char *sl_import_format_name(enum sl_import_format format);

/* ---- addresses ---- */

/* Why the address is no provider's but a proxy's, or of a network inside, as the end of a sentence
 * ("is LiteLLM's port 4000"); NULL where it may well be a provider's. "" is empty: a proxy's. */
const char *sl_import_proxy(const char *url);
/* The same, but for where it leads: NULL for an address inside that may be a server of one's own. */
const char *sl_import_proxy_by_looks(const char *url);

#endif
