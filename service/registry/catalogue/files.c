/* The table of the files in the binary. */
#include "registry/catalogue/files.h"

#include "base/compiler.h"
#include "registry/catalogue/internal.h"

const struct sl_catalogue_file sl_catalogue_list = {"catalogue.jsonl", sl_catalogue_listing,
                                                    &sl_catalogue_listing_size};
const struct sl_catalogue_file sl_catalogue_files[] = {
#define FILE_ROW(name)                                                                             \
    {"facts/" #name ".json", sl_catalogue_facts_##name, &sl_catalogue_facts_##name##_size},
    SL_CATALOGUE_FACTS(FILE_ROW)
#undef FILE_ROW
};
const size_t sl_catalogue_n_files = SL_ARRAY_LEN(sl_catalogue_files);
