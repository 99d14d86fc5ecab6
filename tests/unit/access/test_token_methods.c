/* Each way to a token: what is asked, of whom, and what of the answer is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "token_kit.h"

static EVP_PKEY *key; /* made once: of a service account */
static char pem[4096];

static int make_key(void **state)
{
    (void)state;
    key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (!key || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return -1;
    long n = BIO_get_mem_data(bio, &text);
    if (n <= 0 || (size_t)n >= sizeof(pem))
        return -1;
    memcpy(pem, text, (size_t)n);
    BIO_free(bio);
    return 0;
}

static int free_key(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

/* The file of a service account, its key's line breaks escaped. */
static struct sl_secret *key_file(const char *uri)
{
    char text[8192], escaped[6000];
    size_t n = 0;
    for (const char *p = pem; *p && n + 3 < sizeof(escaped); p++) {
        if (*p == '\n')
            escaped[n++] = '\\';
        escaped[n++] = *p == '\n' ? 'n' : *p;
    }
    escaped[n] = '\0';
    snprintf(text, sizeof(text),
             "{\"type\":\"service_account\",\"project_id\":\"my-project\",\"private_key_id\":"
             "\"abc123\",\"private_key\":\"%s\",\"client_email\":\"sluice@my-project.iam."
             "gserviceaccount.com\",\"token_uri\":\"%s\"}",
             escaped, uri);
    return sl_secret_create(text, strlen(text));
}

static struct sl_secret *secret_of(const char *text)
{
    return sl_secret_create(text, strlen(text));
}

#define HOUR "{\"access_token\":\"tok-1\",\"expires_in\":3600,\"token_type\":\"Bearer\"}"

static void mint(struct fixture *f, const char *reply)
{
    ask(f);
    answer(f, 200, reply);
    wait_ends(f, 1);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}

/* The value of a form's field, as far as '&', with nothing to decode in it. */
static char *field(const char *name, char *out, size_t size)
{
    char *at = strstr(transfer.body, name);
    assert_non_null(at);
    at += strlen(name);
    snprintf(out, size, "%.*s", (int)strcspn(at, "&"), at);
    return out;
}

static size_t decode(const char *text, size_t n, unsigned char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned have = 0;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, text[i]) - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[m++] = (unsigned char)(bits >> have);
        }
    }
    out[m] = '\0';
    return m;
}

static void a_service_account_signs_an_assertion(void **state)
{
    struct fixture *f = *state;
    char jwt[4096];
    unsigned char part[4096];
    struct sl_secret *file = key_file("https://oauth2.googleapis.com/token");
    f->source =
        open_source(f, (struct sl_token_spec){.from = SL_TOKEN_GOOGLE_FILE, .secret = file});
    assert_string_equal(sl_token_source_project(f->source), "my-project");
    mint(f, HOUR);
    assert_string_equal(f->token, "tok-1");
    assert_string_equal(transfer.url, "https://oauth2.googleapis.com/token");
    assert_string_equal(transfer.method, "POST");
    assert_has(transfer.body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt"
                              "-bearer&");
    field("assertion=", jwt, sizeof(jwt));
    char *claims = strchr(jwt, '.') + 1, *signature = strrchr(jwt, '.');
    decode(jwt, (size_t)(claims - 1 - jwt), part);
    assert_string_equal((char *)part, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"abc123\"}");
    decode(claims, (size_t)(signature - claims), part);
    assert_string_equal((char *)part,
                        "{\"iss\":\"sluice@my-project.iam.gserviceaccount.com\",\"scope\":"
                        "\"https://www.googleapis.com/auth/cloud-platform\",\"aud\":"
                        "\"https://oauth2.googleapis.com/token\",\"iat\":1767226600,\"exp\":"
                        "1767230200}");
    size_t n = decode(signature + 1, strlen(signature + 1), part);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestVerify(md, part, n, (unsigned char *)jwt, (size_t)(signature - jwt)),
                     1);
    EVP_MD_CTX_free(md);
    sl_secret_unref(file);
}

