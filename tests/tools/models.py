"""The files of common models: their dims, names and attributes as ``ncdump -h`` shows them, much shortened."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["HEADERS", "VALUES"]


def bent(ny: int, nx: int, first: float = 10.0, shift: tuple[float, float] = (0.0, 0.0)) -> tuple[Any, Any]:
    """Give longitudes and latitudes of a grid whose lines are oblique."""
    j, i = np.meshgrid(np.arange(ny) + shift[0], np.arange(nx) + shift[1], indexing="ij")
    return first + 1.5 * i + 0.25 * j, 40 + j - 0.125 * i


def land(shape: tuple[int, ...], values: Any, rows: slice = slice(1, 3), columns: slice = slice(0, 2)) -> Any:
    """Give values that are missing where there is land."""
    result = np.array(np.broadcast_to(values, shape), "f8")
    result[..., rows, columns] = np.nan
    return result


def numbers(*shape: int) -> Any:
    return np.arange(np.prod(shape)).reshape(shape) / 4


HEADERS: dict[str, str] = {}
VALUES: dict[str, dict[str, Any]] = {}

HEADERS["roms"] = """
dimensions: ocean_time = UNLIMITED ; // (2 currently)
  xi_rho = 6 ; xi_u = 5 ; xi_v = 6 ; xi_psi = 5 ; eta_rho = 5 ; eta_u = 5 ; eta_v = 4 ; eta_psi = 4 ;
  s_rho = 3 ; s_w = 4 ; tracer = 2 ; boundary = 4 ;
variables:
  int ntimes ;
    ntimes:long_name = "number of long time-steps" ;
  double dt ;
    dt:units = "second" ;
  double nl_tnu2(tracer) ;
  int Vtransform ;
    Vtransform:long_name = "vertical terrain-following transformation equation" ;
  double theta_s ;
  double hc ;
    hc:long_name = "S-coordinate parameter, critical depth" ;
    hc:units = "meter" ;
  int grid ;
    grid:cf_role = "grid_topology" ;
    grid:topology_dimension = 2 ;
    grid:node_dimensions = "xi_psi eta_psi" ;
    grid:face_dimensions = "xi_rho: xi_psi (padding: both) eta_rho: eta_psi (padding: both)" ;
    grid:edge1_dimensions = "xi_u: xi_psi eta_u: eta_psi (padding: both)" ;
    grid:edge2_dimensions = "xi_v: xi_psi (padding: both) eta_v: eta_psi" ;
    grid:node_coordinates = "lon_psi lat_psi" ;
    grid:face_coordinates = "lon_rho lat_rho" ;
    grid:edge1_coordinates = "lon_u lat_u" ;
    grid:edge2_coordinates = "lon_v lat_v" ;
    grid:vertical_dimensions = "s_rho: s_w (padding: none)" ;
  double s_rho(s_rho) ;
    s_rho:long_name = "S-coordinate at RHO-points" ;
    s_rho:valid_min = -1. ;
    s_rho:valid_max = 0. ;
    s_rho:positive = "up" ;
    s_rho:standard_name = "ocean_s_coordinate_g2" ;
    s_rho:formula_terms = "s: s_rho C: Cs_r eta: zeta depth: h depth_c: hc" ;
    s_rho:field = "s_rho, scalar" ;
  double s_w(s_w) ;
    s_w:long_name = "S-coordinate at W-points" ;
    s_w:positive = "up" ;
    s_w:standard_name = "ocean_s_coordinate_g2" ;
    s_w:formula_terms = "s: s_w C: Cs_w eta: zeta depth: h depth_c: hc" ;
  double Cs_r(s_rho) ;
  double Cs_w(s_w) ;
  double h(eta_rho, xi_rho) ;
    h:long_name = "bathymetry at RHO-points" ;
    h:units = "meter" ;
    h:grid = "grid" ;
    h:location = "face" ;
    h:coordinates = "lon_rho lat_rho" ;
  double lon_rho(eta_rho, xi_rho) ;
    lon_rho:units = "degree_east" ;
    lon_rho:standard_name = "longitude" ;
  double lat_rho(eta_rho, xi_rho) ;
    lat_rho:units = "degree_north" ;
    lat_rho:standard_name = "latitude" ;
  double lon_u(eta_u, xi_u) ;
    lon_u:units = "degree_east" ;
    lon_u:standard_name = "longitude" ;
  double lat_u(eta_u, xi_u) ;
    lat_u:units = "degree_north" ;
    lat_u:standard_name = "latitude" ;
  double lon_v(eta_v, xi_v) ;
    lon_v:units = "degree_east" ;
    lon_v:standard_name = "longitude" ;
  double lat_v(eta_v, xi_v) ;
    lat_v:units = "degree_north" ;
    lat_v:standard_name = "latitude" ;
  double lon_psi(eta_psi, xi_psi) ;
    lon_psi:units = "degree_east" ;
    lon_psi:standard_name = "longitude" ;
  double lat_psi(eta_psi, xi_psi) ;
    lat_psi:units = "degree_north" ;
    lat_psi:standard_name = "latitude" ;
  double mask_rho(eta_rho, xi_rho) ;
    mask_rho:flag_values = 0., 1. ;
    mask_rho:flag_meanings = "land water" ;
    mask_rho:coordinates = "lon_rho lat_rho" ;
  double mask_psi(eta_psi, xi_psi) ;
    mask_psi:coordinates = "lon_psi lat_psi" ;
  double ocean_time(ocean_time) ;
    ocean_time:long_name = "time since initialization" ;
    ocean_time:units = "seconds since 1968-05-23 00:00:00 GMT" ;
    ocean_time:calendar = "gregorian" ;
    ocean_time:field = "time, scalar, series" ;
  float zeta(ocean_time, eta_rho, xi_rho) ;
    zeta:long_name = "free-surface" ;
    zeta:units = "meter" ;
    zeta:time = "ocean_time" ;
    zeta:grid = "grid" ;
    zeta:location = "face" ;
    zeta:coordinates = "lon_rho lat_rho ocean_time" ;
    zeta:_FillValue = 1.e+37f ;
  float u(ocean_time, s_rho, eta_u, xi_u) ;
    u:long_name = "u-momentum component" ;
    u:units = "meter second-1" ;
    u:grid = "grid" ;
    u:location = "edge1" ;
    u:coordinates = "lon_u lat_u s_rho ocean_time" ;
    u:_FillValue = 1.e+37f ;
  float v(ocean_time, s_rho, eta_v, xi_v) ;
    v:grid = "grid" ;
    v:location = "edge2" ;
    v:coordinates = "lon_v lat_v s_rho ocean_time" ;
    v:_FillValue = 1.e+37f ;
  float w(ocean_time, s_w, eta_rho, xi_rho) ;
    w:grid = "grid" ;
    w:location = "face" ;
    w:coordinates = "lon_rho lat_rho s_w ocean_time" ;
    w:_FillValue = 1.e+37f ;
  float temp(ocean_time, s_rho, eta_rho, xi_rho) ;
    temp:units = "Celsius" ;
    temp:grid = "grid" ;
    temp:location = "face" ;
    temp:coordinates = "lon_rho lat_rho s_rho ocean_time" ;
    temp:_FillValue = 1.e+37f ;
    :type = "ROMS/TOMS history file" ;
