/* The entries of the registry by name. */
#include <string.h>

#include "base/str.h"
#include "routing/internal.h"

bool sl_find_entry(const struct sl_resolve_spec *spec, const char *name, struct sl_found *out)
{
    bool global = sl_starts_with(name, "global/"), by_alias = false;
    const struct sl_model *m = NULL;
    if (!global)
        m = sl_registry_find_personal(spec->registry, spec->principal->id, name, &by_alias);
    if (!m)
        m = sl_registry_find(spec->registry, global ? name + strlen("global/") : name, &by_alias);
    if (!m)
        return false;
    *out = (struct sl_found){m, by_alias ? "asked by alias" : "asked by name", false};
    return true;
}