static void a_user_shows_a_refresh_token(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *file =
        secret_of("{\"type\":\"authorized_user\",\"client_id\":\"id\",\"client_secret\":\"s/1\","
                  "\"refresh_token\":\"1//r\",\"quota_project_id\":\"quota\"}");
    f->source =
        open_source(f, (struct sl_token_spec){.from = SL_TOKEN_GOOGLE_FILE, .secret = file});
    assert_string_equal(sl_token_source_project(f->source), "quota");
    mint(f, HOUR);
    assert_string_equal(transfer.url, "https://oauth2.googleapis.com/token");
    assert_string_equal(transfer.body, "grant_type=refresh_token&client_id=id&client_secret=s%2F1&"
                                       "refresh_token=1%2F%2Fr");
    sl_secret_unref(file);
}

static void credential_files_that_are_none(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "is empty"},
        {"{", "is no JSON object"},
        {"[]", "is no JSON object"},
        {"{}", "another type"},
        {"{\"type\":\"external_account\"}", "another type"},
        {"{\"type\":\"service_account\"}", "no client_email"},
        {"{\"type\":\"service_account\",\"client_email\":\"a\\\"b\"}", "no client_email"},
        {"{\"type\":\"service_account\",\"client_email\":\"a\"}", "no private_key"},
        {"{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":7}",
         "no private_key"},
        {"{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":\"x\"}",
         "no RSA key"},
        {"{\"type\":\"service_account\",\"token_uri\":\"https://evil.example/token\"}",
         "token_uri"},
        {"{\"type\":\"service_account\",\"token_uri\":\"http://oauth2.googleapis.com\"}",
         "token_uri"},
        {"{\"type\":\"service_account\",\"token_uri\":\"https://a@evil.googleapis.com:1/\"}",
         "token_uri"},
        {"{\"type\":\"service_account\",\"token_uri\":\"https://storage.googleapis.com/b/o\"}",
         "token_uri"},
        {"{\"type\":\"service_account\",\"token_uri\":\"https://oauth2.googleapis.com/token/x\"}",
         "token_uri"},
        {"{\"type\":\"authorized_user\",\"client_id\":\"x\"}", "client_secret"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_secret *file = secret_of(rows[i].text);
        struct sl_token_source *s = NULL;
        struct sl_err err = {0};
        struct sl_token_spec spec = {.from = SL_TOKEN_GOOGLE_FILE, .secret = file};
        assert_int_equal(sl_token_source_open(f->tokens, &spec, &s, &err), SL_INVALID_ARGUMENT);
        assert_null(s);
        assert_has(err.text, rows[i].says);
        sl_secret_unref(file);
    }
}

static void metadata_servers_are_asked_without_a_proxy(void **state)
{
    struct fixture *f = *state;
    f->source = open_source(
        f, (struct sl_token_spec){.from = SL_TOKEN_GOOGLE_METADATA, .proxy = "http://proxy:3128"});
    mint(f, HOUR);
    assert_string_equal(transfer.method, "GET");
    assert_string_equal(transfer.url,
                        "http://metadata.google.internal/computeMetadata/v1/instance/"
                        "service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%"
                        "2Fauth%2Fcloud-platform");
    assert_string_equal(transfer.headers, "metadata-flavor: Google\n");
    assert_string_equal(transfer.spec.endpoint->proxy, "");
}

static void an_application_of_entras_shows_its_secret(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *secret = secret_of("sk-test~secret/1");
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_ENTRA_SECRET,
                                                      .secret = secret,
                                                      .tenant = "contoso.example",
                                                      .client_id = "app-1",
                                                      .proxy = "http://proxy:3128"});
    mint(f, HOUR);
    assert_string_equal(transfer.url,
                        "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
    assert_string_equal(
        transfer.body, "grant_type=client_credentials&client_id=app-1&scope=https%3A%2F%"
                       "2Fcognitiveservices.azure.com%2F.default&client_secret=sk-test~secret%2F1");
    assert_string_equal(transfer.spec.endpoint->proxy, "http://proxy:3128");
    sl_secret_unref(secret);
}