"""
VALUES["roms"] = {
    **dict(zip(("lon_rho", "lat_rho"), bent(5, 6), strict=True)),
    **dict(zip(("lon_u", "lat_u"), bent(5, 5, shift=(0, 0.5)), strict=True)),
    **dict(zip(("lon_v", "lat_v"), bent(4, 6, shift=(0.5, 0)), strict=True)),
    **dict(zip(("lon_psi", "lat_psi"), bent(4, 5, shift=(0.5, 0.5)), strict=True)),
    "s_rho": [-5 / 6, -0.5, -1 / 6],
    "s_w": [-1, -2 / 3, -1 / 3, 0],
    "Cs_r": [-0.7, -0.3, -0.05],
    "Cs_w": [-1, -0.5, -0.15, 0],
    "hc": 20.0,
    "Vtransform": 2,
    "h": 60 + 3 * numbers(5, 6),
    "ocean_time": [1.6e9, 1.6e9 + 3600],
    "zeta": land((2, 5, 6), 0.01 * numbers(2, 5, 6)),
    "temp": land((2, 3, 5, 6), numbers(2, 3, 5, 6)),
}

HEADERS["wrf"] = """
dimensions: Time = UNLIMITED ; // (2 currently)
  DateStrLen = 19 ; west_east = 5 ; south_north = 4 ; bottom_top = 3 ; bottom_top_stag = 4 ; soil_layers_stag = 2 ;
  west_east_stag = 6 ; south_north_stag = 5 ;
variables:
  char Times(Time, DateStrLen) ;
  float XLAT(Time, south_north, west_east) ;
    XLAT:FieldType = 104 ;
    XLAT:MemoryOrder = "XY " ;
    XLAT:description = "LATITUDE, SOUTH IS NEGATIVE" ;
    XLAT:units = "degree_north" ;
    XLAT:stagger = "" ;
    XLAT:coordinates = "XLONG XLAT" ;
  float XLONG(Time, south_north, west_east) ;
    XLONG:FieldType = 104 ;
    XLONG:description = "LONGITUDE, WEST IS NEGATIVE" ;
    XLONG:units = "degree_east" ;
    XLONG:coordinates = "XLONG XLAT" ;
  float XLAT_U(Time, south_north, west_east_stag) ;
    XLAT_U:units = "degree_north" ;
    XLAT_U:stagger = "X" ;
    XLAT_U:coordinates = "XLONG_U XLAT_U" ;
  float XLONG_U(Time, south_north, west_east_stag) ;
    XLONG_U:units = "degree_east" ;
    XLONG_U:coordinates = "XLONG_U XLAT_U" ;
  float XLAT_V(Time, south_north_stag, west_east) ;
    XLAT_V:units = "degree_north" ;
    XLAT_V:coordinates = "XLONG_V XLAT_V" ;
  float XLONG_V(Time, south_north_stag, west_east) ;
    XLONG_V:units = "degree_east" ;
    XLONG_V:coordinates = "XLONG_V XLAT_V" ;
  float XTIME(Time) ;
    XTIME:description = "minutes since 2021-07-01 12:00:00" ;
    XTIME:units = "minutes since 2021-07-01 12:00:00" ;
  int ITIMESTEP(Time) ;
    ITIMESTEP:FieldType = 106 ;
    ITIMESTEP:MemoryOrder = "0  " ;
  float ZNU(Time, bottom_top) ;
    ZNU:description = "eta values on half (mass) levels" ;
    ZNU:MemoryOrder = "Z  " ;
  float U(Time, bottom_top, south_north, west_east_stag) ;
    U:MemoryOrder = "XYZ" ;
    U:units = "m s-1" ;
    U:stagger = "X" ;
    U:coordinates = "XLONG_U XLAT_U XTIME" ;
  float V(Time, bottom_top, south_north_stag, west_east) ;
    V:stagger = "Y" ;
    V:coordinates = "XLONG_V XLAT_V XTIME" ;
  float W(Time, bottom_top_stag, south_north, west_east) ;
    W:stagger = "Z" ;
    W:coordinates = "XLONG XLAT XTIME" ;
  float PH(Time, bottom_top_stag, south_north, west_east) ;
    PH:units = "m2 s-2" ;
    PH:stagger = "Z" ;
    PH:coordinates = "XLONG XLAT XTIME" ;
  float PHB(Time, bottom_top_stag, south_north, west_east) ;
    PHB:units = "m2 s-2" ;
    PHB:stagger = "Z" ;
    PHB:coordinates = "XLONG XLAT XTIME" ;
  float T(Time, bottom_top, south_north, west_east) ;
    T:units = "K" ;
    T:coordinates = "XLONG XLAT XTIME" ;
  float HGT(Time, south_north, west_east) ;
    HGT:units = "m" ;
    HGT:coordinates = "XLONG XLAT XTIME" ;
  float TSLB(Time, soil_layers_stag, south_north, west_east) ;
    TSLB:description = "SOIL TEMPERATURE" ;
    TSLB:stagger = "Z" ;
    TSLB:coordinates = "XLONG XLAT XTIME" ;
  float P_TOP(Time) ;
    :TITLE = " OUTPUT FROM WRF V4.2 MODEL" ;
    :GRIDTYPE = "C" ;
"""
PHB = 9.81 * (np.arange(4)[:, None, None] * 500.0 + 100 * numbers(4, 5))
VALUES["wrf"] = {
    "Times": ["2021-07-01_12:00:00", "2021-07-01_13:00:00"],
    "XTIME": [0, 60],
    **dict(zip(("XLONG", "XLAT"), bent(4, 5), strict=True)),
    **dict(zip(("XLONG_U", "XLAT_U"), bent(4, 6, shift=(0, -0.5)), strict=True)),
    **dict(zip(("XLONG_V", "XLAT_V"), bent(5, 5, shift=(-0.5, 0)), strict=True)),
    "PHB": PHB,
    "PH": numbers(2, 4, 4, 5),
}

HEADERS["mom6"] = """
dimensions: xh = 5 ; yh = 4 ; zl = 3 ; nv = 2 ; xq = 5 ; yq = 4 ; zi = 4 ;
  time = UNLIMITED ; // (2 currently)
