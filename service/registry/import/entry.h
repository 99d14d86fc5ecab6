/* A model as an application keeps it: a name, an address, a key. Addresses that lead to a proxy are replaced
 * by the provider's own. For registry/import/ only. */
#ifndef SL_REGISTRY_IMPORT_ENTRY_H
#define SL_REGISTRY_IMPORT_ENTRY_H

#include "registry/import/shapes.h"

struct sl_import_entry {
    const char *name; /* of the model here; "": as model */
    struct sl_at at;  /* all of it */
    struct sl_at model, provider, url, key;
};

/* The model; NULL where it is not carried, with a note. */
struct sl_import_model *sl_import_take_entry(struct sl_import_reader *r,
                                             const struct sl_import_entry *e);
/* Fields that several formats have: temperature, max_tokens, context_window, enabled, description, ... */
void sl_import_common_fields(struct sl_import_reader *r, struct sl_at at,
                             struct sl_import_model *m);
/* Splits concatenated JSON values, whatever line breaks are between them. Returns the length of the first one in text
 * after white space and commas, whose start is *start; 0 at the end. */
size_t sl_import_next_json(struct sl_str text, size_t *start);

#endif