/* A file that holds the text, until the test takes it away. */
static void write_file(char path[64], const char *text)
{
    snprintf(path, 64, "/tmp/sluice-token-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void a_projected_token_stands_for_entras_secret(void **state)
{
    struct fixture *f = *state;
    char path[64];
    write_file(path, "projected.1\n");
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_ENTRA_FEDERATED,
                                                      .file = path,
                                                      .url = "https://login.example/",
                                                      .tenant = "t",
                                                      .client_id = "app-1"});
    mint(f, HOUR);
    assert_string_equal(transfer.url, "https://login.example/t/oauth2/v2.0/token");
    assert_has(transfer.body, "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-"
                              "assertion-type%3Ajwt"
                              "-bearer&client_assertion=projected.1");
    unlink(path);
    pass(f, 3600000);
    ask(f);
    wait_ends(f, 1);
    assert_int_equal(f->err.reason, SL_REASON_PROVIDER_AUTH);
    assert_has(f->err.text, path);
}

static void managed_identities_are_asked_for_a_resource(void **state)
{
    struct fixture *f = *state;
    f->source =
        open_source(f, (struct sl_token_spec){.from = SL_TOKEN_ENTRA_MANAGED, .client_id = "id-1"});
    mint(f, "{\"access_token\":\"tok-1\",\"expires_in\":\"3599\",\"expires_on\":\"1767300000\"}");
    assert_string_equal(transfer.url,
                        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-"
                        "01&resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=id-1");
    assert_string_equal(transfer.headers, "metadata: true\n");
}

static void app_service_has_an_endpoint_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *secret = secret_of("header-value");
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_ENTRA_APP_SERVICE,
                                                      .url = "http://127.0.0.1:41/msi/token",
                                                      .secret = secret});
    /* 1,000 seconds from now */
    mint(f, "{\"access_token\":\"tok-1\",\"expires_on\":\"1767227600\"}");
    assert_string_equal(transfer.url,
                        "http://127.0.0.1:41/msi/token?api-version=2019-08-01&resource="
                        "https%3A%2F%2Fcognitiveservices.azure.com");
    assert_string_equal(transfer.headers, "x-identity-header: header-value\n");
    pass(f, 1000 * 1000);
    assert_string_equal(current(f), "");
    sl_secret_unref(secret);
}

#define STS_ANSWER                                                                                 \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"   \
    "<AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser><Credentials><AccessKeyId>"                  \
    "ASIAEXAMPLEEXAMPLE12</AccessKeyId>\n<SecretAccessKey>wJalr/+x=</SecretAccessKey>"             \
    "<SessionToken>AQo/+==</SessionToken><Expiration>2026-01-01T01:16:40Z</Expiration>"            \
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"

static void a_role_is_assumed_with_an_access_key(void **state)
{
    struct fixture *f = *state;
    struct sl_secret *secret = secret_of("AKIDEXAMPLEAKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYX");
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_AWS_ROLE,
                                                      .secret = secret,
                                                      .role = "arn:aws:iam::1:role/r",
                                                      .region = "eu-west-1"});
    struct sl_err err = {0};
    struct sl_token_source *none = NULL;
    const struct sl_token_spec elsewhere = {.from = SL_TOKEN_AWS_ROLE,
                                            .secret = secret,
                                            .role = "arn:aws:iam::1:role/r",
                                            .region = "evil.example/#"};
    assert_int_equal(sl_token_source_open(f->tokens, &elsewhere, &none, &err), SL_INVALID_ARGUMENT);
    assert_has(err.text, "a region");
    mint(f, STS_ANSWER);
    assert_string_equal(f->token, "ASIAEXAMPLEEXAMPLE12:wJalr/+x=:AQo/+==");
    assert_string_equal(transfer.url, "https://sts.eu-west-1.amazonaws.com/");
    assert_string_equal(transfer.body, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%"
                                       "3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=sluice");
    assert_has(transfer.headers, "x-amz-date: 20260101T001640Z\n");
    assert_has(transfer.headers, "Credential=AKIDEXAMPLEAKIDEXAMPLE/20260101/eu-west-1/sts/"
                                 "aws4_request, SignedHeaders=host;x-amz-date, Signature=");
    pass(f, 3600000 - 10000);
    assert_string_equal(current(f), "");
    sl_secret_unref(secret);
}

