"""UGRID as it comes: numbering, transposed dims, edges, levels that move, jumps of longitude; read back by VTK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
import xarray as xr
from test_meshes import data, kinds, lines, mesh, numbers, particles, points, read, steps
from vtk.util.numpy_support import vtk_to_numpy

from vtkseries import SeriesError, VtkSeriesWarning
from vtkseries.meshes import heights

FACES = [[0, 1, 4, 3], [1, 2, 4], [3, 4, 6, 7, 5]]


def back(ds: xr.Dataset, path: Path) -> None:
    """What was written comes back."""
    with xr.open_dataset(path, engine="vtkseries") as found:
        xr.testing.assert_identical(found.load(), ds)


def test_transposed_faces_are_told_by_their_dim_or_by_the_data(tmp_path: Path) -> None:
    ds = mesh().transpose("five", "face", ...)
    assert ds["face_nodes"].dims == ("five", "face")
    told = ds.assign(Mesh2=ds["Mesh2"].assign_attrs(face_dimension="face"))
    for number, one in enumerate((ds, told)):
        path = one.vtk.to_vtu(tmp_path / f"{number}.pvd")
        assert all(lines(grid) == FACES for _, grid in steps(path))
        back(one, path)
    wrong = ds.assign(Mesh2=ds["Mesh2"].assign_attrs(face_dimension="faces"))
    with pytest.raises(SeriesError, match="face_dimension of mesh 'Mesh2' is 'faces'"):
        wrong.vtk.to_vtu(tmp_path / "wrong.pvd")


@pytest.mark.parametrize("kind", ["i4", "u2", "f8", ">i4"])
def test_faces_of_every_dtype(tmp_path: Path, kind: str) -> None:
    ds = mesh(fill=99, start=1)
    values = ds["face_nodes"].values
    attrs: dict[str, Any] = {"start_index": 1, "_FillValue": 99}
    if kind == "f8":  # as xarray decodes it
        values, attrs = np.where(values == 99, np.nan, values), {"start_index": 1}
    ds["face_nodes"] = ("face", "five"), values.astype(kind), attrs
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    assert all(lines(grid) == FACES for _, grid in steps(path))
    back(ds, path)


def network() -> xr.Dataset:
    """A one-dimensional mesh: three edges, with data on nodes and edges."""
    told = {"cf_role": "mesh_topology", "topology_dimension": 1, "node_coordinates": "nx ny"}
    return xr.Dataset(
        {
            "net": ((), 0, told | {"edge_node_connectivity": "branches"}),
            "branches": (("edge", "two"), [[1, 2], [2, 3], [2, 4]], {"start_index": 1}),
            "nx": ("node", [0.0, 1.0, 2.0, 1.0]),
            "ny": ("node", [0.0, 0.0, 0.0, 1.0]),
            "head": (("time", "node"), numbers(2, 4), {"mesh": "net", "location": "node"}),
            "flow": (("time", "edge"), numbers(2, 3), {"mesh": "net", "location": "edge"}),
        },
        {"time": [0.0, 3.0]},
    )


def test_edges_alone_are_lines(tmp_path: Path) -> None:
    ds = network()
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    for step, (_, grid) in enumerate(steps(path)):
        assert kinds(grid) == [vtk.VTK_LINE] * 3
        assert lines(grid) == [[0, 1], [1, 2], [1, 3]]
        np.testing.assert_array_equal(data(grid, "head"), ds["head"].values[step])
        np.testing.assert_array_equal(data(grid, "flow", cells=True), ds["flow"].values[step])
    back(ds, path)


def test_data_on_edges_of_faces_are_a_part_of_their_own(tmp_path: Path) -> None:
    ds = mesh()
    ds["Mesh2"].attrs |= {"edge_node_connectivity": "edge_nodes", "edge_dimension": "edge"}
    pairs = np.array([[0, 1], [1, 4], [4, 3], [3, 0], [1, 2], [2, 4]]) + 1
    ds["edge_nodes"] = ("edge", "two"), pairs, {"start_index": 1}
    ds["flux"] = ("time", "edge"), numbers(2, 6), {"mesh": "Mesh2", "location": "edge"}
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    found = steps(path)
    for step in range(2):
        edges, surface = found[2 * step][1], found[2 * step + 1][1]
        assert lines(surface) == FACES
        assert lines(edges) == (pairs - 1).tolist()
        np.testing.assert_array_equal(data(edges, "flux", cells=True), ds["flux"].values[step])
        np.testing.assert_array_equal(data(surface, "eta"), ds["eta"].values[step])
    back(ds, path)


def sigma(*, two: bool) -> xr.Dataset:
    """A mesh as FVCOM has it: sigma layers and levels, and a free surface that moves."""
    ds = mesh().drop_vars(["depth", "eta"])
    lev, lay = np.array([0.0, -0.25, -1.0]), np.array([-0.125, -0.625])
    attrs = {"standard_name": "ocean_sigma_coordinate", "formula_terms": "sigma: {} eta: zeta depth: h"}
    for name, values in (("siglev", lev), ("siglay", lay)):
        own = attrs | {"formula_terms": attrs["formula_terms"].format(name)}
        values_2d = np.repeat(values[:, None], 8, 1)
        variable = ((f"{name}_dim", "node"), values_2d, own) if two else (f"{name}_dim", values, own)
        ds = ds.assign_coords({name: variable})
    ds["h"] = "node", np.arange(8.0) + 10, {"mesh": "Mesh2", "location": "node"}
    ds["zeta"] = ("time", "node"), numbers(2, 8) / 8, {"mesh": "Mesh2", "location": "node"}
    ds["u"] = ("time", "siglay_dim", "face"), numbers(2, 2, 3), {"mesh": "Mesh2", "location": "face"}
    ds["temp"] = ("time", "siglay_dim", "node"), numbers(2, 2, 8), {"mesh": "Mesh2", "location": "node"}
    ds["kh"] = ("time", "siglev_dim", "node"), numbers(2, 3, 8), {"mesh": "Mesh2", "location": "node"}
    return ds


@pytest.mark.parametrize("two", [False, True])
def test_levels_by_formula_move_with_the_surface(tmp_path: Path, two: bool) -> None:  # noqa: FBT001  # a parameter
    ds = sigma(two=two)
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    files = {file.name[4:-11]: file for file in sorted((tmp_path / "run").glob("*_000001.vtu"))}
    assert list(files) == ["layers_siglay_dim", "layers_siglay_dim_siglev_dim", "surface"]
    zeta, depth = ds["zeta"].values[1], ds["h"].values
    for name, levels in (("layers_siglay_dim_siglev_dim", [-1.0, -0.25, 0.0]), ("layers_siglay_dim", [-0.625, -0.125])):
        heights = points(read(files[name]))[:, 2].reshape(len(levels), 8)
        for found, level in zip(heights, levels, strict=True):
            np.testing.assert_allclose(found, zeta + level * (depth + zeta), rtol=1e-14)
    between, middle = read(files["layers_siglay_dim_siglev_dim"]), read(files["layers_siglay_dim"])
    np.testing.assert_array_equal(data(between, "u", cells=True).reshape(2, 3), ds["u"].values[1, ::-1])
    np.testing.assert_array_equal(data(between, "kh").reshape(3, 8), ds["kh"].values[1, ::-1])
    np.testing.assert_array_equal(data(middle, "temp").reshape(2, 8), ds["temp"].values[1, ::-1])
    back(ds, path)


def test_layers_without_levels_end_half_way_and_those_of_faces_are_averaged_to_nodes(tmp_path: Path) -> None:
    ds = mesh().drop_vars(["depth", "eta"])
    ds["zc"] = ("time", "layer", "face"), np.array([[[1.0, 2, 3], [3, 4, 5]], [[2.0, 2, 4], [4, 4, 6]]])
    ds["zc"].attrs |= {"positive": "up", "mesh": "Mesh2", "location": "face"}
    ds["salt"] = ("time", "layer", "face"), numbers(2, 2, 3), {"mesh": "Mesh2", "location": "face"}
    for z in (None, "zc"):
        grid = steps(ds.vtk.to_vtu(tmp_path / "run.pvd", variables=["salt", "zc"], z=z))[1][1]
        heights = points(grid)[:, 2].reshape(3, 8)
        # Node 0 has face 0 alone; node 4 all three.
        np.testing.assert_allclose(heights[:, 0], [1.0, 3.0, 5.0])
        np.testing.assert_allclose(heights[:, 4], np.mean([2, 2, 4]) + np.array([-1.0, 1.0, 3.0]))
        np.testing.assert_array_equal(data(grid, "salt", cells=True).reshape(2, 3), ds["salt"].values[1])


def test_levels_below_the_ground_are_hidden(tmp_path: Path) -> None:
    ds = mesh().drop_vars(["depth", "eta"])
    z = np.repeat(np.array([-9.0, -4.0, 0.0])[:, None], 8, 1) + np.zeros((2, 1, 1))
    z[:, 0, 7] = np.nan
    z[1, 2] += np.arange(8) / 8
    ds = ds.assign_coords(zcor=(("time", "level", "node"), z))
    ds["w"] = ("time", "level", "node"), numbers(2, 3, 8), {"mesh": "Mesh2", "location": "node"}
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    for step, (_, grid) in enumerate(steps(path)):
        assert np.isfinite(points(grid)).all()
        np.testing.assert_array_equal(data(grid, "vtkGhostType", cells=True), [0, 0, 32, 0, 0, 0])
        there = np.isfinite(z[step].reshape(-1))
        np.testing.assert_array_equal(points(grid)[there, 2], z[step].reshape(-1)[there])
        np.testing.assert_array_equal(data(grid, "w").reshape(3, 8), ds["w"].values[step])
    back(ds, path)


def test_levels_that_stay_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, own_of = [], heights.Given.of

    def of(self: heights.Given, at: Any, topology: Any) -> Any:
        calls.append(self)
        return own_of(self, at, topology)

    monkeypatch.setattr(heights.Given, "of", of)
    ds = mesh().drop_vars(["depth", "eta"]).isel(time=[0, 1, 1, 0]).assign_coords(time=np.arange(4.0))
    for dims in (("level", "node"), ("time", "level", "node")):
        own = ds.assign_coords(zcor=(dims, np.ones([{"time": 4, "level": 3, "node": 8}[d] for d in dims])))
        own["zcor"] = own["zcor"] * xr.DataArray([1.0, 2.0, 3.0], dims="level")
        own["w"] = ("time", "level", "node"), numbers(4, 3, 8)
        calls.clear()
        own.vtk.to_vtu(tmp_path / "run.pvd", variables="w")
        assert len(calls) == (2 if len(dims) == 2 else 5)  # once more to see which way is up


def test_faces_across_the_date_line_are_hidden(tmp_path: Path) -> None:
    ds = mesh()
    ds["node_lon"] = "node", [178.0, 179.0, -179.0, 178.0, 179.0, 178.0, 179.0, 178.5], {"units": "degrees_east"}
    grid = steps(ds.vtk.to_vtu(tmp_path / "run.pvd"))[0][1]
    np.testing.assert_array_equal(data(grid, "vtkGhostType", cells=True), [0, 32, 0])
    back(ds, tmp_path / "run.pvd")


def test_what_is_missing_is_hidden_or_a_number(tmp_path: Path) -> None:
    ds = mesh()
    ds["eta"] = ds["eta"].where(ds["eta"] != ds["eta"][1, 2])
    ds["depth"] = ds["depth"].where(ds["depth"] != 7)
    grid = steps(ds.vtk.to_vtu(tmp_path / "run.pvd", missing="blank"))[1][1]
    np.testing.assert_array_equal(data(grid, "vtkGhostType"), [0, 0, 2, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(data(grid, "vtkGhostType", cells=True), [0, 32, 32])
    back(ds, tmp_path / "run.pvd")
    path = ds.vtk.to_vtu(tmp_path / "run.pvd", missing=-99.0)
    grid = steps(path)[1][1]
    assert data(grid, "eta")[2] == -99
    assert data(grid, "depth", cells=True)[2] == -99
    back(ds, path)
    drops = particles()
    drops["mass"] = drops["mass"].where(drops["mass"] != drops["mass"][2, 1])
    grid = steps(drops.vtk.to_vtp(tmp_path / "drops.pvd", missing="blank"))[2][1]
    hidden = data(grid, "vtkGhostType") == 2
    assert (
        np.isnan(data(grid, "mass")).tolist()
        == hidden.tolist()
        == (data(grid, "vtkGhostType", cells=True) == 32).tolist()
    )
    assert hidden.sum() == 1


def test_encoding_rounds_and_narrows(tmp_path: Path) -> None:
    ds = mesh()
    ds["eta"] = ds["eta"] / 7
    encoding = {"eta": {"significant_digits": 3}, "depth": {"dtype": "float32"}}
    grid = steps(ds.vtk.to_vtu(tmp_path / "run.pvd", encoding=encoding, compression="zlib"))[1][1]
    found = data(grid, "eta")
    assert not np.array_equal(found, ds["eta"].values[1])
    np.testing.assert_allclose(found, ds["eta"].values[1], rtol=5e-3)
    assert data(grid, "depth", cells=True).dtype == np.dtype("f4")
    with pytest.raises(SeriesError, match="encoding: there is no variable 'etta'"):
        ds.vtk.to_vtu(tmp_path / "run.pvd", encoding={"etta": {}})
    with pytest.raises(SeriesError, match="missing='hole': choose"):
        ds.vtk.to_vtu(tmp_path / "run.pvd", missing="hole")


def test_vectors_are_found_by_cf_and_keep_their_components_names(tmp_path: Path) -> None:
    ds = mesh()
    for name, way in (("ua", "eastward"), ("va", "northward")):
        ds[name] = ("time", "face"), numbers(2, 3) + len(name), {"standard_name": f"{way}_sea_water_velocity"}
    path = ds.vtk.to_vtu(tmp_path / "run.pvd")
    array = steps(path)[1][1].GetCellData().GetArray("sea_water_velocity")
    assert [array.GetComponentName(n) for n in range(2)] == ["ua", "va"]
    np.testing.assert_array_equal(vtk_to_numpy(array)[:, 1], ds["va"].values[1])
    back(ds, path)
    grid = steps(ds.vtk.to_vtu(path, vectors={}))[1][1]
    np.testing.assert_array_equal(data(grid, "va", cells=True), ds["va"].values[1])


def test_meshes_that_cannot_be_are_refused_by_name(tmp_path: Path) -> None:
    ds = mesh()
    text = ds.assign(face_nodes=(("face", "five"), np.full((3, 5), "a")))
    half = ds.assign(face_nodes=(("face", "five"), np.full((3, 5), 1.5)))
    flat = ds.assign(face_nodes=("face", [1, 2, 3]))
    lost = ds.assign(node_lon=ds["node_lon"].where(ds["node_lon"] < 2))
    dims = ds.assign(node_lon=("elsewhere", np.zeros(8)))
    solid = network().assign(
        net=(
            (),
            0,
            {"cf_role": "mesh_topology", "node_coordinates": "nx ny"} | {"volume_node_connectivity": "branches"},
        )
    )
    cases = {
        "'face_nodes' holds <U1; expected numbers of points": text,
        "'face_nodes' names the point 1.5, which is no whole number": half,
        r"'face_nodes' has the dims \('face',\); expected two": flat,
        "node coordinate 'node_lon' is nan at node 2; every node has a place": lost,
        "must be x and y along one dim, and are node_lon": dims,
        r"has volumes \('branches'\), which are not drawn; name its faces": solid,
        "several meshes: say mesh='Mesh2' or 'other'": ds.assign(other=ds["Mesh2"]),
        "start_index of 'face_nodes' is 'one'": ds.assign(face_nodes=ds["face_nodes"].assign_attrs(start_index="one")),
        "edge 1 of 'branches' has 3 points; an edge has two": network().assign(
            branches=(("edge", "three"), [[1, 2, -1], [2, 3, 4], [2, 4, -1]], {"start_index": 1, "_FillValue": -1})
        ),
    }
    for message, case in cases.items():
        with pytest.raises(SeriesError, match=message):
            case.vtk.to_vtu(tmp_path / "run.pvd")
    wide = mesh().assign(salt=(("layer", "face"), numbers(2, 3))).assign_coords(layer=[0.0, 1.0])
    wide["face_nodes"] = ("face", "seven"), np.tile(np.arange(7), (3, 1))
    with pytest.raises(SeriesError, match="face 0 has 7 points; VTK's prisms have at most 6"):
        wide.vtk.to_vtu(tmp_path / "run.pvd", variables=["salt"])
    assert not list(tmp_path.iterdir())


def test_of_several_meshes_the_others_are_told_of(tmp_path: Path) -> None:
    ds = mesh()
    names = {"Mesh2": "other", "face_nodes": "f3", "node_lon": "x3", "node_lat": "y3", "depth": "depth3", "eta": "eta3"}
    second = mesh(start=0).rename(names | {"face": "face3", "five": "five3", "node": "node3"})
    second["other"].attrs |= {"node_coordinates": "x3 y3", "face_node_connectivity": "f3"}
    for name in ("depth3", "eta3"):
        second[name].attrs["mesh"] = "other"
    both = xr.merge([ds, second])
    with pytest.warns(VtkSeriesWarning, match=r"'(depth|eta)3' lies on another mesh; .* with mesh='other'"):
        path = both.vtk.to_vtu(tmp_path / "run.pvd", mesh="Mesh2")
    np.testing.assert_array_equal(data(steps(path)[1][1], "eta"), ds["eta"].values[1])
    with pytest.warns(VtkSeriesWarning, match="'(depth|eta)' lies on another mesh"):
        path = both.vtk.to_vtu(tmp_path / "run.pvd", mesh="other")
    np.testing.assert_array_equal(data(steps(path)[1][1], "eta3"), ds["eta"].values[1])


def test_places_of_faces_are_kept_and_those_of_nodes_scaled(tmp_path: Path) -> None:
    ds = mesh()
    ds["Mesh2"].attrs |= {"face_coordinates": "fx fy", "node_coordinates": "node_lon node_lat bed"}
    ds["bed"] = "node", np.arange(8.0) + 3, {"standard_name": "depth", "positive": "down"}
    ds = ds.assign_coords(fx=("face", [0.5, 1.3, 0.5]), fy=("face", [0.5, 0.3, 1.8]))
    path = ds.vtk.to_vtu(tmp_path / "run.pvd", z_scale=10.0)
    np.testing.assert_array_equal(points(steps(path)[0][1])[:, 2], -10 * ds["bed"].values)
    back(ds, path)
