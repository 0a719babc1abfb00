"""Draws one synthetic dermoscopy-like picture of a given class, for the demo data set. Not medical material."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from scipy import ndimage
from scipy.special import expit

from lesions.demo.traits import Traits, draw_traits

Array = NDArray[np.float64]

WIDTH, HEIGHT = 200, 150  # pixels; every length below is in these pixels

# How strongly melanin and blood darken red, green and blue (the order of the spectra in Jacques, 2013,
# doi:10.1088/0031-9155/58/11/R37; the sizes are by eye).
MELANIN = np.array([0.55, 0.85, 1.10])
BLOOD = np.array([0.14, 0.95, 0.70])
BLUE_GREY = np.array([0.36, 0.38, 0.50])
WHITE = np.array([0.95, 0.89, 0.86])
KERATIN = np.array([0.92, 0.84, 0.66])
PALE_SKIN, TANNED_SKIN = np.array([0.93, 0.80, 0.74]), np.array([0.80, 0.60, 0.52])


def draw(class_name: str, key: str) -> NDArray[np.uint8]:
    """A picture of `class_name`: (HEIGHT, WIDTH, 3) RGB in [0, 255], the same for the same arguments in any process.

    `key` is any text that names the picture, e.g. "7:SYN_0000123". Raises ValueError where the class is unknown.
    """
    digest = hashlib.sha256(key.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    lesion = _Lesion(rng, draw_traits(class_name, rng))
    # Absorption multiplies (Beer-Lambert); what lies on top hides what is below.
    picture = _skin(rng) * np.exp(-_melanin(lesion)[..., None] * MELANIN - _blood(lesion)[..., None] * BLOOD)
    for opacity, colour in _overlays(lesion):
        if opacity.any():
            picture += np.clip(opacity, 0, 1)[..., None] * (colour - picture)
    picture = _illuminated(lesion, _with_artefacts(lesion, picture))
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def rephotograph(picture: Image.Image) -> Image.Image:
    """The same lesion on a second photograph: from a little nearer and aside, turned by 2 degrees, and darker."""
    turned = picture.rotate(2, Image.Resampling.BICUBIC)
    nearer = turned.crop((5, 4, picture.width - 3, picture.height - 3)).resize(picture.size, Image.Resampling.LANCZOS)
    return ImageEnhance.Brightness(nearer).enhance(0.85)


@dataclass
class _Lesion:
    """The geometry of one lesion on its canvas, and the brushes that draw on it: every field is (HEIGHT, WIDTH)."""

    rng: np.random.Generator
    traits: Traits

    def __post_init__(self) -> None:
        rng, traits = self.rng, self.traits
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
        rows, columns = rows - HEIGHT / 2 - rng.normal(0, 7), columns - WIDTH / 2 - rng.normal(0, 10)
        angle, stretch = rng.uniform(0, 2 * np.pi), np.sqrt(max(1.0, traits["elongation"]))
        self.x = (columns * np.cos(angle) + rows * np.sin(angle)) / stretch
        self.y = (rows * np.cos(angle) - columns * np.sin(angle)) * stretch
        self.phi = np.arctan2(self.y, self.x)
        harmonics = np.arange(2, 15)  # of the outline: the low ones make it lopsided, the high ones jagged
        amplitudes = np.where(harmonics < 5, traits["asymmetry"], traits["irregularity"]) / np.sqrt(harmonics)
        directions = np.linspace(-np.pi, np.pi, 721)
        waves = np.cos(harmonics * directions[:, None] + rng.uniform(0, 2 * np.pi, harmonics.size))
        radii = traits["size"] * np.maximum(1 + waves @ (amplitudes * rng.normal(size=harmonics.size)), 0.3)
        outline = np.interp(self.phi, directions, radii)
        distance = np.hypot(self.x, self.y)
        self.rho = distance / outline
        ragged = 1.2 * self.noise(3, rough=True) + 12 * traits["patchiness"] * self.noise(9, rough=True)
        self.depth = outline - distance + ragged
        self.inside: Array = expit(self.depth / traits["softness"])
        self.core: Array = expit((self.depth - 4) / 2) * (self.rho < 1)  # where structures lie

    def noise(self, scale: float, rough: bool = False) -> Array:
        """Gaussian noise of unit variance with features of `scale` pixels: smooth, or rough at all finer scales too."""
        rows, columns = np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None, :]
        frequency = (np.pi * scale) ** 2 * (rows**2 + columns**2)
        amplitude = (1 + frequency) ** -1.2 if rough else np.exp(-2 * frequency)
        real, imaginary = self.rng.standard_normal((2, *frequency.shape))
        field = np.fft.irfft2(amplitude * (real + 1j * imaginary), s=(HEIGHT, WIDTH))
        return np.asarray((field - field.mean()) / field.std())

    def areas(self, strength: float, scale: float, rarity: float) -> Array:
        """Ragged areas in [0, strength], `scale` pixels large, where noise of unit variance exceeds `rarity`."""
        if strength == 0:
            return np.zeros_like(self.rho)
        return np.asarray(strength * expit(4 * (self.noise(scale, rough=True) - rarity)))

    def spots(self, count: float, where: Array, smallest: float, largest: float, ring: bool = False) -> Array:
        """About `count` soft discs (or rings) in [0, 1], radii between the two given, centred where `where` > 0."""
        n = self.rng.poisson(count)
        if n == 0 or where.sum() <= 0:
            return np.zeros_like(where)
        radii = np.zeros_like(where)
        centres = self.rng.choice(where.size, size=n, p=(where / where.sum()).ravel())
        radii.flat[centres] = self.rng.uniform(smallest, largest, n)
        distance, nearest = ndimage.distance_transform_edt(radii == 0, return_indices=True)
        edge = (radii[tuple(nearest)] - distance * (1 + 0.15 * self.noise(5))) / 0.6
        return np.asarray(np.exp(-(edge**2) / 2) if ring else expit(edge))

    def strokes(self, starts: Array, headings: Array, length: int, curl: float, width: float) -> tuple[Array, Array]:
        """Wandering lines in [0, 1] from (n, 2) starts and (n,) headings, and their (n, length, 3) y, x, heading."""
        bend = self.rng.normal(0, curl / 4, (len(starts), 1))
        heading = headings[:, None] + np.cumsum(self.rng.normal(bend, curl, (len(starts), length)), axis=1)
        y = starts[:, :1] + np.cumsum(np.sin(heading), axis=1)
        x = starts[:, 1:] + np.cumsum(np.cos(heading), axis=1)
        ink = np.zeros((HEIGHT + 1, WIDTH + 1))
        visible = (y > 0) & (y < HEIGHT) & (x > 0) & (x < WIDTH)
        row, column = y[visible].astype(int), x[visible].astype(int)
        down, right = y[visible] - row, x[visible] - column
        for step, part in ((0, 1 - down), (1, down)):  # a point inks the four pixels around it
            np.add.at(ink, (row + step, column), part * (1 - right))
            np.add.at(ink, (row + step, column + 1), part * right)
        lines = 1 - np.exp(-2.2 * width * ndimage.gaussian_filter(ink, width / 2))
        return lines[:HEIGHT, :WIDTH], np.stack([y, x, heading], axis=2)


def _skin(rng: np.random.Generator) -> Array:
    """Colour of bare skin under the camera's white balance and exposure, (3,)."""
    colour = PALE_SKIN + rng.beta(1.2, 2.5) * (TANNED_SKIN - PALE_SKIN)
    return np.asarray(colour * np.exp(rng.normal(0, [0.04, 0.05, 0.08])) * rng.lognormal(-0.03, 0.06))


