/* sluice health: grpc.health.v1. */
#include "cli.h"

#include "grpc/health/v1/health.pb-c.h"

struct health {
    struct cli *cli;
    int status; /* of the last answer */
};

static const char *status_name(int status)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(
        &grpc__health__v1__health_check_response__serving_status__descriptor, status);

    return row ? row->name : "UNKNOWN";
}

static bool on_answer(void *ctx, const ProtobufCMessage *message)
{
    struct health *h = ctx;
    struct term *out = &h->cli->out;

    h->status = (int)((const Grpc__Health__V1__HealthCheckResponse *)message)->status;
    if (h->cli->o.json) {
        cli_print_json(h->cli, message);
    } else {
        term_style(out,
                   h->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                       ? TERM_GREEN
                       : TERM_RED);
        term_printf(out, "%s", status_name(h->status));
        term_style(out, TERM_PLAIN);
        term_printf(out, "\n");
        term_flush(out);
    }
    return !out->error;
}

int health_run(struct cli *cli)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct health h = {.cli = cli};
    struct client_status status;
    struct client_call call = {
        .path = cli->o.watch ? "/grpc.health.v1.Health/Watch" : "/grpc.health.v1.Health/Check",
        .request = &request.base,
        .reply = &grpc__health__v1__health_check_response__descriptor,
        .on_message = on_answer,
        .ctx = &h,
    };
    int code;

    if (cli->o.args.n > 1)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE", "sluice health takes one service at most");
    if (cli->o.args.n)
        request.service = (char *)cli->o.args.v[0];
    cli_call(cli, &call, cli->o.watch ? 0 : 30, &status);
    if (status.code)
        code = cli_fail(cli, &status);
    else
        code = h.status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                   ? EXIT_DONE
                   : EXIT_FAILED;
    client_status_fini(&status);
    return code;
}