variables:
  double xh(xh) ;
    xh:long_name = "h point nominal longitude" ;
    xh:units = "degrees_east" ;
    xh:cartesian_axis = "X" ;
  double yh(yh) ;
    yh:long_name = "h point nominal latitude" ;
    yh:units = "degrees_north" ;
    yh:cartesian_axis = "Y" ;
  double zl(zl) ;
    zl:long_name = "Layer pseudo-depth, -z*" ;
    zl:units = "meter" ;
    zl:cartesian_axis = "Z" ;
    zl:positive = "down" ;
    zl:edges = "zi" ;
  double zi(zi) ;
    zi:long_name = "Interface pseudo-depth, -z*" ;
    zi:units = "meter" ;
    zi:cartesian_axis = "Z" ;
    zi:positive = "down" ;
  double xq(xq) ;
    xq:long_name = "q point nominal longitude" ;
    xq:units = "degrees_east" ;
    xq:cartesian_axis = "X" ;
  double yq(yq) ;
    yq:long_name = "q point nominal latitude" ;
    yq:units = "degrees_north" ;
    yq:cartesian_axis = "Y" ;
  double time(time) ;
    time:long_name = "time" ;
    time:units = "days since 0001-01-01 00:00:00" ;
    time:cartesian_axis = "T" ;
    time:calendar_type = "NOLEAP" ;
    time:calendar = "NOLEAP" ;
    time:bounds = "time_bnds" ;
  double nv(nv) ;
    nv:long_name = "vertex number" ;
  double time_bnds(time, nv) ;
    time_bnds:units = "days since 0001-01-01 00:00:00" ;
  double average_T1(time) ;
    average_T1:long_name = "Start time for average period" ;
    average_T1:units = "days since 0001-01-01 00:00:00" ;
  double average_DT(time) ;
    average_DT:units = "days" ;
  float thetao(time, zl, yh, xh) ;
    thetao:units = "degC" ;
    thetao:missing_value = 1.e+20f ;
    thetao:_FillValue = 1.e+20f ;
    thetao:cell_methods = "area:mean zl:mean yh:mean xh:mean time: mean" ;
    thetao:cell_measures = "volume: volcello area: areacello" ;
    thetao:time_avg_info = "average_T1,average_T2,average_DT" ;
    thetao:standard_name = "sea_water_potential_temperature" ;
  float uo(time, zl, yh, xq) ;
    uo:standard_name = "sea_water_x_velocity" ;
    uo:interp_method = "none" ;
    uo:_FillValue = 1.e+20f ;
  float vo(time, zl, yq, xh) ;
    vo:standard_name = "sea_water_y_velocity" ;
    vo:interp_method = "none" ;
    vo:_FillValue = 1.e+20f ;
  float e(time, zi, yh, xh) ;
    e:units = "m" ;
  float zos(time, yh, xh) ;
    zos:standard_name = "sea_surface_height_above_geoid" ;
  float deptho(yh, xh) ;
    deptho:units = "m" ;
  double geolon(yh, xh) ;
    geolon:long_name = "Longitude of tracer (T) points" ;
    geolon:units = "degrees_east" ;
    geolon:missing_value = 1.e+20 ;
    geolon:_FillValue = 1.e+20 ;
  double geolat(yh, xh) ;
    geolat:long_name = "Latitude of tracer (T) points" ;
    geolat:units = "degrees_north" ;
  double geolon_u(yh, xq) ;
    geolon_u:units = "degrees_east" ;
  double geolat_u(yh, xq) ;
    geolat_u:units = "degrees_north" ;
  double geolon_v(yq, xh) ;
    geolon_v:units = "degrees_east" ;
  double geolat_v(yq, xh) ;
    geolat_v:units = "degrees_north" ;
"""
VALUES["mom6"] = {
    "xh": np.arange(5) * 1.5 - 200,
    "xq": np.arange(5) * 1.5 - 199.25,
    "yh": 40.0 + np.arange(4),
    "yq": 40.5 + np.arange(4),
    "zl": [2.5, 10, 30],
    "zi": [0, 5, 15, 45],
    "nv": [1, 2],
    "time": [15.5, 45],
    "thetao": land((2, 3, 4, 5), numbers(2, 3, 4, 5)),
    **dict(zip(("geolon", "geolat"), bent(4, 5, -200), strict=True)),
    **dict(zip(("geolon_u", "geolat_u"), bent(4, 5, -200, (0, 0.5)), strict=True)),
    **dict(zip(("geolon_v", "geolat_v"), bent(4, 5, -200, (0.5, 0)), strict=True)),
}

HEADERS["nemo"] = """
dimensions: y = 4 ; x = 5 ; deptht = 3 ; axis_nbounds = 2 ; nvertex = 4 ;
  time_counter = UNLIMITED ; // (2 currently)
variables:
  float nav_lat(y, x) ;
    nav_lat:standard_name = "latitude" ;
    nav_lat:long_name = "Latitude" ;
    nav_lat:units = "degrees_north" ;
    nav_lat:bounds = "bounds_lat" ;
  float nav_lon(y, x) ;
    nav_lon:standard_name = "longitude" ;
    nav_lon:long_name = "Longitude" ;
    nav_lon:units = "degrees_east" ;
    nav_lon:bounds = "bounds_lon" ;
  float bounds_lon(y, x, nvertex) ;
  float bounds_lat(y, x, nvertex) ;
  float area(y, x) ;
    area:standard_name = "cell_area" ;
    area:units = "m2" ;
  float deptht(deptht) ;
    deptht:name = "deptht" ;
    deptht:long_name = "Vertical T levels" ;
    deptht:units = "m" ;
    deptht:positive = "down" ;
    deptht:bounds = "deptht_bounds" ;
  float deptht_bounds(deptht, axis_nbounds) ;
    deptht_bounds:units = "m" ;
  double time_centered(time_counter) ;
    time_centered:standard_name = "time" ;
    time_centered:long_name = "Time axis" ;
    time_centered:calendar = "gregorian" ;
    time_centered:units = "seconds since 1900-01-01 00:00:00" ;
    time_centered:time_origin = "1900-01-01 00:00:00" ;
    time_centered:bounds = "time_centered_bounds" ;
  double time_centered_bounds(time_counter, axis_nbounds) ;
  double time_counter(time_counter) ;
    time_counter:axis = "T" ;
    time_counter:standard_name = "time" ;
    time_counter:long_name = "Time axis" ;
    time_counter:calendar = "gregorian" ;
    time_counter:units = "seconds since 1900-01-01 00:00:00" ;
    time_counter:bounds = "time_counter_bounds" ;
  double time_counter_bounds(time_counter, axis_nbounds) ;
  float e3t(time_counter, deptht, y, x) ;
    e3t:standard_name = "cell_thickness" ;
    e3t:units = "m" ;
    e3t:interval_operation = "1 month" ;
    e3t:cell_methods = "time: mean (interval: 1350 s)" ;
    e3t:_FillValue = 1.e+20f ;
    e3t:missing_value = 1.e+20f ;
    e3t:coordinates = "time_centered nav_lat nav_lon" ;
  float votemper(time_counter, deptht, y, x) ;
    votemper:standard_name = "sea_water_potential_temperature" ;
    votemper:units = "degree_C" ;
    votemper:online_operation = "average" ;
    votemper:cell_methods = "time: mean (interval: 1350 s)" ;
    votemper:cell_measures = "area: area" ;
    votemper:_FillValue = 1.e+20f ;
    votemper:missing_value = 1.e+20f ;
    votemper:coordinates = "time_centered nav_lat nav_lon" ;
  float sossheig(time_counter, y, x) ;
    sossheig:standard_name = "sea_surface_height_above_geoid" ;
    sossheig:_FillValue = 1.e+20f ;
    sossheig:coordinates = "time_centered nav_lat nav_lon" ;
