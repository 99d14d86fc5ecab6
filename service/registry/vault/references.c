/* A table of references. Entries stay until the table goes, so that a poll may read the disk
 * without holding the lock. */
#include "registry/vault/references.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/str.h"

enum { BUCKETS = 256, MAX_ENTRIES = 65536 };

/* What tells one version of a file from the next. */
struct stamp {
    uint64_t device, inode;
    int64_t size, seconds, nanos;
};

struct entry {
    struct entry *next;
    char *reference;
    enum sl_reference_from from;
    struct sl_secret *value; /* under the lock */
    struct stamp stamp;      /* the poll's, from here on */
    bool failed;
};

struct rules {
    struct sl_config_strings list;
    char *data_dir;
};

struct sl_references {
    pthread_mutex_t lock;
    struct rules *rules; /* under the lock; replaced as a whole by set_rules */
    struct entry *buckets[BUCKETS];
    size_t n;
};

static struct rules *copy_rules(const struct sl_reference_rules *from)
{
    struct rules *r = SL_NEW(struct rules);
    size_t n = from->list ? from->list->count : 0;
    r->list.list = sl_calloc(n + 1, sizeof(*r->list.list));
    r->list.count = n;
    for (size_t i = 0; i < n; i++)
        r->list.list[i] = sl_strdup(from->list->list[i]);
    r->data_dir = sl_strdup(from->data_dir ? from->data_dir : "");
    return r;
}

static void free_rules(struct rules *r)
{
    for (size_t i = 0; i < r->list.count; i++)
        sl_free((char *)r->list.list[i]);
    sl_free(r->list.list);
    sl_free(r->data_dir);
    sl_free(r);
}

struct sl_references *sl_references_create(const struct sl_reference_rules *rules)
{
    struct sl_references *r = SL_NEW(struct sl_references);
    pthread_mutex_init(&r->lock, NULL);
    r->rules = copy_rules(rules);
    return r;
}

void sl_references_destroy(struct sl_references *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct entry *e = r->buckets[i], *next; e; e = next) {
            next = e->next;
            sl_secret_unref(e->value);
            sl_free(e->reference);
            sl_free(e);
        }
    }
    free_rules(r->rules);
    pthread_mutex_destroy(&r->lock);
    sl_free(r);
}

void sl_references_set_rules(struct sl_references *r, const struct sl_reference_rules *rules)
{
    struct rules *now = copy_rules(rules);
    pthread_mutex_lock(&r->lock);
    struct rules *was = r->rules;
    r->rules = now;
    pthread_mutex_unlock(&r->lock);
    free_rules(was);
}

/* Reads with a copy of the rules: the disk may take its time. */
static enum sl_code read_now(struct sl_references *r, const char *reference,
                             enum sl_reference_from from, struct sl_secret **out,
                             struct sl_err *err)
{
    pthread_mutex_lock(&r->lock);
    const struct sl_reference_rules shared = {&r->rules->list, r->rules->data_dir};
    struct rules *own = copy_rules(&shared);
    pthread_mutex_unlock(&r->lock);
    const struct sl_reference_rules rules = {&own->list, own->data_dir};
    enum sl_code code = sl_reference_read(reference, from, &rules, out, err);
    free_rules(own);
    return code;
}

