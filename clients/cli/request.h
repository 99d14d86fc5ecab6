/* A CompleteRequest from options: everything but the messages. */
#ifndef SLUICE_CLI_REQUEST_H
#define SLUICE_CLI_REQUEST_H

#include "base/arena.h"
#include "base/err.h"
#include "options.h"
#include "sluice/v1/completion.pb-c.h"

/* Initializes request; what it needs comes from the arena or is borrowed from o. Reads --tools and --schema. Error:
 * SL_INVALID_ARGUMENT. */
enum sl_code request_prepare(Sluice__V1__CompleteRequest *request, const struct options *o,
                             struct sl_arena *arena, struct sl_err *err) SL_MUST_CHECK;

/* The tools in a file's text: a JSON list of
 *   {"type": "function", "function": {"name", "description", "parameters", "strict"}}   OpenAI chat completions
 *   {"type": "function", "name", "description", "parameters", "strict"}                 OpenAI responses
 *   {"name", "description", "parameters" or "input_schema", "strict"}                   plain
 *   {"type": "custom", "custom": {"name", "description", "format"}}                     free text instead of JSON
 *   {"kind": "web_search", "configuration": {...}}                                      run by the provider
 * Schemas stay byte for byte as they are. A member that is not known is an error, so that nothing is lost in silence.
 * text must be followed by a writable byte; it is changed. */
enum sl_code tools_parse(char *text, size_t n, struct sl_arena *arena,
                         Sluice__V1__CompleteRequest *request, struct sl_err *err) SL_MUST_CHECK;
/* A response format from a file's text: a JSON schema, or {"name", "schema", "strict", "description"} around one. */
enum sl_code schema_parse(char *text, size_t n, struct sl_arena *arena,
                          Sluice__V1__CompleteRequest *request, struct sl_err *err) SL_MUST_CHECK;

#endif