"""
CORNERS = bent(5, 6, 176, (-0.5, -0.5))
VALUES["nemo"] = {
    **dict(zip(("nav_lon", "nav_lat"), bent(4, 5, 176), strict=True)),
    "nav_lon": (bent(4, 5, 176)[0] + 180) % 360 - 180,
    **{
        f"bounds_{name}": np.stack([corner[y : y + 4, x : x + 5] for y, x in ((0, 0), (0, 1), (1, 1), (1, 0))], -1)
        for name, corner in zip(("lon", "lat"), CORNERS, strict=True)
    },
    "deptht": [5, 20, 45],
    "deptht_bounds": [[0, 10], [10, 30], [30, 60]],
    "time_counter": [3.0e9, 3.0e9 + 86400],
    "time_centered": [3.0e9, 3.0e9 + 86400],
    "time_counter_bounds": [[3.0e9 - 43200, 3.0e9 + 43200], [3.0e9 + 43200, 3.0e9 + 129600]],
    "time_centered_bounds": [[3.0e9 - 43200, 3.0e9 + 43200], [3.0e9 + 43200, 3.0e9 + 129600]],
    "votemper": land((2, 3, 4, 5), numbers(2, 3, 4, 5)),
}
VALUES["nemo"]["bounds_lon"] = (VALUES["nemo"]["bounds_lon"] + 180) % 360 - 180

HEADERS["mesh_mask"] = """
dimensions: x = 5 ; y = 4 ; nav_lev = 3 ;
  time_counter = UNLIMITED ; // (1 currently)
variables:
  float nav_lon(y, x) ;
  float nav_lat(y, x) ;
  float nav_lev(nav_lev) ;
  double time_counter(time_counter) ;
  byte tmask(time_counter, nav_lev, y, x) ;
  double glamt(time_counter, y, x) ;
  double gphit(time_counter, y, x) ;
  double e1t(time_counter, y, x) ;
  double gdept_0(time_counter, nav_lev, y, x) ;
"""
VALUES["mesh_mask"] = {
    **dict(zip(("nav_lon", "nav_lat"), bent(4, 5), strict=True)),
    **dict(zip(("glamt", "gphit"), bent(4, 5), strict=True)),
    "nav_lev": [5, 20, 45],
    "gdept_0": np.array([5, 20, 45])[:, None, None] * (1 + 0.01 * numbers(4, 5)),
}

HEADERS["mitgcm"] = """
dimensions: XC = 5 ; YC = 4 ; XG = 5 ; YG = 4 ; Z = 3 ; Zp1 = 4 ; Zu = 3 ; Zl = 3 ; time = 2 ;
variables:
  float XC(XC) ;
    XC:standard_name = "longitude" ;
    XC:long_name = "longitude" ;
    XC:units = "degrees_east" ;
    XC:axis = "X" ;
    XC:coordinate = "YC XC" ;
  float YC(YC) ;
    YC:standard_name = "latitude" ;
    YC:units = "degrees_north" ;
    YC:axis = "Y" ;
  float XG(XG) ;
    XG:standard_name = "longitude_at_f_location" ;
    XG:units = "degrees_east" ;
    XG:axis = "X" ;
    XG:c_grid_axis_shift = -0.5 ;
  float YG(YG) ;
    YG:standard_name = "latitude_at_f_location" ;
    YG:units = "degrees_north" ;
    YG:axis = "Y" ;
    YG:c_grid_axis_shift = -0.5 ;
  float Z(Z) ;
    Z:standard_name = "depth" ;
    Z:long_name = "vertical coordinate of cell center" ;
    Z:units = "m" ;
    Z:positive = "down" ;
    Z:axis = "Z" ;
  float Zp1(Zp1) ;
    Zp1:standard_name = "depth_at_w_location" ;
    Zp1:units = "m" ;
    Zp1:positive = "down" ;
    Zp1:axis = "Z" ;
    Zp1:c_grid_axis_shift = -0.5 ;
  float Zu(Zu) ;
    Zu:standard_name = "depth_at_lower_w_location" ;
    Zu:units = "m" ;
    Zu:positive = "down" ;
    Zu:axis = "Z" ;
    Zu:c_grid_axis_shift = 0.5 ;
  float Zl(Zl) ;
    Zl:standard_name = "depth_at_upper_w_location" ;
    Zl:units = "m" ;
    Zl:positive = "down" ;
    Zl:axis = "Z" ;
    Zl:c_grid_axis_shift = -0.5 ;
  float rA(YC, XC) ;
    rA:standard_name = "cell_area" ;
    rA:coordinate = "YC XC" ;
  float Depth(YC, XC) ;
    Depth:standard_name = "ocean_depth" ;
  float hFacC(Z, YC, XC) ;
    hFacC:standard_name = "cell_vertical_fraction" ;
  float drF(Z) ;
    drF:standard_name = "cell_z_size" ;
  int iter(time) ;
    iter:standard_name = "timestep" ;
  int time(time) ;
    time:standard_name = "time" ;
    time:axis = "T" ;
    time:units = "seconds since 1948-01-01" ;
    time:calendar = "gregorian" ;
  float U(time, Z, YC, XG) ;
    U:standard_name = "sea_water_x_velocity" ;
    U:mate = "V" ;
  float V(time, Z, YG, XC) ;
    V:standard_name = "sea_water_y_velocity" ;
    V:mate = "U" ;
  float W(time, Zl, YC, XC) ;
    W:standard_name = "sea_water_z_velocity" ;
  float T(time, Z, YC, XC) ;
    T:standard_name = "sea_water_potential_temperature" ;
  float Eta(time, YC, XC) ;
    Eta:standard_name = "sea_surface_height" ;
