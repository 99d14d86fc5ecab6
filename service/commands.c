/* The commands: each loads the configuration as the service does, does one thing to the store, and
 * says what it did. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/api_key.h"
#include "access/load.h"
#include "base/alloc.h"
#include "config/config.h"
#include "open_store.h"
#include "rotate_keys.h"

enum { EXIT_CONFIG = 78 }; /* EX_CONFIG of sysexits.h */

static int migrate(int argc, char **argv, char **envp);
static int bootstrap(int argc, char **argv, char **envp);

static const struct sl_command commands[] = {
    {"bootstrap", bootstrap, "make the first administrator's key, and print it or where it is"},
    {"migrate", migrate, "bring the store to this version's schema, and end"},
    {"rotate-keys", sl_rotate_keys, "seal stored secrets anew under the current encryption key"},
};

const struct sl_command *sl_command_find(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < SL_ARRAY_LEN(commands); i++) {
        if (!strcmp(argv[1], commands[i].name))
            return &commands[i];
    }
    return NULL;
}

static void print_help(const struct sl_command *c)
{
    printf("Usage: sluiced %s [--config FILE] [--SETTING VALUE]...\n\n"
           "%s. Flags are those of sluiced --help.\n",
           c->name, c->help);
}

int sl_command_complain(const char *what, const struct sl_err *err)
{
    fprintf(stderr, "sluiced: %s: %s\n", what, err->text);
    return err->reason == SL_REASON_CONFIG_INVALID ? EXIT_CONFIG : EXIT_FAILURE;
}

/* A store with the configuration that it came from. */
struct opened {
    struct sl_config *config;
    struct sl_store *store;
};

/* -1: go on; else the exit code. */
static int open_store(const struct sl_command *c, int argc, char **argv, char **envp,
                      struct opened *o)
{
    struct sl_config_command command = {0};
    struct sl_err err = {0};
    if (sl_config_load(argc, argv, envp, &command, &o->config, &err))
        return sl_command_complain("configuration", &err);
    if (command.help || command.version || command.check || command.print) {
        print_help(c);
        sl_config_destroy(o->config);
        return EXIT_SUCCESS;
    }
    if (!sl_open_store(o->config, &o->store, &err))
        return -1;
    sl_config_destroy(o->config);
    return sl_command_complain("the store", &err);
}

static void close_store(struct opened *o)
{
    sl_store_close(o->store);
    sl_config_destroy(o->config);
}

static int migrate(int argc, char **argv, char **envp)
{
    struct opened o = {NULL, NULL};
    int status = open_store(&commands[1], argc, argv, envp, &o);
    if (status >= 0)
        return status;
    struct sl_store_schema schema = sl_store_schema(o.store);
    if (schema.found == schema.now)
        printf("%s: schema %d, nothing to do\n", sl_store_backend(o.store), schema.now);
    else
        printf("%s: schema %d, was %d\n", sl_store_backend(o.store), schema.now, schema.found);
    close_store(&o);
    return EXIT_SUCCESS;
}

static enum sl_code make_file(const struct opened *o, struct sl_err *err)
{
    struct sl_access_bootstrap admin;
    enum sl_code code = sl_access_bootstrap(o->config->data_dir, o->store, &admin, err);
    if (!code)
        printf("the first administrator's key is in %s%s\n", admin.path,
               admin.present ? "" : ", which was taken away");
    return code;
}

static enum sl_code print_once(const struct opened *o, struct sl_err *err)
{
    struct sl_api_key key;
    enum sl_code code = sl_access_bootstrap_once(o->store, &key, err);
    if (!code)
        printf("%s\n", key.text);
    sl_wipe(&key, sizeof(key));
    return code;
}

static int bootstrap(int argc, char **argv, char **envp)
{
    struct opened o = {NULL, NULL};
    struct sl_err err = {0};
    int status = open_store(&commands[0], argc, argv, envp, &o);
    if (status >= 0)
        return status;
    bool embedded = !strcmp(sl_store_backend(o.store), "sqlite");
    enum sl_code code = embedded ? make_file(&o, &err) : print_once(&o, &err);
    close_store(&o);
    return code ? sl_command_complain("bootstrap", &err) : EXIT_SUCCESS;
}
