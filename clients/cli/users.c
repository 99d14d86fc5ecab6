/* sluice users and sluice whoami. */
#include <string.h>

#include "access_print.h"
#include "table.h"
#include "verbs.h"

enum { MASK_SIZE = 128 };

/* ---- whoami ---- */

static bool on_me(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__WhoAmIResponse *me = (const Sluice__V1__WhoAmIResponse *)message;
    struct cli *cli = ctx;
    struct term *out = &cli->out;
    char text[256];

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !out->error;
    }
    table_field(out, "name", me->name);
    table_field(out, "id", me->id);
    table_field(out, "tier", me->tier);
    table_join(text, sizeof(text), me->roles, me->n_roles);
    table_field(out, "roles", text);
    table_field(out, "proven by", me->proof);
    table_join(text, sizeof(text), me->scopes, me->n_scopes);
    table_field(out, "scopes", text);
    table_field(out, "acting", me->acting);
    table_field(out, "model", table_bare(me->default_model));
    access_print_limits(out, me->limits);
    return !out->error;
}

int whoami_run(struct cli *cli)
{
    Sluice__V1__WhoAmIRequest request = SLUICE__V1__WHO_AM_IREQUEST__INIT;

    if (cli->o.args.n)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE", "sluice whoami takes no argument");
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/WhoAmI",
                               .request = &request.base,
                               .reply = &sluice__v1__who_am_iresponse__descriptor,
                               .on_message = on_me,
                               .ctx = cli,
                           });
}

/* ---- list ---- */

static void add_user(struct table *t, const Sluice__V1__User *u)
{
    char roles[64], created[TABLE_TIME_SIZE];

    table_join(roles, sizeof(roles), u->roles, u->n_roles);
    table_time(created, sizeof(created), u->created_ms);
    table_add(t, (const char *[]){table_bare(u->name), u->tier, roles,
                                  u->disabled ? "disabled" : "", u->title, created});
}

static bool on_page(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ListUsersResponse *page = (const Sluice__V1__ListUsersResponse *)message;
    struct verb_list *list = ctx;

    for (size_t i = 0; i < page->n_users && !list->cli->out.error; i++) {
        if (list->cli->o.names)
            term_printf(&list->cli->out, "%s\n", table_bare(page->users[i]->name));
        else if (list->cli->o.json)
            cli_print_json(list->cli, &page->users[i]->base);
        else
            add_user(&list->table, page->users[i]);
    }
    verbs_next_page(list, page->next_page_token);
    return !list->cli->out.error;
}

static int list_users(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__ListUsersRequest request = SLUICE__V1__LIST_USERS_REQUEST__INIT;
    struct verb_list list = {.cli = cli};
    const struct verb_call call = {
        .path = "/sluice.v1.Access/ListUsers",
        .request = &request.base,
        .reply = &sluice__v1__list_users_response__descriptor,
        .on_message = on_page,
        .ctx = &list,
    };

    (void)args;
    (void)n;
    table_init(&list.table,
               (const char *[]){"NAME", "TIER", "ROLES", "STATE", "TITLE", "CREATED", NULL});
    request.page_size = ACCESS_PAGE;
    return verbs_list(&list, &call, &request.page_token);
}

/* ---- show ---- */

static void print_user(struct term *out, const Sluice__V1__User *u)
{
    char text[TABLE_TIME_SIZE + 64];

    table_field(out, "name", table_bare(u->name));
    table_field(out, "title", u->title);
    table_field(out, "id", u->id);
    table_field(out, "tier", u->tier);
    table_join(text, sizeof(text), u->roles, u->n_roles);
    table_field(out, "roles", text);
    table_field(out, "subject", u->subject);
    table_field(out, "state", u->disabled ? "disabled" : "");
    table_field(out, "model", table_bare(u->default_model));
    table_time(text, sizeof(text), u->created_ms);
    table_field(out, "created", text);
    table_field(out, "etag", u->etag);
}

static bool on_user(void *ctx, const ProtobufCMessage *message)
{
    struct cli *cli = ctx;

    if (cli->o.json)
        cli_print_json(cli, message);
    else
        print_user(&cli->out, (const Sluice__V1__User *)message);
    return !cli->out.error;
}

