"""Writes pytorch/*.pth and pytorch/expected.json with `torch.save`; run with PyTorch 2.15.0 on Python 3.11.

    python make_pytorch_fixtures.py

expected.json has the shape, type and row-major values of every tensor in the state dicts, as PyTorch reports them; all values are
exact in the types that hold them, so a reader must give exactly these.
"""
import collections
import json
import os
import pathlib

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "pytorch"


def values(*shape: int, type: torch.dtype = torch.float32) -> torch.Tensor:
    """Multiples of 1/4 around 0: exact in every type of float."""
    count = torch.Size(shape).numel()
    return ((torch.arange(count) - count // 2) / 4).reshape(shape).to(type)


def dense() -> dict[str, torch.Tensor]:
    """A real module's state dict, and one tensor for each thing that a reader may get wrong."""
    network = nn.Sequential(nn.Conv2d(2, 3, (1, 2)), nn.BatchNorm2d(3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(values(*parameter.shape))
    state = network.state_dict()
    whole = values(3, 4)
    state["half"] = values(2, 3, type=torch.float16)
    state["bfloat16"] = values(5, type=torch.bfloat16)
    state["double"] = values(2, 2, type=torch.float64)
    state["whole"], state["row"], state["column"] = whole, whole[1], whole[:, 2]
    state["transposed"] = values(2, 3, 4).permute(2, 0, 1)
    state["channels_last"] = values(2, 3, 2, 2).to(memory_format=torch.channels_last)
    state["every_other"] = values(2, 6)[:, 1::2]
    state["scalar"] = torch.tensor(-1.5)
    state["empty"] = torch.empty(0, 3)
    state["mask"] = torch.tensor([True, False])
    state["bytes"] = torch.arange(3, dtype=torch.uint8)
    return state


class Attack:
    """Pickled as a call of os.system."""

    def __reduce__(self):
        return os.system, ("echo this must never run",)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    states: dict[str, dict[str, torch.Tensor]] = {}

    def save(name: str, state: dict[str, torch.Tensor], wrapped=None, **options) -> None:
        torch.save(state if wrapped is None else wrapped, FOLDER / f"{name}.pth", **options)
        states[name] = state

    legacy = {"_use_new_zipfile_serialization": False}
    save("zip", dense())
    save("legacy", dense(), **legacy)
    save("zip_protocol5", dense(), pickle_protocol=5)
    save("legacy_protocol4", dense(), pickle_protocol=4, **legacy)

    weight = nn.Parameter(values(2, 2))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    state = {"weight": weight.detach().clone().mul_(4).round_(), "bias": values(2)}
    training = {"epoch": 2**40, "loss": [0.5, -1, None], "state_dict": state, "optimizer": optimizer.state_dict()}
    save("nested", state, wrapped=training)
    save("nested_legacy", state, wrapped=training, **legacy)
    save("parameter", {"weight": nn.Parameter(values(3)), "plain": values(2)})

    small = {"a": values(2, 2).t(), "n": torch.tensor(7)}
    save("small", small)
    save("small_legacy", small, **legacy)
    torch.serialization.set_crc32_options(False)
    save("no_checksum", small)
    torch.serialization.set_crc32_options(True)

    for name, options in (("attack", {}), ("attack_legacy", legacy)):
        torch.save(collections.OrderedDict(weight=values(2), evil=Attack()), FOLDER / f"{name}.pth", **options)
    torch.save(nn.Linear(1, 1), FOLDER / "module.pth")
    torch.save([values(2)], FOLDER / "list.pth")

    expected = {
        file: {
            name: {
                "shape": list(tensor.shape),
                "type": str(tensor.dtype).removeprefix("torch."),
                "values": [float(value) for value in tensor.detach().flatten()],
            }
            for name, tensor in state.items()
        }
        for file, state in states.items()
    }
    (FOLDER / "expected.json").write_text(json.dumps(expected, sort_keys=True, separators=(",", ":")) + "\n")


main()
