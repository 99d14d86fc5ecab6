/* One word: the bits of the last attempts (1: it failed), how many there are, and the second of the last one. */
#include "registry/outcome.h"

#include <stdatomic.h>
#include <string.h>

#include "registry/model_table.h"

enum {
    COUNT_SHIFT = SL_OUTCOMES,
    TIME_SHIFT = 32,
    RECENT = 3,
    IN_A_ROW = 5, /* failures without an end */
    US_A_SECOND = 1000000,
};

/* What a draft leads to says nothing of the provider as it is stored. */
static bool is_the_providers(const struct sl_registry_model *r)
{
    return !*r->model.owner && r->model.revision >= 0 &&
           !strcmp(r->model.target.base_url, r->provider->provider.base_url);
}

static uint64_t count_of(uint64_t word)
{
    return word >> COUNT_SHIFT & 0xff;
}

static uint64_t after(uint64_t word, bool failed, int64_t second)
{
    uint64_t bits = (word << 1 | failed) & ((UINT64_C(1) << SL_OUTCOMES) - 1);
    uint64_t count = count_of(word) < SL_OUTCOMES ? count_of(word) + 1 : SL_OUTCOMES;
    return bits | count << COUNT_SHIFT | (uint64_t)second << TIME_SHIFT;
}

void sl_registry_note_outcome(const struct sl_model *m, bool failed, int64_t now_us)
{
    const struct sl_registry_model *r = SL_CONTAINER_OF(m, const struct sl_registry_model, model);
    if (!r->provider || !is_the_providers(r))
        return;
    uint64_t word = atomic_load_explicit(&r->provider->outcomes, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&r->provider->outcomes, &word,
                                                  after(word, failed, now_us / US_A_SECOND),
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

static bool all_failed(uint64_t word, unsigned n)
{
    uint64_t bits = (UINT64_C(1) << n) - 1;
    return count_of(word) >= n && (word & bits) == bits;
}

static const char *health(const struct sl_registry_provider *p, int64_t now_us)
{
    uint64_t word = atomic_load_explicit(&p->outcomes, memory_order_relaxed);
    int64_t age = now_us / US_A_SECOND - (int64_t)(word >> TIME_SHIFT);
    uint64_t failures = 0;
    if (!count_of(word) || age > SL_OUTCOME_SECONDS)
        return "unknown";
    if (all_failed(word, IN_A_ROW))
        return "failing";
    for (unsigned i = 0; i < SL_OUTCOMES; i++)
        failures += word >> i & 1;
    bool recently = word & ((UINT64_C(1) << RECENT) - 1);
    return recently || failures * 4 >= SL_OUTCOMES ? "degraded" : "healthy";
}

const char *sl_registry_provider_health(const struct sl_provider *p, int64_t now_us)
{
    return health(SL_CONTAINER_OF(p, const struct sl_registry_provider, provider), now_us);
}

const char *sl_registry_model_health(const struct sl_model *m, int64_t now_us)
{
    const struct sl_registry_model *r = SL_CONTAINER_OF(m, const struct sl_registry_model, model);
    return r->provider && is_the_providers(r) ? health(r->provider, now_us) : "unknown";
}
