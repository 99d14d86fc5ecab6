/* API keys: sl_<id>_<256 random bits>. The id names the key to people and in the store; the bits are
 * its secret, of which only the SHA-256 of the whole text is kept. Pure; any thread.
 *
 * id: 1 to 40 letters, digits and '-'; those made here are 16 hex digits. The bits: 64 hex digits in
 * lower case, so that a key has one spelling. */
#ifndef SL_ACCESS_API_KEY_H
#define SL_ACCESS_API_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/str.h"
#include "store/store.h"

enum {
    SL_API_KEY_ID_MAX = 40,
    SL_API_KEY_BITS = 64, /* digits */
    SL_API_KEY_MAX = 3 + SL_API_KEY_ID_MAX + 1 + SL_API_KEY_BITS,
};

/* A key with everything that is to be said of it. The caller wipes it (sl_wipe). */
struct sl_api_key {
    char text[SL_API_KEY_MAX + 1]; /* to be shown once */
    char id[SL_API_KEY_ID_MAX + 1];
    unsigned char sha256[SL_STORE_DIGEST];
};

/* A new key. False where there are no random numbers, or no SHA-256. */
bool sl_api_key_make(struct sl_api_key *out) SL_MUST_CHECK;
/* Whether text is written as a key is, to the last digit. */
bool sl_api_key_is(struct sl_str text);
/* Whether text is a whole key, to the last digit: a text that was cut or has anything before or
 * behind it is none. Fills out on success only. */
bool sl_api_key_parse(struct sl_str text, struct sl_api_key *out) SL_MUST_CHECK;
/* Whether it begins as a key does: for messages that tell a broken key from another credential. */
bool sl_api_key_looks_like(struct sl_str text);

#endif
