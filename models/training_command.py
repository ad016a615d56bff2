"""What the models' training scripts have in common: the command line, the seeds, the report."""
import argparse
import hashlib
import json
import pathlib

import torch


def read(script: str, steps: int, batch: int, rate: float) -> argparse.Namespace:
    """Reads the command line of `script` (its __file__), seeds PyTorch and sets its threads.

    The defaults are those of the committed weights, so that the documented command makes them again.
    """
    model = pathlib.Path(script).resolve().parent.parent / "model.pt"
    parser = argparse.ArgumentParser()
    parser.add_argument("--phantom", required=True, help="the axial-phantom program")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="folder for the phantoms")
    parser.add_argument("--out", default=str(model), help="the TorchScript file to write")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--seed", type=int, default=1)
    # More than one helps little, and on a busy machine the others spin while they wait.
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    return args


def save(net: torch.nn.Module, path) -> None:
    """Writes the network, frozen in evaluation mode, as TorchScript; leaves it in training mode."""
    net.eval()
    torch.jit.freeze(torch.jit.script(net)).save(str(path))
    net.train()


def report(net: torch.nn.Module, out: str, **measured) -> None:
    """Prints what the README and model.yaml say of the weights in `out`."""
    print(json.dumps({"weights": sum(p.numel() for p in net.parameters()), **measured,
                      "sha256": hashlib.sha256(pathlib.Path(out).read_bytes()).hexdigest()},
                     indent=2))
