/** @file queue_library.h  The Lua library etas_v1, made from lib_*.lua by the build. */
#ifndef ETAS_QUEUE_LIBRARY_H
#define ETAS_QUEUE_LIBRARY_H

#include <stddef.h>

/* ETAS_LIBRARY_REVISION, the REVISION of lib_core.lua, comes from the build too. */

extern const size_t etas_queue_library_len;
extern const unsigned char etas_queue_library[];

#endif
