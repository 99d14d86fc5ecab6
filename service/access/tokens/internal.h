/* What the files of access/tokens/ share. Private to them, and to their tests. */
#ifndef SL_ACCESS_TOKENS_INTERNAL_H
#define SL_ACCESS_TOKENS_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "access/tokens/tokens.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "upstream/upstream.h"

enum {
    TK_MAX_SECRET = 64 * 1024, /* bytes of a credential file, a projected token, an assertion */
    TK_MAX_FORM = 256 * 1024,  /* of a request's body */
    TK_FINGERPRINT = 32,
};

struct tk_mint;

/* One way to a token: requests and what their answers mean. */
struct tk_method {
    const char *title; /* who is asked, for messages to people */
    bool direct;       /* on this machine's link: no proxy, short clocks */
    /* Fills the credential from a spec, in the source's arena. Any thread, no I/O. */
    enum sl_code (*open)(const struct sl_token_spec *spec, struct sl_token_source *s,
                         struct sl_err *err);
    /* The request of the minting's step. The minting's thread; may read a small file. */
    enum sl_code (*prepare)(struct tk_mint *m, struct sl_err *err);
    /* A 2xx answer: a token, or the next step (m->step grows). body is writable and NUL-terminated. */
    enum sl_code (*read)(struct tk_mint *m, char *body, size_t n, struct sl_err *err);
};

extern const struct tk_method tk_google_service_account, tk_google_user, tk_google_metadata;
extern const struct tk_method tk_entra_secret, tk_entra_federated, tk_entra_managed,
    tk_entra_app_service;
extern const struct tk_method tk_aws_role, tk_aws_web_identity, tk_aws_container, tk_aws_instance;

/* Immutable once open. Strings in the source's arena. */
struct tk_credential {
    const struct tk_method *method;
    const char *url, *client_id, *key_id, *scope, *file, *role, *session, *region, *project;
    struct sl_secret *secret;        /* private key, refresh token, client secret, access key */
    struct sl_secret *client_secret; /* beside a refresh token */
};

struct sl_token_source {
    struct sl_tokens *tokens;
    struct sl_token_source *next; /* in the table */
    unsigned refs;                /* under the table's lock */
    unsigned char fingerprint[TK_FINGERPRINT];
    struct sl_arena arena;
    struct tk_credential credential; /* with a keeper: of it method and project only */
    struct sl_token_spec spec;       /* with a keeper: without the secret */
    struct sl_endpoint endpoint;
    struct sl_mail start; /* to the minting's thread; holds a reference while under way */

    pthread_mutex_t lock; /* of what follows; never held across a callback or I/O */
    struct sl_secret *token;
    int64_t expires_ms; /* monotonic, with a margin taken off */
    int64_t renew_ms;
    int64_t retry_ms; /* after a failure: nothing is asked before */
    unsigned failures;
    bool minting; /* asked for, or under way */
    bool used;    /* since it was minted */
    struct sl_err err;
    struct sl_token_wait *waits;

    struct tk_mint *mint; /* the minting's thread */
};

struct sl_tokens {
    struct sl_tokens_clock clock;
    pthread_mutex_t
        lock; /* of all that follows but what the thread owns; taken before a source's */
    struct sl_token_source *sources;
    struct sl_loop *loop; /* NULL: not started, or stopped */
    bool stopped;
    /* the thread's own */
    struct sl_upstream *upstream;
    uv_timer_t timer;
    bool timer_open;
    struct tk_mint *mints;
};

/* One minting, on the thread. */
struct tk_mint {
    struct tk_mint *next;
    struct sl_token_source *source; /* a reference */
    const struct tk_credential *credential;
    struct sl_token_source *opened; /* what holds it, where a keeper gave it; NULL: the source */
    struct sl_transfer *transfer;
    struct sl_json_parser parser;
    int64_t wall_ms; /* when the step began */
    unsigned step;
    struct sl_arena arena; /* no secrets */
    struct sl_buf form;    /* the body; wiped */
    struct sl_buf header;  /* value of a secret header; wiped */
    struct sl_buf kept;    /* between steps; wiped */
    /* the request */
    const char *method, *url;
    struct sl_transfer_header *headers;
    struct sl_segs body;
    /* the result */
    struct sl_secret *token;
    int64_t lifetime_ms;
};

