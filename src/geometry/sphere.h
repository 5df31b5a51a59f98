/** @file sphere.h  Points of the unit sphere. */
#ifndef ETAS_GEOMETRY_SPHERE_H
#define ETAS_GEOMETRY_SPHERE_H

/** x = cos lat cos lon, y = cos lat sin lon, z = sin lat. */
void etas_unit_vector(double lat_deg, double lon_deg, double out[3]);

#endif