def _melanin(lesion: _Lesion) -> Array:
    """Amount of melanin as a multiple of MELANIN, (HEIGHT, WIDTH)."""
    traits, inside, core = lesion.traits, lesion.inside, lesion.core
    aside = 1.5 * traits["asymmetry"] * lesion.x / traits["size"]
    amount = inside * np.clip(1 + traits["variegation"] * lesion.noise(12, rough=True) + aside, 0.15, 3)
    pattern = 1 + _network(lesion) + _ridges(lesion)
    rim = 1 + traits["scar"] * (np.exp(-(((lesion.rho - 0.8) / 0.25) ** 2)) - 0.5)
    amount *= traits["melanin"] * np.maximum(pattern, 0.1) * np.maximum(rim, 0.1)
    amount += inside * lesion.areas(1.6 * traits["dark"], scale=9, rarity=0.9)
    amount += traits["melanin"] * _streaks(lesion)
    amount += 0.5 * lesion.spots(60 * traits["globules"], core, 1.0, 2.2)
    amount += 1.2 * lesion.spots(14 * traits["comedones"], core, 1.0, 2.2)
    freckles = np.maximum(lesion.noise(5, rough=True) - 0.5, 0)
    return np.asarray(amount + 0.15 * lesion.rng.random() ** 2 * freckles)