/* ---- source.c ---- */

/* Monotonic milliseconds, where a test has no clock of its own. */
int64_t tk_now_ms(void);

/* The end of a minting: the token, or the error, goes to all who wait. */
void tk_source_done(struct sl_token_source *s, struct sl_secret *token, int64_t lifetime_ms,
                    const struct sl_err *err);
/* The credential of a source with a keeper, for one minting. Nobody else knows of *out: tk_source_free. */
enum sl_code tk_source_reopen(struct sl_token_source *s, struct sl_token_source **out,
                              struct sl_err *err) SL_MUST_CHECK;
/* Accepts NULL. */
void tk_source_free(struct sl_token_source *s);
/* A reference of one that is still held. */
void tk_source_ref_locked(struct sl_token_source *s);

/* ---- mint.c: the thread ---- */

/* Asks the thread to mint for a source whose `minting` was just set; starts it where it does not run. */
void tk_ask(struct sl_token_source *s);
/* Looks at the clock: what is due is renewed, what has expired is let go. The thread. */
void tk_tick(struct sl_tokens *t);

/* For prepare: a header (borrowed), and the method with its body. */
void tk_header(struct tk_mint *m, const char *name, const char *value);
/* "POST" with m->form as body. */
void tk_post_form(struct tk_mint *m, const char *url);
void tk_get(struct tk_mint *m, const char *url);

/* ---- text.c ---- */

/* Adds NAME=VALUE, percent-encoded (application/x-www-form-urlencoded), with '&' in between. Too long:
 * SL_FAILED_PRECONDITION. */
enum sl_code tk_form_add(struct sl_buf *form, const char *name, const char *value,
                         struct sl_err *err) SL_MUST_CHECK;
/* The same encoding, in the arena. */
char *tk_encode(struct sl_arena *arena, const char *value);
/* A JWT signed by RS256 with a private key in PEM, at the end of out. claims is its JSON. */
enum sl_code tk_jwt_rs256(struct sl_buf *out, const char *key_id, const char *claims,
                          const struct sl_secret *pem, struct sl_err *err) SL_MUST_CHECK;
/* Whether the PEM holds an RSA key. */
bool tk_is_rsa_key(const struct sl_secret *pem);
/* A small file's text, without white space around it. SL_FAILED_PRECONDITION naming it. */
enum sl_code tk_read_file(const char *path, struct sl_secret **out,
                          struct sl_err *err) SL_MUST_CHECK;
/* "2026-01-31T12:34:56Z", fractions allowed, as milliseconds since 1970. */
bool tk_parse_time(const char *text, int64_t *ms);

/* ---- answer.c ---- */

/* An OAuth answer: access_token, and expires_in (number or text) or expires_on (seconds since 1970). */
enum sl_code tk_read_oauth(struct tk_mint *m, char *body, size_t n, struct sl_err *err);
/* AWS's JSON: AccessKeyId, SecretAccessKey, Token, Expiration. */
enum sl_code tk_read_aws_json(struct tk_mint *m, char *body, size_t n, struct sl_err *err);
/* AWS's XML of the Security Token Service. */
enum sl_code tk_read_aws_xml(struct tk_mint *m, char *body, size_t n, struct sl_err *err);
/* What a refusal says: OAuth's error and error_description, Google's error.message, AWS's Code and Message, else the
 * body's first line. out is always set. */
void tk_read_refusal(struct sl_json_parser *parser, char *body, size_t n, char *out, size_t size);

/* ---- google.c ---- */

/* Reads the JSON of a credential file into the source. text is changed. */
enum sl_code tk_google_read_file(const struct sl_token_spec *spec, struct sl_token_source *s,
                                 char *text, size_t n, struct sl_err *err) SL_MUST_CHECK;

const char *tk_copy(struct sl_token_source *s, const char *text, const char *otherwise);

#endif