static int show_user(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__GetUserRequest request = SLUICE__V1__GET_USER_REQUEST__INIT;

    (void)n;
    request.name = (char *)args[0];
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/GetUser",
                               .request = &request.base,
                               .reply = &sluice__v1__user__descriptor,
                               .on_message = on_user,
                               .ctx = cli,
                           });
}

/* ---- create, update, delete ---- */

/* Puts what the options say into u, and their fields' names into the mask. */
static void fill_user(const struct options *o, Sluice__V1__User *u, char mask[MASK_SIZE])
{
    if (o->tier) {
        u->tier = (char *)o->tier;
        access_mask(mask, MASK_SIZE, "tier");
    }
    if (o->role.n) {
        u->roles = (char **)o->role.v;
        u->n_roles = o->role.n == 1 && !*o->role.v[0] ? 0 : o->role.n;
        access_mask(mask, MASK_SIZE, "roles");
    }
    if (o->subject) {
        u->subject = (char *)o->subject;
        access_mask(mask, MASK_SIZE, "subject");
    }
    if (o->title) {
        u->title = (char *)o->title;
        access_mask(mask, MASK_SIZE, "title");
    }
    if (o->disable || o->enable) {
        u->disabled = o->disable;
        access_mask(mask, MASK_SIZE, "disabled");
    }
}

static bool on_created(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__CreateUserResponse *r = (const Sluice__V1__CreateUserResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json)
        cli_print_json(cli, message);
    verbs_say(cli, "made the user %s%s%s%s%s", r->user ? table_bare(r->user->name) : "?",
              r->user && *r->user->tier ? " in the tier " : "", r->user ? r->user->tier : "",
              r->user && *r->user->default_model ? ", whose default model is " : "",
              r->user ? table_bare(r->user->default_model) : "");
    access_show_key(cli, r->key);
    return !cli->out.error;
}

static int create_user(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__CreateUserRequest request = SLUICE__V1__CREATE_USER_REQUEST__INIT;
    Sluice__V1__User user = SLUICE__V1__USER__INIT;
    char mask[MASK_SIZE] = "";

    (void)n;
    fill_user(&cli->o, &user, mask);
    user.name = (char *)args[0];
    request.user = &user;
    request.with_key = !cli->o.no_key;
    if (cli->o.model)
        request.default_model = (char *)cli->o.model;
    if (cli->o.request_id)
        request.request_id = (char *)cli->o.request_id;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/CreateUser",
                               .request = &request.base,
                               .reply = &sluice__v1__create_user_response__descriptor,
                               .on_message = on_created,
                               .ctx = cli,
                           });
}

static int update_user(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__UpdateUserRequest request = SLUICE__V1__UPDATE_USER_REQUEST__INIT;
    Sluice__V1__User user = SLUICE__V1__USER__INIT;
    char mask[MASK_SIZE] = "";

    (void)n;
    fill_user(&cli->o, &user, mask);
    if (!*mask || (cli->o.enable && cli->o.disable))
        return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "sluice users update takes what to change: --tier, --role, --title, "
                              "--subject, --disable or --enable");
    user.name = (char *)args[0];
    if (cli->o.etag)
        user.etag = (char *)cli->o.etag;
    request.user = &user;
    request.update_mask = mask;
    return verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/UpdateUser",
                               .request = &request.base,
                               .reply = &sluice__v1__user__descriptor,
                               .on_message = on_user,
                               .ctx = cli,
                           });
}

static int delete_user(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__DeleteUserRequest request = SLUICE__V1__DELETE_USER_REQUEST__INIT;
    int code;

    (void)n;
    request.name = (char *)args[0];
    code = verbs_call(cli, &(struct verb_call){
                               .path = "/sluice.v1.Access/DeleteUser",
                               .request = &request.base,
                               .reply = &sluice__v1__delete_user_response__descriptor,
                           });
    if (code == EXIT_DONE)
        verbs_say(cli, "deleted the user %s with its models, credentials and keys", args[0]);
    return code;
}

const struct verb_row users_verbs[] = {
    {"list", "", 0, 0, list_users},
    {"show", "NAME", 1, 1, show_user},
    {"create", "NAME [--tier TIER] [--model MODEL] [--role ROLE]... [--no-key]", 1, 1, create_user},
    {"update", "NAME [--tier TIER] [--role ROLE]... [--disable | --enable]", 1, 1, update_user},
    {"delete", "NAME", 1, 1, delete_user},
    {.name = NULL},
};
