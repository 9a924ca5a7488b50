"""Importing torch without freezing the window, and the models behind it.

The import holds Python's lock for as long as a shared library takes to be mapped: a third of a second at a time. Mapped
through a foreign call they hold nothing, and the import finds them in place. The rest goes in steps.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image

if TYPE_CHECKING:
    from app.jobs import ModelChoice
    from detector.pipeline import Network

_STEPS = ("torch", "torchvision.ops", "detector.model", "detector.models")

# In the order of torch's own loading: its global dependencies are seen by all that come later.
_LIBRARIES = (
    (("libtorch_global_deps.so", os.RTLD_GLOBAL), ("libtorch_cpu.so", 0), ("libtorch.so", 0))
    if sys.platform == "linux"
    else ()
)


_importing = threading.Event()


def is_importing() -> bool:
    """While this holds, the collector (`app.collector`) keeps still."""
    return _importing.is_set()


def import_in_steps(check: Callable[[], None]) -> None:
    """Bring in torch, torchvision and the models; at once where they are there already.

    Args:
        check: called between steps; may raise.
    """
    if all(name in sys.modules for name in _STEPS):
        return
    _importing.set()
    try:
        _map_libraries(check)
        for name in _STEPS:
            check()
            time.sleep(0)  # let another thread have the lock
            importlib.import_module(name)
    finally:
        # What is there by now stays for good. Searching it took the collector 0.3 s each time, for all threads.
        gc.freeze()
        _importing.clear()


def load_model(choice: ModelChoice, report: Callable[[int, int], None]) -> Network:
    """The model of a choice, through `detector.models`."""
    from detector.models import load

    weights = None if choice.weights == "none" else choice.weights
    return cast("Network", load(choice.name, choice.device, weights, report=report))


def available_devices() -> tuple[str, ...]:
    """What a model can be put on here, by the names of `ModelChoice`; to be asked where torch is there already."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return ("auto", "cpu", *(name for name, is_there in there.items() if is_there))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a model failed for want of memory; torch has a class of its own for it, but does not always use it."""
    said = str(error).lower()
    signs = ("out of memory", "not enough memory", "can't allocate memory")
    return type(error).__name__ == "OutOfMemoryError" or any(sign in said for sign in signs)


def free_device_memory() -> None:
    """Give the device back what torch keeps of it for later."""
    torch = sys.modules.get("torch")
    if torch is not None:
        for part in (torch.cuda, torch.mps):
            if part.is_available():
                part.empty_cache()


def _map_libraries(check: Callable[[], None]) -> None:
    """Have the system map torch's large libraries; where it cannot, the import does, more slowly."""
    spec = importlib.util.find_spec("torch")
    if sys.platform != "linux" or spec is None or spec.origin is None:
        return
    # Two libraries cannot be mapped at once, and who waits for it holds Python's lock: so the readers of image formats,
    # which the reading thread would bring in just now, come first.
    Image.init()
    folder = Path(spec.origin).parent / "lib"
    system = ctypes.CDLL(None)
    system.dlopen.restype = ctypes.c_void_p
    system.dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    for name, scope in _LIBRARIES:
        check()
        if (folder / name).exists():
            system.dlopen(str(folder / name).encode(), scope | os.RTLD_LAZY)
