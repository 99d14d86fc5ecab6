/* The verbs of sluice models, spread over several files. */
#ifndef SLUICE_CLI_MODELS_H
#define SLUICE_CLI_MODELS_H

#include "verbs.h"

/* Prints a Model as the options say: its name, JSON, or all fields. */
bool models_on_model(void *ctx, const ProtobufCMessage *message);

/* models_edit.c */
int models_create(struct cli *cli, const char *const *args, size_t n);
int models_create_from_template(struct cli *cli, const char *name);
int models_update(struct cli *cli, const char *const *args, size_t n);
int models_delete(struct cli *cli, const char *const *args, size_t n);
int models_undelete(struct cli *cli, const char *const *args, size_t n);
int models_default(struct cli *cli, const char *const *args, size_t n);
int models_templates(struct cli *cli, const char *const *args, size_t n);

/* models_outdated.c */
int models_outdated(struct cli *cli, const char *const *args, size_t n);
int models_upgrade(struct cli *cli, const char *const *args, size_t n);

/* models_test.c */
int models_test(struct cli *cli, const char *const *args, size_t n);
/* models_test_all.c */
int models_test_all(struct cli *cli);
/* models_watch.c */
int models_watch(struct cli *cli, const char *const *args, size_t n);

#endif
