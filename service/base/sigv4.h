/* Signature Version 4 of AWS, and the texts that it works with. Pure: the time and the secret are arguments. */
#ifndef SL_BASE_SIGV4_H
#define SL_BASE_SIGV4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/seg.h"
#include "base/str.h"

/* An access key. Borrowed ranges; token.n is 0 where there is none. */
struct sl_aws_key {
    struct sl_str id, secret, token;
};

/* Reads "ACCESS_KEY_ID:SECRET_ACCESS_KEY" or "ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN".
 * False: it is no such text. */
bool sl_aws_key_read(const char *key, struct sl_aws_key *out);
/* The region in an address: of SERVICE.REGION.amazonaws.com and of every other host with a label of
 * a region's form. False: the address does not say it. */
bool sl_aws_region(const char *url, struct sl_str *out);

struct sl_sigv4 {
    const struct sl_aws_key *key;
    struct sl_str region;
    const char *service;        /* as in "bedrock" */
    const char *method, *url;   /* absolute, without a query */
    const struct sl_segs *body; /* whole */
    int64_t now_ms;             /* wall clock, since 1970-01-01 UTC */
    /* the headers to send: x-amz-date, x-amz-security-token (NULL: none), authorization */
    char date[17];
    const char *token, *authorization; /* in the arena */
};

/* Fills the headers. */
void sl_sigv4_sign(struct sl_sigv4 *s, struct sl_arena *arena);

#endif