static struct entry **slot(struct sl_references *r, const char *reference,
                           enum sl_reference_from from)
{
    uint32_t hash = 2166136261u + (uint32_t)from;
    for (const char *c = reference; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u; /* FNV-1a */
    struct entry **at = &r->buckets[hash % BUCKETS];
    while (*at && ((*at)->from != from || strcmp((*at)->reference, reference) != 0))
        at = &(*at)->next;
    return at;
}

static struct stamp stamp_of(const char *reference)
{
    struct stat st;
    if (!sl_starts_with(reference, "file:") || stat(reference + 5, &st))
        return (struct stamp){0};
    return (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->seconds == b->seconds && a->nanos == b->nanos;
}

static bool same_secret(const struct sl_secret *a, const struct sl_secret *b)
{
    size_t n = sl_secret_length(a);
    return a && b && n == sl_secret_length(b) &&
           !memcmp(sl_secret_reveal(a), sl_secret_reveal(b), n);
}

/* Takes value (NULL: none). Under the lock; true where it is another one than before. */
static bool keep(struct entry *e, struct sl_secret *value)
{
    bool changed = value ? !same_secret(e->value, value) : e->value != NULL;
    sl_secret_unref(e->value);
    e->value = value;
    return changed;
}

enum sl_code sl_references_take(struct sl_references *r, const char *reference,
                                enum sl_reference_from from, struct sl_secret **out,
                                struct sl_err *err)
{
    struct sl_secret *value = NULL;
    struct stamp stamp = stamp_of(reference); /* before: a change meanwhile is seen by the poll */
    enum sl_code code = read_now(r, reference, from, &value, err);
    if (code)
        return code;
    pthread_mutex_lock(&r->lock);
    struct entry **at = slot(r, reference, from);
    if (!*at && r->n == MAX_ENTRIES) {
        code = sl_err_set(err, SL_RESOURCE_EXHAUSTED, SL_REASON_INVALID_REQUEST,
                          "there are too many references to variables and files");
    } else if (!*at) {
        *at = SL_NEW(struct entry);
        (*at)->reference = sl_strdup(reference);
        (*at)->from = from;
        (*at)->stamp = stamp;
        r->n++;
    }
    if (!code)
        (void)keep(*at, sl_secret_ref(value));
    pthread_mutex_unlock(&r->lock);
    if (code)
        sl_secret_unref(value);
    else
        *out = value;
    return code;
}

struct sl_secret *sl_references_find(struct sl_references *r, const char *reference,
                                     enum sl_reference_from from)
{
    pthread_mutex_lock(&r->lock);
    struct entry *e = *slot(r, reference, from);
    struct sl_secret *value = e ? sl_secret_ref(e->value) : NULL;
    pthread_mutex_unlock(&r->lock);
    return value;
}

/* Whether the words are still allowed; a file's real place is looked at when it is read. */
static bool still_allowed(struct sl_references *r, const struct entry *e, struct sl_err *err)
{
    pthread_mutex_lock(&r->lock);
    const struct sl_reference_rules rules = {&r->rules->list, r->rules->data_dir};
    bool ok = !sl_reference_allowed(e->reference, e->from, &rules, err);
    pthread_mutex_unlock(&r->lock);
    return ok;
}

/* True where the value changed. err holds why there is none, or SL_OK. */
static bool look_again(struct sl_references *r, struct entry *e, struct sl_err *err)
{
    struct stamp stamp = stamp_of(e->reference);
    struct sl_secret *value = NULL;
    bool file = sl_starts_with(e->reference, "file:");
    if (still_allowed(r, e, err)) {
        if (file && !e->failed && same_stamp(&stamp, &e->stamp))
            return false;
        if (!read_now(r, e->reference, e->from, &value, err))
            e->stamp = stamp;
    }
    bool keeps = err->code && err->reason != SL_REASON_REFERENCE_FORBIDDEN;
    pthread_mutex_lock(&r->lock);
    bool changed = keeps ? false : keep(e, value);
    pthread_mutex_unlock(&r->lock);
    return changed;
}

/* The first of a bucket, and the next: entries are added at the end and stay. */
static struct entry *next_of(struct sl_references *r, size_t bucket, const struct entry *e)
{
    pthread_mutex_lock(&r->lock);
    struct entry *next = e ? e->next : r->buckets[bucket];
    pthread_mutex_unlock(&r->lock);
    return next;
}

size_t sl_references_poll(struct sl_references *r,
                          void (*on_change)(void *owner, const char *reference,
                                            const struct sl_err *err),
                          void *owner)
{
    size_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct entry *e = next_of(r, i, NULL); e; e = next_of(r, i, e)) {
            struct sl_err err = {0};
            bool changed = look_again(r, e, &err), first = err.code && !e->failed;
            n += changed;
            e->failed = err.code != SL_OK;
            if (on_change && (first || changed))
                on_change(owner, e->reference, err.code ? &err : NULL);
        }
    }
    return n;
}
