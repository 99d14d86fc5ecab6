/* bench_load: closed-loop load on Sluice (gRPC) or on a provider directly (HTTP/1.1). Keeps a number of calls running
 * for a while and prints one JSON line: calls and events a second, latencies, time to the first piece. */
#include "load.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/str.h"

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

bool load_stopped(void)
{
    return stop_asked != 0;
}

static const char usage[] = "usage: bench_load [--http] [--stream] [--hold] [--concurrency N] "
                            "[--channels N] [--seconds N] [--model NAME]\n"
                            "                  HOST:PORT\n"
                            "\n"
                            "Calls Completion/Complete, with --stream StreamComplete, of the "
                            "Sluice at HOST:PORT; with --http POSTs the same\n"
                            "question to an OpenAI-shaped provider on 127.0.0.1. --hold opens all "
                            "streams, prints \"open N\", and waits for\n"
                            "SIGTERM. The key is taken from SLUICE_API_KEY.\n";

static unsigned count(const char *text, int64_t max)
{
    int64_t n;
    if (!sl_parse_i64(sl_str(text), &n) || n < 1 || n > max) {
        fputs(usage, stderr);
        exit(2);
    }
    return (unsigned)n;
}

static void read_options(int argc, char **argv, struct load_options *o)
{
    static const struct option longs[] = {
        {"http", no_argument, NULL, 'h'},           {"stream", no_argument, NULL, 's'},
        {"hold", no_argument, NULL, 'o'},           {"concurrency", required_argument, NULL, 'c'},
        {"channels", required_argument, NULL, 'n'}, {"seconds", required_argument, NULL, 't'},
        {"model", required_argument, NULL, 'm'},    {0},
    };
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (c) {
        case 'h':
            o->http = true;
            break;
        case 's':
            o->stream = true;
            break;
        case 'o':
            o->hold = o->stream = true;
            break;
        case 'c':
            o->concurrency = count(optarg, 100000);
            break;
        case 'n':
            o->channels = count(optarg, 1000);
            break;
        case 't':
            o->seconds = count(optarg, 3600);
            break;
        case 'm':
            o->model = optarg;
            break;
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind != argc - 1) {
        fputs(usage, stderr);
        exit(2);
    }
    o->address = argv[optind];
}

/* Every descriptor the system allows: a call by HTTP is one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    const char *key = getenv("SLUICE_API_KEY");
    struct load_options options = {
        .model = "mock",
        .api_key = key ? key : "",
        .concurrency = 1,
        .channels = 4,
        .seconds = 2,
        .prompt = "Tell me in a few sentences how a sluice works, and what it is good for.",
    };
    read_options(argc, argv, &options);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    raise_descriptor_limit();

    struct load_stats stats = {0};
    if (options.http)
        load_http_run(&options, &stats);
    else
        load_grpc_run(&options, &stats);
    load_stats_print(&stats, stdout);
    bool failed = stats.errors > 0;
    load_stats_fini(&stats);
    return failed;
}
