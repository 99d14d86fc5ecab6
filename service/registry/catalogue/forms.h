/* What an id says of the model it derives from: for registry/catalogue only. */
#ifndef SL_REGISTRY_CATALOGUE_FORMS_H
#define SL_REGISTRY_CATALOGUE_FORMS_H

#include <stdbool.h>

#include "registry/catalogue/catalogue.h"

/* "ft:BASE:organization:suffix:id", of OpenAI and Mistral. */
bool sl_form_is_fine_tuned(const char *id);
/* The entry of the id at the provider, else of what it is made from: without the wrapping of fine-tuned ids, region
 * and vendor of Bedrock, path of Vertex AI and routers, dates, versions and tags; first at the provider, then anywhere.
 * provider may be NULL: anywhere. NULL where nothing is known. */
const struct sl_catalogue_model *sl_form_base(const struct sl_catalogue *c,
                                              const struct sl_catalogue_provider *provider,
                                              const char *id);
/* Only without dates, versions and tags. */
const struct sl_catalogue_model *sl_form_undated(const struct sl_catalogue *c,
                                                 const struct sl_catalogue_provider *provider,
                                                 const char *id);

#endif
