"""VTKHDF: series in one HDF5 file, their own or a netCDF file's; h5py is imported only here."""
