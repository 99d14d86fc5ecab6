/* Changing the registry: models, providers, credentials and defaults in the store. Every call blocks on the database: on
 * a thread of the control pool only. What was written is in force once the snapshots took the revision up. */
#ifndef SL_REGISTRY_MANAGE_MANAGE_H
#define SL_REGISTRY_MANAGE_MANAGE_H

#include "access/principal.h"
#include "base/arena.h"
#include "base/violations.h"
#include "config/config.h"
#include "registry/catalogue/catalogue.h"
#include "registry/registry.h"
#include "registry/vault/keyring.h"
#include "registry/vault/references.h"
#include "sluice/v1/model.pb-c.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "sluice/v1/provider.pb-c.h"
#include "store/store.h"

/* What a change works with, and on whose behalf. Borrowed. */
struct sl_manage {
    struct sl_store *store;
    const struct sl_keyring *keyring;
    struct sl_references *references;
    const struct sl_registry
        *registry; /* the snapshot of the moment: what exists, the catalogue included */
    const struct sl_principal *principal;
    const char *peer;                 /* for the audit log */
    struct sl_arena *arena;           /* for results and whatever else */
    struct sl_violations *violations; /* with SL_INVALID_ARGUMENT: all that is wrong */
    const char *run;                  /* id of an import run; NULL: none */
    struct sl_tx
        *tx; /* a write transaction that writes join, and leave open; NULL: each has its own */
    const char *source; /* of new rows: "api", "template", "seed", "import:RUN" */
};

/* What a write did. */
struct sl_managed {
    struct sl_row *row; /* as it is stored now */
    int64_t revision;   /* 0: nothing was written (validate_only, or nothing differed), or it joined
                           a transaction */
    bool joined;        /* private */
};

/* Whether the principal may change what everybody sees: administrators and operators. */
bool sl_manage_may_write_global(const struct sl_principal *p);
/* The session of a transaction for the principal. */
struct sl_store_session sl_manage_session(const struct sl_manage *m);
/* "models/global/NAME" to NAME, with whose it is; false (and a violation) where it is not of the form. */
struct sl_manage_name {
    const char *name;
    bool global; /* said so; else the caller's own comes before a global one */
    bool is_id;  /* a UUID */
};
bool sl_manage_parse_name(const char *text, const char *collection, struct sl_manage_name *out);
/* An etag as text and back; 0 for "". A wrong one is SL_ABORTED, ETAG_STALE. */
const char *sl_manage_etag(struct sl_arena *arena, int64_t revision);
enum sl_code sl_manage_parse_etag(const char *etag, int64_t *out, struct sl_err *err) SL_MUST_CHECK;

/* ---- models ---- */

/* Errors: SL_INVALID_ARGUMENT with violations; SL_ALREADY_EXISTS, NAME_TAKEN; SL_PERMISSION_DENIED; SL_NOT_FOUND,
 * PROVIDER_UNKNOWN; the store's. */
enum sl_code sl_manage_create_model(const struct sl_manage *m,
                                    const Sluice__V1__CreateModelRequest *request,
                                    struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
/* Besides: SL_FAILED_PRECONDITION, KEY_NEEDED: what the key is bound to changes, and the key was not given again; SL_ABORTED,
 * ETAG_STALE; SL_FAILED_PRECONDITION, NOT_STORED: the model is of the configuration or the environment. */
enum sl_code sl_manage_update_model(const struct sl_manage *m,
                                    const Sluice__V1__UpdateModelRequest *request,
                                    struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
/* references: texts of what names the model, in the arena, NULL-terminated. Without force, SL_FAILED_PRECONDITION,
 * MODEL_IN_USE where there is any; with force, defaults and pins that name it are removed. */
enum sl_code sl_manage_delete_model(const struct sl_manage *m,
                                    const Sluice__V1__DeleteModelRequest *request,
                                    struct sl_managed *out, const char *const **references,
                                    struct sl_err *err) SL_MUST_CHECK;
/* SL_ALREADY_EXISTS, NAME_TAKEN where the name was given to another model meanwhile. */
enum sl_code sl_manage_undelete_model(const struct sl_manage *m, const char *name,
                                      struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;

/* A model that is to be tried before it is stored: the rows that creating it would write, or, where the owner has one of that
 * name, those of that one with the fields that are set. They are made, and checked, in a transaction that is rolled back. Their
 * revision is negative, and of no other draft. Errors as sl_manage_create_model and sl_manage_update_model. */
struct sl_draft_rows {
    struct sl_row *model;
    struct sl_row *credential; /* the key that was given; NULL: none was */
};
enum sl_code sl_manage_draft_model(const struct sl_manage *m, const Sluice__V1__Model *model,
                                   bool personal, struct sl_draft_rows *out,
                                   struct sl_err *err) SL_MUST_CHECK;

/* ---- defaults and conversations ---- */

/* Whose default, found and checked. */
struct sl_manage_default {
    Sluice__V1__DefaultScope scope;
    const char *subject; /* name of the tier or user, id of the conversation, "" */
    const char *model;   /* "NAME" or "global/NAME"; "" : none any more */
};
/* The caller has checked that the subject may use the model. user: id of the user whose it is, with the scopes user and
 * conversation. Errors: SL_PERMISSION_DENIED, ROLE_MISSING; SL_INVALID_ARGUMENT; the store's. */
enum sl_code sl_manage_set_default(const struct sl_manage *m, const struct sl_manage_default *d,
                                   const char *user, struct sl_managed *out,
                                   struct sl_err *err) SL_MUST_CHECK;
/* Whose default the subject of a scope means: the user's id and tier. Without a subject the principal's own; another's for
 * administrators. Errors: SL_NOT_FOUND, USER_NOT_FOUND; SL_PERMISSION_DENIED. */
struct sl_manage_subject {
    const char *user; /* id */
    const char *name;
    const char *tier;
};
enum sl_code sl_manage_find_user(const struct sl_manage *m, const char *name,
                                 struct sl_manage_subject *out, struct sl_err *err) SL_MUST_CHECK;
/* The pin of one of the principal's conversations; out->row NULL where there is none. */
enum sl_code sl_manage_get_conversation(const struct sl_manage *m, const char *id,
                                        struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;

/* ---- providers and credentials ---- */

enum sl_code sl_manage_create_provider(const struct sl_manage *m,
                                       const Sluice__V1__CreateProviderRequest *request,
                                       struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
/* A provider of the configuration, or a kind, gets a row that takes its place. Errors as sl_manage_update_model. */
enum sl_code sl_manage_update_provider(const struct sl_manage *m,
                                       const Sluice__V1__UpdateProviderRequest *request,
                                       struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
/* Without force, SL_FAILED_PRECONDITION, PROVIDER_IN_USE while stored models name it; with force they are deleted, too. */
enum sl_code sl_manage_delete_provider(const struct sl_manage *m,
                                       const Sluice__V1__DeleteProviderRequest *request,
                                       struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_manage_list_credentials(const struct sl_manage *m, const char *provider,
                                        struct sl_rows *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_manage_create_credential(const struct sl_manage *m,
                                         const Sluice__V1__CreateCredentialRequest *request,
                                         struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_manage_update_credential(const struct sl_manage *m,
                                         const Sluice__V1__UpdateCredentialRequest *request,
                                         struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;
/* SL_FAILED_PRECONDITION, CREDENTIAL_IN_USE where a model names it. */
enum sl_code sl_manage_delete_credential(const struct sl_manage *m, const char *name,
                                         struct sl_managed *out, struct sl_err *err) SL_MUST_CHECK;

#endif
