/* Layers: the file, the environment, flags, each over the one before. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/config.h"
#include "config/settings.h"

enum { MAX_ARGS = 24 };

/* Each test runs in an empty folder of its own. */
struct scene {
    char folder[64];
    char *argv[MAX_ARGS], *envp[MAX_ARGS];
    int argc, envc;
    struct sl_config_command command;
    struct sl_config *config;
    struct sl_err err;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    snprintf(s->folder, sizeof(s->folder), "/tmp/sluice-test-XXXXXX");
    if (!mkdtemp(s->folder) || chdir(s->folder))
        return 1;
    s->envp[s->envc++] = calloc(1, 32);
    snprintf(s->envp[0], 32, "HOME=/home/someone");
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    unlink("sluice.yaml");
    unlink("other.yaml");
    rmdir("folder");
    if (chdir("/") || rmdir(s->folder))
        return 1;
    for (int i = 0; i < s->argc; i++)
        free(s->argv[i]);
    for (int i = 0; i < s->envc; i++)
        free(s->envp[i]);
    sl_config_destroy(s->config);
    free(s);
    return 0;
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    char *p = malloc(n);
    memcpy(p, text, n);
    return p;
}

static void add_arg(struct scene *s, const char *arg)
{
    s->argv[s->argc++] = copy(arg);
}

