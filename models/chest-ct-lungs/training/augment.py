"""Domain randomisation at training time: what the phantoms leave out."""
import torch
import torch.nn.functional as F

SIZE = 128  # training slices are SIZE x SIZE pixels of 3 mm

def uniform(n: int, low: float, high: float) -> torch.Tensor:
    return torch.rand(n, 1, 1, 1) * (high - low) + low


def warp(hu: torch.Tensor, labels: torch.Tensor):
    """Rotates, scales (each axis), shifts and slightly bends image and labels alike."""
    n = len(hu)
    crop = SIZE / hu.shape[-1]
    angle = torch.randn(n) * 0.12
    sx, sy = (torch.rand(2, n) * 0.4 + 0.82) * crop
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = sx * angle.cos(), -sx * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = sy * angle.sin(), sy * angle.cos()
    theta[:, :, 2] = torch.randn(n, 2) * 0.1
    grid = F.affine_grid(theta, (n, 1, SIZE, SIZE), align_corners=False)
    bend = F.interpolate(torch.randn(n, 2, 6, 6), size=(SIZE, SIZE), mode="bicubic",
                         align_corners=True)
    grid = grid + bend.permute(0, 2, 3, 1) * (torch.rand(n, 1, 1, 1) * 0.03)
    hu = F.grid_sample(hu + 1024, grid, align_corners=False) - 1024
    labels = F.grid_sample(labels.float(), grid, mode="nearest", align_corners=False)
    return hu, labels


def tissue(hu: torch.Tensor) -> torch.Tensor:
    """Shifts and stretches the HU scale, shading, grain, soft or sharp kernels."""
    n, _, size, _ = hu.shape
    shading = F.interpolate(torch.randn(n, 1, 4, 4), size=(size, size), mode="bicubic",
                            align_corners=True)
    hu = hu * uniform(n, 0.93, 1.07) + uniform(n, -25, 25) + shading * uniform(n, 0, 25)
    soft = F.avg_pool2d(F.pad(hu, (1, 1, 1, 1), mode="replicate"), 3, 1)
    hu = torch.lerp(hu, soft, uniform(n, -0.6, 1.0).clamp(max=0.8))
    sigma = uniform(n, 0, 1) ** 3 * 90
    return hu + torch.randn_like(hu) * sigma


def field(hu: torch.Tensor, labels: torch.Tensor):
    """Half of the images are seen through a tight field of view, a square or a circle."""
    n, _, size, _ = hu.shape
    at = torch.arange(size).float()
    cx, cy = torch.randn(2, n, 1, 1) * 5 + size / 2
    half = torch.rand(n, 1, 1) * 26 + 40  # 240 to 396 mm at 3 mm
    dx, dy = (at.view(1, 1, size) - cx).abs(), (at.view(1, size, 1) - cy).abs()
    square = torch.maximum(dx.expand(n, size, size), dy.expand(n, size, size)) < half
    circle = torch.sqrt(dx * dx + dy * dy) < half * 1.12
    shape = torch.where(torch.rand(n, 1, 1) < 0.7, square, circle)
    inside = (shape | (torch.rand(n, 1, 1) < 0.4)).unsqueeze(1)
    return torch.where(inside, hu, torch.full_like(hu, -1024)), labels * inside


def scale(hu: torch.Tensor) -> torch.Tensor:
    """The model's preprocessing: -1024..400 HU to 0..1, clipped."""
    return ((hu + 1024) / 1424).clamp(0, 1)


def augment(hu: torch.Tensor, labels: torch.Tensor):
    """[N, 1, S, S] HU and labels to network input [N, 1, S, S] and classes [N, S, S]."""
    hu, labels = warp(hu, labels)
    hu, labels = field(tissue(hu), labels)
    return scale(hu), labels[:, 0].round().long()
