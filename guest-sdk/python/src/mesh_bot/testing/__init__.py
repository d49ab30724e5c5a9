"""A mesh in memory, to test a bot on natively with `python -m unittest` or pytest."""

from ..runner import HandlerFailed
from .mesh import TestMesh
from .people import message

__all__ = ["HandlerFailed", "TestMesh", "message"]
