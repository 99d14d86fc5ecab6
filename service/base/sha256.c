/* SHA-256 as FIPS 180-4 writes it down, and HMAC. Signatures need no more of cryptography than this,
 * and adapters link nothing but base/. */
#include "base/sha256.h"

#include <string.h>

static const uint32_t k[64] = {
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U,
    0xab1c5ed5U, 0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU,
    0x9bdc06a7U, 0xc19bf174U, 0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU,
    0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU, 0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U,
    0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U, 0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU,
    0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U, 0xa2bfe8a1U, 0xa81a664bU,
    0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U, 0x19a4c116U,
    0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
    0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U,
    0xc67178f2U};

static uint32_t rotate(uint32_t v, int n)
{
    return v >> n | v << (32 - n);
}

static void expand(const unsigned char *p, uint32_t w[64])
{
    for (int i = 0; i < 16; i++, p += 4)
        w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void take_block(struct sl_sha256 *s, const unsigned char *p)
{
    uint32_t w[64], v[8];

    expand(p, w);
    memcpy(v, s->h, sizeof(v));
    for (int i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                      ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        s->h[i] += v[i];
}

void sl_sha256_init(struct sl_sha256 *s)
{
    static const uint32_t h[8] = {0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                  0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};

    memcpy(s->h, h, sizeof(h));
    s->n = 0;
}

void sl_sha256_add(struct sl_sha256 *s, const void *p, size_t n)
{
    const unsigned char *at = p;
    size_t used = s->n % SL_SHA256_BLOCK;

    s->n += n;
    while (n) {
        size_t take = SL_SHA256_BLOCK - used < n ? SL_SHA256_BLOCK - used : n;
        memcpy(s->block + used, at, take);
        used += take;
        at += take;
        n -= take;
        if (used < SL_SHA256_BLOCK)
            return;
        take_block(s, s->block);
        used = 0;
    }
}

void sl_sha256_end(struct sl_sha256 *s, unsigned char out[SL_SHA256])
{
    static const unsigned char padding[SL_SHA256_BLOCK] = {0x80};
    uint64_t bits = s->n * 8;
    size_t used = s->n % SL_SHA256_BLOCK;
    unsigned char length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    sl_sha256_add(s, padding, used < 56 ? 56 - used : 120 - used);
    sl_sha256_add(s, length, sizeof(length));
    for (int i = 0; i < SL_SHA256; i++)
        out[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void sl_hmac_sha256(const void *key, size_t n_key, const void *p, size_t n,
                    unsigned char out[SL_SHA256])
{
    unsigned char pad[SL_SHA256_BLOCK] = {0}, inner[SL_SHA256];
    struct sl_sha256 s;

    sl_sha256_init(&s);
    if (n_key > sizeof(pad)) {
        sl_sha256_add(&s, key, n_key);
        sl_sha256_end(&s, pad);
        sl_sha256_init(&s);
    } else if (n_key) {
        memcpy(pad, key, n_key);
    }
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36;
    sl_sha256_add(&s, pad, sizeof(pad));
    sl_sha256_add(&s, p, n);
    sl_sha256_end(&s, inner);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36 ^ 0x5c;
    sl_sha256_init(&s);
    sl_sha256_add(&s, pad, sizeof(pad));
    sl_sha256_add(&s, inner, sizeof(inner));
    sl_sha256_end(&s, out);
}
