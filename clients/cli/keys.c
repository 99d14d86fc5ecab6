/* sluice keys. */
#include "keys.h"

#include <string.h>
#include <time.h>

#include "access_print.h"
#include "base/clock.h"
#include "base/str.h"
#include "table.h"
#include "verbs.h"

/* ---- when a key ends ---- */

static bool parse_number(const char *p, size_t n, int64_t *out)
{
    return n && strspn(p, "0123456789") >= n && sl_parse_i64((struct sl_str){p, n}, out);
}

static bool parse_date(const char *text, int64_t *out)
{
    int64_t year, month, day;
    struct tm t = {0}, again;
    time_t seconds;

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !parse_number(text, 4, &year) ||
        !parse_number(text + 5, 2, &month) || !parse_number(text + 8, 2, &day))
        return false;
    t.tm_year = (int)year - 1900;
    t.tm_mon = (int)month - 1;
    t.tm_mday = (int)day;
    seconds = timegm(&t);
    /* timegm takes February 30 for a day in March */
    if (!gmtime_r(&seconds, &again) || again.tm_mon != (int)month - 1 || again.tm_mday != (int)day)
        return false;
    *out = (int64_t)seconds * 1000;
    return true;
}

bool keys_parse_expiry(const char *text, int64_t now_ms, int64_t *out)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    const int64_t century_ms = INT64_C(100) * 366 * 86400000;
    size_t n = strlen(text);
    int64_t count;

    if (parse_date(text, out))
        return true;
    for (size_t i = 0; n > 1 && i < SL_ARRAY_LEN(units); i++) {
        if (text[n - 1] != units[i].unit || !parse_number(text, n - 1, &count) ||
            count > century_ms / units[i].ms)
            continue;
        *out = now_ms + count * units[i].ms;
        return true;
    }
    return false;
}

/* ---- list ---- */

static void add_key(struct table *t, const Sluice__V1__ApiKey *k)
{
    char scopes[64], created[TABLE_TIME_SIZE], used[TABLE_TIME_SIZE], ends[TABLE_TIME_SIZE];
    bool over = k->expires_ms && k->expires_ms <= sl_wall_ms();

    table_join(scopes, sizeof(scopes), k->scopes, k->n_scopes);
    table_time(created, sizeof(created), k->created_ms);
    table_time(used, sizeof(used), k->last_used_ms);
    table_time(ends, sizeof(ends), k->expires_ms);
    table_add(t, (const char *[]){table_bare(k->name), k->user, k->title, scopes,
                                  k->revoked_ms ? "revoked"
                                  : over        ? "expired"
                                                : "valid",
                                  ends, created, used});
}

static bool on_page(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListApiKeysResponse *page = (const Sluice__V1__ListApiKeysResponse *)message;
    struct verb_list *list = ctx;

    for (size_t i = 0; i < page->n_api_keys && !list->cli->out.error; i++) {
        if (list->cli->o.names)
            term_printf(&list->cli->out, "%s\n", table_bare(page->api_keys[i]->name));
        else if (list->cli->o.json)
            cli_print_json(list->cli, &page->api_keys[i]->base);
        else
            add_key(&list->table, page->api_keys[i]);
    }
    verbs_next_page(list, page->next_page_token);
    return !list->cli->out.error;
}

static int list_keys(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListApiKeysRequest request = SLUICE__V1__LIST_API_KEYS_REQUEST__INIT;
    struct verb_list list = {.cli = cli};
    const struct verb_call call = {
        .path = "/sluice.v1.Access/ListApiKeys",
        .request = &request.base,
        .reply = &sluice__v1__list_api_keys_response__descriptor,
        .on_message = on_page,
        .ctx = &list,
    };

    (void)args;
    (void)n;
    table_init(&list.table, (const char *[]){"ID", "USER", "TITLE", "SCOPES", "STATE", "ENDS",
                                             "CREATED", "LAST USED", NULL});
    request.page_size = ACCESS_PAGE;
    if (cli->o.all)
        request.user = (char *)"*";
    else if (cli->o.user)
        request.user = (char *)cli->o.user;
    return verbs_list(&list, &call, &request.page_token);
}

/* ---- create, revoke ---- */

static bool on_created(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__CreateApiKeyResponse *r = (const Sluice__V1__CreateApiKeyResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json)
        cli_print_json(cli, message);
    else if (r->api_key)
        verbs_say(cli, "made the key %s of %s", table_bare(r->api_key->name), r->api_key->user);
    access_show_key(cli, r->key);
    return !cli->out.error;
}

static int create_key(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__CreateApiKeyRequest request = SLUICE__V1__CREATE_API_KEY_REQUEST__INIT;
    Sluice__V1__ApiKey key = SLUICE__V1__API_KEY__INIT;

    (void)n;
    key.title = (char *)(*args[0] ? args[0] : cli->o.title ? cli->o.title : "");
    if (cli->o.user)
        key.user = (char *)cli->o.user;
    key.scopes = (char **)cli->o.scope.v;
    key.n_scopes = cli->o.scope.n;
    if (cli->o.expires && !keys_parse_expiry(cli->o.expires, sl_wall_ms(), &key.expires_ms))
        return cli_fail_local(
            cli, EXIT_USAGE, "USAGE",
            "--expires takes a time from now (90d, 12h, 30m) or a date (2026-12-31)");
    request.api_key = &key;
    if (cli->o.request_id)
        request.request_id = (char *)cli->o.request_id;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/CreateApiKey",
                               .request = &request.base,
                               .reply = &sluice__v1__create_api_key_response__descriptor,
                               .on_message = on_created,
                               .ctx = cli,
                           });
}

static bool on_revoked(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ApiKey *k = (const Sluice__V1__ApiKey *)message;
    struct cli *cli = ctx;

    if (cli->o.json)
        cli_print_json(cli, message);
    verbs_say(cli, "revoked the key %s of %s", table_bare(k->name), k->user);
    return !cli->out.error;
}

static int revoke_key(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__RevokeApiKeyRequest request = SLUICE__V1__REVOKE_API_KEY_REQUEST__INIT;

    (void)n;
    request.name = (char *)args[0];
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/RevokeApiKey",
                               .request = &request.base,
                               .reply = &sluice__v1__api_key__descriptor,
                               .on_message = on_revoked,
                               .ctx = cli,
                           });
}

const struct verb_row keys_verbs[] = {
    {"list", "[--user NAME | --all]", 0, 0, list_keys},
    {"create", "[TITLE] [--user NAME] [--scope SCOPE]... [--expires WHEN]", 0, 1, create_key},
    {"revoke", "ID", 1, 1, revoke_key},
    {.name = NULL},
};
