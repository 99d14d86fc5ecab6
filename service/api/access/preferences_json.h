/* Preferences as the store keeps them: a JSON object with the fields of the message that are set. Pure. */
#ifndef SL_API_ACCESS_PREFERENCES_JSON_H
#define SL_API_ACCESS_PREFERENCES_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "sluice/v1/access.pb-c.h"

/* In the arena; of "" nothing is set. Error: SL_INTERNAL, STORE. */
enum sl_code sl_preferences_parse(const char *json, struct sl_arena *arena,
                                  Sluice__V1__Preferences **out, struct sl_err *err) SL_MUST_CHECK;
const char *sl_preferences_json(struct sl_arena *arena, const Sluice__V1__Preferences *p);

#endif
