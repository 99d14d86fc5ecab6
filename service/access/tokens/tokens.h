/* Short-lived tokens of the big clouds (Google, Microsoft Entra, AWS), minted from a credential and renewed ahead of
 * their expiry. One source a credential, shared by all models that use it and kept over reloads. A call reads the
 * current token (a reference, no I/O); where there is none it waits for the minting under way, and however many wait,
 * one request is made. All requests run on one thread of this module's own, which starts with the first of them.
 * Tokens are never logged. */
#ifndef SL_ACCESS_TOKENS_TOKENS_H
#define SL_ACCESS_TOKENS_TOKENS_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/secret.h"

struct sl_tokens; /* the sources of a process */
struct sl_token_source;
struct sl_token_wait;

/* What a token is minted from. */
enum sl_token_from {
    SL_TOKEN_GOOGLE_FILE,       /* a service account's key file, or an authorized user's */
    SL_TOKEN_GOOGLE_METADATA,   /* the metadata server of Compute Engine, GKE, Cloud Run */
    SL_TOKEN_ENTRA_SECRET,      /* an application's client secret */
    SL_TOKEN_ENTRA_FEDERATED,   /* a projected token: workload identity */
    SL_TOKEN_ENTRA_MANAGED,     /* managed identity of a virtual machine */
    SL_TOKEN_ENTRA_APP_SERVICE, /* managed identity of App Service and its kin */
    SL_TOKEN_AWS_ROLE,          /* AssumeRole with an access key */
    SL_TOKEN_AWS_WEB_IDENTITY,  /* AssumeRoleWithWebIdentity with a projected token */
    SL_TOKEN_AWS_CONTAINER,     /* the credentials endpoint of ECS and EKS */
    SL_TOKEN_AWS_INSTANCE,      /* the instance metadata service, version 2 */
};

/* Who keeps a secret, so that it is not kept here: it is asked for before each minting, and what it gave is let go, and
 * wiped, after it. Embedded in the keeper's own struct; any thread. */
struct sl_token_keeper {
    /* The secret, as sl_token_spec has it; *out is a reference for the caller. No I/O. */
    enum sl_code (*open)(struct sl_token_keeper *k, struct sl_secret **out, struct sl_err *err);
    void (*unref)(struct sl_token_keeper *k);
    /* What tells its secret from others', and changes with it: at least 16 bytes' worth of chance, an id with a revision. */
    const char *id;
};

/* Borrowed during sl_token_source_open. Strings may be NULL or "" where they mean nothing. */
struct sl_token_spec {
    enum sl_token_from from;
    /* the file's JSON; the client secret; the access key as ID:SECRET or ID:SECRET:TOKEN; the value of the
     * authorization header of a credentials endpoint */
    const struct sl_secret *secret;
    /* Where it is set, the secret is not kept; the source that is new takes the reference over, else it is given back. */
    struct sl_token_keeper *keeper;
    const char
        *url; /* of the token endpoint, else the usual one; of metadata servers scheme and host */
    const char *tenant;    /* Entra */
    const char *client_id; /* Entra; of a managed identity: which one */
    const char *scope;     /* "" : cloud-platform; cognitiveservices.azure.com */
    const char *file; /* of the projected token or the authorization header; read at each minting */
    const char *role; /* AWS: the role's ARN */
    const char *session; /* AWS: name of its sessions; "" : sluice */
    const char *region;  /* AWS */
    const char *ca_file,
        *proxy; /* as for sl_endpoint; metadata servers are asked without a proxy */
    bool
        any_host; /* the file may name any token endpoint, http:// included; false: Google's own only */
};

/* Clocks of a test. Milliseconds. */
struct sl_tokens_clock {
    int64_t (*now_ms)(void);  /* monotonic */
    int64_t (*wall_ms)(void); /* since 1970-01-01 UTC */
};

/* clock NULL: the real ones. */
struct sl_tokens *sl_tokens_create(const struct sl_tokens_clock *clock) SL_MUST_CHECK;
/* Ends the thread: mintings under way are cut, who still waits is told SHUTTING_DOWN. Any thread but its own. Sources
 * stay usable as far as their tokens last. Accepts NULL. */
void sl_tokens_stop(struct sl_tokens *t);
/* After sl_tokens_stop, when all sources and waits are gone. Accepts NULL. */
void sl_tokens_destroy(struct sl_tokens *t);

/* A reference to the source of that credential; the same for equal specs while one is held. Any thread, no I/O. Errors:
 * SL_INVALID_ARGUMENT, CONFIG_INVALID: the credential cannot be read (what is wrong, never what it says). */
enum sl_code sl_token_source_open(struct sl_tokens *t, const struct sl_token_spec *spec,
                                  struct sl_token_source **out, struct sl_err *err) SL_MUST_CHECK;
struct sl_token_source *sl_token_source_ref(struct sl_token_source *s);
/* Any thread. Accepts NULL. */
void sl_token_source_unref(struct sl_token_source *s);
/* The project that a Google key file belongs to; "" where it says none. Lives as long as the source. */
const char *sl_token_source_project(const struct sl_token_source *s);

/* A reference to the current token, NULL where there is none that is valid. Google and Entra: the bearer token. AWS:
 * ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN. Any thread; never waits for I/O. */
struct sl_secret *sl_token_get(struct sl_token_source *s) SL_MUST_CHECK;

struct sl_token_wait_spec {
    struct sl_loop *loop; /* of the caller, where on_token is called */
    int64_t timeout_ms;   /* 0: as long as a minting may take, at most a minute */
    /* Once. token is borrowed, NULL where err says why: PROVIDER_AUTH (FAILED_PRECONDITION) with the words of the token
     * endpoint, UNAVAILABLE where it cannot be reached or is ill, DEADLINE_EXCEEDED after timeout_ms. The wait is gone
     * when it returns. */
    void (*on_token)(void *owner, struct sl_secret *token, const struct sl_err *err);
    void *owner;
};

/* Waits for a token; one is minted where none is under way. After a failure nothing is asked for a while (1 s, doubled
 * each time, at most a minute) and the failure is told again. On the caller's loop; never calls back before it
 * returned. Holds a reference to the source. */
struct sl_token_wait *sl_token_wait_start(struct sl_token_source *s,
                                          const struct sl_token_wait_spec *spec) SL_MUST_CHECK;
/* No callback follows. On the loop it was started on. Accepts NULL. */
void sl_token_wait_cancel(struct sl_token_wait *w);

#endif
