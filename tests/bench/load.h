/* The load generator's parts: what is asked for, what was measured, and the two ways to ask. One thread. */
#ifndef SLUICE_BENCH_LOAD_H
#define SLUICE_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct load_options {
    bool http; /* the provider directly, instead of Sluice by gRPC */
    bool stream;
    bool hold;           /* open all streams, say so, wait for SIGTERM, cancel */
    const char *address; /* HOST:PORT */
    const char *model;
    const char *api_key;  /* "" : none */
    unsigned concurrency; /* calls at a time */
    unsigned channels;    /* gRPC connections; HTTP has one a call */
    double seconds;       /* how long new calls are started */
    const char *prompt;
};

/* ---- what was measured ---- */

struct load_samples {
    uint32_t *us;
    size_t n, cap;
};

struct load_stats {
    int64_t begin_us, end_us; /* first call started, last call ended */
    uint64_t calls, messages, events, errors;
    struct load_samples latency; /* of whole calls */
    struct load_samples first;   /* to the first piece of the answer */
    char first_error[256];
};

int64_t load_now_us(void);
void load_stats_fini(struct load_stats *s);
/* A call ended well. first_us: 0 if it has no pieces. */
void load_stats_call(struct load_stats *s, int64_t start_us, int64_t first_us, int64_t end_us);
/* A call failed; the first text is kept. */
void load_stats_error(struct load_stats *s, const char *text);
/* One JSON line. */
void load_stats_print(struct load_stats *s, FILE *to);

/* ---- how to ask ---- */

/* Becomes true at SIGTERM or SIGINT. */
bool load_stopped(void);

/* The same question in both forms; the caller frees p with sl_free. */
struct load_request {
    uint8_t *p;
    size_t n;
};

struct load_request load_request_grpc(const struct load_options *o); /* sluice.v1.CompleteRequest */
struct load_request load_request_http(const struct load_options *o); /* a whole HTTP request */

/* Each keeps `concurrency` calls running for `seconds`, then lets them end. */
void load_grpc_run(const struct load_options *o, struct load_stats *s);
void load_http_run(const struct load_options *o, struct load_stats *s);

#endif
