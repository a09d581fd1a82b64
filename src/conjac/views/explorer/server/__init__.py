"""The explorer served on this machine alone: `serve`."""

from conjac.views.explorer.server.server import Server, serve

__all__ = ["Server", "serve"]
