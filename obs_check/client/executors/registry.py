"""The executors, by the name that --via takes."""

from obs_check.client.executors import boundary, chat, coder, command, kubectl

EXECUTORS = {kind.name: kind for kind in (boundary.KIND, kubectl.KIND, coder.KIND, command.KIND, chat.KIND)}
