/* CRC-32 (IEEE 802.3). */
#ifndef SL_UPSTREAM_CRC32_H
#define SL_UPSTREAM_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t sl_crc32(const void *p, size_t n);

#endif
