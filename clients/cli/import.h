/* What the commands that change many rows at once share: sluice import, sluice models seed, sluice models upgrade. */
#ifndef SLUICE_CLI_IMPORT_H
#define SLUICE_CLI_IMPORT_H

#include "cli.h"
#include "sluice/v1/maintenance.pb-c.h"

/* The changes as a diff: a line for each entry, its fields below it. */
void import_print_changes(struct cli *cli, Sluice__V1__Change *const *list, size_t n);
/* The notes, one a line; the gravest last. */
void import_print_notes(struct cli *cli, Sluice__V1__ImportNote *const *list, size_t n);

/* How many changes of each kind there are, and the run that takes them back ("" : none; dry: nothing was to be stored). */
struct import_sum {
    int created, updated, kept;
};
struct import_sum import_sum_of(Sluice__V1__Change *const *list, size_t n);
void import_say_sum(struct cli *cli, struct import_sum sum, const char *run, bool dry);

/* models seed */
int import_seed(struct cli *cli, const char *const *args, size_t n);

#endif