def _blood(lesion: _Lesion) -> Array:
    """Amount of blood as a multiple of BLOOD, (HEIGHT, WIDTH)."""
    traits, core = lesion.traits, lesion.core
    amount = traits["blood"] * lesion.inside * np.clip(1 + 0.35 * lesion.noise(9, rough=True), 0, 3)
    amount *= 1 - 0.8 * lesion.spots(110 * traits["follicles"], lesion.inside, 0.8, 1.9)
    amount += 0.8 * lesion.spots(25 * traits["lacunae"], core, 3, 7)
    amount += 0.7 * lesion.spots(50 * traits["dots"], core, 0.7, 1.6)
    amount += _branches(lesion)
    return np.asarray(amount + 0.03 * np.maximum(lesion.noise(8, rough=True) + 1, 0))


def _overlays(lesion: _Lesion) -> list[tuple[Array, Array]]:
    """What lies over the pigment: (opacity, colour) from the deepest to the topmost."""
    traits, inside, core = lesion.traits, lesion.inside, lesion.core
    middle = np.exp(-((lesion.rho / 0.5) ** 2))
    return [
        (core * lesion.areas(0.8 * traits["veil"], scale=13, rarity=0.4), BLUE_GREY),
        (0.7 * lesion.spots(8 * traits["nests"], core, 2, 6), BLUE_GREY),
        (inside * lesion.areas(0.7 * traits["regression"], scale=12, rarity=0.7), WHITE),
        (traits["scar"] * middle * np.clip(0.7 + 0.3 * lesion.noise(4, rough=True), 0, 1), WHITE),
        (inside * lesion.areas(0.6 * traits["scale"], scale=4, rarity=1), WHITE),
        (0.9 * traits["keratin"] * inside * expit(6 * (middle - 0.6 + 0.25 * lesion.noise(4, rough=True))), KERATIN),
        (0.6 * lesion.spots(22 * traits["milia"], core, 0.6, 1.8), WHITE),
    ]


def _network(lesion: _Lesion) -> Array:
    """Reticular lines, about -1 to 1 at full strength: three plane waves at 60 degrees, bent and faded by noise."""
    if lesion.traits["network"] == 0:
        return np.zeros_like(lesion.rho)
    spacing = lesion.rng.uniform(4.5, 7.5)
    x, y = lesion.x + 3 * lesion.noise(8), lesion.y + 3 * lesion.noise(8)
    waves = 2 * np.pi / spacing * np.array([[1, 0], [-0.5, 0.866], [-0.5, -0.866]])
    holes = sum(np.cos(wave_x * x + wave_y * y) for wave_x, wave_y in waves)
    return np.asarray(lesion.traits["network"] * (0.3 - 0.5 * holes) * expit(2.5 * lesion.noise(14, rough=True)))


def _ridges(lesion: _Lesion) -> Array:
    """Winding parallel lines, -1 to 1 at full strength, faded by noise, as in a fingerprint or on a brain."""
    if lesion.traits["ridges"] == 0:
        return np.zeros_like(lesion.rho)
    spacing = lesion.rng.uniform(5, 9)
    lines = np.sin(2 * np.pi * (lesion.x + 8 * lesion.noise(12) + 0.8 * lesion.noise(2)) / spacing)
    return np.asarray(lesion.traits["ridges"] * lines * expit(2.5 * lesion.noise(10, rough=True)))


