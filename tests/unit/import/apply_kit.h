/* A store with what an import works with: a registry of it, keys to seal with, and callers. For tests of storing plans; runs
 * on both back ends, see unit/store/scene.h. */
#ifndef TESTS_UNIT_IMPORT_APPLY_KIT_H
#define TESTS_UNIT_IMPORT_APPLY_KIT_H

#include "registry/import/apply.h"
#include "registry/vault/secret_cache.h"
#include "unit/store/scene.h"

#define ADMIN_ID "01920000-0000-7000-8000-00000000ad00"
#define OPERATOR_ID "01920000-0000-7000-8000-0000000000b0"
#define ANN_ID "01920000-0000-7000-8000-00000000a11e"

struct kit {
    struct scene *s;
    struct sl_config *config;
    struct sl_catalogue *catalogue;
    struct sl_keyring *keyring;
    struct sl_references *references;
    struct sl_secret_cache *secrets;
    struct sl_registry *registry; /* of the moment of the last kit_refresh */
    struct sl_principal admin, operator, ann;
    struct sl_violations violations;
};

#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int kit_set_up(void **state);
int kit_tear_down(void **state);
/* A snapshot of what is stored now. */
void kit_refresh(struct kit *k);
struct sl_manage kit_manage(struct kit *k, const struct sl_principal *p);

/* A file, and how to import it. */
struct kit_import {
    const char *name; /* of a file in tests/data/import; or of text */
    const char *text; /* NULL: the file's */
    const struct sl_principal *by;
    bool personal, dry;
    const char *(*variable)(void *owner, const char *name);
    void *owner;
};
/* Reads and applies; notes go to *notes, one a line "LEVEL PLACE SUBJECT: MESSAGE" (NULL: nowhere). Takes the new revision
 * up. */
enum sl_code kit_import(struct kit *k, const struct kit_import *i, struct sl_import_done *out,
                        const char **notes);
/* The same, which has to succeed. */
struct sl_import_done kit_imported(struct kit *k, const struct kit_import *i);
enum sl_code kit_undo(struct kit *k, const struct sl_principal *by, struct sl_import_undo undo,
                      struct sl_import_undone *out);
/* Stores a model, as CreateModel does; personal where by is no administrator. */
void kit_add_model(struct kit *k, const struct sl_principal *by, Sluice__V1__Model *model);
/* Adds a user of that tier. */
void kit_add_user(struct kit *k, const char *name, const char *tier);
/* "+model gpt-4o ~provider x =default registry;" in the order in which they were done. */
const char *kit_changes(struct kit *k, const struct sl_import_done *done);

#endif
