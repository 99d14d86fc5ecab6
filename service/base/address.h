/* Network addresses, as far as it matters where they lead: out to the internet, or inside. Pure; any
 * thread. */
#ifndef SL_BASE_ADDRESS_H
#define SL_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/err.h"

/* What a special address is, as in "a loopback address"; NULL for one of the internet. An IPv4
 * address inside an IPv6 one (mapped, NAT64, 6to4) counts as itself. Everything that is not known
 * to be public is special: unix sockets, unassigned and tunnelling IPv6. */
const char *sl_address_special(const struct sockaddr *address);

/* A list of addresses (10.1.2.3, fd00::1), networks (10.0.0.0/8, fd00::/8) and host names
 * (ollama.internal, *.corp.example: any name below). Immutable; lives in an arena. */
struct sl_address_list;

/* NULL, or what is wrong with an entry, as the end of a sentence. */
const char *sl_address_entry_problem(const char *entry);
/* Copies what it needs. Error: SL_INVALID_ARGUMENT, CONFIG_INVALID, with the entry. */
enum sl_code sl_address_list_load(const char *const *entries, size_t n, struct sl_arena *arena,
                                  const struct sl_address_list **out,
                                  struct sl_err *err) SL_MUST_CHECK;
/* list may be NULL: an empty one. */
bool sl_address_list_has(const struct sl_address_list *list, const struct sockaddr *address);
/* By the name alone, case and a dot at its end ignored. */
bool sl_address_list_has_host(const struct sl_address_list *list, const char *host);

#endif
