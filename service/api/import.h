/* The part of sluice.v1.ModelRegistry that imports other programs' configurations, takes imports back, and seeds. On the
 * control pool (api/work.h). */
#ifndef SL_API_IMPORT_H
#define SL_API_IMPORT_H

#include "api/work.h"
#include "sluice/v1/maintenance.pb-c.h"

struct sl_import_plan;

enum sl_code sl_import_models(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_undo_import(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_list_imports(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_seed_models(struct sl_work *w, struct sl_err *err) SL_MUST_CHECK;
/* Most bytes of a reply that is a report: stubs refuse messages from 4 MiB on. */
enum { SL_MAX_REPORT = 3 * 1024 * 1024 - 4096 };
/* Whether an entry of a list fits into the room that is left, with its tag and length; takes the room. */
bool sl_report_fits(const ProtobufCMessage *entry, size_t *room);
/* A plan's notes, in the arena. */
Sluice__V1__ImportNote **sl_import_note_messages(struct sl_arena *arena,
                                                 const struct sl_import_plan *plan, size_t *n);

#endif
