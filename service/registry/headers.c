/* Extra headers: literal values, and those behind references, which are secrets. */
#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "registry/maker.h"

static enum sl_code read_secret(struct sl_header_list *list, const char *reference,
                                const char *place, struct sl_header *h, struct sl_err *err)
{
    struct sl_secret *secret = NULL;
    struct sl_err why = {0};
    if (sl_config_secret(reference, &secret, &why))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "headers",
                            "%s: headers lead nowhere: %s", place, why.text);
    struct sl_registry_secret *kept = SL_ARENA_NEW(list->arena, struct sl_registry_secret);
    kept->text = sl_arena_strdup(list->arena, sl_secret_reveal(secret));
    kept->next = list->secrets;
    list->secrets = kept;
    h->value = kept->text;
    sl_secret_unref(secret);
    return SL_OK;
}

enum sl_code sl_headers_add(struct sl_header_list *list, const struct sl_config_pairs *pairs,
                            const char *place, struct sl_err *err)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *value = pairs->list[i].value;
        struct sl_header *h = SL_ARENA_NEW(list->arena, struct sl_header);
        h->name = sl_arena_strdup(list->arena, pairs->list[i].key);
        h->secret = sl_starts_with(value, "env:") || sl_starts_with(value, "file:");
        if (!h->secret)
            h->value = sl_arena_strdup(list->arena, value);
        else if (read_secret(list, value, place, h, err))
            return err->code;
        *list->tail = h;
        list->tail = &h->next;
    }
    return SL_OK;
}
