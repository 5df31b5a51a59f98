/** @file queue_library.h  The Lua library etas_v1, made from lib_*.lua by the build. */
#ifndef ETAS_QUEUE_LIBRARY_H
#define ETAS_QUEUE_LIBRARY_H

#include <stddef.h>

/** Revision of the library: the REVISION of lib_core.lua. */
#define ETAS_LIBRARY_REVISION 4

extern const size_t etas_queue_library_len;
extern const unsigned char etas_queue_library[];

#endif