static void add_env(struct scene *s, const char *variable)
{
    s->envp[s->envc++] = copy(variable);
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static enum sl_code load(struct scene *s)
{
    sl_config_destroy(s->config);
    s->config = NULL;
    memset(&s->err, 0, sizeof(s->err));
    return sl_config_load(s->argc, s->argv, s->envp, &s->command, &s->config, &s->err);
}

static void load_good(struct scene *s)
{
    if (load(s))
        fail_msg("%s", s->err.text);
}

static void load_bad(struct scene *s, const char *error)
{
    assert_int_equal(load(s), SL_INVALID_ARGUMENT);
    assert_null(s->config);
    if (!strstr(s->err.text, error))
        fail_msg("'%s'\ninstead of '%s'", s->err.text, error);
}

static const char *place_of(const struct scene *s, const char *key)
{
    return s->config->places[sl_settings_find(&sl_settings_root, key) - sl_settings_root.rows];
}

static void layers_win_in_order(void **state)
{
    struct scene *s = *state;
    write_file("sluice.yaml",
               "log: {level: debug}\nserver: {loops: 1}\nlimits: {slow_reader: 1s}\n");
    add_env(s, "SLUICE_SERVER_LOOPS=2");
    add_env(s, "SLUICE_LIMITS_SLOW_READER=2s");
    add_arg(s, "--limits-slow-reader=3s");
    load_good(s);
    assert_string_equal(s->config->log_level, "debug");
    assert_int_equal(s->config->loops, 2);
    assert_int_equal(s->config->slow_reader_ms, 3000);
    assert_string_equal(place_of(s, "log.level"), "sluice.yaml:1");
    assert_string_equal(place_of(s, "server.loops"), "SLUICE_SERVER_LOOPS");
    assert_string_equal(place_of(s, "limits.slow_reader"), "--limits-slow-reader");
    assert_string_equal(place_of(s, "server.listen"), "");
    assert_string_equal(s->config->file, "sluice.yaml");
}

/* The configuration knows where the keys are, and never what they are. */
static void leaves_secrets_in_their_variable(void **state)
{
    struct scene *s = *state;
    add_env(s, "SLUICE_ENCRYPTION_KEYS=k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    load_good(s);
    assert_string_equal(s->config->encryption_keys, "env:SLUICE_ENCRYPTION_KEYS");
}

static void finds_its_file(void **state)
{
    struct scene *s = *state;
    load_good(s);
    assert_string_equal(s->config->file, "");
    write_file("sluice.yaml", "server: {loops: 1}");
    write_file("other.yaml", "server: {loops: 2}");
    load_good(s);
    assert_int_equal(s->config->loops, 1);
    add_env(s, "SLUICE_CONFIG=other.yaml");
    load_good(s);
    assert_int_equal(s->config->loops, 2);
    add_arg(s, "--config");
    add_arg(s, "sluice.yaml");
    load_good(s);
    assert_int_equal(s->config->loops, 1);
    add_arg(s, "--config=");
    load_good(s);
    assert_int_equal(s->config->loops, 0);
}

static void says_what_is_wrong_with_its_file(void **state)
{
    struct scene *s = *state;
    add_arg(s, "--config=other.yaml");
    load_bad(s, "other.yaml: No such file");
    write_file("other.yaml", "log: {level: [}");
    load_bad(s, "other.yaml:1: ");
    unlink("other.yaml");
    assert_int_equal(mkdir("folder", 0700), 0);
    s->argv[0][9] = '\0'; /* "--config=" alone: the folder follows as a second flag */
    add_arg(s, "--config=folder");
    load_bad(s, "folder: Is a directory");
}

static void takes_flags_in_both_forms(void **state)
{
    struct scene *s = *state;
    add_arg(s, "--server-loops");
    add_arg(s, "3");
    add_arg(s, "--access-anonymous");
    add_arg(s, "--server-listen=127.0.0.1:1, [::1]:2");
    add_arg(s, "--server-listen");
    add_arg(s, "unix:/x");
    add_arg(s, "--log-level=warn");
    add_arg(s, "--log-level=error");
    load_good(s);
    assert_int_equal(s->config->loops, 3);
    assert_true(s->config->anonymous);
    assert_int_equal(s->config->listen.count, 3);
    assert_string_equal(s->config->listen.list[1], "[::1]:2");
    assert_string_equal(s->config->listen.list[2], "unix:/x");
    assert_string_equal(s->config->log_level, "error");
}

static void takes_truth_values_from_flags(void **state)
{
    static const struct {
        const char *first, *second;
        bool value;
    } rows[] = {{"--access-anonymous", NULL, true},
                {"--access-anonymous", "true", true},
                {"--access-anonymous", "false", false},
                {"--access-anonymous=false", NULL, false},
                {"--access-anonymous", "--server-loops=1", true}};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char *argv[] = {copy(rows[i].first), copy(rows[i].second ? rows[i].second : "")};
        struct sl_config_command command;
        struct sl_config *c = NULL;
        struct sl_err err = {0};
        char home[] = "HOME=/x";
        char *const with_home[] = {home, NULL};
        if (sl_config_load(rows[i].second ? 2 : 1, argv, with_home, &command, &c, &err))
            fail_msg("%s", err.text);
        assert_int_equal(c->anonymous, rows[i].value);
        sl_config_destroy(c);
        free(argv[0]);
        free(argv[1]);
    }
}

static void refuses_flags(void **state)
{
    static const struct {
        const char *arg, *error;
    } rows[] = {
        {"--server-lisen=x", "unknown flag --server-lisen; did you mean --server-listen?"},
        {"--bananas", "unknown flag --bananas; see --help"},
        {"--server-listen", "--server-listen needs a value"},
        {"--config", "--config needs a value"},
        {"--check-config=yes", "--check-config takes no value"},
        {"--models=a", "--models can only be set in the configuration file"},
        {"serve", "'serve' is no flag"},
        {"-x", "unknown flag -x"},
        {"--log-level=loud", "--log-level: log.level has to be one of"},
        {"--server-listen=a\nb:1", "control character"},
    };
    struct scene *s = *state;
    add_arg(s, "");
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        free(s->argv[0]);
        s->argv[0] = copy(rows[i].arg);
        load_bad(s, rows[i].error);
    }
}

static void takes_commands(void **state)
{
    struct scene *s = *state;
    add_arg(s, "--check-config");
    add_arg(s, "--print-config");
    load_good(s);
    assert_true(s->command.check && s->command.print);
    assert_false(s->command.help || s->command.version);
    add_arg(s, "-h");
    add_arg(s, "--nonsense"); /* help comes before complaints */
    load_good(s);
    assert_true(s->command.help);
    assert_null(s->config);
}

static void refuses_variables(void **state)
{
    static const struct {
        const char *variable, *error;
    } rows[] = {
        {"SLUICE_LOG_LEVLE=debug",
         "unknown environment variable SLUICE_LOG_LEVLE; did you mean SLUICE_LOG_LEVEL?"},
        {"SLUICE_BANANAS=1", "unknown environment variable SLUICE_BANANAS"},
        {"SLUICE_MODELS=a", "SLUICE_MODELS can only be set in the configuration file"},
        {"SLUICE_LOG_LEVEL=loud", "SLUICE_LOG_LEVEL: log.level has to be one of"},
        {"SLUICE_SERVER_LOOPS=x", "SLUICE_SERVER_LOOPS: server.loops has to be a whole number"},
    };
    struct scene *s = *state;
    add_env(s, "");
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        free(s->envp[1]);
        s->envp[1] = copy(rows[i].variable);
        load_bad(s, rows[i].error);
    }
}