static void a_web_identity_is_shown_from_its_file(void **state)
{
    struct fixture *f = *state;
    char path[64];
    write_file(path, "eyJ.web.identity\n");
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_AWS_WEB_IDENTITY,
                                                      .file = path,
                                                      .session = "pod-1",
                                                      .role = "arn:aws:iam::1:role/r"});
    ask(f);
    answer(f, 403,
           "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not "
           "authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>");
    wait_ends(f, 1);
    assert_has(f->err.text, "AccessDenied: Not authorized to perform");
    pass(f, 1000);
    mint(f, STS_ANSWER);
    assert_string_equal(transfer.url, "https://sts.us-east-1.amazonaws.com/");
    assert_has(transfer.body, "Action=AssumeRoleWithWebIdentity&");
    assert_has(transfer.body, "&RoleSessionName=pod-1&WebIdentityToken=eyJ.web.identity");
    assert_string_equal(transfer.headers, "");
    unlink(path);
}

#define AWS_JSON                                                                                   \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE12\",\"SecretAccessKey\":\"se\","   \
    "\"Token\":\"to\",\"Expiration\":\"2026-01-01T06:00:00Z\"}"

static void a_container_has_a_credentials_endpoint(void **state)
{
    struct fixture *f = *state;
    char path[64];
    write_file(path, "authorization-1");
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_AWS_CONTAINER,
                                                      .url = "http://169.254.170.23/v1/credentials",
                                                      .file = path});
    mint(f, AWS_JSON);
    assert_string_equal(f->token, "ASIAEXAMPLEEXAMPLE12:se:to");
    assert_string_equal(transfer.url, "http://169.254.170.23/v1/credentials");
    assert_string_equal(transfer.headers, "authorization: authorization-1\n");
    unlink(path);
}

