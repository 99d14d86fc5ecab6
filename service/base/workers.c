/* One queue, one lock, a few threads. */
#include "base/workers.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { MAX_THREADS = 64 };

struct sl_workers {
    pthread_mutex_t lock; /* guards what follows, but for the threads */
    pthread_cond_t wake;
    struct sl_job *first, **end;
    size_t waiting, max_waiting;
    bool ending;
    pthread_t threads[MAX_THREADS];
    size_t n_threads;
};

/* The next job, NULL at the end; waits for one. */
static struct sl_job *take(struct sl_workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->ending)
        pthread_cond_wait(&workers->wake, &workers->lock);
    struct sl_job *job = workers->first;
    if (job) {
        workers->first = job->next;
        if (!workers->first)
            workers->end = &workers->first;
        workers->waiting--;
    }
    pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *work(void *arg)
{
    struct sl_job *job;
    while ((job = take(arg)))
        job->run(job);
    return NULL;
}

static enum sl_code start_threads(struct sl_workers *workers, const char *name, size_t threads,
                                  struct sl_err *err)
{
    for (size_t i = 0; i < threads; i++) {
        char label[16];
        int failed = pthread_create(&workers->threads[i], NULL, work, workers);
        if (failed)
            return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL, "cannot start a thread: %s",
                              strerror(failed));
        workers->n_threads++;
        snprintf(label, sizeof(label), "%.12s-%u", name, (unsigned)(i % 100));
        pthread_setname_np(workers->threads[i], label);
    }
    return SL_OK;
}

enum sl_code sl_workers_create(const char *name, size_t threads, size_t max_waiting,
                               struct sl_workers **out, struct sl_err *err)
{
    struct sl_workers *workers = SL_NEW(struct sl_workers);
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    workers->end = &workers->first;
    workers->max_waiting = max_waiting;
    enum sl_code code =
        start_threads(workers, name, threads < MAX_THREADS ? threads : MAX_THREADS, err);
    if (code != SL_OK)
        sl_workers_destroy(workers);
    else
        *out = workers;
    return code;
}

bool sl_workers_submit(struct sl_workers *workers, struct sl_job *job)
{
    pthread_mutex_lock(&workers->lock);
    bool taken = !workers->ending && workers->waiting < workers->max_waiting;
    if (taken) {
        job->next = NULL;
        *workers->end = job;
        workers->end = &job->next;
        workers->waiting++;
        pthread_cond_signal(&workers->wake);
    }
    pthread_mutex_unlock(&workers->lock);
    return taken;
}

void sl_workers_destroy(struct sl_workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->n_threads; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    sl_free(workers);
}
