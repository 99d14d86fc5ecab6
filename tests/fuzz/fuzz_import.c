/* Configurations of other programs. The first byte, '0' to '4', is the format; anything else belongs to the text, whose
 * format is found. */
#include <stdint.h>
#include <stdlib.h>

#include "registry/import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *variable(void *owner, const char *name)
{
    (void)owner;
    return name[0] == 'A' ? "https://llm.example.com/v1" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sl_catalogue *catalogue;
    struct sl_err err = {0};
    enum sl_import_format format = SL_IMPORT_UNKNOWN;
    if (!catalogue && sl_catalogue_load(NULL, &catalogue, &err) != SL_OK)
        abort();
    if (size && data[0] >= '0' && data[0] <= '4') {
        format = (enum sl_import_format)(data[0] - '0');
        data++;
        size--;
    }
    const struct sl_import_file files[] = {{"a.yaml", (const char *)data, size},
                                           {"b.yaml", (const char *)data, size}};
    const struct sl_import_in in = {.files = files,
                                    .n_files = 2,
                                    .format = format,
                                    .catalogue = catalogue,
                                    .variable = variable};
    struct sl_import_plan plan;
    sl_import_plan_init(&plan);
    if (sl_import_read(&in, &plan, &err) != SL_OK && !err.text[0])
        abort();
    sl_import_plan_fini(&plan);
    return 0;
}
