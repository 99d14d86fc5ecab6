/* Shared by the files that store a plan. For registry/import/ and registry/upgrade/ only. */
#ifndef SL_REGISTRY_IMPORT_APPLYING_H
#define SL_REGISTRY_IMPORT_APPLYING_H

#include "registry/import/apply.h"
#include "registry/import/changes.h"

/* A provider of which was said that its key is missing. */
struct sl_keyless {
    const char *provider;
    struct sl_keyless *next;
};

/* A plan on its way into the store. */
struct sl_applying {
    const struct sl_import_apply *a;
    struct sl_manage m; /* with run, source and tx */
    struct sl_import_changes changes;
    const char *const *users; /* ids of users whose rows were written beside those that the
                                 principal sees; NULL: none; ended by NULL */
    struct sl_err *err;       /* of what ends it all */
    struct sl_keyless *keyless;
};

/* The run's row: first of all, and at last, with the report of what was done. */
enum sl_code sl_applying_insert_run(struct sl_applying *s) SL_MUST_CHECK;
enum sl_code sl_applying_finish_run(struct sl_applying *s) SL_MUST_CHECK;

/* Whether an error is the entry's alone: then it has become a note, and the rest goes on. */
bool sl_applying_goes_on(struct sl_applying *s, const char *place, const char *subject,
                         const struct sl_err *err);
/* One model or provider; SL_OK also where it was noted as wrong. */
enum sl_code sl_apply_model(struct sl_applying *s, struct sl_import_model *m) SL_MUST_CHECK;
enum sl_code sl_apply_provider(struct sl_applying *s, struct sl_import_provider *p) SL_MUST_CHECK;
/* Makes the tiers that models name and that are not there; who may not make them gets notes. */
enum sl_code sl_apply_tiers(struct sl_applying *s) SL_MUST_CHECK;

/* What to send as the key of an entry: text is the key itself or a reference, "" : none. */
struct sl_apply_key {
    const struct sl_secret *secret; /* NULL: see reference */
    const char *reference;          /* "env:NAME"; NULL: none */
};
/* From the file, the variables given along, or the service's environment. False where the key is named and cannot be had,
 * with a note. subject: the entry's name. */
bool sl_apply_find_key(struct sl_applying *s, const struct sl_import_key *key, const char *subject,
                       struct sl_apply_key *out);
static inline const char *sl_apply_key_text(const struct sl_apply_key *k)
{
    return k->secret ? sl_secret_reveal(k->secret) : k->reference ? k->reference : "";
}
/* Says, once a provider, that the stored model has no key to send. */
void sl_apply_say_keyless(struct sl_applying *s, const struct sl_import_model *im,
                          const struct sl_row *row);
/* Whether the stored credential is that key. */
bool sl_apply_same_key(struct sl_applying *s, const char *credential, const struct sl_apply_key *k);
/* "key: ...abcd", "key: env:NAME". */
void sl_apply_say_key(struct sl_applying *s, Sluice__V1__Change *change, const char *credential);

#endif
