/* Labels from what is known of a model. */
#include "registry/label.h"

#include <string.h>

static const char personal[] = "(personal)";

const char *sl_model_label(const struct sl_model *m)
{
    if (*m->owner)
        return personal;
    if (strcmp(m->source, "detected") != 0)
        return m->name;
    return m->known ? m->known->id : "(unknown)";
}

const char *sl_model_provider_label(const struct sl_model *m)
{
    return *m->owner ? personal : m->provider;
}
