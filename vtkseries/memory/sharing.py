"""NumPy arrays as VTK arrays and back, on the same memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vtkseries.errors import SeriesError

__all__ = ["FLAT", "KEPT", "from_vtk", "name_components", "note", "noted", "string_array", "to_vtk"]

Array = npt.NDArray[Any]

KEPT = "vtkseries "
"""What the names of field data begin with that hold what is no array of points or cells."""

FLAT = "flat "
"""What the note of points begins with that lie in the plane z=0."""


def to_vtk(name: str, values: Array, *, copy: bool = False, ids: bool = False) -> Any:
    """Give a VTK array of some tuples.

    Parameters
    ----------
    name : str
    values : ndarray, shape (tuples, components)
        Contiguous, in a dtype that VTK has.
    copy : bool
        Give VTK memory of its own. Otherwise it uses that of `values`, which stays for as long as the VTK array does.
    ids : bool
        They are numbers of points, as VTK's cells have them, in int64.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk  # noqa: PLC0415  # VTK is optional
    from vtkmodules.util.vtkConstants import VTK_ID_TYPE  # noqa: PLC0415

    owned = copy or not values.flags.writeable  # VTK may write into what it is given
    found = numpy_to_vtk(values, deep=owned, array_type=VTK_ID_TYPE if ids else None)
    found.SetName(name)
    return found


def string_array(name: str, texts: list[str]) -> Any:
    """Give a VTK array of texts."""
    from vtkmodules.vtkCommonCore import vtkStringArray  # noqa: PLC0415  # VTK is optional

    found = vtkStringArray()
    found.SetName(name)
    for text in texts:
        found.InsertNextValue(text)
    return found


def name_components(array: Any, names: tuple[str, ...], units: str | None) -> None:
    """Tell a VTK array the names of its components, and its units, as ParaView shows them."""
    from vtkmodules.vtkCommonCore import vtkDataArray  # noqa: PLC0415  # VTK is optional

    for number, name in enumerate(names):
        array.SetComponentName(number, name)
    if units is not None:
        array.GetInformation().Set(vtkDataArray.UNITS_LABEL(), units)


_MARK = "vtkseries "


def _note_key() -> Any:
    """Give a key that VTK has and does not use for arrays: keys made in Python crash VTK when it ends."""
    from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet  # noqa: PLC0415  # VTK is optional

    return vtkCompositeDataSet.NAME()


def note(array: Any, text: str) -> None:
    """Leave a text with a VTK array; it stays there when filters pass the array on without the field data."""
    array.GetInformation().Set(_note_key(), _MARK + text)


def noted(array: Any) -> str | None:
    """Give the text that :func:`note` left, if any."""
    if not array.HasInformation():
        return None
    text: str | None = array.GetInformation().Get(_note_key())
    return text[len(_MARK) :] if text is not None and text.startswith(_MARK) else None


def from_vtk(array: Any) -> Array:
    """Give a VTK array as (tuples, components), on its memory where that is in one piece.

    Raises
    ------
    SeriesError
        It is of a type that NumPy has not.
    """
    from vtkmodules.util.numpy_support import vtk_to_numpy  # noqa: PLC0415  # VTK is optional
    from vtkmodules.vtkCommonCore import vtkBitArray, vtkDataArray, vtkStringArray  # noqa: PLC0415

    shape = (array.GetNumberOfTuples(), array.GetNumberOfComponents())
    if isinstance(array, vtkBitArray):
        values = np.array([array.GetValue(n) for n in range(array.GetNumberOfValues())], np.uint8)
        return values.reshape(shape)
    if isinstance(array, vtkStringArray):
        return np.array([array.GetValue(n) for n in range(array.GetNumberOfValues())], object).reshape(shape)
    if not isinstance(array, vtkDataArray):
        raise SeriesError(f"array {array.GetName()!r} is a {array.GetClassName()}; only numbers and texts are taken")
    if not array.HasStandardMemoryLayout():
        array = _plain(array)
    values = np.asarray(vtk_to_numpy(array))
    return values.reshape(shape)


def _plain(array: Any) -> Any:
    """Copy an array that computes its values, or keeps components apart, to one that has them side by side."""
    from vtkmodules.vtkCommonCore import vtkDataArray  # noqa: PLC0415  # VTK is optional

    plain = vtkDataArray.CreateDataArray(array.GetDataType())
    plain.DeepCopy(array)
    return plain