"""
VALUES["mitgcm"] = {
    "XC": 1 + 2.0 * np.arange(5),
    "XG": 2.0 * np.arange(5),
    "YC": -60 + 2.0 * np.arange(4) ** 1.5,
    "YG": -61 + 2.0 * np.arange(4) ** 1.5,
    "Z": [-5, -20, -45],
    "Zp1": [0, -10, -30, -60],
    "Zl": [0, -10, -30],
    "Zu": [-10, -30, -60],
    "time": [0, 86400],
}

HEADERS["cordex"] = """
dimensions: rlon = 5 ; rlat = 4 ; bnds = 2 ; vertices = 4 ;
  time = UNLIMITED ; // (2 currently)
variables:
  double time(time) ;
    time:standard_name = "time" ;
    time:long_name = "time" ;
    time:bounds = "time_bnds" ;
    time:units = "days since 1949-12-01 00:00:00" ;
    time:calendar = "proleptic_gregorian" ;
    time:axis = "T" ;
  double time_bnds(time, bnds) ;
  double rlon(rlon) ;
    rlon:standard_name = "grid_longitude" ;
    rlon:long_name = "longitude in rotated pole grid" ;
    rlon:units = "degrees" ;
    rlon:axis = "X" ;
  double rlat(rlat) ;
    rlat:standard_name = "grid_latitude" ;
    rlat:long_name = "latitude in rotated pole grid" ;
    rlat:units = "degrees" ;
    rlat:axis = "Y" ;
  double lon(rlat, rlon) ;
    lon:standard_name = "longitude" ;
    lon:long_name = "longitude" ;
    lon:units = "degrees_east" ;
    lon:bounds = "lon_vertices" ;
  double lat(rlat, rlon) ;
    lat:standard_name = "latitude" ;
    lat:units = "degrees_north" ;
    lat:bounds = "lat_vertices" ;
  double lon_vertices(rlat, rlon, vertices) ;
  double lat_vertices(rlat, rlon, vertices) ;
  char rotated_pole ;
    rotated_pole:grid_mapping_name = "rotated_latitude_longitude" ;
    rotated_pole:grid_north_pole_latitude = 39.25 ;
    rotated_pole:grid_north_pole_longitude = -162. ;
  double height ;
    height:standard_name = "height" ;
    height:long_name = "height" ;
    height:positive = "up" ;
    height:units = "m" ;
    height:axis = "Z" ;
  float tas(time, rlat, rlon) ;
    tas:standard_name = "air_temperature" ;
    tas:units = "K" ;
    tas:grid_mapping = "rotated_pole" ;
    tas:coordinates = "height lat lon" ;
    tas:cell_methods = "time: mean" ;
    tas:missing_value = 1.e+20f ;
    tas:_FillValue = 1.e+20f ;
    :Conventions = "CF-1.4" ;
    :CORDEX_domain = "EUR-11" ;
"""
CORNERS = bent(5, 6, -10, (-0.5, -0.5))
VALUES["cordex"] = {
    "time": [20454.5, 20455.5],
    "time_bnds": [[20454, 20455], [20455, 20456]],
    "rlon": -28.375 + 0.11 * np.arange(5),
    "rlat": -23.375 + 0.11 * np.arange(4),
    **dict(zip(("lon", "lat"), bent(4, 5, -10), strict=True)),
    **{
        f"{name}_vertices": np.stack([corner[y : y + 4, x : x + 5] for y, x in ((0, 0), (0, 1), (1, 1), (1, 0))], -1)
        for name, corner in zip(("lon", "lat"), CORNERS, strict=True)
    },
    "height": 2.0,
}

HEADERS["cam"] = """
dimensions: lat = 4 ; lon = 6 ; lev = 3 ; ilev = 4 ; nbnd = 2 ; chars = 8 ;
  time = UNLIMITED ; // (2 currently)
variables:
  double lat(lat) ;
    lat:long_name = "latitude" ;
    lat:units = "degrees_north" ;
  double lon(lon) ;
    lon:long_name = "longitude" ;
    lon:units = "degrees_east" ;
  double gw(lat) ;
    gw:long_name = "latitude weights" ;
  double lev(lev) ;
    lev:long_name = "hybrid level at midpoints (1000*(A+B))" ;
    lev:units = "hPa" ;
    lev:positive = "down" ;
    lev:standard_name = "atmosphere_hybrid_sigma_pressure_coordinate" ;
    lev:formula_terms = "a: hyam b: hybm p0: P0 ps: PS" ;
  double hyam(lev) ;
  double hybm(lev) ;
  double P0 ;
    P0:long_name = "reference pressure" ;
    P0:units = "Pa" ;
  double ilev(ilev) ;
    ilev:long_name = "hybrid level at interfaces (1000*(A+B))" ;
    ilev:units = "hPa" ;
    ilev:positive = "down" ;
    ilev:standard_name = "atmosphere_hybrid_sigma_pressure_coordinate" ;
    ilev:formula_terms = "a: hyai b: hybi p0: P0 ps: PS" ;
  double hyai(ilev) ;
  double hybi(ilev) ;
  double time(time) ;
    time:long_name = "time" ;
    time:units = "days since 2000-01-01 00:00:00" ;
    time:calendar = "noleap" ;
    time:bounds = "time_bnds" ;
  int date(time) ;
    date:long_name = "current date (YYYYMMDD)" ;
  int datesec(time) ;
  double time_bnds(time, nbnd) ;
    time_bnds:long_name = "time interval endpoints" ;
  char date_written(time, chars) ;
  char time_written(time, chars) ;
  int ndbase ;
  int nbdate ;
  double co2vmr(time) ;
  float PS(time, lat, lon) ;
    PS:units = "Pa" ;
    PS:cell_methods = "time: mean" ;
  float T(time, lev, lat, lon) ;
    T:mdims = 1 ;
    T:units = "K" ;
    T:cell_methods = "time: mean" ;
  float U(time, lev, lat, lon) ;
    U:mdims = 1 ;
    U:units = "m/s" ;
  float V(time, lev, lat, lon) ;
    V:mdims = 1 ;
    V:units = "m/s" ;
  float OMEGAI(time, ilev, lat, lon) ;
  float TS(time, lat, lon) ;
    :Conventions = "CF-1.0" ;
    :source = "CAM" ;
