/* SHA-256 and HMAC by the standards' own examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/sha256.h"

static void hex(const unsigned char *p, char out[65])
{
    for (size_t i = 0; i < SL_SHA256; i++)
        snprintf(out + 2 * i, 3, "%02x", p[i]);
}

/* FIPS 180-4's examples, and RFC 4231's test case 2. */
static void hashes_are_those_of_the_standards(void **state)
{
    static const char *const rows[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    unsigned char hash[SL_SHA256];
    char text[65];

    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_sha256 s;
        sl_sha256_init(&s);
        for (const char *p = rows[i][0]; *p; p++)
            sl_sha256_add(&s, p, 1);
        sl_sha256_end(&s, hash);
        hex(hash, text);
        assert_string_equal(text, rows[i][1]);
    }
    sl_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hash);
    hex(hash, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hashes_are_those_of_the_standards)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