def _streaks(lesion: _Lesion) -> Array:
    """Dark lines, 0 to 1 at full strength, that run outward across the border on one side."""
    if lesion.traits["streaks"] == 0:
        return np.zeros_like(lesion.rho)
    rng = lesion.rng
    wave = sum(np.cos(k * lesion.phi + rng.uniform(0, 2 * np.pi)) for k in rng.integers(14, 34, 4))
    side = 0.5 + 0.5 * np.cos(lesion.phi - rng.uniform(0, 2 * np.pi))
    across_border = np.exp(-(((lesion.rho - 1) / 0.17) ** 2))
    return np.asarray(lesion.traits["streaks"] * side * expit(4 * (wave - 0.6)) * across_border)


def _branches(lesion: _Lesion) -> Array:
    """Arborizing vessels, 0 to 1 at full strength: wandering trunks, and thinner vessels that leave them."""
    if lesion.traits["branches"] == 0:
        return np.zeros_like(lesion.rho)
    rng, size = lesion.rng, lesion.traits["size"]
    starts = np.array([HEIGHT, WIDTH]) / 2 + rng.normal(0, size / 2, (5, 2))
    trunks, points = lesion.strokes(starts, rng.uniform(0, 2 * np.pi, 5), int(size), 0.15, rng.uniform(1.0, 1.8))
    forks = points[:, rng.integers(5, points.shape[1], 4)].reshape(-1, 3)
    headings = forks[:, 2] + rng.choice([-0.9, 0.9], len(forks))
    twigs, _ = lesion.strokes(forks[:, :2], headings, int(size / 2), 0.2, 0.8)
    return np.asarray(lesion.traits["branches"] * np.maximum(trunks, 0.8 * twigs) * expit(lesion.depth / 8))


def _with_artefacts(lesion: _Lesion, picture: Array) -> Array:
    """Hairs, gel bubbles and a ruler, each in some pictures, whatever the class."""
    rng = lesion.rng
    if rng.random() < 0.35:
        n = int(rng.integers(3, 22))
        headings = rng.normal(rng.uniform(0, 2 * np.pi), 0.4, n)
        starts = rng.uniform(-0.1, 1.1, (n, 2)) * [HEIGHT, WIDTH]
        hairs, _ = lesion.strokes(starts, headings, int(rng.integers(40, 160)), 0.025, rng.uniform(0.6, 1.2))
        picture = picture * (1 - hairs[..., None] * rng.uniform(0.5, 0.9) * np.array([0.85, 0.95, 1]))
    if rng.random() < 0.15:
        bubbles = lesion.spots(6, np.ones((HEIGHT, WIDTH)), 2, 9, ring=True)
        picture = picture + 0.4 * bubbles[..., None] * (1 - picture)
    if rng.random() < 0.12:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
        along = (columns + rng.normal(0, 0.05) * rows) / rng.uniform(6, 10) + rng.uniform(0, 10)
        tick = np.rint(along)
        ink = expit(20 * (0.08 - np.abs(along - tick))) * (rows > HEIGHT - np.where(tick % 10 == 0, 14, 8))
        picture = picture * (1 - 0.7 * ink[..., None])
    return picture


def _illuminated(lesion: _Lesion, picture: Array) -> Array:
    """The picture under uneven light, with fine texture, dark corners in some, and the noise of the sensor."""
    rng = lesion.rng
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    from_middle = np.hypot(0.75 * rows + rng.normal(0, 0.03), columns + rng.normal(0, 0.03))
    light = 1 + rng.normal(0, 0.06) * rows + rng.normal(0, 0.06) * columns - rng.uniform(0, 0.2) * from_middle**2
    light += 0.02 * lesion.noise(3, rough=True)
    if rng.random() < 0.2:
        light *= expit((rng.uniform(0.95, 1.15) - from_middle) / rng.uniform(0.01, 0.03))
    return np.asarray(picture * light[..., None] + 0.008 * rng.standard_normal(picture.shape))
