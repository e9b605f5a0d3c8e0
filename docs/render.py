"""Render the README's picture from the demo's own output, with ParaView's Python.

xvfb-run -a -s "-noreset -screen 0 1024x768x24" pvbatch docs/render.py demo/thermal.pvd docs/pictures/demo.png
"""

import argparse

from paraview import simple as pv

UPWARD = 2  # component of the wind


def render(series: str, picture: str, seconds: float) -> None:
    """Show the smoke coloured by the upward wind, the wind in a plane, and the ground's heat."""
    view = pv.CreateView("RenderView", ViewSize=[1200, 760], OrientationAxesVisibility=0)
    view.UseColorPaletteForBackground = 0
    view.BackgroundColorMode = "Gradient"
    view.Background, view.Background2 = [0.93, 0.95, 0.98], [0.52, 0.62, 0.76]
    view.ViewTime = seconds
    reader = pv.PVDReader(FileName=series)
    reader.UpdatePipeline(seconds)
    air, ground = _parts(reader, seconds)

    surface = pv.Show(ground, view)
    pv.ColorBy(surface, ("POINTS", "hfss"))
    surface.Ambient = 0.4
    heat = pv.GetColorTransferFunction("hfss")
    heat.AutomaticRescaleRangeMode = "Never"
    heat.RGBPoints = [0, 0.80, 0.78, 0.70, 60, 0.90, 0.66, 0.33, 180, 0.72, 0.22, 0.12]

    updraught = pv.GetColorTransferFunction("wind")
    updraught.VectorMode, updraught.VectorComponent = "Component", UPWARD
    updraught.AutomaticRescaleRangeMode = "Never"
    updraught.ApplyPreset("Cool to Warm", True)
    updraught.RescaleTransferFunction(-8, 8)

    for value, opacity in ((0.015, 0.25), (0.09, 1.0)):
        smoke = pv.Show(pv.Contour(Input=air, ContourBy=["POINTS", "smoke"], Isosurfaces=[value]), view)
        pv.ColorBy(smoke, ("POINTS", "wind", "Z"))
        smoke.Opacity, smoke.Specular, smoke.SpecularPower = opacity, 0.35, 40

    plane = pv.Slice(Input=air)
    plane.SliceType.Origin, plane.SliceType.Normal = [0, 0, 0], [0, 1, 0]
    arrows = pv.Glyph(
        Input=plane, GlyphType="Arrow", OrientationArray=["POINTS", "wind"], ScaleArray=["POINTS", "wind"]
    )
    arrows.ScaleFactor, arrows.GlyphMode, arrows.Stride = 42, "Every Nth Point", 2
    arrows.GlyphType.TipRadius, arrows.GlyphType.ShaftRadius = 0.16, 0.06
    wind = pv.Show(arrows, view)
    pv.ColorBy(wind, ("POINTS", "wind", "Z"))

    bar = pv.GetScalarBar(updraught, view)
    bar.Title, bar.ComponentTitle, bar.Visibility = "upward wind  m/s", "", 1
    bar.AutomaticLabelFormat, bar.LabelFormat, bar.RangeLabelFormat = 0, "%.0f", "%.0f"
    bar.TitleColor = bar.LabelColor = [0.1, 0.1, 0.15]
    bar.WindowLocation, bar.ScalarBarLength = "Any Location", 0.5
    bar.Position = [0.9, 0.25]
    date = pv.Show(
        pv.PythonAnnotation(Input=reader, ArrayAssociation="Field Data", Expression="date.GetValue(0)"), view
    )
    date.Color, date.FontSize, date.WindowLocation = [0.1, 0.1, 0.15], 20, "Upper Left Corner"

    updraught.RescaleTransferFunction(-8, 8)  # Show has widened it
    pv.Render(view)  # the first one resets the camera
    view.CameraPosition, view.CameraFocalPoint = [-1400, -7300, 3900], [1650, 0, 1430]
    view.CameraViewUp, view.CameraViewAngle = [0, 0, 1], 42
    pv.SaveScreenshot(picture, view, ImageResolution=[1200, 760], CompressionLevel=9)


def _parts(reader: object, seconds: float) -> tuple[object, object]:
    """Give the part in three dimensions and the part in two."""
    found = []
    for name in ("z_y_x", "y_x"):
        part = pv.MergeBlocks(Input=pv.ExtractBlock(Input=reader, Selectors=[f"/Root/{name}"]))
        part.UpdatePipeline(seconds)
        found.append(part)
    return found[0], found[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series")
    parser.add_argument("picture")
    parser.add_argument("--seconds", type=float, default=480.0)
    arguments = parser.parse_args()
    render(arguments.series, arguments.picture, arguments.seconds)
