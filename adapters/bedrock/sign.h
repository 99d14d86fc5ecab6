/* Signature Version 4 of AWS. Pure: the time and the secret are arguments. */
#ifndef SL_ADAPTERS_BEDROCK_SIGN_H
#define SL_ADAPTERS_BEDROCK_SIGN_H

#include "adapters/adapter.h"

/* An access key. Borrowed ranges; token.n is 0 where there is none. */
struct br_credentials {
    struct sl_str id, secret, token;
};

/* Reads "ACCESS_KEY_ID:SECRET_ACCESS_KEY" or "ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN".
 * False: it is no such text, but a Bedrock API key. */
bool br_credentials_read(const char *key, struct br_credentials *out);
/* The region in an address: of bedrock-runtime.REGION.amazonaws.com and of every other host with
 * a label of a region's form. False: the address does not say it. */
bool br_region(const char *url, struct sl_str *out);
/* Adds x-amz-date, x-amz-security-token and authorization. url has to be absolute and without a
 * query, the body whole. */
void br_sign(struct sl_http_request *http, struct sl_arena *arena,
             const struct br_credentials *credentials, struct sl_str region, int64_t now_ms);

#endif
