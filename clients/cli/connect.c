/* Finds the service and the caller's key. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "files.h"

enum { KEY_MAX = 4096 };

#define DEFAULT_ADDRESS "127.0.0.1:50051"
#define DEFAULT_PORT "50051"
#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool host_is_valid(struct sl_str host)
{
    bool v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    size_t skip = v6 ? 1 : 0;

    return host.n && strspn(host.p + skip, v6 ? ALNUM ":.%-_" : ALNUM ".-_") == host.n - 2 * skip;
}

/* HOST:PORT, or HOST alone. */
static bool split_address(const char *address, struct sl_str *host, struct sl_str *port)
{
    const char *colon = strrchr(address, ':'), *bracket = strrchr(address, ']');
    int64_t number;

    *host = sl_str(address);
    *port = SL_STR(DEFAULT_PORT);
    if (colon && !(bracket && colon < bracket)) {
        host->n = (size_t)(colon - address);
        *port = sl_str(colon + 1);
    }
    return host_is_valid(*host) && sl_parse_i64(*port, &number) && number >= 1 && number <= 65535;
}

/* Adds s as part of a target, which is a URI (https://grpc.github.io/grpc/core/md_doc_naming.html). */
static bool add_encoded(struct sl_buf *out, struct sl_str s, const char *plain)
{
    bool ok = true;

    for (size_t i = 0; ok && i < s.n; i++) {
        if (s.p[i] && strchr(plain, s.p[i]))
            ok = sl_buf_add_char(out, s.p[i]);
        else
            ok = sl_buf_printf(out, "%%%02X", (unsigned)(unsigned char)s.p[i]);
    }
    return ok;
}

static bool make_target(const char *address, struct sl_buf *out)
{
    struct sl_str host, port;

    if (sl_starts_with(address, "unix:"))
        return address[5] && sl_buf_add_str(out, "unix:") &&
               add_encoded(out, sl_str(address + 5), ALNUM "/.-_~");
    return split_address(address, &host, &port) && sl_buf_add_str(out, "dns:") &&
           add_encoded(out, host, ALNUM ".-_:[]") && sl_buf_add_char(out, ':') &&
           sl_buf_add(out, port.p, port.n);
}

bool connect_target(const char *address, char *dst, size_t size)
{
    struct sl_buf target;
    bool ok;

    sl_buf_init(&target, size - 1);
    ok = make_target(address, &target) && sl_copy(dst, size, target.p);
    sl_buf_fini(&target);
    return ok;
}

bool connect_is_local(const char *address)
{
    struct sl_str host, port;

    if (sl_starts_with(address, "unix:"))
        return true;
    if (!split_address(address, &host, &port))
        return false;
    return sl_str_ieq(host, "localhost") || sl_str_eq(host, "[::1]") ||
           (sl_starts_with(address, "127.") && strspn(address, "0123456789.") == host.n);
}

/* Where sluiced keeps its data unless told otherwise. */
static bool default_data_dir(const char *set, char *dst, size_t size)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int n;

    if (set && *set)
        n = snprintf(dst, size, "%s", set);
    else if (geteuid() == 0)
        n = snprintf(dst, size, "/var/lib/sluice");
    else if (xdg && *xdg)
        n = snprintf(dst, size, "%s/sluice", xdg);
    else
        n = snprintf(dst, size, "%s/.local/share/sluice", home ? home : "");
    return n > 0 && (size_t)n < size;
}

static enum sl_code read_key(const char *path, struct sl_secret **out, struct sl_err *err)
{
    struct sl_buf text;
    enum sl_code code;
    size_t n = 0;

    sl_buf_init(&text, KEY_MAX);
    code = files_read(path, &text, err);
    if (code == SL_OK) {
        while (n < text.n && text.p[n] > ' ' && text.p[n] < 0x7f)
            n++;
        if (!n || strspn(text.p + n, " \t\r\n") != text.n - n)
            code = BAD(err, "%s does not hold a key", path);
        else
            *out = sl_secret_create(text.p, n);
    }
    sl_buf_wipe(&text);
    return code;
}

/* The administrator's key of a service on this machine; none is fine. */
static void find_local_key(struct cli *cli, struct sl_secret **out)
{
    struct sl_err err = {0};
    char directory[1024], path[1100];

    if (!default_data_dir(cli->o.data_dir, directory, sizeof(directory)))
        return;
    snprintf(path, sizeof(path), "%s/admin.key", directory);
    if (read_key(path, out, &err) != SL_OK)
        snprintf(cli->hint, sizeof(cli->hint),
                 "no key was sent: set SLUICE_API_KEY or --api-key-file (%.120s)", err.text);
}

static enum sl_code find_key(struct cli *cli, bool local, struct sl_secret **out,
                             struct sl_err *err)
{
    const char *key;

    if (cli->o.api_key) {
        key = sl_secret_reveal(cli->o.api_key);
        for (size_t i = 0; i < sl_secret_length(cli->o.api_key); i++) {
            if (key[i] <= ' ' || key[i] >= 0x7f)
                return BAD(err, "the key holds a character that no key has");
        }
        *out = sl_secret_ref(cli->o.api_key);
        return SL_OK;
    }
    if (cli->o.api_key_file)
        return read_key(cli->o.api_key_file, out, err);
    if (local)
        find_local_key(cli, out);
    else
        sl_copy(cli->hint, sizeof(cli->hint),
                "no key was sent: set SLUICE_API_KEY or --api-key-file");
    return SL_OK;
}

enum sl_code connect_open(struct cli *cli, struct sl_err *err)
{
    const struct options *o = &cli->o;
    const char *address = o->address ? o->address : DEFAULT_ADDRESS;
    char target[1024];
    struct client_config config = {
        .target = target,
        .local = connect_is_local(address),
        .tls = o->tls || o->ca || o->cert || o->key,
        .ca_file = o->ca,
        .cert_file = o->cert,
        .key_file = o->key,
        .server_name = o->server_name,
        .user_agent = "sluice-cli/" SLUICE_VERSION,
    };
    enum sl_code code;

    if (!connect_target(address, target, sizeof(target)))
        return BAD(err, "--address takes HOST:PORT or unix:PATH, not '%s'", address);
    code = find_key(cli, config.local, &config.key, err);
    if (code == SL_OK && config.key && !config.tls && !config.local && !o->quiet) {
        term_style(&cli->err, TERM_YELLOW);
        term_printf(&cli->err, "sluice: warning: the key goes to %s in the clear; use --tls\n",
                    address);
        term_style(&cli->err, TERM_PLAIN);
    }
    if (code == SL_OK)
        code = client_open(&config, &cli->client, err);
    sl_secret_unref(config.key);
    return code;
}
