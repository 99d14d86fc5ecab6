/* Options of commands that write. */
#include "edit.h"

#include <string.h>

#include "fields.h"
#include "files.h"

enum { KEY_MAX = 64 * 1024, ARENA_MAX = 1024 * 1024 };

int edit_read_key(struct cli *cli, struct sl_buf *key)
{
    struct sl_err err = {0};
    sl_buf_init(key, KEY_MAX);
    if (cli->o.provider_key)
        return sl_buf_add_str(key, sl_secret_reveal(cli->o.provider_key))
                   ? EXIT_DONE
                   : cli_fail_local(cli, EXIT_USAGE, "USAGE", "--provider-key is too long");
    if (!cli->o.provider_key_file)
        return EXIT_DONE;
    if (files_read(cli->o.provider_key_file, key, &err) != SL_OK)
        return cli_fail_local(cli, EXIT_USAGE, "INVALID_ARGUMENT", err.text);
    while (key->n && strchr("\r\n ", key->p[key->n - 1]))
        key->p[--key->n] = 0;
    return EXIT_DONE;
}

int edit_begin(struct cli *cli, struct edit *e, ProtobufCMessage *message)
{
    struct sl_err err = {0};
    sl_arena_init(&e->arena, ARENA_MAX);
    e->mask = "";
    int code = edit_read_key(cli, &e->key);
    for (size_t i = 0; i < cli->o.set.n && code == EXIT_DONE; i++) {
        if (fields_set(message, cli->o.set.v[i], &e->arena, &err) != SL_OK)
            return cli_fail_local(cli, EXIT_USAGE, "USAGE", err.text);
        edit_add_to_mask(e, cli->o.set.v[i]);
    }
    return code;
}

void edit_end(struct edit *e)
{
    sl_buf_wipe(&e->key);
    sl_arena_fini(&e->arena);
}

void edit_add_to_mask(struct edit *e, const char *field)
{
    e->mask = fields_mask(e->mask, field, &e->arena);
}

void edit_take(struct edit *e, char **field, const char *name, const char *option)
{
    if (!option)
        return;
    *field = (char *)(uintptr_t)option;
    edit_add_to_mask(e, name);
}