static void an_instance_takes_three_steps(void **state)
{
    struct fixture *f = *state;
    f->source = open_source(f, (struct sl_token_spec){.from = SL_TOKEN_AWS_INSTANCE});
    ask(f);
    answer(f, 200, "session-1");
    answer(f, 200, "my-role\n");
    assert_string_equal(transfer.url,
                        "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
    assert_string_equal(transfer.headers, "x-aws-ec2-metadata-token: session-1\n");
    answer(f, 200, AWS_JSON);
    wait_ends(f, 1);
    assert_string_equal(f->token, "ASIAEXAMPLEEXAMPLE12:se:to");
    pass(f, INT64_C(24) * 3600000);
    ask(f);
    answer(f, 200, "session-2");
    answer(f, 404, "<html>\nNot found");
    wait_ends(f, 1);
    assert_has(f->err.text, "(status 404): <html>");
    pass(f, 2000);
    ask(f);
    answer(f, 200, "session-3");
    answer(f, 200, "");
    wait_ends(f, 1);
    assert_has(f->err.text, "names no role");
}

static void what_is_missing_is_named(void **state)
{
    static const struct {
        struct sl_token_spec spec;
        const char *says;
    } rows[] = {
        {{.from = SL_TOKEN_ENTRA_SECRET}, "AZURE_CLIENT_SECRET"},
        {{.from = SL_TOKEN_ENTRA_FEDERATED}, "AZURE_FEDERATED_TOKEN_FILE"},
        {{.from = SL_TOKEN_ENTRA_FEDERATED, .file = "/f"}, "AZURE_TENANT_ID"},
        {{.from = SL_TOKEN_ENTRA_FEDERATED, .file = "/f", .tenant = "t"}, "AZURE_CLIENT_ID"},
        {{.from = SL_TOKEN_ENTRA_FEDERATED, .file = "/f", .tenant = "../x"}, "AZURE_CLIENT_ID"},
        {{.from = SL_TOKEN_ENTRA_FEDERATED, .file = "/f", .tenant = "a/b", .client_id = "x"},
         "an id or a domain"},
        {{.from = SL_TOKEN_ENTRA_APP_SERVICE}, "IDENTITY_ENDPOINT"},
        {{.from = SL_TOKEN_AWS_ROLE}, "AWS_ROLE_ARN"},
        {{.from = SL_TOKEN_AWS_ROLE, .role = "r"}, "AWS_ACCESS_KEY_ID"},
        {{.from = SL_TOKEN_AWS_WEB_IDENTITY, .role = "r"}, "AWS_WEB_IDENTITY_TOKEN_FILE"},
        {{.from = SL_TOKEN_AWS_CONTAINER}, "AWS_CONTAINER_CREDENTIALS_FULL_URI"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_token_source *s = NULL;
        struct sl_err err = {0};
        assert_int_equal(sl_token_source_open(f->tokens, &rows[i].spec, &s, &err),
                         SL_INVALID_ARGUMENT);
        assert_has(err.text, rows[i].says);
    }
}

static void answers_of_aws_that_are_none(void **state)
{
    static const char *const rows[] = {
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"b\"}",
        "{\"AccessKeyId\":\"A:B\",\"SecretAccessKey\":\"b\",\"Token\":\"c\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"b\",\"Token\":\"c d\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"b\",\"Token\":\"c\",\"Expiration\":\"now\"}",
        "{\"Code\":\"Failed\"}",
    };
    struct fixture *f = *state;
    f->source = open_source(
        f, (struct sl_token_spec){.from = SL_TOKEN_AWS_CONTAINER, .url = "http://127.0.0.1:1/c"});
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        mint(f, rows[i]);
        assert_int_equal(f->err.reason, SL_REASON_PROVIDER_GARBAGE);
        pass(f, 60000);
    }
}

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: no time */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-01T00:00:00Z", INT64_C(1767225600000)},
        {"2024-02-29T23:59:59.123456Z", INT64_C(1709251199000)},
        {"2026-01-01T00:00:00+00:00", INT64_C(1767225600000)},
        {"2026-01-01T00:00:00", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-01-01 00:00:00Z", -1},
        {"2026-01-01T00:00:0", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        int64_t ms = -1;
        assert_int_equal(tk_parse_time(rows[i].text, &ms), rows[i].ms >= 0);
        if (rows[i].ms >= 0)
            assert_int_equal(ms, rows[i].ms);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, token_setup, token_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_service_account_signs_an_assertion),
        TEST(a_user_shows_a_refresh_token),
        TEST(credential_files_that_are_none),
        TEST(metadata_servers_are_asked_without_a_proxy),
        TEST(an_application_of_entras_shows_its_secret),
        TEST(a_projected_token_stands_for_entras_secret),
        TEST(managed_identities_are_asked_for_a_resource),
        TEST(app_service_has_an_endpoint_of_its_own),
        TEST(a_role_is_assumed_with_an_access_key),
        TEST(a_web_identity_is_shown_from_its_file),
        TEST(a_container_has_a_credentials_endpoint),
        TEST(an_instance_takes_three_steps),
        TEST(what_is_missing_is_named),
        TEST(answers_of_aws_that_are_none),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
