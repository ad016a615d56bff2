"""Measures a screenshot of a viewer: where an image's pixels are in it, and which of them are coloured, how."""

import numpy
import PIL.Image
import PIL.ImageDraw


class Picture:
    """`view`: what ohif.mjs tells of it."""

    def __init__(self, file, view):
        self.view = view
        self._rgb = numpy.asarray(PIL.Image.open(file).convert("RGB")).astype(int)

    def _places(self, rows, columns):
        """Picture coordinates [n][x, y] of image coordinates, (0, 0) being the centre of the first pixel; only those that
        the viewport shows, less its border and the scrollbar. And which those are."""
        at = (numpy.array(self.view["origin"]) + columns[:, None] * numpy.array(self.view["column_step"]) +
              rows[:, None] * numpy.array(self.view["row_step"]))
        left, top, right, bottom = self.view["viewport"]
        x, y = numpy.round(at).astype(int).T
        inside = (x > left + 3) & (x < right - 20) & (y > top + 3) & (y < bottom - 3)
        return numpy.stack([x, y], 1)[inside], inside

    def Pixels(self, mask):
        """Colours [n][red, green, blue] at the image's pixels in `mask` [row][column]."""
        at, _ = self._places(*numpy.nonzero(mask))
        return self._rgb[at[:, 1], at[:, 0]]

    def Correlation(self, values, mask):
        """Between the image's own values and the brightness of the picture at them: 1 where the picture shows the image
        there and nowhere else."""
        rows, columns = numpy.nonzero(mask)
        at, inside = self._places(rows, columns)
        return float(numpy.corrcoef(values[rows, columns][inside], self._rgb[at[:, 1], at[:, 0]].mean(axis=1))[0, 1])

    def ColouredAlong(self, points):
        """How much of a closed line through `points` [n][column, row] (PS3.3 C.18.6: (0, 0) is the corner of the first
        pixel) has a coloured pixel not farther than two picture pixels."""
        points = numpy.array(points, float) - 0.5
        steps = [start + (end - start) * t for start, end in zip(points, numpy.roll(points, -1, 0))
                 for t in numpy.linspace(0, 1, 8, endpoint=False)]
        columns, rows = numpy.array(steps).T
        at, _ = self._places(rows, columns)
        coloured = self._rgb.max(axis=2) - self._rgb.min(axis=2) > 60
        near = numpy.zeros(len(at), bool)
        for dx in range(-2, 3):
            for dy in range(-2, 3):
                near |= coloured[at[:, 1] + dy, at[:, 0] + dx]
        return float(near.mean())


def Away(mask, pixels):
    """The mask without what is within `pixels` of its border."""
    for _ in range(pixels):
        grown = mask.copy()
        for axis in (0, 1):
            for step in (1, -1):
                grown &= numpy.roll(mask, step, axis)
        mask = grown
    return mask


def Filled(points, shape):
    """Mask [row][column] of the pixels whose centre is inside of an outline [n][column, row]."""
    scale = 4
    image = PIL.Image.new("1", (shape[1] * scale, shape[0] * scale))
    PIL.ImageDraw.Draw(image).polygon([(scale * c, scale * r) for c, r in points], fill=1)
    return numpy.asarray(image)[scale // 2::scale, scale // 2::scale]


def Alike(colours, wanted):
    """Share of `colours` [n][3] that have the hue of `wanted`, lighter or darker; grey has none."""
    hue = colours - colours.mean(axis=1, keepdims=True)
    wanted = wanted - wanted.mean()
    alike = (hue @ wanted) / (numpy.linalg.norm(hue, axis=1) * numpy.linalg.norm(wanted) + 1e-9)
    return float(((alike > 0.9) & (numpy.linalg.norm(hue, axis=1) > 15)).mean())


def Rgb(lab):
    """sRGB 0..255 of a Recommended Display CIELab Value (PS3.3 C.10.7.1.1), with the white of sRGB itself, D65, as DCMTK
    writes it and OHIF reads it. With the ICC's D50 colours would be up to 20 of 255 away."""
    lightness, a, b = lab[0] * 100 / 65535, lab[1] * 255 / 65535 - 128, lab[2] * 255 / 65535 - 128
    f = (lightness + 16) / 116 + numpy.array([a / 500, 0, -b / 200])
    xyz = numpy.where(f > 6 / 29, f ** 3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * [0.95047, 1, 1.08883]
    linear = numpy.clip(numpy.array([[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560],
                                     [0.0556434, -0.2040259, 1.0572252]]) @ xyz, 0, 1)
    return 255 * numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