"""
VALUES["cam"] = {
    "lat": [-60, -20, 20, 60],
    "lon": np.arange(6) * 60,
    "time": [15.5, 45],
    "time_bnds": [[0, 31], [31, 59]],
    "date": [20000201, 20000301],
    "date_written": ["11/25/26", "11/25/26"],
    "time_written": ["10:00:00", "11:00:00"],
    "P0": 1e5,
    "PS": 1e5 + 100 * numbers(2, 4, 6),
    "lev": [35, 400, 900],
    "ilev": [2, 100, 700, 1000],
    "hyam": [0.035, 0.15, 0.05],
    "hybm": [0.0, 0.25, 0.85],
    "hyai": [0.002, 0.1, 0.12, 0.0],
    "hybi": [0.0, 0.0, 0.58, 1.0],
}

HEADERS["pop"] = """
dimensions: d2 = 2 ; z_t = 3 ; z_t_150m = 2 ; z_w = 3 ; nlat = 4 ; nlon = 5 ; transport_reg = 2 ;
  time = UNLIMITED ; // (2 currently)
variables:
  double time(time) ;
    time:long_name = "time" ;
    time:units = "days since 0000-01-01 00:00:00" ;
    time:bounds = "time_bound" ;
    time:calendar = "noleap" ;
  double time_bound(time, d2) ;
    time_bound:long_name = "boundaries for time-averaging interval" ;
    time_bound:units = "days since 0000-01-01 00:00:00" ;
  float z_t(z_t) ;
    z_t:long_name = "depth from surface to midpoint of layer" ;
    z_t:units = "centimeters" ;
    z_t:positive = "down" ;
    z_t:valid_min = 500.f ;
  float z_t_150m(z_t_150m) ;
    z_t_150m:units = "centimeters" ;
    z_t_150m:positive = "down" ;
  float z_w(z_w) ;
    z_w:long_name = "depth from surface to top of layer" ;
    z_w:units = "centimeters" ;
    z_w:positive = "down" ;
  float dz(z_t) ;
    dz:units = "centimeters" ;
  double ULONG(nlat, nlon) ;
    ULONG:long_name = "array of u-grid longitudes" ;
    ULONG:units = "degrees_east" ;
  double ULAT(nlat, nlon) ;
    ULAT:units = "degrees_north" ;
  double TLONG(nlat, nlon) ;
    TLONG:long_name = "array of t-grid longitudes" ;
    TLONG:units = "degrees_east" ;
    TLONG:_FillValue = 9.96920996838687e+36 ;
  double TLAT(nlat, nlon) ;
    TLAT:units = "degrees_north" ;
    TLAT:_FillValue = 9.96920996838687e+36 ;
  int KMT(nlat, nlon) ;
    KMT:long_name = "k Index of Deepest Grid Cell on T Grid" ;
    KMT:coordinates = "TLONG TLAT" ;
  double TAREA(nlat, nlon) ;
    TAREA:units = "centimeter^2" ;
    TAREA:coordinates = "TLONG TLAT" ;
  double rho_sw ;
  float TEMP(time, z_t, nlat, nlon) ;
    TEMP:units = "degC" ;
    TEMP:coordinates = "TLONG TLAT z_t time" ;
    TEMP:grid_loc = "3111" ;
    TEMP:cell_methods = "time: mean" ;
    TEMP:_FillValue = 9.96921e+36f ;
    TEMP:missing_value = 9.96921e+36f ;
  float UVEL(time, z_t, nlat, nlon) ;
    UVEL:units = "centimeter/s" ;
    UVEL:coordinates = "ULONG ULAT z_t time" ;
    UVEL:grid_loc = "3221" ;
    UVEL:_FillValue = 9.96921e+36f ;
  float diatC(time, z_t_150m, nlat, nlon) ;
    diatC:coordinates = "TLONG TLAT z_t_150m time" ;
    diatC:_FillValue = 9.96921e+36f ;
  float SSH(time, nlat, nlon) ;
    SSH:units = "centimeter" ;
    SSH:coordinates = "TLONG TLAT time" ;
    SSH:_FillValue = 9.96921e+36f ;
"""
VALUES["pop"] = {
    "time": [31, 59],
    "time_bound": [[0, 31], [31, 59]],
    "z_t": [500, 1500, 2500],
    "z_t_150m": [500, 1500],
    "z_w": [0, 1000, 2000],
    **dict(zip(("ULONG", "ULAT"), bent(4, 5, 320, (0.5, 0.5)), strict=True)),
    **{name: land((4, 5), one) for name, one in zip(("TLONG", "TLAT"), bent(4, 5, 320), strict=True)},
    **{name: land((2, 3, 4, 5), n * 500 + numbers(2, 3, 4, 5)) for n, name in enumerate(("TEMP", "UVEL"))},
    "SSH": land((2, 4, 5), numbers(2, 4, 5)),
}

HEADERS["era5"] = """
dimensions: valid_time = 2 ; pressure_level = 3 ; latitude = 4 ; longitude = 6 ;
variables:
  int64 number ;
    number:long_name = "ensemble member numerical id" ;
    number:units = "1" ;
    number:standard_name = "realization" ;
  int64 valid_time(valid_time) ;
    valid_time:long_name = "time" ;
    valid_time:standard_name = "time" ;
    valid_time:units = "seconds since 1970-01-01" ;
    valid_time:calendar = "proleptic_gregorian" ;
  double pressure_level(pressure_level) ;
    pressure_level:long_name = "pressure" ;
    pressure_level:units = "hPa" ;
    pressure_level:positive = "down" ;
    pressure_level:stored_direction = "decreasing" ;
    pressure_level:standard_name = "air_pressure" ;
  double latitude(latitude) ;
    latitude:units = "degrees_north" ;
    latitude:standard_name = "latitude" ;
    latitude:stored_direction = "decreasing" ;
  double longitude(longitude) ;
    longitude:units = "degrees_east" ;
    longitude:standard_name = "longitude" ;
  int64 expver(valid_time) ;
  float t(valid_time, pressure_level, latitude, longitude) ;
    t:GRIB_paramId = 130 ;
    t:GRIB_missingValue = 3.4028234663852886e+38 ;
    t:units = "K" ;
    t:standard_name = "air_temperature" ;
    t:coordinates = "number valid_time pressure_level latitude longitude expver" ;
    t:_FillValue = 9.96921e+36f ;
  float u(valid_time, pressure_level, latitude, longitude) ;
    u:units = "m s**-1" ;
    u:standard_name = "eastward_wind" ;
    u:coordinates = "number valid_time pressure_level latitude longitude expver" ;
  float v(valid_time, pressure_level, latitude, longitude) ;
    v:units = "m s**-1" ;
    v:standard_name = "northward_wind" ;
    v:coordinates = "number valid_time pressure_level latitude longitude expver" ;
    :GRIB_centre = "ecmf" ;
    :Conventions = "CF-1.7" ;