/* What a pod of Kubernetes finds beside a Service of that name, what the CLI reads, and what the
 * file itself names. */
static void leaves_other_variables_alone(void **state)
{
    static const char *const variables[] = {
        "SLUICE_PORT=tcp://10.0.0.1:50051",
        "SLUICE_PORT_50051_TCP_ADDR=10.0.0.1",
        "SLUICE_SERVICE_HOST=10.0.0.1",
        "SLUICE_SERVICE_PORT_GRPC=50051",
        "SLUICE_WEB_PORT_80_TCP=tcp://x",
        "SLUICE_WEB_SERVICE_PORT=80",
        "SLUICE_ADDRESS=127.0.0.1:1",
        "SLUICE_API_KEY=sl_x",
        "SLUICE_OWN=sk-test-1",
        "SLUICE_OWN_HEADER=a",
        "SLUICE_OWN_PROXY=http://p:1",
        "SLUICE_OWN_MODEL=sk-test-2",
        "SLUICE_OWN_CALLER=sk-test-3",
        "SLUICE_LOG_LEVEL=",
        "SLUICE",
        "OTHER=1",
    };
    struct scene *s = *state;
    write_file(
        "sluice.yaml",
        "providers: [{id: openai, key: 'env:SLUICE_OWN', headers: {a: 'env:SLUICE_OWN_HEADER'}}]\n"
        "upstream: {proxy: 'env:SLUICE_OWN_PROXY'}\n"
        "models: [{name: a, provider: openai, key: 'env:SLUICE_OWN_MODEL'}]\n"
        "access: {keys: [{name: a, key: 'env:SLUICE_OWN_CALLER'}]}\n");
    for (size_t i = 0; i < SL_ARRAY_LEN(variables); i++)
        add_env(s, variables[i]);
    load_good(s);
    assert_string_equal(s->config->log_level, "info");
}

static void finds_the_data_folder(void **state)
{
    struct scene *s = *state;
    load_good(s);
    bool root = geteuid() == 0;
    assert_string_equal(s->config->data_dir,
                        root ? "/var/lib/sluice" : "/home/someone/.local/share/sluice");
    add_env(s, "XDG_DATA_HOME=/data");
    load_good(s);
    assert_string_equal(s->config->data_dir, root ? "/var/lib/sluice" : "/data/sluice");
    add_arg(s, "--data-dir=/mine");
    load_good(s);
    assert_string_equal(s->config->data_dir, "/mine");
}

static void says_what_needs_a_restart(void **state)
{
    struct scene *s = *state;
    const char *keys[4];
    write_file("sluice.yaml",
               "server: {loops: 1, listen: [localhost:1]}\nlog: {level: info}\ndata_dir: /a\n");
    load_good(s);
    struct sl_config *was = s->config;
    s->config = NULL;
    load_good(s);
    assert_int_equal(sl_config_needs_restart(was, s->config, keys, 4), 0);
    write_file("sluice.yaml",
               "server: {loops: 2, listen: [localhost:2]}\nlog: {level: warn}\ndata_dir: /b\n"
               "models: [{name: a, provider: openai}]\n");
    load_good(s);
    assert_int_equal(sl_config_needs_restart(was, s->config, keys, 4), 3);
    assert_string_equal(keys[0], "data_dir");
    assert_string_equal(keys[1], "server.listen");
    assert_string_equal(keys[2], "server.loops");
    keys[1] = NULL;
    assert_int_equal(sl_config_needs_restart(was, s->config, keys, 1), 3);
    assert_null(keys[1]);
    sl_config_destroy(was);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_win_in_order),
        TEST(leaves_secrets_in_their_variable),
        TEST(finds_its_file),
        TEST(says_what_is_wrong_with_its_file),
        TEST(takes_flags_in_both_forms),
        TEST(takes_truth_values_from_flags),
        TEST(refuses_flags),
        TEST(takes_commands),
        TEST(refuses_variables),
        TEST(leaves_other_variables_alone),
        TEST(finds_the_data_folder),
        TEST(says_what_needs_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
