/* What the commands that change many rows at once share: sluice import, sluice models seed. */
#ifndef SLUICE_CLI_IMPORT_H
#define SLUICE_CLI_IMPORT_H

#include "cli.h"
#include "sluice/v1/maintenance.pb-c.h"

/* The changes as a diff: a line for each entry, its fields below it. */
void import_print_changes(struct cli *cli, Sluice__V1__Change *const *list, size_t n);
/* The notes, one a line; the gravest last. */
void import_print_notes(struct cli *cli, Sluice__V1__ImportNote *const *list, size_t n);

/* models seed */
int import_seed(struct cli *cli, const char *const *args, size_t n);

#endif