"""
VALUES["era5"] = {
    "number": 0,
    "valid_time": [1577836800, 1577858400],
    "pressure_level": [1000, 500, 200],
    "latitude": [67.5, 22.5, -22.5, -67.5],
    "longitude": np.arange(6) * 60.0,
    "expver": [1, 5],
}

HEADERS["era5 packed"] = """
dimensions: longitude = 5 ; latitude = 4 ; expver = 2 ; time = 2 ;
variables:
  float longitude(longitude) ;
    longitude:units = "degrees_east" ;
    longitude:long_name = "longitude" ;
  float latitude(latitude) ;
    latitude:units = "degrees_north" ;
    latitude:long_name = "latitude" ;
  int expver(expver) ;
    expver:long_name = "expver" ;
  int time(time) ;
    time:units = "hours since 1900-01-01 00:00:00.0" ;
    time:long_name = "time" ;
    time:calendar = "gregorian" ;
  short t2m(time, expver, latitude, longitude) ;
    t2m:scale_factor = 0.0017 ;
    t2m:add_offset = 270.5 ;
    t2m:_FillValue = -32767s ;
    t2m:missing_value = -32767s ;
    t2m:units = "K" ;
"""
VALUES["era5 packed"] = {
    "longitude": -10 + 0.25 * np.arange(5),
    "latitude": 60 - 0.25 * np.arange(4),
    "expver": [1, 5],
    "time": [1051896, 1051902],
}

HEADERS["gfs"] = """
dimensions: step = 2 ; isobaricInhPa = 3 ; latitude = 4 ; longitude = 5 ;
variables:
  int64 time ;
    time:long_name = "initial time of forecast" ;
    time:standard_name = "forecast_reference_time" ;
    time:units = "seconds since 1970-01-01T00:00:00" ;
    time:calendar = "proleptic_gregorian" ;
  double step(step) ;
    step:long_name = "time since forecast_reference_time" ;
    step:standard_name = "forecast_period" ;
    step:units = "hours" ;
  double valid_time(step) ;
    valid_time:standard_name = "time" ;
    valid_time:long_name = "time" ;
    valid_time:units = "seconds since 1970-01-01T00:00:00" ;
    valid_time:calendar = "proleptic_gregorian" ;
  double isobaricInhPa(isobaricInhPa) ;
    isobaricInhPa:long_name = "pressure" ;
    isobaricInhPa:units = "hPa" ;
    isobaricInhPa:positive = "down" ;
    isobaricInhPa:stored_direction = "decreasing" ;
    isobaricInhPa:standard_name = "air_pressure" ;
  double latitude(latitude) ;
    latitude:units = "degrees_north" ;
    latitude:standard_name = "latitude" ;
    latitude:stored_direction = "decreasing" ;
  double longitude(longitude) ;
    longitude:units = "degrees_east" ;
    longitude:standard_name = "longitude" ;
  double heightAboveGround ;
    heightAboveGround:long_name = "height above the surface" ;
    heightAboveGround:units = "m" ;
    heightAboveGround:positive = "up" ;
    heightAboveGround:standard_name = "height" ;
  float t(step, isobaricInhPa, latitude, longitude) ;
    t:GRIB_typeOfLevel = "isobaricInhPa" ;
    t:units = "K" ;
    t:coordinates = "time step isobaricInhPa latitude longitude valid_time" ;
  float t2m(step, latitude, longitude) ;
    t2m:GRIB_typeOfLevel = "heightAboveGround" ;
    t2m:units = "K" ;
    t2m:coordinates = "time step heightAboveGround latitude longitude valid_time" ;
"""
VALUES["gfs"] = {
    "time": 1577836800,
    "step": [0, 6],
    "valid_time": [1577836800, 1577858400],
    "isobaricInhPa": [1000, 500, 200],
    "latitude": [3, 2, 1, 0],
    "longitude": 350 + 0.25 * np.arange(5),
    "heightAboveGround": 2.0,
}

HEADERS["palm"] = """
dimensions: time = UNLIMITED ; // (2 currently)
  zu_3d = 4 ; zw_3d = 4 ; xu = 6 ; x = 6 ; yv = 5 ; y = 5 ;
variables:
  double time(time) ;
    time:units = "seconds" ;
    time:standard_name = "time" ;
    time:axis = "T" ;
  double zu_3d(zu_3d) ;
    zu_3d:units = "meters" ;
    zu_3d:axis = "Z" ;
    zu_3d:positive = "up" ;
  double zw_3d(zw_3d) ;
    zw_3d:units = "meters" ;
    zw_3d:axis = "Z" ;
    zw_3d:positive = "up" ;
  double zusi(y, x) ;
    zusi:units = "meters" ;
    zusi:long_name = "zu(nzb_s_inner)" ;
  double xu(xu) ;
    xu:units = "meters" ;
    xu:axis = "X" ;
  double x(x) ;
    x:units = "meters" ;
    x:axis = "X" ;
  double yv(yv) ;
    yv:units = "meters" ;
    yv:axis = "Y" ;
  double y(y) ;
    y:units = "meters" ;
    y:axis = "Y" ;
  double E_UTM(y, x) ;
    E_UTM:standard_name = "projection_x_coordinate" ;
    E_UTM:units = "m" ;
  double N_UTM(y, x) ;
    N_UTM:standard_name = "projection_y_coordinate" ;
    N_UTM:units = "m" ;
  double lon(y, x) ;
    lon:standard_name = "longitude" ;
    lon:units = "degrees_east" ;
  double lat(y, x) ;
    lat:standard_name = "latitude" ;
    lat:units = "degrees_north" ;
  int crs ;
    crs:grid_mapping_name = "transverse_mercator" ;
  float u(time, zu_3d, y, xu) ;
    u:units = "m/s" ;
    u:_FillValue = -9999.f ;
  float v(time, zu_3d, yv, x) ;
    v:units = "m/s" ;
    v:_FillValue = -9999.f ;
  float w(time, zw_3d, y, x) ;
    w:units = "m/s" ;
    w:_FillValue = -9999.f ;
    w:coordinates = "E_UTM N_UTM lon lat" ;
    w:grid_mapping = "crs" ;
  float theta(time, zu_3d, y, x) ;
    theta:units = "K" ;
    theta:_FillValue = -9999.f ;
    theta:coordinates = "E_UTM N_UTM lon lat" ;
    theta:grid_mapping = "crs" ;
