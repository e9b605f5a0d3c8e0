"""A thinned collection names the same files and less of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tools.readers import read_pvd

from vtkseries import SeriesError, SeriesWriter, thin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("every", "times"), [(1, [*range(8)]), (2, [0, 2, 4, 6, 7]), (3, [0, 3, 6, 7]), (7, [0, 7])])
def test_every_nth_step_and_the_last_are_there_also_while_the_series_grows(
    tmp_path: Path, every: int, times: list[int]
) -> None:
    with SeriesWriter(tmp_path / "run.pvd", [0.0, 1.0]) as series:
        for step in range(8):
            series.write(step, {"p": np.array([step, 0.5])})
        path = thin(tmp_path / "run.pvd", every)
        series.write(8, {"p": np.zeros(2)})
    seen = read_pvd(path)
    assert [time for time, _ in seen] == times
    assert [parts["0"].point["p"].flat[0] for _, parts in seen] == times
    assert path == tmp_path / f"run_every_{every}.pvd"


def test_a_wrong_number_or_place_is_refused(tmp_path: Path) -> None:
    with SeriesWriter(tmp_path / "run.pvd", [0.0, 1.0]) as series:
        series.write(0, {"p": np.zeros(2)})
    for every in (0, -1, 1.5):
        with pytest.raises(SeriesError, match="every="):
            thin(tmp_path / "run.pvd", every)  # type: ignore[arg-type]  # wrong on purpose
    for target in (tmp_path / "run.pvd", tmp_path / "a" / "b.pvd", tmp_path / "b.vtr"):
        with pytest.raises(SeriesError, match="target="):
            thin(tmp_path / "run.pvd", 2, target)
