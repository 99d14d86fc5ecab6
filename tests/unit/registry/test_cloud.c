/* Whose tokens a model is asked with, and where the credential is looked for. No token is minted here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "registry/cloud.h"

static const char *const vertex_variables[] = {"GOOGLE_APPLICATION_CREDENTIALS", NULL};
static const char *const bedrock_variables[] = {"AWS_BEARER_TOKEN_BEDROCK", NULL};
static const struct sl_adapter vertex = {.name = "vertex",
                                         .tokens = "google",
                                         .default_base_url = "https://aiplatform.googleapis.com/v1",
                                         .key_variables = vertex_variables};
static const struct sl_adapter bedrock = {.name = "bedrock",
                                          .tokens = "aws",
                                          .default_base_url =
                                              "https://bedrock-runtime.us-east-1.amazonaws.com",
                                          .key_variables = bedrock_variables};
static const struct sl_adapter azure = {.name = "azure"};

struct fixture {
    struct sl_arena arena;
    struct sl_tokens *tokens;
    struct sl_config config;
    struct sl_config_provider provider;
};

static int setup(void **state)
{
    static const char *const names[] = {"GOOGLE_APPLICATION_CREDENTIALS",
                                        "GOOGLE_CLOUD_PROJECT",
                                        "GOOGLE_CLOUD_LOCATION",
                                        "GCE_METADATA_HOST",
                                        "K_SERVICE",
                                        "CLOUDSDK_CONFIG",
                                        "HOME",
                                        "AZURE_TENANT_ID",
                                        "AZURE_CLIENT_ID",
                                        "AZURE_CLIENT_SECRET",
                                        "AZURE_FEDERATED_TOKEN_FILE",
                                        "IDENTITY_ENDPOINT",
                                        "IDENTITY_HEADER",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_ROLE_ARN",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_BEARER_TOKEN_BEDROCK",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_EC2_METADATA_SERVICE_ENDPOINT"};
    static struct fixture f;
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
        unsetenv(names[i]);
    setenv("NO_GCE_CHECK", "true", 1); /* whatever machine this is */
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    memset(&f, 0, sizeof(f));
    sl_arena_init(&f.arena, SIZE_MAX);
    f.tokens = sl_tokens_create(NULL);
    f.config.ca_file = f.config.proxy = "";
    f.provider = (struct sl_config_provider){
        .auth = "", .key = "", .tenant = "", .client_id = "", .role = ""};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sl_tokens_stop(f->tokens);
    sl_tokens_destroy(f->tokens);
    sl_arena_fini(&f->arena);
    return 0;
}

static struct sl_cloud_source source_of(struct fixture *f, const struct sl_adapter *adapter)
{
    return (struct sl_cloud_source){
        .tokens = f->tokens,
        .config = &f->config,
        .provider = &f->provider,
        .adapter = adapter,
        .key = f->provider.key,
        .base_url = adapter->default_base_url ? adapter->default_base_url : "https://r.test/v1",
        .region = "",
        .arena = &f->arena,
    };
}

