/** @file sphere.h  Points of the unit sphere. */
#ifndef ETAS_GEOMETRY_SPHERE_H
#define ETAS_GEOMETRY_SPHERE_H

/** x = cos lat cos lon, y = cos lat sin lon, z = sin lat. */
void etas_unit_vector(double lat_deg, double lon_deg, double out[3]);

/** cos(lat) as etas_distance_km takes it. */
double etas_cos_lat(double lat_deg);

/** Square of the distance whose haversine is @p h, as etas_distance_km has it. */
double etas_square_of_haversine(double h, double radius_km);

#endif
