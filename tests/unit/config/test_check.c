/* Rules between settings. Each row is a file that is right in each part and wrong as a whole, or
 * right after all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/load.h"
#include "config/url.h"

#define MODEL(more) "models: [{name: a, provider: openai" more "}]\n"
#define PROVIDER(fields) "providers: [{" fields "}]\n"

struct row {
    const char *text, *error; /* error NULL: taken */
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sl_config *c = NULL;
        struct sl_err err = {0};
        enum sl_code code = sl_config_parse("s.yaml", rows[i].text, strlen(rows[i].text), &c, &err);
        if (!rows[i].error && code)
            fail_msg("%s: %s", rows[i].text, err.text);
        if (rows[i].error && !code)
            fail_msg("taken: %s", rows[i].text);
        if (rows[i].error && !strstr(err.text, rows[i].error))
            fail_msg("'%s'\ninstead of '%s'", err.text, rows[i].error);
        sl_config_destroy(c);
    }
}

static void knows_addresses(void **state)
{
    static const struct row rows[] = {
        {"server: {listen: []}", "needs at least one address"},
        {"server: {listen: [localhost:0, '0.0.0.0:50051', '[::]:1', 'unix:/x', host.name:65535]}",
         NULL},
        {"server: {listen: [localhost]}", "HOST:PORT"},
        {"server: {listen: [':50051']}", "HOST:PORT"},
        {"server: {listen: ['a:65536']}", "HOST:PORT"},
        {"server: {listen: ['a:b']}", "HOST:PORT"},
        {"server: {listen: ['::1:50051']}", "HOST:PORT"},
        {"server: {listen: ['[]:50051']}", "HOST:PORT"},
        {"server: {listen: ['http://a:1']}", "HOST:PORT"},
        {"server: {listen: ['unix:']}", "HOST:PORT"},
        {"metrics: {address: off}", NULL},
        {"metrics: {address: '[::]:0'}", NULL},
        {"metrics: {address: 0.0.0.0:9464}", NULL},
        {"metrics: {address: none}", "HOST:PORT, [IPV6]:PORT or off, not 'none'"},
        {"metrics: {address: ':9464'}", "HOST:PORT"},
        {"metrics: {address: 'unix:/x'}", "HOST:PORT"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void keeps_strangers_out(void **state)
{
    static const struct row rows[] = {
        {"access: {anonymous: true}", NULL},
        {"access: {anonymous: true}\nserver: {listen: ['127.8.9.1:1', '[::1]:1', 'unix:/x', "
         "localhost:1]}",
         NULL},
        {"access: {anonymous: true}\nserver: {listen: ['0.0.0.0:1']}", "open to others"},
        {"access: {anonymous: true}\nserver: {listen: ['127.0.0.1:1', '[::]:1']}",
         "open to others"},
        {"access: {anonymous: true}\nserver: {listen: ['127.evil.example:1']}", "open to others"},
        {"access: {anonymous: true}\nserver: {listen: ['127.0.0.1.evil.example:1']}",
         "open to others"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void tells_what_is_open(void **state)
{
    static const struct {
        const char *listen, *open;
    } rows[] = {
        {"'127.0.0.1:1', 'unix:/x', 'localhost:2'", ""},
        {"'127.0.0.1:1', '0.0.0.0:2', '[::]:3'", "0.0.0.0:2"},
        {"'sluice.example:1'", "sluice.example:1"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[128];
        struct sl_config *c = NULL;
        struct sl_err err = {0};
        snprintf(text, sizeof(text), "server: {listen: [%s]}", rows[i].listen);
        assert_int_equal(sl_config_parse("s.yaml", text, strlen(text), &c, &err), SL_OK);
        assert_string_equal(sl_config_open_address(c), rows[i].open);
        sl_config_destroy(c);
    }
}

static void opens_named_places_only(void **state)
{
    static const struct row rows[] = {
        {"secrets: {references: ['env:OPENAI_*', 'env:*', 'file:/run/secrets', 'file:/a/..data']}",
         NULL},
        {"secrets: {references: ['env:']}", "needs the name of a variable"},
        {"secrets: {references: ['env:A-B']}", "needs the name of a variable"},
        {"secrets: {references: ['env:[A]']}", "needs the name of a variable"},
        {"secrets: {references: [OPENAI_API_KEY]}", "env:NAME and file:/path only"},
        {"secrets: {references: ['file:run']}", "env:NAME and file:/path only"},
        {"secrets: {references: ['file:/']}", "may not open the whole disk"},
        {"secrets: {references: ['file:///']}", "may not open the whole disk"},
        {"secrets: {references: ['file:/run/../etc']}", "may not hold '..'"},
        {"secrets: {references: ['file:/run/..']}", "may not hold '..'"},
        {"secrets: {references: ['file:/..']}", "may not hold '..'"},
        {"encryption: {keys: 'k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='}",
         "has to be a reference"},
        {"encryption: {keys: 'file:/run/secrets/keys'}", NULL},
        {"upstream: {allowed_addresses: ['10.0.0.0/8', 'fd00::/8', a.internal, '*.corp.example']}",
         NULL},
        {"upstream: {allowed_addresses: ['10.0.0.1/8']}",
         "s.yaml:1: upstream.allowed_addresses has an entry that has bits behind its prefix"},
        {"upstream: {allowed_addresses: ['http://a']}", "is no address, network or host name"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void wants_whole_tls(void **state)
{
    static const struct row rows[] = {
        {"server: {tls: {certificate: c}}", "needs server.tls.key"},
        {"server: {tls: {key: c}}", "needs server.tls.certificate"},
        {"server: {tls: {client_ca: c}}", "needs server.tls.certificate"},
        {"server: {tls: {certificate: c, key: k, require_client_certificate: true}}",
         "s.yaml:1: server.tls.require_client_certificate needs server.tls.client_ca"},
        {"server: {tls: {certificate: c, key: k, client_ca: a}}", NULL},
        {"access: {keys: [{name: a, certificate: c}]}", "needs server.tls.client_ca"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void checks_issuers(void **state)
{
#define JWT(more) "access: {jwt: [{issuer: 'https://a', audience: x" more "}]}"
    static const struct row rows[] = {
        {JWT(""), NULL},
        {JWT(", jwks_uri: 'http://127.0.0.1:1/', roles_claim: r, roles: {x: admin}"), NULL},
        {"access: {jwt: [{audience: x}]}", "has a token issuer without 'issuer'"},
        {"access: {jwt: [{issuer: 'https://a'}]}", "has a token issuer without 'audience'"},
        {"access: {jwt: [{issuer: 'https://a', audience: ''}]}", "audience"},
        {"access: {jwt: [{issuer: 'http://a', audience: x}]}", "needs an issuer that begins with"},
        {"access: {jwt: [{issuer: 'http://localhost:1', audience: x}]}", NULL},
        {"access: {jwt: [{issuer: 'http://[::1]:1', audience: x}]}", NULL},
        {"access: {jwt: [{issuer: 'http://localhost.a:1', audience: x}]}", "needs an issuer"},
        {"access: {jwt: [{issuer: 'http://localhost@a', audience: x}]}", "needs an issuer"},
        {"access: {jwt: [{issuer: 'https://a?b', audience: x}]}", "needs an issuer"},
        {JWT(", jwks_uri: 'http://a/'"), "needs a jwks_uri"},
        {JWT(", algorithms: HS256"), "an algorithm that is not taken: 'HS256'"},
        {JWT(", algorithms: [none]"), "an algorithm that is not taken: 'none'"},
        {JWT(", algorithms: []"), "at least one algorithm"},
        {JWT(", user_claim: ''"), "needs a user_claim"},
        {JWT(", roles: {x: admin}"), "need a roles_claim"},
        {JWT(", roles_claim: r, roles: {x: root}"), "a role that is none of"},
        {JWT(", leeway: 1h"), "leeway"},
        {"access: {jwt: [{issuer: 'https://a', audience: x}, {issuer: 'https://a', audience: y, "
         "user_prefix: b}]}",
         "the issuer 'https://a' twice"},
        {"access: {jwt: [{issuer: 'https://a', audience: x}, {issuer: 'https://b', audience: x}]}",
         "two issuers with the same user_prefix"},
        {"access: {jwt: [{issuer: 'https://a', audience: x}, {issuer: 'https://b', audience: x, "
         "user_prefix: 'b:'}]}",
         NULL},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void checks_keys(void **state)
{
    static const struct row rows[] = {
        {"access: {keys: [{name: a}]}", "either key or certificate"},
        {"access: {keys: [{name: a, key: 'env:A', certificate: c}]}", "either key or certificate"},
        {"access: {keys: [{name: a, key: 'env:A'}, {name: a, key: 'env:B'}]}",
         "the name 'a' twice"},
        {"access: {keys: [{name: a, key: 'sha256:00'}]}", "64 hex digits"},
        {"access: {keys: [{name: a, key: 'env:'}]}", "has to be a reference"},
        {"access: {keys: [{name: a, key: 'file:'}]}", "has to be a reference"},
        {"access: {keys: [{name: 'a b', key: 'env:A'}]}", "letters, digits"},
        {"access: {keys: [{name: a, key: 'env:A', roles: [root]}]}", "none of user"},
        {"access: {keys: [{name: a, key: 'env:A', scopes: [all]}]}", "none of complete"},
        {"access: {keys: [{name: a, key: 'env:A', tier: 'a b'}]}", "letters, digits"},
        {"access: {keys: [{name: a, key: "
         "'sha256:00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF'}]}",
         NULL},
        {"server: {tls: {certificate: c, key: k, client_ca: a}}\n"
         "access: {keys: [{name: a, certificate: c}, {name: b, certificate: c}]}",
         "the certificate 'c' twice"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void checks_providers(void **state)
{
    static const struct row rows[] = {
        {PROVIDER("id: openia"), "kind that is not known: 'openia'; did you mean 'openai'?"},
        {PROVIDER("id: x, kind: nothing-like-it"), "not known: 'nothing-like-it'"},
        {"providers: [{id: openai}, {id: openai}]", "the id 'openai' twice"},
        {PROVIDER("id: openai, base_url: api.openai.com"), "http://"},
        {PROVIDER("id: openai, base_url: 'https://'"), "is no URL"},
        {PROVIDER("id: openai, base_url: 'https://me:pw@host/v1'"), "user or a password"},
        {PROVIDER("id: openai, base_url: 'https://host/v1?key=1'"), "'?' or '#'"},
        {PROVIDER("id: openai, base_url: 'ftp://host'"), "http://"},
        {PROVIDER("id: openai, base_url: 'https://host/a b'"), "is no URL"},
        {PROVIDER("id: openai, proxy: 'socks5://p:1'"), "proxy that has to begin"},
        {PROVIDER("id: openai, proxy: 'http://me:pw@p:1'"), NULL},
        {PROVIDER("id: openai, proxy: none"), NULL},
        {PROVIDER("id: openai, proxy: 'env:HTTPS_PROXY'"), NULL},
        {"upstream: {proxy: 'p:3128'}", "upstream.proxy has to begin with http://"},
        {PROVIDER("id: openai, client_key: k"), "together"},
        {PROVIDER("id: openai, auth: header"), "auth_header together"},
        {PROVIDER("id: openai, auth_header: x-key"), "auth_header together"},
        {PROVIDER("id: openai, auth: jwt"), "only kind zhipu knows"},
        {PROVIDER("id: openai, tenant: t"), "needs auth: entra"},
        {PROVIDER("id: openai, client_id: c"), "needs auth: entra"},
        {PROVIDER("id: openai, auth: entra, tenant: a/b"), "tenant that is none"},
        {PROVIDER("id: openai, role: r"), "needs auth: aws"},
        {PROVIDER("id: openai, region: 'a/b'"), "region that is none"},
        {PROVIDER("id: openai, auth: entra, tenant: a.example, client_id: c"), NULL},
        {PROVIDER("id: openai, auth: header, auth_header: 'x key'"), "auth_header that"},
        {PROVIDER("id: openai, auth: none, key: 'env:A'"), "a key and auth: none"},
        {PROVIDER("id: openai, unix_socket: /a, connect_to: 'b:1'"), "exclude each other"},
        {PROVIDER("id: openai, headers: {'a b': c}"), "HTTP does not allow"},
        {PROVIDER("id: openai, headers: {'': c}"), "no name"},
        {PROVIDER("id: openai, headers: {Content-Length: '3'}"), "written by the transfer itself"},
        {PROVIDER("id: openai, headers: {a: \"b\\r\\nc: d\"}"), "control character"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void checks_models(void **state)
{
    static const struct row rows[] = {
        {MODEL(""), NULL},
        {"models: [{name: a, provider: opneai}]",
         "provider that is not known: 'opneai'; did you mean 'openai'?"},
        {PROVIDER("id: mine, kind: openai") "models: [{name: a, provider: mien}]",
         "did you mean 'mine'?"},
        {"models: [{name: a, provider: openai}, {name: a, provider: openai}]",
         "name or alias 'a' twice, also at s.yaml:1"},
        {"models: [{name: a, provider: openai, aliases: [b]}, {name: b, provider: openai}]",
         "name or alias 'b' twice"},
        {MODEL(", aliases: [a]"), "twice"},
        {MODEL(", aliases: ['']"), "mean something else"},
        {"models: [{name: models/a, provider: openai}]", "mean something else"},
        {"models: [{name: 'task:code', provider: openai}]", "mean something else"},
        {"models: [{name: 'a b', provider: openai}]", "letters, digits"},
        {MODEL(", tiers: ['a,b']"), "letters, digits"},
        {MODEL(", headers: {Host: x}"), "written by the transfer itself"},
        {"models: [{name: a, provider: custom}]", "without a base_url"},
        {"models: [{name: a, provider: custom, base_url: 'http://gpu:1/'}]", NULL},
        {MODEL(", api: chat_completions"), NULL},
        {MODEL(", api: messages"), "openai does not have: 'messages'; it has chat_completions"},
        {MODEL(", base_url: nowhere"), "base_url that has to begin"},
        {"default_model: b\n" MODEL(""),
         "s.yaml:1: default_model names no model: 'b'; did you mean 'a'?"},
        {"default_model: b\n" MODEL(", aliases: [b]"), NULL},
        {"limits: {request_memory: 1MiB}", "at least server.max_message"},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

/* A key is for one host: another one needs its own, or the word that it needs none. */
static void binds_keys_to_hosts(void **state)
{
    static const struct row rows[] = {
        {MODEL(", base_url: 'https://evil.example/v1'"), "whose key may not go there"},
        {MODEL(", base_url: 'http://api.openai.com/v1'"), "whose key may not go there"},
        {MODEL(", base_url: 'https://api.openai.com:444/v1'"), "whose key may not go there"},
        {MODEL(", base_url: 'https://api.openai.com.evil.example/v1'"),
         "whose key may not go there"},
        {MODEL(", base_url: 'https://API.openai.com/v2'"), NULL},
        {MODEL(", base_url: 'https://other.example/v1', key: 'env:OTHER'"), NULL},
        {MODEL(", base_url: 'https://other.example/v1', key: none"), NULL},
        {PROVIDER("id: openai, base_url: 'http://a:1', key: 'env:A'")
             MODEL(", base_url: 'http://b:1'"),
         "may not go there"},
        {PROVIDER("id: openai, base_url: 'http://a:1', key: 'env:A'")
             MODEL(", base_url: 'http://a:1/x'"),
         NULL},
        {PROVIDER("id: openai, base_url: 'http://a:1'") MODEL(", base_url: 'http://b:1'"), NULL},
        {PROVIDER("id: openai, auth: none") MODEL(", base_url: 'http://b:1'"), NULL},
    };
    (void)state;
    check_rows(rows, SL_ARRAY_LEN(rows));
}

static void compares_origins(void **state)
{
    (void)state;
    assert_true(sl_url_same_origin("https://a/x", "https://A?y"));
    assert_true(sl_url_same_origin("https://a", "https://a/"));
    assert_false(sl_url_same_origin("https://a", "http://a"));
    assert_false(sl_url_same_origin("https://a", "https://a:443"));
    assert_false(sl_url_same_origin("https://a", "https://ab"));
    assert_false(sl_url_same_origin("https://a", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_addresses),    cmocka_unit_test(keeps_strangers_out),
        cmocka_unit_test(tells_what_is_open), cmocka_unit_test(opens_named_places_only),
        cmocka_unit_test(wants_whole_tls),    cmocka_unit_test(checks_keys),
        cmocka_unit_test(checks_issuers),     cmocka_unit_test(checks_providers),
        cmocka_unit_test(checks_models),      cmocka_unit_test(binds_keys_to_hosts),
        cmocka_unit_test(compares_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