static void an_adapter_has_a_cloud_of_its_own(void **state)
{
    static const struct {
        const struct sl_adapter *adapter;
        const char *auth, *key, *base_url;
        enum sl_cloud cloud;
    } rows[] = {
        {&vertex, "", "", NULL, SL_CLOUD_GOOGLE},
        {&vertex, "", "file:/key.json", NULL, SL_CLOUD_GOOGLE},
        {&vertex, "", "none", NULL, SL_CLOUD_NONE},
        {&vertex, "bearer", "env:TOKEN", NULL, SL_CLOUD_NONE},
        {&vertex, "", "", "https://us-east5-aiplatform.googleapis.com/v1", SL_CLOUD_GOOGLE},
        {&vertex, "", "", "https://evil.test/aiplatform.googleapis.com", SL_CLOUD_NONE},
        {&vertex, "", "", "http://us-east5-aiplatform.googleapis.com/v1", SL_CLOUD_NONE},
        {&vertex, "google", "", "https://proxy.test/v1", SL_CLOUD_GOOGLE},
        {&bedrock, "", "", NULL, SL_CLOUD_AWS},
        {&bedrock, "", "env:BEDROCK_KEY", NULL, SL_CLOUD_NONE},
        {&bedrock, "", "", "https://proxy.test", SL_CLOUD_NONE},
        {&azure, "", "", NULL, SL_CLOUD_NONE},
        {&azure, "entra", "", NULL, SL_CLOUD_ENTRA},
        {&azure, "entra", "none", NULL, SL_CLOUD_NONE},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        f->provider.auth = rows[i].auth;
        f->provider.key = rows[i].key;
        struct sl_cloud_source from = source_of(f, rows[i].adapter);
        if (rows[i].base_url)
            from.base_url = rows[i].base_url;
        assert_int_equal(sl_cloud_of(&from), rows[i].cloud);
    }
    f->provider.auth = f->provider.key = "";
    setenv("AWS_BEARER_TOKEN_BEDROCK", "sk-test-bedrock", 1);
    struct sl_cloud_source from = source_of(f, &bedrock);
    assert_int_equal(sl_cloud_of(&from), SL_CLOUD_NONE);
}

/* Opens, and gives back what was found. */
static void expect(struct fixture *f, const struct sl_adapter *adapter, bool tokens,
                   const char *key, const char *reference)
{
    struct sl_cloud_source from = source_of(f, adapter);
    struct sl_cloud_credential found;
    struct sl_err err = {0};
    if (sl_cloud_open(&from, sl_cloud_of(&from), &found, &err) != SL_OK)
        fail_msg("%s", err.text);
    assert_int_equal(found.tokens != NULL, tokens);
    assert_string_equal(found.key ? sl_secret_reveal(found.key) : "", key);
    assert_string_equal(found.reference, reference);
    sl_token_source_unref(found.tokens);
    sl_secret_unref(found.key);
}

#define USER                                                                                       \
    "{\"type\":\"authorized_user\",\n\"client_id\":\"i\",\"client_secret\":\"s\","                 \
    "\"refresh_token\":\"r\",\"quota_project_id\":\"quota\"}"

static void googles_places(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/sluice-cloud-XXXXXX", path[128], reference[160];
    expect(f, &vertex, false, "", "env:GOOGLE_APPLICATION_CREDENTIALS");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/application_default_credentials.json", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(USER, file);
    fclose(file);
    snprintf(reference, sizeof(reference), "file:%s", path);
    setenv("CLOUDSDK_CONFIG", folder, 1);
    expect(f, &vertex, true, "", reference);
    setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json", 1); /* said, and wrong */
    expect(f, &vertex, false, "", "env:GOOGLE_APPLICATION_CREDENTIALS");
    setenv("GOOGLE_APPLICATION_CREDENTIALS", path, 1);
    expect(f, &vertex, true, "", "env:GOOGLE_APPLICATION_CREDENTIALS");
    setenv("SL_TEST_JSON", USER, 1);
    f->provider.key = "env:SL_TEST_JSON";
    expect(f, &vertex, true, "", "env:SL_TEST_JSON");
    unlink(path);
    rmdir(folder);
    f->provider.key = "";
    unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
    expect(f, &vertex, false, "", "env:GOOGLE_APPLICATION_CREDENTIALS");
    setenv("GCE_METADATA_HOST", "127.0.0.1:1", 1);
    expect(f, &vertex, true, "", "env:GOOGLE_APPLICATION_CREDENTIALS");
}

