/** @file colours.h  A sequence of colours whose lightness rises evenly, for values on maps. */
#ifndef ETAS_REPORT_COLOURS_H
#define ETAS_REPORT_COLOURS_H

#include <stdint.h>

/**
 * 0xrrggbb for @p share from 0 (dark violet) by blue, teal and green to 1 (bright yellow), clamped:
 * a path of constantly rising lightness through Ottosson's Oklab (2020), so that equal steps look
 * equal, also to colour-blind people and in grey.
 */
uint32_t etas_colour_map(double share);

/** Lightness of a colour in Oklab: 0 black, 1 white. */
double etas_colour_lightness(uint32_t rgb);

#endif
