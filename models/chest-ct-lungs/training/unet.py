"""The network: a 2-D U-Net of five levels and about 390 thousand weights."""
import torch
from torch import nn

CHANNELS = (8, 16, 32, 64, 96)


def conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU())


def block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(conv(inputs, outputs), conv(outputs, outputs))


class UNet(nn.Module):
    """[N, 1, H, W] in 0..1 to [N, 3, H, W] logits; H and W are multiples of 16."""

    def __init__(self) -> None:
        super().__init__()
        c = CHANNELS
        # One convolution at full resolution, where time goes; two below it.
        self.down0, self.up0 = conv(1, c[0]), conv(c[1] + c[0], c[0])
        self.down1, self.down2, self.down3, self.down4 = (
            block(i, o) for i, o in zip(c[:-1], c[1:]))
        self.up3, self.up2, self.up1 = (block(c[k + 1] + c[k], c[k]) for k in (3, 2, 1))
        self.pool = nn.MaxPool2d(2)
        self.grow = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.head = nn.Conv2d(c[0], 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d0 = self.down0(x)
        d1 = self.down1(self.pool(d0))
        d2 = self.down2(self.pool(d1))
        d3 = self.down3(self.pool(d2))
        y = self.down4(self.pool(d3))
        y = self.up3(torch.cat((self.grow(y), d3), 1))
        y = self.up2(torch.cat((self.grow(y), d2), 1))
        y = self.up1(torch.cat((self.grow(y), d1), 1))
        y = self.up0(torch.cat((self.grow(y), d0), 1))
        return self.head(y)
