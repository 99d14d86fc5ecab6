/* The files in the binary, in the order in which they are read; service/registry/catalogue/CMakeLists.txt makes their
 * bytes: for registry/catalogue only. */
#ifndef SL_REGISTRY_CATALOGUE_FILES_H
#define SL_REGISTRY_CATALOGUE_FILES_H

#include <stddef.h>

#define SL_CATALOGUE_FACTS(X)                                                                      \
    X(providers)                                                                                   \
    X(models)                                                                                      \
    X(lifecycle)                                                                                   \
    X(names)                                                                                       \
    X(traits)                                                                                      \
    X(lineups)                                                                                     \
    X(patterns)

#define SL_CATALOGUE_BYTES(name)                                                                   \
    extern const unsigned char sl_catalogue_facts_##name[];                                        \
    extern const size_t sl_catalogue_facts_##name##_size;
SL_CATALOGUE_FACTS(SL_CATALOGUE_BYTES)
#undef SL_CATALOGUE_BYTES

extern const unsigned char sl_catalogue_listing[];
extern const size_t sl_catalogue_listing_size;

#endif