"""
VALUES["palm"] = {
    "time": [900.04, 1800.02],
    "zu_3d": [0, 5, 15, 25],
    "zw_3d": [0, 10, 20, 30],
    "x": 5 + 10.0 * np.arange(6),
    "xu": 10.0 * np.arange(6),
    "y": 5 + 10.0 * np.arange(5),
    "yv": 10.0 * np.arange(5),
    "E_UTM": 388000 + 5 + 10.0 * np.arange(6),
    "N_UTM": (5818000 + 5 + 10.0 * np.arange(5))[:, None],
    **dict(zip(("lon", "lat"), bent(5, 6), strict=True)),
    "theta": land((2, 4, 5, 6), numbers(2, 4, 5, 6)),
}

HEADERS["fv3"] = """
dimensions: grid_xt = 6 ; grid_yt = 4 ; pfull = 3 ; phalf = 4 ; nchars = 20 ; time = 2 ;
variables:
  double grid_xt(grid_xt) ;
    grid_xt:cartesian_axis = "X" ;
    grid_xt:long_name = "T-cell longitude" ;
    grid_xt:units = "degrees_E" ;
  double lon(grid_yt, grid_xt) ;
    lon:long_name = "T-cell longitude" ;
    lon:units = "degrees_E" ;
  double grid_yt(grid_yt) ;
    grid_yt:cartesian_axis = "Y" ;
    grid_yt:long_name = "T-cell latiitude" ;
    grid_yt:units = "degrees_N" ;
  double lat(grid_yt, grid_xt) ;
    lat:units = "degrees_N" ;
  float pfull(pfull) ;
    pfull:long_name = "ref full pressure level" ;
    pfull:units = "mb" ;
    pfull:cartesian_axis = "Z" ;
    pfull:positive = "down" ;
    pfull:edges = "phalf" ;
  float phalf(phalf) ;
    phalf:units = "mb" ;
    phalf:cartesian_axis = "Z" ;
    phalf:positive = "down" ;
  double time(time) ;
    time:long_name = "time" ;
    time:units = "hours since 2020-01-01 00:00:00" ;
    time:cartesian_axis = "T" ;
    time:calendar_type = "JULIAN" ;
    time:calendar = "JULIAN" ;
  char time_iso(time, nchars) ;
  float tmp(time, pfull, grid_yt, grid_xt) ;
    tmp:units = "K" ;
    tmp:missing_value = 9.99e+20f ;
    tmp:_FillValue = 9.99e+20f ;
    tmp:output_file = "atm" ;
  float pressfc(time, grid_yt, grid_xt) ;
    pressfc:units = "pa" ;
"""
LON, LAT = np.meshgrid(np.arange(6) * 60.0, [60.5, 20.25, -20.25, -60.5])
VALUES["fv3"] = {
    "grid_xt": LON[0],
    "grid_yt": LAT[:, 0],
    "lon": LON,
    "lat": LAT,
    "pfull": [100, 500, 900],
    "phalf": [10, 300, 700, 1000],
    "time": [3, 6],
    "time_iso": ["2020-01-01T03:00:00Z", "2020-01-01T06:00:00Z"],
}

HEADERS["sgrid"] = """
dimensions: MC = 6 ; NC = 5 ; M = 5 ; N = 4 ; KMAX = 3 ; KMAX1 = 4 ; time = 2 ;
variables:
  int grid ;
    grid:cf_role = "grid_topology" ;
    grid:topology_dimension = 2 ;
    grid:node_dimensions = "MC NC" ;
    grid:face_dimensions = "M: MC (padding: none) N: NC (padding: none)" ;
    grid:node_coordinates = "XCOR YCOR" ;
    grid:face_coordinates = "XZ YZ" ;
    grid:vertical_dimensions = "KMAX: KMAX1 (padding: none)" ;
  float XCOR(NC, MC) ;
    XCOR:standard_name = "projection_x_coordinate" ;
    XCOR:units = "m" ;
  float YCOR(NC, MC) ;
    YCOR:standard_name = "projection_y_coordinate" ;
    YCOR:units = "m" ;
  float XZ(N, M) ;
    XZ:standard_name = "projection_x_coordinate" ;
    XZ:units = "m" ;
  float YZ(N, M) ;
    YZ:standard_name = "projection_y_coordinate" ;
    YZ:units = "m" ;
  float SIG_LYR(KMAX) ;
    SIG_LYR:standard_name = "ocean_sigma_coordinate" ;
    SIG_LYR:positive = "up" ;
    SIG_LYR:formula_terms = "sigma: SIG_LYR eta: S1 depth: DPS0" ;
  float SIG_INTF(KMAX1) ;
    SIG_INTF:standard_name = "ocean_sigma_coordinate" ;
    SIG_INTF:positive = "up" ;
    SIG_INTF:formula_terms = "sigma: SIG_INTF eta: S1 depth: DPS0" ;
  int time(time) ;
    time:standard_name = "time" ;
    time:units = "seconds since 2013-01-01 00:00:00" ;
  float S1(time, N, M) ;
    S1:units = "m" ;
    S1:grid = "grid" ;
    S1:location = "face" ;
    S1:coordinates = "XZ YZ" ;
  float DPS0(N, M) ;
    DPS0:grid = "grid" ;
    DPS0:location = "face" ;
    DPS0:coordinates = "XZ YZ" ;
  float R1(time, KMAX, N, M) ;
    R1:grid = "grid" ;
    R1:location = "face" ;
    R1:coordinates = "SIG_LYR XZ YZ" ;
  float DP(NC, MC) ;
    DP:grid = "grid" ;
    DP:location = "node" ;
    DP:coordinates = "XCOR YCOR" ;
"""
VALUES["sgrid"] = {
    **{n: 100 * v for n, v in zip(("XCOR", "YCOR"), bent(5, 6, shift=(-0.5, -0.5)), strict=True)},
    **{n: 100 * v for n, v in zip(("XZ", "YZ"), bent(4, 5), strict=True)},
    "SIG_LYR": [-1 / 6, -0.5, -5 / 6],
    "SIG_INTF": [0, -1 / 3, -2 / 3, -1],
    "time": [0, 600],
    "S1": 0.01 * numbers(2, 4, 5),
    "DPS0": 30 + numbers(4, 5),
}