static void a_project_and_a_location(void **state)
{
    struct fixture *f = *state;
    struct sl_cloud_source from = source_of(f, &vertex);
    assert_string_equal(sl_cloud_region(&from), "");
    assert_string_equal(sl_cloud_project(&from, NULL), "");
    setenv("GOOGLE_CLOUD_LOCATION", "europe-west4", 1);
    setenv("GOOGLE_CLOUD_PROJECT", "p-1", 1);
    assert_string_equal(sl_cloud_region(&from), "europe-west4");
    assert_string_equal(sl_cloud_project(&from, NULL), "p-1");
    from.region = "global";
    assert_string_equal(sl_cloud_region(&from), "global");
    from = source_of(f, &bedrock);
    setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
    assert_string_equal(sl_cloud_region(&from), "eu-west-1");
    setenv("AWS_REGION", "eu-west-2", 1);
    assert_string_equal(sl_cloud_region(&from), "eu-west-2");
    assert_string_equal(sl_cloud_project(&from, NULL), "");
    from = source_of(f, &azure);
    assert_string_equal(sl_cloud_region(&from), "");
}

static void entras_places(void **state)
{
    struct fixture *f = *state;
    f->provider.auth = "entra";
    setenv("AZURE_TENANT_ID", "t", 1);
    setenv("AZURE_CLIENT_ID", "c", 1);
    expect(f, &azure, false, "", "env:AZURE_CLIENT_SECRET");
    setenv("AZURE_FEDERATED_TOKEN_FILE", "/token", 1);
    expect(f, &azure, true, "", "env:AZURE_FEDERATED_TOKEN_FILE");
    setenv("AZURE_CLIENT_SECRET", "sk-test-1", 1);
    expect(f, &azure, true, "", "env:AZURE_CLIENT_SECRET");
    f->provider.key = "env:SL_TEST_NOT_SET";
    expect(f, &azure, false, "", "env:SL_TEST_NOT_SET");
    f->provider.key = "";
    unsetenv("AZURE_CLIENT_SECRET");
    unsetenv("AZURE_FEDERATED_TOKEN_FILE");
    unsetenv("AZURE_TENANT_ID");
    expect(f, &azure, true, "", "env:AZURE_CLIENT_ID"); /* the machine's own identity */
    setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/", 1);
    setenv("IDENTITY_HEADER", "h", 1);
    expect(f, &azure, true, "", "env:AZURE_CLIENT_ID");
}

static void what_entra_lacks_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct sl_cloud_credential found;
    struct sl_err err = {0};
    f->provider.auth = "entra";
    setenv("AZURE_CLIENT_SECRET", "sk-test-1", 1);
    struct sl_cloud_source from = source_of(f, &azure);
    assert_int_equal(sl_cloud_open(&from, SL_CLOUD_ENTRA, &found, &err), SL_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "AZURE_TENANT_ID"));
}

static void awss_places(void **state)
{
    struct fixture *f = *state;
    expect(f, &bedrock, false, "", "env:AWS_ACCESS_KEY_ID");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials", 1);
    expect(f, &bedrock, true, "", "env:AWS_ACCESS_KEY_ID");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/token", 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    expect(f, &bedrock, true, "", "env:AWS_WEB_IDENTITY_TOKEN_FILE");
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLEAKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    expect(f, &bedrock, false, "AKIDEXAMPLEAKIDEXAMPLE:secret", "env:AWS_ACCESS_KEY_ID");
    setenv("AWS_SESSION_TOKEN", "token", 1);
    expect(f, &bedrock, false, "AKIDEXAMPLEAKIDEXAMPLE:secret:token", "env:AWS_ACCESS_KEY_ID");
    f->provider.auth = "aws";
    f->provider.role = "arn:aws:iam::1:role/other";
    expect(f, &bedrock, true, "", "env:AWS_ACCESS_KEY_ID");
    f->provider.key = "env:SL_TEST_NOT_SET";
    expect(f, &bedrock, false, "", "env:SL_TEST_NOT_SET");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_adapter_has_a_cloud_of_its_own), TEST(googles_places),
        TEST(a_project_and_a_location),          TEST(entras_places),
        TEST(what_entra_lacks_is_an_error),      TEST(awss_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
