/* What the formats share: whose model a name means, where a base URL leads, whether a key is one. For
 * registry/import/ only. */
#ifndef SL_REGISTRY_IMPORT_SHAPES_H
#define SL_REGISTRY_IMPORT_SHAPES_H

#include "registry/import/source.h"

/* Whose a model is, as LiteLLM and others write it: "provider/model", or a bare name. */
struct sl_import_whose {
    const char *provider; /* id as the registry has it; NULL: none */
    const char *kind;
    const struct sl_catalogue_provider *known; /* NULL: a server of its own */
    const char *model_id;
    const char *why; /* with provider NULL: why not, a sentence */
};

/* prefix: custom_llm_provider or "" ; base_url: "" or where it is asked. In the plan's arena. */
struct sl_import_what {
    const char *model;
    const char *prefix;
    const char *base_url;
};
void sl_import_find_whose(struct sl_import_reader *r, const struct sl_import_what *what,
                          struct sl_import_whose *out);
/* The id the registry knows the catalogue's provider by. */
const char *sl_import_provider_id(const struct sl_catalogue_provider *p);
/* The base URL to store: "" where it is the provider's own, without '/' at its end, with what the adapter
 * wants behind it. */
const char *sl_import_base_url(struct sl_import_reader *r, const struct sl_import_whose *whose,
                               const char *url);
/* Where the provider is asked, unless something else is said; NULL: it has no address of its own. */
const char *sl_import_own_address(const struct sl_import_whose *whose);
/* Where requests go instead of url: the provider's own address, at the same host, whose path is another one. NULL where
 * they go to url. */
const char *sl_import_other_path(const struct sl_import_whose *whose, const char *url);
/* Says so of the address that the file has there. */
void sl_import_note_path(struct sl_import_reader *r, struct sl_at at,
                         const struct sl_import_whose *whose, const char *url);
/* Whether the provider reads its key from that variable by itself. */
bool sl_import_is_usual_key(const struct sl_catalogue_provider *p, const char *variable);
/* Whether the text stands for a key that somebody was to fill in: "your_key_here", "sk-xxxx", "<key>". */
bool sl_import_is_placeholder(const char *text);
/* Takes the key of an entry, notes a placeholder. */
void sl_import_take_key(struct sl_import_reader *r, struct sl_at at, struct sl_import_key *out);
/* Sets usual_key, once provider and base URL are known. */
void sl_import_settle_key(struct sl_import_model *m, const struct sl_import_whose *whose);

#endif
